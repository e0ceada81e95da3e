/* SPDX-License-Identifier: MIT */
/* watchdog.h - a time limit on a piece of work, told from another thread
 *
 * The worker begins and ends; somebody else asks now and then whether it has gone on for too long,
 * and may break it off. Exactly one of the two wins.
 */

#ifndef PATINA_PIPELINE_WATCHDOG_H
#define PATINA_PIPELINE_WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** Zero it to start. */
typedef struct pt_watchdog {
    _Atomic int64_t started_ns; /* 0: nothing is being watched; -1: broken off */
} pt_watchdog;

/** Nanoseconds of the monotonic clock; above 0. */
int64_t pt_monotonic_ns(void);

void pt_watchdog_start(pt_watchdog *watchdog);

/** False: it was broken off meanwhile, and its result is not wanted any more. */
bool pt_watchdog_stop(pt_watchdog *watchdog);

/** Whether it has taken longer than limit_ns, and is not broken off yet. */
bool pt_watchdog_has_expired(pt_watchdog *watchdog, int64_t limit_ns);

/** Breaks off what has taken longer than limit_ns; true if that was done now. */
bool pt_watchdog_cancel(pt_watchdog *watchdog, int64_t limit_ns);

#endif /* PATINA_PIPELINE_WATCHDOG_H */
