/* SPDX-License-Identifier: MIT */
/* degrade_fixture.h - configurations, chains and signals shared by the tests of src/degrade */

#ifndef PATINA_TEST_DEGRADE_FIXTURE_H
#define PATINA_TEST_DEGRADE_FIXTURE_H

#include <stdlib.h>

#include <jansson.h>

#include <patina/degrade.h>

#include "base/arena.h"
#include "degrade/effect_chain.h"
#include "stimulus.h"
#include "test.h"

/* A default configuration and scratch memory. */
typedef struct fixture {
    patina_effect_config *config;
    pt_arena arena;
} fixture;

static inline bool fixture_open(pt_test *t, fixture *b) {
    *b = (fixture){0};
    pt_arena_init(&b->arena);
    return CHECK_OK(patina_effect_config_open(NULL, &b->config, &t->err));
}

static inline void fixture_close(fixture *b) {
    patina_effect_config_close(&b->config);
    pt_arena_release(&b->arena);
}

/* Applies the chain in `json` to x, with the noise of seed 7 and entry 'golden'. */
static inline patina_status fixture_apply(fixture *b, const char *json, const float *x, size_t n,
                                          float *degraded, patina_degrade_stats *damage,
                                          patina_error *err) {
    patina_effect_chain *chain = NULL;
    patina_status status = patina_effect_chain_from_json(json, &chain, err);
    pt_arena_reset(&b->arena);
    if (status == PATINA_OK)
        status = patina_effect_chain_apply(b->config, chain, 7, "golden", 0, x, n, degraded, damage,
                                           &b->arena, err);
    patina_effect_chain_close(&chain);
    return status;
}

/* The same before output gain and rounding, with its stems, which are in the arena of b. */
static inline patina_status fixture_render_stems(fixture *b, const char *json, const float *x,
                                                 size_t n, pt_stems *stems,
                                                 patina_degrade_stats *damage, patina_error *err) {
    const pt_rng noise = pt_rng_make(7, "golden", 0, PT_RNG_STREAM_NOISE_SAMPLES);
    patina_effect_chain *chain = NULL;
    patina_status status = patina_effect_chain_from_json(json, &chain, err);
    pt_arena_reset(&b->arena);
    if (status == PATINA_OK)
        status = pt_effect_chain_render_stems(b->config, chain, &noise, x, n, stems, damage,
                                              &b->arena, err);
    patina_effect_chain_close(&chain);
    return status;
}

/* 10 log10(signal / rest) as DEFINITIONS 6.1 clamps it. */
static inline double ratio_db(double signal, double rest) {
    if (signal <= 0.0) return -30.0;
    if (rest <= 0.0) return 60.0;
    return fmin(60.0, fmax(-30.0, 10.0 * log10(signal / rest)));
}

/* A member of tests/golden/dsp/expected.json; the caller releases it. */
static inline json_t *golden_member(pt_test *t, const char *member) {
    json_error_t err;
    json_t *root = json_load_file(pt_test_golden_path("dsp/expected.json"), 0, &err);
    json_t *part = json_incref(json_object_get(root, member));
    CHECK(part != NULL);
    json_decref(root);
    return part;
}

/* `mine` must have the members of `theirs`, in their order; strings and integers equal, reals
 * within rel. */
static inline void check_json(pt_test *t, const char *path, json_t *mine, json_t *theirs,
                              double rel) {
    char inside[256];
    if (!pt_test_check(t, json_typeof(mine) == json_typeof(theirs), __FILE__, __LINE__,
                       "%s: another type", path))
        return;
    if (json_is_object(theirs)) {
        void *a = json_object_iter(mine), *b = json_object_iter(theirs);
        for (; a && b; a = json_object_iter_next(mine, a), b = json_object_iter_next(theirs, b)) {
            CHECK_STR(json_object_iter_key(a), json_object_iter_key(b));
            snprintf(inside, sizeof inside, "%.150s.%.60s", path, json_object_iter_key(b));
            check_json(t, inside, json_object_iter_value(a), json_object_iter_value(b), rel);
        }
        pt_test_check(t, !a && !b, __FILE__, __LINE__, "%s: other members", path);
    } else if (json_is_array(theirs)) {
        CHECK_INT(json_array_size(mine), json_array_size(theirs));
        for (size_t i = 0; i < json_array_size(mine) && i < json_array_size(theirs); i++) {
            snprintf(inside, sizeof inside, "%.200s[%zu]", path, i);
            check_json(t, inside, json_array_get(mine, i), json_array_get(theirs, i), rel);
        }
    } else if (json_is_string(theirs)) {
        CHECK_STR(json_string_value(mine), json_string_value(theirs));
    } else {
        const double v = json_number_value(theirs);
        pt_test_check(t, fabs(json_number_value(mine) - v) <= rel * fabs(v), __FILE__, __LINE__,
                      "%s: %.17g, expected %.17g", path, json_number_value(mine), v);
    }
}

/* The same for JSON text, which is freed. */
static inline void check_json_text(pt_test *t, const char *path, char *mine, json_t *theirs,
                                   double rel) {
    json_error_t err;
    json_t *root = mine ? json_loads(mine, JSON_REJECT_DUPLICATES, &err) : NULL;
    if (CHECK(root != NULL)) check_json(t, path, root, theirs, rel);
    json_decref(root);
    free(mine);
}

/* Uniform in (0, 1): SplitMix64 (Steele, Lea, Flood 2014), independent of src/base/rng.c. */
static inline double splitmix(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static inline float *gaussian_new(size_t n, double sigma, uint64_t seed) {
    float *x = stimulus_alloc(n);
    for (size_t i = 0; i < n; i++) {
        const double radius = sqrt(-2.0 * log(splitmix(&seed)));
        x[i] = (float)(sigma * radius * cos(2.0 * M_PI * splitmix(&seed)));
    }
    return x;
}

/* A chord of rising level, with noise. Peak about 0.7. */
static inline float *music_new(size_t n, uint32_t seed) {
    float *x = stimulus_alloc(n);
    const double f[] = {110.3, 277.1, 659.7, 1760.9, 5200.3};
    for (size_t k = 0; k < sizeof f / sizeof *f; k++)
        stimulus_add_sine(x, n, 1, 48000.0, f[k] * (1.0 + 0.01 * (seed % 7)), 0.2 / (double)(k + 1),
                          (double)(k + seed));
    stimulus_add_noise(x, n, 0.1, seed + 1);
    for (size_t i = 0; i < n; i++)
        x[i] *= (float)(0.6 + 0.4 * sin(2.0 * M_PI * 0.7 * (double)i / 48000.0));
    return x;
}

#endif /* PATINA_TEST_DEGRADE_FIXTURE_H */
