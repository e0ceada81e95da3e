/* SPDX-License-Identifier: MIT */
/* json_load.h - parses JSON with jansson, safe against failed allocations */

#ifndef PATINA_BASE_JSON_LOAD_H
#define PATINA_BASE_JSON_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

/**
 * As json_loadb. NULL with json_error_out_of_memory when any allocation failed, where jansson 2.14
 * may report a syntax error, or return a value with a byte of a string or a digit missing.
 *
 * error  out on failure; may be NULL
 */
json_t *pt_json_load(const char *text, size_t n, size_t flags, json_error_t *error);

/** Whether an allocation of jansson failed in this thread since the last call of the first. */
void pt_json_watch_allocations(void);
bool pt_json_allocation_failed(void);

/**
 * The error of a value that pt_json_load did not return, or that lacks a member: PATINA_ENOMEM
 * where an allocation failed, else PATINA_EFORMAT with a sentence. Call it before the next parse.
 */
#define pt_json_fail(err, ...)                                                                     \
    (pt_json_allocation_failed() ? pt_fail(err, PATINA_ENOMEM, "out of memory")                    \
                                 : pt_fail(err, PATINA_EFORMAT, __VA_ARGS__))

/** Makes an error that says that memory ran out. */
void pt_json_set_out_of_memory(json_error_t *error);

/** The same for a NUL-terminated text; NULL gives NULL. */
json_t *pt_json_load_text(const char *text, size_t flags, json_error_t *error);

#endif /* PATINA_BASE_JSON_LOAD_H */
