/* SPDX-License-Identifier: MIT */
/* plan.h - what a run is going to do, fixed before it starts
 *
 * Entries in corpus order are cut into chunks of equal length; shard I of N does every chunk whose
 * number is I modulo N. Processes that are given the same options make the same plan, and compare
 * hashes to be sure.
 */

#ifndef PATINA_PIPELINE_PLAN_H
#define PATINA_PIPELINE_PLAN_H

#include <stdatomic.h>
#include <stdint.h>

#include <patina/generate.h>

#include "base/hash.h"
#include "corpus/corpus_iterator.h"
#include "pipeline/split.h"

/** Zero it to start. */
typedef struct pt_plan {
    patina_generate_options options; /* with every default written out */
    pt_corpus_options corpus;
    pt_splits splits;
    char *settings; /* what can change a byte of the output, as a JSON object */
    char settings_hash[PT_SHA256_HEX_SIZE];

    pt_corpus *scanned; /* the corpus after pt_plan_scan_corpus, to be rewound */
    char *corpus_kind;
    char corpus_hash
        [PT_SHA256_HEX_SIZE]; /* of ids and captions in order; not of sources, since a clip
                                        that was missing may be there another day */
    uint64_t n_entries, n_chunks;
    uint64_t n_rows_max;  /* rows, if nothing more is rejected */
    uint64_t *chunk_rows; /* [n_chunks]: those of each chunk */
} pt_plan;

/**
 * Completes the options and writes the settings down. The strings of the options are borrowed.
 *
 * Errors  PATINA_EUSAGE, PATINA_EFORMAT (the suite)
 */
patina_status pt_plan_resolve_options(pt_plan *plan, const patina_generate_options *options,
                                      const patina_effect_config *suite, patina_error *err);

/**
 * Reads the corpus once, without its audio.
 *
 * stop    may be NULL
 *
 * Errors  those of pt_corpus_open and pt_corpus_next, PATINA_ECANCELLED
 */
patina_status pt_plan_scan_corpus(pt_plan *plan, const patina_atomic_bool *stop, patina_error *err);

/** Whether a chunk is this process's to make. */
bool pt_plan_owns_chunk(const pt_plan *plan, uint64_t chunk);

/** Entries of a chunk. */
uint64_t pt_plan_chunk_entries(const pt_plan *plan, uint64_t chunk);

void pt_plan_release(pt_plan *plan);

#endif /* PATINA_PIPELINE_PLAN_H */
