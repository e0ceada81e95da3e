/* SPDX-License-Identifier: MIT */
/* same_sound.c - pairs of clips of a data set whose sound is the same up to lossy coding */

#include "report/same_sound.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json_load.h"

#define PAIRS_LISTED  1000
#define PAIRS_COUNTED 1000000

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static patina_status grow(pt_sound_list *l, patina_error *err) {
    const size_t capacity = l->capacity ? 2 * l->capacity : 1024;
    pt_sound *sounds = realloc(l->sounds, capacity * sizeof *sounds);
    if (sounds) l->sounds = sounds;
    uint16_t *splits = realloc(l->splits, capacity * sizeof *splits);
    if (splits) l->splits = splits;
    uint64_t *entries = realloc(l->entries, capacity * sizeof *entries);
    if (entries) l->entries = entries;
    if (!sounds || !splits || !entries) return out_of_memory(err);
    l->capacity = capacity;
    return PATINA_OK;
}

/** Reads the fingerprint of a line; false where it has none. */
static bool read_fingerprint(const json_t *line, pt_fingerprint *f) {
    const json_t *object = json_object_get(line, "fingerprint");
    const json_t *levels = json_object_get(object, "levels_db");
    if (json_array_size(levels) != PT_FINGERPRINT_SIZE) return false;
    f->length_s = json_number_value(json_object_get(object, "length_s"));
    for (size_t i = 0; i < PT_FINGERPRINT_SIZE; i++)
        f->level_db[i] = json_number_value(json_array_get(levels, i));
    return true;
}

patina_status pt_sound_list_add(pt_sound_list *l, uint64_t row_number, size_t split,
                                const pt_row *row, const json_t *provenance, patina_error *err) {
    const char *id = json_string_value(json_object_get(provenance, "entry"));
    const json_t *window = json_object_get(provenance, "window");
    const double rate_hz = json_number_value(json_object_get(window, "rate_hz"));
    const double frames = json_number_value(json_object_get(window, "frames"));
    pt_fingerprint f;

    if (!id || !(rate_hz > 0.0)) return PATINA_OK;
    const uint64_t entry = pt_fnv1a64(id, strlen(id));
    if (l->n > 0 && l->entries[l->n - 1] == entry) return PATINA_OK;
    if (l->n == l->capacity) PT_TRY(grow(l, err));
    if (read_fingerprint(provenance, &f))
        pt_sound_from_fingerprint(&f, l->n, &l->sounds[l->n]);
    else
        pt_sound_from_ltas(row->target_ltas, frames / rate_hz, l->n, &l->sounds[l->n]);
    l->sounds[l->n].row = row_number;
    l->splits[l->n] = (uint16_t)split;
    l->entries[l->n++] = entry;
    return PATINA_OK;
}

typedef struct found_pair {
    size_t a, b; /* in the list */
    double distance_db;
} found_pair;

/** Pairs between splits, and in one split. */
typedef struct search {
    const pt_sound_list *list;
    found_pair pairs[2][PAIRS_LISTED];
    uint64_t n[2];
} search;

static bool add_pair(void *context, const pt_sound *a, const pt_sound *b, double distance_db) {
    search *s = context;
    const size_t i = (size_t)a->index, j = (size_t)b->index;
    const bool is_within = s->list->splits[i] == s->list->splits[j];
    if (s->list->entries[i] == s->list->entries[j]) return true;
    if (s->n[is_within] < PAIRS_LISTED)
        s->pairs[is_within][s->n[is_within]] = (found_pair){i, j, distance_db};
    return ++s->n[is_within] < PAIRS_COUNTED;
}

static int compare_pairs(const void *x, const void *y) {
    const found_pair *a = x, *b = y;
    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    return (a->b > b->b) - (a->b < b->b);
}

static size_t n_listed(const search *s, bool is_within) {
    return s->n[is_within] < PAIRS_LISTED ? (size_t)s->n[is_within] : PAIRS_LISTED;
}

static int compare_rows(const void *x, const void *y) {
    const uint64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

/** The ids of the entries of sorted, distinct rows. */
static patina_status read_ids(const char *out, const uint64_t *rows, size_t n, char **ids,
                              patina_error *err) {
    pt_dataset_reader reader = {0};
    patina_status status = pt_dataset_reader_open(out, &reader, err);
    if (status == PATINA_OK) status = pt_dataset_reader_read_provenance(&reader, rows, n, ids, err);
    for (size_t i = 0; i < n && status == PATINA_OK; i++) {
        json_t *line = pt_json_load_text(ids[i], 0, NULL);
        const char *id = json_string_value(json_object_get(line, "entry"));
        char *copy = id ? strdup(id) : NULL;
        if (!id)
            status = pt_json_fail(err, "the set changed while it was read");
        else if (!copy)
            status = out_of_memory(err);
        free(ids[i]);
        ids[i] = copy;
        json_decref(line);
    }
    pt_dataset_reader_release(&reader);
    return status;
}

/** Rows of all listed pairs, sorted and distinct; returns their number. */
static size_t list_rows(const search *s, uint64_t *rows) {
    size_t n = 0, n_distinct = 0;
    for (int w = 0; w < 2; w++)
        for (size_t i = 0; i < n_listed(s, w); i++) {
            rows[n++] = s->list->sounds[s->pairs[w][i].a].row;
            rows[n++] = s->list->sounds[s->pairs[w][i].b].row;
        }
    qsort(rows, n, sizeof *rows, compare_rows);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || rows[i] != rows[i - 1]) rows[n_distinct++] = rows[i];
    return n_distinct;
}

static char *id_of(const uint64_t *rows, size_t n, char *const *ids, uint64_t row) {
    const uint64_t *at = bsearch(&row, rows, n, sizeof *rows, compare_rows);
    return at ? strdup(ids[at - rows]) : NULL;
}

static patina_status fill_pairs(const search *s, const char *out, patina_inspection *stats,
                                patina_error *err) {
    const size_t n = n_listed(s, false) + n_listed(s, true);
    uint64_t *rows = calloc(2 * n + 1, sizeof *rows);
    char **ids = calloc(2 * n + 1, sizeof *ids);
    stats->sound_pair = calloc(n + 1, sizeof *stats->sound_pair);
    patina_status status = rows && ids && stats->sound_pair ? PATINA_OK : out_of_memory(err);
    const size_t n_rows = status == PATINA_OK ? list_rows(s, rows) : 0;

    if (status == PATINA_OK && n > 0) status = read_ids(out, rows, n_rows, ids, err);
    for (int w = 0; w < 2 && status == PATINA_OK; w++)
        for (size_t i = 0; i < n_listed(s, w) && status == PATINA_OK; i++) {
            const found_pair *pair = &s->pairs[w][i];
            patina_sound_pair *to = &stats->sound_pair[stats->n_sound_pairs++];
            for (int k = 0; k < 2; k++) {
                const size_t at = k ? pair->b : pair->a;
                to->row[k] = s->list->sounds[at].row;
                to->entry[k] = id_of(rows, n_rows, ids, to->row[k]);
                to->split[k] = stats->split[s->list->splits[at]].name;
                if (!to->entry[k]) status = out_of_memory(err);
            }
            to->distance_db = pair->distance_db;
        }
    for (size_t i = 0; ids && i < n_rows; i++)
        free(ids[i]);
    free(ids);
    free(rows);
    return status;
}

patina_status pt_sound_list_find_pairs(pt_sound_list *list, const char *out,
                                       patina_inspection *stats, patina_error *err) {
    search *s = calloc(1, sizeof *s);
    if (!s) return out_of_memory(err);
    s->list = list;
    patina_status status =
        pt_sounds_find_pairs(list->sounds, list->n, PT_SOUND_BOUND_DB, add_pair, s, err);
    if (status == PATINA_OK) {
        for (int w = 0; w < 2; w++)
            qsort(s->pairs[w], n_listed(s, w), sizeof *s->pairs[w], compare_pairs);
        stats->n_pairs_between_splits = s->n[false];
        stats->n_pairs_in_a_split = s->n[true];
        status = fill_pairs(s, out, stats, err);
    }
    free(s);
    return status;
}

void pt_sound_list_release(pt_sound_list *list) {
    free(list->sounds);
    free(list->splits);
    free(list->entries);
    *list = (pt_sound_list){0};
}

void pt_sound_pairs_release(patina_sound_pair *pairs, size_t n_pairs) {
    for (size_t i = 0; i < n_pairs; i++) {
        free(pairs[i].entry[0]);
        free(pairs[i].entry[1]);
    }
    free(pairs);
}
