/* SPDX-License-Identifier: MIT */

#include "pipeline/tenths.h"

#include <math.h>

void pt_tenths_add(pt_tenths *h, double value) {
    const double cell = floor((value - PT_TENTHS_LOWEST) * 10.0 + 0.5);
    const double last = PT_TENTHS_CELLS - 1;
    h->count[cell < 0.0 ? 0 : (int)(cell > last ? last : cell)]++;
    h->n++;
}

double pt_tenths_quantile(const pt_tenths *h, double share) {
    const uint64_t wanted = (uint64_t)ceil(share * (double)h->n);
    uint64_t reached = 0;
    if (h->n == 0) return 0.0;
    int i = 0;
    for (; i < PT_TENTHS_CELLS - 1; i++) {
        reached += h->count[i];
        if (reached >= wanted && reached > 0) break;
    }
    return PT_TENTHS_LOWEST + i / 10.0;
}
