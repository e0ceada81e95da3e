/* SPDX-License-Identifier: MIT */
/* test_bpe.c - byte-pair merges, in the order of their ranks */

#include "test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/rng.h"
#include "clap/bpe.h"
#include "rng_words.h"

static patina_status init_bpe(const pt_bpe_merge *merges, size_t n, size_t n_symbols, pt_bpe *bpe,
                              size_t *duplicate_rank, patina_error *err) {
    pt_bpe_merge *owned = malloc((n + 1) * sizeof *owned);
    memcpy(owned, merges, n * sizeof *owned);
    return pt_bpe_init(owned, n, n_symbols, bpe, duplicate_rank, err);
}

/* The algorithm as defined: find the lowest rank, merge it everywhere, repeat. */
static size_t reference_bpe(const pt_bpe_merge *merges, size_t n_merges, uint32_t *ids, size_t n) {
    for (;;) {
        const pt_bpe_merge *best = NULL;
        for (size_t i = 0; i + 1 < n; i++)
            for (size_t m = 0; m < n_merges; m++)
                if (merges[m].left == ids[i] && merges[m].right == ids[i + 1] &&
                    (!best || merges[m].rank < best->rank))
                    best = &merges[m];
        if (!best) return n;
        size_t n_new = 0;
        for (size_t i = 0; i < n; i++) {
            const bool here = i + 1 < n && ids[i] == best->left && ids[i + 1] == best->right;
            ids[n_new++] = here ? best->result : ids[i];
            i += here;
        }
        n = n_new;
    }
}

/* Random tables over few symbols, so that pairs often overlap and occur again. Results are new
 * symbols or, as in "ab" + "c" and "a" + "bc", shared. */
TEST(bpe, heap_equals_the_plain_algorithm) {
    enum { LETTERS = 3, SYMBOLS = 24, LENGTH = 40, ROUNDS = 3000 };
    pt_arena scratch;
    unsigned n_unlike = 0, n_merged = 0;
    pt_arena_init(&scratch);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const pt_rng rng = pt_rng_make(1, "bpe", round, PT_RNG_STREAM_PLAN);
        uint32_t draw[2 * SYMBOLS * 3 + LENGTH];
        pt_test_rng_words(&rng, 0, sizeof draw / sizeof draw[0], draw);
        pt_bpe_merge merges[2 * SYMBOLS] = {0};
        size_t n_merges = 0, duplicate_rank = 0;
        for (size_t k = 0; k < 2 * SYMBOLS; k++) {
            const uint32_t result = LETTERS + draw[3 * k] % (SYMBOLS - LETTERS);
            const uint32_t left = draw[3 * k + 1] % result, right = draw[3 * k + 2] % result;
            bool known = false;
            for (size_t m = 0; m < n_merges; m++)
                known |= merges[m].left == left && merges[m].right == right;
            if (known) continue;
            merges[n_merges] = (pt_bpe_merge){left, right, (uint32_t)n_merges, result};
            n_merges++;
        }
        uint32_t got[LENGTH], expected[LENGTH];
        size_t n = 1 + round % LENGTH;
        for (size_t i = 0; i < n; i++)
            got[i] = expected[i] = draw[2 * SYMBOLS * 3 + i] % LETTERS;
        const size_t n_before = n, n_expected = reference_bpe(merges, n_merges, expected, n);

        pt_bpe bpe = {0};
        REQUIRE_OK(init_bpe(merges, n_merges, SYMBOLS, &bpe, &duplicate_rank, &t->err));
        REQUIRE_OK(pt_bpe_apply(&bpe, got, &n, &scratch, &t->err));
        n_unlike += n != n_expected || memcmp(got, expected, n * sizeof *got) != 0;
        n_merged += n < n_before;
        pt_bpe_release(&bpe);
    }
    pt_arena_release(&scratch);
    CHECK_INT(n_unlike, 0);
    CHECK(n_merged > ROUNDS / 2);
}

/* Two merges give X, such as abc from a + bc and from ab + c, so that a pair with X, (X, a), has a
 * lower rank than the merge that made X. It has to wait until that merge is complete everywhere. */
TEST(bpe, a_pair_is_merged_everywhere_before_the_next) {
    enum { A, BC, X, XA };
    const pt_bpe_merge merges[] = {{X, A, 0, XA}, {A, BC, 1, X}};
    uint32_t ids[] = {A, BC, A, BC};
    size_t n = 4, duplicate_rank = 0;
    pt_bpe bpe = {0};
    pt_arena scratch;

    pt_arena_init(&scratch);
    REQUIRE_OK(init_bpe(merges, 2, 4, &bpe, &duplicate_rank, &t->err));
    CHECK_OK(pt_bpe_apply(&bpe, ids, &n, &scratch, &t->err));
    CHECK_INT(n, 2);
    CHECK_INT(ids[0], X);
    CHECK_INT(ids[1], X);
    pt_bpe_release(&bpe);
    pt_arena_release(&scratch);
}

TEST(bpe, overlapping_pairs_merge_from_the_left) {
    const pt_bpe_merge merges[] = {{0, 0, 0, 1}};
    uint32_t ids[] = {0, 0, 0, 0, 0};
    size_t n = 5, duplicate_rank = 0;
    pt_bpe bpe = {0};
    pt_arena scratch;

    pt_arena_init(&scratch);
    REQUIRE_OK(init_bpe(merges, 1, 2, &bpe, &duplicate_rank, &t->err));
    CHECK_OK(pt_bpe_apply(&bpe, ids, &n, &scratch, &t->err));
    CHECK_INT(n, 3);
    CHECK_INT(ids[0], 1);
    CHECK_INT(ids[1], 1);
    CHECK_INT(ids[2], 0);
    pt_bpe_release(&bpe);
    pt_arena_release(&scratch);
}

TEST(bpe, duplicate_pair_is_an_error) {
    const pt_bpe_merge merges[] = {{0, 1, 0, 2}, {1, 1, 1, 3}, {0, 1, 2, 3}};
    size_t duplicate_rank = 0;
    pt_bpe bpe = {0};
    CHECK_FAILS(init_bpe(merges, 3, 4, &bpe, &duplicate_rank, &t->err), PATINA_EFORMAT);
    CHECK_INT(duplicate_rank, 2);
    CHECK(bpe.merges == NULL);
}
