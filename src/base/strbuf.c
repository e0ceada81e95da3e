/* SPDX-License-Identifier: MIT */
/* strbuf.c - growable string buffer */

#include "base/strbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/fault_notes.h"

static bool fail(pt_strbuf *str) {
    str->failed = true;
    pt_fault_note(ENOMEM);
    return false;
}

static bool strbuf_reserve(pt_strbuf *str, size_t n) {
    if (str->failed) return false;
    if (n < str->capacity - str->length) return true; /* capacity 0: 0 - 0 = 0, so n >= 0 grows */
    if (n > SIZE_MAX / 4 || str->length > SIZE_MAX / 4) return fail(str);
    size_t capacity = str->capacity ? str->capacity : 64;
    while (capacity - str->length <= n)
        capacity *= 2;
    char *text = realloc(str->text, capacity);
    if (!text) return fail(str);
    str->text = text;
    str->capacity = capacity;
    return true;
}

void pt_strbuf_append_bytes(pt_strbuf *str, const void *bytes, size_t n) {
    if (!strbuf_reserve(str, n)) return;
    if (n > 0) memcpy(str->text + str->length, bytes, n);
    str->length += n;
    str->text[str->length] = '\0';
}

void pt_strbuf_append(pt_strbuf *str, const char *text) {
    pt_strbuf_append_bytes(str, text, strlen(text));
}

void pt_strbuf_printf(pt_strbuf *str, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int n = pt_vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) fail(str);
    if (n < 0 || !strbuf_reserve(str, (size_t)n)) return;
    va_start(args, format);
    pt_vsnprintf(str->text + str->length, (size_t)n + 1, format, args);
    va_end(args);
    str->length += (size_t)n;
}

void pt_strbuf_clear(pt_strbuf *str) {
    str->length = 0;
    if (str->text) str->text[0] = '\0';
}

void pt_strbuf_release(pt_strbuf *str) {
    free(str->text);
    *str = (pt_strbuf){0};
}

char *pt_strbuf_detach(pt_strbuf *str) {
    char *text = str->failed ? NULL : str->text;
    if (str->failed) free(str->text);
    if (!str->failed && !text) text = calloc(1, 1);
    *str = (pt_strbuf){0};
    return text;
}
