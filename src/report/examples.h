/* SPDX-License-Identifier: MIT */
/* examples.h - rows for the samples of the report, over the range of purity
 *
 *     purity of every row -> twelve rows -> provenance -> recording -> window = pristine audio
 *     pristine audio -> chain of the provenance -> degraded audio, both as generate made them
 */

#ifndef PATINA_REPORT_EXAMPLES_H
#define PATINA_REPORT_EXAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include <patina/file_ops.h>
#include <patina/inspect.h>

#include "audio/segment.h"
#include "base/arena.h"
#include "corpus/corpus_iterator.h"
#include "degrade/effect_config.h"
#include "report/dataset_reader.h"
#include "report/statistics.h"

#define PT_EXAMPLES_MAX PATINA_REPORT_ROWS_MAX

typedef struct pt_example {
    uint64_t row;
    char *line; /* of provenance/ */
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
 * Selects rows at evenly spaced quantiles of purity, highest first, if possible from different
 * entries.
 *
 * rows  out, [PT_EXAMPLES_MAX]
 *
 * n_rows  out: their number, less than PT_EXAMPLES_MAX only for a smaller set
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_examples_select(const pt_report_statistics *page, uint64_t rows[PT_EXAMPLES_MAX],
                                 size_t *n_rows, patina_error *err);

/** Reads the provenance of the rows. */
patina_status pt_examples_read(const char *out, const uint64_t *rows, size_t n,
                               pt_examples *examples, patina_error *err);

/** Searches the corpus of the options, if any, for the recordings of the samples. */
patina_status pt_examples_find_recordings(const patina_report_options *options,
                                          pt_examples *examples, patina_error *err);

void pt_examples_release(pt_examples *examples);

/**
 * Decodes the recording of a sample and replays its recipe. The segment is allocated from the
 * arena; patina_degraded_release() frees *degraded.
 *
 * Errors  PATINA_ENOMEM, or the reason why the audio of this sample is not available
 */
patina_status pt_example_replay(const pt_examples *examples, size_t i, const char *audio_root,
                                const patina_effect_config *config, pt_segment *pristine,
                                patina_degraded *degraded, pt_arena *arena, patina_error *err);

#endif /* PATINA_REPORT_EXAMPLES_H */
