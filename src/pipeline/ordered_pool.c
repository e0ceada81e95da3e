/* SPDX-License-Identifier: MIT */
/* ordered_pool.c - a ring buffer of items between worker threads and the delivering thread
 *
 * Item i is in slot i mod n_items. Workers acquire the next item under `reading`, so that items are
 * acquired in order, and mark it done under `lock`. The calling thread waits for the oldest item
 * and polls 20 times a second whether to stop and whether to abandon an item.
 *
 * The ring and the workers are on the heap and reference-counted: an abandoned thread may return
 * after the run has ended, and the last thread releases them.
 */

#include "pipeline/ordered_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <patina/cpu.h>

#include "base/arena.h"
#include "base/error.h"

#define POLL_NS 50000000L

typedef struct slot {
    void *item;
    struct worker *worker; /* processes it; NULL when it is done */
} slot;

typedef struct ring {
    pt_ordered_pool_job job;
    size_t n_items;

    pthread_mutex_t reading; /* held while next runs; taken before lock */
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t not_full, item_done, worker_exited;
    uint64_t n_taken, n_delivered;
    slot *slots; /* [n_items] */
    bool ended;  /* job.next returned NULL */
    bool closed; /* the run is over: no further item is acquired */
    bool no_worker_left;
    unsigned n_workers;   /* running, without abandoned ones */
    unsigned n_abandoned; /* abandoned and still running */
    bool left;            /* the calling thread no longer uses the ring */
} ring;

typedef struct worker {
    ring *ring;
    void *state; /* of job.worker_create */
    bool abandoned;
} worker;

static void ring_release(ring *r) {
    pthread_cond_destroy(&r->worker_exited);
    pthread_cond_destroy(&r->item_done);
    pthread_cond_destroy(&r->not_full);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->reading);
    free(r->slots);
    free(r);
}

static ring *ring_make(const pt_ordered_pool_job *job, size_t n_items) {
    ring *r = calloc(1, sizeof *r);
    slot *slots = calloc(n_items, sizeof *slots);
    if (!r || !slots) {
        free(r);
        free(slots);
        return NULL;
    }
    r->job = *job;
    r->n_items = n_items;
    r->slots = slots;

    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&r->reading, NULL);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->not_full, NULL);
    pthread_cond_init(&r->item_done, &monotonic);
    pthread_cond_init(&r->worker_exited, NULL);
    pthread_condattr_destroy(&monotonic);
    return r;
}

static slot *slot_of(ring *r, uint64_t index) {
    return &r->slots[index % r->n_items];
}

/* ---------------------------------------------------------------- workers */

/* Whether no item may be acquired now. Both locks are held. A single item may have any size. */
static bool is_full(const ring *r) {
    const uint64_t n_in_flight = r->n_taken - r->n_delivered;
    if (n_in_flight >= r->n_items) return true;
    return n_in_flight > 0 && r->job.is_full && r->job.is_full(r->job.context);
}

/* Acquires the next item; false after the last. */
static bool acquire_item(ring *r, worker *self, uint64_t *index, void **item) {
    pthread_mutex_lock(&r->reading);
    pthread_mutex_lock(&r->lock);
    while (!r->closed && !r->ended && is_full(r))
        pthread_cond_wait(&r->not_full, &r->lock);
    const bool over = r->ended || r->closed;
    pthread_mutex_unlock(&r->lock);

    *item = over ? NULL : r->job.next(r->job.context);
    pthread_mutex_lock(&r->lock);
    *index = r->n_taken;
    if (*item) {
        *slot_of(r, *index) = (slot){*item, self};
        r->n_taken++;
    } else {
        r->ended = true;
    }
    pthread_cond_signal(&r->item_done);
    pthread_mutex_unlock(&r->lock);
    pthread_mutex_unlock(&r->reading);
    return *item != NULL;
}

/* Marks an item as done. If it was abandoned meanwhile, releases it and returns false. */
static bool complete_item(ring *r, worker *self, uint64_t index, void *item) {
    pthread_mutex_lock(&r->lock);
    const bool abandoned = self->abandoned;
    if (!abandoned) slot_of(r, index)->worker = NULL;
    pthread_cond_signal(&r->item_done);
    pthread_cond_signal(&r->not_full); /* its work may have released memory that is_full counts */
    pthread_mutex_unlock(&r->lock);
    if (abandoned) r->job.release(r->job.context, item);
    return !abandoned;
}

static void *worker_main(void *argument) {
    worker *self = argument;
    ring *r = self->ring;
    uint64_t index;
    void *item;

    while (acquire_item(r, self, &index, &item)) {
        r->job.work(r->job.context, self->state, item);
        if (!complete_item(r, self, index, item)) break;
    }
    r->job.worker_destroy(r->job.context, self->state);

    pthread_mutex_lock(&r->lock);
    if (self->abandoned)
        r->n_abandoned--;
    else
        r->n_workers--;
    const bool last = r->left && r->n_abandoned == 0 && r->n_workers == 0;
    pthread_cond_signal(&r->worker_exited);
    pthread_mutex_unlock(&r->lock);
    free(self);
    if (last) ring_release(r);
    return NULL;
}

/* Returns 0, or an errno value if no thread could be started. */
static int start_worker(ring *r) {
    pthread_t thread;
    worker *self = calloc(1, sizeof *self);
    if (!self) return ENOMEM;
    self->ring = r;
    self->state = r->job.worker_create(r->job.context);
    if (!self->state) {
        free(self);
        return ENOMEM;
    }
    pthread_mutex_lock(&r->lock);
    r->n_workers++;
    pthread_mutex_unlock(&r->lock);
    const int why = pthread_create(&thread, NULL, worker_main, self);
    if (why == 0) {
        pthread_detach(thread);
        return 0;
    }
    pthread_mutex_lock(&r->lock);
    r->n_workers--;
    pthread_mutex_unlock(&r->lock);
    r->job.worker_destroy(r->job.context, self->state);
    free(self);
    return why;
}

/* ---------------------------------------------------------------- the calling thread */

/* Offers every item in progress to job.abandon. The lock is held. Returns the number of abandoned
 * items, each of which needs a new worker. */
static unsigned abandon_overdue(ring *r) {
    unsigned n = 0;
    for (uint64_t i = r->n_delivered; r->job.abandon && i < r->n_taken; i++) {
        slot *s = slot_of(r, i);
        void *replacement = s->worker ? r->job.abandon(r->job.context, s->item) : NULL;
        if (!replacement) continue;
        s->worker->abandoned = true;
        *s = (slot){replacement, NULL};
        r->n_workers--;
        r->n_abandoned++;
        n++;
    }
    return n;
}

static bool is_stopped(const ring *r) {
    return r->job.stopped && r->job.stopped(r->job.context);
}

/* Waits for the oldest item. False: all items are delivered, or the run is stopped. */
static bool wait_for_oldest(ring *r, bool *stopped) {
    bool ready = false;
    *stopped = is_stopped(r);

    pthread_mutex_lock(&r->lock);
    while (!*stopped) {
        ready = r->n_delivered < r->n_taken && !slot_of(r, r->n_delivered)->worker;
        if (ready || (r->ended && r->n_delivered == r->n_taken)) break;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += POLL_NS;
        if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
        if (pthread_cond_timedwait(&r->item_done, &r->lock, &until) != ETIMEDOUT) continue;

        const unsigned n_missing = abandon_overdue(r);
        pthread_mutex_unlock(&r->lock);
        for (unsigned i = 0; i < n_missing; i++)
            start_worker(r); /* if it fails, fewer workers continue */
        *stopped = is_stopped(r);
        pthread_mutex_lock(&r->lock);
        if (r->n_workers == 0 && !r->ended) {
            r->no_worker_left = true;
            break;
        }
    }
    pthread_mutex_unlock(&r->lock);
    return ready;
}

static patina_status deliver_all(ring *r, patina_error *err) {
    bool stopped;
    while (wait_for_oldest(r, &stopped)) {
        const patina_status status =
            r->job.deliver(r->job.context, slot_of(r, r->n_delivered)->item, err);
        pthread_mutex_lock(&r->lock);
        r->n_delivered++; /* deliver releases the item, also on failure */
        pthread_cond_signal(&r->not_full);
        pthread_mutex_unlock(&r->lock);
        PT_TRY(status);
    }
    if (stopped) return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
    if (r->no_worker_left)
        return pt_fail(err, PATINA_ENOMEM,
                       "no worker thread is left, and no new one can be started");
    return PATINA_OK;
}

/* Waits for all workers that are not abandoned, and releases items that were not delivered. */
static void shut_down(ring *r, unsigned *n_abandoned) {
    pthread_mutex_lock(&r->lock);
    r->closed = true;
    pthread_cond_broadcast(&r->not_full);
    while (r->n_workers > 0)
        pthread_cond_wait(&r->worker_exited, &r->lock);
    for (uint64_t i = r->n_delivered; i < r->n_taken; i++)
        r->job.release(r->job.context, slot_of(r, i)->item);
    *n_abandoned = r->n_abandoned;
    r->left = true;
    const bool last = r->n_abandoned == 0;
    pthread_mutex_unlock(&r->lock);
    if (last) ring_release(r);
}

patina_status pt_ordered_pool_run(const pt_ordered_pool_job *job, unsigned n_workers,
                                  size_t n_items, unsigned *n_abandoned, patina_error *err) {
    ring *r = ring_make(job, n_items);
    *n_abandoned = 0;
    if (!r) return pt_fail(err, PATINA_ENOMEM, "out of memory for %u worker threads", n_workers);

    unsigned n_started = 0;
    int why = 0;
    while (n_started < n_workers && why == 0) {
        why = start_worker(r);
        if (why == 0) n_started++;
    }
    patina_status status = PATINA_OK;
    if (n_started == 0)
        status = pt_fail(err, PATINA_ENOMEM, "no worker thread can be started: %s", strerror(why));
    else
        status = deliver_all(r, err);
    shut_down(r, n_abandoned);
    return status;
}

patina_status pt_threads_resolve(unsigned asked, unsigned *threads, patina_error *err) {
    if (asked > PT_THREADS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "%u threads are more than the maximum of %d", asked,
                       PT_THREADS_MAX);
    const unsigned n_cpus = patina_cpu_count();
    *threads = asked ? asked : n_cpus < PT_THREADS_MAX ? n_cpus : PT_THREADS_MAX;
    return PATINA_OK;
}

void *pt_ordered_pool_arena_create(void *context) {
    pt_arena *arena = malloc(sizeof *arena);
    (void)context;
    if (arena) pt_arena_init(arena);
    return arena;
}

void pt_ordered_pool_arena_destroy(void *context, void *state) {
    (void)context;
    pt_arena_release(state);
    free(state);
}
