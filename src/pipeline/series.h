/* SPDX-License-Identifier: MIT */
/* series.h - how figures of a bench are taken and summed up */

#ifndef PATINA_PIPELINE_SERIES_H
#define PATINA_PIPELINE_SERIES_H

#include <patina/bench.h>

/** One figure, round after round. */
typedef struct pt_series {
    double value[PT_BENCH_ROUNDS_MAX];
    unsigned n;
} pt_series;

void pt_series_add(pt_series *series, double value);
pt_spread pt_series_of_times(const pt_series *series);
pt_spread pt_series_of_rates(const pt_series *series);

/** Seconds of the monotonic clock. */
double pt_bench_now(void);

#endif /* PATINA_PIPELINE_SERIES_H */
