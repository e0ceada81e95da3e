/* SPDX-License-Identifier: MIT */
/* run.h - one run of generate: what generate.c opens, and what chunks.c does with it */

#ifndef PATINA_PIPELINE_RUN_H
#define PATINA_PIPELINE_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/generate.h>

#include "base/id_set.h"
#include "corpus/corpus.h"
#include "dataset/store.h"
#include "pipeline/caption_batch.h"
#include "pipeline/opener.h"
#include "pipeline/plan.h"
#include "pipeline/rows.h"
#include "pipeline/tenths.h"

/* What audio of archives the entries in flight may hold together before the next is read, which may
 * be of 1 GiB. Ordinary clips never come near. */
#define PT_HELD_BYTES (UINT64_C(2) << 30)

typedef struct pt_run {
    pt_plan plan;
    pt_row_plan rows;
    pt_suite *suite;
    pt_meter *meter;
    pt_opener opener;
    pt_clap *clap;
    pt_caption_cache *cache;
    pt_clap_info info;
    char *model, *libraries;
    const char *split_names[PT_SPLITS_MAX + 1];
    pt_dataset_facts facts;
    pt_store *store;

    int64_t started_ns;
    atomic_bool stopping; /* set by the calling thread, read by all */
    atomic_bool out_of_time;
    unsigned at_large; /* threads that may never come back */

    /* The reader's: one worker at a time, in corpus order. */
    pt_corpus *corpus;
    _Atomic uint64_t n_held; /* bytes of audio in the entries in flight; workers let go of it */
    pt_id_set *ids;
    uint64_t n_read;
    struct item *ahead[PT_CAPTIONS_TOGETHER];
    size_t n_ahead, next_ahead;
    size_t batch_entries; /* of the next batch: a power of two up to PT_CAPTIONS_TOGETHER */
    bool read_all;
    pt_status read_status;
    pt_error read_err;

    /* What there is to do, fixed before the workers start. */
    bool *is_to_do; /* [plan.n_chunks]: ours, and not there yet */
    uint64_t n_chunks_ours, n_chunks_to_do, n_chunks_held;
    uint64_t n_entries_to_do, n_entries_needed; /* and how many have to be read for that */
    uint64_t n_rows_to_come; /* at most, of all chunks that are not there, whosever they are */

    /* The calling thread's. */
    uint64_t n_chunks_done;
    uint64_t n_done, n_rows, n_rejects;
    pt_tenths purity, loudness;
    int64_t spent_ns[PT_RUN_STAGES];
    bool chunk_is_open;
    int64_t last_progress_ns, chunk_began_ns;
    _Atomic int64_t longest_chunk_ns; /* written by the calling thread, read by the reader */
} pt_run;

/** Tells the user's callback of an event, with how far the run is. */
void pt_run_tell(const pt_run *run, pt_event event);

/** One sentence for the user. */
void pt_run_note(const pt_run *run, const char *format, ...) PT_PRINTF(2, 3);

/**
 * Makes the chunks that are to be made: reads, works and writes until they are done, time is over
 * or somebody asks to stop.
 *
 * Errors  those of the corpus and the store; PT_EFORMAT: the corpus is another than was planned;
 *         PT_ECANCELLED
 */
pt_status pt_run_chunks(pt_run *run, pt_error *err);

/** Releases entries that were read and not worked on. */
void pt_run_drop_ahead(pt_run *run);

#endif /* PATINA_PIPELINE_RUN_H */
