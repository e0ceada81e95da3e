/* SPDX-License-Identifier: MIT */
/* sum_kernel.h - sums in eight lanes (pt_stats_sum_lanes); part of dsp_kernels.h */

/* Returns the sum over i < n of `term`, an expression in i. */
#define RETURN_SUM(n, term)                                                                        \
    double lane[LANES] = {0};                                                                      \
    const size_t whole = (n) - (n) % LANES;                                                        \
    for (size_t first = 0; first < whole; first += LANES)                                          \
        for (size_t l = 0; l < LANES; l++) {                                                       \
            const size_t i = first + l;                                                            \
            lane[l] += (term);                                                                     \
        }                                                                                          \
    for (size_t i = whole; i < (n); i++)                                                           \
        lane[i - whole] += (term);                                                                 \
    return pt_stats_sum_lanes(lane)

static double sum(const float *x, size_t n) {
    vec sums[N_VECS] = {0};
    _Alignas(64) double lane[LANES];
    const size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            const vec_half samples = *(const vec_half_unaligned *)(x + i + v * WIDTH);
            sums[v] += WIDEN(samples);
        }
    for (size_t v = 0; v < N_VECS; v++)
        store_lanes(lane, v, sums[v]);
    for (size_t i = whole; i < n; i++)
        lane[i - whole] += (double)x[i];
    return pt_stats_sum_lanes(lane);
}

static void moments(const float *x, size_t n, double origin, double *sum_of, double *squares) {
    vec sums[N_VECS] = {0}, square_sums[N_VECS] = {0};
    _Alignas(64) double lane[LANES], square[LANES];
    const size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            const vec_half samples = *(const vec_half_unaligned *)(x + i + v * WIDTH);
            const vec off = WIDEN(samples) - origin;
            sums[v] += off;
            square_sums[v] += off * off;
        }
    for (size_t v = 0; v < N_VECS; v++) {
        store_lanes(lane, v, sums[v]);
        store_lanes(square, v, square_sums[v]);
    }
    for (size_t i = whole; i < n; i++) {
        const double off = (double)x[i] - origin;
        lane[i - whole] += off;
        square[i - whole] += off * off;
    }
    *sum_of = pt_stats_sum_lanes(lane);
    *squares = pt_stats_sum_lanes(square);
}

static double sum_products_about(const float *x, const float *y, size_t n, double centre_x,
                                 double centre_y) {
    RETURN_SUM(n, ((double)x[i] - centre_x) * ((double)y[i] - centre_y));
}

/* Magnitudes are in the order of their bits, those of a NaN above all others. */
static float peak(const float *x, size_t n) {
    const mask_float magnitude = (mask_float){0} + INT32_MAX; /* all bits but the sign */
    mask_float peaks[N_VECS] = {0};
    _Alignas(64) int32_t lane[FLOAT_LANES];
    int32_t highest = 0;
    const size_t whole = n - n % FLOAT_LANES;
    for (size_t i = 0; i < whole; i += FLOAT_LANES)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            const vec_float samples = *(const vec_float_unaligned *)(x + i + v * FLOAT_WIDTH);
            const mask_float size = (mask_float)samples & magnitude, larger = size > peaks[v];
            peaks[v] = (size & larger) | (peaks[v] & ~larger);
        }
    memcpy(lane, peaks, sizeof lane);
    for (size_t l = 0; l < FLOAT_LANES; l++)
        highest = lane[l] > highest ? lane[l] : highest;
    for (size_t i = whole; i < n; i++) {
        int32_t size;
        memcpy(&size, &x[i], sizeof size);
        size &= INT32_MAX;
        highest = size > highest ? size : highest;
    }
    float result;
    memcpy(&result, &highest, sizeof result);
    return result;
}
