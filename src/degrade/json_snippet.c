/* SPDX-License-Identifier: MIT */
/* json_snippet.c - shortened JSON for error messages */

#include "degrade/json_snippet.h"

#include <stdbool.h>
#include <string.h>

typedef struct snippet {
    char *text;
    size_t n;
} snippet;

/* Stops the dump where the text is full. */
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
