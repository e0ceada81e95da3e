/* SPDX-License-Identifier: MIT */
/* series.c - a clock, and what several rounds of one figure say */

#include "pipeline/series.h"

#include <stdlib.h>
#include <time.h>

double pt_bench_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void pt_series_add(pt_series *series, double value) {
    if (series->n < PT_BENCH_ROUNDS_MAX) series->value[series->n++] = value;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

pt_spread pt_series_of_times(const pt_series *series) {
    pt_series sorted = *series;
    const unsigned n = sorted.n;
    if (n == 0) return (pt_spread){0};
    qsort(sorted.value, n, sizeof *sorted.value, by_size);
    const double median = (sorted.value[(n - 1) / 2] + sorted.value[n / 2]) / 2.0;
    return (pt_spread){sorted.value[0], median, sorted.value[n - 1]};
}

pt_spread pt_series_of_rates(const pt_series *series) {
    const pt_spread rising = pt_series_of_times(series);
    return (pt_spread){rising.worst, rising.median, rising.best};
}
