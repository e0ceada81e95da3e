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
 * with eight columns n2, then eight rows k1 at a time, one per lane, which fits the L1 cache. Lanes
 * mix only where columns become rows. Bins stay in digit-reversed order until the end.
 *
 * Window, transform and power are fused, and every CPU computes the same bits.
 */

#ifndef PATINA_DSP_WELCH_H
#define PATINA_DSP_WELCH_H

#include <stddef.h>

#include "dsp/batch_fft.h"

#define PT_WELCH_ROWS    128
#define PT_WELCH_COLUMNS 256
#define PT_WELCH_N_FFT   (PT_WELCH_ROWS * PT_WELCH_COLUMNS)
#define PT_WELCH_GROUPS  (PT_WELCH_COLUMNS / PT_BATCH_FFT_LANES) /* of columns */

/** Tables of the transform; aligned to 64, read-only after pt_welch_plan_init. */
typedef struct pt_welch_plan {
    /* the first two quarters, in the order of pt_welch_pack_quarter; the last two are 1 minus
     * these */
    double window[2][PT_WELCH_N_FFT / 4];
    pt_complex twiddles[PT_WELCH_COLUMNS / 2][3]; /* of pt_batch_fft_init_twiddles */
    /* W_N^(l k1) and W_N^(8 g k1) for the position p of k1 */
    pt_complex8 lane_twiddle[PT_WELCH_ROWS];
    pt_complex group_twiddle[PT_WELCH_GROUPS][PT_WELCH_ROWS];
} pt_welch_plan;

/** Initialises a plan for frames with a periodic Hann window. */
void pt_welch_plan_init(pt_welch_plan *plan);

/**
 * Packs a quarter of a frame, PT_WELCH_N_FFT / 4 samples, in the input order of the transform:
 * sample 256 i + 8 g + l to [g, i, l]. Subtracts mean from n samples; the rest is zeros.
 */
void pt_welch_pack_quarter(const float *x, size_t n, double mean, double *quarter);

/** Buffers and sums of pt_dsp_ops.welch_accumulate; each aligned to 64. */
typedef struct pt_welch_workspace {
    pt_complex8 column[PT_WELCH_GROUPS][PT_WELCH_ROWS];
    pt_complex8 row[PT_WELCH_COLUMNS];
} pt_welch_workspace;

typedef struct pt_welch_power {
    /* of |Z|^2 */
    double sum[PT_WELCH_ROWS / PT_BATCH_FFT_LANES][PT_WELCH_COLUMNS][PT_BATCH_FFT_LANES];
} pt_welch_power;

/** Sum over all frames of |X_k|^2, k = 0 .. PT_WELCH_N_FFT / 2. */
void pt_welch_get_bins(const pt_welch_power *power, double *bins);

#endif /* PATINA_DSP_WELCH_H */
