/* SPDX-License-Identifier: MIT */
/* stft.c - tables of the short-time Fourier transform */

#include "dsp/stft.h"

#include <math.h>

void pt_stft_plan_init(pt_stft_plan *plan) {
    for (size_t i = 0; i < PT_STFT_N_FFT; i++)
        plan->window[i] = 0.25 - 0.25 * cos(2.0 * M_PI * (double)i / PT_STFT_N_FFT);
    pt_batch_fft_init_twiddles(PT_STFT_N1, plan->twiddles);
    for (size_t k = 0; k < PT_STFT_N1; k++) {
        plan->digit_reversed[k] = pt_batch_fft_digit_reverse(k, PT_STFT_N1);
        for (size_t i = 0; i < PT_STFT_N1; i++)
            plan->twiddle[plan->digit_reversed[k]][i] = pt_batch_fft_twiddle(k * i, PT_STFT_N_FFT);
    }
}
