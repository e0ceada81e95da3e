/* SPDX-License-Identifier: MIT */
/* lanes_kernel.h - transforms of eight signals side by side; a part of dsp_kernels.h */

/* W_4q^j, its square and its cube, as pt_lanes_roots makes them */
typedef const pt_complex (*root_table)[3];

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
INLINE void butterfly(root_table roots, cvec in[4], size_t j, size_t q, pt_complex8 *x, size_t v) {
    four(in);
    cput(x + j, v, in[0]);
    UNROLL for (size_t r = 1; r < 4; r++)
        cput(x + j + r * q, v, j > 0 ? cmul(in[r], call(&roots[q + j][r - 1])) : in[r]);
}

INLINE void butterfly_at(root_table roots, pt_complex8 *x, size_t j, size_t q) {
    UNROLL for (size_t v = 0; v < LANES / WIDTH; v++) {
        cvec in[4] = {cget(x + j, v), cget(x + j + q, v), cget(x + j + 2 * q, v),
                      cget(x + j + 3 * q, v)};
        butterfly(roots, in, j, q, x, v);
    }
}

/* n points of eight transforms side by side to four times n / 4 points. */
INLINE void stage(root_table roots, pt_complex8 *x, size_t n) {
    butterfly_at(roots, x, 0, n / 4);
    for (size_t j = 1; j < n / 4; j++)
        butterfly_at(roots, x, j, n / 4);
}

/* Eight points, in registers. */
INLINE void eight(root_table roots, cvec x[8]) {
    UNROLL for (size_t j = 0; j < 2; j++) {
        cvec in[4] = {x[j], x[j + 2], x[j + 4], x[j + 6]};
        four(in);
        UNROLL for (size_t r = 0; r < 4; r++) x[j + 2 * r] =
            j > 0 && r > 0 ? cmul(in[r], call(&roots[2 + j][r - 1])) : in[r];
    }
    UNROLL for (size_t i = 0; i < 8; i += 2) {
        const cvec sum = cadd(x[i], x[i + 1]), difference = csub(x[i], x[i + 1]);
        x[i] = sum;
        x[i + 1] = difference;
    }
}

/* Transforms of 32 points are a stage and four times eight points. These are loaded here, so that
 * whoever calls can go on with them in registers: i = 0, 8, 16, 24. */
INLINE void eight_of(root_table roots, const pt_complex8 *x, size_t v, cvec out[8]) {
    UNROLL for (size_t k = 0; k < 8; k++) out[k] = cget(x + k, v);
    eight(roots, out);
}
