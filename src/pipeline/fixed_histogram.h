/* SPDX-License-Identifier: MIT */
/* fixed_histogram.h - fixed-bin histogram (bin width 0.1) for quantiles in constant memory */

#ifndef PATINA_PIPELINE_FIXED_HISTOGRAM_H
#define PATINA_PIPELINE_FIXED_HISTOGRAM_H

#include <stdint.h>

#define PT_FIXED_HISTOGRAM_MIN  (-120) /* values outside are counted in the outer bins */
#define PT_FIXED_HISTOGRAM_MAX  180
#define PT_FIXED_HISTOGRAM_BINS (10 * (PT_FIXED_HISTOGRAM_MAX - PT_FIXED_HISTOGRAM_MIN) + 1)

/** Bin i counts values that round to PT_FIXED_HISTOGRAM_MIN + i / 10. Zero it to start. */
typedef struct pt_fixed_histogram {
    uint64_t count[PT_FIXED_HISTOGRAM_BINS];
    uint64_t n;
} pt_fixed_histogram;

/** Adds a finite value. */
void pt_fixed_histogram_add(pt_fixed_histogram *histogram, double value);

/** Returns the quantile of a share, 0 < share <= 1, rounded to 0.1; 0 without values. */
double pt_fixed_histogram_quantile(const pt_fixed_histogram *histogram, double share);

#endif /* PATINA_PIPELINE_FIXED_HISTOGRAM_H */
