/* SPDX-License-Identifier: MIT */
/* batch_fft.h - FFTs of eight signals at a time, one per lane, or of sixteen in single precision
 *
 * The transforms have 2^n points and give bins in digit-reversed order. welch.h, stft.h and irfft.h
 * build longer transforms from them.
 */

#ifndef PATINA_DSP_BATCH_FFT_H
#define PATINA_DSP_BATCH_FFT_H

#include <stddef.h>

#define PT_BATCH_FFT_LANES       8
#define PT_BATCH_FFT_LANES_FLOAT 16

typedef struct pt_complex {
    double re, im;
} pt_complex;

/** A complex number in each lane. */
typedef struct pt_complex8 {
    double re[PT_BATCH_FFT_LANES], im[PT_BATCH_FFT_LANES];
} pt_complex8;

typedef struct pt_complex_float {
    float re, im;
} pt_complex_float;

typedef struct pt_complex16_float {
    float re[PT_BATCH_FFT_LANES_FLOAT], im[PT_BATCH_FFT_LANES_FLOAT];
} pt_complex16_float;

/** exp(-2 pi j i / n) */
pt_complex pt_batch_fft_twiddle(size_t i, size_t n);
pt_complex_float pt_batch_fft_twiddle_float(size_t i, size_t n);

/** The position of bin k in the output of a transform of n points. */
size_t pt_batch_fft_digit_reverse(size_t k, size_t n);

/** W_4q^j, its square and its cube at [q + j], j < q, for q = 1, 2, 4 .. n / 4: twiddles [n / 2]
 * for transforms of n points and less. */
void pt_batch_fft_init_twiddles(size_t n, pt_complex (*twiddles)[3]);
void pt_batch_fft_init_twiddles_float(size_t n, pt_complex_float (*twiddles)[3]);

#endif /* PATINA_DSP_BATCH_FFT_H */
