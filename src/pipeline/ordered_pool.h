/* SPDX-License-Identifier: MIT */
/* ordered_pool.h - worker pool that delivers items in input order
 *
 *     next      one at a time
 *     work      concurrent
 *     deliver   in order, by the calling thread
 *
 * The number of items in flight is limited: after a slow item the others wait instead of filling
 * memory. If items differ much in size, the job limits their total size. An item whose work does
 * not return is abandoned: its thread keeps all memory that it uses, and a new thread replaces it.
 */

#ifndef PATINA_PIPELINE_ORDERED_POOL_H
#define PATINA_PIPELINE_ORDERED_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#define PT_THREADS_MAX 1024

/** Resolves a number of threads: 0 is all usable CPUs. PATINA_EUSAGE above PT_THREADS_MAX. */
patina_status pt_threads_resolve(unsigned asked, unsigned *threads, patina_error *err);

typedef struct pt_ordered_pool_job {
    void *context;

    /* Returns a new item; NULL after the last, and on an error, which the job keeps in context.
     * Never concurrent. */
    void *(*next)(void *context);

    /* Returns whether the items in flight have reached their total size, so that `next` has to
     * wait. Called before `next`, and again when an item is processed or delivered. Must not block.
     * NULL: only the number of items is bounded. */
    bool (*is_full)(void *context);

    /* Creates the state of a worker thread, in the calling thread; NULL: out of memory, and the run
     * continues with the existing workers. The worker destroys it, concurrently. */
    void *(*worker_create)(void *context);
    void (*worker_destroy)(void *context, void *state);

    /* Processes an item; concurrent for different workers. */
    void (*work)(void *context, void *state, void *item);

    /* Receives a finished item and releases it. A status other than PATINA_OK ends the run. */
    patina_status (*deliver)(void *context, void *item, patina_error *err);

    /* Releases an item that will not be delivered. */
    void (*release)(void *context, void *item);

    /* Returns whether to end the run soon. Called about every 50 ms by the calling thread; may be
     * NULL. */
    bool (*stopped)(void *context);

    /* Called about every 50 ms for each item in progress. Returns NULL, or a finished item to
     * deliver instead. Then the old item is released if its `work` ever returns. May be NULL. */
    void *(*abandon)(void *context, void *item);
} pt_ordered_pool_job;

/**
 * Runs a job to its end.
 *
 * n_workers    threads to start, 1 to PT_THREADS_MAX; fewer run if no more can be started
 * n_items      maximum in flight, >= 1
 * n_abandoned  out, on failure too: abandoned threads that have not returned. While there are any,
 *              all memory that `work` uses must stay valid. The program may exit.
 *
 * Errors     PATINA_ENOMEM      no thread could be started
 *            PATINA_ECANCELLED  stopped
 *            and those of deliver
 */
patina_status pt_ordered_pool_run(const pt_ordered_pool_job *job, unsigned n_workers,
                                  size_t n_items, unsigned *n_abandoned, patina_error *err);

/** worker_create and worker_destroy for workers whose state is an arena. */
void *pt_ordered_pool_arena_create(void *context);
void pt_ordered_pool_arena_destroy(void *context, void *state);

#endif /* PATINA_PIPELINE_ORDERED_POOL_H */
