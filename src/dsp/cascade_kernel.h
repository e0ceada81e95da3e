/* SPDX-License-Identifier: MIT */
/* cascade_kernel.h - the filters of cascade.h, a segment a lane; a part of dsp_kernels.h */

static void transpose8(const float *x, size_t n, double *y) {
    const size_t whole = n - n % 4;
    for (size_t half = 0; half < LANES; half += 4) {
        const float *x0 = x + half * n, *x1 = x0 + n, *x2 = x1 + n, *x3 = x2 + n;
        for (size_t i = 0; i < whole; i += 4) {
            const vec4f a = *(const vec4f *)(x0 + i), b = *(const vec4f *)(x1 + i);
            const vec4f c = *(const vec4f *)(x2 + i), d = *(const vec4f *)(x3 + i);
            const vec4f ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
            const vec4f ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
            const vec4f cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            const vec4f cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            double *out = y + i * LANES + half;
            *(vec4 *)(out) =
                __builtin_convertvector(__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), vec4);
            *(vec4 *)(out + LANES) =
                __builtin_convertvector(__builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7), vec4);
            *(vec4 *)(out + 2 * LANES) = __builtin_convertvector(
                __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), vec4);
            *(vec4 *)(out + 3 * LANES) = __builtin_convertvector(
                __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7), vec4);
        }
    }
    for (size_t i = whole; i < n; i++)
        for (size_t s = 0; s < LANES; s++)
            y[i * LANES + s] = (double)x[s * n + i];
}

/* left [k][s]: what the samples of segment s leave in state k of a filter at rest before them. */
INLINE void cascade_left(const pt_cascade *f, const double *x, size_t stride,
                         double left[4][LANES]) {
    for (size_t group = 0; group < LANES; group += GROUP) {
        vec sum[4][VECS] = {0};
        for (size_t i = 0; i < f->length; i++) {
            const vec *row = (const vec *)(x + i * stride + group);
            UNROLL for (size_t k = 0; k < 4; k++) {
                const vec response = ALL(f->response[i][k]);
                UNROLL for (size_t v = 0; v < VECS; v++) sum[k][v] += response * row[v];
            }
        }
        for (size_t k = 0; k < 4; k++)
            memcpy(left[k] + group, sum[k], sizeof sum[k]);
    }
}

/* start [k][s]: state k before segment s, of which segment 0 begins in `state`. */
INLINE void cascade_walk(const pt_cascade *f, double left[4][LANES], const double state[4],
                         double start[4][LANES]) {
    double now[4];
    memcpy(now, state, sizeof now);
    for (size_t s = 0; s < LANES; s++) {
        double next[4];
        for (size_t k = 0; k < 4; k++) {
            start[k][s] = now[k];
            next[k] = ((f->advance[0][k] * now[0] + f->advance[1][k] * now[1]) +
                       (f->advance[2][k] * now[2] + f->advance[3][k] * now[3])) +
                      left[k][s];
        }
        memcpy(now, next, sizeof now);
    }
}

/* Filters all segments from the states in `start`, where those at the end go too. */
INLINE void cascade_run(const pt_cascade *f, const double *x, size_t stride, double start[4][LANES],
                        double energy[LANES]) {
    const vec c1 = ALL(f->c1), c2 = ALL(f->c2), a1 = ALL(f->a1), a2 = ALL(f->a2);
    const vec h = ALL(f->h), k = ALL(f->k), g = ALL(f->g);
    for (size_t group = 0; group < LANES; group += GROUP) {
        vec state[4][VECS], sum[VECS] = {0};
        for (size_t i = 0; i < 4; i++)
            memcpy(state[i], start[i] + group, sizeof state[i]);
        for (size_t i = 0; i < f->length; i++) {
            const vec *row = (const vec *)(x + i * stride + group);
            UNROLL for (size_t v = 0; v < VECS; v++) {
                const vec p = state[0][v], q = state[2][v], u = row[v] + p, y = u + q;
                sum[v] += y * y;
                state[0][v] = (c1 * row[v] + state[1][v]) - a1 * p;
                state[1][v] = c2 * row[v] - a2 * p;
                state[2][v] = (state[3][v] - h * u) - k * q;
                state[3][v] = state[3][v] - g * y;
            }
        }
        for (size_t i = 0; i < 4; i++)
            memcpy(start[i] + group, state[i], sizeof state[i]);
        memcpy(energy + group, sum, sizeof sum);
    }
}

static double cascade_energy(const pt_cascade *f, const double *x, size_t stride, double state[4]) {
    double left[4][LANES], run[4][LANES], energy[LANES];
    cascade_left(f, x, stride, left);
    cascade_walk(f, left, state, run);
    cascade_run(f, x, stride, run, energy);
    for (size_t k = 0; k < 4; k++)
        state[k] = run[k][LANES - 1];
    return lanes_sum(energy);
}
