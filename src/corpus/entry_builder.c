/* SPDX-License-Identifier: MIT */
/* entry_builder.c - entries from text that nobody has looked at before */

#include "corpus/entry_builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define NONCHARACTER "\xEF\xB7\x90" /* U+FDD0 */

void pt_entry_release(pt_entry *entry) {
    for (size_t i = 0; i < entry->n_captions; i++) {
        free(entry->captions[i].text);
        free(entry->captions[i].fault);
    }
    free(entry->captions);
    free(entry->id);
    free(entry->source);
    free(entry->path);
    free(entry->audio);
    free(entry->fault);
    *entry = (pt_entry){0};
}

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** Takes over both strings. */
static patina_status append(pt_entry *entry, char *text, char *fault, patina_error *err) {
    const size_t n = entry->n_captions;
    pt_caption *captions = entry->captions;

    if ((n & (n - 1)) == 0) /* full: room is always a power of two, or none */
        captions = realloc(captions, (n ? 2 * n : 1) * sizeof *captions);
    if (!captions || (!text && !fault)) {
        if (captions) entry->captions = captions;
        free(text);
        free(fault);
        return no_memory(err);
    }
    captions[n] = (pt_caption){text, fault};
    entry->captions = captions;
    entry->n_captions = n + 1;
    return PATINA_OK;
}

patina_status pt_entry_add_bad_caption(pt_entry *entry, const char *fault, patina_error *err) {
    return append(entry, NULL, pt_text_dup(fault, strlen(fault)), err);
}

patina_status pt_entry_add_caption(pt_entry *entry, const char *text, size_t n, patina_error *err) {
    if (memchr(text, '\0', n)) return pt_entry_add_bad_caption(entry, "holds a NUL character", err);
    if (!pt_utf8_is_valid(text, n)) return pt_entry_add_bad_caption(entry, "not UTF-8", err);
    if (n == 0) return pt_entry_add_bad_caption(entry, "empty", err);
    if (pt_utf8_is_blank(text, n)) return pt_entry_add_bad_caption(entry, "only white space", err);
    return append(entry, pt_text_dup(text, n), NULL, err);
}

static patina_status add_json_caption(pt_entry *entry, const json_t *value, bool repaired,
                                      patina_error *err) {
    if (!json_is_string(value)) return pt_entry_add_bad_caption(entry, "not a string", err);
    if (repaired && strstr(json_string_value(value), NONCHARACTER))
        return pt_entry_add_bad_caption(entry, "not UTF-8", err);
    return pt_entry_add_caption(entry, json_string_value(value), json_string_length(value), err);
}

patina_status pt_entry_add_json(pt_entry *entry, const json_t *value, bool repaired,
                                patina_error *err) {
    if (!json_is_array(value)) return add_json_caption(entry, value, repaired, err);
    for (size_t i = 0; i < json_array_size(value); i++)
        PT_TRY(add_json_caption(entry, json_array_get(value, i), repaired, err));
    return PATINA_OK;
}

const json_t *pt_json_find_captions(const json_t *object, const char *column) {
    static const char *const members[] = {"caption", "captions", "text"};
    const json_t *value = NULL;
    if (column) return json_object_get(object, column);
    for (size_t i = 0; i < sizeof members / sizeof members[0] && !value; i++)
        value = json_object_get(object, members[i]);
    return value;
}

patina_status pt_entry_set_id(pt_entry *entry, const json_t *id, bool repaired,
                              const char *location, patina_error *err) {
    pt_strbuf text = {0};

    if (json_is_integer(id))
        pt_strbuf_printf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    else if (!json_is_string(id))
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "%s: its id is neither a string nor an integer", location);
    else if (!*json_string_value(id) || !pt_json_is_valid_text(id, repaired))
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "%s: its id is empty, not UTF-8, or holds a NUL", location);
    else
        pt_strbuf_append(&text, json_string_value(id));
    entry->id = pt_strbuf_detach(&text);
    return entry->id ? PATINA_OK : no_memory(err);
}

patina_status pt_entry_reject(pt_entry *entry, patina_error *err, patina_status status,
                              const char *format, ...) {
    if (entry->status != PATINA_OK) return PATINA_OK;
    va_list args;
    va_start(args, format);
    const int n = vasprintf(&entry->fault, format, args);
    va_end(args);
    if (n < 0) {
        entry->fault = NULL;
        return no_memory(err);
    }
    entry->status = status;
    return PATINA_OK;
}

patina_status pt_corpus_refuse_caption_column(const pt_corpus_options *options, const char *kind,
                                              patina_error *err) {
    if (!options->caption_column) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE, "a corpus of kind '%s' has no columns, so none can be '%s'",
                   kind, options->caption_column);
}

char *pt_corpus_base_name(const char *path, const char *fallback) {
    const char *name = pt_path_basename(path);
    if (!pt_utf8_is_valid(name, strlen(name))) name = fallback;
    return pt_text_dup(name, strlen(name));
}

char *pt_corpus_audio_root(const char *path, const pt_corpus_options *options) {
    if (!options->audio_root) return pt_path_dirname(path);
    return pt_text_dup(options->audio_root, strlen(options->audio_root));
}

patina_status pt_entry_reject_file_name(pt_entry *entry, const char *name, patina_error *err) {
    if (!(entry->source = pt_text_escape(name))) return no_memory(err);
    return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                           "the file name '%s' is not UTF-8: rename it", entry->source);
}

char *pt_text_escape(const char *text) {
    pt_strbuf shown = {0};
    size_t size;
    pt_strbuf_append(&shown, ""); /* so that there is one */
    for (size_t i = 0, n = strlen(text); i < n; i += size) {
        if (pt_utf8_decode(text + i, n - i, &size) == UINT32_MAX)
            pt_strbuf_printf(&shown, "\\x%02X", (unsigned char)text[i]);
        else
            pt_strbuf_append_bytes(&shown, text + i, size);
    }
    return pt_strbuf_detach(&shown);
}

char *pt_text_dup(const char *text, size_t n) {
    char *copy = malloc(n + 1);
    if (!copy) return NULL;
    if (n > 0) memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

char *pt_path_join(const char *folder, const char *name) {
    pt_strbuf path = {0};
    if (name[0] != '/') {
        pt_strbuf_append(&path, folder);
        if (path.length > 0 && path.text[path.length - 1] != '/') pt_strbuf_append(&path, "/");
    }
    pt_strbuf_append(&path, name);
    return pt_strbuf_detach(&path);
}

char *pt_path_dirname(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return pt_text_dup(".", 1);
    return pt_text_dup(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *pt_path_basename(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool pt_path_has_ext(const char *path, const char *extension) {
    const size_t n = strlen(path), n_extension = strlen(extension);
    if (n <= n_extension) return false;
    for (size_t i = 0; i < n_extension; i++) { /* not by locale */
        const char c = path[n - n_extension + i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != extension[i]) return false;
    }
    return true;
}

int pt_text_truncate(const char *text, size_t most) {
    const size_t n = strlen(text);
    size_t shown = 0, size;
    while (shown < n) {
        (void)pt_utf8_decode(text + shown, n - shown, &size);
        if (shown + size > most) break;
        shown += size;
    }
    return (int)shown;
}

/** Length of the escape \uXXXX at text, and its code unit; 0 if there is none. */
static size_t parse_unicode_escape(const char *text, size_t n, unsigned *unit) {
    if (n < 6 || text[0] != '\\' || text[1] != 'u') return 0;
    *unit = 0;
    for (int i = 2; i < 6; i++) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return 0;
        *unit = *unit << 4 | (unsigned)digit;
    }
    return 6;
}

/** Length of NaN, Infinity or -Infinity at text, which Python's json module writes; 0 elsewhere. */
static size_t nonfinite_length(const char *text, size_t n) {
    static const char *const numbers[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const size_t length = strlen(numbers[i]);
        if (n >= length && memcmp(text, numbers[i], length) == 0) return length;
    }
    return 0;
}

/** Copies text with a NONCHARACTER for each byte and each escape that is not a character, and null
 * for each number that JSON does not have. */
static void replace_invalid(const char *text, size_t n, pt_strbuf *repaired) {
    bool in_string = false;
    for (size_t i = 0, size; i < n; i += size) {
        unsigned unit = 0, low = 0;
        if (!in_string && (size = nonfinite_length(text + i, n - i)) > 0) {
            pt_strbuf_append(repaired, "null");
            continue;
        }
        if (pt_utf8_decode(text + i, n - i, &size) == UINT32_MAX) {
            pt_strbuf_append(repaired, NONCHARACTER);
            continue;
        }
        if (text[i] == '"') in_string = !in_string;
        if (text[i] == '\\' && parse_unicode_escape(text + i, n - i, &unit) == 0 && i + 1 < n)
            size = 2; /* an escaped backslash or quote: it begins no escape and ends no string */
        if (unit >= 0xD800 && unit <= 0xDFFF) {
            const bool pair = unit < 0xDC00 &&
                              parse_unicode_escape(text + i + 6, n - i - 6, &low) > 0 &&
                              low >= 0xDC00 && low <= 0xDFFF;
            size = pair ? 12 : 6;
            if (!pair) {
                pt_strbuf_append(repaired, NONCHARACTER);
                continue;
            }
        }
        pt_strbuf_append_bytes(repaired, text + i, size);
    }
}

json_t *pt_json_parse_lenient(const char *text, size_t n, bool *repaired, json_error_t *error) {
    json_t *json = json_loadb(text, n, JSON_ALLOW_NUL, error);
    *repaired = false;
    if (json) return json;

    pt_strbuf replaced = {0};
    replace_invalid(text, n, &replaced);
    if (replaced.failed || !replaced.text) return NULL;
    const bool changed = replaced.length != n || memcmp(replaced.text, text, n) != 0;
    if (changed) json = json_loadb(replaced.text, replaced.length, JSON_ALLOW_NUL, error);
    /* An integer that is too long, of a member that need not concern anybody. */
    if (!json && json_error_code(error) == json_error_numeric_overflow)
        json = json_loadb(replaced.text, replaced.length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
                          error);
    *repaired = json && changed;
    pt_strbuf_release(&replaced);
    return json;
}

bool pt_json_is_valid_text(const json_t *string, bool repaired) {
    const char *text = json_string_value(string);
    return strlen(text) == json_string_length(string) && !(repaired && strstr(text, NONCHARACTER));
}
