/* SPDX-License-Identifier: MIT */
/* test_stats.c - mean, power, covariance and peak of samples */

#include "test.h"

#include <stdlib.h>

#include "dsp/stats.h"
#include "stimulus.h"

/* Small whole numbers: every sum is exact, so the expected values are too. Lengths on both sides of
 * a multiple of the lanes. */
TEST(stats, whole_numbers_are_exact) {
    float x[40], y[40];
    for (size_t n = 1; n <= 40; n++) {
        double sum = 0.0;
        for (size_t i = 0; i < n; i++) {
            x[i] = (float)((int)(i * 7 % 11) - 4);
            y[i] = (float)((int)(i * 5 % 13) - 3);
            sum += (double)x[i];
        }
        const double mean = sum / (double)n;
        CHECK_NEAR(pt_stats_mean(x, n), mean, 0.0);

        double mean_y = 0.0, power = 0.0, covariance = 0.0;
        for (size_t i = 0; i < n; i++)
            mean_y += (double)y[i] / (double)n;
        for (size_t i = 0; i < n; i++) {
            const double off = (double)x[i] - mean;
            power += off * off / (double)n;
            covariance += off * ((double)y[i] - mean_y) / (double)n;
        }
        /* 40 terms of at most 100: 40 * 100 epsilons */
        CHECK_NEAR(pt_stats_power(x, n), power, 1e-12);
        pt_comoments found = {0};
        pt_comoments_add(&found, x, y, n);
        CHECK_NEAR(pt_moments_power(&found.x), power, 1e-12);
        CHECK_NEAR(pt_comoments_covariance(&found), covariance, 1e-12);
    }
}

/* In blocks of any size, and with the worst first sample: the largest outlier. */
TEST(stats, mean_and_power_in_blocks) {
    enum { N = 100003 };
    float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    uint32_t state = 3;
    REQUIRE(x && y);
    for (int outlier = 0; outlier < 2; outlier++) {
        long double sum_x = 0, sum_y = 0, xx = 0, yx = 0;
        for (size_t i = 0; i < N; i++) {
            x[i] = (float)(50.0 + stimulus_next_random(&state));
            y[i] = (float)(stimulus_next_random(&state) - 0.5 * (double)x[i]);
        }
        if (outlier) x[0] = -1e6F;
        for (size_t i = 0; i < N; i++)
            sum_x += x[i], sum_y += y[i];
        for (size_t i = 0; i < N; i++) {
            xx += (x[i] - sum_x / N) * (x[i] - sum_x / N);
            yx += (x[i] - sum_x / N) * (y[i] - sum_y / N);
        }
        pt_comoments found = {0};
        for (size_t i = 0, n; i < N; i += n) {
            n = i % 700 + 1 < N - i ? i % 700 + 1 : N - i;
            pt_comoments_add(&found, x + i, y + i, n);
        }
        /* n times what rounding does to a lane's sum of n / 8, sqrt(n / 8) epsilons: 1.2e-9 */
        CHECK_NEAR(pt_moments_mean(&found.x), (double)(sum_x / N), 1e-8);
        CHECK_NEAR(pt_moments_power(&found.x) / (double)(xx / N), 1.0, 4e-9);
        CHECK_NEAR(pt_comoments_covariance(&found) / (double)(yx / N), 1.0, 4e-9);
    }
    free(x), free(y);
}

TEST(stats, moments_of_a_constant_have_no_power) {
    float x[1000];
    pt_moments moments = {0};
    for (size_t i = 0; i < 1000; i++)
        x[i] = 0.1F;
    pt_moments_add(&moments, x, 1000);
    CHECK_NEAR(pt_moments_power(&moments), 0.0, 0.0);
}

TEST(stats, power_of_noise) {
    enum { N = 1003 };
    float *x = stimulus_alloc(N);
    stimulus_add_noise(x, N, 1.0, 1);
    /* uniform in [-1, 1): 1/3 +- 1/(3 sqrt(5 N / 4)), times four */
    CHECK_NEAR(pt_stats_power(x, N), 1.0 / 3.0, 0.04);
    free(x);
}

/* The 24 bits of a float times 480000 fit a double, so the mean is the constant itself: a constant
 * DC is exactly silent. */
TEST(stats, a_constant_has_no_power) {
    enum { N = 480000 };
    float *x = stimulus_alloc(N);
    for (size_t i = 0; i < N; i++)
        x[i] = 0.1F;
    CHECK_NEAR(pt_stats_mean(x, N), (double)0.1F, 0.0);
    CHECK_NEAR(pt_stats_power(x, N), 0.0, 0.0);
    free(x);
}

/* A quiet sine on a large DC, which mean(x^2) - mean(x)^2 in floats would lose. */
TEST(stats, power_survives_a_large_dc) {
    enum { N = 48000 };
    float *x = stimulus_alloc(N);
    for (size_t i = 0; i < N; i++)
        x[i] = 0.5F;
    stimulus_add_sine(x, N, 1, N, 1000.0, 1e-4, 0.0);
    /* floats near 0.5 are 6e-8 apart: rounding noise of (6e-8)^2 / 12 on 5e-9, and the correlation
     * of the error with the sine, which the 48 different samples of a period leave */
    CHECK_NEAR(pt_stats_power(x, N) / 5e-9, 1.0, 1e-4);
    free(x);
}

TEST(stats, running_mean_gives_the_bits_of_the_mean) {
    enum { N = 10007 };
    const size_t sizes[] = {1, 5, 8, 13, 1000};
    float *x = stimulus_alloc(N);
    stimulus_add_noise(x, N, 1.0, 21);
    for (size_t i = 0; i < N; i++) /* of sizes so different that every addition rounds */
        x[i] *= exp2f(-(float)(i % 61));
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        pt_running_mean mean = {0};
        CHECK_NEAR(pt_running_mean_value(&mean), 0.0, 0.0);
        for (size_t i = 0; i < N; i += sizes[s])
            pt_running_mean_add(&mean, x + i, N - i < sizes[s] ? N - i : sizes[s]);
        CHECK_NEAR(pt_running_mean_value(&mean), pt_stats_mean(x, N), 0.0);
    }
    free(x);
}

TEST(stats, peak_of_nan_is_nan) {
    float x[48] = {0};
    x[0] = INFINITY; /* the same lane: a peak, a NaN, less */
    x[16] = -NAN;
    x[32] = 1.0F;
    CHECK(isnan(pt_stats_peak(x, 48)));
    x[16] = 0.0F;
    CHECK(isinf(pt_stats_peak(x, 48)));
}

TEST(stats, peak_and_finiteness) {
    float x[21];
    for (size_t place = 0; place < 21; place++) {
        for (size_t i = 0; i < 21; i++)
            x[i] = i % 2 ? 0.25F : -0.125F;
        x[place] = -1.5F;
        CHECK_NEAR(pt_stats_peak(x, 21), 1.5, 0.0);
        CHECK(pt_stats_all_finite(x, 21));
        x[place] = NAN;
        CHECK(!pt_stats_all_finite(x, 21));
        x[place] = -INFINITY;
        CHECK(!pt_stats_all_finite(x, 21));
        x[place] = 3.4e38F;
        CHECK(pt_stats_all_finite(x, 21));
    }
}
