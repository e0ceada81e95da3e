/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "pipeline/ordered.h"

typedef struct item {
    unsigned number;
    unsigned square;
} item;

typedef struct count {
    unsigned n_items, next, n_delivered, fail_at;
    bool in_order, right;
    atomic_uint in_next, n_worked;
    atomic_bool overlapped, stop;
} count;

static bool count_next(void *context, void *slot) {
    count *c = context;
    if (atomic_fetch_add(&c->in_next, 1) != 0) atomic_store(&c->overlapped, true);
    const bool more = c->next < c->n_items;
    if (more) *(item *)slot = (item){.number = c->next++};
    atomic_fetch_sub(&c->in_next, 1);
    return more;
}

static void count_work(void *context, unsigned worker, void *slot) {
    count *c = context;
    item *it = slot;
    (void)worker;
    if (it->number % 7 == 0) usleep(300); /* a slow one: the others overtake it */
    it->square = it->number * it->number;
    atomic_fetch_add(&c->n_worked, 1);
}

static pt_status count_deliver(void *context, void *slot, pt_error *err) {
    count *c = context;
    const item *it = slot;
    if (it->number != c->n_delivered) c->in_order = false;
    if (it->square != it->number * it->number) c->right = false;
    c->n_delivered++;
    if (c->n_delivered == c->fail_at) return pt_fail(err, PT_EIO, "the disk is full");
    return PT_OK;
}

static pt_status run(count *c, unsigned n_workers, size_t n_items, pt_error *err) {
    item items[16];
    const pt_ordered_job job = {c, count_next, count_work, count_deliver};
    c->in_order = c->right = true;
    return pt_ordered_run(&job, n_workers, items, sizeof *items, n_items, &c->stop, err);
}

TEST(ordered, delivers_all_in_order_whatever_the_threads) {
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
    }
}

TEST(ordered, nothing_to_do) {
    count c = {.n_items = 0};
    CHECK_OK(run(&c, 4, 8, &t->err));
    CHECK_INT(c.n_delivered, 0);
}

TEST(ordered, a_failed_delivery_ends_the_run) {
    count c = {.n_items = 1000, .fail_at = 20};
    CHECK_FAILS(run(&c, 4, 8, &t->err), PT_EIO);
    CHECK_INT(c.n_delivered, 20);
    CHECK(c.n_worked <= 20 + 8 + 4); /* no more than the ring held */
}

TEST(ordered, stop_cancels) {
    count c = {.n_items = 1000};
    atomic_store(&c.stop, true);
    CHECK_FAILS(run(&c, 2, 4, &t->err), PT_ECANCELLED);
    CHECK_INT(c.n_delivered, 0);
}
