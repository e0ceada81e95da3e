/* SPDX-License-Identifier: MIT */
/* statistics.h - statistics of a set in one pass, for patina_inspect and for the report */

#ifndef PATINA_REPORT_STATISTICS_H
#define PATINA_REPORT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/inspect.h>

#include "degrade/effect.h"
#include "report/dataset_reader.h"
#include "report/quantiles.h"
#include "report/same_sound.h"

#define PT_HISTOGRAM2D_X_BINS     20
#define PT_HISTOGRAM2D_Y_WIDTH_DB 0.5 /* dB of purity */
#define PT_HISTOGRAM2D_Y_BINS     180 /* -30 to 60 dB */

/** Rows by purity and by the primary parameter of an effect that they have. */
typedef struct pt_histogram2d {
    const pt_setting *primary;
    double low, high; /* the range of the draw */
    uint32_t all[PT_HISTOGRAM2D_X_BINS][PT_HISTOGRAM2D_Y_BINS];
    uint32_t alone[PT_HISTOGRAM2D_X_BINS]
                  [PT_HISTOGRAM2D_Y_BINS]; /* no other effect of the row lowers purity */
} pt_histogram2d;

#define PT_ROW_SUBSAMPLE_MAX 2000

/** Every stride-th row, for statistics that need whole rows. */
typedef struct pt_row_subsample {
    float (*fused)[2 * PATINA_EMBEDDING_SIZE];
    float *purity;
    size_t n, stride;
} pt_row_subsample;

#define PT_LISTED_ROWS_MAX 500

/** A row of the table in the report. */
typedef struct pt_listed_row {
    uint64_t row;
    size_t split;
    char *caption, *source;
    unsigned effects; /* bit e: pt_effects[e] */
} pt_listed_row;

/** Statistics for the report only. */
typedef struct pt_report_statistics {
    pt_histogram2d grid[PT_EFFECT_COUNT];
    pt_row_subsample subsample;
    pt_float_array purity; /* of every row, in order */
    uint64_t *entry_hash;  /* [purity.capacity] of every row's entry */
    pt_float_array *value; /* [n_scalars] of every row, in order */
    size_t n_scalars;
    pt_listed_row listed[PT_LISTED_ROWS_MAX]; /* every listed_stride-th row */
    size_t n_listed;
    uint64_t listed_stride;
    size_t n_hashes;
} pt_report_statistics;

/**
 * stats  zeroed before; released by pt_statistics_release, on failure too
 * page   NULL, or zeroed before and released by pt_report_statistics_release
 * sounds NULL, or a list to add each entry to
 */
patina_status pt_statistics_compute(pt_dataset_reader *reader, const patina_effect_config *config,
                                    patina_inspection *stats, pt_report_statistics *page,
                                    pt_sound_list *sounds, patina_error *err);
void pt_statistics_release(patina_inspection *stats);
void pt_report_statistics_release(pt_report_statistics *page);

/** Opens the suite of the set; the default suite if dataset.json has none. */
patina_status pt_dataset_reader_open_effect_config(const pt_dataset_reader *reader,
                                                   patina_effect_config **config,
                                                   patina_error *err);

#endif /* PATINA_REPORT_STATISTICS_H */
