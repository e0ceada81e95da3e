/* SPDX-License-Identifier: MIT */
/* irfft_kernel.h - the inverse real FFT of irfft.h; part of dsp_kernels.h */

/* exp(-2 pi j e / PT_IRFFT_N_MAX) */
static pt_complex irfft_twiddle(const pt_irfft_plan *plan, size_t e) {
    const size_t i = e / 512 % (PT_IRFFT_N_MAX / 512), k = e % 512;
    const double a_re = plan->coarse[i].re, a_im = plan->coarse[i].im;
    const double b_re = plan->fine[k].re, b_im = plan->fine[k].im;
    return (pt_complex){(float)(a_re * b_re - a_im * b_im), (float)(a_re * b_im + a_im * b_re)};
}

/* Pairs (re, im) x[0] .. x[FLOAT_WIDTH - 1]. */
INLINE cvec deinterleave(const float *x) {
    const vec a = *(const vec_float_unaligned *)x;
    const vec b = *(const vec_float_unaligned *)(x + FLOAT_WIDTH);
#if WIDTH == 2
    return (cvec){SHUFFLE4F(a, b, 0, 2, 4, 6), SHUFFLE4F(a, b, 1, 3, 5, 7)};
#elif WIDTH == 4
    return (cvec){SHUFFLE8F(a, b, 0, 2, 4, 6, 8, 10, 12, 14),
                  SHUFFLE8F(a, b, 1, 3, 5, 7, 9, 11, 13, 15)};
#else
    return (cvec){
        SHUFFLE16F(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
        SHUFFLE16F(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31),
    };
#endif
}

/* The same from the last to the first. */
INLINE cvec deinterleave_reversed(const float *x) {
    const vec a = *(const vec_float_unaligned *)x;
    const vec b = *(const vec_float_unaligned *)(x + FLOAT_WIDTH);
#if WIDTH == 2
    return (cvec){SHUFFLE4F(a, b, 6, 4, 2, 0), SHUFFLE4F(a, b, 7, 5, 3, 1)};
#elif WIDTH == 4
    return (cvec){SHUFFLE8F(a, b, 14, 12, 10, 8, 6, 4, 2, 0),
                  SHUFFLE8F(a, b, 15, 13, 11, 9, 7, 5, 3, 1)};
#else
    return (cvec){
        SHUFFLE16F(a, b, 30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0),
        SHUFFLE16F(a, b, 31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1),
    };
#endif
}

INLINE void interleave(cvec z, float *x) {
    vec low, high;
#if WIDTH == 2
    low = SHUFFLE4F(z.re, z.im, 0, 4, 1, 5);
    high = SHUFFLE4F(z.re, z.im, 2, 6, 3, 7);
#elif WIDTH == 4
    low = SHUFFLE8F(z.re, z.im, 0, 8, 1, 9, 2, 10, 3, 11);
    high = SHUFFLE8F(z.re, z.im, 4, 12, 5, 13, 6, 14, 7, 15);
#else
    low = SHUFFLE16F(z.re, z.im, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    high = SHUFFLE16F(z.re, z.im, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#endif
    *(vec_float_unaligned *)x = low;
    *(vec_float_unaligned *)(x + FLOAT_WIDTH) = high;
}

/* Splits transforms of n points into those of 8 or 4 points, depth first: each quarter stays in the
 * first cache. */
static void irfft_split(twiddle_table twiddles, pt_complex8 *x, size_t n) {
    if (n <= 8) return;
    stage(twiddles, x, n);
    for (size_t q = 0; q < 4; q++)
        irfft_split(twiddles, x + q * (n / 4), n / 4);
}

/* The last stage, in registers: n_last is 8 or 4. */
INLINE void irfft_load_last(twiddle_table twiddles, const pt_complex8 *x, size_t v, size_t n_last,
                            cvec out[8]) {
    UNROLL for (size_t k = 0; k < n_last; k++) out[k] = cload(x + k, v);
    if (n_last == 8)
        fft8(twiddles, out);
    else
        fft4(out);
}

/* z_k of irfft.h for FLOAT_WIDTH bins from k on, real and imaginary parts swapped. turn:
 * exp(-2 pi j k / n) of each. */
INLINE cvec irfft_load(const float *spectrum, size_t m, size_t k, cvec turn) {
    const cvec a = deinterleave(spectrum + 2 * k);
    const cvec b = deinterleave_reversed(spectrum + 2 * (m - k + 1 - FLOAT_WIDTH));
    const cvec sum = {a.re + b.re, a.im - b.im}, difference = {a.re - b.re, a.im + b.im};
    const cvec odd = {turn.re * difference.re + turn.im * difference.im,
                      turn.re * difference.im - turn.im * difference.re};
    return (cvec){sum.im + odd.re, sum.re - odd.im};
}

/* Prefetches columns `first` to first + 15 of four rows, and their mirror images: the addresses are
 * 8 KiB apart, which no hardware prefetches. */
INLINE void irfft_prefetch(const float *spectrum, size_t m, size_t q, size_t j, size_t first) {
    UNROLL for (size_t r = 0; r < 4; r++) {
        const size_t k = PT_IRFFT_COLUMNS * (j + r * q) + first;
        const float *next = spectrum + 2 * k, *mirrored = spectrum + 2 * (m - k);
        __builtin_prefetch(next);
        __builtin_prefetch(next + FLOAT_LANES);
        __builtin_prefetch(mirrored - FLOAT_LANES);
        __builtin_prefetch(mirrored - 2 * FLOAT_LANES);
    }
}

/* Columns 16 g .. 16 g + 15 of z: the first stage of their transform. */
INLINE void irfft_load_columns(const pt_irfft_plan *plan, size_t n, const float *spectrum,
                               const pt_irfft_workspace *work, size_t g, pt_complex8 *x) {
    const size_t m = n / 2, rows = m / PT_IRFFT_COLUMNS, q = rows / 4, scale = PT_IRFFT_N_MAX / n;
    _Alignas(64) pt_complex8 lane;
    for (size_t l = 0; l < FLOAT_LANES; l++) {
        const pt_complex w = irfft_twiddle(plan, (FLOAT_LANES * g + l) * scale);
        lane.re[l] = w.re;
        lane.im[l] = w.im;
    }
    for (size_t j = 0; j < q; j++) {
        if (g + 1 < PT_IRFFT_GROUPS) irfft_prefetch(spectrum, m, q, j, FLOAT_LANES * (g + 1));
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            cvec in[4];
            UNROLL for (size_t r = 0; r < 4; r++) {
                const size_t row = j + r * q;
                const cvec turn = cmul(cbroadcast(&work->row_turn[row]), cload(&lane, v));
                in[r] = irfft_load(
                    spectrum, m, PT_IRFFT_COLUMNS * row + FLOAT_LANES * g + v * FLOAT_WIDTH, turn);
            }
            butterfly(plan->twiddles, in, j, q, x, v);
        }
    }
}

/* The last stage of columns, twiddle factors, and bins in their order to column. */
INLINE void irfft_finish_columns(const pt_irfft_plan *plan, size_t rows, const pt_complex8 *x,
                                 size_t n_last, const pt_irfft_workspace *work,
                                 pt_complex8 *column) {
    for (size_t p = 0; p < rows; p += n_last)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            cvec out[8];
            irfft_load_last(plan->twiddles, x + p, v, n_last, out);
            UNROLL for (size_t k = 0; k < n_last; k++) {
                const size_t k1 = plan->bin[rows + p + k];
                const cvec twiddle =
                    cmul(cbroadcast(&work->group_twiddle[k1]), cload(&work->lane_twiddle[k1], v));
                cstore(column + k1, v, cmul(out[k], twiddle));
            }
        }
}

/* The last stage of sixteen rows from k1 on; sample pair k1 + rows k2 from bin k2. */
INLINE void irfft_finish_rows(const pt_irfft_plan *plan, const pt_complex8 *x, size_t rows,
                              size_t k1, float *out) {
    for (size_t p = 0; p < PT_IRFFT_COLUMNS; p += 8)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            cvec z[8];
            irfft_load_last(plan->twiddles, x + p, v, 8, z);
            UNROLL for (size_t k = 0; k < 8; k++) {
                const size_t k2 = plan->bin[PT_IRFFT_COLUMNS + p + k];
                interleave((cvec){z[k].im, z[k].re}, out + 2 * (k1 + rows * k2 + v * FLOAT_WIDTH));
            }
        }
}

static void irfft(const pt_irfft_plan *plan, size_t n, const float *spectrum, void *workspace,
                  float *out) {
    pt_irfft_workspace *work = workspace;
    const size_t rows = n / 2 / PT_IRFFT_COLUMNS, scale = PT_IRFFT_N_MAX / n;
    const size_t stride = PT_IRFFT_GROUP_STRIDE(rows);

    for (size_t row = 0; row < rows; row++)
        work->row_turn[row] = irfft_twiddle(plan, PT_IRFFT_COLUMNS * scale * row);
    for (size_t k1 = 0; k1 < rows; k1++)
        for (size_t l = 0; l < FLOAT_LANES; l++) {
            const pt_complex w = irfft_twiddle(plan, 2 * scale * l * k1);
            work->lane_twiddle[k1].re[l] = w.re;
            work->lane_twiddle[k1].im[l] = w.im;
        }
    for (size_t g = 0; g < PT_IRFFT_GROUPS; g++) {
        for (size_t k1 = 0; k1 < rows; k1++)
            work->group_twiddle[k1] = irfft_twiddle(plan, 2 * scale * FLOAT_LANES * g * k1);
        irfft_load_columns(plan, n, spectrum, work, g, work->row);
        for (size_t q = 0; q < 4; q++)
            irfft_split(plan->twiddles, work->row + q * (rows / 4), rows / 4);
        if (rows == 512 || rows == 128)
            irfft_finish_columns(plan, rows, work->row, 8, work, work->column + g * stride);
        else
            irfft_finish_columns(plan, rows, work->row, 4, work, work->column + g * stride);
    }
    for (size_t k1 = 0; k1 < rows; k1 += FLOAT_LANES) {
        for (size_t g = 0; g < PT_IRFFT_GROUPS; g++) {
            const pt_complex8 *in = work->column + g * stride + k1;
            transpose_rows(in, work->row + FLOAT_LANES * g);
        }
        irfft_split(plan->twiddles, work->row, PT_IRFFT_COLUMNS);
        irfft_finish_rows(plan, work->row, rows, k1, out);
    }
}
