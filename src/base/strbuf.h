/* SPDX-License-Identifier: MIT */
/* strbuf.h - text that grows */

#ifndef PATINA_BASE_STRBUF_H
#define PATINA_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/error.h"

/**
 * A growing buffer, NUL-terminated once something was added. Zero it to start. When memory runs
 * out, `failed` stays set and every later call does nothing: check it once at the end.
 */
typedef struct pt_strbuf {
    char *text;
    size_t length, capacity;
    bool failed;
} pt_strbuf;

void pt_strbuf_append(pt_strbuf *str, const char *text);
void pt_strbuf_append_bytes(pt_strbuf *str, const void *bytes, size_t n);
void pt_strbuf_printf(pt_strbuf *str, const char *format, ...) PT_PRINTF(2, 3);

/** Makes it empty and keeps the memory. */
void pt_strbuf_clear(pt_strbuf *str);
void pt_strbuf_release(pt_strbuf *str);

/** The text, owned by the caller from now on; NULL if memory ran out at any time. */
char *pt_strbuf_detach(pt_strbuf *str);

#endif /* PATINA_BASE_STRBUF_H */
