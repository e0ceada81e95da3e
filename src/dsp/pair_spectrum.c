/* SPDX-License-Identifier: MIT */
/* pair_spectrum.c - the tables of the transform, and the order that it leaves bins in */

#include "dsp/pair_spectrum.h"

#include <math.h>
#include <string.h>

#define N PT_PAIR_N

/* exp(-2 pi j i / n) */
static pt_complex root(size_t i, size_t n) {
    const double angle = 2.0 * M_PI * (double)(i % n) / (double)n;
    return (pt_complex){cos(angle), -sin(angle)};
}

/* Where a transform of n points leaves bin k: it takes n apart in fours, and what is left in two;
 * the lowest digit of k becomes the highest of the place. */
static size_t place(size_t k, size_t n) {
    size_t p = 0;
    while (n > 1) {
        const size_t radix = n >= 4 ? 4 : 2;
        n /= radix;
        p += k % radix * n;
        k /= radix;
    }
    return p;
}

/* Where a quarter holds its sample i. */
static size_t quarter_place(size_t i) {
    const size_t row = i / PT_PAIR_COLUMNS, column = i % PT_PAIR_COLUMNS;
    const size_t group = column / PT_PAIR_LANES, lane = column % PT_PAIR_LANES;
    return (group * (PT_PAIR_ROWS / 4) + row) * PT_PAIR_LANES + lane;
}

void pt_pair_quarter(const float *x, size_t n, double mean, double *quarter) {
    size_t i = 0;
    for (; i + PT_PAIR_LANES <= n; i += PT_PAIR_LANES) {
        double *lanes = quarter + quarter_place(i);
        for (size_t l = 0; l < PT_PAIR_LANES; l++)
            lanes[l] = (double)x[i + l] - mean;
    }
    for (; i < N / 4; i++)
        quarter[quarter_place(i)] = i < n ? (double)x[i] - mean : 0.0;
}

void pt_pair_spectrum_init(pt_pair_spectrum *plan) {
    for (size_t i = 0; i < N; i++)
        plan->window[i / (N / 4)][quarter_place(i % (N / 4))] =
            0.5 - 0.5 * cos(2.0 * M_PI * (double)i / N);
    for (size_t q = 1; q <= PT_PAIR_COLUMNS / 4; q *= 2)
        for (size_t j = 0; j < q; j++)
            for (size_t power = 1; power <= 3; power++)
                plan->roots[q + j][power - 1] = root(power * j, 4 * q);
    for (size_t k = 0; k < PT_PAIR_ROWS; k++) {
        const size_t p = place(k, PT_PAIR_ROWS);
        for (size_t l = 0; l < PT_PAIR_LANES; l++) {
            const pt_complex turn = root(l * k, N);
            plan->lane_turn[p].re[l] = turn.re;
            plan->lane_turn[p].im[l] = turn.im;
        }
        for (size_t g = 0; g < PT_PAIR_GROUPS; g++)
            plan->group_turn[g][p] = root(PT_PAIR_LANES * g * k, N);
    }
}

static double at(const pt_pair_power *power, size_t k) {
    const size_t p = place(k % PT_PAIR_ROWS, PT_PAIR_ROWS);
    const size_t q = place(k / PT_PAIR_ROWS, PT_PAIR_COLUMNS);
    return power->sum[p / PT_PAIR_LANES][q][p % PT_PAIR_LANES];
}

void pt_pair_spectrum_bins(const pt_pair_power *power, double *bins) {
    for (size_t k = 0; k <= N / 2; k++)
        bins[k] = 0.5 * (at(power, k) + at(power, (N - k) % N));
}
