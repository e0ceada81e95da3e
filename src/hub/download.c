/* SPDX-License-Identifier: MIT */
/* download.c - asking again, going on, and not believing
 *
 *     HEAD  name of the bytes (ETag), size ──► blobs/<etag>.incomplete, if it is there: n bytes
 *     GET   Range: bytes=n- ──► more bytes, as far as the connection lasts ──► again
 *     all there ──► size, hash ──► blobs/<etag>
 */

#include "hub/download.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "hub/etag.h"
#include "hub/partial_download.h"

#define BACKOFF_MAX_S          16U  /* between two tries; they double from 1 */
#define RETRY_AFTER_MAX_WAIT_S 300U /* a hub that asks for a longer pause is not waited for */
#define PROGRESS_MIN_BYTES     ((uint64_t)1 << 16) /* a try that brings so many was not in vain */
#define UNSIZED_FILE_MAX_BYTES                                                                     \
    ((uint64_t)64 << 20) /* of a file whose size the hub does not emit_event */

/* ---------------------------------------------------------------- what is told */

static void emit_event(const pt_download *d, const patina_hub_event *event) {
    if (d->options->on_event) d->options->on_event(d->options->context, event);
}

static void emit_note(const pt_download *d, const char *format, ...) PT_PRINTF(2, 3);

static void emit_note(const pt_download *d, const char *format, ...) {
    char text[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    emit_event(d, &(patina_hub_event){.kind = PATINA_HUB_EVENT_NOTE, .text = text});
}

static bool is_stopped(const pt_download *d) {
    return d->options->stop && atomic_load(d->options->stop);
}

/* ---------------------------------------------------------------- trying again */

static patina_status sleep_unless_stopped(const pt_download *d, unsigned seconds,
                                          patina_error *err) {
    const struct timespec moment = {.tv_nsec = 50000000L};
    for (unsigned i = 0; i < 20 * seconds; i++) {
        if (is_stopped(d)) return pt_fail(err, PATINA_ECANCELLED, "stopped");
        nanosleep(&moment, NULL);
    }
    return PATINA_OK;
}

/* After a failure that may pass, with its sentence in err: waits and gives PATINA_OK, or gives up with
 * `failed`. */
static patina_status wait_before_retry(const pt_download *d, unsigned *n_failures, unsigned asked_s,
                                       patina_status failed, patina_error *err) {
    const unsigned doubled = *n_failures < 4 ? 1U << *n_failures : BACKOFF_MAX_S;
    const unsigned pause = asked_s > doubled ? asked_s : doubled;

    if (*n_failures >= d->options->retries || pause > RETRY_AFTER_MAX_WAIT_S) return failed;
    ++*n_failures;
    emit_note(d, "%s; trying again in %u s (%u of %u)", err->message, pause, *n_failures,
              d->options->retries);
    *err = (patina_error){0};
    return sleep_unless_stopped(d, pause, err);
}

/* ---------------------------------------------------------------- refusals */

/* The sentence for an response that is none of 200, 206 and a redirect. */
static patina_status response_error(const pt_download *d, const char *file,
                                    const pt_http_response *response, patina_error *err) {
    const char *host = pt_http_host(d->http), *id = d->name->id;
    const char *endpoint = d->options->endpoint ? d->options->endpoint : PATINA_HUB_ENDPOINT;
    const char *page = strchr(endpoint, '@') ? host : endpoint; /* a password is not printed */
    const bool has_token = d->options->token != NULL;

    if (response->is_cross_origin) {
        pt_fail(err, PATINA_EIO, "the store of '%s' answers %ld for '%s'", host, response->code,
                file);
    } else if (strcmp(response->error_code, "GatedRepo") == 0 || response->code == 403) {
        pt_fail(err, PATINA_EIO,
                "'%s' does not give it to everybody (%ld): accept its terms at %s/%s, and %s", host,
                response->code, page, id,
                has_token ? "use a token of the account that did (HF_TOKEN)"
                          : "put a token of that account into HF_TOKEN");
    } else if (response->code == 401) {
        /* the hub says so of models that do not exist, too */
        pt_fail(err, PATINA_EIO,
                has_token ? "'%s' knows no such model, or the token does not open it (401): check "
                            "the name, and the token (HF_TOKEN)"
                          : "'%s' knows no such model, or it is private (401): check the name; for "
                            "a private one put a token into HF_TOKEN",
                host);
    } else if (strcmp(response->error_code, "RevisionNotFound") == 0) {
        pt_fail(err, PATINA_EIO, "'%s' knows no revision '%s' of it", host, d->name->revision);
    } else if (response->code == 404) {
        pt_fail(err, PATINA_EIO, "'%s' knows no such model (404): check the name", host);
    } else if (response->code == 429) {
        pt_fail(err, PATINA_EIO, "'%s' has had too many questions from here (429)%s", host,
                has_token ? "" : ": a token in HF_TOKEN raises the limit");
    } else {
        pt_fail(err, PATINA_EIO, "'%s' answers %ld for '%s'%s", host, response->code, file,
                response->code >= 500 ? ", which is its own trouble" : "");
    }
    return PATINA_EIO;
}

/* ---------------------------------------------------------------- asking */

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._~", c);
}

/* ENDPOINT/org/name/resolve/<revision>/<file>; the caller frees it. */
static char *build_url(const pt_download *d, const char *revision, const char *file) {
    const char *endpoint = d->options->endpoint ? d->options->endpoint : PATINA_HUB_ENDPOINT;
    size_t n = strlen(endpoint);
    pt_strbuf url = {0};

    while (n > 0 && endpoint[n - 1] == '/')
        n--;
    pt_strbuf_append_bytes(&url, endpoint, n);
    pt_strbuf_printf(&url, "/%s/resolve/", d->name->id);
    for (; *revision; revision++) /* a branch's name may have slashes, which part nothing here */
        if (is_unreserved(*revision))
            pt_strbuf_append_bytes(&url, revision, 1);
        else
            pt_strbuf_printf(&url, "%%%02X", (unsigned)(unsigned char)*revision);
    pt_strbuf_printf(&url, "/%s", file);
    return pt_strbuf_detach(&url);
}

/* What a good response says of a file, held against what a hub says. */
static patina_status read_metadata(const pt_download *d, const pt_http_response *response,
                                   pt_hub_file *file, patina_error *err) {
    const char *missing = !response->commit[0] ? "X-Repo-Commit"
                          : !response->etag[0] ? "ETag"
                                               : NULL;
    if (missing)
        return pt_fail(err, PATINA_EFORMAT,
                       "'%s' does not answer as the Hugging Face hub does: no usable %s for '%s' "
                       "(is HF_ENDPOINT right?)",
                       pt_http_host(d->http), missing, file->name);
    memcpy(file->commit, response->commit, sizeof file->commit);
    memcpy(file->etag, response->etag, sizeof file->etag);
    file->size = response->etag_is_linked ? response->linked_size : response->length;
    return PATINA_OK;
}

patina_status pt_download_get_metadata(pt_download *d, const char *revision, const char *name,
                                       pt_hub_file *file, bool *absent, patina_error *err) {
    char *url = build_url(d, revision, name);
    pt_http_response response;
    unsigned n_failures = 0; /* tries in a row that were in vain */
    patina_status status = url ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    *file = (pt_hub_file){.name = name};
    *absent = false;
    while (status == PATINA_OK) {
        bool retryable = false;
        patina_error why = {0};
        status = pt_http_head(d->http, url, &response, &retryable, &why);
        if (status == PATINA_OK && (response.code == 200 || response.code / 100 == 3)) break;
        if (status == PATINA_OK) {
            *absent = strcmp(response.error_code, "EntryNotFound") == 0 ||
                      (response.code == 404 && response.commit[0]);
            if (*absent) break;
            retryable = pt_http_is_retryable(response.code);
            status = response_error(d, name, &response, &why);
        }
        if (retryable)
            status = wait_before_retry(d, &n_failures, response.retry_after_s, status, &why);
        if (status != PATINA_OK && err) *err = why;
    }
    if (status == PATINA_OK && !*absent) status = read_metadata(d, &response, file, err);
    free(url);
    return status;
}

/* ---------------------------------------------------------------- bringing */

/* The bytes of one exchange on their way into a file. */
typedef struct stream {
    pt_download *download;
    const pt_hub_file *file;
    pt_partial_download *partial;
    uint64_t from;       /* the first byte that was asked for */
    uint64_t n_received; /* in this exchange */
    bool has_restarted;  /* the server began at the beginning all the same */
} stream;

static patina_status restart(stream *s, patina_error *err) {
    s->download->n_done -= s->partial->n_bytes;
    s->download->n_resumed -=
        s->partial->n_bytes < s->download->n_resumed ? s->partial->n_bytes : s->download->n_resumed;
    return pt_partial_download_restart(s->partial, err);
}

static patina_status on_body_begin(void *context, const pt_http_response *response,
                                   patina_error *err) {
    stream *s = context;
    const uint64_t size = s->file->size;

    if (response->code == 206 && response->range_start != s->from)
        return pt_fail(
            err, PATINA_EFORMAT,
            "'%s' was asked for '%s' from byte %" PRIu64 " on and gives it from byte %" PRIu64,
            pt_http_host(s->download->http), s->file->name, s->from, response->range_start);
    const uint64_t begin = response->code == 206 ? s->from : 0;
    if (size != PT_UNKNOWN_SIZE && response->length != PT_UNKNOWN_SIZE &&
        response->length != size - begin)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s' should have %" PRIu64 " bytes, and '%s' now gives %" PRIu64,
                       s->file->name, size, pt_http_host(s->download->http),
                       response->length + begin);
    return begin < s->from ? restart(s, err) : PATINA_OK;
}

static patina_status on_body_data(void *context, const void *bytes, size_t n, patina_error *err) {
    stream *s = context;
    pt_download *d = s->download;
    const uint64_t max_size =
        s->file->size == PT_UNKNOWN_SIZE ? UNSIZED_FILE_MAX_BYTES : s->file->size;

    if (n > max_size - s->partial->n_bytes)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': '%s' sends more than the %" PRIu64 " bytes that it should have",
                       s->file->name, pt_http_host(d->http), max_size);
    PT_TRY(pt_partial_download_write(s->partial, bytes, n, err));
    s->n_received += n;
    d->n_received += n;
    d->n_done += n;
    emit_event(d, &(patina_hub_event){.kind = PATINA_HUB_EVENT_PROGRESS,
                                      .file = s->file->name,
                                      .n_bytes = d->n_done,
                                      .n_bytes_total = d->n_total,
                                      .n_bytes_before = d->n_resumed});
    return PATINA_OK;
}

/* Whether all of the file is there after an exchange that ended well. */
static bool is_complete(const stream *s) {
    return s->file->size == PT_UNKNOWN_SIZE || s->partial->n_bytes == s->file->size;
}

/* One GET and what to make of its end: PATINA_OK with *complete, PATINA_OK for another one, or a failure. */
static patina_status download_some(stream *s, const char *url, unsigned *n_failures, bool *complete,
                                   patina_error *err) {
    const pt_http_body_writer writer = {
        .begin = on_body_begin, .write = on_body_data, .context = s};
    pt_http_response response;
    patina_error why = {0};
    bool retryable = false;

    s->from = s->partial->n_bytes;
    s->n_received = 0;
    patina_status status =
        pt_http_get(s->download->http, url, s->from, &writer, &response, &retryable, &why);
    if (s->n_received >= PROGRESS_MIN_BYTES) *n_failures = 0;
    if (status == PATINA_OK &&
        response.code == 416) { /* it has no such bytes: what is here is not its */
        if (s->from > 0) return restart(s, err);
        status = response_error(s->download, s->file->name, &response, &why);
    } else if (status == PATINA_OK && response.code != 200 && response.code != 206) {
        /* the signed address that the hub has led us to may have been too old */
        retryable = pt_http_is_retryable(response.code) ||
                    (response.is_cross_origin && response.code == 403);
        status = response_error(s->download, s->file->name, &response, &why);
    } else if (status == PATINA_OK && !is_complete(s)) {
        retryable = true;
        status = pt_fail(&why, PATINA_EIO, "'%s' has cut the connection",
                         pt_http_host(s->download->http));
    }
    *complete = status == PATINA_OK;
    if (retryable)
        status = wait_before_retry(s->download, n_failures, response.retry_after_s, status, &why);
    if (status != PATINA_OK && err) *err = why;
    return status;
}

static patina_status download_all(stream *s, patina_error *err) {
    char *url = build_url(s->download, s->file->commit, s->file->name);
    unsigned n_failures = 0; /* tries in a row that were in vain */
    bool complete = s->file->size != PT_UNKNOWN_SIZE && s->partial->n_bytes == s->file->size;
    patina_status status = url ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    while (status == PATINA_OK && !complete)
        status = download_some(s, url, &n_failures, &complete, err);
    free(url);
    return status;
}

/* Bytes that have the wrong hash are worth nothing, not even to go on with. */
static patina_status verify_hash(stream *s, bool *hash_matches, patina_error *err) {
    patina_status status = pt_etag_verify(s->partial->fd, s->file->etag, s->download->options->stop,
                                          hash_matches, err);
    if (status == PATINA_OK && pt_etag_kind_of(s->file->etag) == PT_ETAG_OPAQUE)
        emit_note(s->download, "'%s' gives no hash of '%s', so only its size was checked",
                  pt_http_host(s->download->http), s->file->name);
    return status;
}

static patina_status download_and_verify(stream *s, patina_error *err) {
    const bool was_resumed = s->partial->n_bytes > 0;
    bool hash_matches = false;

    PT_TRY(download_all(s, err));
    PT_TRY(verify_hash(s, &hash_matches, err));
    if (!hash_matches && was_resumed) {
        emit_note(s->download, "what was left of an earlier '%s' was damaged; fetching all of it",
                  s->file->name);
        PT_TRY(restart(s, err));
        PT_TRY(download_all(s, err));
        PT_TRY(verify_hash(s, &hash_matches, err));
    }
    if (hash_matches) return pt_partial_download_commit(s->partial, err);
    pt_partial_download_discard(s->partial);
    return pt_fail(err, PATINA_EFORMAT,
                   "file '%s' came damaged: its bytes do not have the hash '%.64s' that '%s' gives "
                   "for it; it was thrown away",
                   s->file->name, s->file->etag, pt_http_host(s->download->http));
}

static void on_wait(void *context) {
    emit_note(context, "another process is fetching the same file; waiting for it");
}

patina_status pt_download_file(pt_download *d, const pt_hub_file *file, bool *fetched,
                               patina_error *err) {
    const pt_partial_download_wait wait = {
        .stop = d->options->stop, .on_wait = on_wait, .context = d};
    pt_partial_download partial;
    bool complete;

    *fetched = false;
    if (pt_hub_blob_is_complete(d->entry, file->etag, file->size)) {
        bool removed;
        PT_TRY(pt_etag_remove_damaged(d->entry, file->etag, d->options->stop, &removed, err));
        if (!removed) return PATINA_OK;
    }
    PT_TRY(pt_partial_download_open(d->entry, file->etag, file->size, &wait, &partial, &complete,
                                    err));
    if (complete) {
        d->n_done += file->size == PT_UNKNOWN_SIZE ? 0 : file->size;
        d->n_resumed += file->size == PT_UNKNOWN_SIZE ? 0 : file->size;
        return PATINA_OK;
    }

    stream s = {.download = d, .file = file, .partial = &partial};
    patina_status status = PATINA_OK;
    d->n_done += partial.n_bytes;
    d->n_resumed += partial.n_bytes;
    /* more than there should be, or of a length that says nothing */
    if (partial.n_bytes > 0 && (file->size == PT_UNKNOWN_SIZE || partial.n_bytes > file->size))
        status = restart(&s, err);
    if (status == PATINA_OK) status = download_and_verify(&s, err);
    pt_partial_download_close(&partial);
    *fetched = status == PATINA_OK;
    return status;
}
