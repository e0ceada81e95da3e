/* SPDX-License-Identifier: MIT */
/* etag.c - verification of files by the ETags of the hub
 *
 * A file in the repository has the hash of its git blob, SHA-1 over "blob <size>", a NUL and the
 * bytes; a large file has SHA-256 of the bytes. Some mirrors give plain SHA-1 of the bytes.
 */

#include "hub/etag.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha1.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"

#define READ_BYTES ((size_t)1 << 20)

bool pt_etag_normalise(const char *value, size_t n, char etag[PT_HUB_ETAG_MAX + 1]) {
    while (n > 0 && (*value == 'W' || *value == '/')) /* weak ETag: W/"..." */
        value++, n--;
    while (n > 0 && *value == '"')
        value++, n--;
    while (n > 0 && value[n - 1] == '"')
        n--;
    if (n == 0 || n > PT_HUB_ETAG_MAX || value[0] == '.') return false;
    for (size_t i = 0; i < n; i++)
        if (value[i] <= ' ' || value[i] > '~' || value[i] == '/' || value[i] == '\\') return false;
    memcpy(etag, value, n);
    etag[n] = '\0';
    return true;
}

pt_etag_kind pt_etag_kind_of(const char *etag) {
    const size_t n = strlen(etag);
    if (strspn(etag, "0123456789abcdef") != n) return PT_ETAG_OPAQUE;
    return n == 64 ? PT_ETAG_SHA256 : n == 40 ? PT_ETAG_SHA1 : PT_ETAG_OPAQUE;
}

/* The three possible hashes. */
typedef struct hashes {
    pt_sha256 sha256;
    struct sha1_ctx git, plain;
} hashes;

static void hashes_init(hashes *h, uint64_t size) {
    char head[40];
    const int n = snprintf(head, sizeof head, "blob %" PRIu64, size);
    pt_sha256_init(&h->sha256);
    sha1_init(&h->plain);
    sha1_init(&h->git);
    sha1_update(&h->git, (size_t)n + 1, (const uint8_t *)head);
}

static void hashes_update(hashes *h, pt_etag_kind kind, const void *bytes, size_t n) {
    if (kind == PT_ETAG_SHA256) {
        pt_sha256_update(&h->sha256, bytes, n);
        return;
    }
    sha1_update(&h->git, n, bytes);
    sha1_update(&h->plain, n, bytes);
}

static bool sha1_matches(struct sha1_ctx *state, const char *etag) {
    uint8_t digest[SHA1_DIGEST_SIZE];
    char hex[2 * SHA1_DIGEST_SIZE + 1];
    sha1_digest(state, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return strcmp(hex, etag) == 0;
}

static bool hashes_match(hashes *h, pt_etag_kind kind, const char *etag) {
    char hex[PT_SHA256_HEX_SIZE];
    if (kind == PT_ETAG_SHA1) return sha1_matches(&h->git, etag) || sha1_matches(&h->plain, etag);
    pt_sha256_finish(&h->sha256, hex);
    return strcmp(hex, etag) == 0;
}

patina_status pt_etag_verify(int fd, const char *etag, const patina_atomic_bool *stop,
                             bool *matches, patina_error *err) {
    const pt_etag_kind kind = pt_etag_kind_of(etag);
    struct stat info;
    hashes h;
    patina_status status = PATINA_OK;

    if (kind == PT_ETAG_OPAQUE) {
        *matches = true;
        return PATINA_OK;
    }
    unsigned char *buffer = malloc(READ_BYTES);
    if (!buffer) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (fstat(fd, &info) != 0) {
        status = pt_fail(err, PATINA_EIO, "cannot be read: %s", strerror(errno));
        goto done;
    }
    hashes_init(&h, (uint64_t)info.st_size);
    unsigned n_interrupts = 0;
    for (off_t at = 0;;) {
        const ssize_t n = pread(fd, buffer, READ_BYTES, at);
        if (n < 0 && pt_is_interrupted(&n_interrupts)) continue;
        if (n < 0) status = pt_fail(err, PATINA_EIO, "cannot be read: %s", strerror(errno));
        if (stop && atomic_load(stop)) status = pt_fail(err, PATINA_ECANCELLED, "stopped");
        if (n <= 0 || status != PATINA_OK) break;
        hashes_update(&h, kind, buffer, (size_t)n);
        at += n;
    }
    if (status == PATINA_OK) *matches = hashes_match(&h, kind, etag);
done:
    free(buffer);
    return status;
}

patina_status pt_etag_remove_damaged(const pt_hub_cache_entry *entry, const char *etag,
                                     const patina_atomic_bool *stop, bool *removed,
                                     patina_error *err) {
    const pt_path blob = pt_path_joinf(entry->folder.text, "blobs/%s", etag);
    bool matches = true;

    *removed = false;
    const int fd = open(blob.text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return PATINA_OK;
    patina_status status = fd < 0 ? pt_fail(err, PATINA_EIO, "cannot be read: %s", strerror(errno))
                                  : pt_etag_verify(fd, etag, stop, &matches, err);
    if (fd >= 0) close(fd);
    if (status == PATINA_OK && !matches && unlink(blob.text) != 0 && errno != ENOENT)
        status = pt_fail(err, PATINA_EIO, "is damaged and cannot be removed: %s", strerror(errno));
    if (status != PATINA_OK) pt_error_add_context(err, "file '%s'", blob.text);
    *removed = status == PATINA_OK && !matches;
    return status;
}
