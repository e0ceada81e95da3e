/* SPDX-License-Identifier: MIT */
/* pair_spectrum.c - the tables of the transform, and the order that it leaves bins in */

#include "dsp/pair_spectrum.h"

#include <math.h>
#include <string.h>

#define N PT_PAIR_N

/* Where a quarter holds its sample i. */
static size_t quarter_place(size_t i) {
    const size_t row = i / PT_PAIR_COLUMNS, column = i % PT_PAIR_COLUMNS;
    const size_t group = column / PT_LANES, lane = column % PT_LANES;
    return (group * (PT_PAIR_ROWS / 4) + row) * PT_LANES + lane;
}

void pt_pair_quarter(const float *x, size_t n, double mean, double *quarter) {
    size_t i = 0;
    for (; i + PT_LANES <= n; i += PT_LANES) {
        double *lanes = quarter + quarter_place(i);
        for (size_t l = 0; l < PT_LANES; l++)
            lanes[l] = (double)x[i + l] - mean;
    }
    for (; i < N / 4; i++)
        quarter[quarter_place(i)] = i < n ? (double)x[i] - mean : 0.0;
}

void pt_pair_spectrum_init(pt_pair_spectrum *plan) {
    for (size_t i = 0; i < N / 2; i++)
        plan->window[i / (N / 4)][quarter_place(i % (N / 4))] =
            0.5 - 0.5 * cos(2.0 * M_PI * (double)i / N);
    pt_lanes_roots(PT_PAIR_COLUMNS, plan->roots);
    for (size_t k = 0; k < PT_PAIR_ROWS; k++) {
        const size_t p = pt_lanes_place(k, PT_PAIR_ROWS);
        for (size_t l = 0; l < PT_LANES; l++) {
            const pt_complex turn = pt_lanes_root(l * k, N);
            plan->lane_turn[p].re[l] = turn.re;
            plan->lane_turn[p].im[l] = turn.im;
        }
        for (size_t g = 0; g < PT_PAIR_GROUPS; g++)
            plan->group_turn[g][p] = pt_lanes_root(PT_LANES * g * k, N);
    }
}

static double at(const pt_pair_power *power, size_t k) {
    const size_t p = pt_lanes_place(k % PT_PAIR_ROWS, PT_PAIR_ROWS);
    const size_t q = pt_lanes_place(k / PT_PAIR_ROWS, PT_PAIR_COLUMNS);
    return power->sum[p / PT_LANES][q][p % PT_LANES];
}

void pt_pair_spectrum_bins(const pt_pair_power *power, double *bins) {
    for (size_t k = 0; k <= N / 2; k++)
        bins[k] = 0.5 * (at(power, k) + at(power, (N - k) % N));
}
