/* SPDX-License-Identifier: MIT */
/* partial_download.h - a file that is on its way into the cache
 *
 * It grows under blobs/<etag>.incomplete and gets its name when it is complete and checked. Whoever
 * fetches a file holds its lock, which is huggingface_hub's own, so that a second fetch waits
 * instead of fetching the same bytes; the lock goes with the process that held it, and what that
 * process left is gone on with. On file systems that have no locks the file grows under a name of
 * this process, and nothing is left to go on with.
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
    int fd, lock;     /* lock -1: the name is this process's own */
    pt_path path;     /* of what grows */
    pt_path blob;     /* its name in the end */
    uint64_t n_bytes; /* that are there */
} pt_partial_download;

/** How the lock is asked for. */
typedef struct pt_partial_download_wait {
    const patina_atomic_bool *stop; /* NULL if never */
    void (*on_wait)(
        void *context); /* called once when another process holds it; NULL for nothing */
    void *context;
} pt_partial_download_wait;

/**
 * Takes the lock, and opens what has come so far or an empty file.
 *
 * complete    out: another process has completed it meanwhile, and nothing is open
 *
 * Errors   PATINA_EIO, PATINA_ECANCELLED
 */
patina_status pt_partial_download_open(const pt_hub_cache_entry *entry, const char *etag,
                                       uint64_t size, const pt_partial_download_wait *wait,
                                       pt_partial_download *partial, bool *complete,
                                       patina_error *err);

/** Adds bytes to the end. */
patina_status pt_partial_download_write(pt_partial_download *partial, const void *bytes, size_t n,
                                        patina_error *err);

/** Begins anew with an empty file. */
patina_status pt_partial_download_restart(pt_partial_download *partial, patina_error *err);

/** The file is complete: it gets its name, and lasts. */
patina_status pt_partial_download_commit(pt_partial_download *partial, patina_error *err);

/** Takes what has come off the disk. */
void pt_partial_download_discard(pt_partial_download *partial);

/** Gives the lock back; what has come stays for the next fetch, if it can be found again. */
void pt_partial_download_close(pt_partial_download *partial);

#endif /* PATINA_HUB_PARTIAL_DOWNLOAD_H */
