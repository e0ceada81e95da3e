/* SPDX-License-Identifier: MIT */
/* retry.c - increasing pauses, to outlast short disturbances of a network file system */

#include "base/retry.h"

#include <stddef.h>
#include <time.h>

#include "base/byte_source.h"

bool pt_retry_after_fault(unsigned *n, int error) {
    static const long pauses_ns[] = {50000000, 200000000, 600000000};
    if (*n == sizeof pauses_ns / sizeof *pauses_ns || !pt_errno_is_machine_fault(error))
        return false;
    nanosleep(&(struct timespec){.tv_nsec = pauses_ns[(*n)++]}, NULL);
    return true;
}
