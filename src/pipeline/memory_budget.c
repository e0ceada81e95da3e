/* SPDX-License-Identifier: MIT */
/* memory_budget.c - counts bytes in flight; a condition variable wakes waiting workers */

#include "pipeline/memory_budget.h"

#include <time.h>

#include "base/error.h"
#include "fs/memory_limit.h"

#define POLL_NS 50000000L
#define PORTION 4 /* of the memory that this process may use: one in so many */

void pt_memory_budget_init(pt_memory_budget *budget, uint64_t limit) {
    pthread_condattr_t monotonic;
    *budget = (pt_memory_budget){.limit = limit ? limit : pt_memory_limit("") / PORTION};
    pthread_mutex_init(&budget->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&budget->released, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void pt_memory_budget_destroy(pt_memory_budget *budget) {
    pthread_cond_destroy(&budget->released);
    pthread_mutex_destroy(&budget->lock);
}

void pt_memory_budget_add(pt_memory_budget *budget, uint64_t n_bytes) {
    pthread_mutex_lock(&budget->lock);
    budget->used += n_bytes;
    pthread_mutex_unlock(&budget->lock);
}

void pt_memory_budget_subtract(pt_memory_budget *budget, uint64_t n_bytes) {
    if (n_bytes == 0) return;
    pthread_mutex_lock(&budget->lock);
    budget->used -= n_bytes;
    pthread_cond_broadcast(&budget->released);
    pthread_mutex_unlock(&budget->lock);
}

bool pt_memory_budget_is_full(pt_memory_budget *budget, uint64_t n_bytes) {
    pthread_mutex_lock(&budget->lock);
    const bool is_full = budget->used + n_bytes >= budget->limit / 2;
    pthread_mutex_unlock(&budget->lock);
    return is_full;
}

/* Waits for a release, or POLL_NS. The lock is held. */
static void wait_for_release(pt_memory_budget *budget) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += POLL_NS;
    if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
    pthread_cond_timedwait(&budget->released, &budget->lock, &until);
}

void pt_memory_budget_wait(pt_memory_budget *budget) {
    pthread_mutex_lock(&budget->lock);
    wait_for_release(budget);
    pthread_mutex_unlock(&budget->lock);
}

patina_status pt_memory_budget_acquire(pt_memory_budget *budget, pt_memory_share *share,
                                       uint64_t n_bytes, bool (*is_stopped)(const void *context),
                                       const void *context, patina_error *err) {
    patina_status status = PATINA_OK;
    if (n_bytes <= share->n_bytes) return PATINA_OK;
    pthread_mutex_lock(&budget->lock);
    while (status == PATINA_OK && !share->is_counted && budget->n_shares > 0 &&
           budget->used + n_bytes > budget->limit) {
        wait_for_release(budget);
        if (is_stopped && is_stopped(context))
            status = pt_fail(err, PATINA_ECANCELLED, "stopped on request");
    }
    if (status == PATINA_OK) {
        budget->used += n_bytes - share->n_bytes;
        budget->n_shares += !share->is_counted;
        *share = (pt_memory_share){n_bytes, true};
    }
    pthread_mutex_unlock(&budget->lock);
    return status;
}

void pt_memory_budget_abandon(pt_memory_budget *budget, pt_memory_share *share) {
    pthread_mutex_lock(&budget->lock);
    budget->n_shares -= share->is_counted;
    share->is_counted = false;
    pthread_cond_broadcast(&budget->released);
    pthread_mutex_unlock(&budget->lock);
}

void pt_memory_budget_release(pt_memory_budget *budget, pt_memory_share *share) {
    pthread_mutex_lock(&budget->lock);
    budget->n_shares -= share->is_counted;
    budget->used -= share->n_bytes;
    *share = (pt_memory_share){0};
    pthread_cond_broadcast(&budget->released);
    pthread_mutex_unlock(&budget->lock);
}
