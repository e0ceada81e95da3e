/* SPDX-License-Identifier: MIT */
/* test_pca.c - projections against a singular value decomposition
 * (tests/golden/make/make_report.py) */

#include "report/pca.h"
#include "report_golden.h"

/* When the iteration ends, an axis is within sqrt(2 * 1e-13) = 5e-7 of its position, times a small
 * factor for axes of similar variance; coordinates are up to 15. */
#define TOLERANCE 1e-4

TEST(pca, equals_the_decomposition) {
    const char *name;
    json_t *cloud, *root = golden_open(t);
    REQUIRE(root);
    json_object_foreach(json_object_get(root, "clouds"), name, cloud) {
        const size_t n = (size_t)json_integer_value(json_object_get(cloud, "n"));
        const size_t dim = (size_t)json_integer_value(json_object_get(cloud, "dim"));
        const json_t *share = json_object_get(cloud, "share"), *xy = json_object_get(cloud, "xy");
        size_t n_values;
        float *points = golden_floats(json_object_get(cloud, "points"), &n_values);
        float *got = calloc(2 * n, sizeof *got);
        pt_pca_result pca;
        REQUIRE(points && got && n_values == n * dim);
        CHECK_OK(pt_pca_project(points, n, dim, &pca, got, &t->err));
        for (size_t k = 0; k < 2; k++)
            CHECK_NEAR(pca.explained_variance[k], json_number_value(json_array_get(share, k)),
                       1e-9);
        for (size_t i = 0; i < 2 * n; i++) {
            const double wanted = json_number_value(json_array_get(xy, i));
            pt_test_check(t, fabs(got[i] - wanted) <= TOLERANCE, __FILE__, __LINE__,
                          "%s: %zu is %.9g, expected %.9g", name, i, (double)got[i], wanted);
        }
        free(points);
        free(got);
    }
    json_decref(root);
}

/* Equal points give equal bits. */
TEST(pca, is_deterministic) {
    enum { N = 50, DIM = 64 };
    static float points[N * DIM], xy[2][2 * N];
    pt_pca_result pca;
    uint32_t state = 1;
    for (size_t i = 0; i < N * DIM; i++) {
        state = state * 1664525U + 1013904223U;
        points[i] = (float)(state >> 8) / 16777216.0F;
    }
    for (size_t k = 0; k < 2; k++)
        CHECK_OK(pt_pca_project(points, N, DIM, &pca, xy[k], &t->err));
    CHECK(memcmp(xy[0], xy[1], sizeof xy[0]) == 0);
    CHECK(pca.explained_variance[0] >= pca.explained_variance[1] &&
          pca.explained_variance[1] > 0.0);
}
