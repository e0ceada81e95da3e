/* SPDX-License-Identifier: MIT */
/* utf8.h - UTF-8: code points of a byte string, copies and excerpts for messages */

#ifndef PATINA_BASE_UTF8_H
#define PATINA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The code point at the start of text, which has n > 0 bytes; *size gets its length, 1 to 4.
 * For bytes that are no UTF-8 (overlong, a surrogate, over U+10FFFF, cut off) it gives UINT32_MAX
 * and *size 1.
 */
uint32_t pt_utf8_decode(const char *text, size_t n, size_t *size);

/** Whether all n bytes are UTF-8. */
bool pt_utf8_is_valid(const char *text, size_t n);

/** Whether text is empty or only white space (Unicode White_Space). */
bool pt_utf8_is_blank(const char *text, size_t n);

/** A copy in which each byte that is not UTF-8 is written \xNN. To be freed; NULL when memory runs
 * out. */
char *pt_text_escape(const char *text);

/** A copy of n bytes with a NUL behind them. To be freed; NULL when memory runs out. */
char *pt_text_dup(const char *text, size_t n);

/** The number of bytes of text to print: at most max_bytes, and no character is split. */
int pt_text_truncate(const char *text, size_t max_bytes);

#endif /* PATINA_BASE_UTF8_H */
