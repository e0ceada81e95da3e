/* SPDX-License-Identifier: MIT */
/* json_snippet.c - a piece of JSON for a message */

#include "degrade/json_snippet.h"

#include <stdbool.h>
#include <string.h>

typedef struct snippet {
    char *text;
    size_t n;
} snippet;

/* Keeps what fits, and stops the dump at what does not. */
static int append_truncated(const char *piece, size_t size, void *context) {
    snippet *e = context;
    const size_t room = PT_JSON_SNIPPET_BYTES - sizeof "..." - e->n;
    const size_t n = size < room ? size : room;
    memcpy(e->text + e->n, piece, n);
    e->n += n;
    return n < size ? -1 : 0;
}

const char *pt_json_snippet(const json_t *json, char text[PT_JSON_SNIPPET_BYTES]) {
    snippet e = {text, 0};
    if (!json) return strcpy(text, "nothing");
    const bool whole =
        json_dump_callback(json, append_truncated, &e,
                           JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6)) == 0;
    strcpy(text + e.n, whole ? "" : "...");
    return text;
}
