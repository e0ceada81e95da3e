/* SPDX-License-Identifier: MIT */
/* json_dump.c - json_dumps, checked */

#include "base/json_dump.h"

#include <stdbool.h>
#include <stdlib.h>

char *pt_json_dump(const json_t *value, size_t flags) {
    char *text = json_dumps(value, flags);
    json_t *parsed = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    const bool same = parsed && json_equal(parsed, value);

    json_decref(parsed);
    if (same) return text;
    free(text);
    return NULL;
}
