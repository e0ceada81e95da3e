/* SPDX-License-Identifier: MIT */
/* str.c - text that grows */

#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"

static bool make_room(pt_str *str, size_t n) {
    if (str->failed) return false;
    if (n < str->capacity - str->length) return true; /* capacity 0: 0 - 0 = 0, so n >= 0 grows */
    if (n > SIZE_MAX / 4 || str->length > SIZE_MAX / 4) {
        str->failed = true;
        return false;
    }
    size_t capacity = str->capacity ? str->capacity : 64;
    while (capacity - str->length <= n)
        capacity *= 2;
    char *text = realloc(str->text, capacity);
    if (!text) {
        str->failed = true;
        return false;
    }
    str->text = text;
    str->capacity = capacity;
    return true;
}

void pt_str_add_bytes(pt_str *str, const void *bytes, size_t n) {
    if (!make_room(str, n)) return;
    if (n > 0) memcpy(str->text + str->length, bytes, n);
    str->length += n;
    str->text[str->length] = '\0';
}

void pt_str_add(pt_str *str, const char *text) {
    pt_str_add_bytes(str, text, strlen(text));
}

void pt_str_printf(pt_str *str, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int n = pt_vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) str->failed = true;
    if (n < 0 || !make_room(str, (size_t)n)) return;
    va_start(args, format);
    pt_vsnprintf(str->text + str->length, (size_t)n + 1, format, args);
    va_end(args);
    str->length += (size_t)n;
}

void pt_str_clear(pt_str *str) {
    str->length = 0;
    if (str->text) str->text[0] = '\0';
}

void pt_str_release(pt_str *str) {
    free(str->text);
    *str = (pt_str){0};
}

char *pt_str_steal(pt_str *str) {
    char *text = str->failed ? NULL : str->text;
    if (str->failed) free(str->text);
    if (!str->failed && !text) text = calloc(1, 1);
    *str = (pt_str){0};
    return text;
}
