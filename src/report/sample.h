/* SPDX-License-Identifier: MIT */
/* sample.h - rows to look at and listen to, chosen over the range of purity
 *
 *     purity of every row -> twelve rows -> their provenance -> the recording -> the window
 *     -> pristine                                                          (as generate took it)
 *     -> the chain once more -> degraded                                   (as generate made it)
 */

#ifndef PATINA_REPORT_SAMPLE_H
#define PATINA_REPORT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/arena.h>
#include <patina/inspect.h>

#include "corpus/corpus.h"
#include "degrade/suite.h"
#include "report/figures.h"
#include "report/set.h"

#define PT_SAMPLES 12

typedef struct pt_sample {
    uint64_t row;
    char *line; /* of provenance */
    json_t *json;
    const char *entry, *source, *caption; /* in json; source and caption may be NULL */
    double purity_db;
    char *words; /* of pt_chain_tell */
} pt_sample;

/** Zero it to start. */
typedef struct pt_samples {
    pt_sample sample[PT_SAMPLES];
    pt_entry recording[PT_SAMPLES]; /* of the corpus, for samples of the same id */
    size_t n_samples, n_recordings;
} pt_samples;

/**
 * Rows that stand in the middles of as many equal parts of all rows in the order of their purity,
 * purest first; where it can be had, no two of one entry.
 *
 * rows  out, [PT_SAMPLES]; returns how many, fewer only where there are not so many rows
 */
size_t pt_samples_choose(const pt_page_figures *page, uint64_t rows[PT_SAMPLES]);

/** Reads what is known of the rows. */
pt_status pt_samples_read(const char *out, const uint64_t *rows, size_t n, pt_samples *samples,
                          pt_error *err);

/** Goes through the corpus, if one is given, for the samples' recordings. */
pt_status pt_samples_find(const pt_report_options *options, pt_samples *samples, pt_error *err);

void pt_samples_release(pt_samples *samples);

/**
 * The two sounds of a sample, [*n] at 48 kHz, in the arena.
 *
 * Errors  PT_ENOMEM, or why this sample has no sound
 */
pt_status pt_sample_replay(const pt_samples *samples, size_t i, const char *audio_root,
                           const pt_suite *suite, const float **pristine, const float **degraded,
                           size_t *n, pt_arena *arena, pt_error *err);

#endif /* PATINA_REPORT_SAMPLE_H */
