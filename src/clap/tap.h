/* SPDX-License-Identifier: MIT */
/* tap.h - shows a test what a tower computes on its way */

#ifndef PATINA_CLAP_TAP_H
#define PATINA_CLAP_TAP_H

#include <stddef.h>

/** Called with n values after the step `what`, of stage or layer i and block j where it has them.
 */
typedef struct pt_tap {
    void (*show)(void *context, const char *what, size_t i, size_t j, const float *values,
                 size_t n);
    void *context;
} pt_tap;

static inline void pt_tap_show(const pt_tap *tap, const char *what, size_t i, size_t j,
                               const float *values, size_t n) {
    if (tap) tap->show(tap->context, what, i, j, values, n);
}

#endif /* PATINA_CLAP_TAP_H */
