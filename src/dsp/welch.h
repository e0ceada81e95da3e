/* SPDX-License-Identifier: MIT */
/* welch.h - the summed power spectra of long windowed frames, two frames a transform
 *
 * Two real frames a and b are transformed as one complex one, z = a + j b. Since
 * |A_k|^2 + |B_k|^2 = (|Z_k|^2 + |Z_(N-k)|^2) / 2, nothing has to be taken apart but the sum over
 * all pairs, once.
 *
 * The transform of N = 128 x 256 points is Bailey's in four steps (J. Supercomputing 4, 1990):
 * sample 256 n1 + n2, bin k1 + 128 k2,
 *
 *     Z[k1 + 128 k2] = sum_n2 W_256^(n2 k2) ( W_N^(n2 k1) sum_n1 W_128^(n1 k1) z[256 n1 + n2] )
 *
 * with eight columns n2, then eight rows k1 at a time, in eight lanes side by side: that much of it
 * stays in the first cache, and lanes never mix but where columns turn into rows. Bins stay in the
 * order in which the transforms leave them until the very end.
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

/** What the transform needs; aligned to 64, read-only once it is made. */
typedef struct pt_welch_plan {
    double window[2][PT_WELCH_N_FFT /
                     4]; /* quarters in the order of pt_welch_pack_quarter; the last two are 1
                                        less these */
    pt_complex twiddles[PT_WELCH_COLUMNS / 2][3]; /* of pt_batch_fft_init_twiddles */
    /* W_N^(l k1) and W_N^(8 g k1) for the row p that k1 is found in */
    pt_complex8 lane_twiddle[PT_WELCH_ROWS];
    pt_complex group_twiddle[PT_WELCH_GROUPS][PT_WELCH_ROWS];
} pt_welch_plan;

/** Makes a plan for frames with a periodic Hann window. */
void pt_welch_plan_init(pt_welch_plan *plan);

/**
 * A quarter of a frame, PT_WELCH_N_FFT / 4 samples, in the order in which the transform takes them:
 * sample 256 i + 8 g + l to [g, i, l]. Subtracts mean from the n samples that there are; the rest
 * is zeros.
 */
void pt_welch_pack_quarter(const float *x, size_t n, double mean, double *quarter);

/** What pt_dsp_ops.welch_accumulate works in and adds to; each aligned to 64. */
typedef struct pt_welch_workspace {
    pt_complex8 column[PT_WELCH_GROUPS][PT_WELCH_ROWS];
    pt_complex8 row[PT_WELCH_COLUMNS];
} pt_welch_workspace;

typedef struct pt_welch_power {
    double sum[PT_WELCH_ROWS / PT_BATCH_FFT_LANES][PT_WELCH_COLUMNS]
              [PT_BATCH_FFT_LANES]; /* of |Z|^2 */
} pt_welch_power;

/** Sum over all frames of |X_k|^2, k = 0 .. PT_WELCH_N_FFT / 2. */
void pt_welch_get_bins(const pt_welch_power *power, double *bins);

#endif /* PATINA_DSP_WELCH_H */
