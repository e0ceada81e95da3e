/* SPDX-License-Identifier: MIT */
/* arena.c - stack allocator: a list of blocks, newest first
 *
 * The list grows while a worker processes its first entries. A reset replaces it by one block of
 * the peak size, so that later allocations only advance an offset.
 */

#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define ALIGNMENT     64        /* a cache line, and the widest vector */
#define INITIAL_BYTES (1 << 20) /* first block; each further one is twice as large as the last */

struct pt_arena_block {
    struct pt_arena_block *prev;
    size_t size, used; /* bytes after the header */
    unsigned char padding[ALIGNMENT - sizeof(void *) - 2 * sizeof(size_t)];
};

_Static_assert(sizeof(struct pt_arena_block) == ALIGNMENT, "blocks start aligned");

static unsigned char *block_data(struct pt_arena_block *block) {
    return (unsigned char *)block + sizeof *block;
}

void pt_arena_init(pt_arena *arena) {
    *arena = (pt_arena){0};
}

void pt_arena_release(pt_arena *arena) {
    while (arena->block) {
        struct pt_arena_block *prev = arena->block->prev;
        free(arena->block);
        arena->block = prev;
    }
    arena->in_use = 0;
}

static struct pt_arena_block *push_block(pt_arena *arena, size_t need) {
    size_t size = arena->block ? 2 * arena->block->size : INITIAL_BYTES;
    if (size < need) size = need;
    if (size > SIZE_MAX - 2 * ALIGNMENT) return NULL;

    struct pt_arena_block *block = aligned_alloc(ALIGNMENT, sizeof *block + size);
    if (!block && size > need) { /* twice the size is optional, `need` is not */
        size = need;
        block = aligned_alloc(ALIGNMENT, sizeof *block + size);
    }
    if (!block) return NULL;
    block->prev = arena->block;
    block->size = size;
    block->used = 0;
    arena->block = block;
    return block;
}

void *pt_arena_alloc(pt_arena *arena, size_t n_bytes) {
    if (n_bytes > SIZE_MAX - 4 * ALIGNMENT) return NULL;
    const size_t need = (n_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct pt_arena_block *block = arena->block;

    if (!block || block->size - block->used < need) {
        block = push_block(arena, need);
        if (!block) return NULL;
    }
    void *ptr = block_data(block) + block->used;
    block->used += need;
    arena->in_use += need;
    if (arena->in_use > arena->peak) arena->peak = arena->in_use;
    return ptr;
}

void *pt_arena_alloc_array(pt_arena *arena, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) return NULL;
    return pt_arena_alloc(arena, count * size);
}

void *pt_arena_calloc(pt_arena *arena, size_t count, size_t size) {
    void *ptr = pt_arena_alloc_array(arena, count, size);
    if (ptr) memset(ptr, 0, count * size);
    return ptr;
}

pt_arena_marker pt_arena_mark(const pt_arena *arena) {
    return (pt_arena_marker){arena->block, arena->block ? arena->block->used : 0, arena->in_use};
}

void pt_arena_rewind(pt_arena *arena, pt_arena_marker mark) {
    while (arena->block != mark.block) {
        struct pt_arena_block *newest = arena->block;
        arena->block = newest->prev;
        free(newest);
    }
    if (arena->block) arena->block->used = mark.used;
    arena->in_use = mark.in_use;
}

void pt_arena_reset(pt_arena *arena) {
    struct pt_arena_block *newest = arena->block;
    const bool is_one_block = newest && !newest->prev && newest->size >= arena->peak;
    if (is_one_block) {
        newest->used = 0;
        arena->in_use = 0;
        return;
    }
    pt_arena_release(arena);
    if (arena->peak > 0)
        (void)push_block(arena, arena->peak); /* if it fails, the next allocation tries again */
}

pt_arena *pt_scratch_begin(pt_scratch *scratch, pt_arena *given) {
    pt_arena_init(&scratch->own);
    scratch->arena = given ? given : &scratch->own;
    scratch->mark = pt_arena_mark(scratch->arena);
    return scratch->arena;
}

void pt_scratch_end(pt_scratch *scratch) {
    pt_arena_rewind(scratch->arena, scratch->mark);
    pt_arena_release(&scratch->own);
}

void patina_free(void *pointer) {
    free(pointer);
}

patina_status patina_arena_create(patina_arena **arena, patina_error *err) {
    pt_arena *created = malloc(sizeof *created);
    if (!created) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pt_arena_init(created);
    *arena = created;
    return PATINA_OK;
}

void patina_arena_destroy(patina_arena **arena) {
    if (!*arena) return;
    pt_arena_release(*arena);
    free(*arena);
    *arena = NULL;
}
