/* SPDX-License-Identifier: MIT */
/* pretokenizer.c - GPT-2's pattern as code: the first two characters of a piece decide its kind
 *
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 */

#include "clap/pretokenizer.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "clap/unicode_classes.h"

/* The class of the character at text[at]; *next is the offset of the next one. */
static pt_char_class class_at(const char *text, size_t n, size_t at, size_t *next) {
    size_t size;
    const uint32_t code = pt_utf8_decode(text + at, n - at, &size);
    *next = at + size;
    return pt_char_class_of(code);
}

static size_t run_end(const char *text, size_t n, size_t at, pt_char_class class) {
    size_t next;
    while (at < n && class_at(text, n, at, &next) == class)
        at = next;
    return at;
}

/* The length of the contraction at text, 0 for none. */
static size_t contraction(const char *text, size_t n) {
    if (n < 2 || text[0] != '\'') return 0;
    if (strchr("stmd", text[1]) && text[1] != '\0') return 2;
    if (n < 3) return 0;
    const char *two = text + 1;
    const bool known =
        memcmp(two, "re", 2) == 0 || memcmp(two, "ve", 2) == 0 || memcmp(two, "ll", 2) == 0;
    return known ? 3 : 0;
}

static size_t whitespace_end(const char *text, size_t n, size_t at) {
    size_t last = at, end = at, next;

    while (end < n && class_at(text, n, end, &next) == PT_CHAR_SPACE) {
        last = end;
        end = next;
    }
    return end < n && last > at ? last : end;
}

size_t pt_pretokenizer_next(const char *text, size_t n, size_t at) {
    const size_t length = contraction(text + at, n - at);
    if (length > 0) return at + length;

    size_t next;
    pt_char_class class = class_at(text, n, at, &next);
    if (text[at] == ' ' && next < n) { /* part of the word after it */
        const size_t word = next;
        const pt_char_class follows = class_at(text, n, word, &next);
        if (follows != PT_CHAR_SPACE) return run_end(text, n, next, follows);
    }
    if (class == PT_CHAR_SPACE) return whitespace_end(text, n, at);
    return run_end(text, n, next, class);
}
