/* SPDX-License-Identifier: MIT */
/* rng.h - counter-based random numbers: each draw has an index, so draws are independent of each
 * other
 *
 * Philox4x32-10; the key is the seed of the run, the counter is (block, stream and variant, entry).
 * The generator has no mutable state.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
 */

#ifndef PATINA_BASE_RNG_H
#define PATINA_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* A variant shares a 32-bit word with the number of the stream. */
#define PT_VARIANT_MAX ((1U << 24) - 1)

/** Streams of the library. Those of effects are in their descriptors (degrade/effect.h). */
typedef enum pt_rng_stream {
    PT_RNG_STREAM_WINDOW = 0,
    PT_RNG_STREAM_PLAN = 1,
    PT_RNG_STREAM_CAPTION = 8,
    PT_RNG_STREAM_LEVEL = 9,
    PT_RNG_STREAM_SELECT = 10,
    PT_RNG_STREAM_NOISE_SAMPLES = 16
} pt_rng_stream;

/** One stream. May be copied. */
typedef struct pt_rng {
    uint32_t key[2];
    uint32_t counter[3]; /* words 1 to 3; word 0 is the block */
} pt_rng;

/** Returns the stream of (seed, entry id, variant), variant 0 to PT_VARIANT_MAX. */
pt_rng pt_rng_make(uint64_t seed, const char *entry, uint32_t variant, pt_rng_stream stream);

/** Returns draw i, uniform in the open interval (0, 1): (word i + 1/2) / 2^32. */
double pt_rng_uniform(const pt_rng *rng, size_t i);

/** Computes one block of four words. */
void pt_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/** Returns lo + u (hi - lo). */
double pt_draw_uniform(double u, double lo, double hi);

/** Returns lo (hi / lo)^u. */
double pt_draw_log_uniform(double u, double lo, double hi);

/** Returns the first i whose cumulative weight exceeds u; n - 1 if none does. */
size_t pt_draw_categorical(double u, const double *weights, size_t n);

#endif /* PATINA_BASE_RNG_H */
