/* SPDX-License-Identifier: MIT */
/* ordered.c - a ring of items between worker threads and the thread that delivers
 *
 * Item i lives in slot i mod n_items. Workers take the next item under `reading`, so that items are
 * filled in order, and announce it done under `lock`; the caller's thread waits for the oldest.
 */

#include "pipeline/ordered.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOP_POLL_NS 50000000L /* how long a raised stop flag may go unseen */

typedef struct ring {
    const pt_ordered_job *job;
    unsigned char *items;
    size_t item_size, n_items;

    pthread_mutex_t reading; /* held while next runs; taken before lock */
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t has_room, has_done;
    uint64_t n_taken, n_delivered;
    bool *done; /* [n_items] */
    bool ended; /* next said so */
    bool abandoned;
} ring;

typedef struct worker {
    ring *ring;
    unsigned number;
    pthread_t thread;
} worker;

static void *item_of(const ring *r, uint64_t index) {
    return r->items + (size_t)(index % r->n_items) * r->item_size;
}

/* Takes the next item; false when there is none any more. */
static bool take(ring *r, uint64_t *index) {
    bool taken = false;

    pthread_mutex_lock(&r->reading);
    pthread_mutex_lock(&r->lock);
    while (!r->abandoned && r->n_taken - r->n_delivered >= r->n_items)
        pthread_cond_wait(&r->has_room, &r->lock);
    const bool over = r->ended || r->abandoned;
    *index = r->n_taken;
    pthread_mutex_unlock(&r->lock);

    if (!over) {
        taken = r->job->next(r->job->context, item_of(r, *index));
        pthread_mutex_lock(&r->lock);
        if (taken)
            r->n_taken++;
        else
            r->ended = true;
        pthread_cond_signal(&r->has_done);
        pthread_mutex_unlock(&r->lock);
    }
    pthread_mutex_unlock(&r->reading);
    return taken;
}

static void *worker_main(void *argument) {
    const worker *self = argument;
    ring *r = self->ring;
    uint64_t index;

    while (take(r, &index)) {
        r->job->work(r->job->context, self->number, item_of(r, index));
        pthread_mutex_lock(&r->lock);
        r->done[index % r->n_items] = true;
        pthread_cond_signal(&r->has_done);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

static bool is_set(const atomic_bool *stop) {
    return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

/* Waits for the oldest item. True: it is done. False: all are delivered, or stop was raised. */
static bool await_oldest(ring *r, const atomic_bool *stop) {
    bool ready = false;
    pthread_mutex_lock(&r->lock);
    while (!is_set(stop)) {
        ready = r->n_delivered < r->n_taken && r->done[r->n_delivered % r->n_items];
        if (ready || (r->ended && r->n_delivered == r->n_taken)) break;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += STOP_POLL_NS;
        if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
        pthread_cond_timedwait(&r->has_done, &r->lock, &until);
    }
    pthread_mutex_unlock(&r->lock);
    return ready;
}

static pt_status deliver_all(ring *r, const atomic_bool *stop, pt_error *err) {
    while (await_oldest(r, stop)) {
        PT_TRY(r->job->deliver(r->job->context, item_of(r, r->n_delivered), err));
        pthread_mutex_lock(&r->lock);
        r->done[r->n_delivered % r->n_items] = false;
        r->n_delivered++;
        pthread_cond_signal(&r->has_room);
        pthread_mutex_unlock(&r->lock);
    }
    return is_set(stop) ? pt_fail(err, PT_ECANCELLED, "stopped on request") : PT_OK;
}

pt_status pt_ordered_run(const pt_ordered_job *job, unsigned n_workers, void *items,
                         size_t item_size, size_t n_items, const atomic_bool *stop, pt_error *err) {
    ring r = {.job = job, .items = items, .item_size = item_size, .n_items = n_items};
    pt_status status = PT_OK;
    unsigned n_started = 0;
    worker *workers = calloc(n_workers, sizeof *workers);
    r.done = calloc(n_items, sizeof *r.done);
    if (!workers || !r.done) {
        status = pt_fail(err, PT_ENOMEM, "out of memory for %u worker threads", n_workers);
        goto done;
    }

    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&r.reading, NULL);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.has_room, NULL);
    pthread_cond_init(&r.has_done, &monotonic);
    pthread_condattr_destroy(&monotonic);

    int why = 0;
    while (n_started < n_workers && why == 0) {
        worker *next = &workers[n_started];
        *next = (worker){.ring = &r, .number = n_started};
        why = pthread_create(&next->thread, NULL, worker_main, next);
        if (why == 0) n_started++;
    }
    if (n_started == 0)
        status = pt_fail(err, PT_ENOMEM, "no worker thread can be started: %s", strerror(why));
    else
        status = deliver_all(&r, stop, err);

    pthread_mutex_lock(&r.lock);
    r.abandoned = true;
    pthread_cond_broadcast(&r.has_room);
    pthread_mutex_unlock(&r.lock);
    for (unsigned i = 0; i < n_started; i++)
        pthread_join(workers[i].thread, NULL);

    pthread_cond_destroy(&r.has_done);
    pthread_cond_destroy(&r.has_room);
    pthread_mutex_destroy(&r.lock);
    pthread_mutex_destroy(&r.reading);
done:
    free(workers);
    free(r.done);
    return status;
}
