/* SPDX-License-Identifier: MIT */
/* watch.c - one atomic number says all: since when, or that it is over */

#include "pipeline/watch.h"

#include <time.h>

#define BROKEN_OFF (-1)

int64_t pt_watch_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + 1;
}

void pt_watch_begin(pt_watch *watch) {
    atomic_store(&watch->begun_ns, pt_watch_now());
}

bool pt_watch_end(pt_watch *watch) {
    int64_t begun = atomic_load(&watch->begun_ns);
    return begun != BROKEN_OFF && atomic_compare_exchange_strong(&watch->begun_ns, &begun, 0);
}

bool pt_watch_is_over(pt_watch *watch, int64_t limit_ns) {
    const int64_t begun = atomic_load(&watch->begun_ns);
    return begun > 0 && pt_watch_now() - begun > limit_ns;
}

bool pt_watch_break(pt_watch *watch, int64_t limit_ns) {
    int64_t begun = atomic_load(&watch->begun_ns);
    return begun > 0 && pt_watch_now() - begun > limit_ns &&
           atomic_compare_exchange_strong(&watch->begun_ns, &begun, BROKEN_OFF);
}
