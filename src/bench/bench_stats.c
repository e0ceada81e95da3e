/* SPDX-License-Identifier: MIT */
/* bench_stats.c - CPU time of a thread, and best, median and worst of the rounds */

#include "bench/bench_stats.h"

#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"

#define SETTLED_MIN    5    /* values */
#define SETTLED_ROUNDS 3    /* without a better one */
#define SETTLED_BY     0.02 /* relative improvement that counts */

double pt_thread_cpu_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void pt_bench_samples_add(pt_bench_samples *samples, double value) {
    if (samples->n < PT_BENCH_ROUNDS_MAX) samples->value[samples->n++] = value;
}

bool pt_bench_samples_settled(const pt_bench_samples *samples, bool are_rates) {
    const double *value = samples->value;
    if (samples->n == 0) return true;
    if (samples->n < SETTLED_MIN) return false;
    double earlier = value[0], best = value[0];
    for (unsigned i = 1; i < samples->n; i++) {
        if (are_rates ? value[i] > best : value[i] < best) best = value[i];
        if (i < samples->n - SETTLED_ROUNDS) earlier = best;
    }
    return are_rates ? best < (1.0 + SETTLED_BY) * earlier : best > (1.0 - SETTLED_BY) * earlier;
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
