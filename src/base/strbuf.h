/* SPDX-License-Identifier: MIT */
/* strbuf.h - growable string buffer */

#ifndef PATINA_BASE_STRBUF_H
#define PATINA_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/error.h"

/**
 * String buffer, NUL-terminated after the first append. Zero it to start. If memory runs out,
 * `failed` is set and all later calls do nothing: check it once at the end.
 */
typedef struct pt_strbuf {
    char *text;
    size_t length, capacity;
    bool failed;
} pt_strbuf;

void pt_strbuf_append(pt_strbuf *str, const char *text);
void pt_strbuf_append_bytes(pt_strbuf *str, const void *bytes, size_t n);
void pt_strbuf_printf(pt_strbuf *str, const char *format, ...) PT_PRINTF(2, 3);

/** Empties the buffer and keeps its memory. */
void pt_strbuf_clear(pt_strbuf *str);
void pt_strbuf_release(pt_strbuf *str);

/** Returns the text, which the caller frees, and empties the buffer. NULL if `failed` is set. */
char *pt_strbuf_detach(pt_strbuf *str);

#endif /* PATINA_BASE_STRBUF_H */
