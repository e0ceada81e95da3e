/* SPDX-License-Identifier: MIT */
/* clap_golden.c - the golden data of a model */

#include "clap_golden.h"

#include <stdlib.h>

json_t *pt_golden_open_index(pt_test *t, const char *model) {
    char path[1024];
    json_error_t error;
    snprintf(path, sizeof path, "%s/golden/index.json", model);
    json_t *index = json_load_file(path, 0, &error);
    pt_test_check(t, index != NULL, __FILE__, __LINE__, "'%s': %s", path, error.text);
    return index;
}

const char *pt_golden_get_string(const json_t *item, const char *member) {
    const char *text = json_string_value(json_object_get(item, member));
    return text ? text : "";
}

size_t pt_golden_get_size(const json_t *item, const char *member) {
    return (size_t)json_integer_value(json_object_get(item, member));
}

bool pt_golden_read_array(pt_test *t, const char *model, const json_t *item, const char *member,
                          pt_npy *array) {
    char path[1024];
    snprintf(path, sizeof path, "%s/golden/%s", model, pt_golden_get_string(item, member));
    return pt_test_check(t, pt_npy_read(path, array, &t->err) == PATINA_OK, __FILE__, __LINE__,
                         "%s '%s': %s", pt_golden_get_string(item, "name"), member, t->err.message);
}

char *pt_golden_decode_hex(pt_test *t, const char *hex, size_t *n_bytes) {
    const size_t n = strlen(hex) / 2;
    char *bytes = malloc(n + 1);
    if (!bytes) abort();
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) {
            pt_test_check(t, false, __FILE__, __LINE__, "'%s' is not hexadecimal", hex);
            free(bytes);
            return NULL;
        }
        bytes[i] = (char)byte;
    }
    bytes[n] = '\0';
    *n_bytes = n;
    return bytes;
}

int32_t *pt_golden_read_ids(pt_test *t, const json_t *item, const char *member, size_t *n_ids) {
    const json_t *list = json_object_get(item, member);
    *n_ids = json_array_size(list);
    pt_test_check(t, *n_ids > 0, __FILE__, __LINE__, "%s has no '%s'",
                  pt_golden_get_string(item, "name"), member);
    int32_t *ids = malloc((*n_ids + 1) * sizeof *ids);
    if (!ids) abort();
    for (size_t i = 0; i < *n_ids; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
    return ids;
}

bool pt_check_allclose(pt_test *t, const char *what, const float *values, const float *expected,
                       size_t n, double tolerance) {
    size_t worst = 0;
    double largest = -1.0;
    for (size_t i = 0; i < n; i++) {
        const double error = fabs((double)values[i] - (double)expected[i]);
        if (!(error <= largest)) { /* a NaN is the largest error */
            largest = error;
            worst = i;
        }
        if (isnan(error)) break;
    }
    return pt_test_check(t, n > 0 && largest <= tolerance, __FILE__, __LINE__,
                         "%s: value %zu of %zu is %.9g, expected %.9g +- %.3g (off by %.3g)", what,
                         worst, n, n ? (double)values[worst] : 0.0,
                         n ? (double)expected[worst] : 0.0, tolerance, largest);
}

bool pt_check_allclose_rms(pt_test *t, const char *what, const float *values, const float *expected,
                           size_t n, double tolerance) {
    double power = 0.0;
    for (size_t i = 0; i < n; i++)
        power += (double)expected[i] * (double)expected[i];
    return pt_check_allclose(t, what, values, expected, n, tolerance * sqrt(power / (double)n));
}

double pt_cosine_distance(const float *a, const float *b, size_t n) {
    double ab = 0.0, aa = 0.0, bb = 0.0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return 1.0 - ab / sqrt(aa * bb);
}
