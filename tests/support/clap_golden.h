/* SPDX-License-Identifier: MIT */
/* clap_golden.h - the golden data of a model: index.json and its arrays
 *
 * index.json lists "audio" and "text" items; their members name arrays relative to its own folder.
 */

#ifndef PATINA_TEST_CLAP_GOLDEN_H
#define PATINA_TEST_CLAP_GOLDEN_H

#include <jansson.h>

#include "npy_reader.h"
#include "test.h"

/** MODEL/golden/index.json, or NULL and a failed check. The caller decrefs it. */
json_t *pt_golden_open_index(pt_test *t, const char *model);

/** The items of index[list] one after another: `PT_GOLDEN_FOREACH(i, item, index, "audio")`. */
#define PT_GOLDEN_FOREACH(i, item, index, list)                                                    \
    for (size_t i = 0; i < json_array_size(json_object_get(index, list)); i++)                     \
        for (const json_t *item = json_array_get(json_object_get(index, list), i); item;           \
             item = NULL)

/** Text or number of a member; "" or 0 if it is missing. */
const char *pt_golden_get_string(const json_t *item, const char *member);
size_t pt_golden_get_size(const json_t *item, const char *member);

/** The array that a member names; false and a failed check when it cannot be read. */
bool pt_golden_read_array(pt_test *t, const char *model, const json_t *item, const char *member,
                          pt_npy *array);

/** Decodes hexadecimal text: "4120" is "A ". The caller frees the bytes; NULL and a failed check
 * for other text. */
char *pt_golden_decode_hex(pt_test *t, const char *hex, size_t *n_bytes);

/** Token ids of a member that is an array of integers; the caller frees them. */
int32_t *pt_golden_read_ids(pt_test *t, const json_t *item, const char *member, size_t *n_ids);

/** Checks that n values are within tolerance of the expected ones; names the worst. */
bool pt_check_allclose(pt_test *t, const char *what, const float *values, const float *expected,
                       size_t n, double tolerance);

/** The same, with a tolerance relative to the root mean square of the expected values. */
bool pt_check_allclose_rms(pt_test *t, const char *what, const float *values, const float *expected,
                           size_t n, double tolerance);

/** 1 - the cosine between two vectors. */
double pt_cosine_distance(const float *a, const float *b, size_t n);

#endif /* PATINA_TEST_CLAP_GOLDEN_H */
