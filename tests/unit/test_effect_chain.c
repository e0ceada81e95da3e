/* SPDX-License-Identifier: MIT */
/* test_effect_chain.c - effect chains: drawing, JSON round trip, order, and purity */

#include <pthread.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "degrade_fixture.h"
#include "dsp/stats.h"

/* ---- drawing ---- */

static char *draw_chain_json(pt_test *t, const patina_effect_config *config, uint64_t seed,
                             const char *entry, uint32_t variant, patina_effect_order order,
                             size_t n_samples) {
    patina_effect_chain *chain = NULL;
    if (!CHECK_OK(patina_effect_chain_draw(config, seed, entry, variant, order, n_samples, &chain,
                                           &t->err)))
        return NULL;
    char *text = patina_effect_chain_to_json(chain);
    patina_effect_chain_close(&chain);
    return text;
}

/* Strings, integers and order equal, reals to 1e-9 (libm). */
TEST(effect_chain, draws_of_the_independent_implementation) {
    fixture b;
    json_t *cases = golden_member(t, "draws"), *one;
    size_t i;
    REQUIRE(fixture_open(t, &b));
    CHECK_INT(json_array_size(cases), 7);
    json_array_foreach(cases, i, one) {
        char *mine = draw_chain_json(
            t, b.config, (uint64_t)json_integer_value(json_object_get(one, "seed")),
            json_string_value(json_object_get(one, "entry")),
            (uint32_t)json_integer_value(json_object_get(one, "variant")),
            json_is_true(json_object_get(one, "shuffle")) ? PATINA_EFFECT_ORDER_RANDOM
                                                          : PATINA_EFFECT_ORDER_PHYSICAL,
            (size_t)json_integer_value(json_object_get(one, "n")));
        check_json_text(t, "chain", mine, json_object_get(one, "chain"), 1e-9);
    }
    fixture_close(&b);
    json_decref(cases);
}

static void count_effects(const patina_effect_chain *chain, size_t n_with[PT_EFFECT_COUNT]) {
    for (size_t s = 0; s < chain->n_stages; s++)
        for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
            n_with[e] += chain->stage[s].effect == pt_effects[e];
}

/* Whether k of n is within five standard deviations of a share p. */
static bool within_binomial_bounds(size_t k, size_t n, double p) {
    return fabs((double)k - p * (double)n) <= 5.0 * sqrt((double)n * p * (1.0 - p));
}

/* 5 % clean, each effect in half of the others; at the cap are rows without noise, clip and pops:
 * 0.05 + 0.95 / 8 = 16.9 %. */
TEST(effect_chain, shares_of_rows) {
    enum { ROWS = 20000 };
    fixture b;
    size_t n_clean = 0, n_pure = 0, n_all = 0, n_with[PT_EFFECT_COUNT] = {0};
    REQUIRE(fixture_open(t, &b));
    for (uint32_t v = 0; v < ROWS; v++) {
        patina_effect_chain *chain = NULL;
        REQUIRE_OK(patina_effect_chain_draw(b.config, 3, "shares", v, PATINA_EFFECT_ORDER_PHYSICAL,
                                            480000, &chain, &t->err));
        bool pure = true;
        for (size_t s = 0; s < chain->n_stages; s++)
            pure = pure && chain->stage[s].effect->effect_class == PT_EFFECT_FILTER;
        n_pure += pure;
        n_clean += chain->n_stages == 0;
        n_all += chain->n_stages == PT_EFFECT_COUNT;
        count_effects(chain, n_with);
        patina_effect_chain_close(&chain);
    }
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
        CHECK(within_binomial_bounds(n_with[e], ROWS, 0.95 / 2.0));
    CHECK(within_binomial_bounds(n_pure, ROWS, 0.05 + 0.95 / 8.0));
    CHECK(within_binomial_bounds(n_clean, ROWS,
                                 0.05 + 0.95 / 64.0)); /* drawn clean, or no effect drawn */
    CHECK(within_binomial_bounds(n_all, ROWS, 0.95 / 64.0));
    fixture_close(&b);
}

/* With weights of the number of effects, clean is not used, and probabilities are weights. */
TEST(effect_chain, counts_of_effects) {
    enum { ROWS = 20000 };
    patina_effect_config *config = NULL;
    size_t n_rows[PT_EFFECT_COUNT + 1] = {0}, n_with[PT_EFFECT_COUNT] = {0},
                                    n_single[PT_EFFECT_COUNT] = {0};
    REQUIRE_OK(patina_effect_config_open(
        "{\"clean\": 1, \"count\": {\"0\": 0.2, \"1\": 1, \"5\": 0.8},"
        " \"mud\": {\"probability\": 0}, \"noise\": {\"probability\": 1}}",
        &config, &t->err));
    for (uint32_t v = 0; v < ROWS; v++) {
        patina_effect_chain *chain = NULL;
        REQUIRE_OK(patina_effect_chain_draw(config, 3, "counts", v, PATINA_EFFECT_ORDER_PHYSICAL,
                                            480000, &chain, &t->err));
        n_rows[chain->n_stages]++;
        count_effects(chain, chain->n_stages == 1 ? n_single : n_with);
        patina_effect_chain_close(&chain);
    }
    CHECK(within_binomial_bounds(n_rows[0], ROWS, 0.1));
    CHECK(within_binomial_bounds(n_rows[1], ROWS, 0.5));
    CHECK(within_binomial_bounds(n_rows[5], ROWS, 0.4));
    CHECK_INT(n_rows[0] + n_rows[1] + n_rows[5], ROWS);
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        const bool is_mud = pt_effects[e] == &pt_effect_mud;
        CHECK_INT(n_with[e], is_mud ? 0 : n_rows[5]);
        CHECK(within_binomial_bounds(n_single[e], n_rows[1],
                                     is_mud                              ? 0.0
                                     : pt_effects[e] == &pt_effect_noise ? 1.0 / 3.0
                                                                         : 1.0 / 6.0));
    }
    patina_effect_config_close(&config);
}

/* Two of two effects are both, also if the sum of weights is rounded below their total. */
TEST(effect_chain, counts_draw_distinct_effects) {
    patina_effect_config *config = NULL;
    REQUIRE_OK(patina_effect_config_open(
        "{\"count\": {\"2\": 1}, \"comb\": {\"probability\": 0}, \"mud\": {\"probability\": 0},"
        " \"sibilance\": {\"probability\": 0}, \"noise\": {\"probability\": 0},"
        " \"clip\": {\"probability\": 0.001}}",
        &config, &t->err));
    for (uint32_t v = 0; v < 500; v++) {
        patina_effect_chain *chain = NULL;
        REQUIRE_OK(patina_effect_chain_draw(config, 1, "two", v, PATINA_EFFECT_ORDER_PHYSICAL,
                                            480000, &chain, &t->err));
        CHECK_INT(chain->n_stages, 2);
        CHECK(chain->stage[0].effect == &pt_effect_clip &&
              chain->stage[1].effect == &pt_effect_pops);
        patina_effect_chain_close(&chain);
    }
    patina_effect_config_close(&config);
}

/* Mean of a range: of the ends of a uniform range, of their logarithms otherwise. */
TEST(effect_chain, values_cover_their_ranges) {
    enum { ROWS = 6000 };
    patina_effect_config *config = NULL;
    size_t n_negative = 0, n_lowpass = 0, n_tanh = 0, n_boop = 0, n_up = 0, n_colour[3] = {0},
           n_taps[4] = {0};
    double snr = 0.0, fraction = 0.0, least = 1e9, most = 0.0;
    REQUIRE_OK(patina_effect_config_open(
        "{\"clean\": 0, \"comb\": {\"probability\": 1}, \"mud\": "
        "{\"probability\": 1}, \"sibilance\": {\"probability\": 1}, "
        "\"noise\": {\"probability\": 1}, \"clip\": {\"probability\": 1}, "
        "\"pops\": {\"probability\": 1}}",
        &config, &t->err));
    for (uint32_t v = 0; v < ROWS; v++) {
        patina_effect_chain *chain = NULL;
        REQUIRE_OK(patina_effect_chain_draw(config, 4, "ranges", v, PATINA_EFFECT_ORDER_PHYSICAL,
                                            480000, &chain, &t->err));
        REQUIRE(chain->n_stages == PT_EFFECT_COUNT);
        const pt_stage *stage = chain->stage; /* comb, mud, sibilance, noise, clip, pops */
        n_taps[stage[0].n_items]++;
        n_negative += stage[0].value[0][1] < 0.0;
        n_lowpass += stage[1].value[1][0] == 1.0;
        n_colour[(size_t)stage[3].value[0][0]]++;
        snr += stage[3].value[0][1] / ROWS;
        n_tanh += stage[4].value[0][0] == 1.0;
        fraction += log(stage[4].value[0][1]) / ROWS;
        n_boop += stage[5].value[0][0] == 1.0;
        n_up += stage[5].value[0][3] == 1.0;
        least = fmin(least, stage[5].value[0][1]);
        most = fmax(most, stage[5].value[0][1]);
        patina_effect_chain_close(&chain);
    }
    CHECK(within_binomial_bounds(n_taps[1], ROWS, 0.6) &&
          within_binomial_bounds(n_taps[2], ROWS, 0.25));
    CHECK(within_binomial_bounds(n_negative, ROWS, 0.25));
    CHECK(within_binomial_bounds(n_lowpass, ROWS, 0.7));
    for (size_t c = 0; c < 3; c++)
        CHECK(within_binomial_bounds(n_colour[c], ROWS, 1.0 / 3.0));
    CHECK(within_binomial_bounds(n_tanh, ROWS, 0.4));
    CHECK(within_binomial_bounds(n_boop, ROWS, 0.5));
    CHECK(within_binomial_bounds(n_up, ROWS, 0.5));
    /* Five standard errors of a uniform variable: range / sqrt(12 n). */
    CHECK_NEAR(snr, 20.0, 5.0 * 40.0 / sqrt(12.0 * ROWS));
    CHECK_NEAR(fraction, log(0.005 * 0.25) / 2.0, 5.0 * log(50.0) / sqrt(12.0 * ROWS));
    CHECK(least >= 0.0 && least < 48000.0 * 20.0 / ROWS);
    CHECK(most < 48000.0 && most > 48000.0 * (1.0 - 20.0 / ROWS));
    patina_effect_config_close(&config);
}

/* A stage does not depend on the other stages or on their order. */
TEST(effect_chain, draws_do_not_depend_on_each_other) {
    fixture b;
    patina_effect_config *all = NULL;
    REQUIRE(fixture_open(t, &b));
    REQUIRE_OK(patina_effect_config_open(
        "{\"clean\": 0, \"comb\": {\"probability\": 1}, \"mud\": "
        "{\"probability\": 1}, \"sibilance\": {\"probability\": 1}, "
        "\"noise\": {\"probability\": 1}, \"clip\": {\"probability\": 1}, "
        "\"pops\": {\"probability\": 1}}",
        &all, &t->err));
    size_t n_compared = 0;
    for (uint32_t v = 0; v < 100; v++) {
        patina_effect_chain *some = NULL, *every = NULL;
        REQUIRE_OK(patina_effect_chain_draw(b.config, 5, "e", v, PATINA_EFFECT_ORDER_RANDOM, 480000,
                                            &some, &t->err));
        REQUIRE_OK(patina_effect_chain_draw(all, 5, "e", v, PATINA_EFFECT_ORDER_PHYSICAL, 480000,
                                            &every, &t->err));
        for (size_t s = 0; s < some->n_stages; s++)
            for (size_t k = 0; k < every->n_stages; k++)
                if (some->stage[s].effect == every->stage[k].effect) {
                    n_compared++;
                    CHECK(memcmp(&some->stage[s], &every->stage[k], sizeof every->stage[k]) == 0);
                }
        patina_effect_chain_close(&some);
        patina_effect_chain_close(&every);
    }
    CHECK(n_compared > 200);
    patina_effect_config_close(&all);
    fixture_close(&b);
}

/* In a full random chain every effect has every position equally often. */
TEST(effect_chain, random_order_is_uniform) {
    enum { ROWS = 6000 };
    patina_effect_config *all = NULL;
    size_t n_at[PT_EFFECT_COUNT][PT_EFFECT_COUNT] = {{0}};
    REQUIRE_OK(patina_effect_config_open(
        "{\"clean\": 0, \"comb\": {\"probability\": 1}, \"mud\": "
        "{\"probability\": 1}, \"sibilance\": {\"probability\": 1}, "
        "\"noise\": {\"probability\": 1}, \"clip\": {\"probability\": 1}, "
        "\"pops\": {\"probability\": 1}}",
        &all, &t->err));
    for (uint32_t v = 0; v < ROWS; v++) {
        patina_effect_chain *chain = NULL;
        REQUIRE_OK(patina_effect_chain_draw(all, 6, "order", v, PATINA_EFFECT_ORDER_RANDOM, 480000,
                                            &chain, &t->err));
        for (size_t s = 0; s < chain->n_stages; s++)
            for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
                n_at[s][e] += chain->stage[s].effect == pt_effects[e];
        patina_effect_chain_close(&chain);
    }
    for (size_t s = 0; s < PT_EFFECT_COUNT; s++)
        for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
            CHECK(within_binomial_bounds(n_at[s][e], ROWS, 1.0 / PT_EFFECT_COUNT));
    patina_effect_config_close(&all);
}

TEST(effect_chain, pops_of_a_short_excerpt_start_inside_it) {
    fixture b;
    REQUIRE(fixture_open(t, &b));
    size_t n_pops = 0;
    for (uint32_t v = 0; v < 100; v++) {
        patina_effect_chain *chain = NULL;
        REQUIRE_OK(patina_effect_chain_draw(b.config, 1, "short", v, PATINA_EFFECT_ORDER_PHYSICAL,
                                            19200, &chain, &t->err));
        for (size_t s = 0; s < chain->n_stages; s++)
            if (chain->stage[s].effect == &pt_effect_pops) {
                CHECK(chain->stage[s].value[0][1] < 19200.0);
                n_pops++;
            }
        patina_effect_chain_close(&chain);
    }
    CHECK(n_pops > 20);
    fixture_close(&b);
}

TEST(effect_chain, seed_and_variant_limits) {
    fixture b;
    patina_effect_chain *chain = NULL;
    float x[2] = {0.1F, 0.2F}, y[2];
    REQUIRE(fixture_open(t, &b));
    CHECK_FAILS(patina_effect_chain_draw(b.config, (uint64_t)PATINA_SEED_MAX + 1, "a", 0,
                                         PATINA_EFFECT_ORDER_PHYSICAL, 48000, &chain, &t->err),
                PATINA_ERANGE);
    CHECK_FAILS(patina_effect_chain_draw(b.config, 1, "a", PT_VARIANT_MAX + 1,
                                         PATINA_EFFECT_ORDER_PHYSICAL, 48000, &chain, &t->err),
                PATINA_ERANGE);
    CHECK_FAILS(patina_effect_chain_draw(b.config, 1, "a", 0, PATINA_EFFECT_ORDER_PHYSICAL, 0,
                                         &chain, &t->err),
                PATINA_ERANGE);
    CHECK_FAILS(patina_effect_chain_draw(b.config, 1, "a", 0, PATINA_EFFECT_ORDER_PHYSICAL, 480001,
                                         &chain, &t->err),
                PATINA_ERANGE);
    CHECK(chain == NULL);
    REQUIRE_OK(patina_effect_chain_draw(b.config, PATINA_SEED_MAX, "a", PT_VARIANT_MAX,
                                        PATINA_EFFECT_ORDER_PHYSICAL, 480000, &chain, &t->err));
    CHECK_FAILS(
        patina_effect_chain_apply(b.config, chain, 1, "a", 0, x, 0, y, NULL, &b.arena, &t->err),
        PATINA_ERANGE);
    CHECK_FAILS(patina_effect_chain_apply(b.config, chain, 1, "a", 0, x, 480001, y, NULL, &b.arena,
                                          &t->err),
                PATINA_ERANGE);
    CHECK_FAILS(patina_effect_chain_apply(b.config, chain, 1, "a", PT_VARIANT_MAX + 1, x, 2, y,
                                          NULL, &b.arena, &t->err),
                PATINA_ERANGE);
    patina_effect_chain_close(&chain);
    fixture_close(&b);
}

/* ---- recipes ---- */

/* Draw, print, parse, apply: the same text and bit-identical audio, in both orders. */
TEST(effect_chain, replays_bit_for_bit) {
    enum { N = 60000 };
    fixture b;
    float *x = music_new(N, 3), *y = stimulus_alloc(N), *z = stimulus_alloc(N);
    REQUIRE(fixture_open(t, &b));
    for (uint32_t v = 0; v < 120; v++) {
        patina_effect_chain *chain = NULL, *again = NULL;
        patina_degrade_stats of_y, of_z;
        memset(&of_y, 0, sizeof of_y), memset(&of_z, 0, sizeof of_z);
        REQUIRE_OK(patina_effect_chain_draw(
            b.config, 7, "replay", v,
            v % 2 ? PATINA_EFFECT_ORDER_RANDOM : PATINA_EFFECT_ORDER_PHYSICAL, N, &chain, &t->err));
        char *text = patina_effect_chain_to_json(chain);
        REQUIRE_OK(patina_effect_chain_from_json(text, &again, &t->err));
        char *text_again = patina_effect_chain_to_json(again);
        CHECK_STR(text_again, text);
        CHECK(strchr(text, '\n') == NULL);
        pt_arena_reset(&b.arena);
        REQUIRE_OK(patina_effect_chain_apply(b.config, chain, 7, "replay", v, x, N, y, &of_y,
                                             &b.arena, &t->err));
        REQUIRE_OK(patina_effect_chain_apply(b.config, again, 7, "replay", v, x, N, z, &of_z,
                                             &b.arena, &t->err));
        CHECK(memcmp(y, z, N * sizeof *y) == 0);
        CHECK(of_y.signal_power == of_z.signal_power && of_y.rest_power == of_z.rest_power);
        char *stages = patina_degrade_stats_to_json(&of_y),
             *stages_again = patina_degrade_stats_to_json(&of_z);
        CHECK_STR(stages, stages_again);
        free(stages);
        free(stages_again);
        free(text);
        free(text_again);
        patina_effect_chain_close(&chain);
        patina_effect_chain_close(&again);
    }
    fixture_close(&b);
    free(x);
    free(y);
    free(z);
}

#define CHAIN_JSON                                                                                 \
    "[{\"fx\": \"comb\", \"taps\": [{\"delay\": 240, \"gain\": 0.90000000000000002}, "             \
    "{\"delay\": 53, \"gain\": -0.5}]}, "                                                          \
    "{\"fx\": \"mud\", \"bands\": [{\"kind\": \"peak\", \"f0\": 300.0, \"q\": "                    \
    "0.80000000000000004, \"gain_db\": 12.0}, {\"kind\": \"lowpass\", \"f0\": 3000.0, \"q\": "     \
    "0.70710678118654757}]}, "                                                                     \
    "{\"fx\": \"noise\", \"colour\": \"brown\", \"snr_db\": 15.0}, "                               \
    "{\"fx\": \"clip\", \"kind\": \"tanh\", \"fraction\": 0.050000000000000003}, "                 \
    "{\"fx\": \"pops\", \"shape\": \"boop\", \"offset\": 100, \"level_db\": -6.0, \"polarity\": "  \
    "-1, \"width\": 960, \"freq\": 220.0}, "                                                       \
    "{\"fx\": \"pops\", \"shape\": \"click\", \"offset\": 0, \"level_db\": 3.0, \"polarity\": 1, " \
    "\"width\": 1}]"

TEST(effect_chain, json_form) {
    /* The drive of soft clipping was added later: 1 if a recipe has none. */
    static const char two_clips[] =
        "[{\"fx\": \"clip\", \"kind\": \"tanh\", \"fraction\": 0.5, \"drive\": 5.5}, "
        "{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 0.5}]";
    const char *const recipes[] = {CHAIN_JSON, "[]", two_clips};
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        patina_effect_chain *chain = NULL;
        REQUIRE_OK(patina_effect_chain_from_json(recipes[i], &chain, &t->err));
        char *text = patina_effect_chain_to_json(chain);
        CHECK_STR(text, recipes[i]);
        free(text);
        patina_effect_chain_close(&chain);
    }
}

/* Recipes rewritten by other programs: another order, 240.0 for 240, 12 for 12.0, additional
 * members. */
TEST(effect_chain, equivalent_json) {
    patina_effect_chain *chain = NULL;
    REQUIRE_OK(patina_effect_chain_from_json(
        "[{\"threshold\": 0.3, \"fraction\": 0.25, \"kind\": \"hard\", "
        "\"fx\": \"clip\", \"note\": [1, {}]},\n"
        " {\"fx\": \"comb\", \"taps\": [{\"gain\": 1, \"delay\": 2.4e2}]}]",
        &chain, &t->err));
    char *text = patina_effect_chain_to_json(chain);
    CHECK_STR(text,
              "[{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 0.25}, {\"fx\": \"comb\", "
              "\"taps\": [{\"delay\": 240, \"gain\": 1.0}]}]");
    free(text);
    patina_effect_chain_close(&chain);
}

static const struct {
    const char *json;
    char says[64], says_too[64]; /* parts of the message */
} faults[] = {
    {"", "chain: line 1", ""},
    {"[{\"fx\": \"clip\"", "chain: line 1", ""},
    {"{}", "an array of at most 16 stages", ""},
    {"[{}]", "stage 0: member 'fx'", "comb, mud, sibilance, noise, clip, pops), not nothing"},
    {"[7]", "stage 0: member 'fx'", ""},
    {"[{\"fx\": \"reverb\"}]", "stage 0: member 'fx'", "not \"reverb\""},
    {"[{\"fx\": 5}]", "stage 0: member 'fx'", "not 5"},
    {"[{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 0.1}, {\"fx\": \"clip\"}]",
     "stage 1 ('clip'): member 'kind'", "'hard' or 'tanh', not nothing"},
    {"[{\"fx\": \"clip\", \"kind\": \"soft\", \"fraction\": 0.1}]", "member 'kind'",
     "not \"soft\""},
    {"[{\"fx\": \"clip\", \"kind\": 1, \"fraction\": 0.1}]", "member 'kind'", "not 1"},
    {"[{\"fx\": \"clip\", \"kind\": \"hard\"}]", "member 'fraction'", "not nothing"},
    {"[{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 1}]", "member 'fraction'",
     "a number from 1e-06 to 0.999, not 1"},
    {"[{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 0}]", "member 'fraction'", ""},
    {"[{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": true}]", "member 'fraction'", ""},
    {"[{\"fx\": \"clip\", \"kind\": \"tanh\", \"fraction\": 0.1, \"drive\": 0}]", "member 'drive'",
     "a number from 0.01 to 100, not 0"},
    {"[{\"fx\": \"noise\", \"colour\": \"blue\", \"snr_db\": 1}]", "member 'colour'",
     "'white', 'pink' or 'brown'"},
    {"[{\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 1e9}]", "member 'snr_db'", ""},
    {"[{\"fx\": \"comb\"}]", "stage 0 ('comb'): member 'taps'", "1 to 16 objects"},
    {"[{\"fx\": \"comb\", \"taps\": []}]", "member 'taps'", "1 to 16 objects"},
    {"[{\"fx\": \"comb\", \"taps\": {}}]", "member 'taps'", "1 to 16 objects"},
    {"[{\"fx\": \"comb\", \"taps\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}]", "member 'taps'",
     "1 to 16 objects"},
    {"[{\"fx\": \"comb\", \"taps\": [3]}]", "taps[0]: member 'delay'", "not nothing"},
    {"[{\"fx\": \"comb\", \"taps\": [{\"delay\": 1, \"gain\": 1}, {\"delay\": 0, \"gain\": 1}]}]",
     "stage 0 ('comb'): taps[1]: member 'delay'", "an integer from 1 to 480000, not 0"},
    {"[{\"fx\": \"comb\", \"taps\": [{\"delay\": 1.5, \"gain\": 1}]}]", "member 'delay'",
     "not 1.5"},
    {"[{\"fx\": \"comb\", \"taps\": [{\"delay\": -3, \"gain\": 1}]}]", "member 'delay'", ""},
    {"[{\"fx\": \"comb\", \"taps\": [{\"delay\": 1e300, \"gain\": 1}]}]", "member 'delay'", ""},
    {"[{\"fx\": \"comb\", \"taps\": [{\"delay\": 9, \"gain\": 11}]}]", "member 'gain'", ""},
    {"[{\"fx\": \"mud\", \"bands\": [{\"kind\": \"peak\", \"f0\": 300, \"q\": 1}]}]",
     "bands[0]: member 'gain_db'", "not nothing"},
    {"[{\"fx\": \"mud\", \"bands\": [{\"kind\": \"lowpass\", \"f0\": 24000, \"q\": 1}]}]",
     "member 'f0'", "from 1 to 23999"},
    {"[{\"fx\": \"mud\", \"bands\": [{\"kind\": \"lowpass\", \"f0\": 0, \"q\": 1}]}]",
     "member 'f0'", ""},
    {"[{\"fx\": \"mud\", \"bands\": [{\"kind\": \"lowpass\", \"f0\": 500, \"q\": 0}]}]",
     "member 'q'", ""},
    {"[{\"fx\": \"pops\", \"shape\": \"click\", \"offset\": -1, \"level_db\": 0, \"polarity\": 1, "
     "\"width\": 5}]",
     "member 'offset'", ""},
    {"[{\"fx\": \"pops\", \"shape\": \"click\", \"offset\": 1, \"level_db\": 0, \"polarity\": 0, "
     "\"width\": 5}]",
     "member 'polarity'", "1 or -1, not 0"},
    {"[{\"fx\": \"pops\", \"shape\": \"click\", \"offset\": 1, \"level_db\": 0, \"polarity\": 1, "
     "\"width\": 0}]",
     "member 'width'", ""},
    {"[{\"fx\": \"pops\", \"shape\": \"boop\", \"offset\": 1, \"level_db\": 0, \"polarity\": 1, "
     "\"width\": 5}]",
     "member 'freq'", "not nothing"},
};

TEST(effect_chain, recipe_errors) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        patina_effect_chain *chain = NULL;
        CHECK_FAILS(patina_effect_chain_from_json(faults[i].json, &chain, &t->err), PATINA_EFORMAT);
        CHECK(chain == NULL);
        CHECK_CONTAINS(t->err.message, faults[i].says);
        CHECK_CONTAINS(t->err.message, faults[i].says_too);
    }
}

TEST(effect_chain, at_most_sixteen_stages) {
    for (int n = 16; n <= 17; n++) {
        patina_effect_chain *chain = NULL;
        pt_strbuf json = {0};
        for (int s = 0; s < n; s++)
            pt_strbuf_printf(&json, "%s{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 0.1}",
                             s ? ", " : "[");
        pt_strbuf_append(&json, "]");
        if (n == 16)
            CHECK_OK(patina_effect_chain_from_json(json.text, &chain, &t->err));
        else
            CHECK_FAILS(patina_effect_chain_from_json(json.text, &chain, &t->err), PATINA_EFORMAT);
        patina_effect_chain_close(&chain);
        pt_strbuf_release(&json);
    }
}

/* ---- applying ---- */

/* DEFINITIONS 6.1: degraded = signal + noise + distortion; the powers are those of the parts. */
TEST(effect_chain, stems_sum_to_the_output) {
    enum { N = 60000 };
    fixture b;
    float *x = music_new(N, 8), *y = stimulus_alloc(N);
    REQUIRE(fixture_open(t, &b));
    for (uint32_t v = 0; v < 60; v++) {
        patina_effect_chain *chain = NULL;
        pt_stems stems;
        patina_degrade_stats damage, of_y;
        const pt_rng noise = pt_rng_make(9, "parts", v, PT_RNG_STREAM_NOISE_SAMPLES);
        REQUIRE_OK(patina_effect_chain_draw(b.config, 9, "parts", v, PATINA_EFFECT_ORDER_RANDOM, N,
                                            &chain, &t->err));
        pt_arena_reset(&b.arena);
        REQUIRE_OK(patina_effect_chain_apply(b.config, chain, 9, "parts", v, x, N, y, &of_y,
                                             &b.arena, &t->err));
        REQUIRE_OK(pt_effect_chain_render_stems(b.config, chain, &noise, x, N, &stems, &damage,
                                                &b.arena, &t->err));
        double worst = 0.0, written = 0.0, peak = 0.0;
        for (size_t i = 0; i < N; i++) {
            const double rest = (stems.noise ? (double)stems.noise[i] : 0.0) +
                                (stems.distortion ? (double)stems.distortion[i] : 0.0);
            const double d = (double)stems.degraded[i];
            worst = fmax(worst, fabs(d - (double)stems.signal[i] - rest));
            written = fmax(written, fabs((double)y[i] - of_y.output_gain * d));
            peak = fmax(peak, fabs(d));
        }
        CHECK_NEAR(worst, 0.0, 4e-7 * peak); /* some roundings to float; the limit is 1e-6 */
        CHECK_NEAR(written, 0.0, 6e-8);      /* rounded to float after the output gain */
        CHECK(stimulus_peak(y, N) <= 0.999F);
        /* The stems have their gains applied, and so another rounding, which is independent of
         * them; that of a gain is not: 6e-8 each, squared. */
        const double g2 = of_y.output_gain * of_y.output_gain, error = 4e-7;
        const double signal = g2 * pt_stats_power(stems.signal, N);
        const double of_noise = stems.noise ? g2 * pt_stats_power(stems.noise, N) : 0.0;
        const double distortion = stems.distortion ? g2 * pt_stats_power(stems.distortion, N) : 0.0;
        CHECK_NEAR(of_y.signal_power, signal, error * signal);
        CHECK_NEAR(of_y.noise_power, of_noise, error * of_noise);
        CHECK_NEAR(of_y.distortion_power, distortion, error * distortion);
        if (stems.noise && stems.distortion) {
            for (size_t i = 0; i < N; i++)
                stems.noise[i] += stems.distortion[i];
            const double rest = g2 * pt_stats_power(stems.noise, N);
            CHECK_NEAR(of_y.rest_power, rest, error * rest);
        } else {
            CHECK_NEAR(of_y.rest_power, of_y.noise_power + of_y.distortion_power, 0.0);
        }
        patina_effect_chain_close(&chain);
    }
    fixture_close(&b);
    free(x);
    free(y);
}

/* Bussgang decomposition: the distortion of a clip does not correlate with its input. */
TEST(effect_chain, distortion_is_uncorrelated) {
    enum { N = 48000 };
    fixture b;
    float *x = music_new(N, 9);
    const char *const kinds[] = {"hard", "tanh"};
    REQUIRE(fixture_open(t, &b));
    for (size_t k = 0; k < 2; k++) {
        char json[256];
        pt_stems stems;
        patina_degrade_stats damage;
        snprintf(json, sizeof json, "[{\"fx\": \"clip\", \"kind\": \"%s\", \"fraction\": 0.1}]",
                 kinds[k]);
        REQUIRE_OK(fixture_render_stems(&b, json, x, N, &stems, &damage, &t->err));
        const double power = pt_stats_power(stems.signal, N);
        CHECK(pt_stats_power(stems.distortion, N) > 1e-3 * power);
        pt_comoments comoments = {0};
        pt_comoments_add(&comoments, stems.distortion, stems.signal, N);
        CHECK_NEAR(pt_comoments_covariance(&comoments) / power, 0.0, 6e-8); /* of the gain */
    }
    fixture_close(&b);
    free(x);
}

/* Equalisers and comb leave a row at the cap: noise and distortion are exactly 0. */
TEST(effect_chain, filters_do_not_lower_purity) {
    enum { N = 20000 };
    fixture b;
    float *x = music_new(N, 10), *y = stimulus_alloc(N);
    patina_degrade_stats damage;
    REQUIRE(fixture_open(t, &b));
    REQUIRE_OK(fixture_apply(
        &b,
        "[{\"fx\": \"comb\", \"taps\": [{\"delay\": 99, \"gain\": 0.9}]}, {\"fx\": \"mud\", "
        "\"bands\": [{\"kind\": \"peak\", \"f0\": 300, \"q\": 1, \"gain_db\": 18}]}]",
        x, N, y, &damage, &t->err));
    CHECK_NEAR(damage.rest_power, 0.0, 0.0);
    CHECK_NEAR(damage.signal_power, pt_stats_power(y, N), 1e-7 * damage.signal_power);
    CHECK_NEAR(ratio_db(damage.signal_power, damage.rest_power), 60.0, 0.0);
    fixture_close(&b);
    free(x);
    free(y);
}

/* ---- blind estimate of purity ---- */

enum { TAPS = 1024 };

/* Solves R w = p in place, R [TAPS, TAPS] symmetric and positive definite: p becomes w. */
static void solve_cholesky(double *R, double *p) {
    for (size_t i = 0; i < TAPS; i++)
        for (size_t j = 0; j <= i; j++) { /* Cholesky: R becomes L, R = L L' */
            double sum = R[i * TAPS + j];
            for (size_t k = 0; k < j; k++)
                sum -= R[i * TAPS + k] * R[j * TAPS + k];
            R[i * TAPS + j] = i == j ? sqrt(sum) : sum / R[j * TAPS + j];
        }
    for (size_t i = 0; i < TAPS; i++) {
        for (size_t k = 0; k < i; k++)
            p[i] -= R[i * TAPS + k] * p[k];
        p[i] /= R[i * TAPS + i];
    }
    for (size_t i = TAPS; i-- > 0;) {
        for (size_t k = i + 1; k < TAPS; k++)
            p[i] -= R[k * TAPS + i] * p[k];
        p[i] /= R[i * TAPS + i];
    }
}

static double correlation_at_lag(const float *x, const float *y, size_t n, size_t lag) {
    double lane[4] = {0};
    for (size_t i = lag; i < n; i++)
        lane[i % 4] += (double)x[i - lag] * (double)y[i];
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/* DEFINITIONS 6.3: d projected on the span of x delayed by 0 .. 1023 samples (covariance method),
 * projection over residual in dB. It uses x and d only, not the chain. */
static double blind_purity_db(const float *x, const float *d, size_t n) {
    double *R = malloc(sizeof *R * TAPS * TAPS), *p = malloc(sizeof *p * TAPS);
    double projection = 0.0, residual = 0.0;
    if (!R || !p) exit(2);
    for (size_t j = 0; j < TAPS; j++) {
        R[j] = R[j * TAPS] = correlation_at_lag(x, x, n, j);
        p[j] = correlation_at_lag(x, d, n, j);
    }
    /* sum over m < n of x[m-i] x[m-j], x before 0 is 0 */
    for (size_t i = 1; i < TAPS; i++)
        for (size_t j = i; j < TAPS; j++)
            R[i * TAPS + j] = R[j * TAPS + i] =
                R[(i - 1) * TAPS + j - 1] - (double)x[n - i] * (double)x[n - j];
    solve_cholesky(R, p);
    for (size_t m = 0; m < n; m++) {
        double y = 0.0;
        for (size_t i = 0; i < TAPS && i <= m; i++)
            y += p[i] * (double)x[m - i];
        projection += y * y;
        residual += (d[m] - y) * (d[m] - y);
    }
    free(R);
    free(p);
    return 10.0 * log10(projection / residual);
}

#define ROOM                                                                                       \
    "{\"fx\": \"comb\", \"taps\": [{\"delay\": 480, \"gain\": -0.9}]}, {\"fx\": \"mud\", "         \
    "\"bands\": "                                                                                  \
    "[{\"kind\": \"peak\", \"f0\": 300, \"q\": 1.4, \"gain_db\": 15}, {\"kind\": \"lowpass\", "    \
    "\"f0\": 5000, \"q\": 0.70710678118654757}]}"

static const struct {
    const char *json;
    double under, over; /* allowed difference of the blind estimate, dB */
} blind_cases[] = {
    {"[" ROOM ", {\"fx\": \"noise\", \"colour\": \"white\", \"snr_db\": 30}]", 0.1, 0.1},
    {"[{\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 15}, " ROOM
     ", {\"fx\": \"pops\", \"shape\": \"boop\", \"offset\": 4000, \"level_db\": -6, \"polarity\": "
     "1, "
     "\"width\": 900, \"freq\": 400}]",
     0.1, 0.1},
    {"[" ROOM ", {\"fx\": \"noise\", \"colour\": \"brown\", \"snr_db\": 25}, {\"fx\": \"clip\", "
     "\"kind\": \"hard\", \"fraction\": 0.05}]",
     0.2, 3.2},
};

TEST(effect_chain, purity_agrees_with_a_blind_estimate) {
    enum { N = 192000 };
    fixture b;
    float *x = music_new(N, 12), *y = stimulus_alloc(N);
    REQUIRE(fixture_open(t, &b));
    for (size_t c = 0; c < sizeof blind_cases / sizeof *blind_cases; c++) {
        patina_degrade_stats damage;
        REQUIRE_OK(fixture_apply(&b, blind_cases[c].json, x, N, y, &damage, &t->err));
        const double purity = ratio_db(damage.signal_power, damage.rest_power);
        const double blind = blind_purity_db(x, y, N);
        CHECK_NEAR(blind, purity + 0.5 * (blind_cases[c].over - blind_cases[c].under),
                   0.5 * (blind_cases[c].over + blind_cases[c].under));
    }
    fixture_close(&b);
    free(x);
    free(y);
}

TEST(effect_chain, clean_rows) {
    fixture b;
    float x[4] = {0.5F, -0.25F, 1e-30F, 0.998F}, y[4];
    patina_degrade_stats damage;
    REQUIRE(fixture_open(t, &b));
    REQUIRE_OK(fixture_apply(&b, "[]", x, 4, y, &damage, &t->err));
    CHECK(memcmp(x, y, sizeof x) == 0);
    CHECK_NEAR(damage.output_gain, 1.0, 0.0);
    char *stages = patina_degrade_stats_to_json(&damage);
    CHECK_STR(stages, "[]");
    free(stages);
    /* Only the output gain limits peaks over full scale. */
    x[3] = -2.0F;
    REQUIRE_OK(fixture_apply(&b, "[]", x, 4, y, &damage, &t->err));
    CHECK_NEAR(damage.output_gain, 0.4995, 1e-15);
    CHECK_NEAR(y[0], 0.24975, 1e-8);
    CHECK_NEAR(y[3], -0.999, 1e-7);
    CHECK_NEAR(damage.signal_power, pt_stats_power(y, 4), 1e-7);
    fixture_close(&b);
}

TEST(effect_chain, scratch_is_released) {
    fixture b;
    float *x = music_new(1000, 13), *y = stimulus_alloc(1000);
    patina_effect_chain *chain = NULL;
    REQUIRE(fixture_open(t, &b));
    REQUIRE_OK(patina_effect_chain_from_json(
        "[{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 0.1}]", &chain, &t->err));
    unsigned char *mine = pt_arena_alloc(&b.arena, 1000);
    REQUIRE(mine);
    memset(mine, 0xA5, 1000);
    const pt_arena_marker before = pt_arena_mark(&b.arena);
    CHECK_OK(
        patina_effect_chain_apply(b.config, chain, 1, "a", 0, x, 1000, y, NULL, &b.arena, &t->err));
    const pt_arena_marker after = pt_arena_mark(&b.arena);
    CHECK(before.block == after.block && before.used == after.used);
    for (size_t i = 0; i < 1000; i++)
        CHECK(mine[i] == 0xA5);
    patina_effect_chain_close(&chain);
    fixture_close(&b);
    free(x);
    free(y);
}

#define ALL_EFFECTS_JSON                                                                           \
    "[{\"fx\": \"comb\", \"taps\": [{\"delay\": 3, \"gain\": 0.5}]}, {\"fx\": \"mud\", "           \
    "\"bands\": [{\"kind\": \"lowpass\", \"f0\": 3000, \"q\": 1}]}, {\"fx\": \"noise\", "          \
    "\"colour\": \"%s\", \"snr_db\": 10}, {\"fx\": \"clip\", \"kind\": \"%s\", \"fraction\": "     \
    "0.1}, {\"fx\": \"pops\", \"shape\": \"boop\", \"offset\": 0, \"level_db\": 0, "               \
    "\"polarity\": 1, \"width\": 960, \"freq\": 220}]"

/* Silent, constant and single-sample excerpts are rejected earlier, but none of them may produce a
 * NaN. */
TEST(effect_chain, degenerate_excerpts) {
    const char *const colours[] = {"white", "pink", "brown"};
    const char *const kinds[] = {"hard", "tanh"};
    fixture b;
    float x[64], y[64];
    REQUIRE(fixture_open(t, &b));
    for (size_t c = 0; c < 3; c++)
        for (size_t k = 0; k < 2; k++)
            for (size_t n = 1; n <= 64; n += 21)
                for (int what = 0; what < 4; what++) {
                    char json[512];
                    patina_degrade_stats damage;
                    for (size_t i = 0; i < n; i++)
                        x[i] = what == 0   ? 0.0F
                               : what == 1 ? 0.25F
                               : what == 2 ? 1e-42F /* a denormal */
                                           : (i % 2 ? 3e38F : -3e38F);
                    snprintf(json, sizeof json, ALL_EFFECTS_JSON, colours[c], kinds[k]);
                    REQUIRE_OK(fixture_apply(&b, json, x, n, y, &damage, &t->err));
                    CHECK(pt_stats_all_finite(y, n));
                    CHECK(isfinite(damage.signal_power) && isfinite(damage.rest_power));
                    CHECK(isfinite(damage.stage[3].threshold) &&
                          isfinite(damage.stage[3].bussgang_gain));
                    if (what == 0) CHECK(stimulus_peak(y, n) == 0.0F);
                }
    fixture_close(&b);
}

TEST(effect_chain, nonfinite_samples_are_rejected) {
    fixture b;
    float x[3] = {0.1F, 0.2F, 0.3F}, y[3] = {7.0F, 7.0F, 7.0F};
    pt_strbuf json = {0};
    REQUIRE(fixture_open(t, &b));
    x[1] = NAN;
    CHECK_FAILS(fixture_apply(&b, "[]", x, 3, y, NULL, &t->err), PATINA_REJECT_NONFINITE);
    x[1] = -INFINITY;
    CHECK_FAILS(fixture_apply(&b, "[]", x, 3, y, NULL, &t->err), PATINA_REJECT_NONFINITE);
    CHECK_NEAR(y[0] + y[1] + y[2], 21.0, 0.0); /* untouched */

    /* 240 boosts by 60 dB are 14400 dB: infinities, which the clip converts to NaN. */
    x[1] = 0.2F;
    for (int clipped = 0; clipped <= 1; clipped++) {
        pt_strbuf_clear(&json);
        for (int s = 0; s < 15; s++) {
            pt_strbuf_append(&json, s ? ", " : "[");
            pt_strbuf_append(&json, "{\"fx\": \"mud\", \"bands\": [");
            for (int k = 0; k < 16; k++)
                pt_strbuf_printf(
                    &json, "%s{\"kind\": \"highshelf\", \"f0\": 1, \"q\": 1, \"gain_db\": 60}",
                    k ? ", " : "");
            pt_strbuf_append(&json, "]}");
        }
        if (clipped)
            pt_strbuf_append(&json, ", {\"fx\": \"clip\", \"kind\": \"tanh\", \"fraction\": 0.1}");
        pt_strbuf_append(&json, "]");
        CHECK_FAILS(fixture_apply(&b, json.text, x, 3, y, NULL, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "overflow");
    }
    pt_strbuf_release(&json);
    fixture_close(&b);
}

/* ---- threads and denormal modes ---- */

typedef struct job {
    const patina_effect_config *config;
    const float *x;
    float *y; /* [n_rows, n] */
    size_t n, n_rows;
    unsigned modes; /* MXCSR before and after */
    bool failed;
} job;

static void *work(void *context) {
    job *j = context;
    pt_arena arena;
    pt_arena_init(&arena);
    for (size_t r = 0; r < j->n_rows && !j->failed; r++) {
        patina_effect_chain *chain = NULL;
        j->failed =
            patina_effect_chain_draw(j->config, 1, "thread", (uint32_t)r,
                                     PATINA_EFFECT_ORDER_RANDOM, j->n, &chain, NULL) != PATINA_OK ||
            patina_effect_chain_apply(j->config, chain, 1, "thread", (uint32_t)r, j->x, j->n,
                                      j->y + r * j->n, NULL, &arena, NULL) != PATINA_OK;
        patina_effect_chain_close(&chain);
        pt_arena_reset(&arena);
    }
    pt_arena_release(&arena);
    return NULL;
}

TEST(effect_chain, threads_share_a_configuration) {
    enum { N = 30000, ROWS = 12, THREADS = 4 };
    fixture b;
    job jobs[THREADS];
    pthread_t thread[THREADS];
    float *x = music_new(N, 11);
    REQUIRE(fixture_open(t, &b));
    for (size_t k = 0; k < THREADS; k++) {
        jobs[k] = (job){
            .config = b.config, .x = x, .y = stimulus_alloc(N * ROWS), .n = N, .n_rows = ROWS};
        REQUIRE(pthread_create(&thread[k], NULL, work, &jobs[k]) == 0);
    }
    for (size_t k = 0; k < THREADS; k++) {
        pthread_join(thread[k], NULL);
        CHECK(!jobs[k].failed);
        CHECK(memcmp(jobs[0].y, jobs[k].y, N * ROWS * sizeof *x) == 0);
    }
    for (size_t k = 0; k < THREADS; k++)
        free(jobs[k].y);
    fixture_close(&b);
    free(x);
}

#if defined(__x86_64__)
#include <xmmintrin.h>

/* Bit-identical for any denormal mode of the caller, whose mode is restored. */
TEST(effect_chain, denormal_modes_do_not_matter) {
    enum { N = 5000 };
    fixture b;
    float *x = stimulus_alloc(N), *y = stimulus_alloc(N), *z = stimulus_alloc(N);
    const char *json =
        "[{\"fx\": \"mud\", \"bands\": [{\"kind\": \"lowpass\", \"f0\": 3000, "
        "\"q\": 0.7}]}, {\"fx\": \"comb\", \"taps\": [{\"delay\": 3, \"gain\": 0.5}]}]";
    x[0] = 1e-37F; /* decays to denormal floats */
    REQUIRE(fixture_open(t, &b));
    const unsigned before = _mm_getcsr() & ~0x8040U;
    _mm_setcsr(before);
    CHECK_OK(fixture_apply(&b, json, x, N, y, NULL, &t->err));
    CHECK_INT(_mm_getcsr() & 0x8040U, 0);
    _mm_setcsr(before | 0x8040U);
    CHECK_OK(fixture_apply(&b, json, x, N, z, NULL, &t->err));
    CHECK_INT(_mm_getcsr() & 0x8040U, 0x8040U);
    _mm_setcsr(before);
    CHECK(memcmp(y, z, N * sizeof *y) == 0);
    fixture_close(&b);
    free(x);
    free(y);
    free(z);
}
#endif
