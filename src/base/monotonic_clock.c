/* SPDX-License-Identifier: MIT */
/* monotonic_clock.c - CLOCK_MONOTONIC in nanoseconds and seconds */

#include "base/monotonic_clock.h"

#include <time.h>

int64_t pt_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + 1;
}

double pt_monotonic_s(void) {
    return 1e-9 * (double)pt_monotonic_ns();
}
