/* SPDX-License-Identifier: MIT */
/* pair_kernel.h - the transform of pair_spectrum.h, eight a row; a part of dsp_kernels.h */

/* Columns 8 g .. 8 g + 7 of the windowed frames, and the first stage of their transform: its four
 * rows stand in four quarters. */
INLINE void columns_begin(const pt_pair_spectrum *plan, const double *const quarter[5], size_t g,
                          pt_complex8 *x) {
    const size_t q = PT_PAIR_ROWS / 4;
    for (size_t j = 0; j < q; j++)
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            const size_t i = (g * q + j) * LANES;
            cvec in[4];
            UNROLL for (size_t r = 0; r < 4; r++) {
                const vec half = get(plan->window[r % 2] + i, v);
                const vec window = r < 2 ? half : (vec)(1.0 - half);
                in[r].re = window * get(quarter[r] + i, v);
                in[r].im = window * get(quarter[r + 1] + i, v);
            }
            butterfly(plan->roots, in, j, q, x, v);
        }
}

/* 32 of the rows: the rest of their transform, and the turn. */
INLINE void columns_end(const pt_pair_spectrum *plan, size_t g, size_t first, pt_complex8 *x) {
    stage(plan->roots, x + first, PT_PAIR_ROWS / 4);
    for (size_t p = first; p < first + PT_PAIR_ROWS / 4; p += 8)
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            cvec out[8];
            eight_of(plan->roots, x + p, v, out);
            UNROLL for (size_t k = 0; k < 8; k++) {
                const cvec group = call(&plan->group_turn[g][p + k]);
                const cvec turn = cmul(group, cget(&plan->lane_turn[p + k], v));
                cput(x + p + k, v, cmul(out[k], turn));
            }
        }
}

/* 64 points of the rows: the rest of their transform, and the powers. */
INLINE void rows_end(const pt_pair_spectrum *plan, pt_complex8 *x, double (*sum)[LANES]) {
    const size_t n = PT_PAIR_COLUMNS / 4;
    stage(plan->roots, x, n);
    for (size_t i = 0; i < n; i += n / 4)
        stage(plan->roots, x + i, n / 4);
    for (size_t i = 0; i < n; i += 4)
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
            cvec z[4] = {cget(x + i, v), cget(x + i + 1, v), cget(x + i + 2, v),
                         cget(x + i + 3, v)};
            four(z);
            UNROLL for (size_t k = 0; k < 4; k++)
                put(sum[i + k], v, get(sum[i + k], v) + (z[k].re * z[k].re + z[k].im * z[k].im));
        }
}

#define ROW_STRIDE (2 * LANES) /* of the real or the imaginary parts of rows */

static void pair_spectrum(const pt_pair_spectrum *plan, const double *const quarter[5],
                          pt_pair_work *work, pt_pair_power *power) {
    for (size_t g = 0; g < PT_PAIR_GROUPS; g++) {
        pt_complex8 *x = work->column[g];
        columns_begin(plan, quarter, g, x);
        for (size_t first = 0; first < PT_PAIR_ROWS; first += PT_PAIR_ROWS / 4)
            columns_end(plan, g, first, x);
    }
    for (size_t p = 0; p < PT_PAIR_ROWS; p += LANES) {
        pt_complex8 *x = work->row;
        for (size_t g = 0; g < PT_PAIR_GROUPS; g++) {
            turn8x8(work->column[g][p].re, ROW_STRIDE, x[LANES * g].re, ROW_STRIDE);
            turn8x8(work->column[g][p].im, ROW_STRIDE, x[LANES * g].im, ROW_STRIDE);
        }
        stage(plan->roots, x, PT_PAIR_COLUMNS);
        for (size_t q = 0; q < PT_PAIR_COLUMNS; q += PT_PAIR_COLUMNS / 4)
            rows_end(plan, x + q, power->sum[p / LANES] + q);
    }
}
