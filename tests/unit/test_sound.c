/* SPDX-License-Identifier: MIT */
/* Sound in memory: the reference values, and the bits that the same sound gives as a file */

#include <patina/sound.h>

#include <stdlib.h>

#include <jansson.h>

#include "stimulus.h"
#include "test.h"
#include "wav_reader.h"

/* A sound of the golden vectors under both its forms. */
typedef struct twin {
    const char *path;
    pt_test_wav wav;
    pt_audio sound;
} twin;

static bool twin_open(pt_test *t, const char *name, twin *w) {
    char relative[64];
    snprintf(relative, sizeof relative, "dsp/%s", name);
    w->path = pt_test_golden(relative);
    if (!pt_test_wav_read(t, w->path, &w->wav)) return false;
    w->sound = pt_test_wav_audio(&w->wav);
    return true;
}

static json_t *golden(pt_test *t, const char *group, const char *name) {
    json_error_t err;
    json_t *root = json_load_file(pt_test_golden("dsp/expected.json"), 0, &err);
    json_t *item = json_incref(json_object_get(json_object_get(root, group), name));
    CHECK(item != NULL);
    json_decref(root);
    return item;
}

static double real(const json_t *item, const char *member) {
    return json_number_value(json_object_get(item, member));
}

/* Tolerances of DEFINITIONS section 9: LTAS 0.05 dB over -100 dBFS and 1 dB below, crest 0.01 dB,
 * ZCR two crossings; LUFS as against libebur128. */
TEST(sound, targets_of_the_independent_implementation) {
    static const char *const names[] = {"prog.wav", "tone1059.wav", "alternating.wav"};
    pt_meter *meter = NULL;
    REQUIRE_OK(pt_meter_open(&meter, &t->err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *item = golden(t, "targets", names[i]);
        pt_targets targets;
        twin w;
        REQUIRE(twin_open(t, names[i], &w));
        REQUIRE_OK(pt_sound_measure(meter, &w.sound, &targets, &t->err));
        for (size_t b = 0; b < PT_LTAS_BANDS; b++) {
            const double level =
                json_number_value(json_array_get(json_object_get(item, "ltas"), b));
            CHECK_NEAR(targets.ltas[b], level, level > -100.0 ? 0.05 : 1.0);
        }
        CHECK_NEAR(targets.lufs_source, real(item, "lufs"), 0.01);
        CHECK_NEAR(targets.crest_db, real(item, "crest_db"), 0.01);
        CHECK_NEAR(targets.zcr, real(item, "zcr"), 2.0 / (double)w.wav.n_frames);
        json_decref(item);
        pt_test_wav_release(&w.wav);
    }
    pt_meter_close(&meter);
}

/* Two and five channels at rates that are resampled, and one at 48 kHz. */
TEST(sound, measures_the_bits_of_a_file) {
    static const char *const names[] = {"prog.wav", "stereo44.wav", "five24.wav"};
    pt_meter *meter = NULL;
    REQUIRE_OK(pt_meter_open(&meter, &t->err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        pt_targets of_file, of_sound;
        pt_window window;
        twin w;
        REQUIRE(twin_open(t, names[i], &w));
        REQUIRE_OK(pt_file_measure(meter, w.path, 0, PT_TO_THE_END, &window, &of_file, &t->err));
        REQUIRE_OK(pt_sound_measure(meter, &w.sound, &of_sound, &t->err));
        CHECK(memcmp(&of_file, &of_sound, sizeof of_file) == 0);
        pt_test_wav_release(&w.wav);
    }
    pt_meter_close(&meter);
}

static void check_same(pt_test *t, pt_degraded *a, pt_degraded *b) {
    CHECK_STR(a->provenance_json, b->provenance_json);
    REQUIRE(a->n_samples == b->n_samples);
    CHECK(memcmp(a->samples, b->samples, a->n_samples * sizeof *a->samples) == 0);
}

/* 25 s, so that a window is drawn; then what was drawn is replayed. */
TEST(sound, degrades_to_the_bits_of_a_file) {
    enum { N = 25 * PT_RATE_HZ };
    float *x = stimulus_new(N);
    char path[512];
    pt_suite *suite = NULL;
    stimulus_add_noise(x, N, 0.2, 5);
    stimulus_add_sine(x, N, 1, PT_RATE_HZ, 440.0, 0.3, 0.0);
    snprintf(path, sizeof path, "%s/long.wav", pt_test_tmpdir());
    REQUIRE_OK(pt_wav_write(path, x, N, &t->err));
    REQUIRE_OK(pt_suite_open(NULL, &suite, &t->err));

    const pt_audio sound = {x, N, 1, PT_RATE_HZ};
    uint64_t starts[3] = {0};
    for (uint64_t seed = 0; seed < 3; seed++) {
        pt_degraded drawn = {0}, of_file = {0}, replayed = {0};
        pt_recipe recipe = {0};
        REQUIRE_OK(pt_file_degrade(suite, path, seed, "e", 1, PT_ORDER_RANDOM, &of_file, &t->err));
        REQUIRE_OK(pt_sound_degrade(suite, &sound, seed, "e", 1, PT_ORDER_RANDOM, &drawn, &t->err));
        check_same(t, &drawn, &of_file);
        REQUIRE_OK(pt_recipe_parse(drawn.provenance_json, &recipe, &t->err));
        CHECK_INT(recipe.window.frames, 10 * PT_RATE_HZ);
        starts[seed] = recipe.window.start;
        REQUIRE_OK(pt_sound_replay(suite, &sound, &recipe, &replayed, &t->err));
        check_same(t, &drawn, &replayed);
        pt_recipe_release(&recipe);
        pt_degraded_release(&drawn);
        pt_degraded_release(&of_file);
        pt_degraded_release(&replayed);
    }
    CHECK(starts[0] != starts[1] || starts[1] != starts[2]);
    pt_suite_close(&suite);
    free(x);
}

TEST(sound, embeds_to_the_bits_of_a_file) {
    float of_file[PT_EMBEDDING], of_sound[PT_EMBEDDING];
    pt_clap *clap = NULL;
    pt_arena scratch;
    twin w;
    pt_arena_init(&scratch);
    REQUIRE(twin_open(t, "stereo44.wav", &w));
    REQUIRE_OK(pt_clap_open(pt_test_golden("clap/mini"), PT_CLAP_AUDIO, PT_ISA_C, PT_PRECISION_F32,
                            &clap, &t->err));
    REQUIRE_OK(pt_file_embed(clap, w.path, 1000, of_file, &scratch, &t->err));
    const pt_arena_mark mark = pt_arena_here(&scratch);
    REQUIRE_OK(pt_sound_embed(clap, &w.sound, 1000, of_sound, &scratch, &t->err));
    CHECK(pt_arena_here(&scratch).used == mark.used);
    CHECK(memcmp(of_file, of_sound, sizeof of_file) == 0);
    REQUIRE_OK(pt_sound_embed(clap, &w.sound, 0, of_sound, &scratch, &t->err));
    CHECK(memcmp(of_file, of_sound, sizeof of_file) != 0); /* start counts */
    CHECK_FAILS(pt_sound_embed(clap, &w.sound, w.wav.n_frames, of_sound, &scratch, &t->err),
                PT_ERANGE);
    w.wav.samples[3] = NAN;
    CHECK_FAILS(pt_sound_embed(clap, &w.sound, 0, of_sound, &scratch, &t->err),
                PT_REJECT_NONFINITE);
    pt_clap_close(&clap);
    pt_arena_release(&scratch);
    pt_test_wav_release(&w.wav);
}

TEST(sound, what_cannot_be_used_is_refused) {
    enum { N = PT_RATE_HZ };
    float *x = stimulus_new(N);
    pt_meter *meter = NULL;
    pt_suite *suite = NULL;
    pt_targets targets;
    pt_degraded degraded = {0};
    REQUIRE_OK(pt_meter_open(&meter, &t->err));
    REQUIRE_OK(pt_suite_open(NULL, &suite, &t->err));

    const struct {
        pt_audio sound;
        pt_status status;
    } cases[] = {
        {{x, N, 1, 0}, PT_REJECT_UNSUPPORTED},
        {{x, N, 1, PT_RATE_MIN_HZ - 1}, PT_REJECT_UNSUPPORTED},
        {{x, N, 1, PT_RATE_MAX_HZ + 1}, PT_REJECT_UNSUPPORTED},
        {{x, N, 0, PT_RATE_HZ}, PT_REJECT_UNSUPPORTED},
        {{x, N / 65, 65, PT_RATE_HZ}, PT_REJECT_UNSUPPORTED},
        {{x, 0, 1, PT_RATE_HZ}, PT_REJECT_TOO_SHORT},
        {{x, 19199, 1, PT_RATE_HZ}, PT_REJECT_TOO_SHORT},
        {{x, N, 1, PT_RATE_HZ}, PT_REJECT_SILENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_FAILS(pt_sound_measure(meter, &cases[i].sound, &targets, &t->err), cases[i].status);
        CHECK_FAILS(pt_sound_degrade(suite, &cases[i].sound, 1, "e", 0, PT_ORDER_PHYSICAL,
                                     &degraded, &t->err),
                    cases[i].status);
    }
    x[7] = NAN;
    const pt_audio bad = {x, N, 1, PT_RATE_HZ};
    CHECK_FAILS(pt_sound_measure(meter, &bad, &targets, &t->err), PT_REJECT_NONFINITE);
    CHECK_FAILS(pt_sound_degrade(suite, &bad, 1, "e", 0, PT_ORDER_PHYSICAL, &degraded, &t->err),
                PT_REJECT_NONFINITE);
    CHECK(degraded.samples == NULL);
    pt_meter_close(&meter);
    pt_suite_close(&suite);
    free(x);
}

/* A recipe of another recording: its length, its rate, its place. */
TEST(sound, a_recipe_of_another_sound_is_refused) {
    static const char *const recipes[] = {
        "{\"entry\": \"e\", \"seed\": 1, \"variant\": 0, \"window\": {\"start\": 0, \"frames\": "
        "48001, \"rate_hz\": 48000, \"channels\": 1}, \"chain\": []}",
        "{\"entry\": \"e\", \"seed\": 1, \"variant\": 0, \"window\": {\"start\": 0, \"frames\": "
        "48000, \"rate_hz\": 44100, \"channels\": 1}, \"chain\": []}",
        "{\"entry\": \"e\", \"seed\": 1, \"variant\": 0, \"window\": {\"start\": 1, \"frames\": "
        "48000, \"rate_hz\": 48000, \"channels\": 1}, \"chain\": []}",
        "{\"entry\": \"e\", \"seed\": 1, \"variant\": 0, \"window\": {\"start\": 48000, "
        "\"frames\": 48000, \"rate_hz\": 48000, \"channels\": 1}, \"chain\": []}",
    };
    static const pt_status status[] = {PT_EFORMAT, PT_EFORMAT, PT_EFORMAT, PT_ERANGE};
    enum { N = PT_RATE_HZ };
    float *x = stimulus_new(N);
    pt_suite *suite = NULL;
    pt_degraded degraded = {0};
    const pt_audio sound = {x, N, 1, PT_RATE_HZ};
    stimulus_add_noise(x, N, 0.2, 5);
    REQUIRE_OK(pt_suite_open(NULL, &suite, &t->err));
    for (size_t i = 0; i < 4; i++) {
        pt_recipe recipe = {0};
        REQUIRE_OK(pt_recipe_parse(recipes[i], &recipe, &t->err));
        CHECK_FAILS(pt_sound_replay(suite, &sound, &recipe, &degraded, &t->err), status[i]);
        pt_recipe_release(&recipe);
    }
    pt_suite_close(&suite);
    free(x);
}
