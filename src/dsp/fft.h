/* SPDX-License-Identifier: MIT */
/* fft.h - real transforms of a fixed length, by FFTW
 *
 * Plans are estimated, never measured: a measured plan changes the last bits from run to run.
 * Opening and closing are not thread-safe; running is, since buffers are the caller's. Buffers are
 * aligned to 64 (as the arena gives them) and do not overlap.
 */

#ifndef PATINA_DSP_FFT_H
#define PATINA_DSP_FFT_H

#include <stddef.h>

#include <patina/status.h>

typedef struct pt_fft pt_fft;

/** n even, 2 to 2^24. PATINA_ERANGE otherwise. */
patina_status pt_fft_open(size_t n, pt_fft **fft, patina_error *err);
void pt_fft_close(pt_fft **fft);

/** x [n] to spectrum [n/2 + 1] pairs (re, im), X_k = sum x_i exp(-2 pi j i k / n); x is kept. */
void pt_fft_forward(const pt_fft *fft, double *x, double *spectrum);

/** spectrum [n/2 + 1] pairs to x [n], unscaled (n times the inverse); spectrum is destroyed. */
void pt_fft_inverse(const pt_fft *fft, double *spectrum, double *x);

/** FFTW's version, as it says itself. */
const char *pt_fft_library_version(void);

#endif /* PATINA_DSP_FFT_H */
