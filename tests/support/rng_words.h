/* SPDX-License-Identifier: MIT */
/* rng_words.h - words of a random stream, computed block by block */

#ifndef PT_TEST_RNG_WORDS_H
#define PT_TEST_RNG_WORDS_H

#include "base/rng.h"

/** Writes words first to first + n - 1 of a stream. */
static inline void pt_test_rng_words(const pt_rng *rng, size_t first, size_t n, uint32_t *words) {
    for (size_t i = 0; i < n; i++) {
        const size_t index = first + i;
        const uint32_t counter[4] = {(uint32_t)(index / 4), rng->counter[0], rng->counter[1],
                                     rng->counter[2]};
        uint32_t block[4];
        pt_philox4x32_10(counter, rng->key, block);
        words[i] = block[index % 4];
    }
}

#endif /* PT_TEST_RNG_WORDS_H */
