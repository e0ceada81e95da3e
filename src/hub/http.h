/* SPDX-License-Identifier: MIT */
/* http.h - one question to the hub and its answer; the only file that knows libcurl is http.c
 *
 * Redirects are followed by hand, so that the token goes to the endpoint and to nobody else.
 */

#ifndef PATINA_HUB_HTTP_H
#define PATINA_HUB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/hub.h>
#include <patina/status.h>

#include "hub/hub_cache.h"

#define PT_HTTP_WORD_MAX 63
#define PT_UNKNOWN_SIZE  UINT64_MAX

/** What the headers of an answer say; strings are empty, and sizes unknown, where they do not. */
typedef struct pt_http_answer {
    long code;
    char commit[PT_HUB_COMMIT_MAX + 1]; /* X-Repo-Commit */
    char etag[PT_HUB_ETAG_MAX + 1];     /* X-Linked-Etag, or else ETag; normalised */
    bool etag_is_linked;
    char fault[PT_HTTP_WORD_MAX + 1]; /* X-Error-Code: "GatedRepo", "EntryNotFound" */
    uint64_t linked_size;             /* X-Linked-Size */
    uint64_t length;                  /* Content-Length: of this answer's body */
    uint64_t range_start;             /* Content-Range */
    unsigned retry_after_s;           /* Retry-After; 0: not said */
    bool is_elsewheres;               /* who answers is not the hub but where its bytes lie */
} pt_http_answer;

/** An answer without headers. */
pt_http_answer pt_http_answer_of_nothing(void);

/**
 * Takes what one header line of n bytes says. A status line begins a new answer, but the commit and
 * the linked file that a redirect has named stay.
 */
void pt_http_answer_add(pt_http_answer *answer, const char *line, size_t n);

/** Whether a failure may pass when the question is asked again: 408, 429, 5xx. */
bool pt_http_may_pass(long code);

/** Who takes the bytes of an answer. A failure of either ends the exchange with that status. */
typedef struct pt_http_sink {
    /** Called once, before the first byte, for an answer of 200 or 206. */
    pt_status (*begin)(void *context, const pt_http_answer *answer, pt_error *err);
    pt_status (*add)(void *context, const void *bytes, size_t n, pt_error *err);
    void *context;
} pt_http_sink;

typedef struct pt_http pt_http;

pt_status pt_http_open(const pt_hub_options *options, pt_http **http, pt_error *err);
void pt_http_close(pt_http **http);

/** The host of the endpoint, for sentences. */
const char *pt_http_host(const pt_http *http);

/**
 * Asks for the headers of a file (HEAD), following redirects until one answer names the file.
 *
 * answer   out: also of an answer that is a refusal, which is PT_OK
 * again    out: whether a failure may pass
 *
 * Errors   PT_EIO, PT_ECANCELLED, PT_ENOMEM
 */
pt_status pt_http_ask(pt_http *http, const char *url, pt_http_answer *answer, bool *again,
                      pt_error *err);

/** Fetches a file (GET) from byte `from` on into sink; the body of a refusal is not read. */
pt_status pt_http_get(pt_http *http, const char *url, uint64_t from, const pt_http_sink *sink,
                      pt_http_answer *answer, bool *again, pt_error *err);

#endif /* PATINA_HUB_HTTP_H */
