/* SPDX-License-Identifier: MIT */
/* bench_stats.h - samples of a measurement and their statistics */

#ifndef PATINA_BENCH_BENCH_STATS_H
#define PATINA_BENCH_BENCH_STATS_H

#include "bench/bench.h"

/** Values of one measurement, one for each round. */
typedef struct pt_bench_samples {
    double value[PT_BENCH_ROUNDS_MAX];
    unsigned n;
} pt_bench_samples;

void pt_bench_samples_add(pt_bench_samples *samples, double value);

/** Whether the last three of at least five times, or rates, improve the best before by less than
 * 2 %. Without values: true. */
bool pt_bench_samples_settled(const pt_bench_samples *samples, bool are_rates);

pt_bench_stats pt_bench_stats_from_times(const pt_bench_samples *samples);
pt_bench_stats pt_bench_stats_from_rates(const pt_bench_samples *samples);

/** Returns seconds of CPU time of the calling thread. */
double pt_thread_cpu_s(void);

#endif /* PATINA_BENCH_BENCH_STATS_H */
