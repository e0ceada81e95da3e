/* SPDX-License-Identifier: MIT */
/* split_by_sound.c - splits that keep clips with the same sound together, whatever their
 * encoding */

#include "pipeline/split_by_sound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audio/decoder.h"
#include "audio/sound_match.h"
#include "audio/sound_scan.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/retry.h"
#include "pipeline/ordered_pool.h"

#define ITEMS_PER_WORKER 8

typedef struct item {
    pt_entry entry;
    uint64_t index;
    pt_sound sound;
    size_t split; /* by its content, or PT_SPLIT_UNKNOWN */
    patina_status status;
    patina_error err;
} item;

typedef struct job {
    pt_plan *plan;
    uint64_t n_read;
    patina_status status; /* of reading */
    patina_error err;

    pt_sound *sounds; /* [n_sounds] */
    size_t n_sounds, capacity;
    uint64_t *first; /* [n_entries]: an earlier entry of the same sound, or the entry itself */
    uint64_t n_pairs;
} job;

static void release_item(void *context, void *slot) {
    item *it = slot;
    (void)context;
    if (!it) return;
    pt_entry_release(&it->entry);
    free(it);
}

static void *next_item(void *context) {
    job *j = context;
    size_t corpus;
    bool end = false;

    if (j->status != PATINA_OK || j->n_read == j->plan->n_entries) return NULL;
    item *it = calloc(1, sizeof *it);
    j->status = it ? pt_corpus_set_next(j->plan->scanned, true, &it->entry, &corpus, &end, &j->err)
                   : pt_fail(&j->err, PATINA_ENOMEM, "out of memory");
    if (j->status != PATINA_OK || end) {
        release_item(j, it);
        return NULL;
    }
    it->index = j->n_read++;
    it->split = PT_SPLIT_UNKNOWN;
    return it;
}

static patina_status scan(const job *j, item *it, pt_byte_source *bytes, pt_arena *arena,
                          patina_error *err) {
    pt_sound_scan scan = {0};
    pt_fingerprint fingerprint;
    pt_arena_reset(arena);
    PT_TRY(pt_sound_scan_run(bytes, &scan, arena, err));
    PT_TRY(pt_splits_assign(&j->plan->splits, bytes, &it->split, err));
    pt_fingerprint_make(&scan, &fingerprint);
    pt_sound_from_fingerprint(&fingerprint, it->index, &it->sound);
    return PATINA_OK;
}

static patina_status try_scan(const job *j, item *it, pt_arena *arena, patina_error *err) {
    pt_byte_source bytes = {0};
    pt_byte_fault fault = {0};
    PT_TRY(pt_entry_open(&it->entry, &bytes, err));
    bytes.fault = &fault;
    const patina_status status = scan(j, it, &bytes, arena, err);
    pt_byte_source_close(&bytes);
    if (fault.error == 0 && !fault.has_shrunk) return status;
    return pt_fail(err, PATINA_ETEMPORARY, "cannot be read: %s",
                   fault.error ? strerrordesc_np(fault.error) : "the file became shorter");
}

/* A clip that cannot be decoded is rejected later. */
static void scan_item(void *context, void *state, void *slot) {
    const job *j = context;
    item *it = slot;
    unsigned n_faults = 0;
    patina_status previous = PATINA_OK;
    bool again = it->entry.status == PATINA_OK;

    while (again) {
        it->status = try_scan(j, it, state, &it->err);
        again = pt_decoder_is_doubtful(it->status, &previous) ||
                (it->status == PATINA_ETEMPORARY && pt_retry_after_fault(&n_faults, EIO));
    }
    if (it->status == PATINA_ETEMPORARY) {
        pt_error_add_context(&it->err, "entry '%s': '%s'", it->entry.id, it->entry.source);
        it->status = j->plan->options.skip_unreadable ? PATINA_REJECT_IO_ERROR : PATINA_EIO;
    }
    if (it->status != PATINA_OK) it->split = PT_SPLIT_UNKNOWN;
    if (patina_status_is_reject(it->status)) it->status = PATINA_OK;
}

static patina_status take_item(void *context, void *slot, patina_error *err) {
    job *j = context;
    item *it = slot;
    const bool has_sound = it->split != PT_SPLIT_UNKNOWN;
    patina_status status =
        it->status == PATINA_OK ? PATINA_OK : pt_fail(err, it->status, "%s", it->err.message);

    if (status == PATINA_OK && has_sound && j->n_sounds == j->capacity) {
        const size_t capacity = j->capacity ? 2 * j->capacity : 1024;
        pt_sound *grown = realloc(j->sounds, capacity * sizeof *grown);
        if (!grown)
            status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        else
            j->sounds = grown, j->capacity = capacity;
    }
    if (has_sound && status == PATINA_OK) j->sounds[j->n_sounds++] = it->sound;
    j->plan->split[it->index] = (uint8_t)it->split;
    release_item(j, it);
    return status;
}

static bool is_stopped(void *context) {
    const job *j = context;
    const patina_atomic_bool *stop = j->plan->options.stop;
    return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

static uint64_t find_first(uint64_t *first, uint64_t i) {
    while (first[i] != i)
        i = first[i] = first[first[i]];
    return i;
}

static bool join(void *context, const pt_sound *a, const pt_sound *b, double distance_db) {
    job *j = context;
    const uint64_t x = find_first(j->first, a->index), y = find_first(j->first, b->index);
    (void)distance_db;
    j->first[x < y ? y : x] = x < y ? x : y;
    j->n_pairs++;
    return true;
}

static patina_status assign(job *j, patina_error *err) {
    pt_plan *plan = j->plan;
    j->first = calloc(plan->n_entries + 1, sizeof *j->first);
    if (!j->first) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (uint64_t i = 0; i < plan->n_entries; i++)
        j->first[i] = i;
    PT_TRY(pt_sounds_find_pairs(j->sounds, j->n_sounds, PT_SOUND_BOUND_DB, join, j, err));
    for (uint64_t i = 0; i < plan->n_entries; i++) /* first[i] <= i, and is final there */
        plan->split[i] = plan->split[find_first(j->first, i)];
    return PATINA_OK;
}

patina_status pt_plan_split_by_sound(pt_plan *plan, uint64_t *n_pairs, patina_error *err) {
    job j = {.plan = plan};
    const unsigned threads = plan->options.threads;
    const pt_ordered_pool_job pool = {.context = &j,
                                      .next = next_item,
                                      .worker_create = pt_ordered_pool_arena_create,
                                      .worker_destroy = pt_ordered_pool_arena_destroy,
                                      .work = scan_item,
                                      .deliver = take_item,
                                      .release = release_item,
                                      .stopped = is_stopped};
    unsigned n_abandoned = 0;

    plan->split = calloc(plan->n_entries + 1, sizeof *plan->split);
    if (!plan->split) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    patina_status status = pt_corpus_set_rewind(plan->scanned, err);
    if (status == PATINA_OK)
        status = pt_ordered_pool_run(&pool, threads, (size_t)threads * ITEMS_PER_WORKER,
                                     &n_abandoned, err);
    if (status == PATINA_OK && j.status != PATINA_OK)
        status = pt_fail(err, j.status, "%s", j.err.message);
    if (status == PATINA_OK) status = assign(&j, err);
    *n_pairs = j.n_pairs;
    free(j.sounds);
    free(j.first);
    return status;
}
