/* SPDX-License-Identifier: MIT */
/* run.h - state of one run of patina_generate, shared by generate.c and chunks.c */

#ifndef PATINA_PIPELINE_RUN_H
#define PATINA_PIPELINE_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/generate.h>

#include "base/error.h"
#include "base/id_set.h"
#include "corpus/corpus_iterator.h"
#include "dataset/chunk_store.h"
#include "fs/path.h"
#include "pipeline/async_load.h"
#include "pipeline/caption_batch.h"
#include "pipeline/fixed_histogram.h"
#include "pipeline/plan.h"
#include "pipeline/rows.h"

typedef struct pt_run {
    pt_plan plan;
    pt_row_context row_context;
    patina_effect_config *effect_config;
    patina_meter *meter;
    pt_async_load async_load;
    patina_clap *clap;
    pt_device_encoder *encoder; /* NULL: the encoders run on the CPU */
    pt_caption_cache *cache;
    patina_clap_info info;
    char *model, *libraries, *card;
    const char *split_names[PATINA_SPLITS_MAX + 1];
    pt_run_metadata metadata;
    pt_chunk_store *store;
    pt_path
        replaced; /* data set that '--overwrite' replaces, until an entry is written; "": none */

    int64_t started_ns;
    pt_memory_budget budget;
    _Atomic int64_t delivered_ns; /* when an entry was last delivered */
    _Atomic size_t n_undelivered; /* entries that workers have taken and that are not written */
    atomic_bool stopping;         /* set by the calling thread, read by all threads */
    atomic_bool out_of_time;
    unsigned n_abandoned; /* threads that may never return */

    /* Used by the reader: one worker at a time, in corpus order. */
    pt_corpus_set *corpus;
    pt_id_set *ids;
    uint64_t n_read;
    struct item *held; /* read, and too large for the memory that is left: opens the next batch */
    struct item *prefetched[PT_CAPTION_BATCH_SIZE];
    size_t n_prefetched, next_prefetched;
    size_t
        batch_entries; /* entries of the next batch: a power of two up to PT_CAPTION_BATCH_SIZE */
    bool corpus_ended;
    patina_status read_status;
    patina_error read_err;

    /* Work of this call, fixed before the workers start. */
    uint64_t *n_skipped; /* [plan.n_chunks], entries at the start that exist or are not made here */
    uint64_t n_chunks_ours, n_chunks_pending, n_chunks_existing;
    uint64_t n_entries_pending; /* entries of these chunks that no journal has */
    uint64_t n_entries_kept;    /* entries of these chunks that a journal has */
    uint64_t n_entries_ours;    /* entries of the chunks of this shard */
    uint64_t n_entries_to_read; /* entries up to the last of these chunks */
    uint64_t n_rows_pending;    /* maximum rows of all missing chunks, of any shard */

    /* Used by the calling thread. */
    uint64_t n_chunks_done;
    uint64_t n_done, n_rows, n_rejects;
    pt_fixed_histogram purity, loudness;
    int64_t spent_ns[PATINA_RUN_STAGE_COUNT];
    bool chunk_is_open;
    /* Entries so far, if all are rejected for one reason: they are not written yet. */
    bool holds_first, all_rejected, made_audio_dir;
    pt_first_entries first;
    struct item *first_items[PT_FIRST_ENTRIES]; /* [first.n] */
    int64_t last_progress_ns;
} pt_run;

/** Passes an event to the user's callback, with the counts of the run. */
void pt_run_emit_event(const pt_run *run, patina_event event);

/** Emits a note: one sentence for the user. */
void pt_run_emit_note(const pt_run *run, const char *format, ...) PT_PRINTF(2, 3);

/**
 * Makes the pending chunks until all are complete, the time limit is reached or the caller stops
 * the run.
 *
 * Errors  those of the corpus and the store
 *         PATINA_EFORMAT     the corpus differs from the plan
 *         PATINA_ECANCELLED  stopped, or the time limit was reached
 */
patina_status pt_run_process_chunks(pt_run *run, patina_error *err);

/** Releases entries that were read and not written. */
void pt_run_release_prefetched(pt_run *run);

#endif /* PATINA_PIPELINE_RUN_H */
