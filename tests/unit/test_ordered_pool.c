/* SPDX-License-Identifier: MIT */
/* test_ordered_pool.c - the worker pool: order, limits, stopping, abandoned items */

#include "test.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "pipeline/ordered_pool.h"

typedef struct item {
    unsigned number;
    unsigned square;
} item;

#define IN_FLIGHT_MAX 25 /* bytes held by items from `next` to the end of their work */

typedef struct count {
    unsigned n_items, next, n_delivered, fail_at;
    bool in_order, right, stop;
    atomic_uint in_next, n_worked, n_items_alive, n_owns_alive, n_begun, begins_allowed;
    atomic_bool overlapped;

    unsigned hang_at; /* the work of this item ends when `let_go` is set; UINT_MAX: none */
    atomic_bool is_hanging, let_go;

    atomic_uint n_held;
    atomic_bool held_too_much; /* another item was read although the limit was reached */
} count;

/* One item in fifty is larger than the limit. */
static unsigned size_of(const item *it) {
    return it->number % 50 == 0 ? 100 : 10;
}

static item *item_make(count *c, unsigned number) {
    item *it = calloc(1, sizeof *it);
    if (!it) abort();
    it->number = number;
    atomic_fetch_add(&c->n_items_alive, 1);
    return it;
}

static void *count_next(void *context) {
    count *c = context;
    if (atomic_fetch_add(&c->in_next, 1) != 0) atomic_store(&c->overlapped, true);
    if (atomic_load(&c->n_held) >= IN_FLIGHT_MAX) atomic_store(&c->held_too_much, true);
    item *it = c->next < c->n_items ? item_make(c, c->next++) : NULL;
    if (it) atomic_fetch_add(&c->n_held, size_of(it));
    atomic_fetch_sub(&c->in_next, 1);
    return it;
}

static void *create_worker(void *context) {
    count *c = context;
    if (atomic_fetch_add(&c->n_begun, 1) >= c->begins_allowed) return NULL;
    atomic_fetch_add(&c->n_owns_alive, 1);
    return c;
}

static void destroy_worker(void *context, void *state) {
    count *c = context;
    (void)state;
    atomic_fetch_sub(&c->n_owns_alive, 1);
}

static void count_work(void *context, void *state, void *slot) {
    count *c = context;
    item *it = slot;
    (void)state;
    if (it->number % 7 == 0) usleep(300); /* a slow item: the others overtake it */
    if (it->number == c->hang_at) atomic_store(&c->is_hanging, true);
    while (it->number == c->hang_at && !atomic_load(&c->let_go))
        usleep(300);
    it->square = it->number * it->number;
    atomic_fetch_sub(&c->n_held, size_of(it));
    atomic_fetch_add(&c->n_worked, 1);
}

static void count_release(void *context, void *slot) {
    count *c = context;
    atomic_fetch_sub(&c->n_items_alive, 1);
    free(slot);
}

static patina_status count_deliver(void *context, void *slot, patina_error *err) {
    count *c = context;
    const item *it = slot;
    if (it->number != c->n_delivered) c->in_order = false;
    if (it->square != it->number * it->number) c->right = false;
    c->n_delivered++;
    count_release(c, slot);
    if (c->n_delivered == c->fail_at) return pt_fail(err, PATINA_EIO, "the disk is full");
    return PATINA_OK;
}

static bool count_stopped(void *context) {
    return ((const count *)context)->stop;
}

static void *count_abandon(void *context, void *slot) {
    count *c = context;
    const item *it = slot;
    if (it->number != c->hang_at || !atomic_load(&c->is_hanging)) return NULL;
    item *instead = item_make(c, c->hang_at);
    instead->square = instead->number * instead->number;
    return instead;
}

static bool count_is_full(void *context) {
    return atomic_load(&((count *)context)->n_held) >= IN_FLIGHT_MAX;
}

static patina_status run_with_abandoned(count *c, unsigned n_workers, size_t n_items,
                                        unsigned *n_abandoned, patina_error *err) {
    const pt_ordered_pool_job job = {.context = c,
                                     .next = count_next,
                                     .is_full = count_is_full,
                                     .worker_create = create_worker,
                                     .worker_destroy = destroy_worker,
                                     .work = count_work,
                                     .deliver = count_deliver,
                                     .release = count_release,
                                     .stopped = count_stopped,
                                     .abandon = count_abandon};
    c->in_order = c->right = true;
    if (c->begins_allowed == 0) c->begins_allowed = 1000;
    return pt_ordered_pool_run(&job, n_workers, n_items, n_abandoned, err);
}

static patina_status run(count *c, unsigned n_workers, size_t n_items, patina_error *err) {
    unsigned n_abandoned = 0;
    c->hang_at = UINT_MAX;
    const patina_status status = run_with_abandoned(c, n_workers, n_items, &n_abandoned, err);
    return n_abandoned == 0 ? status : PATINA_ERANGE;
}

/* Everything is released. */
static void check_nothing_is_left(pt_test *t, count *c) {
    CHECK_INT(atomic_load(&c->n_items_alive), 0);
    CHECK_INT(atomic_load(&c->n_owns_alive), 0);
}

TEST(ordered_pool, order_does_not_depend_on_threads) {
    static const struct {
        unsigned n_workers;
        size_t ring;
    } cases[] = {{1, 1}, {1, 4}, {2, 1}, {3, 4}, {8, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        count c = {.n_items = 500};
        CHECK_OK(run(&c, cases[i].n_workers, cases[i].ring, &t->err));
        CHECK_INT(c.n_delivered, 500);
        CHECK(c.in_order);
        CHECK(c.right);
        CHECK(!c.overlapped);
        CHECK(!c.held_too_much);
        check_nothing_is_left(t, &c);
    }
}

TEST(ordered_pool, no_items) {
    count c = {.n_items = 0};
    CHECK_OK(run(&c, 4, 8, &t->err));
    CHECK_INT(c.n_delivered, 0);
    check_nothing_is_left(t, &c);
}

TEST(ordered_pool, a_failed_delivery_ends_the_run) {
    count c = {.n_items = 1000, .fail_at = 20};
    CHECK_FAILS(run(&c, 4, 8, &t->err), PATINA_EIO);
    CHECK_INT(c.n_delivered, 20);
    CHECK(c.n_worked <= 20 + 8 + 4); /* no more than the size of the ring */
    check_nothing_is_left(t, &c);
}

TEST(ordered_pool, stop_cancels_the_run) {
    count c = {.n_items = 1000, .stop = true};
    CHECK_FAILS(run(&c, 2, 4, &t->err), PATINA_ECANCELLED);
    CHECK_INT(c.n_delivered, 0);
    check_nothing_is_left(t, &c);
}

TEST(ordered_pool, thread_limit_reduces_workers) {
    count c = {.n_items = 100, .begins_allowed = 1};
    CHECK_OK(run(&c, 4, 8, &t->err));
    CHECK_INT(c.n_delivered, 100);
    check_nothing_is_left(t, &c);

    count none = {.n_items = 100, .n_begun = 1000, .begins_allowed = 1};
    CHECK_FAILS(run(&none, 4, 8, &t->err), PATINA_ENOMEM);
    CHECK_INT(none.n_delivered, 0);
}

/* Waits for another thread; a minute, in case the machine is busy. */
static bool becomes_zero(atomic_uint *value) {
    for (int i = 0; i < 60000 && atomic_load(value) != 0; i++)
        usleep(1000);
    return atomic_load(value) == 0;
}

TEST(ordered_pool, hanging_item_is_abandoned) {
    static const unsigned workers[] = {1, 3};
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
        count c = {.n_items = 200, .hang_at = 20};
        unsigned n_abandoned = 0;
        CHECK_OK(run_with_abandoned(&c, workers[i], 8, &n_abandoned, &t->err));
        CHECK_INT(n_abandoned, 1);
        CHECK_INT(c.n_delivered, 200);
        CHECK(c.in_order && c.right);
        CHECK_INT(atomic_load(&c.n_items_alive), 1); /* of the hanging thread */
        atomic_store(&c.let_go, true);               /* it returns long after the run */
        CHECK(becomes_zero(&c.n_items_alive));
        CHECK(becomes_zero(&c.n_owns_alive));
    }
}

TEST(ordered_pool, abandoned_worker_cannot_be_replaced) {
    count c = {.n_items = 200, .hang_at = 20, .begins_allowed = 1};
    unsigned n_abandoned = 0;
    CHECK_FAILS(run_with_abandoned(&c, 1, 8, &n_abandoned, &t->err), PATINA_ENOMEM);
    CHECK_INT(n_abandoned, 1);
    atomic_store(&c.let_go, true);
    CHECK(becomes_zero(&c.n_items_alive));
    CHECK(becomes_zero(&c.n_owns_alive));
}
