/* SPDX-License-Identifier: MIT */
/* watch.h - a time limit on a piece of work, told from another thread
 *
 * The worker begins and ends; somebody else asks now and then whether it has gone on for too long,
 * and may break it off. Exactly one of the two wins.
 */

#ifndef PATINA_PIPELINE_WATCH_H
#define PATINA_PIPELINE_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** Zero it to start. */
typedef struct pt_watch {
    _Atomic int64_t begun_ns; /* 0: nothing is being watched; -1: broken off */
} pt_watch;

/** Nanoseconds of the monotonic clock; above 0. */
int64_t pt_watch_now(void);

void pt_watch_begin(pt_watch *watch);

/** False: it was broken off meanwhile, and its result is not wanted any more. */
bool pt_watch_end(pt_watch *watch);

/** Whether it has taken longer than limit_ns, and is not broken off yet. */
bool pt_watch_is_over(pt_watch *watch, int64_t limit_ns);

/** Breaks off what has taken longer than limit_ns; true if that was done now. */
bool pt_watch_break(pt_watch *watch, int64_t limit_ns);

#endif /* PATINA_PIPELINE_WATCH_H */
