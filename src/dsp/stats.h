/* SPDX-License-Identifier: MIT */
/* stats.h - sums over samples
 *
 * All sums run in double and in one fixed order, so the same samples give the same bits. n >= 1.
 */

#ifndef PATINA_DSP_STATS_H
#define PATINA_DSP_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PT_STATS_LANES 8

/** The sum of a signal whose sample i was added to lane i mod 8. Lanes fit vectors of any width,
 * and rounding errors grow an eighth as fast as in one long sum. */
static inline double pt_stats_sum_lanes(const double lane[PT_STATS_LANES]) {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/** Arithmetic mean. */
double pt_stats_mean(const float *x, size_t n);

/** AC power: mean((x - mean(x))^2), in two passes; exactly 0 for a constant. n at most 2^31. */
double pt_stats_power(const float *x, size_t n);

/**
 * Mean and AC power of a signal in pieces, in one pass: power = mean((x - x_0)^2) - (mean - x_0)^2.
 * The first sample cannot lie further from the mean than sqrt(n power), so what cancels is at most
 * n + 1 times the power: of 480000 samples eight digits are sure, whatever their DC, and of a
 * constant it is exactly 0.
 */
typedef struct pt_moments {
    double origin, sum, squares; /* x_0, and the sums of x - x_0 and of its square */
    size_t n;
} pt_moments; /* zero it to start */

void pt_moments_add(pt_moments *moments, const float *x, size_t n);

/** n >= 1 */
double pt_moments_mean(const pt_moments *moments);
double pt_moments_power(const pt_moments *moments);

/** The same for two signals, and mean((x - mean(x)) (y - mean(y))). */
typedef struct pt_comoments {
    pt_moments x, y;
    double products;
} pt_comoments; /* zero it to start */

void pt_comoments_add(pt_comoments *comoments, const float *x, const float *y, size_t n);
double pt_comoments_covariance(const pt_comoments *comoments);

/** max|x|; a NaN if there is one. */
float pt_stats_peak(const float *x, size_t n);

/** Whether no sample is a NaN or an infinity. */
bool pt_stats_all_finite(const float *x, size_t n);

/** The mean of a signal that arrives in pieces: the bits of pt_stats_mean, however it is cut. */
typedef struct pt_running_mean {
    double lane[PT_STATS_LANES];
    uint64_t n;
} pt_running_mean; /* zero it to start */

void pt_running_mean_add(pt_running_mean *mean, const float *x, size_t n);

/** 0 when nothing was added. */
double pt_running_mean_value(const pt_running_mean *mean);

#endif /* PATINA_DSP_STATS_H */
