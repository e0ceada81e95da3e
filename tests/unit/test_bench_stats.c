/* SPDX-License-Identifier: MIT */
/* test_bench_stats.c - best, median and worst of the rounds */

#include "test.h"

#include "bench/bench.h"
#include "bench/bench_stats.h"

/* The best time is the smallest, the best rate the largest; the median of an even number is the
 * mean of two. */
TEST(samples, best_median_worst) {
    pt_bench_samples samples = {0};
    CHECK_NEAR(pt_bench_stats_from_times(&samples).best, 0.0, 0.0); /* nothing measured */

    const double values[] = {3.0, 1.0, 8.0, 2.0};
    for (size_t i = 0; i < 4; i++)
        pt_bench_samples_add(&samples, values[i]);
    const pt_bench_stats times = pt_bench_stats_from_times(&samples),
                         rates = pt_bench_stats_from_rates(&samples);
    CHECK_NEAR(times.best, 1.0, 0.0);
    CHECK_NEAR(times.median, 2.5, 0.0);
    CHECK_NEAR(times.worst, 8.0, 0.0);
    CHECK_NEAR(rates.best, 8.0, 0.0);
    CHECK_NEAR(rates.median, 2.5, 0.0);
    CHECK_NEAR(rates.worst, 1.0, 0.0);
}

/* Five values at least, and none of the last three better than those before by 2 %. */
TEST(samples, settled) {
    static const struct {
        double value[7];
        unsigned n;
        bool settled;
    } cases[] = {{{0}, 0, true},
                 {{2.0, 2.0, 2.0, 2.0}, 4, false},
                 {{2.0, 2.0, 2.0, 2.0, 2.0}, 5, true},
                 {{3.0, 2.0, 2.5, 2.2, 1.97}, 5, true},
                 {{3.0, 2.0, 2.5, 2.2, 1.95}, 5, false},
                 {{3.0, 2.0, 1.95, 2.2, 1.95, 2.0, 2.1}, 7, true},
                 {{3.0, 2.5, 2.6, 2.7, 1.0, 2.0, 2.1}, 7, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pt_bench_samples times = {0}, rates = {0};
        for (unsigned k = 0; k < cases[i].n; k++) {
            pt_bench_samples_add(&times, cases[i].value[k]);
            pt_bench_samples_add(&rates, 1.0 / cases[i].value[k]);
        }
        CHECK(pt_bench_samples_settled(&times, false) == cases[i].settled);
        CHECK(pt_bench_samples_settled(&rates, true) == cases[i].settled);
    }
}
