/* SPDX-License-Identifier: MIT */
/* Effects at a severity: the places that docs/MEASURES.md states, and words for every stage */

#include "degrade_fixture.h"

static json_t *chosen(pt_test *t, const bench *b, const char *effects, pt_severity severity,
                      size_t n) {
    pt_chain *chain = NULL;
    if (!CHECK_OK(pt_chain_choose(b->suite, effects, severity, 7, "golden", 0, n, &chain, &t->err)))
        return NULL;
    char *text = pt_chain_print(chain);
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    CHECK(json != NULL);
    free(text);
    pt_chain_close(&chain);
    return json;
}

static double member(const json_t *stage, const char *list, size_t item, const char *name) {
    const json_t *of = list ? json_array_get(json_object_get(stage, list), item) : stage;
    const json_t *value = json_object_get(of, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* Every number by hand: lo + p (hi - lo), or lo (hi / lo)^p, with p = 0.85 of the way to the worse
 * end; what has no worse end at 0.5. One rounding of pow and one of the product: 1e-12. */
TEST(severity, heavy_stands_where_it_says) {
    bench b;
    REQUIRE(bench_open(t, &b));
    json_t *all =
        chosen(t, &b, "comb,mud,sibilance,noise,clip,pops", PT_SEVERITY_HEAVY, PT_WINDOW_FRAMES);
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
    bench_close(&b);
}

/* Purity falls from light to medium to heavy for what adds or distorts, and stays for the rest. */
TEST(severity, grows_with_the_word) {
    static const struct {
        const char *effect;
        bool pure;
    } cases[] = {{"comb", true},   {"mud", true},   {"sibilance", true},
                 {"noise", false}, {"clip", false}, {"pops", false}};
    enum { N = 96000 };
    bench b;
    REQUIRE(bench_open(t, &b));
    float *x = music_new(N, 3), *degraded = stimulus_new(N);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double before = INFINITY;
        for (int s = 0; s < PT_SEVERITY_COUNT; s++) {
            pt_chain *chain = NULL;
            pt_damage damage;
            REQUIRE_OK(pt_chain_choose(b.suite, cases[i].effect, (pt_severity)s, 7, "golden", 0, N,
                                       &chain, &t->err));
            CHECK_OK(pt_chain_apply(b.suite, chain, 7, "golden", 0, x, N, degraded, &damage,
                                    &b.arena, &t->err));
            const double purity = ratio_db(damage.signal_power, damage.rest_power);
            CHECK(cases[i].pure ? purity == 60.0 : purity < before - 3.0);
            before = purity;
            pt_chain_close(&chain);
        }
    }
    free(x);
    free(degraded);
    bench_close(&b);
}

TEST(severity, order_and_mistakes) {
    bench b;
    pt_chain *chain = NULL;
    REQUIRE(bench_open(t, &b));
    json_t *two = chosen(t, &b, "pops,comb", PT_SEVERITY_LIGHT, 100);
    REQUIRE(two);
    CHECK_STR(json_string_value(json_object_get(json_array_get(two, 0), "fx")), "pops");
    CHECK_STR(json_string_value(json_object_get(json_array_get(two, 1), "fx")), "comb");
    CHECK(member(json_array_get(two, 0), NULL, 0, "offset") < 100.0);
    json_decref(two);

    static const char *const wrong[] = {"",         "mud,", ",mud", "Mud",
                                        "mud clip", "mudd", "mu",   "mud,mud"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILS(pt_chain_choose(b.suite, wrong[i], PT_SEVERITY_LIGHT, 7, "golden", 0, 100,
                                    &chain, &t->err),
                    PT_EUSAGE);
    CHECK_FAILS(
        pt_chain_choose(b.suite, "mud", PT_SEVERITY_LIGHT, 7, "golden", 0, 0, &chain, &t->err),
        PT_ERANGE);
    CHECK(chain == NULL);
    CHECK_STR(pt_severity_name(PT_SEVERITY_HEAVY), "heavy");
    bench_close(&b);
}

TEST(severity, tells_a_chain_in_words) {
    static const char json[] =
        "[{\"fx\": \"comb\", \"taps\": [{\"delay\": 240, \"gain\": -0.9}]},"
        " {\"fx\": \"mud\", \"bands\": [{\"kind\": \"peak\", \"f0\": 300.2, \"q\": 1.0,"
        "  \"gain_db\": 12.0}, {\"kind\": \"lowpass\", \"f0\": 4000.0, \"q\": 0.7}]},"
        " {\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 20.0},"
        " {\"fx\": \"clip\", \"kind\": \"tanh\", \"fraction\": 0.05},"
        " {\"fx\": \"pops\", \"shape\": \"boop\", \"offset\": 7, \"level_db\": -3.0,"
        "  \"polarity\": 1, \"width\": 480, \"freq\": 220.0}]";
    pt_chain *chain = NULL;
    REQUIRE_OK(pt_chain_parse(json, &chain, &t->err));
    char *text = pt_chain_tell(chain);
    CHECK_STR(text, "comb: a reflection 5 ms late at 0.90 of the direct sound, turned over\n"
                    "mud: 12 dB more around 300 Hz, low-pass at 4000 Hz\n"
                    "noise: pink noise 20 dB below the signal\n"
                    "clip: soft clipping of the loudest 5 % of the samples\n"
                    "pops: a boop of 10 ms at 220 Hz once a second, 3 dB below the loudest sample");
    free(text);
    pt_chain_close(&chain);
    REQUIRE_OK(pt_chain_parse("[]", &chain, &t->err));
    text = pt_chain_tell(chain);
    CHECK_STR(text, "");
    free(text);
    pt_chain_close(&chain);
}
