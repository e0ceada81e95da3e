/* SPDX-License-Identifier: MIT */
/* quantiles.h - quantiles and histograms: exact, or from a fixed-bin histogram in constant
 * memory */

#ifndef PATINA_REPORT_QUANTILES_H
#define PATINA_REPORT_QUANTILES_H

#include <stddef.h>
#include <stdint.h>

#include <patina/inspect.h>

/** A growing array; zero it to start. */
typedef struct pt_float_array {
    float *value;
    size_t n, capacity;
} pt_float_array;

patina_status pt_float_array_append(pt_float_array *values, float value, patina_error *err);
void pt_float_array_release(pt_float_array *values);

/** Quantiles of n finite values in ascending order. */
void pt_quantiles_from_sorted(const float *sorted, size_t n, patina_quantiles *quantiles);

/**
 * A histogram of at most 24 bins of the smallest round width (1, 2, 2.5 or 5 times a power of ten)
 * that allows this; the first edge is a multiple of the width.
 *
 * sorted  [n] finite, ascending
 */
void pt_histogram_from_sorted(const float *sorted, size_t n, patina_histogram *histogram);

/** Ascending, in place. */
void pt_floats_sort(float *values, size_t n);

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least span / n. */
double pt_nice_step(double span, size_t n);

/* A fixed-bin histogram of levels from -120 to 80 dB; values outside go to the outermost bin. */
#define PT_LEVEL_BIN_WIDTH_DB 0.01
#define PT_LEVEL_BIN_COUNT    20001

typedef struct pt_level_histogram {
    uint64_t n, n_floor; /* values above the floor, and at it; the members below leave those out */
    double min, max, sum;
    uint32_t *count; /* [PT_LEVEL_BIN_COUNT], borrowed and zeroed */
} pt_level_histogram;

void pt_level_histogram_add(pt_level_histogram *levels, double level_db);

/** Exact to half a bin width; minimum, maximum and mean are exact. */
void pt_quantiles_from_level_histogram(const pt_level_histogram *levels,
                                       patina_quantiles *quantiles);

#endif /* PATINA_REPORT_QUANTILES_H */
