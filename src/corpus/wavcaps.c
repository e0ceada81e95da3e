/* SPDX-License-Identifier: MIT */
/* wavcaps.c - WavCaps: one JSON object whose list `data` has an object an entry
 *
 *     {"num_captions_per_audio": 1, "data": [{"id": "Y1.wav", "caption": "..."}, ...]}
 *
 * `id` is a string or an integer, and the name of the clip, with an extension or without; `caption`
 * (or `captions`, or `text`, or the member that options name) is a string or a list. Other members
 * are not used. `data` is read element by element: a bad one is a reject, and the next is read.
 * Audio lies in the audio root or beside the file, or in folders there, as clips.h says.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "corpus/clips.h"
#include "corpus/entry.h"
#include "corpus/json_list.h"
#include "corpus/reader.h"

typedef struct wavcaps_state {
    pt_bytes bytes;
    pt_json_list list;
    char *name;   /* of the file, without folders */
    char *root;   /* of the clips */
    char *column; /* the member with captions; NULL: the usual ones */
    pt_clips files;
    bool cut_is_said;
} wavcaps_state;

static pt_status no_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

/** An object with a list `data`; or one in a .json whose other members fill all that was seen. */
static bool wavcaps_matches(const pt_look *look) {
    pt_json_list list = {0};
    pt_bytes head;
    pt_error why = {0};

    if (look->is_folder || look->head[strspn(look->head, " \t\r\n")] != '{') return false;
    pt_bytes_of_memory(look->head, look->n_head, &head);
    const pt_status status = pt_json_list_open(&list, &head, "data", &why);
    const bool goes_on = list.at_end && look->n_head + 3 >= PT_LOOK_BYTES; /* 3: a mark */
    pt_json_list_close(&list);
    return status == PT_OK || (goes_on && pt_path_has_extension(look->path, ".json"));
}

static void wavcaps_close(void *state) {
    wavcaps_state *s = state;
    pt_json_list_close(&s->list);
    pt_bytes_release(&s->bytes);
    pt_clips_close(&s->files);
    free(s->name);
    free(s->root);
    free(s->column);
    free(s);
}

static pt_status open_parts(wavcaps_state *s, const char *path, const pt_corpus_options *options,
                            pt_error *err) {
    const char *column = options->caption_column;

    s->name = pt_corpus_name(path, "data.json");
    s->root = pt_corpus_root(path, options);
    if (column) s->column = pt_text_copy(column, strlen(column));
    if (!s->name || !s->root || (column && !s->column)) return no_memory(err);
    const pt_status status = pt_bytes_open_file(path, &s->bytes, err);
    if (status == PT_REJECT_MISSING) return pt_fail(err, PT_EIO, "not found");
    PT_TRY(status);
    PT_TRY(pt_json_list_open(&s->list, &s->bytes, "data", err));
    return pt_clips_open(&s->files, s->root, err);
}

static pt_status wavcaps_open(const char *path, const pt_corpus_options *options, void **state,
                              pt_error *err) {
    wavcaps_state *s = calloc(1, sizeof *s);

    if (!s) return no_memory(err);
    const pt_status status = open_parts(s, path, options, err);
    if (status != PT_OK) {
        wavcaps_close(s);
        return status;
    }
    *state = s;
    return PT_OK;
}

static pt_status find_audio(const wavcaps_state *s, pt_entry *entry, const char *place,
                            pt_error *err) {
    const char *path = pt_clips_named(&s->files, entry->id, s->name);

    if (!path || !pt_utf8_valid(path, strlen(path)))
        return pt_entry_reject(entry, err, PT_REJECT_MISSING, "%s: no audio file is named '%s.*'",
                               place, entry->id);
    free(entry->source);
    entry->source = pt_text_copy(path, strlen(path));
    entry->path = pt_path_join(s->root, path);
    return entry->source && entry->path ? PT_OK : no_memory(err);
}

static pt_status read_object(const wavcaps_state *s, const json_t *object, bool mended,
                             const char *place, pt_entry *entry, pt_error *err) {
    const json_t *caption = pt_json_captions(object, s->column);
    if (caption) PT_TRY(pt_entry_add_json(entry, caption, mended, err));
    PT_TRY(pt_entry_take_id(entry, json_object_get(object, "id"), mended, place, err));
    return entry->id ? find_audio(s, entry, place, err) : PT_OK;
}

static pt_status say_cut(wavcaps_state *s, pt_entry *entry, pt_error *err) {
    s->cut_is_said = true;
    return pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE,
                           "the file breaks off at line %llu, behind %llu elements of data: what "
                           "followed is not there",
                           s->list.n_lines + 1, (unsigned long long)s->list.n_elements);
}

static pt_status read_element(wavcaps_state *s, pt_entry *entry, pt_error *err) {
    const pt_json_list *list = &s->list;
    json_error_t error = {0};
    bool mended = false;
    char place[80];

    snprintf(place, sizeof place, "data[%llu] (line %llu)", (unsigned long long)list->index,
             list->line);
    if (list->too_long)
        return pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE, "%s has over %u bytes", place,
                               PT_TEXT_MAX);
    if (list->unclosed)
        return pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE,
                               "%s is not closed: another begins in it at line %llu", place,
                               list->n_lines + 1);
    const char *text = list->element.length > 0 ? list->element.text : "";
    json_t *json = pt_json_parse(text, list->element.length, &mended, &error);
    pt_status status;
    if (json_is_object(json))
        status = read_object(s, json, mended, place, entry, err);
    else if (list->is_last)
        status = say_cut(s, entry, err);
    else if (json || text[0] != '{')
        status = pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE, "%s is no JSON object", place);
    else
        status = pt_entry_reject(entry, err, PT_REJECT_UNDECODABLE,
                                 "%s is no JSON: it goes wrong at line %d and column %d of it",
                                 place, error.line, error.column);
    json_decref(json);
    return status;
}

static pt_status wavcaps_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                              pt_error *err) {
    wavcaps_state *s = state;
    pt_json_item item;
    pt_str source = {0};
    (void)with_audio;

    PT_TRY(pt_json_list_next(&s->list, &item, err));
    *end = item == PT_JSON_END || (item == PT_JSON_CUT && s->cut_is_said);
    if (*end) return PT_OK;
    pt_str_printf(&source, "%s#%llu", s->name,
                  (unsigned long long)(item == PT_JSON_CUT ? s->list.n_elements : s->list.index));
    if (!(entry->source = pt_str_steal(&source))) return no_memory(err);
    return item == PT_JSON_CUT ? say_cut(s, entry, err) : read_element(s, entry, err);
}

const pt_reader pt_reader_wavcaps = {
    .name = "wavcaps",
    .summary = "a JSON {\"data\": [{\"id\": name of a clip, \"caption\": text or list}, ...]}",
    .matches = wavcaps_matches,
    .open = wavcaps_open,
    .close = wavcaps_close,
    .next = wavcaps_next,
};
