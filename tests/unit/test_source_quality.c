/* SPDX-License-Identifier: MIT */
/* test_source_quality.c - quality of sources against golden values */

#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <patina/measure.h>

#include "audio_fixture.h"
#include "stimulus.h"

#define RATE    48000
#define N       96000
#define CELL_HZ 93.75

static patina_source_quality measure(pt_test *t, const float *source, size_t n_frames,
                                     unsigned n_channels, unsigned rate_hz, const float *mix,
                                     size_t n_mix) {
    const patina_audio audio = {source, n_frames, n_channels, rate_hz};
    patina_meter *meter = NULL;
    patina_targets targets = {.zcr = 0.0};
    CHECK_OK(patina_meter_open(&meter, &t->err));
    CHECK_OK(patina_targets_measure(meter, &audio, mix, n_mix, &targets, NULL, &t->err));
    patina_meter_close(&meter);
    return targets.quality;
}

static patina_source_quality measure_mono(pt_test *t, const float *x, size_t n) {
    return measure(t, x, n, 1, RATE, x, n);
}

/* A windowed sinc filter, as in make_source_quality.py. */
static float *low_pass(const double *x, size_t n, double cut_hz) {
    enum { TAPS = 801, HALF = TAPS / 2 };
    float *y = stimulus_alloc(n);
    double taps[TAPS];
    for (int k = 0; k < TAPS; k++) {
        const double a = 2.0 * M_PI * k / (TAPS - 1);
        const double v = 2.0 * cut_hz / RATE * (k - HALF);
        taps[k] = 2.0 * cut_hz / RATE * (k == HALF ? 1.0 : sin(M_PI * v) / (M_PI * v)) *
                  (0.42 - 0.5 * cos(a) + 0.08 * cos(2.0 * a));
    }
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t k = 0; k < TAPS; k++)
            if (i + HALF >= k && i + HALF - k < n) sum += taps[k] * x[i + HALF - k];
        y[i] = (float)sum;
    }
    return y;
}

static float *make_low_passed(double cut_hz) {
    double *white = malloc(N * sizeof *white);
    uint32_t state = 7;
    for (size_t i = 0; i < N; i++)
        white[i] = 0.25 * stimulus_next_random(&state);
    float *x = low_pass(white, N, cut_hz);
    free(white);
    return x;
}

static float *make_case(const char *name) {
    float *x = stimulus_alloc(N);
    if (strcmp(name, "white") == 0) {
        stimulus_add_noise(x, N, 0.25, 7);
        return x;
    }
    if (strncmp(name, "low_passed", 10) == 0) {
        const bool is_16_bits = strstr(name, "16_bits");
        free(x);
        x = make_low_passed(is_16_bits ? 11000.0 : 5000.0);
        for (size_t i = 0; is_16_bits && i < N; i++)
            x[i] = (float)(nearbyint((double)x[i] * 32768.0) / 32768.0);
        return x;
    }
    const bool is_padded = strcmp(name, "padded") == 0, is_clipped = strcmp(name, "clipped") == 0;
    for (size_t i = 0; i < N; i++) {
        const double sine = 0.5 * sin(2.0 * M_PI * 440.0 * (double)i / RATE);
        const bool is_on = is_padded ? i < N / 2 : i % 9600 < 4800;
        x[i] = (float)(is_clipped ? fmax(-0.75, fmin(0.75, 1.6 * sine)) : is_on ? sine : 0.0);
    }
    if (!is_padded && !is_clipped) stimulus_add_noise(x, N, 0.001, 3);
    return x;
}

static double number(const json_t *object, const char *name) {
    return json_number_value(json_object_get(object, name));
}

/* Tolerances: 0.05 dB, half of a level bin; one cell of the spectrum, for harmonics at its edge. */
TEST(source_quality, golden_files) {
    json_t *golden = json_load_file(pt_test_golden_path("quality/source_quality.json"), 0, NULL);
    const char *name;
    json_t *expected;
    REQUIRE(json_object_size(golden) == 6);
    json_object_foreach(golden, name, expected) {
        float *x = make_case(name);
        const patina_source_quality got = measure_mono(t, x, N);
        CHECK_NEAR(got.bandwidth_hz, number(expected, "bandwidth_hz"),
                   strcmp(name, "clipped") == 0 ? CELL_HZ : 0.0);
        CHECK_NEAR((double)got.flat_run, number(expected, "flat_run"), 0.0);
        CHECK_NEAR(got.peak_share, number(expected, "peak_share"), 1e-4);
        CHECK_NEAR(got.peak_dbfs, number(expected, "peak_dbfs"), 1e-5);
        CHECK_NEAR(got.silent_share, number(expected, "silent_share"), 0.0);
        CHECK_NEAR(got.noise_floor_dbfs, number(expected, "noise_floor_dbfs"), 0.0501);
        free(x);
    }
    json_decref(golden);
}

/* By construction: full scale of 16 bits is not symmetric, and the run crosses blocks. */
TEST(source_quality, runs_at_both_peaks) {
    float *x = stimulus_alloc(N);
    stimulus_add_sine(x, N, 1, RATE, 300.0, 0.4, 0.1);
    for (size_t i = 0; i < 7; i++)
        x[2045 + i] = 32767.0F / 32768.0F;
    for (size_t i = 0; i < 5; i++)
        x[40000 + i] = -1.0F;
    const patina_source_quality got = measure_mono(t, x, N);
    CHECK(got.flat_run == 7);
    CHECK_NEAR(got.peak_share, 12.0 / N, 1e-12);
    CHECK_NEAR(got.peak_dbfs, 0.0, 0.0);
    free(x);
}

/* A channel far below the other has its own peaks, which do not count; each channel is measured
 * separately. */
TEST(source_quality, channels) {
    static const unsigned counts[] = {1, 2, 3, 5, 6, 8};
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        const unsigned n_channels = counts[k], last = n_channels - 1;
        float *x = stimulus_alloc((size_t)N * n_channels), *mix = stimulus_alloc(N);
        for (unsigned c = 0; c < n_channels; c++)
            stimulus_add_sine(x + c, N, n_channels, RATE, 300.0 + 10.0 * c, c == last ? 0.4 : 0.1,
                              0.1);
        for (size_t i = 0; i < 9; i++)
            x[(1000 + i) * n_channels + last] = 0.9F;
        for (size_t i = 0; last > 0 && i < 20; i++)
            x[(2000 + i) * n_channels] = 0.12F;
        stimulus_add_sine(mix, N, 1, RATE, 300.0, 0.4, 0.1);
        const patina_source_quality got = measure(t, x, N, n_channels, RATE, mix, N);
        CHECK(got.flat_run == 9);
        CHECK_NEAR(got.peak_share, 9.0 / (N * n_channels), 1e-12);
        CHECK_NEAR(got.peak_dbfs, 20.0 * log10(0.9), 1e-6);
        free(x);
        free(mix);
    }
}

/* Blocks of any size give bit-identical results. */
TEST(source_quality, pieces) {
    static const size_t sizes[] = {7, 2047, 2048, 2049, 8191, 20000};
    float *x = make_case("clipped");
    const patina_source_quality whole = measure_mono(t, x, N);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        patina_meter *meter = NULL;
        patina_targets_stream *stream = NULL;
        patina_targets targets;
        CHECK_OK(patina_meter_open(&meter, &t->err));
        double mean = 0.0;
        for (size_t i = 0; i < N; i++)
            mean += (double)x[i] / N;
        CHECK_OK(patina_targets_stream_open(meter, RATE, 1, mean, &stream, &t->err));
        for (size_t at = 0; at < N; at += sizes[s]) {
            const size_t n = N - at < sizes[s] ? N - at : sizes[s];
            const patina_audio piece = {x + at, n, 1, RATE};
            CHECK_OK(patina_targets_stream_add_source(stream, &piece, &t->err));
            CHECK_OK(patina_targets_stream_add_mix(stream, x + at, n, &t->err));
        }
        CHECK_OK(patina_targets_stream_finish(stream, &targets, &t->err));
        CHECK(targets.quality.flat_run == whole.flat_run);
        CHECK_NEAR(targets.quality.peak_share, whole.peak_share, 0.0);
        CHECK_NEAR(targets.quality.noise_floor_dbfs, whole.noise_floor_dbfs, 0.0);
        CHECK_NEAR(targets.quality.silent_share, whole.silent_share, 0.0);
        CHECK_NEAR(targets.quality.bandwidth_hz, whole.bandwidth_hz, 0.0);
        patina_targets_stream_close(&stream);
        patina_meter_close(&meter);
    }
    free(x);
}

/* A low-pass edge is found above a noise floor, and a tone above noise is not an edge. */
TEST(source_quality, edges) {
    float *x = make_low_passed(8000.0);
    stimulus_add_noise(x, N, 0.001, 5);
    CHECK_NEAR(measure_mono(t, x, N).bandwidth_hz, 8000.0, 2.0 * CELL_HZ);
    free(x);
    x = stimulus_alloc(N);
    stimulus_add_sine(x, N, 1, RATE, 3000.0, 0.05, 0.0);
    stimulus_add_noise(x, N, 0.001, 5);
    CHECK_NEAR(measure_mono(t, x, N).bandwidth_hz, 24000.0, 0.0);
    free(x);
    /* the jump at the ends of the window is not content */
    x = stimulus_alloc(N);
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 0.5, 1.0);
    CHECK_NEAR(measure_mono(t, x, N).bandwidth_hz, 1200.0, 2.0 * CELL_HZ);
    free(x);
}

/* A source whose spectrum ends at its own Nyquist frequency. */
TEST(source_quality, nyquist_frequency) {
    float *x = make_low_passed(11000.0), *source = stimulus_alloc(N / 2);
    stimulus_add_noise(source, N / 2, 0.2, 9);
    CHECK_NEAR(measure(t, source, 44100, 1, 22050, x, N).bandwidth_hz, 11025.0, 0.0);
    free(x);
    x = make_low_passed(9000.0);
    CHECK_NEAR(measure(t, source, 44100, 1, 22050, x, N).bandwidth_hz, 9000.0, CELL_HZ);
    free(x);
    free(source);
}

/* An encoder at 128 kb/s removes frequencies above 16 or 17 kHz; codec, loss and bits of real
 * files. */
TEST(source_quality, codecs) {
    static const struct {
        int format;
        unsigned rate_hz;
        const char *codec;
        bool is_lossy;
        unsigned bits;
    } cases[] = {
        {WAV_16, 44100, "pcm", false, 16},
        {WAV_FLOAT, 44100, "float", false, 32},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 8000, "pcm", false, 8},
        {SF_FORMAT_AIFF | SF_FORMAT_PCM_24, 48000, "pcm", false, 24},
        {SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, "mulaw", true, 0},
        {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 22050, "adpcm", true, 0},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 44100, "flac", false, 24},
        {SF_FORMAT_CAF | SF_FORMAT_ALAC_16, 44100, "alac", false, 16},
        {OGG, 44100, "vorbis", true, 0},
        {OPUS, 48000, "opus", true, 0},
        {MP3, 44100, "mp3", true, 0},
    };
    float *x = make_noise(22050, 0.25);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        file_bytes f = encode_audio(cases[k].format, (int)cases[k].rate_hz, 1, NULL, x, 22050);
        if (!f.b) continue; /* libsndfile before 1.1 writes no MP3 */
        decode_result o = decode(&f);
        CHECK_INT(o.status, PATINA_OK);
        CHECK_STR(o.info.codec.name, cases[k].codec);
        CHECK(o.info.codec.is_lossy == cases[k].is_lossy);
        CHECK(o.info.codec.bits == cases[k].bits);
        release(&o);
        file_bytes_release(&f);
    }
    free(x);
}

TEST(source_quality, json) {
    const patina_source_quality quality = {.bandwidth_hz = 12000.0,
                                           .peak_dbfs = -0.5,
                                           .peak_share = 0.25,
                                           .noise_floor_dbfs = -79.5,
                                           .silent_share = 0.0,
                                           .flat_run = 3,
                                           .codec = "flac",
                                           .bits = 24};
    patina_source_quality no_file = quality;
    no_file.codec = NULL;
    char *text = patina_source_quality_to_json(&quality);
    CHECK_STR(text, "{\"bandwidth_hz\": 12000.0, \"flat_run\": 3, \"peak_share\": 0.25, "
                    "\"peak_dbfs\": -0.5, \"noise_floor_dbfs\": -79.5, \"silent_share\": 0.0, "
                    "\"codec\": \"flac\", \"lossy\": false, \"bits\": 24}");
    patina_free(text);
    text = patina_source_quality_to_json(&no_file);
    CHECK(text && !strstr(text, "codec") && !strstr(text, "bits"));
    patina_free(text);
}
