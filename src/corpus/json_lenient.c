/* SPDX-License-Identifier: MIT */
/* json_lenient.c - invalid bytes and escapes are replaced before jansson parses the text again */

#include "corpus/json_lenient.h"

#include <stdio.h>
#include <string.h>

#include "base/json_load.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/** Length of the escape \uXXXX at text, and its code unit; 0 if there is none. */
static size_t parse_unicode_escape(const char *text, size_t n, unsigned *unit) {
    if (n < 6 || text[0] != '\\' || text[1] != 'u') return 0;
    *unit = 0;
    for (int i = 2; i < 6; i++) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return 0;
        *unit = *unit << 4 | (unsigned)digit;
    }
    return 6;
}

/** Length of NaN, Infinity or -Infinity at text, which Python's json module writes; 0 elsewhere. */
static size_t nonfinite_length(const char *text, size_t n) {
    static const char *const numbers[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const size_t length = strlen(numbers[i]);
        if (n >= length && memcmp(text, numbers[i], length) == 0) return length;
    }
    return 0;
}

/** Copies text with a PT_JSON_INVALID for each invalid byte and unpaired surrogate escape. */
static void replace_invalid(const char *text, size_t n, pt_strbuf *repaired) {
    bool in_string = false;
    for (size_t i = 0, size; i < n; i += size) {
        unsigned unit = 0, low = 0;
        if (!in_string && (size = nonfinite_length(text + i, n - i)) > 0) {
            pt_strbuf_append(repaired, "null");
            continue;
        }
        if (pt_utf8_decode(text + i, n - i, &size) == UINT32_MAX) {
            pt_strbuf_append(repaired, PT_JSON_INVALID);
            continue;
        }
        if (text[i] == '"') in_string = !in_string;
        if (text[i] == '\\' && parse_unicode_escape(text + i, n - i, &unit) == 0 && i + 1 < n)
            size = 2; /* an escaped backslash or quote: it begins no escape and ends no string */
        if (unit >= 0xD800 && unit <= 0xDFFF) {
            const bool pair = unit < 0xDC00 &&
                              parse_unicode_escape(text + i + 6, n - i - 6, &low) > 0 &&
                              low >= 0xDC00 && low <= 0xDFFF;
            size = pair ? 12 : 6;
            if (!pair) {
                pt_strbuf_append(repaired, PT_JSON_INVALID);
                continue;
            }
        }
        pt_strbuf_append_bytes(repaired, text + i, size);
    }
}

static json_t *parse_once(const char *text, size_t n, bool *repaired, json_error_t *error) {
    json_t *json = pt_json_load(text, n, JSON_ALLOW_NUL, error);
    *repaired = false;
    if (json) return json;

    pt_strbuf replaced = {0};
    replace_invalid(text, n, &replaced);
    if (replaced.failed) pt_json_set_out_of_memory(error);
    if (replaced.failed || !replaced.text) {
        pt_strbuf_release(&replaced);
        return NULL;
    }
    const bool changed = replaced.length != n || memcmp(replaced.text, text, n) != 0;
    if (changed) json = pt_json_load(replaced.text, replaced.length, JSON_ALLOW_NUL, error);
    /* An integer that is too long, in a member that is usually unused. */
    if (!json && json_error_code(error) == json_error_numeric_overflow)
        json = pt_json_load(replaced.text, replaced.length,
                            JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, error);
    *repaired = json && changed;
    pt_strbuf_release(&replaced);
    return json;
}

bool pt_json_has_too_many_values(const char *text, size_t n) {
    if (n <= PT_JSON_VALUES_MAX) return false;
    bool in_string = false;
    size_t n_values = 1;
    for (size_t i = 0; i < n; i++) {
        if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (!in_string && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
            n_values++;
    }
    return n_values > PT_JSON_VALUES_MAX;
}

/* A text is invalid only if it was parsed: after a failed allocation it is parsed once more. */
json_t *pt_json_parse_lenient(const char *text, size_t n, bool *repaired, json_error_t *error) {
    if (pt_json_has_too_many_values(text, n)) {
        *repaired = false;
        *error = (json_error_t){.line = 1};
        snprintf(error->text, sizeof error->text, "more than %d values", PT_JSON_VALUES_MAX);
        return NULL;
    }
    return parse_once(text, n, repaired, error);
}

bool pt_json_is_valid_text(const json_t *string, bool repaired) {
    const char *text = json_string_value(string);
    return strlen(text) == json_string_length(string) &&
           !(repaired && strstr(text, PT_JSON_INVALID));
}
