/* SPDX-License-Identifier: MIT */
/* welch_kernel.h - the transform of welch.h; part of dsp_kernels.h */

/* Columns 16 g .. 16 g + 15 of the windowed frames, and the first stage of their transform, whose
 * inputs are in four quarters. */
INLINE void columns_first_stage(const pt_welch_plan *plan, const float *const quarter[5], size_t g,
                                pt_complex8 *x) {
    const size_t q = PT_WELCH_ROWS / 4;
    for (size_t j = 0; j < q; j++)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            const size_t i = (g * q + j) * FLOAT_LANES;
            cvec in[4];
            UNROLL for (size_t r = 0; r < 4; r++) {
                const vec half = load_lanes(plan->window[r % 2] + i, v);
                const vec window = r < 2 ? half : (vec)(1.0F - half);
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
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            cvec out[8];
            fft8_load(plan->twiddles, x + p, v, out);
            UNROLL for (size_t k = 0; k < 8; k++) {
                const cvec group = cbroadcast(&plan->group_twiddle[g][p + k]);
                const cvec twiddle = cmul(group, cload(&plan->lane_twiddle[p + k], v));
                cstore(x + p + k, v, cmul(out[k], twiddle));
            }
        }
}

/* Adds |z|^2 to sums of doubles. */
INLINE void add_power(cvec z, double *sum, size_t v) {
    const union {
        vec_float all;
        vec_half half[2];
    } re = {z.re}, im = {z.im};
    UNROLL for (size_t h = 0; h < 2; h++) {
        const vec_double x = WIDEN(re.half[h]);
        const vec_double y = WIDEN(im.half[h]);
        vec_double *total = (vec_double *)sum + 2 * v + h;
        *total += x * x + y * y;
    }
}

/* 64 points of the rows: the remaining stages, and the powers. */
INLINE void rows_finish(const pt_welch_plan *plan, pt_complex8 *x, double (*sum)[FLOAT_LANES]) {
    const size_t n = PT_WELCH_COLUMNS / 4;
    stage(plan->twiddles, x, n);
    for (size_t i = 0; i < n; i += n / 4)
        stage(plan->twiddles, x + i, n / 4);
    for (size_t i = 0; i < n; i += 4)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            cvec z[4] = {cload(x + i, v), cload(x + i + 1, v), cload(x + i + 2, v),
                         cload(x + i + 3, v)};
            fft4(z);
            UNROLL for (size_t k = 0; k < 4; k++) add_power(z[k], sum[i + k], v);
        }
}

/* Sixteen rows from p on, and the first stage of their transform, a sixteenth after the other while
 * it is in the first cache. */
INLINE void rows_first_stage(const pt_welch_plan *plan, const pt_welch_workspace *work, size_t p,
                             pt_complex8 *x) {
    const size_t q = PT_WELCH_COLUMNS / 4;
    for (size_t g = 0; g < PT_WELCH_GROUPS / 4; g++) {
        const size_t first = g * FLOAT_LANES;
        for (size_t r = 0; r < 4; r++)
            transpose_rows(&work->column[g + r * PT_WELCH_GROUPS / 4][p], x + first + r * q);
        if (g == 0) butterfly_at(plan->twiddles, x, 0, q);
        for (size_t j = g == 0 ? 1 : first; j < first + FLOAT_LANES; j++)
            butterfly_at(plan->twiddles, x, j, q);
    }
}

static void welch_accumulate(const pt_welch_plan *plan, const float *const quarter[5],
                             pt_welch_workspace *work, pt_welch_power *power) {
    for (size_t g = 0; g < PT_WELCH_GROUPS; g++) {
        pt_complex8 *x = work->column[g];
        columns_first_stage(plan, quarter, g, x);
        for (size_t first = 0; first < PT_WELCH_ROWS; first += PT_WELCH_ROWS / 4)
            columns_finish(plan, g, first, x);
    }
    for (size_t p = 0; p < PT_WELCH_ROWS; p += FLOAT_LANES) {
        rows_first_stage(plan, work, p, work->row);
        for (size_t q = 0; q < PT_WELCH_COLUMNS; q += PT_WELCH_COLUMNS / 4)
            rows_finish(plan, work->row + q, power->sum[p / FLOAT_LANES] + q);
    }
}
