/* SPDX-License-Identifier: MIT */
/* mix_kernel.h - sums and products of samples; part of dsp_kernels.h
 *
 * Inputs and output may be the same memory. Samples after the last whole vector have the same
 * operations, one by one.
 */

static void widen(const float *x, size_t n, double *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        *(vec4_unaligned *)(y + i) = __builtin_convertvector(*(const vec4f *)(x + i), vec4);
    for (; i < n; i++)
        y[i] = (double)x[i];
}

static void narrow(const double *x, size_t n, double gain, float *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const vec4 scaled = gain * *(const vec4_unaligned *)(x + i);
        *(vec4f *)(y + i) = __builtin_convertvector(scaled, vec4f);
    }
    for (; i < n; i++)
        y[i] = (float)(gain * x[i]);
}

static void mix(const double *a, double gain_a, const double *b, double gain_b, double offset_b,
                size_t n, double *y) {
    size_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        *(vec_unaligned *)(y + i) = gain_a * *(const vec_unaligned *)(a + i) +
                                    (gain_b * *(const vec_unaligned *)(b + i) + offset_b);
    for (; i < n; i++)
        y[i] = gain_a * a[i] + (gain_b * b[i] + offset_b);
}

static void hard_clip(const double *x, size_t n, double level, double *y) {
    const vec high = BROADCAST(level), low = -high;
    size_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        const vec v = *(const vec_unaligned *)(x + i);
        const mask over = v > high, under = v < low;
        *(vec_unaligned *)(y + i) =
            (vec)((over & (mask)high) | (under & (mask)low) | (~(over | under) & (mask)v));
    }
    for (; i < n; i++)
        y[i] = x[i] > level ? level : x[i] < -level ? -level : x[i];
}

static void delayed_sum(const double *x, size_t n, const size_t *delay, const double *gain,
                        size_t n_taps, double norm, double *y) {
    size_t i = 0;
    for (; i + GROUP <= n; i += GROUP) {
        vec sum[VECS];
        UNROLL for (size_t v = 0; v < VECS; v++) sum[v] =
            *(const vec_unaligned *)(x + i + v * WIDTH);
        for (size_t t = 0; t < n_taps; t++) {
            const double *tap = x + i - delay[t];
            UNROLL for (size_t v = 0; v < VECS; v++) sum[v] +=
                gain[t] * *(const vec_unaligned *)(tap + v * WIDTH);
        }
        UNROLL for (size_t v = 0; v < VECS; v++) * (vec_unaligned *)(y + i + v * WIDTH) =
            norm * sum[v];
    }
    for (; i < n; i++) {
        double sum = x[i];
        for (size_t t = 0; t < n_taps; t++)
            sum += gain[t] * *(x + i - delay[t]);
        y[i] = norm * sum;
    }
}
