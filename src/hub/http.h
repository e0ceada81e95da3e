/* SPDX-License-Identifier: MIT */
/* http.h - HTTP requests to the hub; http.c is the only user of libcurl
 *
 * Redirects are followed by hand, so that the token is sent to the endpoint only.
 */

#ifndef PATINA_HUB_HTTP_H
#define PATINA_HUB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/hub.h>
#include <patina/status.h>

#include "hub/hub_cache.h"

#define PT_HTTP_ERROR_CODE_MAX 63
#define PT_UNKNOWN_SIZE        UINT64_MAX

/** Headers of a response; strings are empty and sizes unknown if they are missing. */
typedef struct pt_http_response {
    long code;
    char commit[PT_HUB_COMMIT_MAX + 1]; /* X-Repo-Commit */
    char etag[PT_HUB_ETAG_MAX + 1];     /* X-Linked-Etag, or else ETag; normalised */
    bool etag_is_linked;
    char error_code[PT_HTTP_ERROR_CODE_MAX + 1]; /* X-Error-Code: "GatedRepo", "EntryNotFound" */
    uint64_t linked_size;                        /* X-Linked-Size */
    uint64_t length;                             /* Content-Length: of this response's body */
    uint64_t range_start;                        /* Content-Range */
    unsigned retry_after_s;                      /* Retry-After; 0 if missing */
    bool is_cross_origin;                        /* from the storage, not from the hub */
} pt_http_response;

/** A response without headers. */
pt_http_response pt_http_response_init(void);

/**
 * Parses one header line of n bytes. A status line begins a new response, which keeps the commit
 * and the linked file of a redirect.
 */
void pt_http_response_add_header(pt_http_response *response, const char *line, size_t n);

/** Whether an HTTP error may be transient: 408, 429, 5xx. */
bool pt_http_is_retryable(long code);

/** Callbacks for the body of a response. A failure ends the request with that status. */
typedef struct pt_http_body_writer {
    /** Called once before the first byte, for status 200 and 206. */
    patina_status (*begin)(void *context, const pt_http_response *response, patina_error *err);
    patina_status (*write)(void *context, const void *bytes, size_t n, patina_error *err);
    void *context;
} pt_http_body_writer;

typedef struct pt_http pt_http;

patina_status pt_http_open(const patina_hub_options *options, pt_http **http, patina_error *err);
void pt_http_close(pt_http **http);

/** The host of the endpoint, for messages. */
const char *pt_http_host(const pt_http *http);

/**
 * Requests the headers of a file (HEAD), following redirects until a response describes the file.
 *
 * response   out: also set for an HTTP error, which is PATINA_OK
 * retryable  out: whether a failure may be transient
 *
 * Errors     PATINA_EIO, PATINA_ECANCELLED, PATINA_ENOMEM
 */
patina_status pt_http_head(pt_http *http, const char *url, pt_http_response *response,
                           bool *retryable, patina_error *err);

/** Downloads a file (GET) from byte `from` on to writer; the body of an HTTP error is not read. */
patina_status pt_http_get(pt_http *http, const char *url, uint64_t from,
                          const pt_http_body_writer *writer, pt_http_response *response,
                          bool *retryable, patina_error *err);

#endif /* PATINA_HUB_HTTP_H */
