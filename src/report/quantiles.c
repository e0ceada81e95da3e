/* SPDX-License-Identifier: MIT */
/* quantiles.c - order statistics and histogram bins
 *
 * The quantile p of n values is order statistic (n - 1) p, counted from 0 and interpolated
 * linearly: type 7 of Hyndman and Fan, "Sample quantiles in statistical packages", 1996, the
 * default of NumPy.
 */

#include "report/quantiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define BINS_TARGET 24 /* at most; PATINA_HISTOGRAM_BINS has room for one more at either end */

patina_status pt_float_array_append(pt_float_array *values, float value, patina_error *err) {
    if (values->n == values->capacity) {
        const size_t capacity = values->capacity ? 2 * values->capacity : 4096;
        float *grown = realloc(values->value, capacity * sizeof *grown);
        if (!grown) return pt_fail(err, PATINA_ENOMEM, "out of memory for %zu values", capacity);
        values->value = grown;
        values->capacity = capacity;
    }
    values->value[values->n++] = value;
    return PATINA_OK;
}

void pt_float_array_release(pt_float_array *values) {
    free(values->value);
    *values = (pt_float_array){0};
}

static int ascending(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void pt_floats_sort(float *values, size_t n) {
    if (n > 1) qsort(values, n, sizeof *values, ascending);
}

static double quantile(const float *sorted, size_t n, double p) {
    const double place = (double)(n - 1) * p;
    const size_t below = (size_t)place;
    const double low = sorted[below], high = sorted[below + 1 < n ? below + 1 : below];
    return low + (place - (double)below) * (high - low);
}

void pt_quantiles_from_sorted(const float *sorted, size_t n, patina_quantiles *q) {
    double sum = 0.0;
    *q = (patina_quantiles){.n = n};
    if (n == 0) return;
    for (size_t i = 0; i < n; i++)
        sum += sorted[i];
    q->min = sorted[0];
    q->p5 = quantile(sorted, n, 0.05);
    q->p25 = quantile(sorted, n, 0.25);
    q->median = quantile(sorted, n, 0.5);
    q->p75 = quantile(sorted, n, 0.75);
    q->p95 = quantile(sorted, n, 0.95);
    q->max = sorted[n - 1];
    q->mean = sum / (double)n;
}

double pt_nice_step(double span, size_t n) {
    static const double nice_mantissas[] = {1.0, 2.0, 2.5, 5.0};
    if (!(span > 0.0)) return 1.0;
    const double wanted = span / (double)n, decade = pow(10.0, floor(log10(wanted)));
    for (size_t i = 0; i < 4; i++)
        if (nice_mantissas[i] * decade >= wanted * (1.0 - 1e-12)) return nice_mantissas[i] * decade;
    return 10.0 * decade;
}

void pt_histogram_from_sorted(const float *sorted, size_t n, patina_histogram *h) {
    *h = (patina_histogram){0};
    if (n == 0) return;
    const double least = sorted[0], most = sorted[n - 1];
    /* one bin less: the first edge is rounded down */
    const double step = most > least ? pt_nice_step(most - least, BINS_TARGET - 1)
                                     : fmax(1.0, pt_nice_step(1e-6 * fabs(least), 1));
    const double first = floor(least / step);

    do {
        h->edge[h->n_bins] = (first + (double)h->n_bins) * step;
        h->n_bins++;
    } while (h->n_bins < PATINA_HISTOGRAM_BINS && (first + (double)h->n_bins) * step < most);
    h->edge[h->n_bins] = (first + (double)h->n_bins) * step;

    size_t bin = 0;
    for (size_t i = 0; i < n; i++) {
        while (bin + 1 < h->n_bins && (double)sorted[i] >= h->edge[bin + 1])
            bin++;
        h->count[bin]++;
    }
}

/* ---------------------------------------------------------------- levels */

void pt_level_histogram_add(pt_level_histogram *levels, double level_db) {
    if (level_db <= PATINA_LTAS_FLOOR) {
        levels->n_floor++;
        return;
    }
    const double step = floor((level_db - PATINA_LTAS_FLOOR) / PT_LEVEL_BIN_WIDTH_DB + 0.5);
    levels->count[step < PT_LEVEL_BIN_COUNT - 1 ? (size_t)step : PT_LEVEL_BIN_COUNT - 1]++;
    levels->min = levels->n == 0 ? level_db : fmin(levels->min, level_db);
    levels->max = levels->n == 0 ? level_db : fmax(levels->max, level_db);
    levels->sum += level_db;
    levels->n++;
}

/* Order statistic i, from 0. */
static double level_order_statistic(const pt_level_histogram *levels, uint64_t i) {
    size_t step = 0;
    for (uint64_t before = levels->count[0]; before <= i; before += levels->count[step])
        step++;
    return fmin(fmax(PATINA_LTAS_FLOOR + (double)step * PT_LEVEL_BIN_WIDTH_DB, levels->min),
                levels->max);
}

static double level_quantile(const pt_level_histogram *levels, double p) {
    const double place = (double)(levels->n - 1) * p;
    const uint64_t below = (uint64_t)place;
    const double low = level_order_statistic(levels, below);
    if (below + 1 >= levels->n) return low;
    return low + (place - (double)below) * (level_order_statistic(levels, below + 1) - low);
}

void pt_quantiles_from_level_histogram(const pt_level_histogram *levels, patina_quantiles *q) {
    *q = (patina_quantiles){.n = levels->n};
    if (levels->n == 0) return;
    q->min = levels->min;
    q->p5 = level_quantile(levels, 0.05);
    q->p25 = level_quantile(levels, 0.25);
    q->median = level_quantile(levels, 0.5);
    q->p75 = level_quantile(levels, 0.75);
    q->p95 = level_quantile(levels, 0.95);
    q->max = levels->max;
    q->mean = levels->sum / (double)levels->n;
}
