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

#include "base/str.h"
#include "hub/etag.h"
#include "hub/partial.h"

#define PAUSE_MAX_S    16U  /* between two tries; they double from 1 */
#define PATIENCE_S     300U /* a hub that asks for a longer pause is not waited for */
#define PROGRESS_BYTES ((uint64_t)1 << 16)  /* a try that brings so many was not in vain */
#define SMALL_BYTES    ((uint64_t)64 << 20) /* of a file whose size the hub does not tell */

/* ---------------------------------------------------------------- what is told */

static void tell(const pt_download *d, const pt_hub_event *event) {
    if (d->options->on_event) d->options->on_event(d->options->context, event);
}

static void note(const pt_download *d, const char *format, ...) PT_PRINTF(2, 3);

static void note(const pt_download *d, const char *format, ...) {
    char text[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell(d, &(pt_hub_event){.kind = PT_HUB_NOTE, .text = text});
}

static bool is_stopped(const pt_download *d) {
    return d->options->stop && atomic_load(d->options->stop);
}

/* ---------------------------------------------------------------- trying again */

static pt_status rest(const pt_download *d, unsigned seconds, pt_error *err) {
    const struct timespec moment = {.tv_nsec = 50000000L};
    for (unsigned i = 0; i < 20 * seconds; i++) {
        if (is_stopped(d)) return pt_fail(err, PT_ECANCELLED, "stopped");
        nanosleep(&moment, NULL);
    }
    return PT_OK;
}

/* After a failure that may pass, with its sentence in err: waits and gives PT_OK, or gives up with
 * `failed`. */
static pt_status wait_for_another_try(const pt_download *d, unsigned *n_failures, unsigned asked_s,
                                      pt_status failed, pt_error *err) {
    const unsigned doubled = *n_failures < 4 ? 1U << *n_failures : PAUSE_MAX_S;
    const unsigned pause = asked_s > doubled ? asked_s : doubled;

    if (*n_failures >= d->options->retries || pause > PATIENCE_S) return failed;
    ++*n_failures;
    note(d, "%s; trying again in %u s (%u of %u)", err->message, pause, *n_failures,
         d->options->retries);
    *err = (pt_error){0};
    return rest(d, pause, err);
}

/* ---------------------------------------------------------------- refusals */

/* The sentence for an answer that is none of 200, 206 and a redirect. */
static pt_status refuse(const pt_download *d, const char *file, const pt_http_answer *answer,
                        pt_error *err) {
    const char *host = pt_http_host(d->http), *id = d->name->id;
    const char *endpoint = d->options->endpoint ? d->options->endpoint : PT_HUB_ENDPOINT;
    const char *page = strchr(endpoint, '@') ? host : endpoint; /* a password is not printed */
    const bool has_token = d->options->token != NULL;

    if (answer->is_elsewheres) {
        pt_fail(err, PT_EIO, "the store of '%s' answers %ld for '%s'", host, answer->code, file);
    } else if (strcmp(answer->fault, "GatedRepo") == 0 || answer->code == 403) {
        pt_fail(err, PT_EIO,
                "'%s' does not give it to everybody (%ld): accept its terms at %s/%s, and %s", host,
                answer->code, page, id,
                has_token ? "use a token of the account that did (HF_TOKEN)"
                          : "put a token of that account into HF_TOKEN");
    } else if (answer->code == 401) {
        /* the hub says so of models that do not exist, too */
        pt_fail(err, PT_EIO,
                has_token ? "'%s' knows no such model, or the token does not open it (401): check "
                            "the name, and the token (HF_TOKEN)"
                          : "'%s' knows no such model, or it is private (401): check the name; for "
                            "a private one put a token into HF_TOKEN",
                host);
    } else if (strcmp(answer->fault, "RevisionNotFound") == 0) {
        pt_fail(err, PT_EIO, "'%s' knows no revision '%s' of it", host, d->name->revision);
    } else if (answer->code == 404) {
        pt_fail(err, PT_EIO, "'%s' knows no such model (404): check the name", host);
    } else if (answer->code == 429) {
        pt_fail(err, PT_EIO, "'%s' has had too many questions from here (429)%s", host,
                has_token ? "" : ": a token in HF_TOKEN raises the limit");
    } else {
        pt_fail(err, PT_EIO, "'%s' answers %ld for '%s'%s", host, answer->code, file,
                answer->code >= 500 ? ", which is its own trouble" : "");
    }
    return PT_EIO;
}

/* ---------------------------------------------------------------- asking */

static bool is_plain_in_url(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._~", c);
}

/* ENDPOINT/org/name/resolve/<revision>/<file>; the caller frees it. */
static char *url_of(const pt_download *d, const char *revision, const char *file) {
    const char *endpoint = d->options->endpoint ? d->options->endpoint : PT_HUB_ENDPOINT;
    size_t n = strlen(endpoint);
    pt_str url = {0};

    while (n > 0 && endpoint[n - 1] == '/')
        n--;
    pt_str_add_bytes(&url, endpoint, n);
    pt_str_printf(&url, "/%s/resolve/", d->name->id);
    for (; *revision; revision++) /* a branch's name may have slashes, which part nothing here */
        if (is_plain_in_url(*revision))
            pt_str_add_bytes(&url, revision, 1);
        else
            pt_str_printf(&url, "%%%02X", (unsigned)(unsigned char)*revision);
    pt_str_printf(&url, "/%s", file);
    return pt_str_steal(&url);
}

/* What a good answer says of a file, held against what a hub says. */
static pt_status read_description(const pt_download *d, const pt_http_answer *answer,
                                  pt_hub_file *file, pt_error *err) {
    const char *lacks = !answer->commit[0] ? "X-Repo-Commit" : !answer->etag[0] ? "ETag" : NULL;
    if (lacks)
        return pt_fail(err, PT_EFORMAT,
                       "'%s' does not answer as the Hugging Face hub does: no usable %s for '%s' "
                       "(is HF_ENDPOINT right?)",
                       pt_http_host(d->http), lacks, file->name);
    memcpy(file->commit, answer->commit, sizeof file->commit);
    memcpy(file->etag, answer->etag, sizeof file->etag);
    file->size = answer->etag_is_linked ? answer->linked_size : answer->length;
    return PT_OK;
}

pt_status pt_download_describe(pt_download *d, const char *revision, const char *name,
                               pt_hub_file *file, bool *absent, pt_error *err) {
    char *url = url_of(d, revision, name);
    pt_http_answer answer;
    unsigned n_failures = 0; /* tries in a row that were in vain */
    pt_status status = url ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");

    *file = (pt_hub_file){.name = name};
    *absent = false;
    while (status == PT_OK) {
        bool again = false;
        pt_error why = {0};
        status = pt_http_ask(d->http, url, &answer, &again, &why);
        if (status == PT_OK && (answer.code == 200 || answer.code / 100 == 3)) break;
        if (status == PT_OK) {
            *absent = strcmp(answer.fault, "EntryNotFound") == 0 ||
                      (answer.code == 404 && answer.commit[0]);
            if (*absent) break;
            again = pt_http_may_pass(answer.code);
            status = refuse(d, name, &answer, &why);
        }
        if (again)
            status = wait_for_another_try(d, &n_failures, answer.retry_after_s, status, &why);
        if (status != PT_OK && err) *err = why;
    }
    if (status == PT_OK && !*absent) status = read_description(d, &answer, file, err);
    free(url);
    return status;
}

/* ---------------------------------------------------------------- bringing */

/* The bytes of one exchange on their way into a file. */
typedef struct stream {
    pt_download *download;
    const pt_hub_file *file;
    pt_partial *partial;
    uint64_t from;       /* the first byte that was asked for */
    uint64_t n_received; /* in this exchange */
    bool has_restarted;  /* the server began at the beginning all the same */
} stream;

static pt_status restart(stream *s, pt_error *err) {
    s->download->n_done -= s->partial->n_bytes;
    s->download->n_before -=
        s->partial->n_bytes < s->download->n_before ? s->partial->n_bytes : s->download->n_before;
    return pt_partial_restart(s->partial, err);
}

static pt_status begin_stream(void *context, const pt_http_answer *answer, pt_error *err) {
    stream *s = context;
    const uint64_t size = s->file->size;

    if (answer->code == 206 && answer->range_start != s->from)
        return pt_fail(
            err, PT_EFORMAT,
            "'%s' was asked for '%s' from byte %" PRIu64 " on and gives it from byte %" PRIu64,
            pt_http_host(s->download->http), s->file->name, s->from, answer->range_start);
    const uint64_t begin = answer->code == 206 ? s->from : 0;
    if (size != PT_UNKNOWN_SIZE && answer->length != PT_UNKNOWN_SIZE &&
        answer->length != size - begin)
        return pt_fail(
            err, PT_EFORMAT, "file '%s' should have %" PRIu64 " bytes, and '%s' now gives %" PRIu64,
            s->file->name, size, pt_http_host(s->download->http), answer->length + begin);
    return begin < s->from ? restart(s, err) : PT_OK;
}

static pt_status add_to_stream(void *context, const void *bytes, size_t n, pt_error *err) {
    stream *s = context;
    pt_download *d = s->download;
    const uint64_t most = s->file->size == PT_UNKNOWN_SIZE ? SMALL_BYTES : s->file->size;

    if (n > most - s->partial->n_bytes)
        return pt_fail(err, PT_EFORMAT,
                       "file '%s': '%s' sends more than the %" PRIu64 " bytes that it should have",
                       s->file->name, pt_http_host(d->http), most);
    PT_TRY(pt_partial_write(s->partial, bytes, n, err));
    s->n_received += n;
    d->n_received += n;
    d->n_done += n;
    tell(d, &(pt_hub_event){.kind = PT_HUB_PROGRESS,
                            .file = s->file->name,
                            .n_bytes = d->n_done,
                            .n_bytes_total = d->n_total,
                            .n_bytes_before = d->n_before});
    return PT_OK;
}

/* Whether all of the file is there after an exchange that ended well. */
static bool is_all_there(const stream *s) {
    return s->file->size == PT_UNKNOWN_SIZE || s->partial->n_bytes == s->file->size;
}

/* One GET and what to make of its end: PT_OK with *whole, PT_OK for another one, or a failure. */
static pt_status bring_some(stream *s, const char *url, unsigned *n_failures, bool *whole,
                            pt_error *err) {
    const pt_http_sink sink = {.begin = begin_stream, .add = add_to_stream, .context = s};
    pt_http_answer answer;
    pt_error why = {0};
    bool again = false;

    s->from = s->partial->n_bytes;
    s->n_received = 0;
    pt_status status = pt_http_get(s->download->http, url, s->from, &sink, &answer, &again, &why);
    if (s->n_received >= PROGRESS_BYTES) *n_failures = 0;
    if (status == PT_OK && answer.code == 416) { /* it has no such bytes: what is here is not its */
        if (s->from > 0) return restart(s, err);
        status = refuse(s->download, s->file->name, &answer, &why);
    } else if (status == PT_OK && answer.code != 200 && answer.code != 206) {
        /* the signed address that the hub has led us to may have been too old */
        again = pt_http_may_pass(answer.code) || (answer.is_elsewheres && answer.code == 403);
        status = refuse(s->download, s->file->name, &answer, &why);
    } else if (status == PT_OK && !is_all_there(s)) {
        again = true;
        status =
            pt_fail(&why, PT_EIO, "'%s' has cut the connection", pt_http_host(s->download->http));
    }
    *whole = status == PT_OK;
    if (again)
        status = wait_for_another_try(s->download, n_failures, answer.retry_after_s, status, &why);
    if (status != PT_OK && err) *err = why;
    return status;
}

static pt_status bring_all(stream *s, pt_error *err) {
    char *url = url_of(s->download, s->file->commit, s->file->name);
    unsigned n_failures = 0; /* tries in a row that were in vain */
    bool whole = s->file->size != PT_UNKNOWN_SIZE && s->partial->n_bytes == s->file->size;
    pt_status status = url ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");

    while (status == PT_OK && !whole)
        status = bring_some(s, url, &n_failures, &whole, err);
    free(url);
    return status;
}

/* Bytes that have the wrong hash are worth nothing, not even to go on with. */
static pt_status check(stream *s, bool *right, pt_error *err) {
    pt_status status =
        pt_etag_check(s->partial->fd, s->file->etag, s->download->options->stop, right, err);
    if (status == PT_OK && pt_etag_kind_of(s->file->etag) == PT_ETAG_OPAQUE)
        note(s->download, "'%s' gives no hash of '%s', so only its size was checked",
             pt_http_host(s->download->http), s->file->name);
    return status;
}

static pt_status bring_and_check(stream *s, pt_error *err) {
    const bool was_begun = s->partial->n_bytes > 0;
    bool right = false;

    PT_TRY(bring_all(s, err));
    PT_TRY(check(s, &right, err));
    if (!right && was_begun) {
        note(s->download, "what was left of an earlier '%s' was damaged; fetching all of it",
             s->file->name);
        PT_TRY(restart(s, err));
        PT_TRY(bring_all(s, err));
        PT_TRY(check(s, &right, err));
    }
    if (right) return pt_partial_publish(s->partial, err);
    pt_partial_discard(s->partial);
    return pt_fail(err, PT_EFORMAT,
                   "file '%s' came damaged: its bytes do not have the hash '%.64s' that '%s' gives "
                   "for it; it was thrown away",
                   s->file->name, s->file->etag, pt_http_host(s->download->http));
}

static void on_wait(void *context) {
    note(context, "another process is fetching the same file; waiting for it");
}

pt_status pt_download_file(pt_download *d, const pt_hub_file *file, bool *fetched, pt_error *err) {
    const pt_partial_wait wait = {.stop = d->options->stop, .on_wait = on_wait, .context = d};
    pt_partial partial;
    bool whole;

    *fetched = false;
    if (pt_hub_blob_is_whole(d->place, file->etag, file->size)) return PT_OK;
    PT_TRY(pt_partial_open(d->place, file->etag, file->size, &wait, &partial, &whole, err));
    if (whole) {
        d->n_done += file->size == PT_UNKNOWN_SIZE ? 0 : file->size;
        d->n_before += file->size == PT_UNKNOWN_SIZE ? 0 : file->size;
        return PT_OK;
    }

    stream s = {.download = d, .file = file, .partial = &partial};
    pt_status status = PT_OK;
    d->n_done += partial.n_bytes;
    d->n_before += partial.n_bytes;
    /* more than there should be, or of a length that says nothing */
    if (partial.n_bytes > 0 && (file->size == PT_UNKNOWN_SIZE || partial.n_bytes > file->size))
        status = restart(&s, err);
    if (status == PT_OK) status = bring_and_check(&s, err);
    pt_partial_close(&partial);
    *fetched = status == PT_OK;
    return status;
}
