/* SPDX-License-Identifier: MIT */
/* bench_stats.c - monotonic clock, and best, median and worst of the rounds */

#include "bench/bench_stats.h"

#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"

double pt_monotonic_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void pt_bench_samples_add(pt_bench_samples *samples, double value) {
    if (samples->n < PT_BENCH_ROUNDS_MAX) samples->value[samples->n++] = value;
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

pt_bench_stats pt_bench_stats_from_times(const pt_bench_samples *samples) {
    pt_bench_samples sorted = *samples;
    const unsigned n = sorted.n;
    if (n == 0) return (pt_bench_stats){0};
    qsort(sorted.value, n, sizeof *sorted.value, compare_doubles);
    const double median = (sorted.value[(n - 1) / 2] + sorted.value[n / 2]) / 2.0;
    return (pt_bench_stats){sorted.value[0], median, sorted.value[n - 1]};
}

pt_bench_stats pt_bench_stats_from_rates(const pt_bench_samples *samples) {
    const pt_bench_stats ascending = pt_bench_stats_from_times(samples);
    return (pt_bench_stats){ascending.worst, ascending.median, ascending.best};
}
