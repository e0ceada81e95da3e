/* SPDX-License-Identifier: MIT */
/* memory_budget.h - one limit for the memory of all entries in flight
 *
 * The reader adds what an entry takes from reading to delivery: captions, archive bytes, rows. A
 * worker waits for a share for decoding. The budget only delays work: a share is granted in any
 * case when no other worker has one, and an entry that is larger than the budget runs alone.
 */

#ifndef PATINA_PIPELINE_MEMORY_BUDGET_H
#define PATINA_PIPELINE_MEMORY_BUDGET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

typedef struct pt_memory_budget {
    pthread_mutex_t lock;
    pthread_cond_t released;
    uint64_t limit;    /* bytes */
    uint64_t used;     /* bytes of entries and shares */
    unsigned n_shares; /* of workers that run */
} pt_memory_budget;

/** The share of a worker. Zero it to start. */
typedef struct pt_memory_share {
    uint64_t n_bytes;
    bool is_counted; /* in n_shares */
} pt_memory_share;

/** limit  bytes; 0: a quarter of the memory of this process (pt_memory_limit) */
void pt_memory_budget_init(pt_memory_budget *budget, uint64_t limit);
void pt_memory_budget_destroy(pt_memory_budget *budget);

/** Adds and subtracts the bytes of an entry. Never waits. */
void pt_memory_budget_add(pt_memory_budget *budget, uint64_t n_bytes);
void pt_memory_budget_subtract(pt_memory_budget *budget, uint64_t n_bytes);

/** Whether an entry of n_bytes must not be added now. Half of the budget is for entries, the rest
 * for shares. 0 bytes: whether no entry can be added. */
bool pt_memory_budget_is_full(pt_memory_budget *budget, uint64_t n_bytes);

/** Waits until memory is released, 50 ms at most. */
void pt_memory_budget_wait(pt_memory_budget *budget);

/**
 * Waits for a share. A share that is held is increased without waiting: a worker that waits twice
 * could wait for itself.
 *
 * is_stopped  called about every 50 ms; may be NULL
 *
 * Errors  PATINA_ECANCELLED  is_stopped returned true
 */
patina_status pt_memory_budget_acquire(pt_memory_budget *budget, pt_memory_share *share,
                                       uint64_t n_bytes, bool (*is_stopped)(const void *context),
                                       const void *context, patina_error *err);
void pt_memory_budget_release(pt_memory_budget *budget, pt_memory_share *share);

/** For a worker that may never return: its memory stays counted, but others no longer wait for it
 * to end. */
void pt_memory_budget_abandon(pt_memory_budget *budget, pt_memory_share *share);

#endif /* PATINA_PIPELINE_MEMORY_BUDGET_H */
