/* SPDX-License-Identifier: MIT */
/* forward_hook.h - shows a test what a tower computes on its way */

#ifndef PATINA_CLAP_FORWARD_HOOK_H
#define PATINA_CLAP_FORWARD_HOOK_H

#include <stddef.h>

/** Called with n values after the step `what`, of stage or layer i and block j where it has them.
 */
typedef struct pt_forward_hook {
    void (*on_output)(void *context, const char *what, size_t i, size_t j, const float *values,
                      size_t n);
    void *context;
} pt_forward_hook;

static inline void pt_forward_hook_call(const pt_forward_hook *hook, const char *what, size_t i,
                                        size_t j, const float *values, size_t n) {
    if (hook) hook->on_output(hook->context, what, i, j, values, n);
}

#endif /* PATINA_CLAP_FORWARD_HOOK_H */
