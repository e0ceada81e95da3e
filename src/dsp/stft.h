/* SPDX-License-Identifier: MIT */
/* stft.h - power spectra of short overlapping frames, sixteen at a time
 *
 * Frames 0 to 7 are the real and frames 8 to 15 the imaginary parts of eight transforms of 1024 =
 * 32 x 32 points, in four steps as in welch.h. With Z their spectrum, the spectra of the frames are
 * (Z_k + Z*_(N-k)) / 2 and (Z_k - Z*_(N-k)) / 2j.
 */

#ifndef PATINA_DSP_STFT_H
#define PATINA_DSP_STFT_H

#include "dsp/batch_fft.h"

#define PT_STFT_BATCH      16 /* frames at a time */
#define PT_STFT_N_FFT      1024
#define PT_STFT_BINS       (PT_STFT_N_FFT / 2 + 1)
#define PT_STFT_N1         32               /* rows, and columns */
#define PT_STFT_ROW_STRIDE (PT_STFT_N1 + 1) /* not a power of two, to avoid cache conflicts */

/** Tables of the transform; read-only after pt_stft_plan_init. */
typedef struct pt_stft_plan {
    double window[PT_STFT_N_FFT]; /* times 1/2, see above */
    pt_complex twiddles[PT_STFT_N1 / 2][3];
    pt_complex twiddle[PT_STFT_N1][PT_STFT_N1]; /* W_N^(k1 n2) at [digit_reversed of k1][n2] */
    size_t digit_reversed[PT_STFT_N1];          /* of a bin in a row or column */
} pt_stft_plan;

/** Initialises a plan for frames with a periodic Hann window. */
void pt_stft_plan_init(pt_stft_plan *plan);

/** Buffers of pt_dsp_ops.stft_power; aligned to 64. */
typedef struct pt_stft_workspace {
    pt_complex8 column[4][PT_STFT_N1];
    pt_complex8 row[PT_STFT_N1 * PT_STFT_ROW_STRIDE];
} pt_stft_workspace;

#endif /* PATINA_DSP_STFT_H */
