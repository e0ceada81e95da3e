/* SPDX-License-Identifier: MIT */
/* stats.c - mean, power and covariance from the sums of the kernels (sum_kernel.h) */

#include "dsp/stats.h"

#include <math.h>

#include "dsp/dsp_ops.h"

double pt_stats_mean(const float *x, size_t n) {
    return pt_dsp_ops_get_best()->sum(x, n) / (double)n;
}

double pt_stats_power(const float *x, size_t n) {
    pt_sample_stats stats;
    pt_dsp_ops_get_best()->sample_stats(x, n, pt_stats_mean(x, n), &stats);
    return stats.energy_about / (double)n;
}

void pt_moments_add(pt_moments *moments, const float *x, size_t n) {
    double sum, squares;
    if (n == 0) return;
    if (moments->n == 0) moments->origin = (double)x[0];
    pt_dsp_ops_get_best()->moments(x, n, moments->origin, &sum, &squares);
    moments->sum += sum;
    moments->squares += squares;
    moments->n += n;
}

double pt_moments_mean(const pt_moments *moments) {
    return moments->origin + moments->sum / (double)moments->n;
}

double pt_moments_power(const pt_moments *moments) {
    const double n = (double)moments->n, mean = moments->sum / n;
    const double power = moments->squares / n - mean * mean;
    return power < 0.0 ? 0.0 : power; /* a NaN stays one */
}

void pt_comoments_add(pt_comoments *comoments, const float *x, const float *y, size_t n) {
    pt_moments_add(&comoments->x, x, n);
    pt_moments_add(&comoments->y, y, n);
    comoments->products += pt_dsp_ops_get_best()->sum_products_about(x, y, n, comoments->x.origin,
                                                                     comoments->y.origin);
}

double pt_comoments_covariance(const pt_comoments *comoments) {
    const double n = (double)comoments->x.n;
    return comoments->products / n - comoments->x.sum / n * (comoments->y.sum / n);
}

float pt_stats_peak(const float *x, size_t n) {
    return pt_dsp_ops_get_best()->peak(x, n);
}

bool pt_stats_all_finite(const float *x, size_t n) {
    return isfinite(pt_stats_peak(x, n));
}

void pt_running_mean_add(pt_running_mean *mean, const float *x, size_t n) {
    size_t lane = mean->n % PT_STATS_LANES;
    for (size_t i = 0; i < n; i++) {
        mean->lane[lane] += (double)x[i];
        lane = (lane + 1) % PT_STATS_LANES;
    }
    mean->n += n;
}

double pt_running_mean_value(const pt_running_mean *mean) {
    return mean->n ? pt_stats_sum_lanes(mean->lane) / (double)mean->n : 0.0;
}
