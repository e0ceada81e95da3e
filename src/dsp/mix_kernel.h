/* SPDX-License-Identifier: MIT */
/* mix_kernel.h - sums and products of samples; part of dsp_kernels.h
 *
 * Inputs and output may be the same memory. The samples after the last whole
 * vector pass through the same operations one by one.
 */

INLINE vec_float load_floats(const float *x) {
    return *(const vec_float_unaligned *)x;
}

INLINE void store_floats(float *x, vec_float value) {
    *(vec_float_unaligned *)x = value;
}

static void narrow(const double *x, size_t n, float *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        *(vec4f *)(y + i) = NARROW4(*(const vec4_unaligned *)(x + i));
    for (; i < n; i++)
        y[i] = (float)x[i];
}

static void mix(const float *a, float gain_a, const float *b, float gain_b, float offset_b,
                size_t n, float *y) {
    size_t i = 0;
    for (; i + FLOAT_WIDTH <= n; i += FLOAT_WIDTH)
        store_floats(y + i, gain_a * load_floats(a + i) + (gain_b * load_floats(b + i) + offset_b));
    for (; i < n; i++)
        y[i] = gain_a * a[i] + (gain_b * b[i] + offset_b);
}

static void hard_clip(const float *x, size_t n, float level, float *y) {
    const vec_float high = level - (vec_float){0}, low = -high;
    size_t i = 0;
    for (; i + FLOAT_WIDTH <= n; i += FLOAT_WIDTH) {
        const vec_float v = load_floats(x + i);
        const mask_float over = v > high, under = v < low;
        store_floats(y + i, (vec_float)((over & (mask_float)high) | (under & (mask_float)low) |
                                        (~(over | under) & (mask_float)v)));
    }
    for (; i < n; i++)
        y[i] = x[i] > level ? level : x[i] < -level ? -level : x[i];
}

/* From the last sample to the first: y may be x, and the delayed samples are still unfiltered. */
static void delayed_sum(const float *x, size_t n, const size_t *delay, const float *gain,
                        size_t n_taps, float norm, float *y) {
    for (; n % (2 * FLOAT_WIDTH) != 0; n--) {
        float sum = x[n - 1];
        for (size_t t = 0; t < n_taps; t++)
            sum += gain[t] * *(x + n - 1 - delay[t]);
        y[n - 1] = norm * sum;
    }
    while (n > 0) { /* two vectors in flight */
        n -= 2 * FLOAT_WIDTH;
        vec_float sum[2] = {load_floats(x + n), load_floats(x + n + FLOAT_WIDTH)};
        for (size_t t = 0; t < n_taps; t++) {
            const float *tap = x + n - delay[t];
            UNROLL for (size_t v = 0; v < 2; v++) sum[v] +=
                gain[t] * load_floats(tap + v * FLOAT_WIDTH);
        }
        UNROLL for (size_t v = 0; v < 2; v++) store_floats(y + n + v * FLOAT_WIDTH, norm * sum[v]);
    }
}

/* Few samples match: vectors are compared, and only those with a match are read one by one. */
static size_t select_magnitudes(const float *x, size_t n, unsigned shift, uint32_t digit,
                                uint32_t *selected) {
    const vec_u32 wanted = (vec_u32){0} + digit;
    size_t n_selected = 0;
    for (size_t first = 0; first < n; first += FLOAT_LANES) {
        const size_t end = n - first < FLOAT_LANES ? n : first + FLOAT_LANES;
        if (end == first + FLOAT_LANES) {
            vec_u64 other = (vec_u64){0} - 1; /* all bits: no match */
            uint64_t all = UINT64_MAX;
            UNROLL for (size_t v = 0; v < N_VECS; v++) {
                const vec_u32 bits = (vec_u32)load_floats(x + first + v * FLOAT_WIDTH);
                other &= (vec_u64)((bits & INT32_MAX) >> shift != wanted);
            }
            UNROLL for (size_t l = 0; l < WIDTH; l++) all &= other[l];
            if (all == UINT64_MAX) continue;
        }
        for (size_t i = first; i < end; i++) {
            uint32_t bits;
            memcpy(&bits, &x[i], sizeof bits);
            bits &= INT32_MAX;
            selected[n_selected] = bits; /* overwritten unless it matches */
            n_selected += bits >> shift == digit;
        }
    }
    return n_selected;
}
