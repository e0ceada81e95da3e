/* SPDX-License-Identifier: MIT */
/* test_provenance.c - provenance lines, and recipes parsed from them */

#include "test.h"

#include <stdlib.h>

#include <jansson.h>

#include <patina/provenance.h>

#include "base/strbuf.h"

static patina_provenance complete(void) {
    return (patina_provenance){
        .entry = "train/h\xC3\xBChner 1.wav",
        .source = "train/h\xC3\xBChner 1.wav",
        .caption = "a \"hen\"\nclucks",
        .caption_index = 2,
        .seed = INT64_MAX,
        .variant = 5,
        .window = {.start = 12345678901, .frames = 441000, .rate_hz = 44100, .channels = 2},
        .chain_json = "[{\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 12.5}]",
        .stages_json = "[{\"fx\": \"noise\"}]",
        .output_gain = 1.0,
        .purity_db = 0.1,
        .snr_db = -3.0,
        .sdr_db = 60.0,
        .purity_cap = 50.0,
        .has_loudness = true,
        .lufs_source = -23.000000000000004,
        .lufs_mono = -70.0,
    };
}

/* The members and their order are those of docs/DATASET.md. */
TEST(provenance, a_whole_line) {
    const patina_provenance of = complete();
    char *line = patina_provenance_to_json(&of);
    CHECK_STR(line,
              "{\"entry\": \"train/h\xC3\xBChner 1.wav\", \"source\": \"train/h\xC3\xBChner 1.wav\""
              ", \"caption\": \"a \\\"hen\\\"\\nclucks\", \"caption_index\": 2"
              ", \"seed\": 9223372036854775807, \"variant\": 5"
              ", \"window\": {\"start\": 12345678901, \"frames\": 441000, \"rate_hz\": 44100"
              ", \"channels\": 2}"
              ", \"chain\": [{\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 12.5}]"
              ", \"stages\": [{\"fx\": \"noise\"}]"
              ", \"output_gain\": 1.0, \"purity_db\": 0.10000000000000001, \"snr_db\": -3.0"
              ", \"sdr_db\": 60.0, \"purity_cap\": 50.0, \"lufs_source\": -23.000000000000004, "
              "\"lufs_mono\": -70.0}");
    json_t *object = line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
    CHECK(json_is_object(object));
    json_decref(object);
    free(line);
}

TEST(provenance, quality_of_the_source) {
    const patina_source_quality quality = {.bandwidth_hz = 16031.25, .flat_run = 2, .codec = "mp3"};
    patina_provenance of = complete();
    of.quality = &quality;
    char *line = patina_provenance_to_json(&of);
    CHECK_CONTAINS(line, ", \"lufs_mono\": -70.0, \"source_quality\": {\"bandwidth_hz\": 16031.25, "
                         "\"flat_run\": 2, ");
    free(line);
}

TEST(provenance, unknown_values_are_omitted) {
    patina_provenance of = complete();
    of.source = of.caption = of.stages_json = NULL;
    of.has_loudness = false;
    of.chain_json = "[]";
    char *line = patina_provenance_to_json(&of);
    CHECK_STR(line, "{\"entry\": \"train/h\xC3\xBChner 1.wav\", \"seed\": 9223372036854775807"
                    ", \"variant\": 5, \"window\": {\"start\": 12345678901, \"frames\": 441000"
                    ", \"rate_hz\": 44100, \"channels\": 2}, \"chain\": []}");
    free(line);
}

TEST(provenance, a_line_is_a_recipe) {
    patina_provenance of = complete();
    patina_recipe recipe = {0};
    of.chain_json = "[{\"fx\":\"comb\",\"taps\":[{\"delay\":240,\"gain\":0.10000000000000001}]},"
                    "{\"fx\":\"noise\",\"snr_db\":2.2250738585072014e-308,\"x\":1.0}]";
    char *line = patina_provenance_to_json(&of);
    REQUIRE(line != NULL);
    CHECK_OK(patina_recipe_from_json(line, &recipe, &t->err));
    CHECK_STR(recipe.entry, of.entry);
    CHECK(recipe.seed == of.seed);
    CHECK_INT(recipe.variant, of.variant);
    CHECK(recipe.window.start == of.window.start && recipe.window.frames == of.window.frames);
    CHECK_INT(recipe.window.rate_hz, 44100);
    CHECK_INT(recipe.window.channels, 2);
    /* integers remain integers, reals keep every bit */
    CHECK_STR(recipe.chain_json,
              "[{\"fx\": \"comb\", \"taps\": [{\"delay\": 240, \"gain\": 0.10000000000000001}]}, "
              "{\"fx\": \"noise\", \"snr_db\": 2.2250738585072014e-308, \"x\": 1.0}]");
    patina_recipe_release(&recipe);
    CHECK(recipe.entry == NULL);
    patina_recipe_release(&recipe);
    free(line);
}

/* A recipe from its members, one of them replaced; NULL omits it. */
static patina_status parse_with(const char *member, const char *value, patina_recipe *recipe,
                                patina_error *err) {
    static const char *const members[][2] = {
        {"entry", "\"e\""},
        {"seed", "1"},
        {"variant", "0"},
        {"window", "{\"start\": 0, \"frames\": 10, \"rate_hz\": 8000, \"channels\": 1}"},
        {"chain", "[]"},
        {"level_gain_db", "-7.25"},
        {"purity_cap", "40.0"},
        {"other", "[1, {\"a\": null}]"},
    };
    pt_strbuf text = {0};
    pt_strbuf_append(&text, "\n{ \"note\" : \"anything\"");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *own = strcmp(members[i][0], member) == 0 ? value : members[i][1];
        if (own) pt_strbuf_printf(&text, ",\n \"%s\": %s", members[i][0], own);
    }
    pt_strbuf_append(&text, "}\n\n");
    const patina_status status = patina_recipe_from_json(text.text, recipe, err);
    pt_strbuf_release(&text);
    return status;
}

TEST(recipe, needs_five_members_and_ignores_others) {
    static const char *const needed[] = {"entry", "seed", "variant", "window", "chain"};
    patina_recipe recipe = {0};

    CHECK_OK(parse_with("", NULL, &recipe, &t->err));
    CHECK_STR(recipe.chain_json, "[]");
    CHECK_NEAR(recipe.level_gain_db, -7.25, 0.0);
    CHECK_NEAR(recipe.purity_cap, 40.0, 0.0);
    patina_recipe_release(&recipe);
    CHECK_OK(parse_with("level_gain_db", NULL, &recipe, &t->err));
    CHECK_NEAR(recipe.level_gain_db, 0.0, 0.0);
    patina_recipe_release(&recipe);
    CHECK_OK(parse_with("purity_cap", NULL, &recipe, &t->err));
    CHECK_NEAR(recipe.purity_cap, 50.0, 0.0);
    patina_recipe_release(&recipe);
    CHECK_OK(patina_recipe_from_json(/* a clean row of version 0.1 */
                                     "{\"entry\": \"e\", \"seed\": 1, \"variant\": 0, \"window\": "
                                     "{\"start\": 0, \"frames\": 10, "
                                     "\"rate_hz\": 8000, \"channels\": 1}, \"chain\": [], "
                                     "\"purity_db\": 60.0}",
                                     &recipe, &t->err));
    CHECK_NEAR(recipe.purity_cap, 60.0, 0.0);
    patina_recipe_release(&recipe);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        char named[64];
        snprintf(named, sizeof named, "member '%s'", needed[i]);
        CHECK_FAILS(parse_with(needed[i], NULL, &recipe, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, named);
        CHECK_FAILS(parse_with(needed[i], "true", &recipe, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, named);
        CHECK_FAILS(parse_with(needed[i], "1.0", &recipe, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, named);
    }
    CHECK(recipe.entry == NULL && recipe.chain_json == NULL);
}

#define WINDOW(start, frames, rate, channels)                                                      \
    "{\"start\": " start ", \"frames\": " frames ", \"rate_hz\": " rate                            \
    ", \"channels\": " channels ", \"more\": 0}"

TEST(recipe, ranges) {
    static const struct {
        const char *member, *value, *named; /* named by the error; NULL: the value is valid */
    } cases[] = {
        {"seed", "0", NULL},
        {"seed", "9223372036854775807", NULL},
        {"seed", "-1", "'seed'"},
        {"seed", "9223372036854775808", "too big"},
        {"variant", "16777215", NULL},
        {"variant", "16777216", "'variant'"},
        {"variant", "-1", "'variant'"},
        {"window", WINDOW("0", "1", "4000", "1"), NULL},
        {"window", WINDOW("9223372036850935807", "3840000", "384000", "64"), NULL},
        {"window", WINDOW("9223372036850935808", "3840000", "384000", "64"), "'window.start'"},
        {"window", WINDOW("-1", "1", "4000", "1"), "'window.start'"},
        {"window", WINDOW("0", "0", "4000", "1"), "'window.frames'"},
        {"window", WINDOW("0", "40001", "4000", "1"), "'window.frames'"},
        {"window", WINDOW("0", "1", "3999", "1"), "'window.rate_hz'"},
        {"window", WINDOW("0", "1", "384001", "1"), "'window.rate_hz'"},
        {"window", WINDOW("0", "1", "4000", "0"), "'window.channels'"},
        {"window", WINDOW("0", "1", "4000", "65"), "'window.channels'"},
        {"window", WINDOW("0", "1", "\"4000\"", "1"), "'window.rate_hz'"},
        {"window", "{}", "'window."},
        {"level_gain_db", "40", NULL},
        {"level_gain_db", "-40.5", "'level_gain_db'"},
        {"level_gain_db", "\"1\"", "'level_gain_db'"},
        {"level_gain_db", "null", "'level_gain_db'"},
        {"purity_cap", "19.5", "'purity_cap'"},
        {"purity_cap", "61", "'purity_cap'"},
        {"entry", "\"\"", NULL},
        {"entry", "\"a\\u0000b\"", "line 3"},
        {"entry", "\"\xFF\"", "line 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        patina_recipe recipe = {0};
        if (cases[i].named) {
            CHECK_FAILS(parse_with(cases[i].member, cases[i].value, &recipe, &t->err),
                        PATINA_EFORMAT);
            CHECK_CONTAINS(t->err.message, cases[i].named);
        } else {
            CHECK_OK(parse_with(cases[i].member, cases[i].value, &recipe, &t->err));
        }
        patina_recipe_release(&recipe);
    }
}

TEST(recipe, invalid_text) {
    static const char *const texts[] = {
        "", "[]", "12", "{", "{} {}", "null",
    };
    patina_recipe recipe = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CHECK_FAILS(patina_recipe_from_json(texts[i], &recipe, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "recipe: ");
    }
    /* complete, with a second seed: ambiguous */
    CHECK_FAILS(parse_with("other", "0, \"seed\": 2", &recipe, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "duplicate");
    char *deep = malloc(100001);
    REQUIRE(deep != NULL);
    memset(deep, '[', 100000);
    deep[100000] = '\0';
    CHECK_FAILS(patina_recipe_from_json(deep, &recipe, &t->err), PATINA_EFORMAT);
    free(deep);
}
