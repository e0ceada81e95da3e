/* SPDX-License-Identifier: MIT */
/* partial_download.h - a partially downloaded file in the cache
 *
 * The file is blobs/<etag>.incomplete and is renamed when it is complete and verified. A download
 * holds the lock of the file, the same as huggingface_hub's, so that a second one waits instead of
 * downloading the same bytes. The lock ends with its process, and the next one resumes the partial
 * file. On file systems without locks the file has a name unique to the process and is not resumed.
 */

#ifndef PATINA_HUB_PARTIAL_DOWNLOAD_H
#define PATINA_HUB_PARTIAL_DOWNLOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "hub/hub_cache.h"

typedef struct pt_partial_download {
    int fd, lock;     /* lock -1: the name is unique to this process */
    pt_path path;     /* of the partial file */
    pt_path blob;     /* of the complete file */
    uint64_t n_bytes; /* of the partial file */
} pt_partial_download;

/** Options of waiting for the lock. */
typedef struct pt_partial_download_wait {
    const patina_atomic_bool *stop; /* ends the wait; may be NULL */
    void (*on_wait)(void *context); /* called once if another process holds it; may be NULL */
    void *context;
} pt_partial_download_wait;

/**
 * Takes the lock and opens the partial file, or an empty one.
 *
 * complete  out: another process has completed it, and nothing is open
 *
 * Errors    PATINA_EIO, PATINA_ECANCELLED
 */
patina_status pt_partial_download_open(const pt_hub_cache_entry *entry, const char *etag,
                                       uint64_t size, const pt_partial_download_wait *wait,
                                       pt_partial_download *partial, bool *complete,
                                       patina_error *err);

/** Appends bytes. */
patina_status pt_partial_download_write(pt_partial_download *partial, const void *bytes, size_t n,
                                        patina_error *err);

/** Starts over with an empty file. */
patina_status pt_partial_download_restart(pt_partial_download *partial, patina_error *err);

/** Flushes the complete file and renames it to the blob. */
patina_status pt_partial_download_commit(pt_partial_download *partial, patina_error *err);

/** Removes the partial file. */
void pt_partial_download_discard(pt_partial_download *partial);

/** Releases the lock; keeps the partial file for the next download unless its name is unique. */
void pt_partial_download_close(pt_partial_download *partial);

#endif /* PATINA_HUB_PARTIAL_DOWNLOAD_H */
