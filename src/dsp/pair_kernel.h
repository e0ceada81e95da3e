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
                const vec window = get(plan->window[r] + i, v);
                in[r].re = window * get(quarter[r] + i, v);
                in[r].im = window * get(quarter[r + 1] + i, v);
            }
            butterfly(plan->roots, in, j, q, x, v);
        }
}

INLINE void columns_turn(const pt_pair_spectrum *plan, size_t g, pt_complex8 *x) {
    for (size_t p = 0; p < PT_PAIR_ROWS; p++) {
        const cvec group = call(&plan->group_turn[g][p]);
        UNROLL for (size_t v = 0; v < LANES / WIDTH; v++)
            cput(x + p, v, cmul(cget(x + p, v), cmul(group, cget(&plan->lane_turn[p], v))));
    }
}

#define ROW_STRIDE (2 * LANES) /* of the real or the imaginary parts of rows */

static void pair_spectrum(const pt_pair_spectrum *plan, const double *const quarter[5],
                          pt_pair_work *work, pt_pair_power *power) {
    for (size_t g = 0; g < PT_PAIR_GROUPS; g++) {
        pt_complex8 *x = work->column[g];
        columns_begin(plan, quarter, g, x);
        for (size_t r = 0; r < 4; r++)
            transform(plan->roots, x + r * (PT_PAIR_ROWS / 4), PT_PAIR_ROWS / 4);
        columns_turn(plan, g, x);
    }
    for (size_t p = 0; p < PT_PAIR_ROWS; p += LANES) {
        pt_complex8 *x = work->row;
        for (size_t g = 0; g < PT_PAIR_GROUPS; g++) {
            turn8x8(work->column[g][p].re, ROW_STRIDE, x[LANES * g].re, ROW_STRIDE);
            turn8x8(work->column[g][p].im, ROW_STRIDE, x[LANES * g].im, ROW_STRIDE);
        }
        stage(plan->roots, x, PT_PAIR_COLUMNS);
        for (size_t r = 0; r < 4; r++) {
            const size_t first = r * (PT_PAIR_COLUMNS / 4);
            transform(plan->roots, x + first, PT_PAIR_COLUMNS / 4);
            for (size_t q = first; q < first + PT_PAIR_COLUMNS / 4; q++)
                UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
                    const cvec z = cget(x + q, v);
                    double *sum = power->sum[p / LANES][q];
                    put(sum, v, get(sum, v) + (z.re * z.re + z.im * z.im));
                }
        }
    }
}
