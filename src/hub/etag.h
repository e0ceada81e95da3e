/* SPDX-License-Identifier: MIT */
/* etag.h - ETags of the hub, which are hashes of files */

#ifndef PATINA_HUB_ETAG_H
#define PATINA_HUB_ETAG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "hub/hub_cache.h"

typedef enum pt_etag_kind {
    PT_ETAG_OPAQUE, /* not a known hash: only the size can be verified */
    PT_ETAG_SHA1,   /* 40 digits: of a git blob, or of the bytes */
    PT_ETAG_SHA256  /* 64 digits: of a file in LFS or Xet */
} pt_etag_kind;

/**
 * Strips quotes and the prefix W/ from the value of an ETag header, n bytes: the name below blobs/.
 * False if it is not valid as a file name.
 */
bool pt_etag_normalise(const char *value, size_t n, char etag[PT_HUB_ETAG_MAX + 1]);

pt_etag_kind pt_etag_kind_of(const char *etag);

/**
 * Computes the hash of a file and compares it with its ETag.
 *
 * stop     cancels with PATINA_ECANCELLED; may be NULL
 * matches  out: true also for an opaque ETag
 *
 * Errors   PATINA_EIO  cannot be read
 */
patina_status pt_etag_verify(int fd, const char *etag, const patina_atomic_bool *stop,
                             bool *matches, patina_error *err);

/**
 * Verifies blobs/<etag> and removes it if its hash differs from its name. Missing blobs and opaque
 * names are ignored.
 *
 * Errors   PATINA_EIO  cannot be read or removed
 */
patina_status pt_etag_remove_damaged(const pt_hub_cache_entry *entry, const char *etag,
                                     const patina_atomic_bool *stop, bool *removed,
                                     patina_error *err);

#endif /* PATINA_HUB_ETAG_H */
