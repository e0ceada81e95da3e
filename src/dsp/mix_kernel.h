/* SPDX-License-Identifier: MIT */
/* mix_kernel.h - sums and products of samples; part of dsp_kernels.h
 *
 * Inputs and output may be the same memory. The samples after the last whole
 * vector pass through the same operations one by one.
 */

static void widen(const float *x, size_t n, double *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        *(vec4_unaligned *)(y + i) = WIDEN4(*(const vec4f *)(x + i));
    for (; i < n; i++)
        y[i] = (double)x[i];
}

static void narrow(const double *x, size_t n, double gain, float *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const vec4 scaled = gain * *(const vec4_unaligned *)(x + i);
        *(vec4f *)(y + i) = NARROW4(scaled);
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

/* Few samples match: vectors are compared, and only those with a match are read one by one. */
static size_t select_magnitudes(const double *x, size_t n, unsigned shift, uint64_t digit,
                                uint64_t *selected) {
    const vec_u64 wanted = (vec_u64){0} + digit;
    size_t n_selected = 0;
    for (size_t first = 0; first < n; first += LANES) {
        const size_t end = n - first < LANES ? n : first + LANES;
        if (end == first + LANES) {
            vec_u64 other = (vec_u64){0} - 1; /* all bits: no match */
            uint64_t all = UINT64_MAX;
            UNROLL for (size_t v = 0; v < N_VECS; v++) {
                const vec_u64 bits = (vec_u64)(*(const vec_unaligned *)(x + first + v * WIDTH));
                other &= (vec_u64)((bits & INT64_MAX) >> shift != wanted);
            }
            UNROLL for (size_t l = 0; l < WIDTH; l++) all &= other[l];
            if (all == UINT64_MAX) continue;
        }
        for (size_t i = first; i < end; i++) {
            const uint64_t bits = double_to_bits(x[i]) & INT64_MAX;
            selected[n_selected] = bits; /* overwritten unless it matches */
            n_selected += bits >> shift == digit;
        }
    }
    return n_selected;
}
