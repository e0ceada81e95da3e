/* SPDX-License-Identifier: MIT */
/* json_dump.c - json_dumps with a record of failed allocations */

#include "base/json_dump.h"

#include <stdlib.h>

#include "base/json_load.h"

char *pt_json_dump(const json_t *value, size_t flags) {
    pt_json_watch_allocations();
    char *text = json_dumps(value, flags);
    if (!pt_json_allocation_failed()) return text;
    free(text);
    return NULL;
}
