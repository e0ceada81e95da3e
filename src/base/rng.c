/* SPDX-License-Identifier: MIT */
/* rng.c - Philox4x32-10 and the distributions of draws */

#include "base/rng.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/philox.h"

static uint64_t mul_low(uint64_t a, uint64_t b) {
    return (a & UINT32_MAX) * (b & UINT32_MAX);
}

void pt_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint64_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < PT_PHILOX_ROUNDS; round++) {
        PT_PHILOX_ROUND(uint64_t, mul_low, PT_PHILOX_M0, PT_PHILOX_M1, c0, c1, c2, c3, k0, k1);
        k0 += PT_PHILOX_W0;
        k1 += PT_PHILOX_W1;
    }
    out[0] = (uint32_t)c0, out[1] = (uint32_t)c1, out[2] = (uint32_t)c2, out[3] = (uint32_t)c3;
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
