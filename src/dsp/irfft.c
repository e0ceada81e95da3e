/* SPDX-License-Identifier: MIT */
/* irfft.c - tables of the inverse real FFT */

#include "dsp/irfft.h"

void pt_irfft_plan_init(pt_irfft_plan *plan) {
    pt_batch_fft_init_twiddles_float(PT_IRFFT_COLUMNS, plan->twiddles);
    for (size_t n = 1; n <= PT_IRFFT_COLUMNS; n *= 2)
        for (size_t k = 0; k < n; k++)
            plan->bin[n + pt_batch_fft_digit_reverse(k, n)] = (uint16_t)k;
    for (size_t i = 0; i < PT_IRFFT_N_MAX / 512; i++)
        plan->coarse[i] = pt_batch_fft_twiddle(i, PT_IRFFT_N_MAX / 512);
    for (size_t i = 0; i < 512; i++)
        plan->fine[i] = pt_batch_fft_twiddle(i, PT_IRFFT_N_MAX);
}
