/* SPDX-License-Identifier: MIT */
/* retry.h - repeats a system call after a transient fault of the machine */

#ifndef PATINA_BASE_RETRY_H
#define PATINA_BASE_RETRY_H

#include <stdbool.h>

/**
 * Whether the call that failed with an errno value is to be repeated: after the first faults for
 * which pt_errno_is_machine_fault is true, and a pause each, of less than a second in all.
 *
 * n  counts the faults, from 0
 */
bool pt_retry_after_fault(unsigned *n, int error);

#endif /* PATINA_BASE_RETRY_H */
