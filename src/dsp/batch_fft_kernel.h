/* SPDX-License-Identifier: MIT */
/* batch_fft_kernel.h - FFTs of eight signals at a time; part of dsp_kernels.h */

/* W_4q^j, its square and its cube, from pt_batch_fft_init_twiddles */
typedef const pt_complex (*twiddle_table)[3];

typedef struct cvec {
    vec re, im;
} cvec;

INLINE cvec cload(const pt_complex8 *x, size_t v) {
    return (cvec){load_lanes(x->re, v), load_lanes(x->im, v)};
}

INLINE void cstore(pt_complex8 *x, size_t v, cvec value) {
    store_lanes(x->re, v, value.re);
    store_lanes(x->im, v, value.im);
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

INLINE cvec cbroadcast(const pt_complex *c) {
    return (cvec){BROADCAST(c->re), BROADCAST(c->im)};
}

/* FFT of four points, in place. */
INLINE void fft4(cvec x[4]) {
    const cvec sum02 = cadd(x[0], x[2]), dif02 = csub(x[0], x[2]);
    const cvec sum13 = cadd(x[1], x[3]), dif13 = csub(x[1], x[3]);
    x[0] = cadd(sum02, sum13);
    x[1] = (cvec){dif02.re + dif13.im, dif02.im - dif13.re}; /* dif02 - j dif13 */
    x[2] = csub(sum02, sum13);
    x[3] = (cvec){dif02.re - dif13.im, dif02.im + dif13.re};
}

/* Radix-4 butterfly j of a transform of 4 q points (decimation in frequency), which leaves four
 * transforms of q points. */
INLINE void butterfly(twiddle_table twiddles, cvec in[4], size_t j, size_t q, pt_complex8 *x,
                      size_t v) {
    fft4(in);
    cstore(x + j, v, in[0]);
    UNROLL for (size_t r = 1; r < 4; r++)
        cstore(x + j + r * q, v, j > 0 ? cmul(in[r], cbroadcast(&twiddles[q + j][r - 1])) : in[r]);
}

INLINE void butterfly_at(twiddle_table twiddles, pt_complex8 *x, size_t j, size_t q) {
    UNROLL for (size_t v = 0; v < N_VECS; v++) {
        cvec in[4] = {cload(x + j, v), cload(x + j + q, v), cload(x + j + 2 * q, v),
                      cload(x + j + 3 * q, v)};
        butterfly(twiddles, in, j, q, x, v);
    }
}

/* One radix-4 stage: n points to four transforms of n / 4 points. */
INLINE void stage(twiddle_table twiddles, pt_complex8 *x, size_t n) {
    butterfly_at(twiddles, x, 0, n / 4);
    for (size_t j = 1; j < n / 4; j++)
        butterfly_at(twiddles, x, j, n / 4);
}

/* FFT of eight points, in registers. */
INLINE void fft8(twiddle_table twiddles, cvec x[8]) {
    UNROLL for (size_t j = 0; j < 2; j++) {
        cvec in[4] = {x[j], x[j + 2], x[j + 4], x[j + 6]};
        fft4(in);
        UNROLL for (size_t r = 0; r < 4; r++) x[j + 2 * r] =
            j > 0 && r > 0 ? cmul(in[r], cbroadcast(&twiddles[2 + j][r - 1])) : in[r];
    }
    UNROLL for (size_t i = 0; i < 8; i += 2) {
        const cvec sum = cadd(x[i], x[i + 1]), difference = csub(x[i], x[i + 1]);
        x[i] = sum;
        x[i + 1] = difference;
    }
}

/* Loads eight points and transforms them, so that the caller continues in registers. */
INLINE void fft8_load(twiddle_table twiddles, const pt_complex8 *x, size_t v, cvec out[8]) {
    UNROLL for (size_t k = 0; k < 8; k++) out[k] = cload(x + k, v);
    fft8(twiddles, out);
}
