/* SPDX-License-Identifier: MIT */
/* watchdog.c - time limit for work in another thread; the state is one atomic number */

#include "pipeline/watchdog.h"

#include <time.h>

#define CANCELLED (-1)

int64_t pt_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + 1;
}

void pt_watchdog_start(pt_watchdog *watchdog) {
    atomic_store(&watchdog->started_ns, pt_monotonic_ns());
}

bool pt_watchdog_stop(pt_watchdog *watchdog) {
    int64_t started = atomic_load(&watchdog->started_ns);
    return started != CANCELLED &&
           atomic_compare_exchange_strong(&watchdog->started_ns, &started, 0);
}

bool pt_watchdog_has_expired(pt_watchdog *watchdog, int64_t limit_ns) {
    const int64_t started = atomic_load(&watchdog->started_ns);
    return started > 0 && pt_monotonic_ns() - started > limit_ns;
}

bool pt_watchdog_cancel(pt_watchdog *watchdog, int64_t limit_ns) {
    int64_t started = atomic_load(&watchdog->started_ns);
    return started > 0 && pt_monotonic_ns() - started > limit_ns &&
           atomic_compare_exchange_strong(&watchdog->started_ns, &started, CANCELLED);
}
