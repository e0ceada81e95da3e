/* SPDX-License-Identifier: MIT */
/* examples.h - rows to look at and listen to, chosen over the range of purity
 *
 *     purity of every row -> twelve rows -> their provenance -> the recording -> the window
 *     -> pristine                                                          (as generate took it)
 *     -> the chain once more -> degraded                                   (as generate made it)
 */

#ifndef PATINA_REPORT_EXAMPLES_H
#define PATINA_REPORT_EXAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include <patina/inspect.h>

#include "base/arena.h"
#include "corpus/corpus_iterator.h"
#include "degrade/effect_config.h"
#include "report/dataset_reader.h"
#include "report/statistics.h"

#define PT_EXAMPLES_MAX 12

typedef struct pt_example {
    uint64_t row;
    char *line; /* of provenance */
    json_t *json;
    const char *entry, *source, *caption; /* in json; source and caption may be NULL */
    double purity_db;
    char *words; /* of patina_effect_chain_describe */
} pt_example;

/** Zero it to start. */
typedef struct pt_examples {
    pt_example example[PT_EXAMPLES_MAX];
    pt_entry recording[PT_EXAMPLES_MAX]; /* of the corpus, for samples of the same id */
    size_t n_samples, n_recordings;
} pt_examples;

/**
 * Rows that stand in the middles of as many equal parts of all rows in the order of their purity,
 * purest first; where it can be had, no two of one entry.
 *
 * rows  out, [PT_EXAMPLES_MAX]; returns how many, fewer only where there are not so many rows
 */
size_t pt_examples_select(const pt_report_statistics *page, uint64_t rows[PT_EXAMPLES_MAX]);

/** Reads what is known of the rows. */
patina_status pt_examples_read(const char *out, const uint64_t *rows, size_t n,
                               pt_examples *examples, patina_error *err);

/** Goes through the corpus, if one is given, for the samples' recordings. */
patina_status pt_examples_find_recordings(const patina_report_options *options,
                                          pt_examples *examples, patina_error *err);

void pt_examples_release(pt_examples *examples);

/**
 * The two sounds of a sample, [*n] at 48 kHz, in the arena.
 *
 * Errors  PATINA_ENOMEM, or why this sample has no sound
 */
patina_status pt_example_replay(const pt_examples *examples, size_t i, const char *audio_root,
                                const patina_effect_config *config, const float **pristine,
                                const float **degraded, size_t *n, pt_arena *arena,
                                patina_error *err);

#endif /* PATINA_REPORT_EXAMPLES_H */
