/* SPDX-License-Identifier: MIT */
/* test_severity.c - effects at a severity: the values of docs/MEASURES.md, and descriptions of
 * all stages */

#include "degrade_fixture.h"

static json_t *named_chain_json(pt_test *t, const fixture *b, const char *effects,
                                patina_severity severity, size_t n) {
    patina_effect_chain *chain = NULL;
    if (!CHECK_OK(patina_effect_chain_from_names(b->config, effects, severity, 7, "golden", 0, n,
                                                 &chain, &t->err)))
        return NULL;
    char *text = patina_effect_chain_to_json(chain);
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    CHECK(json != NULL);
    free(text);
    patina_effect_chain_close(&chain);
    return json;
}

static double member(const json_t *stage, const char *list, size_t item, const char *name) {
    const json_t *of = list ? json_array_get(json_object_get(stage, list), item) : stage;
    const json_t *value = json_object_get(of, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* All numbers computed by hand: lo + p (hi - lo), or lo (hi / lo)^p, with p = 0.85 of the way to
 * the worse end; 0.5 for parameters without a worse end. One rounding of pow and one of the
 * product: 1e-12. */
TEST(severity, position_of_heavy) {
    fixture b;
    REQUIRE(fixture_open(t, &b));
    json_t *all = named_chain_json(t, &b, "comb,mud,sibilance,noise,clip,pops",
                                   PATINA_SEVERITY_HEAVY, PATINA_WINDOW_FRAMES);
    REQUIRE(all);
    CHECK_INT(json_array_size(all), 6);
    const json_t *comb = json_array_get(all, 0), *mud = json_array_get(all, 1);
    const json_t *sibilance = json_array_get(all, 2), *noise = json_array_get(all, 3);
    const json_t *clip = json_array_get(all, 4), *pops = json_array_get(all, 5);

    CHECK_INT(json_array_size(json_object_get(comb, "taps")), 1);
    CHECK_INT(member(comb, "taps", 0, "delay"), 152); /* 48 sqrt(10) = 151.8 */
    CHECK_NEAR(member(comb, "taps", 0, "gain"), 0.5 + 0.85 * 0.45, 1e-12);

    CHECK_NEAR(member(mud, "bands", 0, "f0"), 200.0 * sqrt(2.5), 1e-9);
    CHECK_NEAR(member(mud, "bands", 0, "gain_db"), 6.0 + 0.85 * 12.0, 1e-12);
    CHECK_NEAR(member(mud, "bands", 0, "q"), 0.5 * pow(3.0, 0.15), 1e-12);
    CHECK_NEAR(member(mud, "bands", 1, "f0"), 2000.0 * pow(4.0, 0.15), 1e-9);

    CHECK_INT(json_array_size(json_object_get(sibilance, "bands")), 1);
    CHECK_NEAR(member(sibilance, "bands", 0, "f0"), 6500.0, 1e-9);
    CHECK_NEAR(member(sibilance, "bands", 0, "q"), 4.0 * pow(3.0, 0.15), 1e-12);
    CHECK_NEAR(member(sibilance, "bands", 0, "gain_db"), 6.0 + 0.85 * 12.0, 1e-12);

    CHECK_STR(json_string_value(json_object_get(noise, "colour")), "white");
    CHECK_NEAR(member(noise, NULL, 0, "snr_db"), 6.0, 1e-12);
    CHECK_NEAR(member(clip, NULL, 0, "fraction"), 0.005 * pow(50.0, 0.85), 1e-12);
    CHECK_STR(json_string_value(json_object_get(pops, "shape")), "click");
    CHECK_NEAR(member(pops, NULL, 0, "level_db"), -18.0 + 0.85 * 21.0, 1e-12);
    CHECK_INT(member(pops, NULL, 0, "width"), 105); /* 240^0.85 = 105.48 samples */
    CHECK_INT(member(pops, NULL, 0, "polarity"), 1);
    json_decref(all);
    fixture_close(&b);
}

/* Purity decreases from light to medium to heavy for additive and nonlinear effects, and is
 * constant for the others. */
TEST(severity, damage_grows_with_severity) {
    static const struct {
        const char *effect;
        bool pure;
    } cases[] = {{"comb", true},   {"mud", true},   {"sibilance", true},
                 {"noise", false}, {"clip", false}, {"pops", false}};
    enum { N = 96000 };
    fixture b;
    REQUIRE(fixture_open(t, &b));
    float *x = music_new(N, 3), *degraded = stimulus_alloc(N);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double before = INFINITY;
        for (int s = 0; s < PATINA_SEVERITY_COUNT; s++) {
            patina_effect_chain *chain = NULL;
            patina_degrade_stats damage;
            REQUIRE_OK(patina_effect_chain_from_names(b.config, cases[i].effect, (patina_severity)s,
                                                      7, "golden", 0, N, &chain, &t->err));
            CHECK_OK(patina_effect_chain_apply(b.config, chain, 7, "golden", 0, x, N, degraded,
                                               &damage, &b.arena, &t->err));
            const double purity = ratio_db(damage.signal_power, damage.rest_power);
            CHECK(cases[i].pure ? purity == 60.0 : purity < before - 3.0);
            before = purity;
            patina_effect_chain_close(&chain);
        }
    }
    free(x);
    free(degraded);
    fixture_close(&b);
}

TEST(severity, order_and_errors) {
    fixture b;
    patina_effect_chain *chain = NULL;
    REQUIRE(fixture_open(t, &b));
    json_t *two = named_chain_json(t, &b, "pops,comb", PATINA_SEVERITY_LIGHT, 100);
    REQUIRE(two);
    CHECK_STR(json_string_value(json_object_get(json_array_get(two, 0), "fx")), "pops");
    CHECK_STR(json_string_value(json_object_get(json_array_get(two, 1), "fx")), "comb");
    CHECK(member(json_array_get(two, 0), NULL, 0, "offset") < 100.0);
    json_decref(two);

    static const char *const wrong[] = {"",         "mud,", ",mud", "Mud",
                                        "mud clip", "mudd", "mu",   "mud,mud"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILS(patina_effect_chain_from_names(b.config, wrong[i], PATINA_SEVERITY_LIGHT, 7,
                                                   "golden", 0, 100, &chain, &t->err),
                    PATINA_EUSAGE);
    CHECK_FAILS(patina_effect_chain_from_names(b.config, "mud", PATINA_SEVERITY_LIGHT, 7, "golden",
                                               0, 0, &chain, &t->err),
                PATINA_ERANGE);
    CHECK(chain == NULL);
    CHECK_STR(patina_severity_name(PATINA_SEVERITY_HEAVY), "heavy");
    fixture_close(&b);
}

TEST(severity, description_of_a_chain) {
    static const char json[] =
        "[{\"fx\": \"comb\", \"taps\": [{\"delay\": 240, \"gain\": -0.9}]},"
        " {\"fx\": \"mud\", \"bands\": [{\"kind\": \"peak\", \"f0\": 300.2, \"q\": 1.0,"
        "  \"gain_db\": 12.0}, {\"kind\": \"lowpass\", \"f0\": 4000.0, \"q\": 0.7}]},"
        " {\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 20.0},"
        " {\"fx\": \"clip\", \"kind\": \"tanh\", \"fraction\": 0.05},"
        " {\"fx\": \"pops\", \"shape\": \"boop\", \"offset\": 7, \"level_db\": -3.0,"
        "  \"polarity\": 1, \"width\": 480, \"freq\": 220.0}]";
    patina_effect_chain *chain = NULL;
    REQUIRE_OK(patina_effect_chain_from_json(json, &chain, &t->err));
    char *text = patina_effect_chain_describe(chain);
    CHECK_STR(text, "comb: a reflection after 5 ms at 0.90 of the direct sound, inverted\n"
                    "mud: 12 dB boost at 300 Hz, low-pass at 4000 Hz\n"
                    "noise: pink noise 20 dB below the signal\n"
                    "clip: soft clipping of the loudest 5 % of the samples\n"
                    "pops: a boop of 10 ms at 220 Hz once a second, 3 dB below the loudest sample");
    free(text);
    patina_effect_chain_close(&chain);
    REQUIRE_OK(patina_effect_chain_from_json("[]", &chain, &t->err));
    text = patina_effect_chain_describe(chain);
    CHECK_STR(text, "");
    free(text);
    patina_effect_chain_close(&chain);
}
