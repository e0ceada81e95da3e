/* SPDX-License-Identifier: MIT */
/* test_mel.c - log-mel features against transformers' ClapFeatureExtractor */

#include "clap/mel.h"
#include "clap_golden.h"
#include "test.h"

#include <stdlib.h>

/* Both sides compute in float64, so that only a value halfway between two float32 may round
 * differently: 7.6e-6 dB at 100 dB. The specification requires 1e-3 dB. */
#define TOLERANCE_DB 2e-5

static const pt_feature_extractor_config published = {
    .n_fft = 1024,
    .hop = 480,
    .n_mels = 64,
    .rate_hz = 48000,
    .n_samples = 480000,
    .f_min_hz = 50.0,
    .f_max_hz = 14000.0,
    .scale = PT_MEL_SLANEY,
    .padding = PT_PAD_REPEATPAD,
};

/* Features of x in new memory. */
static float *compute_features(pt_test *t, const pt_feature_extractor_config *config,
                               const float *x, size_t n) {
    pt_mel *mel = NULL;
    if (!CHECK_OK(pt_mel_open(config, &mel, &t->err))) return NULL;
    float *features = calloc(pt_mel_n_frames(mel) * config->n_mels, sizeof *features);
    void *scratch = aligned_alloc(64, pt_mel_scratch_size(mel));
    if (!features || !scratch) abort();
    pt_mel_features(mel, x, n, features, scratch);
    free(scratch);
    pt_mel_close(&mel);
    return features;
}

static void check_model(pt_test *t, const char *model, pt_mel_scale scale) {
    pt_feature_extractor_config config = published;
    config.scale = scale;
    json_t *index = pt_golden_open_index(t, model);
    PT_GOLDEN_FOREACH(i, item, index, "audio") {
        pt_npy samples = {0}, expected = {0};
        const size_t offset = pt_golden_get_size(item, "crop_offset");
        size_t n = pt_golden_get_size(item, "samples") - offset;
        if (n > config.n_samples) n = config.n_samples;
        if (!json_is_null(json_object_get(item, "fusion_idx")) &&
            json_object_get(item, "fusion_idx"))
            continue; /* features of a longer clip: fused_chunks has them */
        if (!*pt_golden_get_string(item, "features")) continue;
        if (pt_golden_read_array(t, model, item, "samples_file", &samples) &&
            pt_golden_read_array(t, model, item, "features", &expected)) {
            float *features = compute_features(t, &config, samples.values + offset, n);
            for (size_t c = 0; features && c < expected.dims[0]; c++) /* 4 equal ones if fused */
                pt_check_allclose(t, pt_golden_get_string(item, "name"), features,
                                  expected.values + c * 1001 * 64, 1001 * 64, TOLERANCE_DB);
            free(features);
        }
        pt_npy_release(&samples);
        pt_npy_release(&expected);
    }
    json_decref(index);
}

TEST(mel, mini) {
    check_model(t, pt_test_golden_path("clap/mini"), PT_MEL_SLANEY);
}

TEST(mel, tiny) {
    const char *model = pt_test_shared_path("clap/tiny");
    if (!model) SKIP("no shared folder with clap/tiny");
    check_model(t, model, PT_MEL_SLANEY);
}

TEST(mel, fused_short_clip) {
    check_model(t, pt_test_golden_path("clap/tiny_fused"), PT_MEL_HTK);
}

/* Channel c of the features of a longer clip is the part of its whole log-mel that starts at frame
 * fusion_idx[c - 1]. A crop that starts at the samples of that frame has the same frames, except
 * two at either end that overlap its reflected edges. */
TEST(mel, fused_chunks) {
    const char *model = pt_test_golden_path("clap/tiny_fused");
    pt_feature_extractor_config config = published;
    config.scale = PT_MEL_HTK;
    json_t *index = pt_golden_open_index(t, model);
    PT_GOLDEN_FOREACH(i, item, index, "audio") {
        pt_npy samples = {0}, expected = {0};
        const json_t *starts = json_object_get(item, "fusion_idx");
        if (json_is_array(starts) &&
            pt_golden_read_array(t, model, item, "samples_file", &samples) &&
            pt_golden_read_array(t, model, item, "features", &expected)) {
            for (size_t c = 1; c < 4; c++) {
                const size_t start = (size_t)json_integer_value(json_array_get(starts, c - 1));
                float *features =
                    compute_features(t, &config, samples.values + 480 * start, 480000);
                if (!features) continue;
                pt_check_allclose(t, "chunk", features + 2 * 64,
                                  expected.values + (c * 1001 + 2) * 64, (1001 - 4) * 64,
                                  TOLERANCE_DB);
                free(features);
            }
        }
        pt_npy_release(&samples);
        pt_npy_release(&expected);
    }
    json_decref(index);
}

/* The filters of the reference's feature extractor, stored as float32. */
static void check_filters(pt_test *t, const char *path, pt_mel_scale scale) {
    pt_npy expected = {0};
    pt_mel *mel = NULL;
    pt_feature_extractor_config config = published;
    config.scale = scale;
    REQUIRE_OK(pt_npy_read(path, &expected, &t->err));
    if (CHECK_OK(pt_mel_open(&config, &mel, &t->err)) && CHECK(expected.n_values == 513 * 64))
        for (size_t m = 0; m < 64; m++) {
            size_t first, n;
            const double *weights = pt_mel_filter(mel, m, &first, &n);
            CHECK(n > 0 && first + n <= 513);
            for (size_t k = 0; k < 513; k++) {
                const double weight = k >= first && k < first + n ? weights[k - first] : 0.0;
                CHECK_NEAR(weight, expected.values[k * 64 + m], 1e-7 * weight + 1e-12);
            }
        }
    pt_mel_close(&mel);
    pt_npy_release(&expected);
}

TEST(mel, filters) {
    const char *slaney = pt_test_shared_path("clap/tiny/golden/mel_filters_slaney.npy");
    const char *htk = pt_test_shared_path("clap/tiny/golden/mel_filters_htk.npy");
    if (!slaney || !htk) SKIP("no shared folder with clap/tiny");
    check_filters(t, slaney, PT_MEL_SLANEY);
    check_filters(t, htk, PT_MEL_HTK);
}

/* Padding: each rule against the equivalent longer clip. */
TEST(mel, padding_rules) {
    enum { LENGTH = 480000, SHORT = 70001 }; /* six whole copies and a remainder */
    float *x = calloc(LENGTH, sizeof *x), *whole = calloc(LENGTH, sizeof *whole);
    if (!x || !whole) abort();
    uint32_t state = 1;
    for (size_t i = 0; i < SHORT; i++) {
        state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        x[i] = (float)(int32_t)state * 0x1p-32f;
    }
    for (int rule = PT_PAD_REPEATPAD; rule <= PT_PAD_ZEROS; rule++) {
        pt_feature_extractor_config config = published;
        config.padding = (pt_padding)rule;
        for (size_t i = 0; i < LENGTH; i++) {
            const bool sounds = rule == PT_PAD_REPEAT      ? true
                                : rule == PT_PAD_REPEATPAD ? i < LENGTH / SHORT * SHORT
                                                           : i < SHORT;
            whole[i] = sounds ? x[i % SHORT] : 0.0f;
        }
        float *padded = compute_features(t, &config, x, SHORT);
        float *expected = compute_features(t, &config, whole, LENGTH);
        if (padded && expected) pt_check_allclose(t, "padded", padded, expected, 1001 * 64, 0.0);
        free(padded);
        free(expected);
    }
    free(x);
    free(whole);
}

/* A full-scale sine at the centre of a bin has the amplitude n_fft / 4 = 256 there and half of it
 * at both neighbours (periodic Hann), so the value of each filter follows from its weights. */
TEST(mel, sine_on_a_bin) {
    enum { LENGTH = 480000, BIN = 100 };
    float *x = calloc(LENGTH, sizeof *x);
    if (!x) abort();
    for (size_t i = 0; i < LENGTH; i++) /* the phase is taken modulo a whole turn */
        x[i] = (float)sin(2.0 * M_PI * (double)(i * BIN % 1024) / 1024.0);
    float *features = compute_features(t, &published, x, LENGTH);
    pt_mel *mel = NULL;
    if (features && CHECK_OK(pt_mel_open(&published, &mel, &t->err)))
        for (size_t m = 0; m < 64; m++) {
            size_t first, n;
            const double *weights = pt_mel_filter(mel, m, &first, &n);
            double power = 0.0;
            for (size_t k = 0; k < n; k++) {
                const size_t bin = first + k;
                const double amplitude = bin == BIN                         ? 256.0
                                         : bin + 1 == BIN || bin == BIN + 1 ? 128.0
                                                                            : 0.0;
                power += weights[k] * amplitude * amplitude;
            }
            /* Elsewhere only the rounding of the samples remains, about 80 dB below full scale. */
            if (power > 0.0)
                CHECK_NEAR(features[500 * 64 + m], 10.0 * log10(power), 1e-4);
            else
                CHECK(features[500 * 64 + m] < -70.0f);
        }
    pt_mel_close(&mel);
    free(features);
    free(x);
}

TEST(mel, silence_and_single_sample) {
    const float zero = 0.0f, one = 1.0f;
    float *silence = compute_features(t, &published, &zero, 1);
    for (size_t i = 0; silence && i < 1001 * 64; i++)
        if (!CHECK(silence[i] == -100.0f)) break;
    free(silence);

    /* One sample, repeated, is a constant: finite, and nothing outside the lowest bins. */
    float *constant = compute_features(t, &published, &one, 1);
    for (size_t i = 0; constant && i < 1001 * 64; i++)
        if (!CHECK(isfinite(constant[i]) && constant[i] >= -100.0f)) break;
    free(constant);
}

TEST(mel, bad_configurations) {
    pt_mel *mel = NULL;
    pt_feature_extractor_config config = published;
    config.n_samples = 512;
    CHECK_FAILS(pt_mel_open(&config, &mel, &t->err), PATINA_EFORMAT);
    config = published;
    config.hop = 0;
    CHECK_FAILS(pt_mel_open(&config, &mel, &t->err), PATINA_EFORMAT);
    config = published;
    config.n_fft = 1023;
    CHECK_FAILS(pt_mel_open(&config, &mel, &t->err), PATINA_EFORMAT);
    config = published;
    config.f_max_hz = 50.0;
    CHECK_FAILS(pt_mel_open(&config, &mel, &t->err), PATINA_EFORMAT);
    config.f_max_hz = NAN;
    CHECK_FAILS(pt_mel_open(&config, &mel, &t->err), PATINA_EFORMAT);
    CHECK(mel == NULL);
}
