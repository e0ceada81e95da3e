/* SPDX-License-Identifier: MIT */
/* irfft.h - inverse real FFT of long signals: half of a spectrum to real samples
 *
 * x_i = sum_k X_k exp(2 pi j i k / n) over all n bins, unscaled, from bins 0 .. n/2. With m = n/2,
 *
 *     z_k = (X_k + X*_(m-k)) + j exp(2 pi j k / n) (X_k - X*_(m-k)),    k = 0 .. m - 1
 *
 * has the even samples as real and the odd samples as imaginary parts of its inverse transform,
 * which is a forward transform with real and imaginary parts swapped on both sides. That transform
 * of m = rows x 512 points takes four steps (D. H. Bailey, "FFTs in external or hierarchical
 * memory", J. Supercomputing 4, 1990): sixteen columns at a time, one a lane, the twiddle factors,
 * then sixteen rows at a time. Lanes mix only where columns become rows.
 *
 * It is computed in float: rounding errors are noise 130 dB below the signal.
 *
 * Sums and products come in one order, whatever the vector width, and no multiply-add is fused: all
 * instruction sets give the same bits. Nothing is allocated, and plans are read-only.
 */

#ifndef PATINA_DSP_IRFFT_H
#define PATINA_DSP_IRFFT_H

#include <stddef.h>
#include <stdint.h>

#include "dsp/batch_fft.h"

#define PT_IRFFT_N_MIN ((size_t)1 << 16) /* lengths are powers of two from here */
#define PT_IRFFT_N_MAX ((size_t)1 << 19) /* up to here */

#define PT_IRFFT_COLUMNS  512 /* points of a row */
#define PT_IRFFT_ROWS_MAX (PT_IRFFT_N_MAX / 2 / PT_IRFFT_COLUMNS)
#define PT_IRFFT_LANES    PT_BATCH_FFT_LANES_FLOAT
#define PT_IRFFT_GROUPS   (PT_IRFFT_COLUMNS / PT_IRFFT_LANES) /* of columns */

/** Tables for all lengths; read-only after pt_irfft_plan_init. */
typedef struct pt_irfft_plan {
    pt_complex_float twiddles[PT_IRFFT_COLUMNS / 2][3]; /* of pt_batch_fft_init_twiddles */
    uint16_t bin[2 * PT_IRFFT_COLUMNS]; /* [n + p]: bin at place p of a transform of n points */
    /* exp(-2 pi j e / PT_IRFFT_N_MAX) is coarse[e / 512] fine[e % 512] */
    pt_complex coarse[PT_IRFFT_N_MAX / 512], fine[512];
} pt_irfft_plan;

void pt_irfft_plan_init(pt_irfft_plan *plan);

/** Memory of pt_dsp_ops.irfft; aligned to 64. */
typedef struct pt_irfft_workspace {
    pt_complex16_float row[PT_IRFFT_COLUMNS]; /* or column */
    pt_complex16_float lane_twiddle[PT_IRFFT_ROWS_MAX];
    pt_complex_float group_twiddle[PT_IRFFT_ROWS_MAX], row_turn[PT_IRFFT_ROWS_MAX];
    pt_complex16_float column[]; /* [PT_IRFFT_GROUPS][PT_IRFFT_GROUP_STRIDE(rows)] */
} pt_irfft_workspace;

/** From group to group, for a transform of `rows` rows: not a power of two, whose addresses would
 * share a few sets of the cache. */
#define PT_IRFFT_GROUP_STRIDE(rows) ((rows) + PT_IRFFT_LANES)

/** Bytes of the workspace for n samples, a multiple of 64. */
#define PT_IRFFT_WORKSPACE_SIZE(n)                                                                 \
    (sizeof(pt_irfft_workspace) + PT_IRFFT_GROUPS *                                                \
                                      PT_IRFFT_GROUP_STRIDE((n) / 2 / PT_IRFFT_COLUMNS) *          \
                                      sizeof(pt_complex16_float))

#endif /* PATINA_DSP_IRFFT_H */
