/* SPDX-License-Identifier: MIT */
/* arena.h - stack allocator for the scratch memory of one thread */

#ifndef PATINA_BASE_ARENA_H
#define PATINA_BASE_ARENA_H

#include <stddef.h>

#include <patina/memory.h>

/**
 * Stack allocator. An allocation is valid until the arena is reset or rewound past it; single
 * allocations are not freed. One thread at a time. After a reset the arena has one block of the
 * peak size, so that workers do not call malloc for entries of the same size.
 */
struct patina_arena {
    struct pt_arena_block *block; /* newest first; NULL before the first allocation */
    size_t in_use, peak;          /* bytes allocated now, and the maximum so far */
};
typedef patina_arena pt_arena;

/** A position in an arena, for pt_arena_rewind. */
typedef struct pt_arena_marker {
    struct pt_arena_block *block;
    size_t used, in_use;
} pt_arena_marker;

void pt_arena_init(pt_arena *arena);
void pt_arena_release(pt_arena *arena);

/** Allocates n_bytes aligned to 64, uninitialised; NULL: out of memory. 0 bytes are allowed. */
void *pt_arena_alloc(pt_arena *arena, size_t n_bytes);

/** Allocates count elements of size bytes, zeroed; NULL: out of memory, or the product
 * overflows. */
void *pt_arena_calloc(pt_arena *arena, size_t count, size_t size);

/** The same, uninitialised. */
void *pt_arena_alloc_array(pt_arena *arena, size_t count, size_t size);

pt_arena_marker pt_arena_mark(const pt_arena *arena);

/** Releases all allocations since mark. */
void pt_arena_rewind(pt_arena *arena, pt_arena_marker mark);

/** Releases all allocations, and replaces the blocks by one of the peak size. */
void pt_arena_reset(pt_arena *arena);

/**
 * Temporary memory of one call. pt_scratch_begin returns `given`, or a private arena where given is
 * NULL; pt_scratch_end gives back what was allocated from it since, and frees a private arena.
 */
typedef struct pt_scratch {
    pt_arena *arena;
    pt_arena_marker mark;
    pt_arena own;
} pt_scratch;

pt_arena *pt_scratch_begin(pt_scratch *scratch, pt_arena *given);
void pt_scratch_end(pt_scratch *scratch);

#endif /* PATINA_BASE_ARENA_H */
