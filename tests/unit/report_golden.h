/* SPDX-License-Identifier: MIT */
/* report_golden.h - the golden values of tests/golden/report */

#ifndef PATINA_TEST_REPORT_GOLDEN_H
#define PATINA_TEST_REPORT_GOLDEN_H

#include <stdlib.h>

#include <jansson.h>

#include "test.h"

static inline json_t *golden_open(pt_test *t) {
    json_error_t err;
    json_t *root = json_load_file(pt_test_golden_path("report/statistics.json"), 0, &err);
    CHECK(root != NULL);
    return root;
}

/* The caller frees the result. */
static inline float *golden_floats(const json_t *list, size_t *n) {
    *n = json_array_size(list);
    float *values = calloc(*n + 1, sizeof *values);
    for (size_t i = 0; values && i < *n; i++)
        values[i] = (float)json_number_value(json_array_get(list, i));
    return values;
}

#endif /* PATINA_TEST_REPORT_GOLDEN_H */
