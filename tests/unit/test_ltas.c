/* SPDX-License-Identifier: MIT */
/* test_ltas.c - the long-term average spectrum */

#include "test.h"

#include <stdlib.h>

#include <jansson.h>
#include <patina/measure.h>

#include "base/arena.h"
#include "dsp/stats.h"
#include "measure/ltas.h"
#include "stimulus.h"
#include "wav_reader.h"

#define RATE PATINA_RATE_HZ

static patina_status measure(const float *x, size_t n, unsigned source_rate_hz, double *levels,
                             patina_error *err) {
    patina_meter *meter = NULL;
    pt_arena scratch;
    pt_arena_init(&scratch);
    patina_status status = patina_meter_open(&meter, err);
    if (status == PATINA_OK)
        status = patina_ltas_measure(meter, x, n, source_rate_hz, levels, &scratch, err);
    patina_meter_close(&meter);
    pt_arena_release(&scratch);
    return status;
}

static double mid_hz(size_t b) {
    return pow(10.0, 1.175 + 0.05 * (double)b);
}

TEST(ltas, band_edges_of_the_standard) {
    CHECK_NEAR(patina_ltas_edge_hz(0), 14.125, 0.001);
    CHECK_NEAR(patina_ltas_edge_hz(37), 1000.0, 1e-9); /* an even fraction of an octave has 1 kHz */
    CHECK_NEAR(patina_ltas_edge_hz(64), 22387.2, 0.1);
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        CHECK_NEAR(patina_ltas_edge_hz(b + 1) / patina_ltas_edge_hz(b), pow(10.0, 0.05), 1e-12);
        CHECK(patina_ltas_edge_hz(b) < mid_hz(b) && mid_hz(b) < patina_ltas_edge_hz(b + 1));
    }
    json_t *golden = json_load_file(pt_test_golden_path("dsp/expected.json"), 0, NULL);
    const json_t *edges = json_object_get(golden, "ltas_edges_hz");
    CHECK_INT(json_array_size(edges), PATINA_LTAS_BANDS + 1);
    for (size_t b = 0; b < json_array_size(edges); b++)
        CHECK_NEAR(patina_ltas_edge_hz(b) / json_real_value(json_array_get(edges, b)), 1.0, 1e-12);
    json_decref(golden);
}

/* Tolerances: 0.05 dB where the level is above -100 dBFS, 1 dB below. */
TEST(ltas, golden_files) {
    static const char *const files[] = {"prog.wav",        "tone1059.wav", "alternating.wav",
                                        "impulse.wav",     "dc.wav",       "silence.wav",
                                        "tone_plus_dc.wav"};
    json_t *golden = json_load_file(pt_test_golden_path("dsp/expected.json"), 0, NULL);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char path[64];
        pt_test_wav wav;
        double levels[PATINA_LTAS_BANDS];
        const json_t *expected =
            json_object_get(json_object_get(json_object_get(golden, "targets"), files[f]), "ltas");
        snprintf(path, sizeof path, "dsp/%s", files[f]);
        REQUIRE(json_array_size(expected) == PATINA_LTAS_BANDS);
        REQUIRE(pt_test_wav_read(t, pt_test_golden_path(path), &wav));
        REQUIRE_OK(measure(wav.samples, wav.n_frames, wav.rate_hz, levels, &t->err));
        for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
            const double e = json_number_value(json_array_get(expected, b));
            CHECK_NEAR(levels[b], e, e > -100.0 ? 0.05 : 1.0);
        }
        pt_test_wav_release(&wav);
    }
    json_decref(golden);
}

/* sum P_k = P(x) for any length, because of the zeros on both sides. */
TEST(ltas, bin_powers_sum_to_the_power) {
    static const size_t lengths[] = {2,     3,     100,   8191,  8192,  8193,
                                     24576, 32767, 32768, 32769, 60000, 480000};
    patina_meter *meter = NULL;
    pt_ltas_workspace *workspace = aligned_alloc(64, sizeof *workspace);
    REQUIRE(workspace != NULL);
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        const size_t n = lengths[l];
        float *x = stimulus_alloc(n);
        for (size_t i = 0; i < n; i++) /* louder towards the end, on DC */
            x[i] = 0.1F;
        stimulus_add_noise(x, n / 2, 0.02, 1);
        stimulus_add_noise(x + n / 2, n - n / 2, 0.7, 2);
        pt_ltas ltas;
        pt_ltas_init(&ltas, meter, pt_stats_mean(x, n), workspace);
        pt_ltas_add(&ltas, x, n);
        const double *power = pt_ltas_finish(&ltas);
        double sum = 0.0;
        for (size_t k = 0; k < PT_LTAS_BINS; k++)
            sum += power[k];
        /* the limit is 1e-6; twiddle factors in float, of two products each, change the power by
         * about 1e-7 */
        CHECK_NEAR(sum / pt_stats_power(x, n), 1.0, 2e-7);
        free(x);
    }
    free(workspace);
    patina_meter_close(&meter);
}

/* Flat P_k = 1 in every bin: the level of a band is its width in bins, and bins at an edge are
 * split between neighbours. */
TEST(ltas, bins_at_band_edges_are_split) {
    const double bin_hz = (double)RATE / PT_LTAS_FRAME;
    double power[PT_LTAS_BINS], levels[PATINA_LTAS_BANDS];
    patina_meter *meter = NULL;
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    for (size_t k = 0; k < PT_LTAS_BINS; k++)
        power[k] = 1.0;
    pt_ltas_levels(meter, power, RATE, levels);
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        const double width = (patina_ltas_edge_hz(b + 1) - patina_ltas_edge_hz(b)) / bin_hz;
        CHECK_NEAR(levels[b], 10.0 * log10(2.0 * width), 1e-9);
    }
    /* a single bin: its power is in the one or two bands that its interval touches */
    for (size_t k = 10; k < 15283; k += k < 300 ? 1 : 997) {
        double sum = 0.0;
        memset(power, 0, sizeof power);
        power[k] = 1.0;
        pt_ltas_levels(meter, power, RATE, levels);
        for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
            const double low = fmax(patina_ltas_edge_hz(b), ((double)k - 0.5) * bin_hz);
            const double high = fmin(patina_ltas_edge_hz(b + 1), ((double)k + 0.5) * bin_hz);
            const double share = fmax(0.0, (high - low) / bin_hz);
            const double held =
                levels[b] > PATINA_LTAS_FLOOR ? pow(10.0, levels[b] / 10.0) / 2.0 : 0.0;
            CHECK_NEAR(held, share, 1e-9);
            sum += held;
        }
        CHECK(sum > 0.1 && sum < 1.0 + 1e-9);
    }
    patina_meter_close(&meter);
}

/* AES17: a full-scale sine is 0 dBFS. 10^3.025 Hz is the centre of band 37. Less than 1e-6 of the
 * Hann window's side lobes is outside the band. */
TEST(ltas, a_full_scale_sine_reads_zero) {
    enum { N = 10 * RATE };
    double levels[PATINA_LTAS_BANDS];
    float *x = stimulus_alloc(N);
    stimulus_add_sine(x, N, 1, RATE, pow(10.0, 3.025), 1.0, 0.3);
    REQUIRE_OK(measure(x, N, RATE, levels, &t->err));
    CHECK_NEAR(levels[37], 0.0, 0.001);
    CHECK(levels[36] < -40.0 && levels[38] < -40.0);
    CHECK(levels[0] < -70.0 && levels[63] < -70.0);
    free(x);
}

TEST(ltas, one_kilohertz_is_halved_between_two_bands) {
    enum { N = 10 * RATE };
    double levels[PATINA_LTAS_BANDS];
    float *x = stimulus_alloc(N);
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 1.0, 0.0);
    REQUIRE_OK(measure(x, N, RATE, levels, &t->err));
    CHECK_NEAR(pow(10.0, levels[36] / 10.0) + pow(10.0, levels[37] / 10.0), 1.0, 1e-4);
    /* 1000 Hz is 0.17 bins above the centre of bin 683, whose power is split unevenly by the edge
     * */
    CHECK_NEAR(levels[36], -3.01, 0.6);
    CHECK_NEAR(levels[37], -3.01, 0.6);
    free(x);
}

/* Part of a tone that the main lobe spreads out of the narrow bands. */
TEST(ltas, low_tones_leak_as_documented) {
    enum { N = 10 * RATE };
    static const struct {
        size_t band;
        double level, tolerance;
    } cases[] = {{2, -1.3, 0.05}, {5, -0.65, 0.05}, {8, -0.11, 0.02}, {12, 0.0, 0.02},
                 {20, 0.0, 0.02}, {40, 0.0, 0.02},  {63, 0.0, 0.02}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double levels[PATINA_LTAS_BANDS];
        float *x = stimulus_alloc(N);
        stimulus_add_sine(x, N, 1, RATE, mid_hz(cases[i].band), 1.0, 0.0);
        REQUIRE_OK(measure(x, N, RATE, levels, &t->err));
        CHECK_NEAR(levels[cases[i].band], cases[i].level, cases[i].tolerance);
        free(x);
    }
}

/* 50 ms of a tone in 10 s of silence: the level does not depend on its position, and follows from
 * its power. A burst this short has a main lobe of 40 Hz in a band of 122 Hz, so 0.05 dB are
 * allowed for its side lobes. */
TEST(ltas, burst_position_does_not_matter) {
    enum { N = 10 * RATE, BURST = RATE / 20 };
    static const size_t places[] = {0, 1, 5000, 8192 - BURST / 2, N / 2, N - BURST};
    const double expected = 10.0 * log10((double)BURST / N);
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        double levels[PATINA_LTAS_BANDS], sum = 0.0;
        float *x = stimulus_alloc(N);
        stimulus_add_sine(x + places[p], BURST, 1, RATE, mid_hz(48), 1.0, 0.0);
        REQUIRE_OK(measure(x, N, RATE, levels, &t->err));
        for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
            sum += pow(10.0, levels[b] / 10.0);
        CHECK_NEAR(levels[48], expected, 0.05);
        CHECK_NEAR(10.0 * log10(sum), expected, 0.01);
        free(x);
    }
}

/* White noise of mean square 1/3: band powers follow the bandwidths. A band of B Hz over T seconds
 * scatters by 4.34 / sqrt(B T) dB; five of those. */
TEST(ltas, white_noise_rises_three_decibels_an_octave) {
    enum { N = 10 * RATE };
    double levels[PATINA_LTAS_BANDS];
    float *x = stimulus_alloc(N);
    stimulus_add_noise(x, N, 1.0, 77);
    REQUIRE_OK(measure(x, N, RATE, levels, &t->err));
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        const double width_hz = patina_ltas_edge_hz(b + 1) - patina_ltas_edge_hz(b);
        CHECK_NEAR(levels[b], 10.0 * log10(2.0 / 3.0 * width_hz / (0.5 * RATE)),
                   5.0 * 4.34 / sqrt(width_hz * 10.0));
    }
    free(x);
}

TEST(ltas, bands_above_nyquist_are_at_the_minimum) {
    enum { N = RATE };
    static const struct {
        unsigned rate_hz;
        size_t first; /* band at the minimum */
    } cases[] = {{4000, 44},  {8000, 50},  {16000, 56}, {17800, 56},
                 {17850, 57}, {44100, 64}, {48000, 64}};
    float *x = stimulus_alloc(N);
    stimulus_add_noise(x, N, 0.5, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double levels[PATINA_LTAS_BANDS];
        REQUIRE_OK(measure(x, N, cases[i].rate_hz, levels, &t->err));
        for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
            if (b >= cases[i].first)
                CHECK_NEAR(levels[b], PATINA_LTAS_FLOOR, 0.0);
            else
                CHECK(levels[b] > -60.0);
    }
    free(x);
}

TEST(ltas, faint_audio_is_at_the_minimum) {
    double levels[PATINA_LTAS_BANDS];
    float *x = stimulus_alloc(RATE);
    stimulus_add_sine(x, RATE, 1, RATE, mid_hz(37), 0.9e-6, 0.0); /* -121 dBFS */
    REQUIRE_OK(measure(x, RATE, RATE, levels, &t->err));
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        CHECK_NEAR(levels[b], PATINA_LTAS_FLOOR, 0.0);
    stimulus_add_sine(x, RATE, 1, RATE, mid_hz(37), 0.9e-6, 0.0); /* now -115 */
    REQUIRE_OK(measure(x, RATE, RATE, levels, &t->err));
    CHECK_NEAR(levels[37], 20.0 * log10(1.8e-6), 0.05);
    free(x);
}

TEST(ltas, single_sample) {
    const float x = 0.7F;
    double levels[PATINA_LTAS_BANDS];
    REQUIRE_OK(measure(&x, 1, RATE, levels, &t->err));
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        CHECK_NEAR(levels[b], PATINA_LTAS_FLOOR, 0.0);
}

TEST(ltas, rejected_input) {
    float x[100] = {0};
    double levels[PATINA_LTAS_BANDS] = {1.0};
    CHECK_FAILS(measure(x, 0, RATE, levels, &t->err), PATINA_ERANGE);
    x[99] = INFINITY;
    CHECK_FAILS(measure(x, 100, RATE, levels, &t->err), PATINA_REJECT_NONFINITE);
    x[99] = NAN;
    CHECK_FAILS(measure(x, 100, RATE, levels, &t->err), PATINA_REJECT_NONFINITE);
    CHECK_NEAR(levels[0], 1.0, 0.0);
}
