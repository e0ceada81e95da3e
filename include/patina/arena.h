/* SPDX-License-Identifier: MIT */
/* arena.h - scratch memory of one worker */

#ifndef PATINA_ARENA_H
#define PATINA_ARENA_H

#include <stddef.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A stack of blocks. What is taken from it lives until the arena is reset or rewound past it;
 * nothing is freed one by one. One thread at a time. After the first excerpt of its kind a reset
 * arena holds enough, so that the work of a worker calls malloc no more.
 */
typedef struct pt_arena {
    struct pt_arena_block *block; /* newest first; NULL when nothing was ever taken */
    size_t in_use, peak;          /* bytes taken now, and at most so far */
} pt_arena;

/** A place in an arena, for pt_arena_rewind. */
typedef struct pt_arena_mark {
    struct pt_arena_block *block;
    size_t used, in_use;
} pt_arena_mark;

PT_API void pt_arena_init(pt_arena *arena);
PT_API void pt_arena_release(pt_arena *arena);

/** n_bytes aligned to 64, with arbitrary content; NULL when memory runs out. 0 bytes are allowed.
 */
PT_API void *pt_arena_take(pt_arena *arena, size_t n_bytes);

/** count elements of size bytes, zeroed; NULL when memory runs out or the product overflows. */
PT_API void *pt_arena_take_zeroed(pt_arena *arena, size_t count, size_t size);

/** The same without zeroing: for buffers that are overwritten at once. */
PT_API void *pt_arena_take_array(pt_arena *arena, size_t count, size_t size);

PT_API pt_arena_mark pt_arena_here(const pt_arena *arena);

/** Gives back what was taken since mark. */
PT_API void pt_arena_rewind(pt_arena *arena, pt_arena_mark mark);

/** Gives everything back, and sees to it that one block holds as much as was ever in use. */
PT_API void pt_arena_reset(pt_arena *arena);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_ARENA_H */
