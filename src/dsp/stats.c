/* SPDX-License-Identifier: MIT */
/* stats.c - sums in eight lanes
 *
 * Sample i goes to lane i mod 8 and the lanes are added pairwise at the end: of doubles by the
 * kernels (sum_kernel.h), and of floats, which are looked at once an excerpt, right here.
 */

#include "dsp/stats.h"

#include <math.h>
#include <string.h>

#include "dsp/dsp_ops.h"

#define LANES 8

static double sum_lanes(const double lane[LANES]) {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* Declares `result` as the sum over i < n of `term`, an expression in i. */
#define SUM(result, n, term)                                                                       \
    double result##_lane[LANES] = {0};                                                             \
    size_t result##_whole = (n) - (n) % LANES;                                                     \
    for (size_t first = 0; first < result##_whole; first += LANES)                                 \
        for (size_t l = 0; l < LANES; l++) {                                                       \
            const size_t i = first + l;                                                            \
            result##_lane[l] += (term);                                                            \
        }                                                                                          \
    for (size_t i = result##_whole; i < (n); i++)                                                  \
        result##_lane[i - result##_whole] += (term);                                               \
    const double result = sum_lanes(result##_lane)

static inline double square(double v) {
    return v * v;
}

double pt_stats_mean(const float *x, size_t n) {
    SUM(sum, n, (double)x[i]);
    return sum / (double)n;
}

double pt_stats_mean_double(const double *x, size_t n) {
    return pt_dsp_ops_get_best()->sum(x, n) / (double)n;
}

double pt_stats_energy_about(const float *x, size_t n, double centre) {
    SUM(sum, n, square((double)x[i] - centre));
    return sum;
}

double pt_stats_power(const float *x, size_t n) {
    return pt_stats_energy_about(x, n, pt_stats_mean(x, n)) / (double)n;
}

double pt_stats_covariance(const float *x, const float *y, size_t n) {
    const double mean_x = pt_stats_mean(x, n), mean_y = pt_stats_mean(y, n);
    SUM(sum, n, ((double)x[i] - mean_x) * ((double)y[i] - mean_y));
    return sum / (double)n;
}

void pt_moments_add(pt_moments *moments, const double *x, size_t n) {
    double sum, squares;
    if (n == 0) return;
    if (moments->n == 0) moments->origin = x[0];
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

void pt_comoments_add(pt_comoments *comoments, const double *x, const double *y, size_t n) {
    pt_moments_add(&comoments->x, x, n);
    pt_moments_add(&comoments->y, y, n);
    comoments->products += pt_dsp_ops_get_best()->sum_products_about(x, y, n, comoments->x.origin,
                                                                     comoments->y.origin);
}

double pt_comoments_covariance(const pt_comoments *comoments) {
    const double n = (double)comoments->x.n;
    return comoments->products / n - comoments->x.sum / n * (comoments->y.sum / n);
}

double pt_stats_power_double(const double *x, size_t n) {
    pt_moments moments = {0};
    pt_moments_add(&moments, x, n);
    return pt_moments_power(&moments);
}

double pt_stats_covariance_double(const double *x, const double *y, size_t n) {
    pt_comoments comoments = {0};
    pt_comoments_add(&comoments, x, y, n);
    return pt_comoments_covariance(&comoments);
}

float pt_stats_peak(const float *x, size_t n) {
    float lane[LANES] = {0}, peak = 0.0F;
    const size_t whole = n - n % LANES;
    for (size_t first = 0; first < whole; first += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const float size = fabsf(x[first + l]);
            lane[l] = size > lane[l] ? size : lane[l];
        }
    for (size_t i = whole; i < n; i++)
        peak = fabsf(x[i]) > peak ? fabsf(x[i]) : peak;
    for (size_t l = 0; l < LANES; l++)
        peak = lane[l] > peak ? lane[l] : peak;
    return peak;
}

double pt_stats_peak_double(const double *x, size_t n) {
    return pt_dsp_ops_get_best()->peak(x, n);
}

bool pt_stats_all_finite(const float *x, size_t n) {
    const uint32_t exponent = 0x7F800000U; /* all of it set: no number */
    uint32_t n_bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        n_bad += (bits & exponent) == exponent;
    }
    return n_bad == 0;
}

void pt_running_mean_add(pt_running_mean *mean, const float *x, size_t n) {
    _Static_assert(sizeof mean->lane == LANES * sizeof(double), "as many lanes as a whole sum");
    size_t lane = mean->n % LANES;
    for (size_t i = 0; i < n; i++) {
        mean->lane[lane] += (double)x[i];
        lane = (lane + 1) % LANES;
    }
    mean->n += n;
}

double pt_running_mean_value(const pt_running_mean *mean) {
    return mean->n ? sum_lanes(mean->lane) / (double)mean->n : 0.0;
}
