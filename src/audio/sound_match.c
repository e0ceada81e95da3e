/* SPDX-License-Identifier: MIT */
/* sound_match.c - pairs of sounds that are the same up to lossy coding */

#include "audio/sound_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/strbuf.h"

#define FLOOR_DB    (-120.0)
#define LTAS_FIRST  17 /* band from 100 Hz on */
#define N_LTAS      38 /* bands up to 8 kHz */
#define N_CELL_DIMS 2  /* sorted by two cells and a value: a grid of three dimensions */

/* ---------------------------------------------------------------- fingerprint */

void pt_fingerprint_make(const pt_sound_scan *scan, pt_fingerprint *f) {
    const double n = (double)scan->n_blocks;
    const double frames = (double)scan->n_frames / (double)scan->block_frames; /* in blocks */

    f->length_s = (double)scan->n_frames / scan->rate_hz;
    for (size_t s = 0; s < PT_SOUND_SLICES; s++) {
        /* Blocks count by the share of them that is in the slice, so that slices of a short sound
         * are about equal, too. */
        const double first = frames * (double)s / PT_SOUND_SLICES;
        const double last = frames * (double)(s + 1) / PT_SOUND_SLICES;
        double sum[PT_SCAN_BANDS] = {0.0};
        for (size_t b = (size_t)first; (double)b < fmin(last, n); b++) {
            const double share = fmin(last, (double)b + 1.0) - fmax(first, (double)b);
            for (size_t k = 0; k < PT_SCAN_BANDS; k++)
                sum[k] += share * (double)scan->block[b].band[k];
        }
        for (size_t k = 0; k < PT_SCAN_BANDS; k++) {
            const double power = sum[k] / (last - first);
            const double db = power > 0.0 ? fmax(FLOOR_DB, 10.0 * log10(power)) : FLOOR_DB;
            f->level_db[s * PT_SCAN_BANDS + k] = floor(10.0 * db + 0.5) / 10.0;
        }
    }
}

char *pt_fingerprint_to_json(const pt_fingerprint *f) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "{\"length_s\": ");
    pt_json_write_real(&out, floor(1e4 * f->length_s + 0.5) / 1e4, 17);
    pt_strbuf_append(&out, ", \"levels_db\": [");
    for (size_t i = 0; i < PT_FINGERPRINT_SIZE; i++) {
        pt_strbuf_append(&out, i ? ", " : "");
        pt_json_write_real(&out, f->level_db[i], 17);
    }
    pt_strbuf_append(&out, "]}");
    return pt_strbuf_detach(&out);
}

/* ---------------------------------------------------------------- sounds */

/** Sign of level i of n in projection p: Walsh functions, of the position and of its parity. */
static int sign_of(size_t p, size_t i, size_t n) {
    const size_t part = 8 * i / n; /* 0 to 7 */
    switch (p) {
    case 0:
        return 1;
    case 1:
        return part < 4 ? 1 : -1;
    case 2:
        return n == PT_FINGERPRINT_SIZE ? (i % PT_SCAN_BANDS < PT_SCAN_BANDS / 2 ? 1 : -1)
                                        : (part < 2 || part >= 6 ? 1 : -1);
    case 3:
        return part < 2 || part >= 6 ? 1 : -1;
    case 4:
        return part % 2 ? 1 : -1;
    default:
        return i % 2 ? 1 : -1;
    }
}

/** Fills in levels and projections. */
static void fill_sound(const double *level_db, size_t n, double length_s, uint64_t index,
                       pt_sound *sound) {
    double highest = FLOOR_DB;
    *sound = (pt_sound){.length_s = (float)length_s, .n_levels = (uint16_t)n, .index = index};
    for (size_t i = 0; i < n; i++)
        highest = fmax(highest, level_db[i]);
    for (size_t i = 0; i < n; i++) {
        const double level = fmax(level_db[i], highest - PT_SOUND_RANGE_DB);
        sound->level[i] = (int16_t)lrint(100.0 * fmin(fmax(level, -300.0), 300.0));
    }
    for (size_t p = 0; p < PT_SOUND_PROJECTIONS; p++) {
        int sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += sign_of(p, i, n) * sound->level[i];
        sound->projection[p] = (float)sum / (float)(100 * n);
    }
}

void pt_sound_from_fingerprint(const pt_fingerprint *f, uint64_t index, pt_sound *sound) {
    fill_sound(f->level_db, PT_FINGERPRINT_SIZE, f->length_s, index, sound);
}

void pt_sound_from_ltas(const float ltas[PATINA_LTAS_BANDS], double length_s, uint64_t index,
                        pt_sound *sound) {
    double level_db[N_LTAS];
    for (size_t i = 0; i < N_LTAS; i++)
        level_db[i] = (double)ltas[LTAS_FIRST + i];
    fill_sound(level_db, N_LTAS, length_s, index, sound);
}

double pt_sound_distance(const pt_sound *a, const pt_sound *b) {
    int sum = 0;
    if (a->n_levels != b->n_levels) return INFINITY;
    for (size_t i = 0; i < a->n_levels; i++)
        sum += abs(a->level[i] - b->level[i]);
    return sum / (100.0 * a->n_levels);
}

/* ---------------------------------------------------------------- pairs */

/** The width of the cells is wider than the bound by more than rounding. */
static float cell_of(const pt_sound *s, size_t p, double bound_db) {
    return floorf(s->projection[p] / (float)(bound_db * 1.001));
}

/** qsort has no context: the cells are stored in the order. */
typedef struct ordered {
    float cell[N_CELL_DIMS], value;
    uint16_t n_levels;
    size_t at; /* in sounds */
} ordered;

static int compare_floats(float a, float b) {
    return (a > b) - (a < b);
}

static int compare_keys(const ordered *a, const ordered *b) {
    if (a->n_levels != b->n_levels) return a->n_levels < b->n_levels ? -1 : 1;
    for (size_t d = 0; d < N_CELL_DIMS; d++) {
        const int order = compare_floats(a->cell[d], b->cell[d]);
        if (order != 0) return order;
    }
    return compare_floats(a->value, b->value);
}

static int compare_ordered(const void *x, const void *y) {
    const ordered *a = x, *b = y;
    const int order = compare_keys(a, b);
    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

/** The first element that is not before key. */
static size_t lower_bound(const ordered *list, size_t n, const ordered *key) {
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_keys(&list[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_pair(const pt_sound *a, const pt_sound *b, double bound_db, double *distance) {
    const float bound = (float)(bound_db * 1.001);
    if (fabsf(a->length_s - b->length_s) > (float)PT_SOUND_LENGTH_S) return false;
    for (size_t p = 0; p < PT_SOUND_PROJECTIONS; p++)
        if (fabsf(a->projection[p] - b->projection[p]) > bound) return false;
    *distance = pt_sound_distance(a, b);
    return *distance <= bound_db;
}

patina_status pt_sounds_find_pairs(const pt_sound *sounds, size_t n, double bound_db,
                                   bool (*found)(void *context, const pt_sound *a,
                                                 const pt_sound *b, double distance_db),
                                   void *context, patina_error *err) {
    const float width = (float)(bound_db * 1.001);
    ordered *list = calloc(n + 1, sizeof *list);
    bool stopped = false;

    if (!list) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        list[i] =
            (ordered){.value = sounds[i].projection[2], .n_levels = sounds[i].n_levels, .at = i};
        for (size_t d = 0; d < N_CELL_DIMS; d++)
            list[i].cell[d] = cell_of(&sounds[i], d, bound_db);
    }
    qsort(list, n, sizeof *list, compare_ordered);
    for (size_t i = 0; i < n && !stopped; i++)
        for (int cell = 0; cell < 9 && !stopped; cell++) {
            ordered key = list[i];
            key.cell[0] += (float)(cell / 3 - 1);
            key.cell[1] += (float)(cell % 3 - 1);
            key.value -= width;
            for (size_t j = lower_bound(list, n, &key); j < n && !stopped; j++) {
                double distance;
                if (list[j].n_levels != key.n_levels || list[j].cell[0] != key.cell[0] ||
                    list[j].cell[1] != key.cell[1] || list[j].value > list[i].value + width)
                    break;
                const pt_sound *a = &sounds[list[i].at], *b = &sounds[list[j].at];
                if (a->index < b->index && is_pair(a, b, bound_db, &distance))
                    stopped = !found(context, a, b, distance);
            }
        }
    free(list);
    return PATINA_OK;
}
