/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "pipeline/series.h"

/* The best of times is the least, of rates the greatest; an even number has a middle of two. */
TEST(series, best_median_worst) {
    pt_series series = {0};
    CHECK_NEAR(pt_series_of_times(&series).best, 0.0, 0.0); /* nothing measured */

    const double values[] = {3.0, 1.0, 8.0, 2.0};
    for (size_t i = 0; i < 4; i++)
        pt_series_add(&series, values[i]);
    const pt_spread times = pt_series_of_times(&series), rates = pt_series_of_rates(&series);
    CHECK_NEAR(times.best, 1.0, 0.0);
    CHECK_NEAR(times.median, 2.5, 0.0);
    CHECK_NEAR(times.worst, 8.0, 0.0);
    CHECK_NEAR(rates.best, 8.0, 0.0);
    CHECK_NEAR(rates.median, 2.5, 0.0);
    CHECK_NEAR(rates.worst, 1.0, 0.0);
}
