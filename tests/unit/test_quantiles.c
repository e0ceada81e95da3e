/* SPDX-License-Identifier: MIT */
/* test_quantiles.c - quantiles and histograms against NumPy (tests/golden/make/make_report.py) */

#include <stdlib.h>

#include "report/quantiles.h"
#include "report_golden.h"

static void check_quantiles(pt_test *t, const char *name, const patina_quantiles *q,
                            const json_t *expected, double tolerance) {
    const struct {
        const char *member;
        double value;
    } all[] = {{"least", q->min}, {"p5", q->p5},   {"p25", q->p25},  {"median", q->median},
               {"p75", q->p75},   {"p95", q->p95}, {"most", q->max}, {"mean", q->mean}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const double wanted = json_number_value(json_object_get(expected, all[i].member));
        pt_test_check(t, fabs(all[i].value - wanted) <= tolerance, __FILE__, __LINE__,
                      "%s: %s = %.17g, expected %.17g", name, all[i].member, all[i].value, wanted);
    }
}

/* Both interpolate between the same floats in double: a few roundings of numbers up to 100, and a
 * mean of 400 of them. */
TEST(quantiles, equal_to_numpy) {
    const char *name;
    json_t *list, *root = golden_open(t);
    REQUIRE(root);
    json_object_foreach(json_object_get(root, "values"), name, list) {
        size_t n;
        patina_quantiles q;
        float *values = golden_floats(json_object_get(list, "values"), &n);
        pt_floats_sort(values, n);
        pt_quantiles_from_sorted(values, n, &q);
        CHECK_INT(q.n, n);
        check_quantiles(t, name, &q, json_object_get(list, "quantiles"), 1e-12 * 100);
        free(values);
    }
    json_decref(root);
    patina_quantiles none;
    pt_quantiles_from_sorted(NULL, 0, &none);
    CHECK_INT(none.n, 0);
}

TEST(quantiles, histograms_equal_to_numpy) {
    const char *name;
    json_t *list, *root = golden_open(t);
    REQUIRE(root);
    json_object_foreach(json_object_get(root, "values"), name, list) {
        size_t n;
        patina_histogram h;
        const json_t *expected = json_object_get(list, "histogram");
        const json_t *edges = json_object_get(expected, "edges");
        const json_t *counts = json_object_get(expected, "counts");
        float *values = golden_floats(json_object_get(list, "values"), &n);
        pt_floats_sort(values, n);
        pt_histogram_from_sorted(values, n, &h);
        pt_test_check(t, h.n_bins == json_array_size(counts), __FILE__, __LINE__,
                      "%s: %zu bins, expected %zu", name, h.n_bins, json_array_size(counts));
        for (size_t i = 0; i < h.n_bins && i < json_array_size(counts); i++) {
            CHECK_NEAR(h.edge[i], json_number_value(json_array_get(edges, i)), 1e-12);
            CHECK_INT(h.count[i], json_integer_value(json_array_get(counts, i)));
        }
        free(values);
    }
    json_decref(root);
}

/* Levels are counted in steps: an error of at most half a step, which interpolation does not
 * increase. */
TEST(quantiles, levels_to_half_a_step) {
    json_t *root = golden_open(t);
    REQUIRE(root);
    const json_t *list = json_object_get(root, "levels");
    size_t n;
    patina_quantiles q;
    float *values = golden_floats(json_object_get(list, "values"), &n);
    pt_level_histogram levels = {.count = calloc(PT_LEVEL_BIN_COUNT, sizeof(uint32_t))};
    REQUIRE(levels.count);
    for (size_t i = 0; i < n; i++)
        pt_level_histogram_add(&levels, values[i]);
    pt_quantiles_from_level_histogram(&levels, &q);
    check_quantiles(t, "levels", &q, json_object_get(list, "quantiles"),
                    PT_LEVEL_BIN_WIDTH_DB / 2 + 1e-9);

    /* values at the minimum are counted separately, and values out of range at its end */
    pt_level_histogram_add(&levels, PATINA_LTAS_FLOOR);
    CHECK_INT(levels.n_floor, 1);
    CHECK_INT(levels.n, n);
    pt_level_histogram_add(&levels, 1000.0);
    CHECK_INT(levels.count[PT_LEVEL_BIN_COUNT - 1], 1);
    free(levels.count);
    free(values);
    json_decref(root);
}

TEST(quantiles, value_buffer_grows) {
    pt_float_array values = {0};
    for (size_t i = 0; i < 10000; i++)
        CHECK_OK(pt_float_array_append(&values, (float)i, &t->err));
    CHECK_INT(values.n, 10000);
    CHECK(values.value[9999] == 9999.0F && values.value[0] == 0.0F);
    pt_float_array_release(&values);
    CHECK(values.value == NULL);
}
