/* SPDX-License-Identifier: MIT */
/* test_purity.c - purity from powers: range, limits, silence */

#include "test.h"

#include <float.h>

#include <patina/measure.h>

TEST(purity, power_ratio_in_decibels) {
    CHECK_NEAR(patina_purity_db(1.0, 1.0), 0.0, 0.0);
    CHECK_NEAR(patina_purity_db(2.0, 1.0), 3.0103, 1e-4);
    CHECK_NEAR(patina_purity_db(1e-9, 1e-12), 30.0, 1e-9);
    CHECK_NEAR(patina_purity_db(1.0, 100.0), -20.0, 1e-9);
}

TEST(purity, limits) {
    CHECK_NEAR(patina_purity_db(1.0, 1e-6), 60.0, 1e-9);
    CHECK_NEAR(patina_purity_db(1.0, 0.9e-6), PATINA_PURITY_MAX, 0.0);
    CHECK_NEAR(patina_purity_db(1.0, DBL_MIN), PATINA_PURITY_MAX, 0.0);
    CHECK_NEAR(patina_purity_db(1.0, 1000.0), -30.0, 1e-9);
    CHECK_NEAR(patina_purity_db(0.9, 1000.0), PATINA_PURITY_MIN, 0.0);
    CHECK_NEAR(patina_purity_db(DBL_MIN, DBL_MAX), PATINA_PURITY_MIN, 0.0);
}

/* In the order of the golden generator: without signal the purity is the minimum, also without
 * noise. */
TEST(purity, zero_power) {
    CHECK_NEAR(patina_purity_db(1e-12, 0.0), PATINA_PURITY_MAX, 0.0);
    CHECK_NEAR(patina_purity_db(0.0, 1.0), PATINA_PURITY_MIN, 0.0);
    CHECK_NEAR(patina_purity_db(0.0, 0.0), PATINA_PURITY_MIN, 0.0);
}
