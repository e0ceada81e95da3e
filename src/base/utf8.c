/* SPDX-License-Identifier: MIT */
/* utf8.c - UTF-8 decoding (RFC 3629) */

#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault_notes.h"
#include "base/strbuf.h"

uint32_t pt_utf8_decode(const char *text, size_t n, size_t *size) {
    const unsigned char *b = (const unsigned char *)text;
    uint32_t code;
    size_t length;

    *size = 1;
    if (b[0] < 0x80) return b[0];
    if (b[0] >= 0xC2 && b[0] <= 0xDF) {
        length = 2;
        code = b[0] & 0x1FU;
    } else if (b[0] >= 0xE0 && b[0] <= 0xEF) {
        length = 3;
        code = b[0] & 0x0FU;
    } else if (b[0] >= 0xF0 && b[0] <= 0xF4) {
        length = 4;
        code = b[0] & 0x07U;
    } else {
        return UINT32_MAX;
    }
    if (n < length) return UINT32_MAX;
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xC0U) != 0x80U) return UINT32_MAX;
        code = code << 6 | (b[i] & 0x3FU);
    }
    if (length == 3 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) return UINT32_MAX;
    if (length == 4 && (code < 0x10000 || code > 0x10FFFF)) return UINT32_MAX;
    *size = length;
    return code;
}

bool pt_utf8_is_valid(const char *text, size_t n) {
    for (size_t i = 0, size; i < n; i += size)
        if (pt_utf8_decode(text + i, n - i, &size) == UINT32_MAX) return false;
    return true;
}

bool pt_utf8_is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_whitespace(uint32_t c) {
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

bool pt_utf8_is_blank(const char *text, size_t n) {
    for (size_t i = 0, size; i < n; i += size)
        if (!is_whitespace(pt_utf8_decode(text + i, n - i, &size))) return false;
    return true;
}

char *pt_text_escape(const char *text) {
    pt_strbuf shown = {0};
    size_t size;
    pt_strbuf_append(&shown, ""); /* so that there is one */
    for (size_t i = 0, n = strlen(text); i < n; i += size) {
        if (pt_utf8_decode(text + i, n - i, &size) == UINT32_MAX)
            pt_strbuf_printf(&shown, "\\x%02X", (unsigned char)text[i]);
        else
            pt_strbuf_append_bytes(&shown, text + i, size);
    }
    return pt_strbuf_detach(&shown);
}

char *pt_text_dup(const char *text, size_t n) {
    char *copy = malloc(n + 1);
    if (!copy) {
        pt_fault_note(ENOMEM);
        return NULL;
    }
    if (n > 0) memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

int pt_text_truncate(const char *text, size_t max_bytes) {
    const size_t n = strlen(text);
    size_t shown = 0, size;
    while (shown < n) {
        (void)pt_utf8_decode(text + shown, n - shown, &size);
        if (shown + size > max_bytes) break;
        shown += size;
    }
    return (int)shown;
}
