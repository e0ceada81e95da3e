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
#include "pipeline/split.h"
#include "pipeline/watch.h"

/** What all workers share, read-only while they work. */
typedef struct pt_row_plan {
    const pt_clap *clap;
    const pt_meter *meter;
    const pt_suite *suite;
    const pt_splits *splits;
    uint64_t seed;
    uint32_t variants; /* rows a caption */
    pt_order order;
    pt_captions captions;
    pt_loudness loudness;
    const char *keep_audio;  /* folder of pt_keep_audio; may be NULL */
    const atomic_bool *stop; /* may be NULL */
} pt_row_plan;

/** How one entry is taken. */
typedef struct pt_row_turn {
    bool repeated;   /* an earlier entry had the same id */
    bool keep_audio; /* its rows are to be listened to */
    pt_watch *watch; /* runs while the audio is read and measured; once broken off, what is made is
                        of no use */
} pt_row_turn;

/** An entry, or one caption of it, that gave no row. */
typedef struct pt_reject {
    pt_status reason;
    char *sentence;
} pt_reject;

/** What became of one entry. Zero it once, release it once; cleared for every entry in between. */
typedef struct pt_harvest {
    pt_row *rows; /* the text half of fused_state is still to come: pt_harvest_add_texts */
    size_t n_rows, rows_capacity;
    int64_t spent_ns[PT_RUN_STAGES];
    size_t split;      /* that the rows belong to */
    pt_str provenance; /* one line for each row */
    pt_reject *rejects;
    size_t n_rejects, rejects_capacity;
} pt_harvest;

void pt_harvest_clear(pt_harvest *harvest);
void pt_harvest_release(pt_harvest *harvest);

/**
 * The captions of an entry that its rows are made from: those of first to last - 1 that are not
 * bad. None where its id is repeated or it was rejected already.
 *
 * repeated  an earlier entry had the same id
 */
void pt_rows_captions(pt_captions which, uint64_t seed, const pt_entry *entry, bool repeated,
                      size_t *first, size_t *last);

/**
 * Makes the rows of an entry but for the text half of their vectors, caption by caption and variant
 * by variant. What is wrong with the entry becomes rejects and PT_OK; an error is what ends a run.
 *
 * Errors  PT_ENOMEM, PT_ERANGE (more variants than there are numbers for), PT_ECANCELLED (stopped,
 *         or broken off), PT_EIO (of audio that is kept)
 */
pt_status pt_rows_make(const pt_row_plan *plan, const pt_entry *entry, const pt_row_turn *turn,
                       pt_harvest *harvest, pt_arena *arena, pt_error *err);

/** Completes the rows: texts is [its captions of pt_rows_captions, PT_EMBEDDING]. */
void pt_harvest_add_texts(pt_harvest *harvest, const pt_row_plan *plan, const float *texts);

/** Adds a reject. Errors  PT_ENOMEM */
pt_status pt_harvest_reject(pt_harvest *harvest, pt_status reason, pt_error *err,
                            const char *format, ...) PT_PRINTF(4, 5);

#endif /* PATINA_PIPELINE_ROWS_H */
