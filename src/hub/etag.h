/* SPDX-License-Identifier: MIT */
/* etag.h - what the hub calls a file, which is a hash of its bytes */

#ifndef PATINA_HUB_ETAG_H
#define PATINA_HUB_ETAG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "hub/hub_cache.h"

typedef enum pt_etag_kind {
    PT_ETAG_OPAQUE, /* no hash that is known: the size has to do */
    PT_ETAG_SHA1,   /* 40 digits: git's, or that of the bytes alone */
    PT_ETAG_SHA256  /* 64 digits: of a file that git keeps outside (LFS, Xet) */
} pt_etag_kind;

/**
 * The value of an ETag header, n bytes, without quotes and weakness: the file's name below blobs/.
 * False for one that may not be a file's name.
 */
bool pt_etag_normalise(const char *value, size_t n, char etag[PT_HUB_ETAG_MAX + 1]);

pt_etag_kind pt_etag_kind_of(const char *etag);

/**
 * Reads all of a file and compares.
 *
 * stop       may end it early, which is PATINA_ECANCELLED; NULL if never
 * matches   out: whether the bytes have the hash that etag is; true for an opaque one
 *
 * Errors     PATINA_EIO  cannot be read
 */
patina_status pt_etag_verify(int fd, const char *etag, const patina_atomic_bool *stop,
                             bool *matches, patina_error *err);

/**
 * Reads blobs/<etag> and removes it if its bytes do not have the hash that etag is. A blob that is
 * absent, and one with an opaque name, is left as it is.
 *
 * Errors     PATINA_EIO  cannot be read or removed
 */
patina_status pt_etag_remove_damaged(const pt_hub_cache_entry *entry, const char *etag,
                                     const patina_atomic_bool *stop, bool *removed,
                                     patina_error *err);

#endif /* PATINA_HUB_ETAG_H */
