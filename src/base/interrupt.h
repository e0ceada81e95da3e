/* SPDX-License-Identifier: MIT */
/* interrupt.h - bounded repetition of system calls that a signal interrupted */

#ifndef PATINA_BASE_INTERRUPT_H
#define PATINA_BASE_INTERRUPT_H

#include <errno.h>
#include <stdbool.h>

#define PT_INTERRUPTS_MAX 1000 /* a file system that keeps failing so is at fault */

/** Whether the last call failed with EINTR and is to be repeated. n counts, from 0. */
static inline bool pt_is_interrupted(unsigned *n) {
    return errno == EINTR && ++*n < PT_INTERRUPTS_MAX;
}

#endif /* PATINA_BASE_INTERRUPT_H */
