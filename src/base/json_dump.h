/* SPDX-License-Identifier: MIT */
/* json_dump.h - jansson values as text, safe against failed allocations */

#ifndef PATINA_BASE_JSON_DUMP_H
#define PATINA_BASE_JSON_DUMP_H

#include <stddef.h>

#include <jansson.h>

/**
 * As json_dumps. NULL when memory runs out, where json_dumps of jansson 2.14 may return truncated
 * text. To be freed.
 */
char *pt_json_dump(const json_t *value, size_t flags);

#endif /* PATINA_BASE_JSON_DUMP_H */
