/* SPDX-License-Identifier: MIT */
/* numerals.c - numbers as JSON text, with a '.' in every locale */

#include "degrade/numerals.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whatever is none of the characters of a number is the locale's point, of one byte or more. */
static void add_with_point(pt_str *out, const char *text, bool as_real) {
    const size_t before = strspn(text, "0123456789+-");
    const size_t point = strcspn(text + before, "0123456789+-e");
    pt_str_add_bytes(out, text, before);
    if (point > 0) pt_str_add(out, ".");
    pt_str_add(out, text + before + point);
    if (as_real && point == 0 && !strchr(text, 'e')) pt_str_add(out, ".0");
}

void pt_numeral_exact(pt_str *out, double value) {
    char text[64];
    snprintf(text, sizeof text, "%.17g", value);
    add_with_point(out, text, true);
}

void pt_numeral_short(pt_str *out, double value) {
    char text[64];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break; /* in the same locale */
    }
    add_with_point(out, text, false);
}

typedef struct excerpt {
    char *text;
    size_t n;
} excerpt;

/* Keeps what fits, and stops the dump at what does not. */
static int keep(const char *piece, size_t size, void *context) {
    excerpt *e = context;
    const size_t room = PT_JSON_EXCERPT - sizeof "..." - e->n;
    const size_t n = size < room ? size : room;
    memcpy(e->text + e->n, piece, n);
    e->n += n;
    return n < size ? -1 : 0;
}

const char *pt_json_excerpt(const json_t *json, char text[PT_JSON_EXCERPT]) {
    excerpt e = {text, 0};
    if (!json) return strcpy(text, "nothing");
    const bool whole =
        json_dump_callback(json, keep, &e,
                           JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6)) == 0;
    strcpy(text + e.n, whole ? "" : "...");
    return text;
}
