/* SPDX-License-Identifier: MIT */
/* welch_kernel.h - the transform of welch.h; part of dsp_kernels.h */

/* Columns 8 g .. 8 g + 7 of the windowed frames, and the first stage of their transform, whose
 * inputs are in four quarters. */
INLINE void columns_first_stage(const pt_welch_plan *plan, const double *const quarter[5], size_t g,
                                pt_complex8 *x) {
    const size_t q = PT_WELCH_ROWS / 4;
    for (size_t j = 0; j < q; j++)
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            const size_t i = (g * q + j) * LANES;
            cvec in[4];
            UNROLL for (size_t r = 0; r < 4; r++) {
                const vec half = load_lanes(plan->window[r % 2] + i, v);
                const vec window = r < 2 ? half : (vec)(1.0 - half);
                in[r].re = window * load_lanes(quarter[r] + i, v);
                in[r].im = window * load_lanes(quarter[r + 1] + i, v);
            }
            butterfly(plan->twiddles, in, j, q, x, v);
        }
}

/* 32 of the rows: the remaining stages of the columns, and the twiddle factors. */
INLINE void columns_finish(const pt_welch_plan *plan, size_t g, size_t first, pt_complex8 *x) {
    stage(plan->twiddles, x + first, PT_WELCH_ROWS / 4);
    for (size_t p = first; p < first + PT_WELCH_ROWS / 4; p += 8)
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            cvec out[8];
            fft8_load(plan->twiddles, x + p, v, out);
            UNROLL for (size_t k = 0; k < 8; k++) {
                const cvec group = cbroadcast(&plan->group_twiddle[g][p + k]);
                const cvec twiddle = cmul(group, cload(&plan->lane_twiddle[p + k], v));
                cstore(x + p + k, v, cmul(out[k], twiddle));
            }
        }
}

/* 64 points of the rows: the remaining stages, and the powers. */
INLINE void rows_finish(const pt_welch_plan *plan, pt_complex8 *x, double (*sum)[LANES]) {
    const size_t n = PT_WELCH_COLUMNS / 4;
    stage(plan->twiddles, x, n);
    for (size_t i = 0; i < n; i += n / 4)
        stage(plan->twiddles, x + i, n / 4);
    for (size_t i = 0; i < n; i += 4)
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            cvec z[4] = {cload(x + i, v), cload(x + i + 1, v), cload(x + i + 2, v),
                         cload(x + i + 3, v)};
            fft4(z);
            UNROLL for (size_t k = 0; k < 4; k++) store_lanes(
                sum[i + k], v, load_lanes(sum[i + k], v) + (z[k].re * z[k].re + z[k].im * z[k].im));
        }
}

#define ROW_STRIDE (2 * LANES) /* of the real or the imaginary parts of rows */

static void welch_accumulate(const pt_welch_plan *plan, const double *const quarter[5],
                             pt_welch_workspace *work, pt_welch_power *power) {
    for (size_t g = 0; g < PT_WELCH_GROUPS; g++) {
        pt_complex8 *x = work->column[g];
        columns_first_stage(plan, quarter, g, x);
        for (size_t first = 0; first < PT_WELCH_ROWS; first += PT_WELCH_ROWS / 4)
            columns_finish(plan, g, first, x);
    }
    for (size_t p = 0; p < PT_WELCH_ROWS; p += LANES) {
        pt_complex8 *x = work->row;
        for (size_t g = 0; g < PT_WELCH_GROUPS; g++) {
            transpose8x8(work->column[g][p].re, ROW_STRIDE, x[LANES * g].re, ROW_STRIDE);
            transpose8x8(work->column[g][p].im, ROW_STRIDE, x[LANES * g].im, ROW_STRIDE);
        }
        stage(plan->twiddles, x, PT_WELCH_COLUMNS);
        for (size_t q = 0; q < PT_WELCH_COLUMNS; q += PT_WELCH_COLUMNS / 4)
            rows_finish(plan, x + q, power->sum[p / LANES] + q);
    }
}
