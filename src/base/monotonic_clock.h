/* SPDX-License-Identifier: MIT */
/* monotonic_clock.h - time that is independent of changes of the system clock */

#ifndef PATINA_BASE_MONOTONIC_CLOCK_H
#define PATINA_BASE_MONOTONIC_CLOCK_H

#include <stdint.h>

/** Returns nanoseconds of the monotonic clock, more than 0. Safe from any thread. */
int64_t pt_monotonic_ns(void);

/** The same in seconds. */
double pt_monotonic_s(void);

#endif /* PATINA_BASE_MONOTONIC_CLOCK_H */
