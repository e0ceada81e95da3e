/* SPDX-License-Identifier: MIT */
/**
 * @file memory.h
 * @brief Release of memory that the library allocates, and reusable scratch memory.
 *
 * Ownership follows three rules:
 * - A plain pointer that a function returns or stores in an output argument (JSON, descriptions, a
 *   folder) is released with patina_free().
 * - A handle (`patina_..._open`) is released with its `_close` function, which takes the address of
 *   the pointer and sets it to NULL.
 * - A struct that owns its members (patina_degraded, patina_recipe ...) is released with its
 *   `_release` function, which zeroes it.
 *
 * All of these accept objects that are already released: NULL, a NULL handle, a zeroed struct.
 *
 * @code
 * char *text = patina_effect_config_describe();
 * if (text) puts(text);
 * patina_free(text);
 * @endcode
 */

#ifndef PATINA_MEMORY_H
#define PATINA_MEMORY_H

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Releases memory that the library allocated and returned as a plain pointer. NULL is accepted.
 * Safe from any thread.
 */
PATINA_API void patina_free(void *pointer);

/**
 * Scratch memory for one thread at a time. A function that takes an arena accepts NULL: it then
 * allocates what it needs and releases it before it returns. With an arena that is reused, calls
 * after the first few do not allocate. The arena does not change results.
 */
typedef struct patina_arena patina_arena;

/**
 * Creates an empty arena.
 *
 * - `arena`: out; patina_arena_destroy() releases it
 *
 * Errors: PATINA_ENOMEM. Safe from any thread.
 */
PATINA_API patina_status patina_arena_create(patina_arena **arena, patina_error *err);

/** Releases the arena and sets *arena to NULL. A NULL *arena is accepted. */
PATINA_API void patina_arena_destroy(patina_arena **arena);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_MEMORY_H */
