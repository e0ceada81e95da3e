/* SPDX-License-Identifier: MIT */
/* recording_stats.c - counts of recordings and captions */

#include "report/recording_stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

patina_status pt_recordings_open(pt_recordings *recordings, size_t n_scalars, patina_error *err) {
    recordings->n_scalars = n_scalars;
    recordings->value = calloc(n_scalars, sizeof *recordings->value);
    if (!recordings->value) return out_of_memory(err);
    return pt_id_set_open(&recordings->seen, err);
}

static size_t count_words(const char *text) {
    size_t n = 0;
    for (bool in_word = false; *text; text++) {
        const bool is_space = strchr(" \t\r\n", *text) != NULL;
        n += !is_space && !in_word;
        in_word = !is_space;
    }
    return n;
}

static patina_status add_caption(pt_recordings *r, const char *recording, const char *caption,
                                 patina_error *err) {
    if (r->n_keys == r->capacity) {
        const size_t larger = r->capacity ? 2 * r->capacity : 256;
        pt_caption_key *grown = realloc(r->key, larger * sizeof *grown);
        if (!grown) return out_of_memory(err);
        r->key = grown;
        r->capacity = larger;
    }
    r->key[r->n_keys++] = (pt_caption_key){.caption = pt_fnv1a64(caption, strlen(caption)),
                                           .recording = pt_fnv1a64(recording, strlen(recording))};
    return pt_float_array_append(&r->n_words, (float)count_words(caption), err);
}

patina_status pt_recordings_add(pt_recordings *r, const char *recording, const char *caption,
                                const float *values, patina_error *err) {
    bool repeated = false;
    PT_TRY(pt_id_set_add(r->seen, recording, &repeated, err));
    for (size_t s = 0; s < r->n_scalars && !repeated; s++)
        PT_TRY(pt_float_array_append(&r->value[s], values[s], err));
    return caption ? add_caption(r, recording, caption, err) : PATINA_OK;
}

static int compare_keys(const void *a, const void *b) {
    const pt_caption_key *x = a, *y = b;
    if (x->caption != y->caption) return x->caption < y->caption ? -1 : 1;
    return (x->recording > y->recording) - (x->recording < y->recording);
}

/* Captions, and recordings with a caption that also belongs to another recording. */
static void count_captions(pt_recordings *r, patina_caption_stats *captions) {
    if (r->n_keys > 0) qsort(r->key, r->n_keys, sizeof *r->key, compare_keys);
    for (size_t i = 0; i < r->n_keys;) {
        const uint64_t caption = r->key[i].caption;
        uint64_t n = 0;
        for (size_t first = i; i < r->n_keys && r->key[i].caption == caption; i++)
            n += i == first || r->key[i].recording != r->key[i - 1].recording;
        captions->n_distinct++;
        if (n > 1) captions->n_shared += n;
        if (n > captions->n_most_shared) captions->n_most_shared = n;
    }
}

void pt_recordings_finish(pt_recordings *r, patina_inspection *stats) {
    stats->n_recordings = r->n_scalars > 0 ? r->value[0].n : 0;
    for (size_t s = 0; s < r->n_scalars; s++) {
        pt_floats_sort(r->value[s].value, r->value[s].n);
        pt_quantiles_from_sorted(r->value[s].value, r->value[s].n,
                                 &stats->scalar[s].recording_quantiles);
        pt_histogram_from_sorted(r->value[s].value, r->value[s].n,
                                 &stats->scalar[s].recording_histogram);
    }
    pt_floats_sort(r->n_words.value, r->n_words.n);
    pt_quantiles_from_sorted(r->n_words.value, r->n_words.n, &stats->captions.words);
    count_captions(r, &stats->captions);
}

void pt_recordings_release(pt_recordings *r) {
    for (size_t s = 0; r->value && s < r->n_scalars; s++)
        pt_float_array_release(&r->value[s]);
    free(r->value);
    pt_float_array_release(&r->n_words);
    free(r->key);
    pt_id_set_close(&r->seen);
    *r = (pt_recordings){0};
}
