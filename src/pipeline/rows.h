/* SPDX-License-Identifier: MIT */
/* rows.h - the walk of one entry: audio -> measure -> degrade -> measure -> clap -> rows */

#ifndef PATINA_PIPELINE_ROWS_H
#define PATINA_PIPELINE_ROWS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/generate.h>
#include <patina/measure.h>

#include "base/str.h"
#include "corpus/corpus.h"
#include "dataset/sink.h"
#include "pipeline/caption_cache.h"

/** What all workers share; but for the cache, which locks, read-only while they work. */
typedef struct pt_row_plan {
    const pt_clap *clap;
    const pt_meter *meter;
    const pt_suite *suite;
    pt_caption_cache *cache;
    uint64_t seed;
    uint32_t variants; /* rows a caption */
    pt_order order;
    pt_captions captions;
    pt_loudness loudness;
    const atomic_bool *stop; /* may be NULL */
} pt_row_plan;

/** An entry, or one caption of it, that gave no row. */
typedef struct pt_reject {
    pt_status reason;
    char *sentence;
} pt_reject;

/** What became of one entry. Zero it once, release it once; cleared for every entry in between. */
typedef struct pt_harvest {
    pt_row *rows;
    size_t n_rows, rows_capacity;
    pt_str provenance; /* one line for each row */
    pt_reject *rejects;
    size_t n_rejects, rejects_capacity;
} pt_harvest;

void pt_harvest_clear(pt_harvest *harvest);
void pt_harvest_release(pt_harvest *harvest);

/**
 * Makes the rows of an entry. What is wrong with the entry becomes rejects and PT_OK; an error is
 * what ends a run.
 *
 * repeated  an earlier entry had the same id
 *
 * Errors    PT_ENOMEM, PT_ERANGE (more variants than there are numbers for), PT_ECANCELLED
 */
pt_status pt_rows_make(const pt_row_plan *plan, const pt_entry *entry, bool repeated,
                       pt_harvest *harvest, pt_arena *arena, pt_error *err);

#endif /* PATINA_PIPELINE_ROWS_H */
