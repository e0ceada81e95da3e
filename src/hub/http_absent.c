/* SPDX-License-Identifier: MIT */
/* http_absent.c - the hub in a build without libcurl: models in the cache are found, none fetched
 */

#include "hub/http.h"

#include <assert.h>

pt_status pt_http_open(const pt_hub_options *options, pt_http **http, pt_error *err) {
    (void)options, (void)http;
    return pt_fail(err, PT_EUSAGE,
                   "this patina was built without libcurl and cannot fetch: install libcurl's "
                   "headers and build it again, or use 'hf download' of huggingface_hub");
}

void pt_http_close(pt_http **http) {
    *http = NULL;
}

/* None of these is reached: nothing was opened. */
const char *pt_http_host(const pt_http *http) {
    (void)http;
    return "";
}

pt_status pt_http_ask(pt_http *http, const char *url, pt_http_answer *answer, bool *again,
                      pt_error *err) {
    (void)http, (void)url, (void)answer, (void)again;
    return pt_fail(err, PT_EUSAGE, "there is no libcurl");
}

pt_status pt_http_get(pt_http *http, const char *url, uint64_t from, const pt_http_sink *sink,
                      pt_http_answer *answer, bool *again, pt_error *err) {
    (void)http, (void)url, (void)from, (void)sink, (void)answer, (void)again;
    return pt_fail(err, PT_EUSAGE, "there is no libcurl");
}
