/* SPDX-License-Identifier: MIT */
/* scratch.h - reusable scratch memory for the functions that need some */

#ifndef PATINA_SCRATCH_H
#define PATINA_SCRATCH_H

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Scratch memory of one thread. A function that takes one accepts NULL and then allocates and
 * frees what it needs; with an arena that is reused, calls after the first do not allocate.
 * One thread at a time.
 */
typedef struct patina_arena patina_arena;

/**
 * arena    out; patina_arena_destroy frees it
 *
 * Errors   PATINA_ENOMEM
 */
PATINA_API patina_status patina_arena_create(patina_arena **arena, patina_error *err);

/** Frees the arena and sets *arena to NULL; NULL in *arena is accepted. */
PATINA_API void patina_arena_destroy(patina_arena **arena);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_SCRATCH_H */
