/* SPDX-License-Identifier: MIT */
/* arena.h - stack allocator for the scratch memory of one thread */

#ifndef PATINA_BASE_ARENA_H
#define PATINA_BASE_ARENA_H

#include <stddef.h>

#include <patina/memory.h>

/**
 * A stack of blocks. What is taken from it lives until the arena is reset or rewound past it;
 * nothing is freed one by one. One thread at a time. After the first excerpt of its kind a reset
 * arena holds enough, so that the work of a worker calls malloc no more.
 */
struct patina_arena {
    struct pt_arena_block *block; /* newest first; NULL before the first allocation */
    size_t in_use, peak;          /* bytes allocated now, and at most so far */
};
typedef patina_arena pt_arena;

/** A place in an arena, for pt_arena_rewind. */
typedef struct pt_arena_marker {
    struct pt_arena_block *block;
    size_t used, in_use;
} pt_arena_marker;

void pt_arena_init(pt_arena *arena);
void pt_arena_release(pt_arena *arena);

/** n_bytes aligned to 64, with arbitrary content; NULL when memory runs out. 0 bytes are allowed.
 */
void *pt_arena_alloc(pt_arena *arena, size_t n_bytes);

/** count elements of size bytes, zeroed; NULL when memory runs out or the product overflows. */
void *pt_arena_calloc(pt_arena *arena, size_t count, size_t size);

/** The same without zeroing: for buffers that are overwritten at once. */
void *pt_arena_alloc_array(pt_arena *arena, size_t count, size_t size);

pt_arena_marker pt_arena_mark(const pt_arena *arena);

/** Gives back what was taken since mark. */
void pt_arena_rewind(pt_arena *arena, pt_arena_marker mark);

/** Gives everything back, and sees to it that one block holds as much as was ever in use. */
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
