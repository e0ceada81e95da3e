/* SPDX-License-Identifier: MIT */
/* http_stub.c - http.h for a build without libcurl: models in the cache are found, but not
 * downloaded */

#include "base/error.h"
#include "hub/http.h"

#include <assert.h>

patina_status pt_http_open(const patina_hub_options *options, pt_http **http, patina_error *err) {
    (void)options, (void)http;
    return pt_fail(err, PATINA_EUSAGE,
                   "this build has no libcurl and cannot download; install the headers of "
                   "libcurl and build again, or use 'hf download' of huggingface_hub");
}

void pt_http_close(pt_http **http) {
    *http = NULL;
}

/* Not reached: opening failed. */
const char *pt_http_host(const pt_http *http) {
    (void)http;
    return "";
}

patina_status pt_http_head(pt_http *http, const char *url, pt_http_response *response,
                           bool *retryable, patina_error *err) {
    (void)http, (void)url, (void)response, (void)retryable;
    return pt_fail(err, PATINA_EUSAGE, "this build has no libcurl");
}

patina_status pt_http_get(pt_http *http, const char *url, uint64_t from,
                          const pt_http_body_writer *writer, pt_http_response *response,
                          bool *retryable, patina_error *err) {
    (void)http, (void)url, (void)from, (void)writer, (void)response, (void)retryable;
    return pt_fail(err, PATINA_EUSAGE, "this build has no libcurl");
}
