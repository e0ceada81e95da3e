/* SPDX-License-Identifier: MIT */
/* welch.c - tables of the transform, and the order of its bins */

#include "dsp/welch.h"

#include <math.h>
#include <string.h>

#define N PT_WELCH_N_FFT

/* The index of sample i in a packed quarter. */
static size_t quarter_index(size_t i) {
    const size_t row = i / PT_WELCH_COLUMNS, column = i % PT_WELCH_COLUMNS;
    const size_t group = column / PT_WELCH_LANES, lane = column % PT_WELCH_LANES;
    return (group * (PT_WELCH_ROWS / 4) + row) * PT_WELCH_LANES + lane;
}

/* Column by column: stores are in order, and strided loads are prefetched. */
static void pack_whole(const float *x, float offset, float *quarter) {
    for (size_t column = 0; column < PT_WELCH_COLUMNS; column += PT_WELCH_LANES)
        for (size_t i = column; i < N / 4; i += PT_WELCH_COLUMNS, quarter += PT_WELCH_LANES)
            for (size_t l = 0; l < PT_WELCH_LANES; l++)
                quarter[l] = PT_WELCH_SCALE * x[i + l] - offset;
}

void pt_welch_pack_quarter(const float *x, size_t n, double mean, float *quarter) {
    const float offset = (float)(mean * (double)PT_WELCH_SCALE);
    if (n == N / 4)
        pack_whole(x, offset, quarter);
    else
        for (size_t i = 0; i < N / 4; i++)
            quarter[quarter_index(i)] = i < n ? PT_WELCH_SCALE * x[i] - offset : 0.0F;
}

void pt_welch_plan_init(pt_welch_plan *plan) {
    for (size_t i = 0; i < N / 2; i++)
        plan->window[i / (N / 4)][quarter_index(i % (N / 4))] =
            (float)(0.5 - 0.5 * cos(2.0 * M_PI * (double)i / N));
    pt_batch_fft_init_twiddles_float(PT_WELCH_COLUMNS, plan->twiddles);
    for (size_t k = 0; k < PT_WELCH_ROWS; k++) {
        const size_t p = pt_batch_fft_digit_reverse(k, PT_WELCH_ROWS);
        for (size_t l = 0; l < PT_WELCH_LANES; l++) {
            const pt_complex_float twiddle = pt_batch_fft_twiddle_float(l * k, N);
            plan->lane_twiddle[p].re[l] = twiddle.re;
            plan->lane_twiddle[p].im[l] = twiddle.im;
        }
        for (size_t g = 0; g < PT_WELCH_GROUPS; g++)
            plan->group_twiddle[g][p] = pt_batch_fft_twiddle_float(PT_WELCH_LANES * g * k, N);
    }
}

void pt_welch_get_bins(const pt_welch_power *power, double *bins) {
    size_t row[PT_WELCH_ROWS], column[PT_WELCH_COLUMNS]; /* places of k mod 128 and k / 128 */
    for (size_t k = 0; k < PT_WELCH_ROWS; k++)
        row[k] = pt_batch_fft_digit_reverse(k, PT_WELCH_ROWS);
    for (size_t k = 0; k < PT_WELCH_COLUMNS; k++)
        column[k] = pt_batch_fft_digit_reverse(k, PT_WELCH_COLUMNS);

    const double half_unscaled = 0.5 / ((double)PT_WELCH_SCALE * (double)PT_WELCH_SCALE);
    for (size_t k = 0; k <= N / 2; k++) {
        const size_t mirrored = (N - k) % N;
        const size_t p = row[k % PT_WELCH_ROWS], q = column[k / PT_WELCH_ROWS];
        const size_t r = row[mirrored % PT_WELCH_ROWS], s = column[mirrored / PT_WELCH_ROWS];
        bins[k] = half_unscaled * (power->sum[p / PT_WELCH_LANES][q][p % PT_WELCH_LANES] +
                                   power->sum[r / PT_WELCH_LANES][s][r % PT_WELCH_LANES]);
    }
}
