/* SPDX-License-Identifier: MIT */
/* text_list.c - lists of strings in the syntax of JSON and of Python */

#include "corpus/text_list.h"

#include <jansson.h>
#include <string.h>

#include "base/json_load.h"
#include "corpus/json_lenient.h"

/** A JSON list of strings without NULs. Its nulls are left out. */
static bool parse_json(const char *text, size_t n, pt_strbuf *items, size_t *n_items) {
    json_error_t error;
    json_t *list = pt_json_load(text, n, 0, &error), *item;
    bool is_valid = json_is_array(list);
    size_t i;

    if (!list && json_error_code(&error) == json_error_out_of_memory) items->failed = true;
    json_array_foreach(list, i, item) is_valid =
        is_valid && (json_is_string(item) || json_is_null(item));
    *n_items = 0;
    for (i = 0; is_valid && i < json_array_size(list); i++) {
        item = json_array_get(list, i);
        if (json_is_null(item)) continue;
        ++*n_items;
        pt_strbuf_append_bytes(items, json_string_value(item), json_string_length(item) + 1);
    }
    json_decref(list);
    return is_valid && !items->failed;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/** The length of None or nan at the start of a text, which a list has for a missing value; 0: other
 * text. */
static size_t missing_length(const char *at, const char *end) {
    static const char *const words[] = {"None", "nan", "NaN", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t n = strlen(words[i]);
        if ((size_t)(end - at) >= n && memcmp(at, words[i], n) == 0) return n;
    }
    return 0;
}

/** Appends a quoted string; returns what follows it, or NULL. */
static const char *parse_string(const char *at, const char *end, pt_strbuf *items) {
    const char quote = *at++;
    for (; at < end && *at != quote; at++) {
        char c = *at;
        if (c == '\\' && at + 1 < end) {
            c = *++at;
            if (c == 'x' || c == 'u' || c == 'U' || c == 'N' || (c >= '0' && c <= '9')) return NULL;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        pt_strbuf_append_bytes(items, &c, 1);
    }
    pt_strbuf_append_bytes(items, "", 1);
    return at < end ? at + 1 : NULL;
}

/** Strings between brackets, separated by commas or spaces. */
static bool parse_python(const char *text, size_t n, pt_strbuf *items, size_t *n_items) {
    static const char open[] = "[({", close[] = "])}";
    const char *bracket = text[0] ? strchr(open, text[0]) : NULL;
    const char *at = text + 1, *end = text + n - 1;
    bool is_separated = true;

    *n_items = 0;
    if (!bracket || *end != close[bracket - open]) return false;
    while (at && at < end) {
        if (is_space(*at) || *at == ',') {
            is_separated = true;
            at++;
        } else if (is_separated && (*at == '\'' || *at == '"')) {
            at = parse_string(at, end, items);
            is_separated = false;
            ++*n_items;
        } else if (is_separated && missing_length(at, end) > 0) {
            at += missing_length(at, end);
            is_separated = false;
        } else {
            return false;
        }
    }
    return at && *n_items > 0 && !items->failed;
}

bool pt_text_list_parse(const char *text, size_t n, pt_strbuf *items, size_t *n_items) {
    const size_t before = items->length;
    while (n > 0 && is_space(text[n - 1]))
        n--;
    while (n > 0 && is_space(*text))
        text++, n--;
    if (n < 2 || !strchr("[({", text[0]) || text[0] == '\0') return false;
    if (text[0] == '[' && !pt_json_has_too_many_values(text, n) &&
        parse_json(text, n, items, n_items))
        return true;
    items->length = before;
    if (!items->failed && parse_python(text, n, items, n_items)) return true;
    items->length = before;
    return false;
}
