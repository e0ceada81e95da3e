/* SPDX-License-Identifier: MIT */
/* test_dynamics.c - crest factor and zero-crossing rate */

#include "test.h"

#include <stdlib.h>

#include <jansson.h>
#include <patina/measure.h>

#include "dsp/denormal.h"
#include "stimulus.h"
#include "wav_reader.h"

#define RATE PATINA_RATE_HZ

/* Tolerances: 0.01 dB; two crossings. */
TEST(dynamics, golden_files) {
    static const char *const files[] = {"prog.wav",        "tone1059.wav", "alternating.wav",
                                        "impulse.wav",     "dc.wav",       "silence.wav",
                                        "tone_plus_dc.wav"};
    json_t *golden = json_load_file(pt_test_golden_path("dsp/expected.json"), 0, NULL);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char path[64];
        pt_test_wav wav;
        const json_t *expected = json_object_get(json_object_get(golden, "targets"), files[f]);
        snprintf(path, sizeof path, "dsp/%s", files[f]);
        REQUIRE(json_is_object(expected));
        REQUIRE(pt_test_wav_read(t, pt_test_golden_path(path), &wav));
        const size_t n = wav.n_frames;
        CHECK_NEAR(patina_crest_factor_db(wav.samples, n),
                   json_number_value(json_object_get(expected, "crest_db")), 0.01);
        CHECK_NEAR(patina_zero_crossing_rate(wav.samples, n),
                   json_number_value(json_object_get(expected, "zcr")), 2.0 / (double)(n - 1));
        const double power = json_number_value(json_object_get(expected, "mean_square_ac"));
        CHECK_NEAR(patina_ac_power(wav.samples, n), power, 1e-12 * power);
        pt_test_wav_release(&wav);
    }
    json_decref(golden);
}

TEST(dynamics, crest_of_known_shapes) {
    enum { N = RATE };
    float *x = stimulus_alloc(N);
    CHECK_NEAR(patina_crest_factor_db(x, N), 0.0, 0.0); /* silence */
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 0.3, 0.0);
    CHECK_NEAR(patina_crest_factor_db(x, N), 3.0103,
               1e-4); /* 12 samples a quarter: the peak is hit */
    for (size_t i = 0; i < N; i++)
        x[i] = x[i] > 0.0F ? 0.8F : -0.8F;
    CHECK_NEAR(patina_crest_factor_db(x, N), 0.0, 1e-12);
    for (size_t i = 0; i < N; i++)
        x[i] = -0.2F;
    CHECK_NEAR(patina_crest_factor_db(x, N), 0.0, 1e-12);
    for (size_t i = 0; i < N; i++) /* DC of 1 under a square of 1: peak 2, rms sqrt 2 */
        x[i] = i % 2 ? 2.0F : 0.0F;
    CHECK_NEAR(patina_crest_factor_db(x, N), 3.0103, 1e-4);
    memset(x, 0, N * sizeof *x);
    x[N - 1] = -1.0F; /* one sample in 48000: 10 log10(48000) */
    CHECK_NEAR(patina_crest_factor_db(x, N), 46.8124, 1e-4);
    free(x);
}

TEST(dynamics, crossings_of_known_shapes) {
    enum { N = 10 * RATE };
    float *x = stimulus_alloc(N);
    CHECK_NEAR(patina_zero_crossing_rate(x, N), 0.0, 0.0);
    stimulus_add_sine(x, N, 1, RATE, 1234.5, 0.1, 0.1);
    CHECK_NEAR(patina_zero_crossing_rate(x, N), 2.0 * 1234.5 / RATE, 2.0 / N);
    for (size_t i = 0; i < N; i++)
        x[i] = i % 2 ? -0.1F : 0.1F;
    CHECK_NEAR(patina_zero_crossing_rate(x, N), 1.0, 0.0);
    for (size_t i = 0; i < N; i++)
        x[i] += 0.2F;
    CHECK_NEAR(patina_zero_crossing_rate(x, N), 0.0, 0.0); /* DC is part of it */
    CHECK_NEAR(patina_zero_crossing_rate(x, 1), 0.0, 0.0);
    free(x);
}

/* neg(v) is v < -1e-10 exactly. */
TEST(dynamics, sign_threshold) {
    static const struct {
        float v;
        bool negative;
    } cases[] = {{0.0F, false},       {-0.0F, false},     {1.0F, false},   {-1.0F, true},
                 {-0.99e-10F, false}, {-1.01e-10F, true}, {-1e-42F, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const float x[3] = {cases[i].v, 0.5F, cases[i].v};
        CHECK_NEAR(patina_zero_crossing_rate(x, 3), cases[i].negative ? 1.0 : 0.0, 0.0);
    }
}

/* Every crossing counts once, also between two internal blocks. */
TEST(dynamics, crossings_at_block_boundaries) {
    enum { N = 3 * 8192 + 100 };
    float *x = stimulus_alloc(N);
    for (size_t place = 1; place < N;
         place += place % 8192 == 1 || place % 8192 >= 8190 ? 1 : 511) {
        for (size_t i = 0; i < N; i++)
            x[i] = i < place ? 1.0F : -1.0F;
        CHECK_NEAR(patina_zero_crossing_rate(x, N) * (N - 1), 1.0, 1e-9);
    }
    free(x);
}

/* Flushed in any mode of the caller: the samples are denormal floats, and so would be their
 * squares. */
TEST(dynamics, denormals_are_silence) {
    float x[64];
    for (size_t i = 0; i < 64; i++)
        x[i] = i % 2 ? 1e-40F : -1e-40F;
    CHECK_NEAR(patina_crest_factor_db(x, 64), 0.0, 0.0);
    CHECK_NEAR(patina_ac_power(x, 64), 0.0, 0.0);
    const unsigned mode = pt_denormals_flush();
    pt_denormals_restore(mode);
    CHECK((mode & 0x8040U) == 0); /* the mode of the caller is restored */
}
