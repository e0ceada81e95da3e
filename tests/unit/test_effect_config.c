/* SPDX-License-Identifier: MIT */
/* test_effect_config.c - effect configurations: JSON round trip, draws within ranges, rejected
 * input */

#include <locale.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "degrade_fixture.h"

static char *config_to_json(pt_test *t, const char *json) {
    patina_effect_config *config = NULL;
    if (!CHECK_OK(patina_effect_config_open(json, &config, &t->err))) return NULL;
    char *text = patina_effect_config_to_json(config);
    patina_effect_config_close(&config);
    CHECK(text != NULL);
    return text;
}

/* The chain that a configuration draws for one row, as text. */
static char *draw_chain_json(pt_test *t, const patina_effect_config *config, uint32_t variant) {
    patina_effect_chain *chain = NULL;
    if (!CHECK_OK(patina_effect_chain_draw(config, 11, "entry", variant, PATINA_EFFECT_ORDER_RANDOM,
                                           480000, &chain, &t->err)))
        return NULL;
    char *text = patina_effect_chain_to_json(chain);
    patina_effect_chain_close(&chain);
    return text;
}

TEST(effect_config, prints_the_defaults_of_the_definitions) {
    char *text = config_to_json(t, NULL);
    REQUIRE(text);
    CHECK_STR(text, "{\n"
                    "  \"clean\": 0.05,\n"
                    "  \"count\": null,\n"
                    "  \"comb\": {\n"
                    "    \"probability\": 0.5,\n"
                    "    \"taps\": {\"1\": 0.6, \"2\": 0.25, \"3\": 0.15},\n"
                    "    \"delay_ms\": [1, 10],\n"
                    "    \"size\": [0.5, 0.95],\n"
                    "    \"positive\": 0.75\n"
                    "  },\n"
                    "  \"mud\": {\n"
                    "    \"probability\": 0.5,\n"
                    "    \"boost_hz\": [200, 500],\n"
                    "    \"boost_db\": [6, 18],\n"
                    "    \"boost_q\": [0.5, 1.5],\n"
                    "    \"roll_off\": {\"lowpass\": 0.7, \"highshelf\": 0.3},\n"
                    "    \"lowpass_hz\": [2000, 8000],\n"
                    "    \"highshelf_hz\": [2000, 6000],\n"
                    "    \"highshelf_cut_db\": [9, 24]\n"
                    "  },\n"
                    "  \"sibilance\": {\n"
                    "    \"probability\": 0.5,\n"
                    "    \"bands\": {\"1\": 0.5, \"2\": 0.3, \"3\": 0.2},\n"
                    "    \"f0_hz\": [5000, 8000],\n"
                    "    \"q\": [4, 12],\n"
                    "    \"first_db\": [6, 18],\n"
                    "    \"other_db\": [3, 9]\n"
                    "  },\n"
                    "  \"noise\": {\n"
                    "    \"probability\": 0.5,\n"
                    "    \"colour\": {\"white\": 0.3333333333333333, \"pink\": "
                    "0.3333333333333333, \"brown\": 0.3333333333333333},\n"
                    "    \"snr_db\": [0, 40]\n"
                    "  },\n"
                    "  \"clip\": {\n"
                    "    \"probability\": 0.5,\n"
                    "    \"kind\": {\"hard\": 0.6, \"tanh\": 0.4},\n"
                    "    \"fraction\": [0.005, 0.25],\n"
                    "    \"drive\": [1, 6]\n"
                    "  },\n"
                    "  \"pops\": {\n"
                    "    \"probability\": 0.5,\n"
                    "    \"shape\": {\"click\": 0.5, \"boop\": 0.5},\n"
                    "    \"level_db\": [-18, 3],\n"
                    "    \"positive\": 0.5,\n"
                    "    \"click_ms\": [0.020833333333333332, 5],\n"
                    "    \"boop_ms\": [5, 30],\n"
                    "    \"boop_hz\": [50, 1000]\n"
                    "  }\n"
                    "}\n");
    free(text);
}

/* The defaults, and numbers that need all their digits. */
TEST(effect_config, json_round_trip) {
    const char *const suites[] = {
        NULL,
        "{}",
        "{\"clean\": 0.1, \"comb\": {\"probability\": 0.30000000000000004, \"delay_ms\": "
        "[0.1, 1e1]}, \"noise\": {\"snr_db\": [-3.3333333333333335, 7]}}",
        "{\"noise\": {\"colour\": {\"white\": 1, \"pink\": 0, \"brown\": 2.7182818284590451}}}",
        "{\"count\": {\"0\": 0.1, \"3\": 0.30000000000000004, \"2\": 0}}",
        "{\"count\": null}",
    };
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        patina_effect_config *once = NULL, *again = NULL;
        REQUIRE_OK(patina_effect_config_open(suites[i], &once, &t->err));
        char *text = patina_effect_config_to_json(once);
        REQUIRE_OK(patina_effect_config_open(text, &again, &t->err));
        CHECK(once->clean == again->clean);
        CHECK(memcmp(once->count, again->count, sizeof once->count) == 0);
        CHECK(memcmp(once->probability, again->probability, sizeof once->probability) == 0);
        CHECK(memcmp(once->setting, again->setting, sizeof once->setting) == 0);
        for (uint32_t v = 0; v < 20; v++) {
            char *a = draw_chain_json(t, once, v), *b = draw_chain_json(t, again, v);
            CHECK_STR(a, b);
            free(a);
            free(b);
        }
        free(text);
        patina_effect_config_close(&once);
        patina_effect_config_close(&again);
    }
}

/* A configuration with every member at one end of its range. */
static char *extreme_suite(bool most) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "{\"clean\": 0");
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        pt_strbuf_printf(&out, ", \"%s\": {\"probability\": 1", pt_effects[e]->name);
        for (const pt_setting *s = pt_effects[e]->setting; s->distribution != PT_DIST_NONE; s++) {
            const double end = most ? s->limits.max : s->limits.min;
            pt_strbuf_printf(&out, ", \"%s\": ", s->name);
            if (s->distribution == PT_DIST_BERNOULLI)
                pt_strbuf_printf(&out, "%d", most);
            else if (s->distribution == PT_DIST_CATEGORICAL && s->choice[2])
                pt_strbuf_printf(&out, "{\"%s\": %d, \"%s\": 0, \"%s\": %d}", s->choice[0], !most,
                                 s->choice[1], s->choice[2], most);
            else if (s->distribution == PT_DIST_CATEGORICAL)
                pt_strbuf_printf(&out, "{\"%s\": %d, \"%s\": %d}", s->choice[0], !most,
                                 s->choice[1], most);
            else
                pt_strbuf_printf(&out, "[%.17g, %.17g]", end, end);
        }
        pt_strbuf_append(&out, "}");
    }
    pt_strbuf_append(&out, "}");
    return pt_strbuf_detach(&out);
}

/* Chains drawn at the ends of every range are valid recipes and can be applied. */
TEST(effect_config, ends_of_ranges_can_be_replayed) {
    for (int most = 0; most <= 1; most++) {
        char *json = extreme_suite(most);
        patina_effect_config *config = NULL;
        pt_arena arena;
        float *x = music_new(60000, 1), *y = stimulus_alloc(60000);
        pt_arena_init(&arena);
        REQUIRE_OK(patina_effect_config_open(json, &config, &t->err));
        for (uint32_t v = 0; v < 3; v++) {
            patina_effect_chain *chain = NULL;
            char *text = draw_chain_json(t, config, v);
            REQUIRE(text);
            REQUIRE_OK(patina_effect_chain_from_json(text, &chain, &t->err));
            CHECK_INT(chain->n_stages, 6);
            char *again = patina_effect_chain_to_json(chain);
            CHECK_STR(again, text);
            pt_arena_reset(&arena);
            CHECK_OK(patina_effect_chain_apply(config, chain, 11, "entry", v, x, 60000, y, NULL,
                                               &arena, &t->err));
            free(text);
            free(again);
            patina_effect_chain_close(&chain);
        }
        patina_effect_config_close(&config);
        pt_arena_release(&arena);
        free(json);
        free(x);
        free(y);
    }
}

TEST(effect_config, members_change_what_is_drawn) {
    patina_effect_config *config = NULL;
    REQUIRE_OK(patina_effect_config_open(
        "{\"clean\": 0, \"comb\": {\"probability\": 0}, \"mud\": {\"probability\": 0},"
        " \"sibilance\": {\"probability\": 0}, \"clip\": {\"probability\": 0},"
        " \"noise\": {\"probability\": 1, \"colour\": {\"white\": 0, \"pink\": 7, \"brown\": 0},"
        " \"snr_db\": [12.5, 12.5]}, \"pops\": {\"probability\": 0}}",
        &config, &t->err));
    for (uint32_t v = 0; v < 50; v++) {
        char *text = draw_chain_json(t, config, v);
        CHECK_STR(text, "[{\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 12.5}]");
        free(text);
    }
    patina_effect_config_close(&config);

    REQUIRE_OK(patina_effect_config_open("{\"clean\": 1}", &config, &t->err));
    for (uint32_t v = 0; v < 50; v++) {
        char *text = draw_chain_json(t, config, v);
        CHECK_STR(text, "[]");
        free(text);
    }
    patina_effect_config_close(&config);
}

/* Weights need not sum to 1: 1, 1, 2 draw as 0.25, 0.25, 0.5. */
TEST(effect_config, weights_are_relative) {
    patina_effect_config *a = NULL, *b = NULL;
    REQUIRE_OK(patina_effect_config_open("{\"comb\": {\"taps\": {\"1\": 1, \"2\": 1, \"3\": 2}}}",
                                         &a, &t->err));
    REQUIRE_OK(patina_effect_config_open(
        "{\"comb\": {\"taps\": {\"1\": 0.25, \"2\": 0.25, \"3\": 0.5}}}", &b, &t->err));
    size_t n_three = 0;
    for (uint32_t v = 0; v < 200; v++) {
        char *of_a = draw_chain_json(t, a, v), *of_b = draw_chain_json(t, b, v);
        CHECK_STR(of_a, of_b);
        patina_effect_chain *chain = NULL;
        REQUIRE_OK(patina_effect_chain_from_json(of_a, &chain, &t->err));
        for (size_t s = 0; s < chain->n_stages; s++)
            n_three += chain->stage[s].effect == &pt_effect_comb && chain->stage[s].n_items == 3;
        patina_effect_chain_close(&chain);
        free(of_a);
        free(of_b);
    }
    CHECK(n_three > 25 && n_three < 75); /* about 0.95 * 0.5 * 0.5 of 200, 47 +- 6 */
    patina_effect_config_close(&a);
    patina_effect_config_close(&b);
}

static const struct {
    const char *json;
    char says[64], says_too[64]; /* parts of the message */
} faults[] = {
    {"", "line 1", "near end of file"},
    {"{\"clean\": 0.05", "line 1", "'}' expected near end of file"},
    {"{\"clean\": 0.05, \"clean\": 0.06}", "line 1", "duplicate"},
    {"{\"clean\": 1e999}", "line 1", "overflow"},
    {"[]", "a JSON object", "must be"},
    {"{\"clear\": 0.05}", "'clear'", "clean, count, comb, mud, sibilance, noise, clip, pops"},
    {"{\"clean\": 1.5}", "'clean'", "from 0 to 1, not 1.5"},
    {"{\"clean\": -0.1}", "'clean'", "from 0 to 1"},
    {"{\"clean\": true}", "'clean'", "not true"},
    {"{\"clean\": null}", "'clean'", "not null"},
    {"{\"comb\": 3}", "'comb'", "an object, not 3"},
    {"{\"comb\": {\"delay\": 3}}", "'comb.delay'", "probability, taps, delay_ms, size, positive"},
    {"{\"comb\": {\"probability\": 2}}", "'comb.probability'", "from 0 to 1, not 2"},
    {"{\"comb\": {\"probability\": [0, 1]}}", "'comb.probability'", "not [0, 1]"},
    {"{\"comb\": {\"delay_ms\": [10, 1]}}", "'comb.delay_ms'",
     "0.02 <= low <= high <= 1000, not [10, 1]"},
    {"{\"comb\": {\"delay_ms\": [0, 1]}}", "'comb.delay_ms'", "0.02"},
    {"{\"comb\": {\"delay_ms\": [1, 1001]}}", "'comb.delay_ms'", "1000"},
    {"{\"comb\": {\"delay_ms\": [1]}}", "'comb.delay_ms'", "not [1]"},
    {"{\"comb\": {\"delay_ms\": [1, 2, 3]}}", "'comb.delay_ms'", "not [1, 2, 3]"},
    {"{\"comb\": {\"delay_ms\": [1, \"2\"]}}", "'comb.delay_ms'", "not [1, \"2\"]"},
    {"{\"comb\": {\"delay_ms\": 5}}", "'comb.delay_ms'", "[low, high]"},
    {"{\"comb\": {\"taps\": {\"1\": 1, \"2\": 1}}}", "'comb.taps'", "'1', '2', '3'"},
    {"{\"comb\": {\"taps\": {\"1\": 1, \"2\": 1, \"4\": 1}}}", "'comb.taps'", "'1', '2', '3'"},
    {"{\"comb\": {\"taps\": {\"1\": 1, \"2\": 1, \"3\": 1, \"4\": 1}}}", "'comb.taps'",
     "not {\"1\": 1, \"2\": 1, \"3\": 1, \"4\": 1}"},
    {"{\"comb\": {\"taps\": {\"1\": 1, \"2\": -1, \"3\": 1}}}", "'comb.taps'", "none below 0"},
    {"{\"comb\": {\"taps\": {\"1\": 0, \"2\": 0, \"3\": 0}}}", "'comb.taps'", "above 0"},
    {"{\"comb\": {\"taps\": {\"1\": 1e300, \"2\": 1e300, \"3\": 0}}}", "'comb.taps'", "up to 1e6"},
    {"{\"comb\": {\"taps\": [1, 1, 1]}}", "'comb.taps'", "an object"},
    {"{\"comb\": {\"positive\": 75}}", "'comb.positive'", "not 75"},
    {"{\"mud\": {\"boost_hz\": [0, 500]}}", "'mud.boost_hz'", "not [0, 500]"},
    {"{\"mud\": {\"lowpass_hz\": [2000, 24000]}}", "'mud.lowpass_hz'", "23999"},
    {"{\"mud\": {\"boost_q\": [0, 1]}}", "'mud.boost_q'", "0.01"},
    {"{\"mud\": {\"roll_off\": {\"lowpass\": 1}}}", "'mud.roll_off'", "'lowpass', 'highshelf'"},
    {"{\"sibilance\": {\"f0_hz\": [5000, 80000]}}", "'sibilance.f0_hz'", "23999"},
    {"{\"count\": {\"7\": 1}}", "'count'", "'0' to '6'"},
    {"{\"count\": {\"1\": -1, \"2\": 2}}", "'count'", "none below 0"},
    {"{\"count\": {\"1\": 0}}", "'count'", "a sum above 0"},
    {"{\"count\": {}}", "'count'", "not {}"},
    {"{\"count\": 3}", "'count'", "not 3"},
    {"{\"count\": {\"6\": 1}, \"mud\": {\"probability\": 0}}", "a weight for 6 effects",
     "only 5 have a probability"},
    {"{\"noise\": {\"snr_db\": [0, 400]}}", "'noise.snr_db'", "120"},
    {"{\"clip\": {\"fraction\": [0, 0.25]}}", "'clip.fraction'", "1e-06"},
    {"{\"clip\": {\"fraction\": [0.1, 1]}}", "'clip.fraction'", "0.999"},
    {"{\"pops\": {\"level_db\": \"loud\"}}", "'pops.level_db'", "not \"loud\""},
};

TEST(effect_config, errors_name_the_member) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        patina_effect_config *config = NULL;
        CHECK_FAILS(patina_effect_config_open(faults[i].json, &config, &t->err), PATINA_EFORMAT);
        CHECK(config == NULL);
        REQUIRE(faults[i].says[0] && faults[i].says_too[0]); /* every message contains "" */
        CHECK_CONTAINS(t->err.message, faults[i].says);
        CHECK_CONTAINS(t->err.message, faults[i].says_too);
    }
}

TEST(effect_config, long_names_are_truncated_in_errors) {
    pt_strbuf json = {0};
    patina_effect_config *config = NULL;
    pt_strbuf_append(&json, "{\"comb\": {\"");
    for (int i = 0; i < 5000; i++)
        pt_strbuf_append(&json, "x");
    pt_strbuf_append(&json, "\": 1}}");
    CHECK_FAILS(patina_effect_config_open(json.text, &config, &t->err), PATINA_EFORMAT);
    CHECK(strlen(t->err.message) < 300);
    pt_strbuf_clear(&json);
    pt_strbuf_append(&json, "{\"clean\": [");
    for (int i = 0; i < 5000; i++)
        pt_strbuf_append(&json, "1234567, ");
    pt_strbuf_append(&json, "0]}");
    CHECK_FAILS(patina_effect_config_open(json.text, &config, &t->err), PATINA_EFORMAT);
    CHECK_STR(t->err.message, "member 'clean' must be a number from 0 to 1, not [1234567, 1234567, "
                              "1234567, 1234567, 1234567...");
    pt_strbuf_release(&json);
}

TEST(effect_config, description_names_every_member) {
    char *text = patina_effect_config_describe();
    REQUIRE(text);
    CHECK_CONTAINS(text, "clean");
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        CHECK_CONTAINS(text, pt_effects[e]->name);
        CHECK_CONTAINS(text, pt_effects[e]->summary);
        for (const pt_setting *s = pt_effects[e]->setting; s->distribution != PT_DIST_NONE; s++) {
            CHECK_CONTAINS(text, s->name);
            CHECK_CONTAINS(text, s->summary);
        }
    }
    CHECK_CONTAINS(text, "log-uniform within 0.02 to 1000; [1, 10]");
    free(text);
}

/* A program may have set a locale with a decimal comma before it calls the library. */
TEST(effect_config, decimal_points_in_every_locale) {
    char *plain = config_to_json(t, NULL);
    if (!pt_test_set_comma_locale()) {
        free(plain);
        SKIP("no locale with a decimal comma is installed");
    }
    char *local = config_to_json(t, NULL);
    CHECK_STR(local, plain);
    char *again = config_to_json(t, local);
    CHECK_STR(again, plain);
    setlocale(LC_ALL, "C");
    free(plain);
    free(local);
    free(again);
}
