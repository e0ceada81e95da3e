/* SPDX-License-Identifier: MIT */
/* watchdog.h - time limit for work in another thread
 *
 * The worker calls start and stop. Another thread polls whether the work takes too long and may
 * cancel it. Exactly one of stop and cancel succeeds.
 */

#ifndef PATINA_PIPELINE_WATCHDOG_H
#define PATINA_PIPELINE_WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** Zero it to start. */
typedef struct pt_watchdog {
    _Atomic int64_t started_ns; /* 0: idle; -1: cancelled */
} pt_watchdog;

void pt_watchdog_start(pt_watchdog *watchdog);

/** Returns false if the work was cancelled: its result must be discarded. */
bool pt_watchdog_stop(pt_watchdog *watchdog);

/** Returns whether the work has taken longer than limit_ns and is not cancelled. */
bool pt_watchdog_has_expired(pt_watchdog *watchdog, int64_t limit_ns);

/** Cancels work that has taken longer than limit_ns. Returns true if this call cancelled it. */
bool pt_watchdog_cancel(pt_watchdog *watchdog, int64_t limit_ns);

#endif /* PATINA_PIPELINE_WATCHDOG_H */
