/* SPDX-License-Identifier: MIT */
/* wavcaps.c - WavCaps: a JSON object with a list `data` of entries
 *
 *     {"num_captions_per_audio": 1, "data": [{"id": "Y1.wav", "caption": "..."}, ...]}
 *
 * `id` (or `wav`, of AudioLDM) is a string or an integer and the name of the clip, with an
 * extension or without; `caption` (or `captions`, `text`, the member that options name, or
 * caption_1, caption_2 ...) is a string or a list. Other members are ignored. `data` is read
 * element by element: a malformed element is a reject and does not affect others. Audio is in the
 * audio root or beside the file, in folders of any depth.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/clip_index.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/entry_filter.h"
#include "corpus/json_fields.h"
#include "corpus/json_stream.h"
#include "corpus/line_reader.h"
#include "fs/path.h"

typedef struct wavcaps_state {
    pt_byte_source bytes;
    pt_json_stream list;
    char *name;   /* base name of the file */
    char *root;   /* of the clips */
    char *column; /* member of the captions; NULL: the usual ones */
    pt_clip_index files;
    const pt_corpus_options *options;
    pt_filter_seen seen;
    bool truncation_reported;
} wavcaps_state;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** An object with a list `data`; or a .json object whose first members fill the whole head. */
static bool wavcaps_matches(const pt_corpus_probe *probe) {
    pt_json_stream list = {0};
    pt_byte_source head;
    patina_error why = {0};

    if (probe->is_folder || probe->head[strspn(probe->head, " \t\r\n")] != '{') return false;
    pt_byte_source_from_memory(probe->head, probe->n_head, &head);
    const patina_status status = pt_json_stream_open(&list, &head, "data", &why);
    const bool continues =
        list.at_end && probe->n_head + 3 >= PT_CORPUS_PROBE_BYTES; /* 3: a byte order mark */
    pt_json_stream_close(&list);
    return status == PATINA_OK || (continues && pt_path_has_ext(probe->path, ".json"));
}

static int wavcaps_lacks(const pt_corpus_probe *probe, pt_strbuf *sentence) {
    if (probe->is_folder || probe->head[strspn(probe->head, " \t\r\n")] != '{') return 0;
    pt_strbuf_append(sentence, "the nearest kind is 'wavcaps', which requires the list 'data'");
    return 1;
}

static void wavcaps_close(void *state) {
    wavcaps_state *s = state;
    pt_json_stream_close(&s->list);
    pt_byte_source_close(&s->bytes);
    pt_clip_index_close(&s->files);
    pt_filter_seen_release(&s->seen);
    free(s->name);
    free(s->root);
    free(s->column);
    free(s);
}

static patina_status open_files(wavcaps_state *s, const char *path,
                                const pt_corpus_options *options, patina_error *err) {
    const char *column = options->caption_column;

    s->options = options;
    s->name = pt_corpus_base_name(path, "data.json");
    s->root = pt_corpus_audio_root(path, options);
    if (column) s->column = pt_text_dup(column, strlen(column));
    if (!s->name || !s->root || (column && !s->column)) return no_memory(err);
    const patina_status status = pt_byte_source_open_file(path, &s->bytes, err);
    if (status == PATINA_REJECT_MISSING) return pt_fail(err, PATINA_EIO, "not found");
    PT_TRY(status);
    PT_TRY(pt_json_stream_open(&s->list, &s->bytes, "data", err));
    return pt_clip_index_open(&s->files, s->root, err);
}

static patina_status wavcaps_open(const char *path, const pt_corpus_options *options, void **state,
                                  patina_error *err) {
    wavcaps_state *s = calloc(1, sizeof *s);

    if (!s) return no_memory(err);
    const patina_status status = open_files(s, path, options, err);
    if (status != PATINA_OK) {
        wavcaps_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

static patina_status find_audio(const wavcaps_state *s, pt_entry *entry, const char *location,
                                patina_error *err) {
    const char *path = pt_clip_index_find_file(&s->files, entry->id, s->name);

    if (!path && entry->id[0] == '/') /* of the machine on which the list was made */
        path = pt_clip_index_find_file(&s->files, pt_path_basename(entry->id), s->name);
    if (!path || !pt_utf8_is_valid(path, strlen(path)))
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "%s: no audio file is named '%s.*'", location, entry->id);
    free(entry->source);
    entry->source = pt_text_dup(path, strlen(path));
    entry->path = pt_path_join(s->root, path);
    return entry->source && entry->path ? PATINA_OK : no_memory(err);
}

/** Captions in the members caption_1, caption_2 ... of WavCaps' retrieval sets. */
static patina_status add_numbered(const json_t *object, bool repaired, pt_entry *entry,
                                  patina_error *err) {
    for (unsigned i = 1;; i++) {
        char name[24];
        snprintf(name, sizeof name, "caption_%u", i);
        const json_t *caption = json_object_get(object, name);
        if (!caption) return PATINA_OK;
        PT_TRY(pt_entry_add_json(entry, caption, repaired, err));
    }
}

static patina_status read_object(wavcaps_state *s, json_t *object, bool repaired,
                                 const char *location, pt_entry *entry, patina_error *err) {
    const char *template = s->options->caption_template;
    const json_t *caption = pt_json_find_captions(object, s->column), *id;
    if (template)
        ; /* needs the audio */
    else if (caption)
        PT_TRY(pt_entry_add_json(entry, caption, repaired, err));
    else if (!s->column)
        PT_TRY(add_numbered(object, repaired, entry, err));
    id = json_object_get(object, "id");
    if (!id) id = json_object_get(object, "wav");
    PT_TRY(pt_entry_set_id(entry, id, repaired, location, err));
    if (entry->id) PT_TRY(find_audio(s, entry, location, err));
    PT_TRY(pt_entry_set_json_split(entry, s->options->split_column, object, err));
    if (template) PT_TRY(pt_entry_add_json_template(entry, template, object, err));
    return pt_entry_filter_json(entry, s->options->filter, object, &s->seen, err);
}

static patina_status reject_truncated(wavcaps_state *s, pt_entry *entry, patina_error *err) {
    s->truncation_reported = true;
    return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                           "the file is truncated at line %llu, after %llu elements of data; the "
                           "rest is lost",
                           s->list.n_lines + 1, (unsigned long long)s->list.n_elements);
}

static patina_status read_element(wavcaps_state *s, pt_entry *entry, patina_error *err) {
    const pt_json_stream *list = &s->list;
    json_error_t error = {0};
    bool repaired = false;
    char location[80];

    snprintf(location, sizeof location, "data[%llu] (line %llu)", (unsigned long long)list->index,
             list->line);
    if (list->too_long)
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE, "%s has more than %u bytes",
                               location, PT_TEXT_MAX);
    if (list->unclosed)
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "%s is not closed: another element begins in it at line %llu",
                               location, list->n_lines + 1);
    const char *text = list->element.length > 0 ? list->element.text : "";
    json_t *json = pt_json_parse_lenient(text, list->element.length, &repaired, &error);
    patina_status status;
    if (json_is_object(json))
        status = read_object(s, json, repaired, location, entry, err);
    else if (list->is_last)
        status = reject_truncated(s, entry, err);
    else if (json || text[0] != '{')
        status = pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE, "%s is not a JSON object",
                                 location);
    else
        status = pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                                 "%s is not valid JSON, line %d and column %d of it", location,
                                 error.line, error.column);
    json_decref(json);
    return status;
}

static patina_status wavcaps_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                  patina_error *err) {
    wavcaps_state *s = state;
    pt_json_event item;
    pt_strbuf source = {0};
    (void)with_audio;

    PT_TRY(pt_json_stream_next(&s->list, &item, err));
    *end = item == PT_JSON_END || (item == PT_JSON_TRUNCATED && s->truncation_reported);
    if (*end) return pt_filter_check_seen(s->options->filter, &s->seen, err);
    if (!entry && item == PT_JSON_ELEMENT) return PATINA_OK;
    pt_strbuf_printf(
        &source, "%s#%llu", s->name,
        (unsigned long long)(item == PT_JSON_TRUNCATED ? s->list.n_elements : s->list.index));
    if (!(entry->source = pt_strbuf_detach(&source))) return no_memory(err);
    return item == PT_JSON_TRUNCATED ? reject_truncated(s, entry, err)
                                     : read_element(s, entry, err);
}

static void wavcaps_describe(void *state, pt_strbuf *text) {
    wavcaps_state *s = state;
    pt_json_event event;
    json_error_t error;
    bool repaired;
    if (pt_json_stream_next(&s->list, &event, NULL) != PATINA_OK || event != PT_JSON_ELEMENT ||
        s->list.element.length == 0)
        return;
    json_t *json =
        pt_json_parse_lenient(s->list.element.text, s->list.element.length, &repaired, &error);
    pt_json_describe_members(json, text);
    json_decref(json);
}

const pt_corpus_reader pt_corpus_reader_wavcaps = {
    .name = "wavcaps",
    .summary = "a JSON {\"data\": [{\"id\": name of a clip, \"caption\": text or list}, ...]}",
    .matches = wavcaps_matches,
    .open = wavcaps_open,
    .close = wavcaps_close,
    .next = wavcaps_next,
    .describe_columns = wavcaps_describe,
    .lacks = wavcaps_lacks,
    .uses_template = true,
    .has_columns = true,
    .merges_rows = true,
};
