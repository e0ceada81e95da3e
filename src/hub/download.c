/* SPDX-License-Identifier: MIT */
/* download.c - resume, retries and verification of a download
 *
 *     HEAD  ETag, size ──► blobs/<etag>.incomplete, n bytes
 *     GET   Range: bytes=n- ──► append until the connection ends ──► repeat
 *     complete ──► verify size and hash ──► blobs/<etag>
 */

#include "hub/download.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "hub/etag.h"
#include "hub/partial_download.h"

#define BACKOFF_MAX_S          16U                 /* exponential backoff, from 1 */
#define RETRY_AFTER_MAX_WAIT_S 300U                /* longer Retry-After: fail */
#define PROGRESS_MIN_BYTES     ((uint64_t)1 << 16) /* resets the count of failures */
#define INFO_MAX_BYTES         (256U << 20)
#define UNSIZED_FILE_MAX_BYTES ((uint64_t)64 << 20) /* of a file without a size in its metadata */

/* ---------------------------------------------------------------- events */

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

/* ---------------------------------------------------------------- retries */

static patina_status sleep_unless_stopped(const pt_download *d, unsigned seconds,
                                          patina_error *err) {
    const struct timespec moment = {.tv_nsec = 50000000L};
    for (unsigned i = 0; i < 20 * seconds; i++) {
        if (is_stopped(d)) return pt_fail(err, PATINA_ECANCELLED, "stopped");
        nanosleep(&moment, NULL);
    }
    return PATINA_OK;
}

/* After a transient failure, with its message in err: waits and returns PATINA_OK, or gives up and
 * returns `failed`. */
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

/* ---------------------------------------------------------------- HTTP errors */

/* The error for a response other than 200, 206 and redirects. */
static patina_status response_error(const pt_download *d, const char *file,
                                    const pt_http_response *response, patina_error *err) {
    const char *host = pt_http_host(d->http), *id = d->name->id;
    const char *endpoint = d->options->endpoint ? d->options->endpoint : PATINA_HUB_ENDPOINT;
    const char *page = strchr(endpoint, '@') ? host : endpoint; /* do not print a password */
    const bool has_token = d->options->token != NULL;
    const char *type = pt_hub_type_name(d->name->type);

    if (response->is_cross_origin) {
        pt_fail(err, PATINA_EIO, "the storage of '%s' responds with %ld for '%s'", host,
                response->code, file);
    } else if (strcmp(response->error_code, "GatedRepo") == 0 || response->code == 403) {
        pt_fail(err, PATINA_EIO,
                "'%s' restricts access to it (%ld): accept its terms at %s/%s, and %s", host,
                response->code, page, id,
                has_token ? "use a token of that account (HF_TOKEN)"
                          : "set HF_TOKEN to a token of that account");
    } else if (response->code == 401) {
        /* also the response for models that do not exist */
        pt_fail(err, PATINA_EIO, "'%s' has no such %s, or %s", host, type,
                has_token ? "the token gives no access to it (401): check the name and the token "
                            "(HF_TOKEN)"
                          : "it is private (401): check the name; for a private one set HF_TOKEN");
    } else if (strcmp(response->error_code, "RevisionNotFound") == 0) {
        pt_fail(err, PATINA_EIO, "'%s' has no revision '%s' of this model", host,
                d->name->revision);
    } else if (response->code == 404) {
        pt_fail(err, PATINA_EIO, "'%s' has no such %s (404): check the name", host, type);
    } else if (response->code == 429) {
        pt_fail(err, PATINA_EIO, "'%s' limits the rate of requests (429)%s", host,
                has_token ? "" : ": a token in HF_TOKEN raises the limit");
    } else {
        pt_fail(err, PATINA_EIO, "'%s' responds with %ld for '%s'%s", host, response->code, file,
                response->code >= 500 ? ", a server error" : "");
    }
    return PATINA_EIO;
}

/* ---------------------------------------------------------------- metadata */

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._~", c);
}

/* Everything that is not unreserved in a URL is escaped, also '/' unless it is in `kept`. */
static void append_escaped(pt_strbuf *url, const char *text, const char *kept) {
    for (; *text; text++)
        if (is_unreserved(*text) || strchr(kept, *text))
            pt_strbuf_append_bytes(url, text, 1);
        else
            pt_strbuf_printf(url, "%%%02X", (unsigned)(unsigned char)*text);
}

static void append_endpoint(pt_strbuf *url, const pt_download *d) {
    const char *endpoint = d->options->endpoint ? d->options->endpoint : PATINA_HUB_ENDPOINT;
    size_t n = strlen(endpoint);
    while (n > 0 && endpoint[n - 1] == '/')
        n--;
    pt_strbuf_append_bytes(url, endpoint, n);
}

/* ENDPOINT/[datasets/]org/name/resolve/<revision>/<file>; the caller frees it. */
static char *build_url(const pt_download *d, const char *revision, const char *file) {
    pt_strbuf url = {0};
    append_endpoint(&url, d);
    pt_strbuf_printf(&url, "%s/%s/resolve/", d->name->type == PT_HUB_DATASET ? "/datasets" : "",
                     d->name->id);
    append_escaped(&url, revision, "");
    pt_strbuf_append(&url, "/");
    append_escaped(&url, file, "/");
    return pt_strbuf_detach(&url);
}

/* ENDPOINT/api/datasets/org/name/revision/<revision>; the caller frees it. */
static char *build_info_url(const pt_download *d) {
    pt_strbuf url = {0};
    append_endpoint(&url, d);
    pt_strbuf_printf(&url, "/api/%s/%s/revision/",
                     d->name->type == PT_HUB_DATASET ? "datasets" : "models", d->name->id);
    append_escaped(&url, d->name->revision, "");
    return pt_strbuf_detach(&url);
}

/* Metadata of a file from a successful response. */
static patina_status read_metadata(const pt_download *d, const pt_http_response *response,
                                   pt_hub_file *file, patina_error *err) {
    const char *missing = !response->commit[0] ? "X-Repo-Commit"
                          : !response->etag[0] ? "ETag"
                                               : NULL;
    if (missing)
        return pt_fail(err, PATINA_EFORMAT,
                       "'%s' does not respond like the Hugging Face hub: no valid %s for '%s' "
                       "(check HF_ENDPOINT)",
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
    unsigned n_failures = 0; /* consecutive */
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

/* ---------------------------------------------------------------- list of files */

static patina_status append_info(void *context, const void *bytes, size_t n, patina_error *err) {
    pt_strbuf *text = context;
    if (text->length + n > INFO_MAX_BYTES)
        return pt_fail(err, PATINA_EFORMAT, "its list of files is longer than %u MB",
                       INFO_MAX_BYTES >> 20);
    pt_strbuf_append_bytes(text, bytes, n);
    return text->failed ? pt_fail(err, PATINA_ENOMEM, "out of memory") : PATINA_OK;
}

/* Nothing to check before the first byte; a request that is repeated starts again. */
static patina_status begin_info(void *context, const pt_http_response *response,
                                patina_error *err) {
    (void)response, (void)err;
    pt_strbuf_clear(context);
    return PATINA_OK;
}

patina_status pt_download_get_info(pt_download *d, pt_strbuf *text, patina_error *err) {
    const pt_http_body_writer writer = {.begin = begin_info, .write = append_info, .context = text};
    char *url = build_info_url(d);
    unsigned n_failures = 0;
    bool complete = false;
    patina_status status = url ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    while (status == PATINA_OK && !complete) {
        pt_http_response response;
        patina_error why = {0};
        bool retryable = false;
        status = pt_http_get(d->http, url, 0, &writer, &response, &retryable, &why);
        if (status == PATINA_OK && response.code != 200) {
            retryable = pt_http_is_retryable(response.code);
            status = response_error(d, "its list of files", &response, &why);
        }
        complete = status == PATINA_OK;
        if (retryable)
            status = wait_before_retry(d, &n_failures, response.retry_after_s, status, &why);
        if (status != PATINA_OK && err) *err = why;
    }
    free(url);
    return status;
}

/* ---------------------------------------------------------------- download */

/* State of one download. */
typedef struct stream {
    pt_download *download;
    const pt_hub_file *file;
    pt_partial_download *partial;
    uint64_t from;       /* first byte requested */
    uint64_t n_received; /* in this request */
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
            "file '%s' was requested from byte %" PRIu64 ", but '%s' sends it from byte %" PRIu64,
            s->file->name, s->from, pt_http_host(s->download->http), response->range_start);
    const uint64_t begin = response->code == 206 ? s->from : 0;
    if (size != PT_UNKNOWN_SIZE && response->length != PT_UNKNOWN_SIZE &&
        response->length != size - begin)
        return pt_fail(
            err, PATINA_EFORMAT,
            "file '%s' has %" PRIu64 " bytes according to its metadata, but '%s' sends %" PRIu64,
            s->file->name, size, pt_http_host(s->download->http), response->length + begin);
    return begin < s->from ? restart(s, err) : PATINA_OK;
}

static patina_status on_body_data(void *context, const void *bytes, size_t n, patina_error *err) {
    stream *s = context;
    pt_download *d = s->download;
    const uint64_t max_size =
        s->file->size == PT_UNKNOWN_SIZE ? UNSIZED_FILE_MAX_BYTES : s->file->size;

    if (n > max_size - s->partial->n_bytes)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': '%s' sends more than the expected %" PRIu64 " bytes",
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

/* Whether the file is complete after a successful request. */
static bool is_complete(const stream *s) {
    return s->file->size == PT_UNKNOWN_SIZE || s->partial->n_bytes == s->file->size;
}

/* One GET request. PATINA_OK with *complete false: try again. */
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
        response.code == 416) { /* the partial file is longer than the file */
        if (s->from > 0) return restart(s, err);
        status = response_error(s->download, s->file->name, &response, &why);
    } else if (status == PATINA_OK && response.code != 200 && response.code != 206) {
        /* a signed URL of the storage may have expired */
        retryable = pt_http_is_retryable(response.code) ||
                    (response.is_cross_origin && response.code == 403);
        status = response_error(s->download, s->file->name, &response, &why);
    } else if (status == PATINA_OK && !is_complete(s)) {
        retryable = true;
        status = pt_fail(&why, PATINA_EIO, "'%s' closed the connection",
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
    unsigned n_failures = 0; /* consecutive */
    bool complete = s->file->size != PT_UNKNOWN_SIZE && s->partial->n_bytes == s->file->size;
    patina_status status = url ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    while (status == PATINA_OK && !complete)
        status = download_some(s, url, &n_failures, &complete, err);
    free(url);
    return status;
}

static patina_status verify_hash(stream *s, bool *hash_matches, patina_error *err) {
    patina_status status = pt_etag_verify(s->partial->fd, s->file->etag, s->download->options->stop,
                                          hash_matches, err);
    if (status == PATINA_OK && pt_etag_kind_of(s->file->etag) == PT_ETAG_OPAQUE)
        emit_note(s->download, "'%s' has no hash for '%s'; only its size was verified",
                  pt_http_host(s->download->http), s->file->name);
    return status;
}

static patina_status download_and_verify(stream *s, patina_error *err) {
    const bool was_resumed = s->partial->n_bytes > 0;
    bool hash_matches = false;

    PT_TRY(download_all(s, err));
    PT_TRY(verify_hash(s, &hash_matches, err));
    if (!hash_matches && was_resumed) {
        emit_note(s->download,
                  "the partial download of '%s' was damaged; downloading the whole file again",
                  s->file->name);
        PT_TRY(restart(s, err));
        PT_TRY(download_all(s, err));
        PT_TRY(verify_hash(s, &hash_matches, err));
    }
    if (hash_matches) return pt_partial_download_commit(s->partial, err);
    pt_partial_download_discard(s->partial);
    return pt_fail(err, PATINA_EFORMAT,
                   "file '%s' was damaged in transfer: its hash is not '%.64s' of '%s'; it was "
                   "discarded",
                   s->file->name, s->file->etag, pt_http_host(s->download->http));
}

static void on_wait(void *context) {
    emit_note(context, "waiting for another process that downloads the same file");
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
    /* too long, or of unknown size */
    if (partial.n_bytes > 0 && (file->size == PT_UNKNOWN_SIZE || partial.n_bytes > file->size))
        status = restart(&s, err);
    if (status == PATINA_OK) status = download_and_verify(&s, err);
    pt_partial_download_close(&partial);
    *fetched = status == PATINA_OK;
    return status;
}

/* ---------------------------------------------------------------- disk space */

patina_status pt_download_check_space(pt_download *d, const pt_hub_file *files, size_t n_files,
                                      const char *advice, patina_error *err) {
    const char *folder = d->entry->folder.text;
    struct statvfs disk;
    uint64_t needed = 0;

    for (size_t i = 0; i < n_files; i++) {
        const pt_hub_file *file = &files[i];
        if (file->size == PT_UNKNOWN_SIZE) continue;
        if (pt_hub_blob_is_complete(d->entry, file->etag, file->size)) continue;
        d->n_total += file->size;
        needed += file->size - pt_hub_blob_partial_size(d->entry, file->etag, file->size);
    }
    if (needed == 0) return PATINA_OK;
    PT_TRY(pt_hub_make_dirs(folder, err));
    if (statvfs(folder, &disk) != 0) return PATINA_OK;
    const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (room >= needed) return PATINA_OK;
    return pt_fail(err, PATINA_EIO,
                   "folder '%s': %" PRIu64 " MB are required and %" PRIu64
                   " MB free (free space, or set HF_HOME to another disk%s)",
                   folder, (needed + 999999) / 1000000, room / 1000000, advice);
}
