/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "pipeline/tenths.h"

/* Nearest-rank quantiles: of 1, 2 ... 100 tenths the p-th is p tenths. */
TEST(tenths, quantiles) {
    static pt_tenths h;
    CHECK_NEAR(pt_tenths_quantile(&h, 0.5), 0.0, 0.0);
    for (int i = 100; i >= 1; i--)
        pt_tenths_add(&h, -5.0 + i / 10.0 + 0.03);
    CHECK_INT(h.n, 100);
    CHECK_NEAR(pt_tenths_quantile(&h, 0.05), -4.5, 1e-9);
    CHECK_NEAR(pt_tenths_quantile(&h, 0.5), 0.0, 1e-9);
    CHECK_NEAR(pt_tenths_quantile(&h, 0.95), 4.5, 1e-9);
    CHECK_NEAR(pt_tenths_quantile(&h, 1.0), 5.0, 1e-9);
}

TEST(tenths, ends) {
    static pt_tenths low, high, one;
    pt_tenths_add(&low, -1e30);
    CHECK_NEAR(pt_tenths_quantile(&low, 0.5), -120.0, 0.0);
    pt_tenths_add(&high, 1e30);
    CHECK_NEAR(pt_tenths_quantile(&high, 0.5), 180.0, 0.0);
    pt_tenths_add(&one, -23.04);
    CHECK_NEAR(pt_tenths_quantile(&one, 0.01), -23.0, 1e-9);
    CHECK_NEAR(pt_tenths_quantile(&one, 1.0), -23.0, 1e-9);
}
