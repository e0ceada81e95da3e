/* SPDX-License-Identifier: MIT */
/* utf8.h - code points of a byte string */

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

#endif /* PATINA_BASE_UTF8_H */
