/* SPDX-License-Identifier: MIT */
/* fixed_histogram.c - fixed-bin histogram and its quantiles */

#include "pipeline/fixed_histogram.h"

#include <math.h>

void pt_fixed_histogram_add(pt_fixed_histogram *h, double value) {
    const double bin = floor((value - PT_FIXED_HISTOGRAM_MIN) * 10.0 + 0.5);
    const double last = PT_FIXED_HISTOGRAM_BINS - 1;
    h->count[bin < 0.0 ? 0 : (int)(bin > last ? last : bin)]++;
    h->n++;
}

double pt_fixed_histogram_quantile(const pt_fixed_histogram *h, double share) {
    const uint64_t wanted = (uint64_t)ceil(share * (double)h->n);
    uint64_t reached = 0;
    if (h->n == 0) return 0.0;
    int i = 0;
    for (; i < PT_FIXED_HISTOGRAM_BINS - 1; i++) {
        reached += h->count[i];
        if (reached >= wanted && reached > 0) break;
    }
    return PT_FIXED_HISTOGRAM_MIN + i / 10.0;
}
