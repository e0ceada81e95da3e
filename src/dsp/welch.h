/* SPDX-License-Identifier: MIT */
/* welch.h - Welch's method: sum of the power spectra of long windowed frames
 *
 * Two real frames a and b are transformed as one complex frame, z = a + j b. Since
 * |A_k|^2 + |B_k|^2 = (|Z_k|^2 + |Z_(N-k)|^2) / 2, the spectra are separated once, in the sum over
 * all pairs.
 *
 * The transform of N = 128 x 256 points is Bailey's in four steps (J. Supercomputing 4, 1990):
 * sample 256 n1 + n2, bin k1 + 128 k2,
 *
 *     Z[k1 + 128 k2] = sum_n2 W_256^(n2 k2) ( W_N^(n2 k1) sum_n1 W_128^(n1 k1) z[256 n1 + n2] )
 *
 * with sixteen columns n2, then sixteen rows k1 at a time, one per lane, which fits the L1 cache.
 * Lanes mix only where columns become rows. Bins stay in digit-reversed order until the end.
 *
 * Window, transform and power are fused, and every CPU computes the same bits. The transform is in
 * float, whose rounding errors are noise 140 dB below the frame, spread over all bins: twice as
 * many numbers fit a vector, and a transform fits the second cache. Powers are computed and summed
 * in double.
 */

#ifndef PATINA_DSP_WELCH_H
#define PATINA_DSP_WELCH_H

#include <stddef.h>

#include "dsp/batch_fft.h"

#define PT_WELCH_LANES   PT_BATCH_FFT_LANES_FLOAT
#define PT_WELCH_ROWS    128
#define PT_WELCH_COLUMNS 256
#define PT_WELCH_N_FFT   (PT_WELCH_ROWS * PT_WELCH_COLUMNS)
#define PT_WELCH_GROUPS  (PT_WELCH_COLUMNS / PT_WELCH_LANES) /* of columns */

/** Factor of samples in a quarter: the transform of the greatest floats does not overflow. */
#define PT_WELCH_SCALE 0x1p-20F

/** Tables of the transform; aligned to 64, read-only after pt_welch_plan_init. */
typedef struct pt_welch_plan {
    /* the first two quarters, in the order of pt_welch_pack_quarter; the last two are 1 minus
     * these */
    float window[2][PT_WELCH_N_FFT / 4];
    pt_complex_float twiddles[PT_WELCH_COLUMNS / 2][3]; /* of pt_batch_fft_init_twiddles */
    /* W_N^(l k1) and W_N^(16 g k1) for the position p of k1 */
    pt_complex16_float lane_twiddle[PT_WELCH_ROWS];
    pt_complex_float group_twiddle[PT_WELCH_GROUPS][PT_WELCH_ROWS];
} pt_welch_plan;

/** Initialises a plan for frames with a periodic Hann window. */
void pt_welch_plan_init(pt_welch_plan *plan);

/**
 * Packs a quarter of a frame, PT_WELCH_N_FFT / 4 samples, in the input order of the transform:
 * sample 256 i + 16 g + l to [g, i, l]. Subtracts mean from n samples, and multiplies them by
 * PT_WELCH_SCALE; the rest is zeros.
 */
void pt_welch_pack_quarter(const float *x, size_t n, double mean, float *quarter);

/** Buffers and sums of pt_dsp_ops.welch_accumulate; each aligned to 64. */
typedef struct pt_welch_workspace {
    pt_complex16_float column[PT_WELCH_GROUPS][PT_WELCH_ROWS];
    pt_complex16_float row[PT_WELCH_COLUMNS];
} pt_welch_workspace;

typedef struct pt_welch_power {
    /* of |Z|^2 */
    double sum[PT_WELCH_ROWS / PT_WELCH_LANES][PT_WELCH_COLUMNS][PT_WELCH_LANES];
} pt_welch_power;

/** Sum over all frames of |X_k|^2, without PT_WELCH_SCALE, k = 0 .. PT_WELCH_N_FFT / 2. */
void pt_welch_get_bins(const pt_welch_power *power, double *bins);

#endif /* PATINA_DSP_WELCH_H */
