/* SPDX-License-Identifier: MIT */
/* forward_hook.h - callback with the intermediate outputs of a tower, for tests */

#ifndef PATINA_CLAP_FORWARD_HOOK_H
#define PATINA_CLAP_FORWARD_HOOK_H

#include <stddef.h>

/** Called with n values of the output `name`, of stage or layer i and block j. As PyTorch's
 * register_forward_hook. */
typedef struct pt_forward_hook {
    void (*on_output)(void *context, const char *name, size_t i, size_t j, const float *values,
                      size_t n);
    void *context;
} pt_forward_hook;

static inline void pt_forward_hook_call(const pt_forward_hook *hook, const char *name, size_t i,
                                        size_t j, const float *values, size_t n) {
    if (hook) hook->on_output(hook->context, name, i, j, values, n);
}

#endif /* PATINA_CLAP_FORWARD_HOOK_H */
