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
    RETURN_SUM(n, (double)x[i]);
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

/* No comparison with a NaN is true, so it is ignored. */
static float peak(const float *x, size_t n) {
    const mask_float magnitude = (mask_float){0} + INT32_MAX; /* all bits but the sign */
    vec_float peaks[N_VECS] = {0};
    _Alignas(64) float lane[FLOAT_LANES];
    float highest = 0.0F;
    const size_t whole = n - n % FLOAT_LANES;
    for (size_t i = 0; i < whole; i += FLOAT_LANES)
        UNROLL for (size_t v = 0; v < N_VECS; v++) {
            const vec_float samples = *(const vec_float_unaligned *)(x + i + v * FLOAT_WIDTH);
            const vec_float size = (vec_float)((mask_float)samples & magnitude);
            const mask_float larger = size > peaks[v];
            peaks[v] = (vec_float)(((mask_float)size & larger) | ((mask_float)peaks[v] & ~larger));
        }
    for (size_t v = 0; v < N_VECS; v++)
        store_lanes_float(lane, v, peaks[v]);
    for (size_t l = 0; l < FLOAT_LANES; l++)
        highest = lane[l] > highest ? lane[l] : highest;
    for (size_t i = whole; i < n; i++)
        highest = fabsf(x[i]) > highest ? fabsf(x[i]) : highest;
    return highest;
}
