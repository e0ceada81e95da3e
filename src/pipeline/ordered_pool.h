/* SPDX-License-Identifier: MIT */
/* ordered_pool.h - work on many items at once, delivered in the order in which they came
 *
 *     next (one at a time) -> work (many at once) -> deliver (in order, by the calling thread)
 *
 * A ring of items bounds what is in flight, so that one slow item makes the others wait instead of
 * filling memory; where items differ much in size, the job bounds what they hold together. An item
 * whose work never ends is given up: its thread is left to itself with all that it touches, and
 * another takes its place.
 */

#ifndef PATINA_PIPELINE_ORDERED_POOL_H
#define PATINA_PIPELINE_ORDERED_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#define PT_THREADS_MAX 1024

/** How many workers a caller wants: *threads of all usable CPUs for 0. PATINA_EUSAGE over the most. */
patina_status pt_threads_resolve(unsigned asked, unsigned *threads, patina_error *err);

typedef struct pt_ordered_pool_job {
    void *context;

    /* A new item, filled; NULL after the last. Never concurrent. What is wrong with the source of
     * items is kept in context and asked for after the run. */
    void *(*next)(void *context);

    /* Whether the items in flight hold as much as they may, so that `next` has to wait while there
     * are any; asked before it, again whenever one is worked on or delivered. Must not block. NULL:
     * only their number counts. */
    bool (*is_full)(void *context);

    /* What one worker thread needs for itself, made by the calling thread; NULL: memory ran out,
     * and the run goes on with the workers it has. Ended by the worker, concurrently. */
    void *(*begin)(void *context);
    void (*end)(void *context, void *own);

    /* Does the work of an item; concurrent for different workers. */
    void (*work)(void *context, void *own, void *item);

    /* Takes a finished item, and releases it. Anything but PATINA_OK ends the run with it. */
    patina_status (*deliver)(void *context, void *item, patina_error *err);

    /* Releases an item that nobody will deliver. */
    void (*release)(void *context, void *item);

    /* Every 50 ms or so, by the calling thread: whether to end the run soon; NULL: never. */
    bool (*stopped)(void *context);

    /* Every 50 ms or so, for an item at work: NULL, or the finished item to deliver instead. Then
     * `work` must let go of the old one as soon as it can; it is released if that happens. The
     * function may be NULL. */
    void *(*abandon)(void *context, void *item);
} pt_ordered_pool_job;

/**
 * Runs a job to its end.
 *
 * n_workers  threads to start, 1 to PT_THREADS_MAX; fewer are used when no more can be had
 * n_items    in flight at most, >= 1
 * n_abandoned   out, on failure too: threads that were given up and have not come back. As long as
 *            there are any, whatever context holds for `work` has to stay. The program may end.
 *
 * Errors     PATINA_ENOMEM      not one thread could be started
 *            PATINA_ECANCELLED  stopped
 *            whatever deliver returned
 */
patina_status pt_ordered_pool_run(const pt_ordered_pool_job *job, unsigned n_workers,
                                  size_t n_items, unsigned *n_abandoned, patina_error *err);

/** `begin` and `end` of workers that need an arena and nothing else. */
void *pt_ordered_pool_arena_create(void *context);
void pt_ordered_pool_arena_destroy(void *context, void *own);

#endif /* PATINA_PIPELINE_ORDERED_POOL_H */
