/* SPDX-License-Identifier: MIT */
/* test_rng.c - known answers of the random generator
 *
 * From Random123 (kat_vectors), and from the independent implementation in
 * tests/golden/dsp/make_golden.py.
 */

#include "test.h"

#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/hash.h"
#include "base/rng.h"
#include "rng_words.h"

static json_t *expected(pt_test *t, const char *member) {
    json_error_t err;
    json_t *root = json_load_file(pt_test_golden_path("dsp/expected.json"), 0, &err);
    json_t *part = json_incref(json_object_get(root, member));
    CHECK(part != NULL);
    json_decref(root);
    return part;
}

static uint64_t hex(const json_t *text) {
    return strtoull(json_string_value(text), NULL, 16);
}

TEST(rng, philox_known_answers) {
    json_t *cases = expected(t, "philox4x32_10"), *one;
    size_t i;
    CHECK_INT(json_array_size(cases), 3);
    json_array_foreach(cases, i, one) {
        uint32_t counter[4], key[2], out[4];
        for (size_t w = 0; w < 4; w++)
            counter[w] = (uint32_t)hex(json_array_get(json_object_get(one, "counter"), w));
        for (size_t w = 0; w < 2; w++)
            key[w] = (uint32_t)hex(json_array_get(json_object_get(one, "key"), w));
        pt_philox4x32_10(counter, key, out);
        for (size_t w = 0; w < 4; w++)
            CHECK_INT(out[w], hex(json_array_get(json_object_get(one, "out"), w)));
    }
    json_decref(cases);
}

TEST(rng, entry_hash_known_answers) {
    json_t *cases = expected(t, "fnv1a64"), *value;
    const char *text;
    json_object_foreach(cases, text, value) {
        CHECK(pt_fnv1a64(text, strlen(text)) == hex(value));
    }
    json_decref(cases);
}

TEST(rng, stream_of_seed_entry_and_variant) {
    json_t *of = expected(t, "stream"), *value;
    const pt_rng rng =
        pt_rng_make((uint64_t)json_integer_value(json_object_get(of, "seed")),
                    json_string_value(json_object_get(of, "entry")),
                    (uint32_t)json_integer_value(json_object_get(of, "variant")),
                    (pt_rng_stream)json_integer_value(json_object_get(of, "stream")));
    uint32_t words[8];
    size_t i;
    pt_test_rng_words(&rng, 0, 8, words);
    json_array_foreach(json_object_get(of, "words"), i, value) {
        CHECK_INT(words[i], hex(value));
    }
    json_array_foreach(json_object_get(of, "u"), i, value) {
        CHECK(pt_rng_uniform(&rng, i) == json_real_value(value));
    }
    json_decref(of);
}

/* Word i is the same for any way of reading a range. */
TEST(rng, words_have_indices) {
    const pt_rng rng = pt_rng_make(5, "somewhere", 9, PT_RNG_STREAM_PLAN);
    uint32_t all[64], some[65];
    pt_test_rng_words(&rng, 0, 64, all);
    for (size_t first = 0; first < 16; first++)
        for (size_t n = 0; n <= 20; n++) {
            some[n] = 0xDEADBEEFU;
            pt_test_rng_words(&rng, first, n, some);
            CHECK(memcmp(some, all + first, n * sizeof *some) == 0);
            CHECK_INT(some[n], 0xDEADBEEFU); /* and nothing is written after it */
        }
    for (size_t i = 0; i < 64; i++)
        CHECK(pt_rng_uniform(&rng, i) == (all[i] + 0.5) / 4294967296.0);
}

/* Counter word 1 is stream + 256 * variant: distinct for all pairs, up to the largest variant. */
TEST(rng, streams_and_variants_are_distinct) {
    const uint32_t variants[] = {0, 1, 255, 256, PT_VARIANT_MAX - 1, PT_VARIANT_MAX};
    const pt_rng_stream streams[] = {PT_RNG_STREAM_WINDOW, PT_RNG_STREAM_PLAN,
                                     PT_RNG_STREAM_NOISE_SAMPLES};
    uint32_t seen[18];
    size_t n = 0;
    for (size_t v = 0; v < 6; v++)
        for (size_t s = 0; s < 3; s++) {
            const pt_rng rng = pt_rng_make(1, "a", variants[v], streams[s]);
            CHECK_INT(rng.counter[0], streams[s] + (uint64_t)256 * variants[v]);
            for (size_t k = 0; k < n; k++)
                CHECK(seen[k] != rng.counter[0]);
            seen[n++] = rng.counter[0];
        }
}

TEST(rng, seed_uses_all_64_bits) {
    const pt_rng low = pt_rng_make(1, "a", 0, PT_RNG_STREAM_PLAN);
    const pt_rng high = pt_rng_make(1 + ((uint64_t)1 << 40), "a", 0, PT_RNG_STREAM_PLAN);
    CHECK(pt_rng_uniform(&low, 0) != pt_rng_uniform(&high, 0));
}

TEST(rng, laws_of_draws) {
    CHECK_NEAR(pt_draw_uniform(0.25, -2.0, 6.0), 0.0, 0.0);
    CHECK_NEAR(pt_draw_log_uniform(0.5, 1.0, 100.0), 10.0, 1e-14);
    CHECK_NEAR(pt_draw_log_uniform(0.0, 3.0, 7.0), 3.0, 0.0);

    const double weights[3] = {0.6, 0.25, 0.15};
    CHECK_INT(pt_draw_categorical(0.0, weights, 3), 0);
    CHECK_INT(pt_draw_categorical(0.6, weights, 3), 1); /* a sum must exceed u, not reach it */
    CHECK_INT(pt_draw_categorical(0.5999, weights, 3), 0);
    CHECK_INT(pt_draw_categorical(0.8499, weights, 3), 1);
    CHECK_INT(pt_draw_categorical(0.8501, weights, 3), 2);
    const double short_of_one[2] = {0.3, 0.3};
    CHECK_INT(pt_draw_categorical(0.9, short_of_one, 2), 1); /* the last one if no sum does */
    const double first_is_none[2] = {0.0, 1.0};
    CHECK_INT(pt_draw_categorical(1e-10, first_is_none, 2), 1);
}

/* 100000 draws: mean 1/2 and variance 1/12 within five standard errors (sqrt(1/12/n), and
 * sqrt(1/180/n) for the variance), neighbours uncorrelated to five times 1/12/sqrt(n). */
TEST(rng, uniform_draws_are_uniform) {
    enum { N = 100000 };
    const pt_rng rng = pt_rng_make(0, "uniform", 0, PT_RNG_STREAM_NOISE_SAMPLES);
    double mean = 0.0, square = 0.0, product = 0.0, last = 0.5, least = 1.0, most = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double u = pt_rng_uniform(&rng, i), v = u - 0.5;
        mean += v / N;
        square += v * v / N;
        product += v * (last - 0.5) / N;
        last = u;
        least = u < least ? u : least;
        most = u > most ? u : most;
    }
    CHECK_NEAR(mean, 0.0, 5.0 * sqrt(1.0 / 12.0 / N));
    CHECK_NEAR(square, 1.0 / 12.0, 5.0 * sqrt(1.0 / 180.0 / N));
    CHECK_NEAR(product, 0.0, 5.0 / 12.0 / sqrt(N));
    CHECK(least > 0.0 && least < 20.0 / N);
    CHECK(most < 1.0 && most > 1.0 - 20.0 / N);
}
