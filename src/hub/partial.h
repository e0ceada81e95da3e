/* SPDX-License-Identifier: MIT */
/* partial.h - a file that is on its way into the cache
 *
 * It grows under blobs/<etag>.incomplete and gets its name when it is whole and checked. Whoever
 * fetches a file holds its lock, which is huggingface_hub's own, so that a second fetch waits
 * instead of fetching the same bytes; the lock goes with the process that held it, and what that
 * process left is gone on with. On file systems that have no locks the file grows under a name of
 * this process, and nothing is left to go on with.
 */

#ifndef PATINA_HUB_PARTIAL_H
#define PATINA_HUB_PARTIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "hub/hub_cache.h"

typedef struct pt_partial {
    int fd, lock;     /* lock -1: the name is this process's own */
    pt_hub_path path; /* of what grows */
    pt_hub_path blob; /* its name in the end */
    uint64_t n_bytes; /* that are there */
} pt_partial;

/** How the lock is asked for. */
typedef struct pt_partial_wait {
    const atomic_bool *stop; /* NULL if never */
    void (*on_wait)(
        void *context); /* called once when another process holds it; NULL for nothing */
    void *context;
} pt_partial_wait;

/**
 * Takes the lock, and opens what has come so far or an empty file.
 *
 * whole    out: another process has completed it meanwhile, and nothing is open
 *
 * Errors   PT_EIO, PT_ECANCELLED
 */
pt_status pt_partial_open(const pt_hub_place *place, const char *etag, uint64_t size,
                          const pt_partial_wait *wait, pt_partial *partial, bool *whole,
                          pt_error *err);

/** Adds bytes to the end. */
pt_status pt_partial_write(pt_partial *partial, const void *bytes, size_t n, pt_error *err);

/** Begins anew with an empty file. */
pt_status pt_partial_restart(pt_partial *partial, pt_error *err);

/** The file is whole: it gets its name, and lasts. */
pt_status pt_partial_publish(pt_partial *partial, pt_error *err);

/** Takes what has come off the disk. */
void pt_partial_discard(pt_partial *partial);

/** Gives the lock back; what has come stays for the next fetch, if it can be found again. */
void pt_partial_close(pt_partial *partial);

#endif /* PATINA_HUB_PARTIAL_H */
