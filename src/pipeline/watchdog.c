/* SPDX-License-Identifier: MIT */
/* watchdog.c - time limit for work in another thread; the state is one atomic number */

#include "pipeline/watchdog.h"

#include "base/monotonic_clock.h"

#define CANCELLED (-1)

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
