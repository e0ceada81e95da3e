/* SPDX-License-Identifier: MIT */
/* audiocaps.c - AudioCaps: a CSV of captions whose clips lie in a folder elsewhere
 *
 * The columns `youtube_id`, `start_time` and `caption` make a CSV one of this kind; `audiocap_id`
 * is used where there is one, and other columns are not. Options may name another column for the
 * captions. All rows of one clip are one entry, in order of first appearance, with its captions in
 * order of the rows; so the whole table is read at the start, and kept in about 300 bytes a row.
 * Clips are found by clip_index.h when their turn comes.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/clip_index.h"
#include "corpus/corpus_reader.h"
#include "corpus/csv_table.h"
#include "corpus/entry_builder.h"
#include "fs/path.h"

enum { YOUTUBE_ID, START_TIME, CAPTION, AUDIOCAP_ID, N_COLUMNS };

/** A clip while the table is read; its source and path are found when it is given away. */
typedef struct clip {
    pt_entry entry; /* of a row that is none, all of it */
    unsigned long long line;
    size_t n_youtube; /* bytes of the id, which is <youtube_id>_<start_time> */
    char *rows;       /* [n_rows] audiocap_ids, each ended by a NUL */
    size_t n_rows;
} clip;

typedef struct audiocaps_state {
    char *name; /* of the CSV, without folders */
    char *root; /* of the clips */
    pt_clip_index files;
    int column[N_COLUMNS];
    clip *clips; /* [n_clips] */
    size_t n_clips, capacity;
    size_t *slots; /* hash table of 1 + index of a clip, by id; n_slots is a power of two */
    size_t n_slots;
    size_t next;
} audiocaps_state;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** Whether a header is one of this kind; where its columns are. */
static bool find_columns(const pt_csv_record *header, const pt_corpus_options *options,
                         int column[N_COLUMNS]) {
    const char *caption = options->caption_column ? options->caption_column : "caption";
    column[YOUTUBE_ID] = pt_csv_find_column(header, "youtube_id");
    column[START_TIME] = pt_csv_find_column(header, "start_time");
    column[CAPTION] = pt_csv_find_column(header, caption);
    column[AUDIOCAP_ID] = pt_csv_find_column(header, "audiocap_id");
    return column[YOUTUBE_ID] >= 0 && column[START_TIME] >= 0 && column[CAPTION] >= 0;
}

static bool audiocaps_matches(const pt_corpus_probe *probe) {
    int column[N_COLUMNS];
    pt_csv_record *header = pt_csv_probe_header(probe);
    const bool matches = header && find_columns(header, probe->options, column);
    pt_csv_record_free(header);
    return matches;
}

/* Clips ------------------------------------------------------------------------------------ */

/** The slot that an id is in, or would be. */
static size_t find_slot(const audiocaps_state *s, const char *id) {
    size_t slot = (size_t)pt_fnv1a64(id, strlen(id)) & (s->n_slots - 1);
    while (s->slots[slot] && strcmp(s->clips[s->slots[slot] - 1].entry.id, id) != 0)
        slot = (slot + 1) & (s->n_slots - 1);
    return slot;
}

/** Room for one more clip, in a table that is at most half full. */
static patina_status reserve_clip(audiocaps_state *s, patina_error *err) {
    if (s->n_clips < s->capacity) return PATINA_OK;
    const size_t capacity = s->capacity ? 2 * s->capacity : 256;
    clip *clips = realloc(s->clips, capacity * sizeof *clips);
    if (clips) s->clips = clips;
    size_t *slots = clips ? calloc(2 * capacity, sizeof *slots) : NULL;
    if (!slots) return no_memory(err);
    free(s->slots);
    s->slots = slots;
    s->n_slots = 2 * capacity;
    s->capacity = capacity;
    for (size_t i = 0; i < s->n_clips; i++)
        if (s->clips[i].entry.id) s->slots[find_slot(s, s->clips[i].entry.id)] = i + 1;
    return PATINA_OK;
}

static void release_clip(clip *c) {
    pt_entry_release(&c->entry);
    free(c->rows);
}

static patina_status add_clip(audiocaps_state *s, unsigned long long line, clip **added,
                              patina_error *err) {
    PT_TRY(reserve_clip(s, err));
    *added = &s->clips[s->n_clips++];
    **added = (clip){.line = line};
    return PATINA_OK;
}

/** The clip has no file: "name:line" is its source. */
static patina_status set_line_source(const audiocaps_state *s, clip *c, patina_error *err) {
    pt_strbuf source = {0};
    pt_strbuf_printf(&source, "%s:%llu", s->name, c->line);
    c->entry.source = pt_strbuf_detach(&source);
    return c->entry.source ? PATINA_OK : no_memory(err);
}

static patina_status add_rejected_row(audiocaps_state *s, unsigned long long line, const char *what,
                                      patina_error *err) {
    clip *c = NULL;
    PT_TRY(add_clip(s, line, &c, err));
    return pt_entry_reject(&c->entry, err, PATINA_REJECT_UNDECODABLE, "line %llu: %s", line, what);
}

static bool is_valid_text(const char *text, size_t n) {
    return n > 0 && !memchr(text, '\0', n) && pt_utf8_is_valid(text, n);
}

/** The clip of a row: the one that an earlier row began, or a new one. id is given away. */
static patina_status find_or_add_clip(audiocaps_state *s, unsigned long long line, char *id,
                                      size_t n_youtube, clip **found, patina_error *err) {
    patina_status status = reserve_clip(s, err); /* before the slot is looked for: it moves them */
    const size_t slot = status == PATINA_OK ? find_slot(s, id) : 0;
    if (status == PATINA_OK && s->slots[slot]) {
        *found = &s->clips[s->slots[slot] - 1];
        free(id);
        return PATINA_OK;
    }
    if (status == PATINA_OK) status = add_clip(s, line, found, err);
    if (status != PATINA_OK) {
        free(id);
        return status;
    }
    (*found)->entry.id = id;
    (*found)->n_youtube = n_youtube;
    s->slots[slot] = s->n_clips;
    return PATINA_OK;
}

static patina_status add_number(clip *c, const char *number, size_t n, patina_error *err) {
    char *rows = realloc(c->rows, c->n_rows + n + 1);
    if (!rows) return no_memory(err);
    memcpy(rows + c->n_rows, number, n);
    rows[c->n_rows + n] = '\0';
    c->rows = rows;
    c->n_rows += n + 1;
    return PATINA_OK;
}

static patina_status add_row(audiocaps_state *s, const pt_csv_record *r, patina_error *err) {
    size_t n_youtube, n_start, n;
    clip *c = NULL;

    if (r->fault[0]) return add_rejected_row(s, r->line, r->fault, err);
    const char *youtube = pt_csv_field_trimmed(r, s->column[YOUTUBE_ID], &n_youtube);
    const char *start = pt_csv_field_trimmed(r, s->column[START_TIME], &n_start);
    if (!is_valid_text(youtube, n_youtube) || !is_valid_text(start, n_start))
        return add_rejected_row(s, r->line, "its youtube_id or start_time is empty or no text",
                                err);
    char *id = malloc(n_youtube + 1 + n_start + 1);
    if (!id) return no_memory(err);
    memcpy(id, youtube, n_youtube);
    id[n_youtube] = '_';
    memcpy(id + n_youtube + 1, start, n_start);
    id[n_youtube + 1 + n_start] = '\0';
    PT_TRY(find_or_add_clip(s, r->line, id, n_youtube, &c, err));

    const char *caption = pt_csv_field(r, s->column[CAPTION], &n);
    PT_TRY(pt_entry_add_caption(&c->entry, caption, n, err));
    if (s->column[AUDIOCAP_ID] < 0) return PATINA_OK;
    const char *number = pt_csv_field_trimmed(r, s->column[AUDIOCAP_ID], &n);
    return is_valid_text(number, n) ? add_number(c, number, n, err) : PATINA_OK;
}

static patina_status read_table(audiocaps_state *s, const char *path,
                                const pt_corpus_options *options, patina_error *err) {
    const char *caption = options->caption_column ? options->caption_column : "caption";
    pt_csv_table *table = NULL;
    const pt_csv_record *record = NULL;
    patina_status status = pt_csv_open(path, &table, err);

    if (status == PATINA_OK && !find_columns(pt_csv_header(table), options, s->column))
        status = pt_fail(err, PATINA_EFORMAT,
                         "its first line has not the columns 'youtube_id', 'start_time' and '%s'",
                         caption);
    while (status == PATINA_OK) {
        status = pt_csv_next(table, &record, err);
        if (status != PATINA_OK || !record) break;
        status = add_row(s, record, err);
    }
    pt_csv_close(&table);
    return status;
}

/** Says where a clip's audio is, or that it is missing. */
static patina_status find_audio(audiocaps_state *s, clip *c, patina_error *err) {
    PT_TRY(add_number(c, "", 0, err)); /* an empty one ends the list */
    const char *path = pt_clip_index_find_youtube(&s->files, c->entry.id, c->n_youtube,
                                                  c->entry.id + c->n_youtube + 1, c->rows);
    if (!path || !pt_utf8_is_valid(path, strlen(path))) {
        PT_TRY(set_line_source(s, c, err));
        return pt_entry_reject(&c->entry, err, PATINA_REJECT_MISSING,
                               "no clip is named '%s.*', nor in another way that AudioCaps clips "
                               "are",
                               c->entry.id);
    }
    c->entry.source = pt_text_dup(path, strlen(path));
    c->entry.path = pt_path_join(s->root, path);
    return c->entry.source && c->entry.path ? PATINA_OK : no_memory(err);
}

/* The reader ------------------------------------------------------------------------------- */

static void audiocaps_close(void *state) {
    audiocaps_state *s = state;
    for (size_t i = s->next; i < s->n_clips; i++)
        release_clip(&s->clips[i]);
    pt_clip_index_close(&s->files);
    free(s->clips);
    free(s->slots);
    free(s->name);
    free(s->root);
    free(s);
}

static patina_status audiocaps_open(const char *path, const pt_corpus_options *options,
                                    void **state, patina_error *err) {
    audiocaps_state *s = calloc(1, sizeof *s);
    patina_status status = PATINA_OK;

    if (!s) return no_memory(err);
    s->name = pt_corpus_base_name(path, "table");
    s->root = pt_corpus_audio_root(path, options);
    if (!s->name || !s->root) status = no_memory(err);
    if (status == PATINA_OK) status = read_table(s, path, options, err);
    if (status == PATINA_OK) status = pt_clip_index_open(&s->files, s->root, err);
    if (status != PATINA_OK) {
        audiocaps_close(s);
        return status;
    }
    free(s->slots); /* only rows that join others need it */
    s->slots = NULL;
    *state = s;
    return PATINA_OK;
}

static patina_status audiocaps_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                    patina_error *err) {
    audiocaps_state *s = state;
    (void)with_audio;

    *end = s->next == s->n_clips;
    if (*end) return PATINA_OK;
    clip *c = &s->clips[s->next];
    PT_TRY(c->entry.id ? find_audio(s, c, err) : set_line_source(s, c, err));
    s->next++;
    *entry = c->entry; /* given away */
    c->entry = (pt_entry){0};
    release_clip(c);
    return PATINA_OK;
}

const pt_corpus_reader pt_corpus_reader_audiocaps = {
    .name = "audiocaps",
    .summary = "a CSV with the columns youtube_id,start_time,caption and perhaps audiocap_id",
    .matches = audiocaps_matches,
    .open = audiocaps_open,
    .close = audiocaps_close,
    .next = audiocaps_next,
};
