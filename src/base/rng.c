/* SPDX-License-Identifier: MIT */
/* rng.c - Philox4x32-10 and the distributions of draws */

#include "base/rng.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"

void pt_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53U * c0;
        const uint64_t p1 = (uint64_t)0xCD9E8D57U * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9U; /* golden ratio */
        k1 += 0xBB67AE85U; /* sqrt(3) - 1 */
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

pt_rng pt_rng_make(uint64_t seed, const char *entry, uint32_t variant, pt_rng_stream stream) {
    const uint64_t hash = pt_fnv1a64(entry, strlen(entry));
    return (pt_rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {(uint32_t)stream + (variant << 8), (uint32_t)hash, (uint32_t)(hash >> 32)},
    };
}

static void philox_block(const pt_rng *rng, size_t j, uint32_t out[4]) {
    const uint32_t counter[4] = {(uint32_t)j, rng->counter[0], rng->counter[1], rng->counter[2]};
    pt_philox4x32_10(counter, rng->key, out);
}

void pt_rng_fill_words(const pt_rng *rng, size_t first, size_t n, uint32_t *words) {
    uint32_t block[4];
    size_t i = 0;
    while (i < n) {
        const size_t index = first + i;
        if (index % 4 == 0 && n - i >= 4) {
            philox_block(rng, index / 4, words + i);
            i += 4;
            continue;
        }
        philox_block(rng, index / 4, block);
        for (size_t k = index % 4; k < 4 && i < n; k++)
            words[i++] = block[k];
    }
}

double pt_rng_uniform(const pt_rng *rng, size_t i) {
    uint32_t block[4];
    philox_block(rng, i / 4, block);
    return (block[i % 4] + 0.5) / 4294967296.0;
}

double pt_draw_uniform(double u, double lo, double hi) {
    return lo + u * (hi - lo);
}

double pt_draw_log_uniform(double u, double lo, double hi) {
    return lo * pow(hi / lo, u);
}

size_t pt_draw_categorical(double u, const double *weights, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += weights[i];
        if (u < sum) return i;
    }
    return n - 1;
}
