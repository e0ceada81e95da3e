/* SPDX-License-Identifier: MIT */
/* response_headers.c - parses the headers of a response
 *
 * The hub describes a file in X-Repo-Commit, X-Linked-Etag and X-Linked-Size, which are in a
 * redirect if the file is in another storage. Source: huggingface_hub, constants.py and
 * get_hf_file_metadata.
 */

#include <stdlib.h>
#include <string.h>

#include "hub/etag.h"
#include "hub/http.h"

#define RETRY_AFTER_MAX_S 86400U

pt_http_response pt_http_response_init(void) {
    return (pt_http_response){.linked_size = PT_UNKNOWN_SIZE, .length = PT_UNKNOWN_SIZE};
}

bool pt_http_is_retryable(long code) {
    return code == 408 || code == 429 || (code >= 500 && code <= 599);
}

/* A piece of a line: not terminated. */
typedef struct piece {
    const char *text;
    size_t n;
} piece;

static piece trim(const char *text, size_t n) {
    while (n > 0 && (*text == ' ' || *text == '\t'))
        text++, n--;
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    return (piece){text, n};
}

/* Header names are case-insensitive, independent of the locale. */
static bool name_equals(piece name, const char *expected) {
    if (strlen(expected) != name.n) return false;
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.text[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != expected[i]) return false;
    }
    return true;
}

/* The digits at the start; false where there are none, or too many. */
static bool parse_number(piece value, uint64_t *number, size_t *n_digits) {
    uint64_t n = 0;
    size_t i = 0;
    for (; i < value.n && value.text[i] >= '0' && value.text[i] <= '9'; i++) {
        if (i == 18) return false; /* 10^18 is more than any file has, and fits */
        n = 10 * n + (uint64_t)(value.text[i] - '0');
    }
    if (i == 0) return false;
    *number = n;
    if (n_digits) *n_digits = i;
    return true;
}

static uint64_t parse_size(piece value) {
    uint64_t size;
    size_t n_digits;
    return parse_number(value, &size, &n_digits) && n_digits == value.n ? size : PT_UNKNOWN_SIZE;
}

static void copy(piece value, char *to, size_t max) {
    if (value.n > max) return;
    memcpy(to, value.text, value.n);
    to[value.n] = '\0';
}

static void set_etag(pt_http_response *response, piece value, bool linked) {
    char etag[PT_HUB_ETAG_MAX + 1];
    if (response->etag_is_linked && !linked) return;
    if (!pt_etag_normalise(value.text, value.n, etag)) return;
    memcpy(response->etag, etag, sizeof etag);
    response->etag_is_linked = linked;
}

/* "bytes 100-199/200" */
static void set_range(pt_http_response *response, piece value) {
    uint64_t start;
    if (value.n < 6 || memcmp(value.text, "bytes ", 6) != 0) return;
    if (parse_number((piece){value.text + 6, value.n - 6}, &start, NULL))
        response->range_start = start;
}

static void begin_response(pt_http_response *response) {
    pt_http_response next = pt_http_response_init();
    memcpy(next.commit, response->commit, sizeof next.commit);
    if (response->etag_is_linked) {
        memcpy(next.etag, response->etag, sizeof next.etag);
        next.etag_is_linked = true;
        next.linked_size = response->linked_size;
    }
    *response = next;
}

void pt_http_response_add_header(pt_http_response *response, const char *line, size_t n) {
    if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin_response(response);
        return;
    }
    const char *colon = memchr(line, ':', n);
    if (!colon) return;
    const piece name = {line, (size_t)(colon - line)};
    const piece value = trim(colon + 1, n - name.n - 1);
    uint64_t number;

    if (name_equals(name, "x-repo-commit")) {
        char commit[PT_HUB_COMMIT_MAX + 1] = "";
        copy(value, commit, PT_HUB_COMMIT_MAX);
        if (pt_hub_is_commit(commit)) memcpy(response->commit, commit, sizeof commit);
    } else if (name_equals(name, "x-linked-etag")) {
        set_etag(response, value, true);
    } else if (name_equals(name, "etag")) {
        set_etag(response, value, false);
    } else if (name_equals(name, "x-linked-size")) {
        response->linked_size = parse_size(value);
    } else if (name_equals(name, "content-length")) {
        response->length = parse_size(value);
    } else if (name_equals(name, "content-range")) {
        set_range(response, value);
    } else if (name_equals(name, "x-error-code")) {
        copy(value, response->error_code, PT_HTTP_ERROR_CODE_MAX);
    } else if (name_equals(name, "retry-after")) {
        /* in seconds; the other form, a date, is ignored */
        if (parse_number(value, &number, NULL))
            response->retry_after_s =
                number < RETRY_AFTER_MAX_S ? (unsigned)number : RETRY_AFTER_MAX_S;
    }
}
