/* SPDX-License-Identifier: MIT */
/* json_reader.c - JSON files with an element for each entry
 *
 *     wavcaps  {"num_captions_per_audio": 1, "data": [{"id": "Y1.wav", "caption": "..."}, ...]}
 *     nsynth   {"bass_synthetic_033-022-050": {"instrument_family_str": "bass", ...}, ...}
 *     json     [{"file_name": "a.wav", "captions": [...]}, ...], the same in another member, or
 *              {"a.wav": {"caption": ...}, "b.wav": "a caption", ...}
 *
 * The name of the clip is `id` of wavcaps, the key, or a usual member for a file (json_fields.h),
 * with an extension or without. An element with a list `segments` (GigaSpeech) is an entry for each
 * of them. The list is read element by element: a malformed element is a reject and does not affect
 * others. Audio is in the audio root or beside the file, in folders of any depth.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/class_names.h"
#include "corpus/clip_index.h"
#include "corpus/column_names.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/entry_filter.h"
#include "corpus/json_fields.h"
#include "corpus/json_stream.h"
#include "corpus/line_reader.h"
#include "corpus/segment_time.h"
#include "corpus/text_source.h"
#include "fs/path.h"

#define LISTS                                                                                      \
    "data|audios|annotations|samples|items|entries|files|clips|records|rows|examples|sounds|"      \
    "dataset|results|recordings|images|videos"
#define CLASS_FILES   "*class_labels_indices*.csv"
#define NOTE_TEMPLATE "a note of a {instrument_source_str} {instrument_family_str}"
#define NOTE_MEMBER   "instrument_family_str"

/** Where the elements are. */
typedef struct list_kind {
    const char *lists;    /* as of pt_json_stream_open */
    const char *template; /* of captions; NULL: members */
    const char *names;    /* members that name the clip before the usual ones */
} list_kind;

static const list_kind wavcaps = {"data", NULL, "id|wav"};
static const list_kind nsynth = {NULL, NOTE_TEMPLATE, NULL};
static const list_kind top_level = {"", NULL, NULL}, keyed = {NULL, NULL, NULL},
                       other_list = {LISTS, NULL, NULL};

typedef struct list_state {
    pt_byte_source bytes;
    pt_json_stream list;
    char *name;   /* base name of the file */
    char *root;   /* of the clips */
    char *real;   /* the same without symbolic links; NULL: unknown */
    char *column; /* member of the captions; NULL: the usual ones */
    char *folder; /* of the file */
    pt_class_names classes;
    pt_clip_index files;
    const pt_corpus_options *options;
    pt_filter_seen seen;
    pt_caption_members members;
    bool truncation_reported;
    const list_kind *kind;
    pt_split_filter splits;
    bool is_skipped; /* the element belongs to another split */

    json_t *parent; /* of the next segment; NULL: none */
    size_t segment;
    bool repaired;
} list_state;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static bool nsynth_matches(const pt_corpus_probe *probe) {
    if (probe->is_folder || probe->head[strspn(probe->head, " \t\r\n")] != '{') return false;
    return memmem(probe->head, probe->n_head, "\"" NOTE_MEMBER "\"", sizeof NOTE_MEMBER + 1) !=
           NULL;
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

/** Whether an element, or one with a key, is an entry. The head may end inside it. */
static bool is_entry(const pt_json_stream *list) {
    json_error_t error;
    bool repaired;
    const char *key = list->key.length > 0 ? list->key.text : "";
    json_t *json =
        list->element.length > 0
            ? pt_json_parse_lenient(list->element.text, list->element.length, &repaired, &error)
            : NULL;
    bool matches = list->is_keyed && pt_path_is_audio(key);
    if (json_is_object(json) &&
        (list->is_keyed || pt_json_find_audio(json) || pt_json_find(json, PT_ID_COLUMNS "|id")))
        matches = matches || pt_json_has_captions(json) || json_object_get(json, "segments");
    json_decref(json);
    return matches || (!json && list->is_last && !list->is_keyed && list->element.length > 0 &&
                       list->element.text[0] == '{');
}

/** The place of the elements in a file of kind json; NULL: it is another kind. */
static const list_kind *find_list_kind(const pt_corpus_probe *probe) {
    static const list_kind *const kinds[] = {&top_level, &other_list, &keyed};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !probe->is_folder; i++) {
        pt_json_stream list = {0};
        pt_byte_source head;
        pt_json_event event = PT_JSON_END;
        pt_byte_source_from_memory(probe->head, probe->n_head, &head);
        const bool matches =
            pt_json_stream_open(&list, &head, kinds[i]->lists, NULL) == PATINA_OK &&
            pt_json_stream_next(&list, &event, NULL) == PATINA_OK && event == PT_JSON_ELEMENT &&
            is_entry(&list);
        pt_json_stream_close(&list);
        if (matches) return kinds[i];
    }
    return NULL;
}

static bool json_matches(const pt_corpus_probe *probe) {
    return find_list_kind(probe) != NULL;
}

static int list_lacks(const pt_corpus_probe *probe, pt_strbuf *sentence) {
    if (probe->is_folder || probe->head[strspn(probe->head, " \t\r\n")] != '{') return 0;
    pt_strbuf_append(sentence, "the nearest kind is 'wavcaps', which requires the list 'data'");
    return 1;
}

static void list_close(void *state) {
    list_state *s = state;
    pt_json_stream_close(&s->list);
    pt_byte_source_close(&s->bytes);
    pt_clip_index_close(&s->files);
    pt_filter_seen_release(&s->seen);
    pt_strbuf_release(&s->members.names);
    json_decref(s->parent);
    free(s->name);
    free(s->root);
    free(s->real);
    free(s->column);
    free(s->folder);
    pt_class_names_release(&s->classes);
    free(s);
}

static patina_status open_files(list_state *s, const char *path, const pt_corpus_options *options,
                                patina_error *err) {
    const char *column = options->caption_column;

    s->options = options;
    s->name = pt_corpus_base_name(path, "data.json");
    s->folder = pt_path_dirname(path);
    s->root = pt_corpus_audio_root(path, options);
    if (column) s->column = pt_text_dup(column, strlen(column));
    if (!s->name || !s->folder || !s->root || (column && !s->column)) return no_memory(err);
    PT_TRY(pt_corpus_resolve_root(s->root, &s->real, err));
    const patina_status status = pt_text_source_open(path, UINT64_MAX, &s->bytes, err);
    if (status == PATINA_REJECT_MISSING) return pt_fail(err, PATINA_EIO, "not found");
    PT_TRY(status);
    PT_TRY(pt_json_stream_open(&s->list, &s->bytes, s->kind->lists, err));
    return pt_clip_index_open(&s->files, s->root, err);
}

static patina_status open_list(const char *path, const pt_corpus_options *options,
                               const list_kind *kind, void **state, patina_error *err) {
    list_state *s = calloc(1, sizeof *s);

    if (!s) return no_memory(err);
    s->kind = kind;
    s->splits.wanted = options->source_split;
    const patina_status status = open_files(s, path, options, err);
    if (status != PATINA_OK) {
        list_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

static patina_status wavcaps_open(const char *path, const pt_corpus_options *options, void **state,
                                  patina_error *err) {
    return open_list(path, options, &wavcaps, state, err);
}

static patina_status nsynth_open(const char *path, const pt_corpus_options *options, void **state,
                                 patina_error *err) {
    PT_TRY(pt_corpus_refuse_caption_column(options, "nsynth", err));
    return open_list(path, options, &nsynth, state, err);
}

static patina_status json_open(const char *path, const pt_corpus_options *options, void **state,
                               patina_error *err) {
    pt_byte_source bytes = {0};
    char *head = malloc(PT_CORPUS_PROBE_BYTES + 1);
    if (!head) return no_memory(err);
    patina_status status = pt_text_source_open(path, PT_CORPUS_PROBE_BYTES, &bytes, err);
    const int64_t n =
        status == PATINA_OK ? pt_byte_source_read_at(&bytes, 0, head, PT_CORPUS_PROBE_BYTES) : 0;
    pt_byte_source_close(&bytes);
    const list_kind *kind = NULL;
    if (n > 0) {
        head[n] = '\0';
        kind = find_list_kind(&(pt_corpus_probe){.path = path, .head = head, .n_head = (size_t)n});
    }
    free(head);
    if (status == PATINA_REJECT_MISSING) return pt_fail(err, PATINA_EIO, "not found");
    PT_TRY(status);
    if (n < 0) return pt_fail(err, PATINA_EIO, "cannot be read");
    return open_list(path, options, kind ? kind : &keyed, state, err);
}

/** The clip of a name; false: there is none. */
static bool find_clip(const list_state *s, const char *name, const char **path) {
    *path = name && *name ? pt_clip_index_find_file(&s->files, name, s->name) : NULL;
    if (!*path && name && name[0] == '/') /* of the machine on which the list was made */
        *path = pt_clip_index_find_file(&s->files, pt_path_basename(name), s->name);
    if (*path && !pt_utf8_is_valid(*path, strlen(*path))) *path = NULL;
    return *path != NULL;
}

/** The file of the id, else of the members for a file; kinds other than wavcaps the other way. */
static patina_status find_audio(const list_state *s, const json_t *object, pt_entry *entry,
                                const char *location, patina_error *err) {
    const char *file = json_string_value(pt_json_find_audio(object)), *path;
    const char *first = s->kind->names ? entry->id : file,
               *second = s->kind->names ? file : entry->id;

    if (!find_clip(s, first, &path) && !find_clip(s, second, &path))
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "%s: no audio file is named '%s.*'", location, entry->id);
    free(entry->source);
    entry->source = pt_text_dup(path, strlen(path));
    entry->path = pt_path_join(s->root, path);
    return entry->source && entry->path ? PATINA_OK : no_memory(err);
}

/** The id: the key of the element, its id, or the name of the file. */
static patina_status read_id(const list_state *s, const json_t *object, bool repaired,
                             const char *location, pt_entry *entry, patina_error *err) {
    const json_t *id = s->kind->names ? pt_json_find(object, s->kind->names) : NULL;
    json_t *key = NULL;

    if (s->list.is_keyed && !s->parent)
        id = key = json_stringn(s->list.key.text ? s->list.key.text : "", s->list.key.length);
    if (!id) id = pt_json_find(object, "id|sid|" PT_ID_COLUMNS);
    const bool is_path = !id || key;
    if (!id) id = pt_json_find_audio(object);
    patina_status status = pt_entry_set_id(entry, id, repaired, location, err);
    if (status == PATINA_OK && is_path) status = pt_entry_shorten_id(entry, s->root, s->real, err);
    json_decref(key);
    return status;
}

/** Replaces labels that are ids of classes, "/m/068hy,/m/07q6cd_", by their names; *is_unnamed is
 * set where no file has them. */
static patina_status name_classes(list_state *s, json_t *object, bool *is_unnamed,
                                  patina_error *err) {
    const json_t *label = pt_json_find(object, PT_LABEL_COLUMNS);
    const char *text = json_string_value(label);
    pt_strbuf names = {0};

    *is_unnamed = false;
    if (!text || !pt_class_names_is_id(text, json_string_length(label))) return PATINA_OK;
    PT_TRY(pt_class_names_read(&s->classes, s->folder, CLASS_FILES, err));
    *is_unnamed = s->classes.n == 0;
    if (*is_unnamed) return PATINA_OK;
    pt_class_names_append(&s->classes, text, json_string_length(label), ',', &names);
    json_t *list = json_array();
    for (const char *at = names.text; list && at && *at;) {
        const size_t n = strcspn(at, "\n");
        (void)json_array_append_new(list, json_stringn(at, n));
        at += n + (at[n] == '\n');
    }
    const bool is_set = !names.failed && list && json_object_set(object, "label", list) == 0;
    json_decref(list);
    pt_strbuf_release(&names);
    return is_set ? PATINA_OK : no_memory(err);
}

/** The captions of an object, unless it has only labels without names. */
static patina_status add_captions(list_state *s, json_t *object, bool repaired, pt_entry *entry,
                                  patina_error *err) {
    bool is_unnamed;
    PT_TRY(name_classes(s, object, &is_unnamed, err));
    if (is_unnamed && !s->column && !pt_json_find(object, PT_CAPTION_COLUMNS))
        return pt_entry_add_bad_caption(
            entry,
            "the names of its labels are missing: a file 'class_labels_indices.csv' in the folder "
            "of the list",
            err);
    return pt_entry_add_json_captions(entry, object, s->column, repaired, err);
}

static patina_status read_object(list_state *s, json_t *object, bool repaired, const char *location,
                                 pt_entry *entry, patina_error *err) {
    const char *own = s->options->caption_template;
    const char *template = own ? own : s->kind->template;

    s->is_skipped = !pt_json_is_in_split(&s->splits, object);
    if (s->is_skipped) return PATINA_OK;
    pt_caption_members_note(&s->members, s->column, object);
    if (!template) /* a template needs the audio */
        PT_TRY(add_captions(s, object, repaired, entry, err));
    PT_TRY(read_id(s, object, repaired, location, entry, err));
    if (entry->id) PT_TRY(find_audio(s, s->parent ? s->parent : object, entry, location, err));
    PT_TRY(pt_entry_set_json_split(entry, s->options->split_column, object, err));
    if (template) PT_TRY(pt_entry_add_json_template(entry, template, object, err));
    return pt_entry_filter_json(entry, s->options->filter, object, &s->seen, err);
}

/** Punctuation of GigaSpeech: "YES <COMMA> SIR <PERIOD>" is "YES, SIR." */
static json_t *make_segment_text(const char *text) {
    static const struct {
        const char *tag, *mark;
    } tags[] = {{" <COMMA>", ","},
                {" <PERIOD>", "."},
                {" <QUESTIONMARK>", "?"},
                {" <EXCLAMATIONPOINT>", "!"}};
    pt_strbuf out = {0};
    for (size_t i; *text;) {
        for (i = 0; i < sizeof tags / sizeof tags[0]; i++)
            if (strncmp(text, tags[i].tag, strlen(tags[i].tag)) == 0) break;
        const bool is_tag = i < sizeof tags / sizeof tags[0];
        pt_strbuf_append_bytes(&out, is_tag ? tags[i].mark : text, 1);
        text += is_tag ? strlen(tags[i].tag) : 1;
    }
    json_t *value = json_string(out.text && !out.failed ? out.text : "");
    pt_strbuf_release(&out);
    return value;
}

/** The entry of the next segment of an element. */
static patina_status read_segment(list_state *s, pt_entry *entry, patina_error *err) {
    json_t *segment = json_array_get(json_object_get(s->parent, "segments"), s->segment);
    const char *tagged = json_string_value(json_object_get(segment, "text_tn"));
    const json_t *start = pt_json_find(segment, "begin_time|start_time|start"),
                 *end = pt_json_find(segment, "end_time|end");
    char location[96];
    patina_status status = PATINA_OK;

    snprintf(location, sizeof location, "element %llu, segment %zu",
             (unsigned long long)s->list.index, s->segment);
    if (!json_is_object(segment))
        status =
            pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE, "%s is not an object", location);
    else if (tagged && !pt_json_find(segment, "text") &&
             json_object_set_new(segment, "text", make_segment_text(tagged)) != 0)
        status = no_memory(err);
    else
        status = read_object(s, segment, s->repaired, location, entry, err);
    if (status == PATINA_OK && !s->is_skipped)
        status = pt_entry_set_json_segment(entry, start, end, location, err);
    if (++s->segment >= json_array_size(json_object_get(s->parent, "segments"))) {
        json_decref(s->parent);
        s->parent = NULL;
    }
    return status;
}

static patina_status reject_truncated(list_state *s, pt_entry *entry, patina_error *err) {
    s->truncation_reported = true;
    return pt_entry_reject(
        entry, err, PATINA_REJECT_UNDECODABLE,
        "the file is truncated at line %llu, after %llu elements; the rest is lost",
        s->list.n_lines + 1, (unsigned long long)s->list.n_elements);
}

/** Parses an element; the value of a key that is text or a list becomes the member `caption`. */
static json_t *parse_element(const pt_json_stream *list, const char *text, bool *repaired,
                             json_error_t *error) {
    pt_strbuf object = {0};
    const size_t n_space = strspn(text, " \t\r\n"), n = list->element.length - n_space;
    text += n_space;
    if (!list->is_keyed || (*text != '"' && *text != '['))
        return pt_json_parse_lenient(text, n, repaired, error);
    pt_strbuf_append(&object, "{\"caption\":");
    pt_strbuf_append_bytes(&object, text, n);
    pt_strbuf_append(&object, "}");
    json_t *json =
        object.failed ? NULL : pt_json_parse_lenient(object.text, object.length, repaired, error);
    pt_strbuf_release(&object);
    return json;
}

static patina_status read_element(list_state *s, pt_entry *entry, patina_error *err) {
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
    json_t *json = parse_element(list, text, &repaired, &error);
    patina_status status;
    if (json_array_size(json_object_get(json, "segments")) > 0) {
        s->parent = json_incref(json);
        s->segment = 0;
        s->repaired = repaired;
        status = read_segment(s, entry, err);
    } else if (json_is_object(json))
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

/** At the end of the list: refuses members of the options that no object had. */
static patina_status check_members(const list_state *s, patina_error *err) {
    PT_TRY(pt_caption_members_check(&s->members, s->column, err));
    return pt_filter_check_seen(s->options->filter, &s->seen, err);
}

/** Reads the next element or segment. */
static patina_status read_next(list_state *s, pt_entry *entry, bool *end, patina_error *err) {
    pt_json_event item = PT_JSON_ELEMENT;
    pt_strbuf source = {0};

    s->is_skipped = false;
    if (!s->parent) PT_TRY(pt_json_stream_next(&s->list, &item, err));
    *end = item == PT_JSON_END || (item == PT_JSON_TRUNCATED && s->truncation_reported);
    if (*end) return check_members(s, err);
    pt_strbuf_printf(
        &source, "%s#%llu", s->name,
        (unsigned long long)(item == PT_JSON_TRUNCATED ? s->list.n_elements : s->list.index));
    free(entry->source);
    if (!(entry->source = pt_strbuf_detach(&source))) return no_memory(err);
    if (item == PT_JSON_TRUNCATED) return reject_truncated(s, entry, err);
    return s->parent ? read_segment(s, entry, err) : read_element(s, entry, err);
}

static const pt_split_filter *list_splits(const void *state) {
    return &((const list_state *)state)->splits;
}

static patina_status list_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                               patina_error *err) {
    list_state *s = state;
    pt_entry ignored = {0};
    patina_status status;
    (void)with_audio;

    do
        status = read_next(s, entry ? entry : &ignored, end, err);
    while (status == PATINA_OK && !*end && s->is_skipped);
    pt_entry_release(&ignored);
    return status;
}

static void list_describe(void *state, pt_strbuf *text) {
    list_state *s = state;
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

#define LIST_READER                                                                                \
    .close = list_close, .next = list_next, .describe_columns = list_describe,                     \
    .splits = list_splits, .uses_template = true, .has_columns = true, .merges_rows = true

const pt_corpus_reader pt_corpus_reader_wavcaps = {
    .name = "wavcaps",
    .summary = "a JSON {\"data\": [{\"id\": name of a clip, \"caption\": text or list}, ...]}",
    .matches = wavcaps_matches,
    .open = wavcaps_open,
    LIST_READER,
};

const pt_corpus_reader pt_corpus_reader_nsynth = {
    .name = "nsynth",
    .summary = "NSynth: a JSON object of notes, {\"<name>\": {\"instrument_family_str\": ...}}",
    .matches = nsynth_matches,
    .open = nsynth_open,
    LIST_READER,
};

const pt_corpus_reader pt_corpus_reader_json = {
    .name = "json",
    .summary = "a JSON list of objects, or an object {\"<file>\": caption, captions or object}",
    .matches = json_matches,
    .open = json_open,
    .lacks = list_lacks,
    LIST_READER,
};
