/* SPDX-License-Identifier: MIT */
/* utf8.h - UTF-8: code points of a byte string, copies and excerpts for messages */

#ifndef PATINA_BASE_UTF8_H
#define PATINA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Returns the code point at the start of text, which has n > 0 bytes, and stores its length, 1 to
 * 4, in
 * *size. Returns UINT32_MAX and stores 1 for bytes that are not UTF-8 (overlong, a surrogate, above
 * U+10FFFF, incomplete).
 */
uint32_t pt_utf8_decode(const char *text, size_t n, size_t *size);

/** Returns whether all n bytes are UTF-8. */
bool pt_utf8_is_valid(const char *text, size_t n);

/** Returns whether text is empty or only white space (Unicode White_Space). */
bool pt_utf8_is_blank(const char *text, size_t n);

/**
 * Returns whether a terminal or a browser may act on a code point instead of showing it: C0, DEL,
 * C1, line and paragraph separator, and bidirectional controls (Unicode Bidi_Control).
 */
bool pt_utf8_is_control(uint32_t code);

/** Returns a copy in which each byte that is not UTF-8 is written as \xNN; the caller frees it.
 * NULL: out of memory. */
char *pt_text_escape(const char *text);

/** Returns a NUL-terminated copy of n bytes; the caller frees it. NULL: out of memory. */
char *pt_text_dup(const char *text, size_t n);

/** Returns the length of the longest prefix of at most max_bytes that does not split a
 * character. */
int pt_text_truncate(const char *text, size_t max_bytes);

#endif /* PATINA_BASE_UTF8_H */
