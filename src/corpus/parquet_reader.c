/* SPDX-License-Identifier: MIT */
/* parquet_reader.c - Parquet files as on the Hugging Face hub: a file, or all files of a folder
 *
 *   files in order ──► row groups ──► rows: id, captions, audio.path ──► entries
 *                                     audio.bytes, only of rows whose audio is requested
 *
 * Columns: `audio`, a struct of bytes (a complete sound file) and path; either may be null or
 * absent. Without bytes the audio is the file of that path, below the audio root or the folder of
 * the Parquet file. The caption column is a string or a list of strings. The id is
 * <youtube_id>_<start_time> where these columns exist, else `id`, else <file>#<row>, where row
 * counts from 0 within the file. Other columns are ignored.
 *
 * Every row is given to the iterator, which merges rows of one id (the published AudioCaps test set
 * has five rows per clip, shuffled) and asks for the audio of a later row by its position.
 *
 * Damage in the id or caption columns loses the rest of the row group, reported by one entry
 * without id; damage in the audio column rejects the entries of that page, each under its own id.
 * The entries are therefore the same whether audio is requested or not; faults of audio.bytes are
 * only found where it is requested.
 */

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/audio_finder.h"
#include "corpus/caption_template.h"
#include "corpus/column_names.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/entry_filter.h"
#include "corpus/exclude_list.h"
#include "corpus/file_list.h"
#include "corpus/line_reader.h"
#include "fs/dir_has_ext.h"
#include "fs/path.h"
#include "parquet/column_reader.h"
#include "parquet/file_metadata.h"

#define FILTER_MAX 16 /* conditions on columns */

#define YOUTUBE_ID_BYTES    11
#define CONVERTED_UTF8      0  /* converted type of strings in parquet.thrift */
#define CAPTION_COLUMNS_MAX 20 /* caption_1, caption_2 ... */
#define NULL_PAGE_BYTES     64 /* of a page without values; a sound file has more */
#define VALUES_PER_BYTE     8  /* of a file, at most: a run of 2^31 equal values has a few bytes */
#define SOUND_OF            "The sound of {label}"

#define POSITION_ROW_BITS 40 /* of a position: the row; the file is above */

static const char *const extensions[] = {".parquet", NULL};

/** An open file. */
typedef struct table {
    char *name;   /* relative path, UTF-8, for messages */
    char *folder; /* its directory */
    pt_byte_source bytes;
    pt_parquet *parquet;
    /* audio and path may be NULL, but not both */
    pt_parquet_column_reader *id[2], *path, *audio, *split; /* split may be NULL */
    pt_parquet_column_reader *captions[CAPTION_COLUMNS_MAX];
    size_t n_captions;
    size_t audio_leaf; /* of audio */
    bool is_label;     /* the column has labels */
    const pt_parquet_field *label_field;
    const char *caption_template;
    bool skip_unreadable;
    json_t *class_names; /* of integer labels; NULL: none */
    const pt_parquet_field *id_field[2];
    const pt_filter_expr *filter;                        /* NULL: none */
    pt_parquet_column_reader *filter_column[FILTER_MAX]; /* of condition i; NULL: of none here */
    const pt_parquet_field *filter_field[FILTER_MAX];
    pt_strbuf filter_value[FILTER_MAX]; /* in the row */

    size_t group;         /* current row group; empty ones are skipped */
    uint64_t row, n_rows; /* of the group: next row, number of rows */
    uint64_t first_row;   /* of the group, in the file */

    uint64_t path_row; /* of seek_table: next row of the path column in this group */

    bool audio_begun;          /* in this group */
    uint64_t audio_row;        /* next row of the audio column */
    uint64_t audio_resume_row; /* rows before this one have unreadable audio */
    char *audio_fault;         /* why */
} table;

/** A row without its audio, or a fault (without id). */
typedef struct item {
    pt_entry entry;
    char *audio_path; /* NULL: null, or no such column */
    size_t n_text;    /* bytes of captions */
    bool is_skipped;  /* of another split */
} item;

typedef struct parquet_state {
    char *audio_root, *caption_column; /* may be NULL */
    const char *caption_template;      /* of labels */
    bool skip_unreadable;
    const pt_filter_expr *filter;
    pt_file_list files;
    pt_split_filter splits;
    pt_audio_finder finder; /* of audio files */
    char *finder_root;
    size_t n_opened;
    table table;      /* name NULL: none is open */
    table seek_table; /* for load_audio */
    size_t seek_file; /* its index in files */
} parquet_state;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static bool parquet_matches(const pt_corpus_probe *probe) {
    if (probe->is_folder)
        return !pt_dir_has_ext(probe->path, pt_audio_extensions) &&
               pt_dir_has_ext(probe->path, extensions);
    return probe->n_head >= 4 && memcmp(probe->head, "PAR1", 4) == 0;
}

/* Files ------------------------------------------------------------------------------------- */

static void table_close(table *t) {
    pt_parquet_column_reader_close(&t->id[0]);
    pt_parquet_column_reader_close(&t->id[1]);
    for (size_t i = 0; i < t->n_captions; i++)
        pt_parquet_column_reader_close(&t->captions[i]);
    for (size_t i = 0; i < FILTER_MAX; i++) {
        pt_parquet_column_reader_close(&t->filter_column[i]);
        pt_strbuf_release(&t->filter_value[i]);
    }
    json_decref(t->class_names);
    pt_parquet_column_reader_close(&t->path);
    pt_parquet_column_reader_close(&t->split);
    pt_parquet_column_reader_close(&t->audio);
    pt_parquet_close(&t->parquet);
    pt_byte_source_close(&t->bytes);
    free(t->name);
    free(t->folder);
    free(t->audio_fault);
    *t = (table){0};
}

/** An error that lists the columns of the file. */
static patina_status fail_listing_columns(const table *t, patina_error *err, const char *lacking) {
    pt_strbuf names = {0};
    pt_parquet_append_column_names(t->parquet, &names);
    pt_fail(err, PATINA_EFORMAT, "%s; its columns are %s", lacking, names.failed ? "" : names.text);
    pt_strbuf_release(&names);
    return PATINA_EFORMAT;
}

/** The first of several columns, "caption|text", in any case; PT_PARQUET_NONE: none. */
static size_t find_column(const pt_parquet *parquet, const char *names) {
    char name[64];
    while (pt_column_next_name(&names, name, sizeof name)) {
        const size_t exact = pt_parquet_find_child(parquet, 0, name);
        if (exact != PT_PARQUET_NONE) return exact;
        for (size_t i = 1; i < parquet->n_fields; i++)
            if (parquet->fields[i].parent == 0 &&
                pt_column_has_name(parquet->fields[i].name, strlen(parquet->fields[i].name), name))
                return i;
    }
    return PT_PARQUET_NONE;
}

static bool is_integer(const pt_parquet_field *field) {
    const int as = field->converted;
    return (field->type == PT_PARQUET_INT32 || field->type == PT_PARQUET_INT64) &&
           (as == PT_PARQUET_CONVERTED_NONE ||
            (as >= PT_PARQUET_UINT_8 && as <= PT_PARQUET_INT_64));
}

/** Opens an id column. */
static patina_status open_id(table *t, unsigned i, size_t field, patina_error *err) {
    const pt_parquet_field *f = &t->parquet->fields[field];
    const bool is_real = f->type == PT_PARQUET_FLOAT || f->type == PT_PARQUET_DOUBLE;

    if (f->leaf == PT_PARQUET_NONE || f->max_repetition > 0 ||
        !(f->type == PT_PARQUET_BYTE_ARRAY || is_integer(f) || (i == 1 && is_real)))
        return pt_fail(err, PATINA_EFORMAT, "column '%s' contains neither strings nor integers",
                       f->name);
    t->id_field[i] = f;
    return pt_parquet_column_reader_open(t->parquet, f->leaf, &t->id[i], err);
}

static patina_status open_ids(table *t, patina_error *err) {
    const size_t youtube = pt_parquet_find_child(t->parquet, 0, "youtube_id");
    const size_t start = pt_parquet_find_child(t->parquet, 0, "start_time");
    const size_t id = pt_parquet_find_child(t->parquet, 0, "id");

    if (youtube != PT_PARQUET_NONE && start != PT_PARQUET_NONE) {
        PT_TRY(open_id(t, 0, youtube, err));
        return open_id(t, 1, start, err);
    }
    return id == PT_PARQUET_NONE ? PATINA_OK : open_id(t, 0, id, err);
}

/** Refuses a number of rows, or of items of their lists, that the file cannot have: all would be
 * read or reported. */
static patina_status check_count(const table *t, uint64_t n, const char *what, patina_error *err) {
    if (n / VALUES_PER_BYTE <= t->bytes.size && n >> POSITION_ROW_BITS == 0) return PATINA_OK;
    return pt_fail(err, PATINA_EFORMAT,
                   "damaged Parquet file: its metadata declare %llu %s in a file of %llu bytes",
                   (unsigned long long)n, what, (unsigned long long)t->bytes.size);
}

/** Opens a column that may have lists. */
static patina_status open_list(const table *t, size_t leaf, pt_parquet_column_reader **column,
                               patina_error *err) {
    uint64_t n_items = 0;
    for (size_t g = 0; g < t->parquet->n_groups; g++) {
        const uint64_t n = t->parquet->groups[g].chunks[leaf].n_values;
        n_items += n < UINT64_MAX - n_items ? n : UINT64_MAX - n_items;
    }
    PT_TRY(check_count(t, n_items, "values of a column", err));
    return pt_parquet_column_reader_open(t->parquet, leaf, column, err);
}

static patina_status open_caption_column(table *t, size_t leaf, patina_error *err) {
    PT_TRY(open_list(t, leaf, &t->captions[t->n_captions], err));
    t->n_captions++;
    return PATINA_OK;
}

/** The leaf of a column of strings, or of lists of strings; PT_PARQUET_NONE: another type. */
static size_t find_text_leaf(const pt_parquet *parquet, size_t field) {
    const size_t leaf = pt_parquet_find_single_leaf(parquet, field);
    if (leaf == PT_PARQUET_NONE) return leaf;
    const pt_parquet_field *of = &parquet->fields[parquet->leaves[leaf]];
    const bool is_member = of != &parquet->fields[field] && of->max_repetition == 0;
    return of->type == PT_PARQUET_BYTE_ARRAY && !is_member ? leaf : PT_PARQUET_NONE;
}

/** Opens the columns of one caption each, caption_1, caption_2 or caption_writing, in the order of
 * their numbers. */
static patina_status open_numbered(table *t, patina_error *err) {
    const pt_parquet *parquet = t->parquet;
    unsigned number, least = 0, next;

    do { /* a number at a time */
        next = UINT_MAX;
        for (size_t i = 1; i < parquet->n_fields && t->n_captions < CAPTION_COLUMNS_MAX; i++) {
            const char *name = parquet->fields[i].name;
            if (parquet->fields[i].parent != 0 ||
                !pt_column_is_caption(name, strlen(name), &number))
                continue;
            const size_t leaf = find_text_leaf(parquet, i);
            if (leaf == PT_PARQUET_NONE) continue;
            if (number > least && number < next) next = number;
            if (number == least) PT_TRY(open_caption_column(t, leaf, err));
        }
        least = next;
    } while (next != UINT_MAX);
    return PATINA_OK;
}

/** Opens "caption2", "caption_3" ... beside "caption". */
static patina_status open_further(table *t, patina_error *err) {
    const pt_parquet *parquet = t->parquet;
    for (size_t i = 1; i < parquet->n_fields && t->n_captions < CAPTION_COLUMNS_MAX; i++) {
        const char *name = parquet->fields[i].name;
        if (parquet->fields[i].parent != 0 || !pt_column_is_further_caption(name, strlen(name)))
            continue;
        const size_t leaf = find_text_leaf(parquet, i);
        if (leaf != PT_PARQUET_NONE) PT_TRY(open_caption_column(t, leaf, err));
    }
    return PATINA_OK;
}

/** The names of a ClassLabel, or of a list of them, in the key "huggingface"; *names is a new
 * reference or NULL. */
static patina_status find_class_names(const pt_parquet *parquet, const char *column, json_t **names,
                                      patina_error *err) {
    const char *text = pt_parquet_find_key_value(parquet, "huggingface");
    json_error_t error;
    json_t *root = text ? pt_json_load_text(text, 0, &error) : NULL;
    if (text && !root && json_error_code(&error) == json_error_out_of_memory) return no_memory(err);
    const json_t *feature =
        json_object_get(json_object_get(json_object_get(root, "info"), "features"), column);
    /* A list is {"feature": ...}, or [...] of old versions of datasets. */
    if (json_is_array(feature)) feature = json_array_get(feature, 0);
    const json_t *inner = json_object_get(feature, "feature");
    *names = json_incref(
        (json_t *)(uintptr_t)json_object_get(json_is_object(inner) ? inner : feature, "names"));
    json_decref(root);
    return PATINA_OK;
}

/** Opens a column of labels: strings or numbers with class names, or a list of them. */
static patina_status open_label(table *t, patina_error *err) {
    const char *names = PT_LABEL_COLUMNS;
    char name[64];
    while (pt_column_next_name(&names, name, sizeof name)) {
        const size_t field = find_column(t->parquet, name);
        const size_t leaf =
            field == PT_PARQUET_NONE ? field : pt_parquet_find_single_leaf(t->parquet, field);
        if (leaf == PT_PARQUET_NONE) continue;
        const pt_parquet_field *of = &t->parquet->fields[t->parquet->leaves[leaf]];
        PT_TRY(find_class_names(t->parquet, t->parquet->fields[field].name, &t->class_names, err));
        if (of->type != PT_PARQUET_BYTE_ARRAY && !(is_integer(of) && t->class_names)) {
            json_decref(t->class_names);
            t->class_names = NULL;
            continue;
        }
        t->is_label = true;
        t->label_field = of;
        return open_caption_column(t, leaf, err);
    }
    return PATINA_OK;
}

/** Captions in the struct `json` of a converted webdataset. */
static size_t find_json_captions(const pt_parquet *parquet) {
    const size_t json = pt_parquet_find_child(parquet, 0, "json");
    const char *names = PT_CAPTION_COLUMNS;
    char name[64];
    while (json != PT_PARQUET_NONE && pt_column_next_name(&names, name, sizeof name)) {
        const size_t field = pt_parquet_find_child(parquet, json, name);
        if (field != PT_PARQUET_NONE && find_text_leaf(parquet, field) != PT_PARQUET_NONE)
            return field;
    }
    return PT_PARQUET_NONE;
}

/** The column that an option names, or the first of several, "a,b". */
static patina_status open_wanted(table *t, const char *wanted, patina_error *err) {
    pt_strbuf names = {0};
    size_t field = find_column(t->parquet, wanted);
    const bool is_list = field == PT_PARQUET_NONE && strchr(wanted, ',');

    while (*wanted && t->n_captions < CAPTION_COLUMNS_MAX) {
        char name[80];
        const size_t n = is_list ? strcspn(wanted, ",") : strlen(wanted);
        snprintf(name, sizeof name, "%.*s", pt_text_truncate(wanted, n < 64 ? n : 64), wanted);
        wanted += n + (wanted[n] == ',');
        if (is_list) field = find_column(t->parquet, name);
        const size_t leaf = field == PT_PARQUET_NONE ? field : find_text_leaf(t->parquet, field);
        if (field == PT_PARQUET_NONE) {
            pt_parquet_append_column_names(t->parquet, &names);
            pt_fail(err, PATINA_EUSAGE,
                    "option '--caption-column': no column '%s'; the columns are %s", name,
                    names.text && !names.failed ? names.text : "");
            pt_strbuf_release(&names);
            return PATINA_EUSAGE;
        }
        if (leaf == PT_PARQUET_NONE)
            return pt_fail(err, PATINA_EFORMAT,
                           "column '%s' is neither a string nor a list of strings", name);
        PT_TRY(open_caption_column(t, leaf, err));
    }
    return PATINA_OK;
}

static patina_status open_captions(table *t, const char *wanted, patina_error *err) {
    if (wanted) return open_wanted(t, wanted, err);
    size_t field = find_column(t->parquet, "caption|text|captions");
    if (field == PT_PARQUET_NONE) PT_TRY(open_numbered(t, err));
    if (t->n_captions > 0) return PATINA_OK;
    if (field == PT_PARQUET_NONE) field = find_column(t->parquet, PT_CAPTION_COLUMNS "|txt");
    if (field == PT_PARQUET_NONE) field = find_json_captions(t->parquet);
    if (field == PT_PARQUET_NONE) {
        PT_TRY(open_label(t, err));
        return t->n_captions > 0
                   ? PATINA_OK
                   : fail_listing_columns(
                         t, err,
                         "there is no column 'caption', 'text' or 'captions', nor another with a "
                         "usual name; select one with '--caption-column'");
    }
    const size_t leaf = find_text_leaf(t->parquet, field);
    if (leaf == PT_PARQUET_NONE)
        return pt_fail(
            err, PATINA_EFORMAT, "column '%.*s' is neither a string nor a list of strings",
            pt_text_truncate(t->parquet->fields[field].name, 64), t->parquet->fields[field].name);
    PT_TRY(open_caption_column(t, leaf, err));
    return field == find_column(t->parquet, "caption") ? open_further(t, err) : PATINA_OK;
}

/** Opens a member of `audio` where it has the expected type. */
static patina_status open_member(table *t, size_t audio, const char *name,
                                 pt_parquet_column_reader **column, patina_error *err) {
    const size_t field = pt_parquet_find_child(t->parquet, audio, name);
    if (field == PT_PARQUET_NONE) return PATINA_OK;
    const pt_parquet_field *f = &t->parquet->fields[field];
    if (f->leaf == PT_PARQUET_NONE || f->type != PT_PARQUET_BYTE_ARRAY || f->max_repetition > 0)
        return PATINA_OK;
    if (column == &t->audio) t->audio_leaf = f->leaf;
    return pt_parquet_column_reader_open(t->parquet, f->leaf, column, err);
}

/** Opens a column of sound files: a struct with the members bytes and path, or bytes. */
static patina_status open_sound(table *t, size_t field, patina_error *err) {
    const pt_parquet_field *f = &t->parquet->fields[field];
    if (f->leaf == PT_PARQUET_NONE) {
        PT_TRY(open_member(t, field, "bytes", &t->audio, err));
        return open_member(t, field, "path", &t->path, err);
    }
    if (f->type != PT_PARQUET_BYTE_ARRAY || f->max_repetition > 0) return PATINA_OK;
    t->audio_leaf = f->leaf;
    return pt_parquet_column_reader_open(
        t->parquet, f->leaf, f->converted == CONVERTED_UTF8 ? &t->path : &t->audio, err);
}

static patina_status open_audio(table *t, patina_error *err) {
    static const char paths[] = PT_FILE_COLUMNS "|youtube_id|ytid|yt_id|video_id|" PT_ID_COLUMNS;
    const char *names = "audio|flac|wav|mp3|ogg|opus|m4a|sound|audio_bytes|audio_data|bytes";
    char name[64];

    while (!t->audio && !t->path && pt_column_next_name(&names, name, sizeof name)) {
        const size_t field = find_column(t->parquet, name);
        if (field == PT_PARQUET_NONE) continue;
        PT_TRY(open_sound(t, field, err));
        if (!t->audio && !t->path && strcmp(name, "audio") == 0)
            return pt_fail(err, PATINA_EFORMAT,
                           "column 'audio' is not a struct of 'bytes' and 'path', nor a string");
    }
    names = paths;
    while (!t->audio && !t->path && pt_column_next_name(&names, name, sizeof name)) {
        const size_t field = find_column(t->parquet, name);
        if (field != PT_PARQUET_NONE && t->parquet->fields[field].converted == CONVERTED_UTF8)
            PT_TRY(open_sound(t, field, err));
    }
    return t->audio || t->path ? PATINA_OK
                               : fail_listing_columns(t, err, "there is no column 'audio'");
}

static patina_status open_split(table *t, patina_error *err) {
    const size_t field = find_column(t->parquet, PT_SPLIT_COLUMNS);
    if (field == PT_PARQUET_NONE) return PATINA_OK;
    const pt_parquet_field *f = &t->parquet->fields[field];
    return f->leaf != PT_PARQUET_NONE && f->type == PT_PARQUET_BYTE_ARRAY && f->max_repetition == 0
               ? pt_parquet_column_reader_open(t->parquet, f->leaf, &t->split, err)
               : PATINA_OK;
}

/** Opens the columns of a filter: numbers, strings, and lists of them. */
static patina_status open_filter(table *t, patina_error *err) {
    for (size_t i = 0; t->filter && i < t->filter->n; i++) {
        const pt_condition *c = &t->filter->item[i];
        if (!pt_filter_is_on_column(c)) continue;
        if (i >= FILTER_MAX)
            return pt_fail(err, PATINA_EUSAGE, "the filter has more than %d conditions",
                           FILTER_MAX);
        size_t field = pt_parquet_find_child(t->parquet, 0, c->field);
        if (field == PT_PARQUET_NONE && strcmp(c->field, "licence") == 0)
            field = pt_parquet_find_child(t->parquet, 0, "license");
        const size_t leaf =
            field == PT_PARQUET_NONE ? field : pt_parquet_find_single_leaf(t->parquet, field);
        if (leaf == PT_PARQUET_NONE) {
            pt_strbuf names = {0};
            pt_parquet_append_column_names(t->parquet, &names);
            pt_condition_fail_unknown(c, PT_FILTER_OPTION, pt_filter_fields,
                                      names.failed ? "" : names.text, err);
            pt_strbuf_release(&names);
            return PATINA_EUSAGE;
        }
        t->filter_field[i] = &t->parquet->fields[t->parquet->leaves[leaf]];
        PT_TRY(open_list(t, leaf, &t->filter_column[i], err));
    }
    return PATINA_OK;
}

static patina_status open_columns(table *t, const char *caption_column, patina_error *err) {
    PT_TRY(check_count(t, t->parquet->n_rows, "rows", err));
    PT_TRY(open_captions(t, caption_column, err));
    PT_TRY(open_audio(t, err));
    PT_TRY(open_split(t, err));
    PT_TRY(open_filter(t, err));
    return open_ids(t, err);
}

static void begin_group(table *t) {
    t->n_rows = t->parquet->groups[t->group].n_rows;
    t->row = t->path_row = 0;
    t->audio_begun = false;
    t->audio_resume_row = 0;
    for (size_t i = 0; i < 2; i++)
        if (t->id[i]) pt_parquet_column_reader_seek_group(t->id[i], t->group);
    for (size_t i = 0; i < t->n_captions; i++)
        pt_parquet_column_reader_seek_group(t->captions[i], t->group);
    for (size_t i = 0; i < FILTER_MAX; i++)
        if (t->filter_column[i]) pt_parquet_column_reader_seek_group(t->filter_column[i], t->group);
    if (t->path) pt_parquet_column_reader_seek_group(t->path, t->group);
    if (t->split) pt_parquet_column_reader_seek_group(t->split, t->group);
}

/** Opens files[i]. *is_parquet is set where opening fails only for its columns. */
static patina_status table_open(const parquet_state *s, size_t i, table *t, bool *is_parquet,
                                patina_error *err) {
    char *path = pt_path_join(s->files.root, s->files.of.paths[i]);
    patina_status status = PATINA_OK;

    *is_parquet = false;
    if (!path || !(t->name = pt_text_escape(s->files.of.paths[i])) ||
        !(t->folder = pt_path_dirname(path)))
        status = no_memory(err);
    else if ((status = pt_byte_source_open_file(path, &t->bytes, NULL)) != PATINA_OK)
        status = status == PATINA_EIO && pt_errno_is_machine_fault(errno)
                     ? pt_fail(err, PATINA_ETEMPORARY, "'%s' cannot be opened: %s", t->name,
                               strerrordesc_np(errno))
                     : pt_fail(err, PATINA_EFORMAT, "cannot be opened");
    else if ((status = pt_parquet_open(&t->bytes, &t->parquet, err)) == PATINA_OK) {
        *is_parquet = true;
        t->caption_template = s->caption_template;
        t->skip_unreadable = s->skip_unreadable;
        t->filter = s->filter;
        status = open_columns(t, s->caption_column, err);
    }
    free(path);
    if (status != PATINA_OK)
        table_close(t);
    else if (t->parquet->n_groups > 0)
        begin_group(t);
    return status;
}

static void item_release(item *it) {
    pt_entry_release(&it->entry);
    free(it->audio_path);
    *it = (item){0};
}

static void parquet_close(void *state) {
    parquet_state *s = state;
    table_close(&s->table);
    table_close(&s->seek_table);
    pt_file_list_close(&s->files);
    pt_audio_finder_close(&s->finder);
    free(s->finder_root);
    free(s->audio_root);
    free(s->caption_column);
    free(s);
}

/** Checks that one file is readable, and that the first readable file has the columns. */
static patina_status check_files(const parquet_state *s, patina_error *err) {
    patina_error first = {0};

    for (size_t i = 0; i < s->files.of.n_paths; i++) {
        table t = {0};
        patina_error why = {0};
        bool is_parquet = false;
        const patina_status status = table_open(s, i, &t, &is_parquet, &why);
        const bool has_split = t.split != NULL;
        table_close(&t);
        if (status == PATINA_OK)
            return s->splits.wanted && !has_split
                       ? pt_file_list_fail_split(&s->files, s->splits.wanted, err)
                       : PATINA_OK;
        if (s->files.of.n_paths > 1) pt_error_add_context(&why, "'%s'", s->files.of.paths[i]);
        if (status != PATINA_EFORMAT || is_parquet) return pt_fail(err, status, "%s", why.message);
        if (i == 0) first = why;
    }
    return pt_fail(err, PATINA_EFORMAT, "%s%s", first.message,
                   s->files.of.n_paths > 1 ? "; no other file can be read either" : "");
}

static bool copy_option(const char *value, char **copy) {
    *copy = value ? pt_text_dup(value, strlen(value)) : NULL;
    return !value || *copy;
}

static patina_status parquet_open(const char *path, const pt_corpus_options *options, void **state,
                                  patina_error *err) {
    parquet_state *s = calloc(1, sizeof *s);
    bool in_rows = false;
    patina_status status;

    if (!s) return no_memory(err);
    s->caption_template = options->caption_template;
    s->skip_unreadable = options->skip_unreadable;
    s->filter = options->filter;
    if (!copy_option(options->audio_root, &s->audio_root) ||
        !copy_option(options->caption_column, &s->caption_column))
        status = no_memory(err);
    else
        status = pt_file_list_open_split(&s->files, path, extensions, options->source_split,
                                         &in_rows, err);
    if (in_rows) s->splits.wanted = options->source_split;
    if (status == PATINA_OK) status = check_files(s, err);
    if (status == PATINA_OK)
        *state = s;
    else
        parquet_close(s);
    return status;
}

/* Rows -------------------------------------------------------------------------------------- */

static bool is_text(const unsigned char *bytes, size_t n) {
    return n > 0 && n <= PT_TEXT_MAX && !memchr(bytes, '\0', n) &&
           pt_utf8_is_valid((const char *)bytes, n);
}

/** Appends a part of an id; false where the value is not valid for one. */
static bool add_id(const pt_parquet_field *field, const pt_parquet_slot *slot, pt_strbuf *id) {
    const bool is_unsigned =
        field->converted >= PT_PARQUET_UINT_8 && field->converted <= PT_PARQUET_UINT_64;

    if (!slot->present) return false;
    if (field->type == PT_PARQUET_BYTE_ARRAY) {
        if (!is_text(slot->value.text.bytes, slot->value.text.n)) return false;
        pt_strbuf_append_bytes(id, slot->value.text.bytes, slot->value.text.n);
    } else if (is_integer(field)) {
        const int64_t value = field->type == PT_PARQUET_INT64 ? slot->value.i64
                              : is_unsigned                   ? (int64_t)(uint32_t)slot->value.i32
                                                              : slot->value.i32;
        if (is_unsigned)
            pt_strbuf_printf(id, "%llu", (unsigned long long)value);
        else
            pt_strbuf_printf(id, "%lld", (long long)value);
    } else {
        const double value =
            field->type == PT_PARQUET_FLOAT ? (double)slot->value.f32 : slot->value.f64;
        if (!(fabs(value) < 0x1p53) || value != floor(value)) return false;
        pt_strbuf_printf(id, "%lld", (long long)value);
    }
    return true;
}

/** <file>#<row> of a row of the current group. */
static char *row_name(const table *t, uint64_t row) {
    pt_strbuf name = {0};
    pt_strbuf_printf(&name, "%s#%llu", t->name, (unsigned long long)(t->first_row + row));
    return pt_strbuf_detach(&name);
}

static patina_status read_id(table *t, item *it, patina_error *err) {
    pt_strbuf id = {0};
    patina_status status = PATINA_OK;

    if (!t->id[0]) {
        it->entry.id = row_name(t, t->row);
        return it->entry.id ? PATINA_OK : no_memory(err);
    }
    for (size_t i = 0; i < 2 && t->id[i] && status == PATINA_OK; i++) {
        pt_parquet_slot slot;
        status = pt_parquet_column_reader_next(t->id[i], &slot, err);
        if (status != PATINA_OK || it->entry.status != PATINA_OK) continue;
        if (i > 0) pt_strbuf_append(&id, "_");
        if (!add_id(t->id_field[i], &slot, &id))
            status = pt_entry_reject(&it->entry, err, PATINA_REJECT_UNDECODABLE,
                                     slot.present ? "its %s is neither UTF-8 text nor an integer"
                                                  : "its %s is null",
                                     t->id_field[i]->name);
    }
    if (status == PATINA_OK && it->entry.status == PATINA_OK &&
        !(it->entry.id = pt_strbuf_detach(&id)))
        status = no_memory(err);
    pt_strbuf_release(&id);
    return status;
}

/** A string, or the items of a list. */
static patina_status read_caption_column(pt_parquet_column_reader *column, item *it,
                                         patina_error *err) {
    bool continues = true, is_truncated = false;

    while (continues) {
        pt_parquet_slot slot;
        PT_TRY(pt_parquet_column_reader_next(column, &slot, err));
        if (slot.is_item && it->n_text > PT_TEXT_MAX) {
            is_truncated = true;
        } else if (slot.present) {
            it->n_text += slot.value.text.n;
            PT_TRY(slot.value.text.n > PT_TEXT_MAX
                       ? pt_entry_add_bad_caption(&it->entry, "too long", err)
                       : pt_entry_add_text_list(&it->entry, (const char *)slot.value.text.bytes,
                                                slot.value.text.n, err));
        } else if (slot.is_item) {
            PT_TRY(pt_entry_add_bad_caption(&it->entry, "null", err));
        }
        PT_TRY(pt_parquet_column_reader_has_more_items(column, &continues, err));
    }
    if (!is_truncated) return PATINA_OK;
    return pt_entry_add_bad_caption(&it->entry, "omitted: the captions of the row exceed 16 MiB",
                                    err);
}

/** Appends the text of a label: a string, or an integer with a class name. */
static void append_label(const table *t, const pt_parquet_field *field, const pt_parquet_slot *slot,
                         pt_strbuf *out) {
    if (field->type == PT_PARQUET_BYTE_ARRAY) {
        pt_strbuf_append_bytes(out, slot->value.text.bytes, slot->value.text.n);
        return;
    }
    const int64_t i = field->type == PT_PARQUET_INT64 ? slot->value.i64 : slot->value.i32;
    const json_t *name = i >= 0 ? json_array_get(t->class_names, (size_t)i) : NULL;
    if (json_is_string(name)) pt_strbuf_append(out, json_string_value(name));
}

typedef struct label_field {
    const pt_strbuf *labels;
} label_field;

static bool append_field(void *context, const char *name, size_t n, pt_strbuf *out) {
    const label_field *f = context;
    if (n != 5 || memcmp(name, "label", 5) != 0) return false;
    if (f->labels->length > 0)
        pt_labels_join(f->labels->text, f->labels->length, '\n', NULL, false, out);
    return true;
}

/** Reads the labels of a row, and makes a caption of them. */
static patina_status read_labels(table *t, const char *template, item *it, patina_error *err) {
    pt_parquet_column_reader *column = t->captions[0];
    pt_strbuf labels = {0}, caption = {0};
    const char *unknown;
    bool continues = true;
    patina_status status = PATINA_OK;

    while (status == PATINA_OK && continues) {
        pt_parquet_slot slot;
        status = pt_parquet_column_reader_next(column, &slot, err);
        if (status != PATINA_OK) break;
        if (slot.present && labels.length < PT_TEXT_MAX) {
            if (labels.length > 0) pt_strbuf_append(&labels, "\n");
            append_label(t, t->label_field, &slot, &labels);
        }
        status = pt_parquet_column_reader_has_more_items(column, &continues, err);
    }
    label_field field = {&labels};
    if (status == PATINA_OK && labels.length > 0)
        pt_template_expand(template ? template : SOUND_OF, append_field, &field, &caption,
                           &unknown);
    if (labels.failed || caption.failed)
        status = no_memory(err);
    else if (status == PATINA_OK)
        status =
            pt_entry_add_caption(&it->entry, caption.text ? caption.text : "", caption.length, err);
    pt_strbuf_release(&labels);
    pt_strbuf_release(&caption);
    return status;
}

static patina_status read_captions(table *t, item *it, patina_error *err) {
    if (t->is_label) return read_labels(t, t->caption_template, it, err);
    for (size_t i = 0; i < t->n_captions; i++)
        PT_TRY(read_caption_column(t->captions[i], it, err));
    return PATINA_OK;
}

/** Reads audio.path; a path with a NUL becomes an empty path, which is not valid. */
static patina_status read_path(table *t, item *it, patina_error *err) {
    pt_parquet_slot slot;

    if (!t->path) return PATINA_OK;
    PT_TRY(pt_parquet_column_reader_next(t->path, &slot, err));
    if (!slot.present) return PATINA_OK;
    const bool is_usable =
        slot.value.text.n <= PT_TEXT_MAX &&
        (slot.value.text.n == 0 || !memchr(slot.value.text.bytes, '\0', slot.value.text.n));
    it->audio_path =
        pt_text_dup((const char *)slot.value.text.bytes, is_usable ? slot.value.text.n : 0);
    return it->audio_path ? PATINA_OK : no_memory(err);
}

static void append_value(const pt_parquet_field *field, const pt_parquet_slot *slot,
                         pt_strbuf *out) {
    if (field->type == PT_PARQUET_FLOAT || field->type == PT_PARQUET_DOUBLE)
        pt_json_write_shortest(out, field->type == PT_PARQUET_FLOAT ? (double)slot->value.f32
                                                                    : slot->value.f64);
    else if (field->type == PT_PARQUET_BYTE_ARRAY)
        pt_strbuf_append_bytes(out, slot->value.text.bytes, slot->value.text.n);
    else
        (void)add_id(field, slot, out);
}

/** Reads the value of condition i, of a list its items. */
static patina_status read_filter_column(table *t, size_t i, patina_error *err) {
    pt_strbuf *value = &t->filter_value[i];
    bool continues = true;

    pt_strbuf_clear(value);
    pt_strbuf_append(value, "");
    while (continues) {
        pt_parquet_slot slot;
        PT_TRY(pt_parquet_column_reader_next(t->filter_column[i], &slot, err));
        if (slot.present && value->length > 0) pt_strbuf_append(value, ", ");
        if (slot.present && value->length < PT_TEXT_MAX)
            append_value(t->filter_field[i], &slot, value);
        PT_TRY(pt_parquet_column_reader_has_more_items(t->filter_column[i], &continues, err));
    }
    if (!value->failed) return PATINA_OK;
    pt_strbuf_release(value);
    return no_memory(err);
}

static bool get_filter_value(void *context, const char *name, size_t n, pt_strbuf *out) {
    const table *t = context;
    for (size_t i = 0; i < FILTER_MAX && i < t->filter->n; i++) {
        const char *field = t->filter->item[i].field;
        if (!t->filter_column[i] || strlen(field) != n || memcmp(field, name, n) != 0) continue;
        pt_strbuf_append(out, t->filter_value[i].text);
        return true;
    }
    return false;
}

static patina_status apply_filter(table *t, item *it, patina_error *err) {
    for (size_t i = 0; t->filter && i < t->filter->n && i < FILTER_MAX; i++)
        if (t->filter_column[i]) PT_TRY(read_filter_column(t, i, err));
    return pt_entry_filter_columns(&it->entry, t->filter, get_filter_value, t, err);
}

static patina_status read_split(table *t, pt_split_filter *splits, item *it, patina_error *err) {
    pt_parquet_slot slot;
    if (!t->split) return PATINA_OK;
    PT_TRY(pt_parquet_column_reader_next(t->split, &slot, err));
    it->is_skipped =
        slot.present &&
        !pt_split_filter_accepts(splits, (const char *)slot.value.text.bytes, slot.value.text.n);
    return PATINA_OK;
}

static patina_status read_columns(table *t, pt_split_filter *splits, item *it, patina_error *err) {
    PT_TRY(read_split(t, splits, it, err));
    PT_TRY(read_id(t, it, err));
    PT_TRY(read_captions(t, it, err));
    PT_TRY(apply_filter(t, it, err));
    return read_path(t, it, err);
}

/** Rejects with a message of the Parquet reader, whose column names may be truncated inside a
 * character. */
static patina_status reject_with_reason(pt_entry *entry, patina_status reason, const char *what,
                                        const patina_error *why, patina_error *err) {
    char *sentence = pt_text_escape(why->message);
    if (!sentence) return no_memory(err);
    const patina_status status = pt_entry_reject(entry, err, reason, "%s: %s", what, sentence);
    free(sentence);
    return status;
}

/** Reports the rest of the row group as unreadable, by one entry. */
static patina_status reject_row_group(table *t, item *it, patina_status reason,
                                      const patina_error *why, patina_error *err) {
    char what[96];

    item_release(it);
    if (!(it->entry.source = row_name(t, t->row))) return no_memory(err);
    snprintf(what, sizeof what, "rows %llu to %llu cannot be read",
             (unsigned long long)(t->first_row + t->row),
             (unsigned long long)(t->first_row + t->n_rows - 1));
    t->row = t->n_rows;
    return reject_with_reason(&it->entry, reason, what, why, err);
}

/** Reads the next row of the open file; it has no source at the end of the file. */
static patina_status read_row(table *t, pt_split_filter *splits, item *it, patina_error *err) {
    patina_error why = {0};

    while (t->row == t->n_rows) {
        if (t->group + 1 >= t->parquet->n_groups) return PATINA_OK;
        t->first_row += t->n_rows;
        t->group++;
        begin_group(t);
    }
    if (!(it->entry.source = row_name(t, t->row))) return no_memory(err);
    const patina_status status = read_columns(t, splits, it, &why);
    if (status == PATINA_EFORMAT || (status == PATINA_EIO && t->skip_unreadable))
        return reject_row_group(
            t, it, status == PATINA_EIO ? PATINA_REJECT_IO_ERROR : PATINA_REJECT_UNDECODABLE, &why,
            err);
    if (status != PATINA_OK) {
        pt_error_add_context(&why, "'%s'", t->name);
        return pt_fail(err, status, "%s", why.message);
    }
    t->row++;
    return PATINA_OK;
}

/** Opens the next file. A file that cannot be read is reported as an entry. */
static patina_status next_file(parquet_state *s, item *it, patina_error *err) {
    const size_t i = s->n_opened++;
    patina_error why = {0};
    bool is_parquet;

    table_close(&s->table);
    const patina_status status = table_open(s, i, &s->table, &is_parquet, &why);
    const bool is_skipped =
        s->skip_unreadable && (status == PATINA_ETEMPORARY || status == PATINA_EIO);
    if (status != PATINA_EFORMAT && !is_skipped)
        return status == PATINA_OK ? PATINA_OK : pt_fail(err, status, "%s", why.message);
    if (!(it->entry.source = pt_text_escape(s->files.of.paths[i]))) return no_memory(err);
    return reject_with_reason(&it->entry,
                              is_skipped ? PATINA_REJECT_IO_ERROR : PATINA_REJECT_UNDECODABLE,
                              "no row of the file can be read", &why, err);
}

/** The next row of the corpus, or a fault; it has no source at the end. */
static patina_status read_item(parquet_state *s, item *it, patina_error *err) {
    while (!it->entry.source) {
        const size_t max_captions = it->entry.max_captions;
        if (s->table.name) PT_TRY(read_row(&s->table, &s->splits, it, err));
        if (it->is_skipped) {
            item_release(it);
            it->entry.max_captions = max_captions;
            continue;
        }
        if (it->entry.source || s->n_opened == s->files.of.n_paths) return PATINA_OK;
        PT_TRY(next_file(s, it, err));
    }
    return PATINA_OK;
}

/* Audio ------------------------------------------------------------------------------------- */

/** Whether a relative path stays below its folder. */
static bool is_below(const char *path) {
    if (path[0] == '\0' || path[0] == '/') return false;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '\0' || part[2] == '/')) return false;
    }
    return true;
}

/** Moves the finder to a folder. */
static patina_status set_finder_root(parquet_state *s, const char *root, patina_error *err) {
    if (s->finder_root && strcmp(s->finder_root, root) == 0) return PATINA_OK;
    pt_audio_finder_close(&s->finder);
    free(s->finder_root);
    s->finder_root = pt_text_dup(root, strlen(root));
    return s->finder_root ? PATINA_OK : no_memory(err);
}

/** The file of a YouTube clip, with the start that the id of the row has. */
static const char *find_youtube(const parquet_state *s, const char *path, const char *id) {
    const char *youtube = pt_youtube_id_find(path);
    const char *start = id && strncmp(id, path, strlen(path)) == 0 && id[strlen(path)] == '_'
                            ? id + strlen(path) + 1
                            : NULL;
    return youtube
               ? pt_clip_index_find_youtube(&s->finder.clips, youtube, YOUTUBE_ID_BYTES, start, "")
               : NULL;
}

/** A row without bytes: its audio is a file. */
static patina_status set_audio_path(parquet_state *s, const table *t, const char *path,
                                    pt_entry *entry, patina_error *err) {
    const char *root = s->audio_root ? s->audio_root : t->folder, *found = path;
    if (!path)
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "it has neither bytes nor a path");
    PT_TRY(set_finder_root(s, root, err));
    if (is_below(path)) {
        PT_TRY(pt_audio_finder_find(&s->finder, root, path, "", &found, err));
        if (found == path && s->finder.is_listed) {
            const char *clip = find_youtube(s, path, entry->id);
            if (clip) found = clip;
        }
    } else {
        PT_TRY(pt_audio_finder_list(&s->finder, root, err));
        found = pt_clip_index_find_file(&s->finder.clips, path, "");
        if (!found)
            return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                                   "it has no bytes, and its path is outside the corpus");
    }
    free(entry->path);
    entry->path = pt_path_join(root, found);
    return entry->path ? PATINA_OK : no_memory(err);
}

/** The slot of audio.bytes in a row of the current group; earlier rows are skipped. */
static patina_status find_audio(table *t, uint64_t row, pt_parquet_slot *slot, patina_error *err) {
    if (!t->audio_begun) {
        pt_parquet_column_reader_seek_group(t->audio, t->group);
        t->audio_begun = true;
        t->audio_row = 0;
    }
    PT_TRY(pt_parquet_column_reader_skip(t->audio, row - t->audio_row, err));
    PT_TRY(pt_parquet_column_reader_next(t->audio, slot, err));
    t->audio_row = row + 1;
    return PATINA_OK;
}

/** Skips the damaged page of a row. */
static patina_status skip_audio_page(table *t, uint64_t row, const patina_error *why,
                                     patina_error *err) {
    free(t->audio_fault);
    if (!(t->audio_fault = pt_text_escape(why->message))) return no_memory(err);
    t->audio_row = pt_parquet_column_reader_skip_page(t->audio);
    t->audio_resume_row = t->audio_row > row ? t->audio_row : t->n_rows;
    return PATINA_OK;
}

/** The audio of a row of the current group. */
static patina_status read_audio(parquet_state *s, table *t, uint64_t row, const char *path,
                                pt_entry *entry, patina_error *err) {
    pt_parquet_slot slot = {0};
    patina_error why = {0};

    if (!t->audio) return set_audio_path(s, t, path, entry, err);
    if (row >= t->audio_resume_row) {
        const patina_status status = find_audio(t, row, &slot, &why);
        if (status == PATINA_EFORMAT)
            PT_TRY(skip_audio_page(t, row, &why, err));
        else if (status != PATINA_OK)
            return pt_fail(err, status, "'%s': %s", t->name, why.message);
    }
    if (row < t->audio_resume_row)
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "its audio cannot be read: %s", t->audio_fault);
    if (!slot.present) return set_audio_path(s, t, path, entry, err);
    entry->audio = malloc(slot.value.text.n > 0 ? slot.value.text.n : 1);
    if (!entry->audio) return no_memory(err);
    memcpy(entry->audio, slot.value.text.bytes, slot.value.text.n);
    entry->n_audio = slot.value.text.n;
    return PATINA_OK;
}

/* Entries ----------------------------------------------------------------------------------- */

static uint64_t position_of(size_t file, uint64_t row) {
    return (uint64_t)file << POSITION_ROW_BITS | row;
}

/** Whether the group has no sound files: its audio is at paths. */
static bool has_only_paths(const table *t) {
    if (!t->audio) return true;
    const pt_parquet_column_chunk *chunk = &t->parquet->groups[t->group].chunks[t->audio_leaf];
    return !chunk->is_unavailable && chunk->n_bytes < NULL_PAGE_BYTES + chunk->n_values;
}

static patina_status parquet_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                  patina_error *err) {
    parquet_state *s = state;
    item it = {.entry.max_captions = entry ? entry->max_captions : 0};
    patina_status status = read_item(s, &it, err);

    *end = status == PATINA_OK && !it.entry.source;
    if (status == PATINA_OK && it.entry.id) {
        it.entry.position = position_of(s->n_opened - 1, s->table.first_row + s->table.row - 1);
        if (entry && (with_audio || has_only_paths(&s->table)))
            status = read_audio(s, &s->table, s->table.row - 1, it.audio_path, &it.entry, err);
        if (!with_audio) { /* a few bytes, in place of a path */
            free(it.entry.audio);
            it.entry.audio = NULL;
            it.entry.n_audio = 0;
        }
    }
    if (entry)
        *entry = it.entry; /* released by the caller on failure too */
    else
        pt_entry_release(&it.entry);
    free(it.audio_path);
    return status;
}

/** Opens a file a second time and moves it to the row group of a row. */
static patina_status seek_row(parquet_state *s, uint64_t position, patina_error *err) {
    const size_t file = (size_t)(position >> POSITION_ROW_BITS);
    const uint64_t row = position & (((uint64_t)1 << POSITION_ROW_BITS) - 1);
    table *t = &s->seek_table;
    patina_error why = {0};
    bool is_parquet;

    if (!t->name || s->seek_file != file) {
        table_close(t);
        if (table_open(s, file, t, &is_parquet, &why) != PATINA_OK)
            return pt_fail(err, PATINA_EIO, "'%s' can no longer be read: %s",
                           s->files.of.paths[file], why.message);
        s->seek_file = file;
    }
    if (row < t->first_row || row < t->first_row + t->row) { /* columns are read forwards */
        t->group = 0;
        t->first_row = 0;
        begin_group(t);
    }
    while (row >= t->first_row + t->n_rows && t->group + 1 < t->parquet->n_groups) {
        t->first_row += t->n_rows;
        t->group++;
        begin_group(t);
    }
    if (row >= t->first_row + t->n_rows)
        return pt_fail(err, PATINA_EIO, "'%s' has fewer rows than before", t->name);
    t->row = row - t->first_row;
    return PATINA_OK;
}

/** The path of the row that t->row is, past the rows before it. */
static patina_status seek_path(table *t, item *it, patina_error *err) {
    if (!t->path) return PATINA_OK;
    const uint64_t n_skipped = t->row >= t->path_row ? t->row - t->path_row : t->row;
    if (t->row < t->path_row) pt_parquet_column_reader_seek_group(t->path, t->group);
    t->path_row = UINT64_MAX; /* unknown after an error */
    PT_TRY(pt_parquet_column_reader_skip(t->path, n_skipped, err));
    PT_TRY(read_path(t, it, err));
    t->path_row = t->row + 1;
    return PATINA_OK;
}

static patina_status parquet_load_audio(void *state, pt_entry *entry, patina_error *err) {
    parquet_state *s = state;
    table *t = &s->seek_table;
    item it = {0};
    patina_error why = {0};

    if (entry->status != PATINA_OK) return PATINA_OK;
    PT_TRY(seek_row(s, entry->position, err));
    patina_status status = seek_path(t, &it, &why);
    const uint64_t row = t->row++;
    if (status == PATINA_EFORMAT)
        status = reject_with_reason(entry, PATINA_REJECT_UNDECODABLE, "its path cannot be read",
                                    &why, err);
    else if (status == PATINA_OK)
        status = read_audio(s, t, row, it.audio_path, entry, err);
    free(it.audio_path);
    return status;
}

static const pt_file_list *parquet_files(const void *state) {
    return &((const parquet_state *)state)->files;
}

static const pt_split_filter *parquet_splits(const void *state) {
    return &((const parquet_state *)state)->splits;
}

const pt_corpus_reader pt_corpus_reader_parquet = {
    .name = "parquet",
    .summary = "Parquet files with columns 'audio' (bytes, path) and 'caption', 'text' or "
               "'captions'",
    .files = parquet_files,
    .reads_patterns = true,
    .matches = parquet_matches,
    .open = parquet_open,
    .uses_template = true,
    .has_columns = true,
    .close = parquet_close,
    .next = parquet_next,
    .load_audio = parquet_load_audio,
    .splits = parquet_splits,
    .merges_rows = true,
};
