/* SPDX-License-Identifier: MIT */
/* pair_kernel.h - the transform of pair_spectrum.h, eight a row; a part of dsp_kernels.h */

typedef struct cvec {
    vec re, im;
} cvec;

INLINE cvec cget(const pt_complex8 *x, size_t v) {
    return (cvec){get(x->re, v), get(x->im, v)};
}

INLINE void cput(pt_complex8 *x, size_t v, cvec value) {
    put(x->re, v, value.re);
    put(x->im, v, value.im);
}

INLINE cvec cadd(cvec a, cvec b) {
    return (cvec){a.re + b.re, a.im + b.im};
}

INLINE cvec csub(cvec a, cvec b) {
    return (cvec){a.re - b.re, a.im - b.im};
}

INLINE cvec cmul(cvec a, cvec b) {
    return (cvec){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

INLINE cvec call(const pt_complex *c) {
    return (cvec){ALL(c->re), ALL(c->im)};
}

/* The transform of four, in place. */
INLINE void four(cvec x[4]) {
    const cvec sum02 = cadd(x[0], x[2]), dif02 = csub(x[0], x[2]);
    const cvec sum13 = cadd(x[1], x[3]), dif13 = csub(x[1], x[3]);
    x[0] = cadd(sum02, sum13);
    x[1] = (cvec){dif02.re + dif13.im, dif02.im - dif13.re}; /* dif02 - j dif13 */
    x[2] = csub(sum02, sum13);
    x[3] = (cvec){dif02.re - dif13.im, dif02.im + dif13.re};
}

/* Four rows q apart of a transform of 4 q points: column j of it, and what is then left to do are
 * four transforms of q points. */
INLINE void butterfly(const pt_pair_spectrum *plan, cvec in[4], size_t j, size_t q, pt_complex8 *x,
                      size_t v) {
    four(in);
    cput(x + j, v, in[0]);
    UNROLL for (size_t r = 1; r < 4; r++)
        cput(x + j + r * q, v, j > 0 ? cmul(in[r], call(&plan->roots[q + j][r - 1])) : in[r]);
}

INLINE void butterfly_at(const pt_pair_spectrum *plan, pt_complex8 *x, size_t j, size_t q) {
    UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
        cvec in[4] = {cget(x + j, v), cget(x + j + q, v), cget(x + j + 2 * q, v),
                      cget(x + j + 3 * q, v)};
        butterfly(plan, in, j, q, x, v);
    }
}

/* n points of eight transforms side by side to four times n / 4 points. */
INLINE void stage(const pt_pair_spectrum *plan, pt_complex8 *x, size_t n) {
    butterfly_at(plan, x, 0, n / 4);
    for (size_t j = 1; j < n / 4; j++)
        butterfly_at(plan, x, j, n / 4);
}

/* x [n], in place, n at most 64. What n is taken apart in gives the order of the bins. */
static void transform(const pt_pair_spectrum *plan, pt_complex8 *x, size_t n) {
    size_t left = n;
    for (; left >= 4; left /= 4)
        for (size_t i = 0; i < n; i += left)
            stage(plan, x + i, left);
    if (left == 2)
        for (size_t i = 0; i < n; i += 2)
            UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
                const cvec a = cget(x + i, v), b = cget(x + i + 1, v);
                cput(x + i, v, cadd(a, b));
                cput(x + i + 1, v, csub(a, b));
            }
}

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
            butterfly(plan, in, j, q, x, v);
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
            transform(plan, x + r * (PT_PAIR_ROWS / 4), PT_PAIR_ROWS / 4);
        columns_turn(plan, g, x);
    }
    for (size_t p = 0; p < PT_PAIR_ROWS; p += LANES) {
        pt_complex8 *x = work->row;
        for (size_t g = 0; g < PT_PAIR_GROUPS; g++) {
            turn8x8(work->column[g][p].re, ROW_STRIDE, x[LANES * g].re, ROW_STRIDE);
            turn8x8(work->column[g][p].im, ROW_STRIDE, x[LANES * g].im, ROW_STRIDE);
        }
        stage(plan, x, PT_PAIR_COLUMNS);
        for (size_t r = 0; r < 4; r++) {
            const size_t first = r * (PT_PAIR_COLUMNS / 4);
            transform(plan, x + first, PT_PAIR_COLUMNS / 4);
            for (size_t q = first; q < first + PT_PAIR_COLUMNS / 4; q++)
                UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
                    const cvec z = cget(x + q, v);
                    double *sum = power->sum[p / LANES][q];
                    put(sum, v, get(sum, v) + (z.re * z.re + z.im * z.im));
                }
        }
    }
}
