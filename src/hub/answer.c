/* SPDX-License-Identifier: MIT */
/* answer.c - what the headers of an answer say
 *
 * The hub tells of a file in headers of its own, which stand in a redirect when the bytes lie
 * elsewhere: X-Repo-Commit, X-Linked-Etag and X-Linked-Size. Source: huggingface_hub, constants.py
 * and get_hf_file_metadata.
 */

#include <stdlib.h>
#include <string.h>

#include "hub/etag.h"
#include "hub/http.h"

#define RETRY_AFTER_MAX_S 86400U

pt_http_answer pt_http_answer_of_nothing(void) {
    return (pt_http_answer){.linked_size = PT_UNKNOWN_SIZE, .length = PT_UNKNOWN_SIZE};
}

bool pt_http_may_pass(long code) {
    return code == 408 || code == 429 || (code >= 500 && code <= 599);
}

/* A piece of a line: not terminated. */
typedef struct piece {
    const char *text;
    size_t n;
} piece;

static piece trimmed(const char *text, size_t n) {
    while (n > 0 && (*text == ' ' || *text == '\t'))
        text++, n--;
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    return (piece){text, n};
}

/* Header names do not tell capitals; no locale has a say in it. */
static bool is_called(piece name, const char *expected) {
    if (strlen(expected) != name.n) return false;
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.text[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != expected[i]) return false;
    }
    return true;
}

/* The digits at the start; false where there are none, or too many. */
static bool number_at(piece value, uint64_t *number, size_t *n_digits) {
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

static uint64_t size_of(piece value) {
    uint64_t size;
    size_t n_digits;
    return number_at(value, &size, &n_digits) && n_digits == value.n ? size : PT_UNKNOWN_SIZE;
}

static void copy(piece value, char *to, size_t max) {
    if (value.n > max) return;
    memcpy(to, value.text, value.n);
    to[value.n] = '\0';
}

static void add_etag(pt_http_answer *answer, piece value, bool linked) {
    char etag[PT_HUB_ETAG_MAX + 1];
    if (answer->etag_is_linked && !linked) return;
    if (!pt_etag_normalise(value.text, value.n, etag)) return;
    memcpy(answer->etag, etag, sizeof etag);
    answer->etag_is_linked = linked;
}

/* "bytes 100-199/200" */
static void add_range(pt_http_answer *answer, piece value) {
    uint64_t start;
    if (value.n < 6 || memcmp(value.text, "bytes ", 6) != 0) return;
    if (number_at((piece){value.text + 6, value.n - 6}, &start, NULL)) answer->range_start = start;
}

static void begin(pt_http_answer *answer) {
    pt_http_answer next = pt_http_answer_of_nothing();
    memcpy(next.commit, answer->commit, sizeof next.commit);
    if (answer->etag_is_linked) {
        memcpy(next.etag, answer->etag, sizeof next.etag);
        next.etag_is_linked = true;
        next.linked_size = answer->linked_size;
    }
    *answer = next;
}

void pt_http_answer_add(pt_http_answer *answer, const char *line, size_t n) {
    if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin(answer);
        return;
    }
    const char *colon = memchr(line, ':', n);
    if (!colon) return;
    const piece name = {line, (size_t)(colon - line)};
    const piece value = trimmed(colon + 1, n - name.n - 1);
    uint64_t number;

    if (is_called(name, "x-repo-commit")) {
        char commit[PT_HUB_COMMIT_MAX + 1] = "";
        copy(value, commit, PT_HUB_COMMIT_MAX);
        if (pt_hub_is_commit(commit)) memcpy(answer->commit, commit, sizeof commit);
    } else if (is_called(name, "x-linked-etag")) {
        add_etag(answer, value, true);
    } else if (is_called(name, "etag")) {
        add_etag(answer, value, false);
    } else if (is_called(name, "x-linked-size")) {
        answer->linked_size = size_of(value);
    } else if (is_called(name, "content-length")) {
        answer->length = size_of(value);
    } else if (is_called(name, "content-range")) {
        add_range(answer, value);
    } else if (is_called(name, "x-error-code")) {
        copy(value, answer->fault, PT_HTTP_WORD_MAX);
    } else if (is_called(name, "retry-after")) {
        /* in seconds; the other form, a date, is left alone */
        if (number_at(value, &number, NULL))
            answer->retry_after_s =
                number < RETRY_AFTER_MAX_S ? (unsigned)number : RETRY_AFTER_MAX_S;
    }
}
