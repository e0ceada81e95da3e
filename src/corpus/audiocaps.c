/* SPDX-License-Identifier: MIT */
/* audiocaps.c - AudioCaps: a CSV of captions whose clips lie in a folder elsewhere
 *
 * The columns `youtube_id`, `start_time` and `caption` make a CSV one of this kind; `audiocap_id`
 * is used where there is one, and other columns are not. All rows of one clip are one entry, in
 * order of first appearance, with its captions in order of the rows; so the whole table is read at
 * the start. Fields are those of RFC 4180, spaces and all; clips are found by clips.h.
 */

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/utf8.h"
#include "corpus/clips.h"
#include "corpus/entry.h"
#include "corpus/lines.h"
#include "corpus/reader.h"

#define FIELDS_MAX 64

enum { YOUTUBE_ID, START_TIME, CAPTION, AUDIOCAP_ID, N_COLUMNS };

static const char *const column_names[N_COLUMNS] = {"youtube_id", "start_time", "caption",
                                                    "audiocap_id"};

/** The fields of one record, each ended by a NUL that is not counted; more are left alone once it
 * is complete. */
typedef struct record {
    pt_str text;
    size_t start[FIELDS_MAX], length[FIELDS_MAX];
    size_t n_fields; /* may be more than FIELDS_MAX, which are kept */
    bool is_complete;
} record;

/** A clip while the table is read. */
typedef struct clip {
    pt_entry entry;
    char *youtube_id, *start;
    pt_str rows; /* audiocap_ids, each ended by a NUL */
} clip;

typedef struct audiocaps_state {
    char *name; /* of the CSV, without folders */
    char *root; /* of the clips */
    int column[N_COLUMNS];
    size_t n_columns; /* of the header */
    clip *clips;
    size_t n_clips, room;
    size_t *slots; /* hash table of 1 + index of a clip, by id; n_slots is a power of two */
    size_t n_slots;
    size_t next;
} audiocaps_state;

static pt_status no_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

/* Records ---------------------------------------------------------------------------------- */

static void on_field(void *text, size_t n, void *user) {
    record *r = user;
    if (r->is_complete) return;
    if (r->n_fields < FIELDS_MAX) {
        r->start[r->n_fields] = r->text.length;
        r->length[r->n_fields] = n;
        pt_str_add_bytes(&r->text, text, n);
        pt_str_add_bytes(&r->text, "", 1);
    }
    r->n_fields++;
}

static void on_record(int terminator, void *user) {
    record *r = user;
    (void)terminator;
    r->is_complete = true;
}

static void forget(record *r) {
    pt_str_clear(&r->text);
    r->n_fields = 0;
    r->is_complete = false;
}

static const char *field(const record *r, size_t i) {
    return r->text.text + r->start[i];
}

/** libcsv would strip spaces around fields, which RFC 4180 makes part of them. */
static int never_space(unsigned char c) {
    (void)c;
    return 0;
}

static pt_status open_csv(struct csv_parser *csv, pt_error *err) {
    if (csv_init(csv, 0) != 0) return no_memory(err);
    csv_set_space_func(csv, never_space);
    csv_set_blk_size(csv, 4096);
    return PT_OK;
}

/** Trims ASCII white space: of ids, numbers and names of columns, never of captions. */
static const char *trimmed(const record *r, size_t i, size_t *n) {
    const char *text = field(r, i);
    *n = r->length[i];
    while (*n > 0 && strchr(" \t\r\n", text[*n - 1]) && text[*n - 1])
        --*n;
    while (*n > 0 && strchr(" \t\r\n", *text) && *text)
        text++, --*n;
    return text;
}

/** Whether a record is a header of this kind; where its columns are. */
static bool find_columns(const record *r, int column[N_COLUMNS]) {
    for (int c = 0; c < N_COLUMNS; c++) {
        column[c] = -1;
        for (size_t i = 0; i < r->n_fields && i < FIELDS_MAX && column[c] < 0; i++) {
            size_t n;
            const char *name = trimmed(r, i, &n);
            if (n == strlen(column_names[c]) && memcmp(name, column_names[c], n) == 0)
                column[c] = (int)i;
        }
    }
    return column[YOUTUBE_ID] >= 0 && column[START_TIME] >= 0 && column[CAPTION] >= 0;
}

static bool audiocaps_matches(const pt_look *look) {
    struct csv_parser csv;
    int column[N_COLUMNS];
    record r = {0};
    bool matches = false;

    if (look->is_folder || open_csv(&csv, NULL) != PT_OK) return false;
    const char *feed_at = memchr(look->head, '\n', look->n_head);
    const size_t n = feed_at ? (size_t)(feed_at - look->head) : look->n_head;
    csv_parse(&csv, look->head, n, on_field, on_record, &r);
    csv_parse(&csv, "\n", 1, on_field, on_record, &r);
    if (r.is_complete && !r.text.failed) matches = find_columns(&r, column);
    csv_free(&csv);
    pt_str_release(&r.text);
    return matches;
}

/* Clips ------------------------------------------------------------------------------------ */

/** The slot that an id is in, or would be. */
static size_t slot_of(const audiocaps_state *s, const char *id) {
    size_t slot = (size_t)pt_fnv1a64(id, strlen(id)) & (s->n_slots - 1);
    while (s->slots[slot] && strcmp(s->clips[s->slots[slot] - 1].entry.id, id) != 0)
        slot = (slot + 1) & (s->n_slots - 1);
    return slot;
}

/** Room for one more clip, in a table that is at most half full. */
static pt_status make_room(audiocaps_state *s, pt_error *err) {
    if (s->n_clips < s->room) return PT_OK;
    const size_t room = s->room ? 2 * s->room : 256;
    clip *clips = realloc(s->clips, room * sizeof *clips);
    if (clips) s->clips = clips;
    size_t *slots = clips ? calloc(2 * room, sizeof *slots) : NULL;
    if (!slots) return no_memory(err);
    free(s->slots);
    s->slots = slots;
    s->n_slots = 2 * room;
    s->room = room;
    for (size_t i = 0; i < s->n_clips; i++)
        if (s->clips[i].entry.id) s->slots[slot_of(s, s->clips[i].entry.id)] = i + 1;
    return PT_OK;
}

static void release_clip(clip *c) {
    pt_entry_release(&c->entry);
    pt_str_release(&c->rows);
    free(c->youtube_id);
    free(c->start);
}

/** A new clip at the end, which has "name:line" as its source so far. */
static pt_status add_clip(audiocaps_state *s, unsigned long long line, clip **added,
                          pt_error *err) {
    pt_str source = {0};
    PT_TRY(make_room(s, err));
    clip *c = &s->clips[s->n_clips];
    *c = (clip){0};
    pt_str_printf(&source, "%s:%llu", s->name, line);
    if (!(c->entry.source = pt_str_steal(&source))) return no_memory(err);
    s->n_clips++;
    *added = c;
    return PT_OK;
}

static pt_status add_broken(audiocaps_state *s, unsigned long long line, const char *what,
                            pt_error *err) {
    clip *c = NULL;
    PT_TRY(add_clip(s, line, &c, err));
    return pt_entry_reject(&c->entry, err, PT_REJECT_UNDECODABLE, "line %llu: %s", line, what);
}

static bool speakable(const char *text, size_t n) {
    return n > 0 && !memchr(text, '\0', n) && pt_utf8_valid(text, n);
}

/** The clip of a row: the one that an earlier row began, or a new one. id is given away. */
static pt_status clip_of(audiocaps_state *s, unsigned long long line, char *id, const char *youtube,
                         size_t n_youtube, const char *start, size_t n_start, clip **found,
                         pt_error *err) {
    PT_TRY(make_room(s, err)); /* before the slot is looked for: it moves them */
    const size_t slot = slot_of(s, id);
    if (s->slots[slot]) {
        *found = &s->clips[s->slots[slot] - 1];
        free(id);
        return PT_OK;
    }
    const pt_status status = add_clip(s, line, found, err);
    if (status != PT_OK) {
        free(id);
        return status;
    }
    (*found)->entry.id = id;
    s->slots[slot] = s->n_clips;
    (*found)->youtube_id = pt_text_copy(youtube, n_youtube);
    (*found)->start = pt_text_copy(start, n_start);
    return (*found)->youtube_id && (*found)->start ? PT_OK : no_memory(err);
}

static pt_status add_row(audiocaps_state *s, unsigned long long line, const record *r,
                         pt_error *err) {
    size_t n_youtube, n_start, n_row;
    clip *c = NULL;

    if (r->n_fields != s->n_columns) {
        char what[100];
        snprintf(what, sizeof what, "%zu fields where the header has %zu", r->n_fields,
                 s->n_columns);
        return add_broken(s, line, what, err);
    }
    const char *youtube = trimmed(r, (size_t)s->column[YOUTUBE_ID], &n_youtube);
    const char *start = trimmed(r, (size_t)s->column[START_TIME], &n_start);
    if (!speakable(youtube, n_youtube) || !speakable(start, n_start))
        return add_broken(s, line, "its youtube_id or start_time is empty or no text", err);
    pt_str id = {0};
    pt_str_printf(&id, "%.*s_%.*s", (int)n_youtube, youtube, (int)n_start, start);
    char *text = pt_str_steal(&id);
    if (!text) return no_memory(err);
    PT_TRY(clip_of(s, line, text, youtube, n_youtube, start, n_start, &c, err));

    const size_t caption = (size_t)s->column[CAPTION];
    PT_TRY(pt_entry_add_caption(&c->entry, field(r, caption), r->length[caption], err));
    if (s->column[AUDIOCAP_ID] < 0) return PT_OK;
    const char *row = trimmed(r, (size_t)s->column[AUDIOCAP_ID], &n_row);
    if (speakable(row, n_row)) {
        pt_str_add_bytes(&c->rows, row, n_row);
        pt_str_add_bytes(&c->rows, "", 1);
    }
    return c->rows.failed ? no_memory(err) : PT_OK;
}

/** Takes the header, or a row. */
static pt_status take_record(audiocaps_state *s, unsigned long long line, const record *r,
                             pt_error *err) {
    if (s->n_columns > 0) return add_row(s, line, r, err);
    if (!find_columns(r, s->column))
        return pt_fail(err, PT_EFORMAT, "its first line has not the columns of AudioCaps");
    if (r->n_fields > FIELDS_MAX) return pt_fail(err, PT_EFORMAT, "over %d columns", FIELDS_MAX);
    s->n_columns = r->n_fields;
    return PT_OK;
}

/** The table on its way in. */
typedef struct table {
    record record; /* first: it is what the callback for fields knows */
    audiocaps_state *s;
    unsigned long long line, first; /* being read; and the one where the record began */
    bool at_end, left_open;         /* a record that only the end completes is in an open quote */
    pt_status status;
    pt_error *err;
} table;

static void on_row(int terminator, void *user) {
    table *t = user;
    (void)terminator;
    if (t->record.text.failed && t->status == PT_OK) t->status = no_memory(t->err);
    t->left_open = t->at_end;
    if (t->at_end) return;
    if (t->status == PT_OK) t->status = take_record(t->s, t->first, &t->record, t->err);
    forget(&t->record);
    t->first = t->line + 1;
}

static pt_status feed(struct csv_parser *csv, const pt_str *line, table *t) {
    if (csv_parse(csv, line->text ? line->text : "", line->length, on_field, on_row, t) !=
            line->length ||
        csv_parse(csv, "\n", 1, on_field, on_row, t) != 1)
        return no_memory(t->err);
    return t->status;
}

static pt_status read_table(audiocaps_state *s, const char *path, pt_error *err) {
    struct csv_parser csv;
    pt_lines lines = {0};
    table t = {.s = s, .first = 1, .err = err};
    bool too_long = false, end = false;

    PT_TRY(open_csv(&csv, err));
    pt_status status = pt_lines_open(&lines, path, err);
    while (status == PT_OK) {
        status = pt_lines_next(&lines, &too_long, &end, err);
        if (status != PT_OK || end || too_long || csv_get_buffer_size(&csv) > PT_TEXT_MAX) break;
        t.line = lines.number;
        status = feed(&csv, &lines.line, &t);
    }
    if (status == PT_OK && !end)
        status = add_broken(s, t.first,
                            "a field of over 16 MB: is a quote closed nowhere? The rows from here "
                            "on are not read",
                            err);
    t.at_end = true;
    csv_fini(&csv, on_field, on_row, &t);
    if (status == PT_OK && end && t.left_open)
        status = add_broken(s, t.first,
                            "a quote is closed nowhere: the rows from here on are one field", err);
    csv_free(&csv);
    pt_str_release(&t.record.text);
    pt_lines_close(&lines);
    return status;
}

/** Says for each clip where its audio is, or that it is missing. */
static pt_status find_audio(audiocaps_state *s, pt_error *err) {
    pt_clips clips = {0};
    pt_status status = pt_clips_open(&clips, s->root, err);

    for (size_t i = 0; i < s->n_clips && status == PT_OK; i++) {
        clip *c = &s->clips[i];
        if (!c->entry.id) continue;
        pt_str_add_bytes(&c->rows, "", 1); /* an empty one ends the list */
        const char *path =
            c->rows.failed ? NULL : pt_clips_find(&clips, c->youtube_id, c->start, c->rows.text);
        if (c->rows.failed) {
            status = no_memory(err);
        } else if (!path || !pt_utf8_valid(path, strlen(path))) {
            status = pt_entry_reject(&c->entry, err, PT_REJECT_MISSING,
                                     "no clip is named '%s.*', nor in another way that AudioCaps "
                                     "clips are",
                                     c->entry.id);
        } else {
            free(c->entry.source);
            c->entry.source = pt_text_copy(path, strlen(path));
            c->entry.path = pt_path_join(s->root, path);
            if (!c->entry.source || !c->entry.path) status = no_memory(err);
        }
    }
    pt_clips_close(&clips);
    return status;
}

/* The reader ------------------------------------------------------------------------------- */

static void audiocaps_close(void *state) {
    audiocaps_state *s = state;
    for (size_t i = s->next; i < s->n_clips; i++)
        release_clip(&s->clips[i]);
    free(s->clips);
    free(s->slots);
    free(s->name);
    free(s->root);
    free(s);
}

static pt_status audiocaps_open(const char *path, const pt_corpus_options *options, void **state,
                                pt_error *err) {
    const char *audio_root = options->audio_root;
    const char *name = pt_path_name(path);
    if (!pt_utf8_valid(name, strlen(name))) name = "table"; /* it is written to the data set */
    audiocaps_state *s = calloc(1, sizeof *s);
    pt_status status = PT_OK;

    if (!s) return no_memory(err);
    s->name = pt_text_copy(name, strlen(name));
    s->root = audio_root ? pt_text_copy(audio_root, strlen(audio_root)) : pt_path_folder(path);
    if (!s->name || !s->root) status = no_memory(err);
    if (status == PT_OK) status = read_table(s, path, err);
    if (status == PT_OK) status = find_audio(s, err);
    if (status != PT_OK) {
        audiocaps_close(s);
        return status;
    }
    *state = s;
    return PT_OK;
}

static pt_status audiocaps_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                pt_error *err) {
    audiocaps_state *s = state;
    (void)err;
    (void)with_audio;

    *end = s->next == s->n_clips;
    if (*end) return PT_OK;
    clip *c = &s->clips[s->next++];
    *entry = c->entry; /* given away */
    c->entry = (pt_entry){0};
    release_clip(c);
    return PT_OK;
}

const pt_reader pt_reader_audiocaps = {
    .name = "audiocaps",
    .summary = "a CSV with the columns youtube_id,start_time,caption and perhaps audiocap_id",
    .matches = audiocaps_matches,
    .open = audiocaps_open,
    .close = audiocaps_close,
    .next = audiocaps_next,
};
