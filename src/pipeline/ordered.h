/* SPDX-License-Identifier: MIT */
/* ordered.h - work on many items at once, delivered in the order in which they came
 *
 *     next (one at a time) -> work (many at once) -> deliver (in order, by the calling thread)
 *
 * A ring of items bounds what is in flight, so that one slow item makes the others wait instead of
 * filling memory.
 */

#ifndef PATINA_PIPELINE_ORDERED_H
#define PATINA_PIPELINE_ORDERED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

typedef struct pt_ordered_job {
    void *context;

    /* Fills item, of whatever its last use left there; false after the last. Never concurrent. */
    bool (*next)(void *context, void *item);

    /* Does the work of an item. worker counts from 0; concurrent for different workers. */
    void (*work)(void *context, unsigned worker, void *item);

    /* Takes a finished item. Anything but PT_OK ends the run with it. */
    pt_status (*deliver)(void *context, void *item, pt_error *err);
} pt_ordered_job;

/**
 * Runs a job to its end.
 *
 * n_workers  threads to start, 1 to 1024; fewer are used when no more can be had
 * items      ring of n_items (>= 1) items of item_size bytes, the caller's before and after
 * stop       ends the run soon with PT_ECANCELLED once it is set; may be NULL
 *
 * Errors     PT_ENOMEM      not one thread could be started
 *            PT_ECANCELLED
 *            whatever deliver returned
 */
pt_status pt_ordered_run(const pt_ordered_job *job, unsigned n_workers, void *items,
                         size_t item_size, size_t n_items, const atomic_bool *stop, pt_error *err);

#endif /* PATINA_PIPELINE_ORDERED_H */
