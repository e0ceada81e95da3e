/* SPDX-License-Identifier: MIT */
/* test_fixed_histogram.c - quantiles of the fixed-bin histogram */

#include "test.h"

#include "pipeline/fixed_histogram.h"

/* Nearest-rank quantiles: of 1, 2 ... 100 tenths the p-th is p tenths. */
TEST(fixed_histogram, quantiles) {
    static pt_fixed_histogram h;
    CHECK_NEAR(pt_fixed_histogram_quantile(&h, 0.5), 0.0, 0.0);
    for (int i = 100; i >= 1; i--)
        pt_fixed_histogram_add(&h, -5.0 + i / 10.0 + 0.03);
    CHECK_INT(h.n, 100);
    CHECK_NEAR(pt_fixed_histogram_quantile(&h, 0.05), -4.5, 1e-9);
    CHECK_NEAR(pt_fixed_histogram_quantile(&h, 0.5), 0.0, 1e-9);
    CHECK_NEAR(pt_fixed_histogram_quantile(&h, 0.95), 4.5, 1e-9);
    CHECK_NEAR(pt_fixed_histogram_quantile(&h, 1.0), 5.0, 1e-9);
}

TEST(fixed_histogram, ends) {
    static pt_fixed_histogram low, high, one;
    pt_fixed_histogram_add(&low, -1e30);
    CHECK_NEAR(pt_fixed_histogram_quantile(&low, 0.5), -120.0, 0.0);
    pt_fixed_histogram_add(&high, 1e30);
    CHECK_NEAR(pt_fixed_histogram_quantile(&high, 0.5), 180.0, 0.0);
    pt_fixed_histogram_add(&one, -23.04);
    CHECK_NEAR(pt_fixed_histogram_quantile(&one, 0.01), -23.0, 1e-9);
    CHECK_NEAR(pt_fixed_histogram_quantile(&one, 1.0), -23.0, 1e-9);
}
