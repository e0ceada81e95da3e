/* SPDX-License-Identifier: MIT */
/* stft_kernel.h - the power spectra of stft.h, and filter banks; part of dsp_kernels.h */

/* Samples i to i + 3 of four frames: to rows 0 to 3 of y, stride apart, windowed. */
INLINE void stft_transpose_window(const float *x, size_t hop, const double *window, double *y,
                                  size_t stride) {
    vec4f row[4];
    UNROLL for (size_t r = 0; r < 4; r++) row[r] = *(const vec4f *)(x + r * hop);
    transpose4(row);
    UNROLL for (size_t r = 0; r < 4; r++) * (vec4 *)(y + r * stride) = WIDEN4(row[r]) * window[r];
}

/* Columns first to first + 3 of all frames. */
INLINE void stft_load_columns(const pt_stft_plan *plan, const float *x, size_t hop, size_t first,
                              pt_complex8 column[4][PT_STFT_N1]) {
    const size_t stride = PT_STFT_N1 * 2 * LANES; /* from column to column */
    for (size_t r = 0; r < PT_STFT_N1; r++) {
        const size_t i = first + PT_STFT_N1 * r;
        UNROLL for (size_t l = 0; l < LANES; l += 4) {
            stft_transpose_window(x + l * hop + i, hop, plan->window + i, column[0][r].re + l,
                                  stride);
            stft_transpose_window(x + (LANES + l) * hop + i, hop, plan->window + i,
                                  column[0][r].im + l, stride);
        }
    }
}

/* Transforms column n2 and stores it in rows. */
INLINE void stft_column(const pt_stft_plan *plan, pt_complex8 *x, pt_complex8 *row, size_t n2) {
    stage(plan->twiddles, x, PT_STFT_N1);
    for (size_t i = 0; i < PT_STFT_N1; i += 8)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            cvec out[8];
            fft8_load(plan->twiddles, x + i, v, out);
            UNROLL for (size_t k = 0; k < 8; k++)
                cstore(row + (i + k) * PT_STFT_ROW_STRIDE, v,
                       cmul(out[k], cbroadcast(&plan->twiddle[i + k][n2])));
        }
}

static void stft_row(const pt_stft_plan *plan, pt_complex8 *x) {
    stage(plan->twiddles, x, PT_STFT_N1);
    for (size_t i = 0; i < PT_STFT_N1; i += 8)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            cvec out[8];
            fft8_load(plan->twiddles, x + i, v, out);
            UNROLL for (size_t k = 0; k < 8; k++) cstore(x + i + k, v, out[k]);
        }
}

INLINE vec round_to_float(vec v) {
    return WIDEN(NARROW(v));
}

/* The powers of bins first, first + 32 .. under n_bins: z is their row and w that of their mirror
 * images, whose order is turned round. */
INLINE void stft_unpack_bins(const pt_stft_plan *plan, const pt_complex8 *z, const pt_complex8 *w,
                             size_t first, size_t n_bins, double *power) {
    for (size_t k = first, i = 0; k < n_bins; k += PT_STFT_N1, i++) {
        const size_t mirrored = (PT_STFT_N_FFT - k) / PT_STFT_N1 % PT_STFT_N1;
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            const cvec a = cload(z + plan->digit_reversed[i], v),
                       b = cload(w + plan->digit_reversed[mirrored], v);
            const vec re0 = round_to_float(a.re + b.re), im0 = round_to_float(a.im - b.im);
            const vec re1 = round_to_float(a.im + b.im), im1 = round_to_float(b.re - a.re);
            store_lanes(power + k * PT_STFT_BATCH, v, re0 * re0 + im0 * im0);
            store_lanes(power + k * PT_STFT_BATCH + LANES, v, re1 * re1 + im1 * im1);
        }
    }
}

static void stft_power(const pt_stft_plan *plan, const float *x, size_t hop, size_t n_bins,
                       pt_stft_workspace *work, double *power) {
    for (size_t n2 = 0; n2 < PT_STFT_N1; n2 += 4) {
        stft_load_columns(plan, x, hop, n2, work->column);
        for (size_t c = 0; c < 4; c++)
            stft_column(plan, work->column[c], work->row + n2 + c, n2 + c);
    }
    for (size_t k1 = 0; k1 <= PT_STFT_N1 / 2; k1++) {
        const size_t mirrored = (PT_STFT_N1 - k1) % PT_STFT_N1;
        pt_complex8 *z = work->row + plan->digit_reversed[k1] * PT_STFT_ROW_STRIDE;
        pt_complex8 *w = work->row + plan->digit_reversed[mirrored] * PT_STFT_ROW_STRIDE;
        stft_row(plan, z);
        if (w != z) stft_row(plan, w);
        stft_unpack_bins(plan, z, w, k1, n_bins, power);
        if (w != z) stft_unpack_bins(plan, w, z, mirrored, n_bins, power);
    }
}

static void filterbank(const pt_filterbank_row *band, size_t n_bands, const double *x,
                       double *sums) {
    for (size_t b = 0; b < n_bands; b++) {
        const double *in = x + band[b].first * PT_STFT_BATCH;
        vec sum[PT_STFT_BATCH / WIDTH] = {0};
        for (size_t k = 0; k < band[b].n; k++)
            UNROLL for (size_t v = 0; v < PT_STFT_BATCH / WIDTH; v++) sum[v] +=
                band[b].weights[k] * load_lanes(in + k * PT_STFT_BATCH, v);
        for (size_t v = 0; v < PT_STFT_BATCH / WIDTH; v++)
            store_lanes(sums + b * PT_STFT_BATCH, v, sum[v]);
    }
}
