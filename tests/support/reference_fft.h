/* SPDX-License-Identifier: MIT */
/* reference_fft.h - a plain FFT as a reference, by a different algorithm than src/dsp */

#ifndef PATINA_TEST_REFERENCE_FFT_H
#define PATINA_TEST_REFERENCE_FFT_H

#include <stddef.h>

/** x [n] to spectrum [n/2 + 1] pairs (re, im), X_k = sum x_i exp(-2 pi j i k / n); n is a power of
 * two. */
void reference_rfft(const double *x, size_t n, double *spectrum);

#endif /* PATINA_TEST_REFERENCE_FFT_H */
