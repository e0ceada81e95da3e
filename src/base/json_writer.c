/* SPDX-License-Identifier: MIT */
/* json_writer.c - strings, reals and layout of JSON */

#include "base/json_writer.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/utf8.h"

static void write_escaped(pt_strbuf *out, unsigned char c) {
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

    if (c == '"' || c == '\\')
        pt_strbuf_printf(out, "\\%c", c);
    else if (letters[c])
        pt_strbuf_printf(out, "\\%c", letters[c]);
    else
        pt_strbuf_printf(out, "\\u%04x", c);
}

void pt_json_write_string(pt_strbuf *out, const char *text) {
    if (!text) {
        pt_strbuf_append(out, "null");
        return;
    }
    const size_t n = strlen(text);
    pt_strbuf_append(out, "\"");
    for (size_t i = 0, size; i < n; i += size) {
        const uint32_t code = pt_utf8_decode(text + i, n - i, &size);
        if (code == UINT32_MAX)
            pt_strbuf_append(out, "\xEF\xBF\xBD"); /* U+FFFD, the replacement character */
        else if (code < 0x20 || code == '"' || code == '\\')
            write_escaped(out, (unsigned char)code);
        else
            pt_strbuf_append_bytes(out, text + i, size);
    }
    pt_strbuf_append(out, "\"");
}

void pt_json_write_real(pt_strbuf *out, double value, int digits) {
    char text[64];
    if (!isfinite(value)) {
        pt_strbuf_append(out, "null");
        return;
    }
    pt_snprintf(text, sizeof text, "%.*g", digits, value);
    pt_strbuf_append(out, text);
    if (!strpbrk(text, ".e")) pt_strbuf_append(out, ".0");
}

void pt_json_write_shortest(pt_strbuf *out, double value) {
    char text[64];
    const locale_t before = pt_c_locale_enter();
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    pt_c_locale_leave(before);
    pt_strbuf_append(out, text);
}

static void write_newline(pt_strbuf *out, unsigned depth) {
    pt_strbuf_append(out, "\n");
    for (unsigned i = 0; i < depth; i++)
        pt_strbuf_append(out, "  ");
}

/* Returns the position after the string that starts at text. */
static const char *skip_string(const char *text) {
    for (text++; *text && *text != '"'; text++)
        if (*text == '\\' && text[1]) text++;
    return *text ? text + 1 : text;
}

static const char *skip_blanks(const char *text) {
    return text + strspn(text, " \t\r\n");
}

/* Whether the array at text contains an object, at any depth. */
static bool contains_object(const char *text) {
    unsigned depth = 0;
    while (*text) {
        if (*text == '"') {
            text = skip_string(text);
            continue;
        }
        if (*text == '{') return true;
        if (*text == '[') depth++;
        if (*text == ']' && --depth == 0) return false;
        text++;
    }
    return false;
}

void pt_json_write_pretty(pt_strbuf *out, const char *json, unsigned depth) {
    enum { DEPTH_MAX = 64 };             /* settings have 4 levels; deeper ones stay on one line */
    bool multiline[DEPTH_MAX] = {false}; /* items of a level are on separate lines */
    unsigned level = 0;
    const char *next;

    for (const char *c = skip_blanks(json); *c; c = next) {
        const bool split = level > 0 && level < DEPTH_MAX && multiline[level];
        next = c + 1;
        if (*c == '"') {
            next = skip_string(c);
            pt_strbuf_append_bytes(out, c, (size_t)(next - c));
        } else if (*c == '{' || *c == '[') {
            const char *inside = skip_blanks(next);
            const bool empty = *inside == '}' || *inside == ']';
            level++;
            if (level < DEPTH_MAX) multiline[level] = !empty && (*c == '{' || contains_object(c));
            pt_strbuf_append_bytes(out, c, 1);
            if (level < DEPTH_MAX && multiline[level]) write_newline(out, depth + level);
        } else if ((*c == '}' || *c == ']') && level > 0) {
            level--;
            if (split) write_newline(out, depth + level);
            pt_strbuf_append_bytes(out, c, 1);
        } else if (*c == ',') {
            pt_strbuf_append(out, split ? "," : ", ");
            if (split) write_newline(out, depth + level);
        } else if (*c == ':') {
            pt_strbuf_append(out, ": ");
        } else {
            pt_strbuf_append_bytes(out, c, 1);
        }
        next = skip_blanks(next);
    }
}
