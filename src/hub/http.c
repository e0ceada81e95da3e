/* SPDX-License-Identifier: MIT */
/* http.c - HTTP requests by libcurl */

#include "hub/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <patina/patina.h>

#include "base/error.h"
#include "base/strbuf.h"

#define REDIRECTS_MAX           8     /* of one request */
#define LOW_SPEED_BYTES_S       1024L /* below: the connection counts as stalled */
#define TIMEOUT_S               30U
#define BUFFER_BYTES            (256L << 10)
#define HOST_MAX                255
#define REDIRECT_BODY_MAX_BYTES ((size_t)1 << 16) /* redirects of the hub have a line of text */

struct pt_http {
    CURL *curl;
    const patina_hub_options *options;
    const char *endpoint;
    char host[HOST_MAX + 1]; /* of the endpoint */
    bool is_secure;          /* https: redirects to http are refused */
    bool is_global;
    bool has_connected; /* a server has responded: address and network work */
    struct curl_slist *headers, *headers_with_token;
    char error_buffer[CURL_ERROR_SIZE];
};

/* State of one request in libcurl's callbacks. */
typedef struct exchange {
    pt_http *http;
    pt_http_response *response;
    const pt_http_body_writer *writer; /* NULL for HEAD */
    bool has_begun, is_error_response;
    size_t n_skipped;     /* bytes of the body of a redirect */
    patina_status status; /* of the writer */
    patina_error *err;
} exchange;

/* ---------------------------------------------------------------- URLs */

/* The origin of a URL (scheme, host and port), which the caller frees; NULL if it is invalid.
 * PATINA_ENOMEM: not found out. */
static patina_status url_origin(const char *url, char **origin, patina_error *err) {
    char *scheme = NULL, *host = NULL, *port = NULL;
    CURLU *parts = curl_url();
    CURLUcode code = parts ? curl_url_set(parts, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;

    *origin = NULL;
    if (code == CURLUE_OK) code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK) code = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OK) code = curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (code == CURLUE_OK && asprintf(origin, "%s://%s:%s", scheme, host, port) < 0) {
        *origin = NULL;
        code = CURLUE_OUT_OF_MEMORY;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return code != CURLUE_OUT_OF_MEMORY ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Whether two URLs have the same origin. */
static patina_status compare_origins(const char *a, const char *b, bool *same, patina_error *err) {
    char *of_a = NULL, *of_b = NULL;
    patina_status status = url_origin(a, &of_a, err);
    if (status == PATINA_OK) status = url_origin(b, &of_b, err);
    *same = of_a && of_b && curl_strequal(of_a, of_b);
    free(of_a);
    free(of_b);
    return status;
}

static bool is_https(const char *url) {
    return curl_strnequal(url, "https://", 8) != 0;
}

/* ---------------------------------------------------------------- opening and closing */

static bool add_header(struct curl_slist **list, const char *header) {
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (longer) *list = longer;
    return longer != NULL;
}

static bool make_headers(pt_http *http) {
    pt_strbuf token = {0};
    bool ok = true;

    /* A compressed body has another size and cannot be resumed. */
    for (int with_token = 0; with_token < 2; with_token++)
        ok = ok && add_header(with_token ? &http->headers_with_token : &http->headers,
                              "Accept-Encoding: identity");
    if (http->options->token) {
        pt_strbuf_printf(&token, "Authorization: Bearer %s", http->options->token);
        ok = ok && !token.failed && add_header(&http->headers_with_token, token.text);
        pt_strbuf_release(&token);
    }
    return ok;
}

static patina_status read_endpoint(pt_http *http, patina_error *err) {
    CURLU *parts = curl_url();
    char *host = NULL;
    CURLUcode code =
        parts ? curl_url_set(parts, CURLUPART_URL, http->endpoint, 0) : CURLUE_OUT_OF_MEMORY;
    if (code == CURLUE_OK) code = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    const bool ok = code == CURLUE_OK &&
                    (is_https(http->endpoint) || curl_strnequal(http->endpoint, "http://", 7));
    if (ok) snprintf(http->host, sizeof http->host, "%s", host);
    curl_free(host);
    curl_url_cleanup(parts);
    if (ok) return PATINA_OK;
    if (code == CURLUE_OUT_OF_MEMORY) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    return pt_fail(err, PATINA_EUSAGE,
                   "'%s' is not the URL of a hub, such as '" PATINA_HUB_ENDPOINT "' (HF_ENDPOINT)",
                   http->endpoint);
}

/* A line end in a token would inject a header. */
static patina_status check_token(const char *token, patina_error *err) {
    for (; token && *token; token++)
        if (*token <= ' ' || *token > '~')
            return pt_fail(err, PATINA_EUSAGE,
                           "the token contains an invalid character; copy it again (HF_TOKEN, or "
                           "the file written by 'hf auth login')");
    return PATINA_OK;
}

patina_status pt_http_open(const patina_hub_options *options, pt_http **http, patina_error *err) {
    pt_http *opened = calloc(1, sizeof *opened);
    patina_status status = opened ? PATINA_OK : PATINA_ENOMEM;

    if (status == PATINA_OK) {
        opened->options = options;
        opened->endpoint = options->endpoint ? options->endpoint : PATINA_HUB_ENDPOINT;
        opened->is_secure = is_https(opened->endpoint);
        opened->is_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
        opened->curl = opened->is_global ? curl_easy_init() : NULL;
        if (!opened->curl || !make_headers(opened)) status = PATINA_ENOMEM;
    }
    if (status == PATINA_ENOMEM) pt_fail(err, status, "out of memory for the connection");
    if (status == PATINA_OK) status = read_endpoint(opened, err);
    if (status == PATINA_OK) status = check_token(options->token, err);
    if (status == PATINA_OK)
        *http = opened;
    else
        pt_http_close(&opened);
    return status;
}

void pt_http_close(pt_http **http) {
    pt_http *closed = *http;
    if (!closed) return;
    *http = NULL;
    curl_easy_cleanup(closed->curl);
    curl_slist_free_all(closed->headers);
    curl_slist_free_all(closed->headers_with_token);
    if (closed->is_global) curl_global_cleanup();
    free(closed);
}

const char *pt_http_host(const pt_http *http) {
    return http->host;
}

/* ---------------------------------------------------------------- callbacks */

static bool is_stopped(const pt_http *http) {
    return http->options->stop && atomic_load(http->options->stop);
}

static bool is_redirect(long code) {
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    const exchange *x = context;
    (void)a, (void)b, (void)c, (void)d;
    return is_stopped(x->http) ? 1 : 0;
}

static size_t on_header(char *line, size_t one, size_t n, void *context) {
    exchange *x = context;
    (void)one; /* always 1 */
    pt_http_response_add_header(x->response, line, n);
    return n;
}

static bool begin(exchange *x) {
    if (x->has_begun) return true;
    x->has_begun = true;
    x->is_error_response = x->response->code != 200 && x->response->code != 206;
    if (x->is_error_response) return false;
    x->status = x->writer->begin(x->writer->context, x->response, x->err);
    return x->status == PATINA_OK;
}

/* Skips the body of a redirect, since libcurl returns the target only after it; up to a limit. */
static size_t skip_body(exchange *x, size_t n) {
    x->n_skipped += n;
    return x->n_skipped <= REDIRECT_BODY_MAX_BYTES ? n : 0;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *context) {
    exchange *x = context;
    (void)one;
    curl_easy_getinfo(x->http->curl, CURLINFO_RESPONSE_CODE, &x->response->code);
    if (is_redirect(x->response->code)) return skip_body(x, n);
    if (!x->writer || !begin(x)) return 0; /* ends the request */
    x->status = x->writer->write(x->writer->context, bytes, n, x->err);
    return x->status == PATINA_OK ? n : 0;
}

/* ---------------------------------------------------------------- requests */

static void set_options(pt_http *http, exchange *x, const char *url, bool is_hub, uint64_t from) {
    CURL *curl = http->curl;
    const patina_hub_options *o = http->options;
    const long timeout = o->timeout_s ? (long)o->timeout_s : (long)TIMEOUT_S;
    char range[32];

    http->error_buffer[0] = '\0';
    curl_easy_reset(curl); /* keeps connections */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, is_hub ? http->headers_with_token : http->headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error_buffer);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, timeout);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, timeout);
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* responses of a proxy */
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, x);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
#if CURL_AT_LEAST_VERSION(7, 85, 0)
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, http->is_secure ? "https" : "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS,
                     http->is_secure ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
    if (o->ca_file) curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_file);
    char agent[64];
    snprintf(agent, sizeof agent, "patina/%s", patina_version());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, agent);
    if (!x->writer) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout);
    } else if (from > 0) {
        snprintf(range, sizeof range, "%llu-", (unsigned long long)from);
        curl_easy_setopt(curl, CURLOPT_RANGE, range);
    }
}

/* Errors that may not recur. */
static bool is_transient(CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

/* The message of a failure. URLs are reduced to their origin, since they may contain signatures. */
static patina_status curl_error(pt_http *http, CURLcode code, const char *url, patina_error *err) {
    char *origin = NULL;
    PT_TRY(url_origin(url, &origin, err));
    const char *where = origin ? origin : "(no address)";
    const char *why = http->error_buffer[0] ? http->error_buffer : curl_easy_strerror(code);
    patina_status status = PATINA_EIO;
    long proxy = 0;

    curl_easy_getinfo(http->curl, CURLINFO_HTTP_CONNECTCODE, &proxy);
    if (code == CURLE_OUT_OF_MEMORY)
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    else if (proxy >= 400)
        pt_fail(err, PATINA_EIO, "the proxy (https_proxy) refuses the connection to '%s' with %ld",
                where, proxy);
    else if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT)
        pt_fail(err, PATINA_EIO,
                "'%s' cannot be reached: %s (check the network; in a Kaggle notebook switch "
                "Internet on in the settings)",
                where, why);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        pt_fail(err, PATINA_EIO, "'%s' stopped sending", where);
    else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        pt_fail(err, PATINA_EIO,
                "the certificate of '%s' cannot be verified: %s (for a proxy that inspects "
                "TLS, set SSL_CERT_FILE to its certificates)",
                where, why);
    else if (code == CURLE_UNSUPPORTED_PROTOCOL)
        pt_fail(err, PATINA_EIO, "'%s' is a redirect from https to an unencrypted URL", where);
    else if (code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR)
        pt_fail(err, PATINA_EIO, "'%s' closed the connection", where);
    else
        pt_fail(err, PATINA_EIO, "'%s': %s", where, why);
    free(origin);
    return status;
}

/* One request, without following redirects. */
static patina_status perform_once(pt_http *http, const char *url, bool is_hub, uint64_t from,
                                  const pt_http_body_writer *writer, pt_http_response *response,
                                  bool *retryable, patina_error *err) {
    exchange x = {
        .http = http, .response = response, .writer = writer, .status = PATINA_OK, .err = err};

    *retryable = false;
    set_options(http, &x, url, is_hub, from);
    const CURLcode code = curl_easy_perform(http->curl);
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &response->code);
    if (response->code != 0) http->has_connected = true;

    if (x.status != PATINA_OK) return x.status;
    if (is_stopped(http)) return pt_fail(err, PATINA_ECANCELLED, "stopped");
    if (x.is_error_response) return PATINA_OK;
    if (code == CURLE_OK) {
        if (writer && response->code / 100 == 2) begin(&x); /* for an empty body */
        return x.status;
    }
    *retryable = is_transient(code) && (http->has_connected || code == CURLE_OPERATION_TIMEDOUT);
    return curl_error(http, code, url, err);
}

/* Whether a response, possibly a redirect to the storage, has all metadata of a file. */
static bool has_file_metadata(const pt_http_response *response) {
    return response->commit[0] && response->etag_is_linked &&
           response->linked_size != PT_UNKNOWN_SIZE;
}

static patina_status perform_with_redirects(pt_http *http, const char *url, uint64_t from,
                                            const pt_http_body_writer *writer,
                                            pt_http_response *response, bool *retryable,
                                            patina_error *err) {
    char *current_url = strdup(url), *next = NULL;
    patina_status status = current_url ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    *response = pt_http_response_init();
    *retryable = false;
    for (unsigned hop = 0; status == PATINA_OK; hop++) {
        bool is_hub = false;
        status = compare_origins(current_url, http->endpoint, &is_hub, err);
        if (status == PATINA_OK)
            status =
                perform_once(http, current_url, is_hub, from, writer, response, retryable, err);
        response->is_cross_origin = hop > 0 && !is_hub;
        if (status != PATINA_OK || !is_redirect(response->code)) break;
        if (!writer && has_file_metadata(response)) break;
        next = NULL;
        curl_easy_getinfo(http->curl, CURLINFO_REDIRECT_URL, &next);
        if (!next || hop == REDIRECTS_MAX) {
            status = pt_fail(err, PATINA_EIO, "'%s' redirects %s", http->host,
                             next ? "too often" : "to an invalid URL");
            break;
        }
        next = strdup(next); /* libcurl's is valid until the next request */
        free(current_url);
        current_url = next;
        if (!current_url) status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    free(current_url);
    return status;
}

patina_status pt_http_head(pt_http *http, const char *url, pt_http_response *response,
                           bool *retryable, patina_error *err) {
    return perform_with_redirects(http, url, 0, NULL, response, retryable, err);
}

patina_status pt_http_get(pt_http *http, const char *url, uint64_t from,
                          const pt_http_body_writer *writer, pt_http_response *response,
                          bool *retryable, patina_error *err) {
    return perform_with_redirects(http, url, from, writer, response, retryable, err);
}
