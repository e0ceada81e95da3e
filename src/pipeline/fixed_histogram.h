/* SPDX-License-Identifier: MIT */
/* fixed_histogram.h - a distribution in cells of a tenth, whatever the number of its values */

#ifndef PATINA_PIPELINE_FIXED_HISTOGRAM_H
#define PATINA_PIPELINE_FIXED_HISTOGRAM_H

#include <stdint.h>

#define PT_FIXED_HISTOGRAM_MIN  (-120) /* what lies beyond counts as these */
#define PT_FIXED_HISTOGRAM_MAX  180
#define PT_FIXED_HISTOGRAM_BINS (10 * (PT_FIXED_HISTOGRAM_MAX - PT_FIXED_HISTOGRAM_MIN) + 1)

/** Cell i holds what rounds to lowest + i / 10. Zero it to start. */
typedef struct pt_fixed_histogram {
    uint64_t count[PT_FIXED_HISTOGRAM_BINS];
    uint64_t n;
} pt_fixed_histogram;

/** Adds a finite value. */
void pt_fixed_histogram_add(pt_fixed_histogram *histogram, double value);

/** The least tenth that a share of the values does not exceed, 0 < share <= 1; 0 without values. */
double pt_fixed_histogram_quantile(const pt_fixed_histogram *histogram, double share);

#endif /* PATINA_PIPELINE_FIXED_HISTOGRAM_H */
