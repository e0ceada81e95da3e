/* SPDX-License-Identifier: MIT */
/* batch_fft.h - transforms of eight signals side by side, one a lane
 *
 * Short ones, of 2^n points; they leave their bins in an order of their own. welch.h and
 * stft.h make long ones of them.
 */

#ifndef PATINA_DSP_BATCH_FFT_H
#define PATINA_DSP_BATCH_FFT_H

#include <stddef.h>

#define PT_BATCH_FFT_LANES 8

typedef struct pt_complex {
    double re, im;
} pt_complex;

/** A complex number in each lane. */
typedef struct pt_complex8 {
    double re[PT_BATCH_FFT_LANES], im[PT_BATCH_FFT_LANES];
} pt_complex8;

/** exp(-2 pi j i / n) */
pt_complex pt_batch_fft_twiddle(size_t i, size_t n);

/** Where a transform of n points leaves bin k. */
size_t pt_batch_fft_digit_reverse(size_t k, size_t n);

/** W_4q^j, its square and its cube at [q + j], j < q, for q = 1, 2, 4 .. n / 4: twiddles [n / 2] for
 * transforms of n points and less. */
void pt_batch_fft_init_twiddles(size_t n, pt_complex (*twiddles)[3]);

#endif /* PATINA_DSP_BATCH_FFT_H */
