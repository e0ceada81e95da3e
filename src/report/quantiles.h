/* SPDX-License-Identifier: MIT */
/* quantiles.h - how many values lie: exactly, or counted in steps where they are too many to keep
 */

#ifndef PATINA_REPORT_QUANTILES_H
#define PATINA_REPORT_QUANTILES_H

#include <stddef.h>
#include <stdint.h>

#include <patina/inspect.h>

/** Values that are kept; zero it to start. */
typedef struct pt_float_array {
    float *value;
    size_t n, capacity;
} pt_float_array;

patina_status pt_float_array_append(pt_float_array *values, float value, patina_error *err);
void pt_float_array_release(pt_float_array *values);

/** Of n finite values in ascending order. */
void pt_quantiles_from_sorted(const float *sorted, size_t n, patina_quantiles *quantiles);

/**
 * Bins of one round width (1, 2, 2.5 or 5 times a power of ten), at most 24 of them and as narrow
 * as that allows, from a multiple of the width on.
 *
 * sorted  [n] finite, ascending
 */
void pt_histogram_from_sorted(const float *sorted, size_t n, patina_histogram *histogram);

/** Ascending, in place. */
void pt_floats_sort(float *values, size_t n);

/** A round number of at least span / n: 1, 2, 2.5 or 5 times a power of ten. */
double pt_nice_step(double span, size_t n);

/** Levels from -120 to 80 dB are counted in steps; what lies outside counts as the outermost. */
#define PT_LEVEL_BIN_WIDTH_DB 0.01
#define PT_LEVEL_BIN_COUNT    20001

typedef struct pt_level_histogram {
    uint64_t n, n_floor; /* above the floor, and at it, which are not counted below */
    double min, max, sum;
    uint32_t *count; /* [PT_LEVEL_BIN_COUNT], borrowed and zeroed */
} pt_level_histogram;

void pt_level_histogram_add(pt_level_histogram *levels, double level_db);

/** To half a step, but for least, most and mean, which are exact. */
void pt_quantiles_from_level_histogram(const pt_level_histogram *levels,
                                       patina_quantiles *quantiles);

#endif /* PATINA_REPORT_QUANTILES_H */
