/* SPDX-License-Identifier: MIT */
/* test_arena.c - alignment, marks and growth of the arena */

#include "test.h"

#include "base/arena.h"

TEST(arena, blocks_are_aligned_and_disjoint) {
    pt_arena arena;
    pt_arena_init(&arena);
    unsigned char *a = pt_arena_alloc(&arena, 1), *b = pt_arena_alloc(&arena, 100);
    REQUIRE(a && b);
    CHECK_INT((uintptr_t)a % 64, 0);
    CHECK_INT((uintptr_t)b % 64, 0);
    CHECK(b >= a + 1);
    CHECK(pt_arena_alloc(&arena, 0) != NULL);
    pt_arena_release(&arena);
}

TEST(arena, reused_memory_is_zeroed) {
    pt_arena arena;
    pt_arena_init(&arena);
    unsigned char *dirty = pt_arena_alloc(&arena, 1000);
    REQUIRE(dirty);
    memset(dirty, 0xFF, 1000);
    pt_arena_reset(&arena);
    const unsigned char *clean = pt_arena_calloc(&arena, 10, 100);
    REQUIRE(clean);
    unsigned sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += clean[i];
    CHECK_INT(sum, 0);
    pt_arena_release(&arena);
}

TEST(arena, overflowing_sizes_are_rejected) {
    pt_arena arena;
    pt_arena_init(&arena);
    CHECK(pt_arena_alloc(&arena, SIZE_MAX) == NULL);
    CHECK(pt_arena_alloc_array(&arena, SIZE_MAX / 2, 3) == NULL);
    CHECK(pt_arena_calloc(&arena, SIZE_MAX / 8 + 1, 8) == NULL);
    pt_arena_release(&arena);
}

TEST(arena, rewind_releases_to_the_mark) {
    pt_arena arena;
    pt_arena_init(&arena);
    unsigned char *kept = pt_arena_alloc(&arena, 64);
    REQUIRE(kept);
    memset(kept, 7, 64);
    const pt_arena_marker mark = pt_arena_mark(&arena);
    void *first = pt_arena_alloc(&arena, 64);
    CHECK(pt_arena_alloc(&arena, 5 << 20) != NULL); /* a block of its own */
    pt_arena_rewind(&arena, mark);
    CHECK(pt_arena_alloc(&arena, 64) == first);
    CHECK_INT(kept[63], 7);
    pt_arena_release(&arena);
}

/* Workers rely on this: after one round, an equal round allocates no new memory. */
TEST(arena, reset_leaves_one_block) {
    pt_arena arena;
    pt_arena_init(&arena);
    for (int round = 0; round < 3; round++) {
        pt_arena_reset(&arena);
        const struct pt_arena_block *at_start = arena.block;
        CHECK(pt_arena_alloc(&arena, 3 << 20) != NULL);
        const pt_arena_marker mark = pt_arena_mark(&arena);
        for (int row = 0; row < 3; row++) {
            CHECK(pt_arena_alloc(&arena, 9 << 20) != NULL);
            if (round > 0) CHECK(arena.block == at_start);
            pt_arena_rewind(&arena, mark);
        }
    }
    pt_arena_release(&arena);
}
