/* SPDX-License-Identifier: MIT */
/* quantiles.h - how many values lie: exactly, or counted in steps where they are too many to keep
 */

#ifndef PATINA_REPORT_QUANTILES_H
#define PATINA_REPORT_QUANTILES_H

#include <stddef.h>
#include <stdint.h>

#include <patina/inspect.h>

/** Values that are kept; zero it to start. */
typedef struct pt_values {
    float *value;
    size_t n, capacity;
} pt_values;

pt_status pt_values_add(pt_values *values, float value, pt_error *err);
void pt_values_release(pt_values *values);

/** Of n finite values in ascending order. */
void pt_quantiles_of_sorted(const float *sorted, size_t n, pt_quantiles *quantiles);

/**
 * Bins of one round width (1, 2, 2.5 or 5 times a power of ten), at most 24 of them and as narrow
 * as that allows, from a multiple of the width on.
 *
 * sorted  [n] finite, ascending
 */
void pt_histogram_of_sorted(const float *sorted, size_t n, pt_histogram *histogram);

/** Ascending, in place. */
void pt_sort_floats(float *values, size_t n);

/** A round number of at least span / n: 1, 2, 2.5 or 5 times a power of ten. */
double pt_round_step(double span, size_t n);

/** Levels from -120 to 80 dB are counted in steps; what lies outside counts as the outermost. */
#define PT_LEVEL_STEP_DB 0.01
#define PT_LEVEL_STEPS   20001

typedef struct pt_levels {
    uint64_t n, n_floor; /* above the floor, and at it, which are not counted below */
    double least, most, sum;
    uint32_t *count; /* [PT_LEVEL_STEPS], borrowed and zeroed */
} pt_levels;

void pt_levels_add(pt_levels *levels, double level_db);

/** To half a step, but for least, most and mean, which are exact. */
void pt_quantiles_of_levels(const pt_levels *levels, pt_quantiles *quantiles);

#endif /* PATINA_REPORT_QUANTILES_H */
