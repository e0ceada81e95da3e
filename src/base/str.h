/* SPDX-License-Identifier: MIT */
/* str.h - text that grows */

#ifndef PATINA_BASE_STR_H
#define PATINA_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

/**
 * A growing buffer, NUL-terminated once something was added. Zero it to start. When memory runs
 * out, `failed` stays set and every later call does nothing: check it once at the end.
 */
typedef struct pt_str {
    char *text;
    size_t length, capacity;
    bool failed;
} pt_str;

void pt_str_add(pt_str *str, const char *text);
void pt_str_add_bytes(pt_str *str, const void *bytes, size_t n);
void pt_str_printf(pt_str *str, const char *format, ...) PT_PRINTF(2, 3);

/** Makes it empty and keeps the memory. */
void pt_str_clear(pt_str *str);
void pt_str_release(pt_str *str);

/** The text, owned by the caller from now on; NULL if memory ran out at any time. */
char *pt_str_steal(pt_str *str);

#endif /* PATINA_BASE_STR_H */
