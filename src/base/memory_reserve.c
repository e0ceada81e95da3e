/* SPDX-License-Identifier: MIT */
/* memory_reserve.c - a volatile pointer, since compilers remove an allocation that is not used */

#include "base/memory_reserve.h"

#include <stdlib.h>

bool pt_memory_reserve(size_t n_bytes) {
    void *volatile reserve = malloc(n_bytes);
    const bool is_there = reserve != NULL;
    free(reserve);
    return is_there;
}
