/* SPDX-License-Identifier: MIT */
/* test_buffer_ops.c - audio in memory gives the reference values, and the bits of the same audio
 * in a file */

#include <patina/buffer_ops.h>

#include <stdlib.h>

#include <jansson.h>

#include "stimulus.h"
#include "test.h"
#include "wav_reader.h"

#include "base/arena.h"
#include "dataset/wav_writer.h"

/* A file of the golden vectors, as a path and as samples. */
typedef struct twin {
    const char *path;
    pt_test_wav wav;
    patina_audio sound;
} twin;

static bool twin_open(pt_test *t, const char *name, twin *w) {
    char relative[64];
    snprintf(relative, sizeof relative, "dsp/%s", name);
    w->path = pt_test_golden_path(relative);
    if (!pt_test_wav_read(t, w->path, &w->wav)) return false;
    w->sound = pt_test_wav_as_audio(&w->wav);
    return true;
}

static json_t *golden(pt_test *t, const char *group, const char *name) {
    json_error_t err;
    json_t *root = json_load_file(pt_test_golden_path("dsp/expected.json"), 0, &err);
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
TEST(buffer_ops, targets_of_the_independent_implementation) {
    static const char *const names[] = {"prog.wav", "tone1059.wav", "alternating.wav"};
    patina_meter *meter = NULL;
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *item = golden(t, "targets", names[i]);
        patina_targets targets;
        twin w;
        REQUIRE(twin_open(t, names[i], &w));
        REQUIRE_OK(patina_buffer_measure(meter, &w.sound, &targets, &t->err));
        for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
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
    patina_meter_close(&meter);
}

/* Two and five channels at rates that are resampled, and one at 48 kHz. */
TEST(buffer_ops, measure_equals_the_file) {
    static const char *const names[] = {"prog.wav", "stereo44.wav", "five24.wav"};
    patina_meter *meter = NULL;
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        patina_targets of_file, of_sound;
        patina_window window;
        twin w;
        REQUIRE(twin_open(t, names[i], &w));
        REQUIRE_OK(patina_file_measure(meter, w.path, 0, PATINA_FRAMES_TO_END, &window, &of_file,
                                       &t->err));
        REQUIRE_OK(patina_buffer_measure(meter, &w.sound, &of_sound, &t->err));
        CHECK_STR(of_file.quality.codec, "pcm");
        CHECK_INT(of_file.quality.bits, 16); /* of the twin's file */
        of_file.quality.codec = NULL;        /* which samples do not have */
        of_file.quality.bits = 0;
        CHECK(memcmp(&of_file, &of_sound, sizeof of_file) == 0);
        pt_test_wav_release(&w.wav);
    }
    patina_meter_close(&meter);
}

static void check_same(pt_test *t, patina_degraded *a, patina_degraded *b) {
    CHECK_STR(a->provenance_json, b->provenance_json);
    REQUIRE(a->n_samples == b->n_samples);
    CHECK(memcmp(a->samples, b->samples, a->n_samples * sizeof *a->samples) == 0);
}

/* 25 s, so that a window is drawn; then the draw is replayed. */
TEST(buffer_ops, degrade_equals_the_file) {
    enum { N = 25 * PATINA_RATE_HZ };
    float *x = stimulus_alloc(N);
    char path[512];
    patina_effect_config *suite = NULL;
    stimulus_add_noise(x, N, 0.2, 5);
    stimulus_add_sine(x, N, 1, PATINA_RATE_HZ, 440.0, 0.3, 0.0);
    snprintf(path, sizeof path, "%s/long.wav", pt_test_tmpdir());
    REQUIRE_OK(pt_wav_write(path, x, N, &t->err));
    REQUIRE_OK(patina_effect_config_open(NULL, &suite, &t->err));

    const patina_audio sound = {x, N, 1, PATINA_RATE_HZ};
    uint64_t starts[3] = {0};
    for (uint64_t seed = 0; seed < 3; seed++) {
        patina_degraded drawn = {0}, of_file = {0}, replayed = {0};
        patina_recipe recipe = {0};
        REQUIRE_OK(patina_file_degrade(suite, path, seed, "e", 1, PATINA_EFFECT_ORDER_RANDOM,
                                       &of_file, &t->err));
        REQUIRE_OK(patina_buffer_degrade(suite, &sound, seed, "e", 1, PATINA_EFFECT_ORDER_RANDOM,
                                         &drawn, &t->err));
        check_same(t, &drawn, &of_file);
        REQUIRE_OK(patina_recipe_from_json(drawn.provenance_json, &recipe, &t->err));
        CHECK_INT(recipe.window.frames, 10 * PATINA_RATE_HZ);
        starts[seed] = recipe.window.start;
        REQUIRE_OK(patina_buffer_replay(suite, &sound, &recipe, &replayed, &t->err));
        check_same(t, &drawn, &replayed);
        patina_recipe_release(&recipe);
        patina_degraded_release(&drawn);
        patina_degraded_release(&of_file);
        patina_degraded_release(&replayed);
    }
    CHECK(starts[0] != starts[1] || starts[1] != starts[2]);
    patina_effect_config_close(&suite);
    free(x);
}

TEST(buffer_ops, embed_equals_the_file) {
    float of_file[PATINA_EMBEDDING_SIZE], of_sound[PATINA_EMBEDDING_SIZE];
    patina_clap *clap = NULL;
    pt_arena scratch;
    twin w;
    pt_arena_init(&scratch);
    REQUIRE(twin_open(t, "stereo44.wav", &w));
    REQUIRE_OK(patina_clap_open(pt_test_golden_path("clap/mini"), PATINA_CLAP_AUDIO, PATINA_ISA_C,
                                PATINA_PRECISION_F32, &clap, &t->err));
    REQUIRE_OK(patina_file_embed(clap, w.path, 1000, of_file, &scratch, &t->err));
    const pt_arena_marker mark = pt_arena_mark(&scratch);
    REQUIRE_OK(patina_buffer_embed(clap, &w.sound, 1000, of_sound, &scratch, &t->err));
    CHECK(pt_arena_mark(&scratch).used == mark.used);
    CHECK(memcmp(of_file, of_sound, sizeof of_file) == 0);
    REQUIRE_OK(patina_buffer_embed(clap, &w.sound, 0, of_sound, &scratch, &t->err));
    CHECK(memcmp(of_file, of_sound, sizeof of_file) != 0); /* start counts */
    CHECK_FAILS(patina_buffer_embed(clap, &w.sound, w.wav.n_frames, of_sound, &scratch, &t->err),
                PATINA_ERANGE);
    w.wav.samples[3] = NAN;
    CHECK_FAILS(patina_buffer_embed(clap, &w.sound, 0, of_sound, &scratch, &t->err),
                PATINA_REJECT_NONFINITE);
    patina_clap_close(&clap);
    pt_arena_release(&scratch);
    pt_test_wav_release(&w.wav);
}

/* Every public function that takes scratch memory gives the same bits without. */
TEST(buffer_ops, scratch_may_be_null) {
    float embedding[2][PATINA_EMBEDDING_SIZE];
    double ltas[2][PATINA_LTAS_BANDS];
    patina_targets targets[2];
    patina_arena *arenas[2] = {NULL, NULL};
    patina_clap *clap = NULL;
    patina_meter *meter = NULL;
    patina_effect_config *config = NULL;
    patina_effect_chain *chain = NULL;
    twin w;
    REQUIRE(twin_open(t, "stereo44.wav", &w));
    REQUIRE_OK(patina_clap_open(pt_test_golden_path("clap/mini"), PATINA_CLAP_BOTH, PATINA_ISA_C,
                                PATINA_PRECISION_F32, &clap, &t->err));
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    REQUIRE_OK(patina_effect_config_open(NULL, &config, &t->err));
    REQUIRE_OK(patina_arena_create(&arenas[1], &t->err));
    const size_t n = 24000;
    float *x = w.wav.samples, *degraded[2] = {malloc(n * sizeof *x), malloc(n * sizeof *x)};
    REQUIRE(degraded[0] && degraded[1] && w.wav.n_frames * 2 >= n);
    REQUIRE_OK(patina_effect_chain_draw(config, 3, "x", 1, PATINA_EFFECT_ORDER_PHYSICAL, n, &chain,
                                        &t->err));
#define CHECK_SAME(a) CHECK(memcmp((a)[0], (a)[1], sizeof(a)[0]) == 0)
    for (int k = 0; k < 2; k++)
        CHECK_OK(patina_clap_embed_text(clap, "rain", 4, embedding[k], arenas[k], &t->err));
    CHECK_SAME(embedding);
    for (int k = 0; k < 2; k++)
        CHECK_OK(patina_clap_embed_audio(clap, x, n, embedding[k], arenas[k], &t->err));
    CHECK_SAME(embedding);
    for (int k = 0; k < 2; k++)
        CHECK_OK(patina_file_embed(clap, w.path, 7, embedding[k], arenas[k], &t->err));
    CHECK_SAME(embedding);
    for (int k = 0; k < 2; k++)
        CHECK_OK(patina_buffer_embed(clap, &w.sound, 9, embedding[k], arenas[k], &t->err));
    CHECK_SAME(embedding);
    for (int k = 0; k < 2; k++)
        CHECK_OK(patina_ltas_measure(meter, x, n, 48000, ltas[k], arenas[k], &t->err));
    CHECK_SAME(ltas);
    for (int k = 0; k < 2; k++)
        CHECK_OK(patina_targets_measure(meter, &w.sound, x, n, &targets[k], arenas[k], &t->err));
    CHECK(memcmp(&targets[0], &targets[1], sizeof targets[0]) == 0);
    for (int k = 0; k < 2; k++)
        CHECK_OK(patina_effect_chain_apply(config, chain, 3, "x", 1, x, n, degraded[k], NULL,
                                           arenas[k], &t->err));
    CHECK(memcmp(degraded[0], degraded[1], n * sizeof *x) == 0);
#undef CHECK_SAME
    free(degraded[0]);
    free(degraded[1]);
    patina_effect_chain_close(&chain);
    patina_effect_config_close(&config);
    patina_meter_close(&meter);
    patina_clap_close(&clap);
    patina_arena_destroy(&arenas[1]);
    pt_test_wav_release(&w.wav);
}

TEST(buffer_ops, invalid_audio_is_rejected) {
    enum { N = PATINA_RATE_HZ };
    float *x = stimulus_alloc(N);
    patina_meter *meter = NULL;
    patina_effect_config *suite = NULL;
    patina_targets targets;
    patina_degraded degraded = {0};
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    REQUIRE_OK(patina_effect_config_open(NULL, &suite, &t->err));

    const struct {
        patina_audio sound;
        patina_status status;
    } cases[] = {
        {{x, N, 1, 0}, PATINA_REJECT_UNSUPPORTED},
        {{x, N, 1, PATINA_RATE_MIN_HZ - 1}, PATINA_REJECT_UNSUPPORTED},
        {{x, N, 1, PATINA_RATE_MAX_HZ + 1}, PATINA_REJECT_UNSUPPORTED},
        {{x, N, 0, PATINA_RATE_HZ}, PATINA_REJECT_UNSUPPORTED},
        {{x, N / 65, 65, PATINA_RATE_HZ}, PATINA_REJECT_UNSUPPORTED},
        {{x, 0, 1, PATINA_RATE_HZ}, PATINA_REJECT_TOO_SHORT},
        {{x, 19199, 1, PATINA_RATE_HZ}, PATINA_REJECT_TOO_SHORT},
        {{x, N, 1, PATINA_RATE_HZ}, PATINA_REJECT_SILENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_FAILS(patina_buffer_measure(meter, &cases[i].sound, &targets, &t->err),
                    cases[i].status);
        CHECK_FAILS(patina_buffer_degrade(suite, &cases[i].sound, 1, "e", 0,
                                          PATINA_EFFECT_ORDER_PHYSICAL, &degraded, &t->err),
                    cases[i].status);
    }
    x[7] = NAN;
    const patina_audio bad = {x, N, 1, PATINA_RATE_HZ};
    CHECK_FAILS(patina_buffer_measure(meter, &bad, &targets, &t->err), PATINA_REJECT_NONFINITE);
    CHECK_FAILS(patina_buffer_degrade(suite, &bad, 1, "e", 0, PATINA_EFFECT_ORDER_PHYSICAL,
                                      &degraded, &t->err),
                PATINA_REJECT_NONFINITE);
    CHECK(degraded.samples == NULL);
    patina_meter_close(&meter);
    patina_effect_config_close(&suite);
    free(x);
}

/* A recipe of another recording: with another length, rate or position. */
TEST(buffer_ops, recipe_of_other_audio_is_rejected) {
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
    static const patina_status status[] = {PATINA_EFORMAT, PATINA_EFORMAT, PATINA_EFORMAT,
                                           PATINA_ERANGE};
    enum { N = PATINA_RATE_HZ };
    float *x = stimulus_alloc(N);
    patina_effect_config *suite = NULL;
    patina_degraded degraded = {0};
    const patina_audio sound = {x, N, 1, PATINA_RATE_HZ};
    stimulus_add_noise(x, N, 0.2, 5);
    REQUIRE_OK(patina_effect_config_open(NULL, &suite, &t->err));
    for (size_t i = 0; i < 4; i++) {
        patina_recipe recipe = {0};
        REQUIRE_OK(patina_recipe_from_json(recipes[i], &recipe, &t->err));
        CHECK_FAILS(patina_buffer_replay(suite, &sound, &recipe, &degraded, &t->err), status[i]);
        patina_recipe_release(&recipe);
    }
    patina_effect_config_close(&suite);
    free(x);
}
