/* SPDX-License-Identifier: MIT */
/* test_json_load.c - every allocation of a parse, and of a dump, fails in turn */

#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_dump.h"
#include "base/json_load.h"
#include "base/utf8.h"

static size_t n_left = SIZE_MAX; /* allocations that succeed before one that fails */
static bool for_ever;            /* so do all later ones */

static void *allocate(size_t n) {
    if (n_left == 0 && for_ever) return NULL;
    return n_left-- == 0 ? NULL : malloc(n);
}

/* The lexer of jansson ends the process where a number does not fit its buffer. */
TEST(json_load, failed_allocations_of_numbers) {
    static const char *const texts[] = {
        "[1234567890.12345678, 2.0]", "{\"a\": {\"b\": -12345678901234567890123.5e-10}}",
        "[1, 2.000000000000000000000000000000000000000000000000000000000000000000000000000001]"};
    json_error_t error;
    json_set_alloc_funcs(allocate, free); /* before the first parse, as a program may do */
    for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
        json_t *value = NULL;
        for_ever = i % 2;
        for (size_t n = 0; !value && n < 1000; n++) {
            n_left = n;
            value = pt_json_load_text(texts[i / 2], 0, &error);
            n_left = SIZE_MAX;
            CHECK(value || json_error_code(&error) == json_error_out_of_memory);
        }
        CHECK(value);
        json_decref(value);
    }
    for_ever = false;
}

/* The message quotes the input, here up to the first byte of a character. */
TEST(json_load, errors_are_utf8) {
    json_error_t error;
    CHECK(!pt_json_load_text("[\"\\u\xe2\x82\xac\"]", 0, &error));
    CHECK_CONTAINS(error.text, "u?");
    CHECK(pt_utf8_is_valid(error.text, strlen(error.text)));
}

TEST(json_load, failed_allocations) {
    /* Tokens longer than the buffer of jansson's lexer, which grows. */
    static const char text[] =
        "{\"name of twenty bytes\": [\"a text of more than sixteen bytes\", 1234567890.12345678, "
        "12345678901234567], \"b\": {\"c\": null, \"\\u00e4 and much more after it\": true}}";
    json_error_t error;
    size_t n = 0;

    json_t *expected = pt_json_load_text(text, 0, &error), *value = NULL;
    CHECK(expected);
    for (; !value && n < 1000; n++) {
        n_left = n;
        value = pt_json_load_text(text, 0, &error);
        n_left = SIZE_MAX;
        CHECK(value || json_error_code(&error) == json_error_out_of_memory);
    }
    CHECK(n > 20 && n < 1000);
    CHECK(json_equal(value, expected));
    char *whole = pt_json_dump(value, 0), *dumped = NULL;
    for (n = 0; !dumped && n < 1000; n++) {
        n_left = n;
        dumped = pt_json_dump(value, 0);
        n_left = SIZE_MAX;
    }
    CHECK(n > 1 && n < 1000);
    CHECK_STR(dumped, whole);
    free(dumped);
    free(whole);
    json_decref(value);
    json_decref(expected);
    CHECK(!pt_json_load_text("{", 0, &error));
    CHECK(json_error_code(&error) == json_error_premature_end_of_input);
    CHECK(!pt_json_load_text(NULL, 0, NULL));
}
