/* SPDX-License-Identifier: MIT */
/* memory_reserve.h - detects exhausted memory before a library that does not check its
 * allocations */

#ifndef PATINA_BASE_MEMORY_RESERVE_H
#define PATINA_BASE_MEMORY_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Allocates and releases n bytes. false: out of memory; the library must not be called. Another
 * thread can take the memory meanwhile (docs/RELIABILITY.md).
 */
bool pt_memory_reserve(size_t n_bytes);

#endif /* PATINA_BASE_MEMORY_RESERVE_H */
