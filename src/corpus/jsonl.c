/* SPDX-License-Identifier: MIT */
/* jsonl.c - manifests with one JSON object per line: {"audio": ..., "caption": ..., "id": ...}
 *
 * `audio` is a path relative to the manifest or to the audio root. The data set gets only the part
 * of an absolute path below that folder, or its base name; the id never becomes the base name,
 * which may occur in several folders. `caption` (or `captions`, `text`, `transcription`,
 * `sentence`, or the member that options name) is a string or a list. `id` is a string or an
 * integer; without it the id is `audio`. Numbers in `offset` and `duration` are a segment, as in
 * manifests of NeMo. Blank lines and other members are skipped.
 */

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/audio_finder.h"
#include "corpus/column_names.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/entry_filter.h"
#include "corpus/json_fields.h"
#include "corpus/line_reader.h"
#include "corpus/segment_time.h"
#include "fs/path.h"

typedef struct jsonl_state {
    pt_line_reader lines;
    char *name;   /* base name of the manifest */
    char *folder; /* of the audio, as given */
    char *real;   /* the same without symbolic links; NULL: unknown */
    char *column; /* member of the captions; NULL: the usual ones */
    const pt_corpus_options *options;
    pt_filter_seen seen;
    pt_caption_members members;
    pt_audio_finder finder;
    pt_split_filter splits;
    bool is_skipped; /* the line belongs to another split */
} jsonl_state;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** By the file name, or by a first line that is an entry. */
static bool jsonl_matches(const pt_corpus_probe *probe) {
    if (probe->is_folder) return false;
    if (pt_path_has_ext(probe->path, ".jsonl") || pt_path_has_ext(probe->path, ".ndjson"))
        return true;
    const char *line = probe->head + strspn(probe->head, " \t\r\n");
    json_error_t error;
    bool repaired;
    if (*line != '{') return false;
    json_t *json = pt_json_parse_lenient(line, strcspn(line, "\n"), &repaired, &error);
    const bool matches =
        json_is_object(json) &&
        (pt_json_find_audio(json) || (json_object_get(json, "id") && pt_json_has_captions(json)));
    json_decref(json);
    return matches;
}

static void jsonl_close(void *state) {
    jsonl_state *s = state;
    pt_line_reader_close(&s->lines);
    free(s->name);
    free(s->folder);
    free(s->real);
    free(s->column);
    pt_filter_seen_release(&s->seen);
    pt_strbuf_release(&s->members.names);
    pt_audio_finder_close(&s->finder);
    free(s);
}

static patina_status jsonl_open(const char *path, const pt_corpus_options *options, void **state,
                                patina_error *err) {
    const char *column = options->caption_column;
    jsonl_state *s = calloc(1, sizeof *s);
    patina_status status = PATINA_OK;

    if (!s) return no_memory(err);
    s->options = options;
    s->splits.wanted = options->source_split;
    s->name = pt_corpus_base_name(path, "manifest");
    s->folder = pt_corpus_audio_root(path, options);
    if (column) s->column = pt_text_dup(column, strlen(column));
    if (!s->name || !s->folder || (column && !s->column)) {
        status = no_memory(err);
        goto done;
    }
    status = pt_corpus_resolve_root(s->folder, &s->real, err);
    if (status == PATINA_OK) status = pt_line_reader_open(&s->lines, path, err);
    if (status != PATINA_OK) goto done;
    *state = s;
    s = NULL;
done:
    if (s) jsonl_close(s);
    return status;
}

/** Sets the path of the audio file; an entry without one is rejected as missing. */
static patina_status read_audio(jsonl_state *s, const json_t *object, bool repaired,
                                pt_entry *entry, patina_error *err) {
    const unsigned long long line = s->lines.number;
    const json_t *audio = pt_json_find_audio(object);
    const bool is_id = !audio;
    if (is_id) audio = json_object_get(object, "id"); /* a file of this name */
    const char *text = json_string_value(audio), *source = text, *path = text;

    if (text && *text && pt_json_is_valid_text(audio, repaired) &&
        (text[0] != '/' || pt_corpus_relative_name(text, s->folder, s->real) == text))
        PT_TRY(pt_audio_finder_find(&s->finder, s->folder, text, s->name, &path, err));
    if (!audio || (is_id && path == text))
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "line %llu has no audio file name", line);
    if (!text || !*text || !pt_json_is_valid_text(audio, repaired))
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "line %llu: the value of its audio member is not a file name", line);
    if (text[0] == '/') {
        source = pt_corpus_relative_name(text, s->folder, s->real);
        if (source == text) source = pt_path_basename(text);
    }
    if (path != text && pt_utf8_is_valid(path, strlen(path))) source = path;
    free(entry->source);
    entry->source = pt_text_dup(source, strlen(source));
    entry->path = pt_path_join(s->folder, path);
    return entry->source && entry->path ? PATINA_OK : no_memory(err);
}

static patina_status read_id(const jsonl_state *s, const json_t *object, bool repaired,
                             pt_entry *entry, patina_error *err) {
    const json_t *own = json_object_get(object, "id");
    const json_t *id = own ? own : pt_json_find_audio(object);
    const char *text = json_string_value(id);
    char location[40];

    if (!own && !text) return PATINA_OK; /* rejected for its audio */
    snprintf(location, sizeof location, "line %llu", (unsigned long long)s->lines.number);
    PT_TRY(pt_entry_set_id(entry, id, repaired, location, err));
    return own ? PATINA_OK : pt_entry_shorten_id(entry, s->folder, s->real, err);
}

/** The segment of `offset` and `duration`. Segments of one file have different ids. */
static patina_status read_segment(const jsonl_state *s, const json_t *object, pt_entry *entry,
                                  patina_error *err) {
    const json_t *offset = json_object_get(object, "offset");
    const json_t *duration = json_object_get(object, "duration");
    if (!json_is_number(offset) || !json_is_number(duration)) return PATINA_OK;

    const double start_s = json_number_value(offset), end_s = start_s + json_number_value(duration);
    json_t *end = json_real(isfinite(end_s) ? end_s : DBL_MAX); /* it has no infinity */
    char location[40];
    if (!end) return no_memory(err);
    snprintf(location, sizeof location, "line %llu", (unsigned long long)s->lines.number);
    const patina_status status = pt_entry_set_json_segment(entry, offset, end, location, err);
    json_decref(end);
    if (status != PATINA_OK || !entry->id || json_object_get(object, "id") || start_s == 0.0)
        return status;

    char times[80];
    pt_strbuf id = {0};
    pt_snprintf(times, sizeof times, "_%.15g_%.15g", start_s, end_s);
    pt_strbuf_append(&id, entry->id);
    pt_strbuf_append(&id, times);
    free(entry->id);
    entry->id = pt_strbuf_detach(&id);
    return entry->id ? PATINA_OK : no_memory(err);
}

static patina_status read_object(jsonl_state *s, json_t *object, bool repaired, pt_entry *entry,
                                 patina_error *err) {
    s->is_skipped = !pt_json_is_in_split(&s->splits, object);
    if (s->is_skipped) return PATINA_OK;
    pt_caption_members_note(&s->members, s->column, object);
    const char *template = s->options->caption_template;
    if (!template) PT_TRY(pt_entry_add_json_captions(entry, object, s->column, repaired, err));
    PT_TRY(read_audio(s, object, repaired, entry, err));
    if (template) PT_TRY(pt_entry_add_json_template(entry, template, object, err));
    PT_TRY(pt_entry_filter_json(entry, s->options->filter, object, &s->seen, err));
    PT_TRY(pt_entry_set_json_split(entry, s->options->split_column, object, err));
    PT_TRY(read_id(s, object, repaired, entry, err));
    return read_segment(s, object, entry, err);
}

static patina_status read_line(jsonl_state *s, bool too_long, pt_entry *entry, patina_error *err) {
    const unsigned long long line = s->lines.number;
    const pt_strbuf *text = &s->lines.line;
    pt_strbuf source = {0};
    json_error_t error = {0};
    bool repaired = false;

    pt_strbuf_printf(&source, "%s:%llu", s->name, line);
    if (!(entry->source = pt_strbuf_detach(&source))) return no_memory(err);
    if (too_long)
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "line %llu has more than %u bytes", line, PT_TEXT_MAX);
    json_t *json = pt_json_parse_lenient(text->text, text->length, &repaired, &error);
    patina_status status;
    if (json_is_object(json))
        status = read_object(s, json, repaired, entry, err);
    else if (json)
        status = pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                                 "line %llu is JSON but not an object", line);
    else
        status = pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                                 "line %llu is not valid JSON, column %d", line, error.column);
    json_decref(json);
    return status;
}

/** At the end of the list: refuses members of the options that no object had. */
static patina_status check_members(const jsonl_state *s, patina_error *err) {
    PT_TRY(pt_caption_members_check(&s->members, s->column, err));
    return pt_filter_check_seen(s->options->filter, &s->seen, err);
}

static const pt_split_filter *jsonl_splits(const void *state) {
    return &((const jsonl_state *)state)->splits;
}

static patina_status jsonl_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                patina_error *err) {
    jsonl_state *s = state;
    bool too_long = false;
    pt_entry ignored = {0}, *into = entry ? entry : &ignored;
    patina_status status = PATINA_OK;
    (void)with_audio;

    do {
        PT_TRY(pt_line_reader_next(&s->lines, &too_long, end, err));
        if (*end) return check_members(s, err);
        s->is_skipped =
            !too_long && (s->lines.line.length == 0 ||
                          strspn(s->lines.line.text, " \t\r\v\f") == s->lines.line.length);
        if (s->is_skipped || (!entry && !s->splits.wanted)) continue;
        status = read_line(s, too_long, into, err);
        if (s->is_skipped || !entry) {
            free(into->source);
            into->source = NULL;
        }
    } while (status == PATINA_OK && s->is_skipped);
    pt_entry_release(&ignored);
    return status;
}

static void jsonl_describe(void *state, pt_strbuf *text) {
    jsonl_state *s = state;
    bool too_long = false, end = false, repaired;
    json_error_t error;
    if (pt_line_reader_next(&s->lines, &too_long, &end, NULL) != PATINA_OK || end || too_long)
        return;
    json_t *json =
        pt_json_parse_lenient(s->lines.line.text, s->lines.line.length, &repaired, &error);
    pt_json_describe_members(json, text);
    json_decref(json);
}

const pt_corpus_reader pt_corpus_reader_jsonl = {
    .name = "jsonl",
    .summary =
        "one object per line: {\"audio\": path, \"caption\": text or list, \"id\": optional}",
    .matches = jsonl_matches,
    .open = jsonl_open,
    .close = jsonl_close,
    .next = jsonl_next,
    .describe_columns = jsonl_describe,
    .splits = jsonl_splits,
    .uses_template = true,
    .has_columns = true,
    .merges_rows = true,
};
