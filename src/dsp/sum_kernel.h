/* SPDX-License-Identifier: MIT */
/* sum_kernel.h - sums in eight lanes; a part of dsp_kernels.h
 *
 * Sample i goes to lane i mod 8 and the lanes are added pairwise at the end. The lanes may stand in
 * vectors of any width without touching a bit of the result, and rounding errors grow an eighth as
 * fast as in one long sum.
 */

/* Returns the sum over i < n of `term`, an expression in i. */
#define SUM_OF(n, term)                                                                            \
    double lane[LANES] = {0};                                                                      \
    const size_t whole = (n) - (n) % LANES;                                                        \
    for (size_t first = 0; first < whole; first += LANES)                                          \
        for (size_t l = 0; l < LANES; l++) {                                                       \
            const size_t i = first + l;                                                            \
            lane[l] += (term);                                                                     \
        }                                                                                          \
    for (size_t i = whole; i < (n); i++)                                                           \
        lane[i - whole] += (term);                                                                 \
    return lanes_sum(lane)

static double sum(const double *x, size_t n) {
    SUM_OF(n, x[i]);
}

static double sum_squares_about(const double *x, size_t n, double centre) {
    SUM_OF(n, (x[i] - centre) * (x[i] - centre));
}

static double sum_products_about(const double *x, const double *y, size_t n, double centre_x,
                                 double centre_y) {
    SUM_OF(n, (x[i] - centre_x) * (y[i] - centre_y));
}

/* The same for the maximum, which a vector can take where it is written like this. */
static double peak(const double *x, size_t n) {
    double lane[LANES] = {0}, highest = 0.0;
    const size_t whole = n - n % LANES;
    for (size_t first = 0; first < whole; first += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const double size = fabs(x[first + l]);
            lane[l] = size > lane[l] ? size : lane[l];
        }
    for (size_t i = whole; i < n; i++)
        lane[i - whole] = fabs(x[i]) > lane[i - whole] ? fabs(x[i]) : lane[i - whole];
    for (size_t l = 0; l < LANES; l++)
        highest = lane[l] > highest ? lane[l] : highest;
    return highest;
}
