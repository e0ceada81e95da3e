/* SPDX-License-Identifier: MIT */
/* sidecar.c - captions from the lines of a .txt file or the members of a .json file */

#include "corpus/sidecar.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "corpus/entry_builder.h"
#include "corpus/json_fields.h"

static size_t bom_length(const char *text, size_t n) {
    return n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

patina_status pt_sidecar_add_lines(pt_entry *entry, const char *text, size_t n, patina_error *err) {
    const char *end = text + n;
    text += bom_length(text, n);
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        const char *stop = feed ? feed : end;
        size_t length = (size_t)(stop - text);
        if (length > 0 && text[length - 1] == '\r') length--;
        if (!pt_utf8_is_blank(text, length)) PT_TRY(pt_entry_add_caption(entry, text, length, err));
        text = feed ? feed + 1 : end;
    }
    return PATINA_OK;
}

json_t *pt_sidecar_parse(const char *text, size_t n, bool *repaired, json_error_t *error) {
    const size_t mark = bom_length(text, n);
    return pt_json_parse_lenient(text + mark, n - mark, repaired, error);
}

/** The captions of the .json, or the reason why it has none. */
static patina_status add_json(pt_entry *entry, const pt_sidecar *file, const json_t *json,
                              const json_error_t *error, bool repaired, patina_error *err) {
    static const char *const members[] = {"text", "caption", "captions"};
    const json_t *value = NULL;
    char fault[JSON_ERROR_TEXT_LENGTH + 100];

    if (file->fault) return pt_entry_add_bad_caption(entry, file->fault, err);
    if (!json) {
        snprintf(fault, sizeof fault,
                 "the .json beside it is not valid JSON, line %d: %s (column %d)", error->line,
                 error->text, error->column);
        return pt_entry_add_bad_caption(entry, fault, err);
    }
    if (!json_is_object(json))
        return pt_entry_add_bad_caption(entry, "the .json beside it is not a JSON object", err);
    for (size_t i = 0; i < sizeof members / sizeof members[0] && !value; i++)
        value = json_object_get(json, members[i]);
    const bool is_empty = json_is_array(value) && json_array_size(value) == 0;
    return value && !is_empty
               ? pt_entry_add_json(entry, value, repaired, err)
               : pt_entry_add_json_captions(entry, (json_t *)(uintptr_t)json, NULL, repaired, err);
}

static bool has_caption(const pt_entry *entry) {
    for (size_t i = 0; i < entry->n_captions; i++)
        if (entry->captions[i].text) return true;
    return false;
}

patina_status pt_sidecar_add_captions(pt_entry *entry, const pt_sidecar *json_file,
                                      const json_t *json, const json_error_t *error, bool repaired,
                                      const pt_sidecar *txt, patina_error *err) {
    const bool has_json = json_file->text || json_file->fault;
    if (has_json) PT_TRY(add_json(entry, json_file, json, error, repaired, err));
    if (has_caption(entry) || (!txt->text && !txt->fault)) return PATINA_OK;
    pt_entry_clear_captions(entry);
    return txt->fault ? pt_entry_add_bad_caption(entry, txt->fault, err)
                      : pt_sidecar_add_lines(entry, txt->text, txt->n, err);
}
