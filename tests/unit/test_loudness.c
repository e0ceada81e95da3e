/* SPDX-License-Identifier: MIT */
/* test_loudness.c - loudness against EBU Tech 3341, libebur128, golden values and a second
 * implementation
 *
 * The second implementation follows the formulas of ITU-R BS.1770 and shares no code with the meter
 * under test.
 */

#include "test.h"

#include <stdlib.h>

#include <ebur128.h>
#include <jansson.h>
#include <patina/measure.h>

#include "base/arena.h"
#include "measure/loudness.h"
#include "stimulus.h"
#include "wav_reader.h"

#define RATE PATINA_RATE_HZ

/* ---- reference implementation ---- */

typedef struct biquad {
    double b[3], a[3], z1, z2;
} biquad;

static double biquad_next(biquad *f, double x) {
    const double y = f->b[0] * x + f->z1;
    f->z1 = f->b[1] * x - f->a[1] * y + f->z2;
    f->z2 = f->b[2] * x - f->a[2] * y;
    return y;
}

/* The tabulated 48 kHz filters of BS.1770 as analogue prototypes, by the bilinear transform. */
static biquad k_shelf(double rate_hz) {
    const double q = 0.7071752369554196, k = tan(M_PI * 1681.974450955533 / rate_hz);
    const double vh = pow(10.0, 3.999843853973347 / 20.0), vb = pow(vh, 0.4996667741545416);
    const double a0 = 1.0 + k / q + k * k;
    return (biquad){
        {(vh + vb * k / q + k * k) / a0, 2.0 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0},
        {1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0},
        0.0,
        0.0};
}

static biquad k_high_pass(double rate_hz) {
    const double q = 0.5003270373238773, k = tan(M_PI * 38.13547087602444 / rate_hz);
    const double a0 = 1.0 + k / q + k * k;
    return (biquad){
        {1.0, -2.0, 1.0}, {1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0}, 0.0, 0.0};
}

static double channel_weight(unsigned c, unsigned n_channels) {
    static const double weights[7][6] = {{0},
                                         {1},
                                         {1, 1},
                                         {1, 1, 1},
                                         {1, 1, 1.41, 1.41},
                                         {1, 1, 1, 1.41, 1.41},
                                         {1, 1, 1, 0, 1.41, 1.41}};
    return c < 6 ? weights[n_channels < 6 ? n_channels : 6][c] : 0.0;
}

static double block_lufs(double z) {
    return z > 0.0 ? -0.691 + 10.0 * log10(z) : -INFINITY;
}

/* Mean over the blocks at or above a gate, as LUFS; -inf if there are none. */
static double gated_lufs(const double *z, size_t n, double gate) {
    double sum = 0.0;
    size_t count = 0;
    for (size_t j = 0; j < n; j++)
        if (block_lufs(z[j]) >= gate) sum += z[j], count++;
    return count ? block_lufs(sum / (double)count) : -INFINITY;
}

static double reference_lufs(const patina_audio *audio) {
    const size_t hop = (audio->rate_hz + 5) / 10, n_hops = audio->n_frames / hop;
    const size_t n_blocks = n_hops - 3;
    double *z = calloc(n_blocks, sizeof *z);
    if (!z) exit(2);
    for (unsigned c = 0; c < audio->n_channels; c++) {
        const double weight = channel_weight(c, audio->n_channels);
        biquad shelf = k_shelf(audio->rate_hz), high_pass = k_high_pass(audio->rate_hz);
        for (size_t h = 0; h < n_hops; h++) {
            double energy = 0.0;
            for (size_t i = h * hop; i < (h + 1) * hop; i++) {
                const double x = (double)audio->samples[i * audio->n_channels + c];
                const double y = biquad_next(&high_pass, biquad_next(&shelf, x));
                energy += y * y;
            }
            for (size_t j = h < 3 ? 0 : h - 3; j <= h && j < n_blocks; j++)
                z[j] += weight * energy / (4.0 * (double)hop);
        }
    }
    const double relative_gate = gated_lufs(z, n_blocks, -70.0) - 10.0;
    const double lufs =
        isinf(relative_gate) ? -70.0 : gated_lufs(z, n_blocks, fmax(-70.0, relative_gate));
    free(z);
    return fmax(-70.0, lufs);
}

/* ---- */

static double dbfs(double level) {
    return pow(10.0, level / 20.0);
}

static double measured(pt_test *t, const patina_audio *audio) {
    double lufs = NAN;
    CHECK_OK(patina_loudness_measure(audio, &lufs, &t->err));
    return lufs;
}

typedef struct segment {
    double level_dbfs, length_s;
} segment;

/* A 1 kHz sine in every channel, in phase, whose level changes from segment to segment. */
static double lufs_of_segments(pt_test *t, const segment *segments, size_t n_segments) {
    size_t n = 0, done = 0;
    for (size_t s = 0; s < n_segments; s++)
        n += (size_t)(segments[s].length_s * RATE);
    float *x = stimulus_alloc(2 * n);
    for (size_t s = 0; s < n_segments; s++) {
        const size_t length = (size_t)(segments[s].length_s * RATE);
        for (unsigned c = 0; c < 2; c++) /* whole periods, so each segment starts at phase 0 */
            stimulus_add_sine(x + 2 * done + c, length, 2, RATE, 1000.0,
                              dbfs(segments[s].level_dbfs), 0.0);
        done += length;
    }
    const patina_audio audio = {x, n, 2, RATE};
    const double lufs = measured(t, &audio);
    free(x);
    return lufs;
}

/* EBU Tech 3341 (2016), table 1: the signals for integrated loudness, each -23.0 or -33.0 +-0.1. */
TEST(loudness, ebu_tech_3341_cases_1_to_5) {
    static const segment case1[] = {{-23, 20}}, case2[] = {{-33, 20}};
    static const segment case3[] = {{-36, 10}, {-23, 60}, {-36, 10}};
    static const segment case4[] = {{-72, 10}, {-36, 10}, {-23, 60}, {-36, 10}, {-72, 10}};
    static const segment case5[] = {{-26, 20}, {-20, 20.1}, {-26, 20}};
    CHECK_NEAR(lufs_of_segments(t, case1, 1), -23.0, 0.1);
    CHECK_NEAR(lufs_of_segments(t, case2, 1), -33.0, 0.1);
    CHECK_NEAR(lufs_of_segments(t, case3, 3), -23.0, 0.1);
    CHECK_NEAR(lufs_of_segments(t, case4, 5), -23.0, 0.1);
    CHECK_NEAR(lufs_of_segments(t, case5, 3), -23.0, 0.1);
}

/* The relative gate, at -76 here, does not include blocks that the absolute gate excluded. */
TEST(loudness, absolute_gate_below_the_relative_gate) {
    static const segment quiet[] = {{-66, 10}, {-72, 10}};
    CHECK_NEAR(lufs_of_segments(t, quiet, 2), -66.0, 0.1);
}

/* Case 6: 5.0 in the order L R C Ls Rs; and the same as 5.1, with any LFE. */
TEST(loudness, ebu_tech_3341_case_6) {
    enum { N = 20 * RATE };
    static const double level[5] = {-28, -28, -24, -30, -30};
    float *x = stimulus_alloc(5 * N), *y = stimulus_alloc(6 * N);
    for (unsigned c = 0; c < 5; c++) {
        stimulus_add_sine(x + c, N, 5, RATE, 1000.0, dbfs(level[c]), 0.0);
        stimulus_add_sine(y + (c < 3 ? c : c + 1), N, 6, RATE, 1000.0, dbfs(level[c]), 0.0);
    }
    stimulus_add_sine(y + 3, N, 6, RATE, 60.0, 1.0, 0.0);
    const patina_audio five = {x, N, 5, RATE}, six = {y, N, 6, RATE};
    CHECK_NEAR(measured(t, &five), -23.0, 0.1);
    CHECK_NEAR(measured(t, &six), measured(t, &five), 1e-9);
    free(x);
    free(y);
}

/* BS.1770: a full-scale 997 Hz sine in one channel reads -3.01 LUFS; one loudspeaker is not two. */
TEST(loudness, one_channel_is_not_dual_mono) {
    enum { N = 5 * RATE };
    float *x = stimulus_alloc(2 * N);
    stimulus_add_sine(x, 2 * N, 1, RATE, 997.0, 1.0, 0.0);
    const patina_audio mono = {x, N, 1, RATE};
    const double one = measured(t, &mono);
    CHECK_NEAR(one, -3.01, 0.01);

    memset(x, 0, 2 * N * sizeof *x);
    stimulus_add_sine(x, N, 2, RATE, 997.0, 1.0, 0.0);
    stimulus_add_sine(x + 1, N, 2, RATE, 997.0, 1.0, 0.0);
    const patina_audio stereo = {x, N, 2, RATE};
    CHECK_NEAR(measured(t, &stereo) - one, 3.0103, 1e-4);
    free(x);
}

TEST(loudness, golden_files) {
    static const char *const files[] = {"prog.wav",         "tone1059.wav", "alternating.wav",
                                        "impulse.wav",      "dc.wav",       "silence.wav",
                                        "tone_plus_dc.wav", "stereo44.wav", "five24.wav"};
    json_t *golden = json_load_file(pt_test_golden_path("dsp/expected.json"), 0, NULL);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char path[64];
        pt_test_wav wav;
        const json_t *expected =
            json_object_get(json_object_get(json_object_get(golden, "targets"), files[f]), "lufs");
        snprintf(path, sizeof path, "dsp/%s", files[f]);
        REQUIRE(json_is_number(expected));
        REQUIRE(pt_test_wav_read(t, pt_test_golden_path(path), &wav));
        const patina_audio audio = pt_test_wav_as_audio(&wav);
        CHECK_NEAR(measured(t, &audio), json_number_value(expected), 0.01);
        CHECK_NEAR(reference_lufs(&audio), json_number_value(expected), 1e-6);
        pt_test_wav_release(&wav);
    }
    json_decref(golden);
}

/* Noise and a tone whose level differs between channels and between half seconds, by so much that
 * both gates act: an error in a weight, the order, a gate or a coefficient changes the result. */
static float *programme(unsigned rate_hz, unsigned n_channels, size_t n_frames) {
    static const double level[] = {0, -30, -6, -70, -3};
    float *x = stimulus_alloc(n_frames * n_channels);
    uint32_t noise = 4711;
    for (size_t i = 0; i < n_frames; i++) {
        const double now = dbfs(level[i * 2 / rate_hz]);
        const double tone = sin(2.0 * M_PI * 0.11 * (double)i);
        for (unsigned c = 0; c < n_channels; c++) {
            const double mine = dbfs(-1.5 * (double)((c * 5 + 2) % 7));
            x[i * n_channels + c] =
                (float)(now * mine * (0.3 * stimulus_next_random(&noise) + 0.2 * tone));
        }
    }
    return x;
}

static double libebur128_meter(pt_test *t, const patina_audio *audio) {
    double lufs = NAN;
    ebur128_state *state = ebur128_init(audio->n_channels, audio->rate_hz, EBUR128_MODE_I);
    CHECK(state != NULL);
    CHECK(ebur128_add_frames_float(state, audio->samples, audio->n_frames) == EBUR128_SUCCESS);
    CHECK(ebur128_loudness_global(state, &lufs) == EBUR128_SUCCESS);
    ebur128_destroy(&state);
    return lufs;
}

/* The limit against libebur128 is 0.01 LU; both are double precision and agree far better. */
TEST(loudness, agrees_with_two_other_meters_at_any_rate_and_channels) {
    static const unsigned rates[] = {4000,  4001,  8000,  8001,   11025,  16000,
                                     22050, 24000, 32000, 37800,  44100,  47999,
                                     48000, 88200, 96000, 176400, 192000, 384000};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (unsigned n_channels = 1; n_channels <= (rates[r] == 44100 ? 8 : 6); n_channels++) {
            const size_t n_frames = 2 * (size_t)rates[r] + 321;
            float *x = programme(rates[r], n_channels, n_frames);
            const patina_audio audio = {x, n_frames, n_channels, rates[r]};
            const double lufs = measured(t, &audio);
            CHECK(lufs > -40.0 && lufs < 0.0);
            CHECK_NEAR(lufs, libebur128_meter(t, &audio), 1e-9);
            CHECK_NEAR(lufs, reference_lufs(&audio), 1e-9);
            free(x);
        }
    }
}

/* Four minutes: more blocks above the gate than two pages of the history hold; and the relative
 * gate separates them. */
TEST(loudness, long_programme) {
    enum { SLOW = 4000, N = 240 * SLOW };
    float *x = stimulus_alloc(N);
    for (size_t minute = 0; minute < 4; minute++)
        stimulus_add_noise(x + minute * (N / 4), N / 4, dbfs(-9.0 * (double)(4 - minute)), 5);
    const patina_audio audio = {x, N, 1, SLOW};
    const double lufs = measured(t, &audio);
    CHECK_NEAR(lufs, reference_lufs(&audio), 1e-9);
    CHECK_NEAR(lufs, libebur128_meter(t, &audio), 1e-9);
    free(x);
}

/* Blocks of any size give bit-identical results, with all channels in use and with some ignored. */
TEST(loudness, result_does_not_depend_on_block_sizes) {
    enum { ODD = 8001, N = 2 * ODD + 777 };
    static const size_t sizes[] = {1, 799, 800, 801, 3, 2400, 17};
    for (unsigned n_channels = 5; n_channels <= 7; n_channels += 2) {
        float *x = programme(ODD, n_channels, N);
        const patina_audio audio = {x, N, n_channels, ODD};
        const double lufs = measured(t, &audio);
        for (size_t first = 0; first < 7; first++) {
            pt_arena arena;
            pt_loudness_meter *meter = NULL;
            pt_arena_init(&arena);
            REQUIRE_OK(pt_loudness_meter_open(ODD, n_channels, 0, &arena, &meter, &t->err));
            for (size_t i = 0, p = first; i < N; p++) {
                const size_t n = sizes[p % 7] < N - i ? sizes[p % 7] : N - i;
                CHECK_OK(pt_loudness_meter_add(meter, x + i * n_channels, n, &t->err));
                i += n;
            }
            CHECK_NEAR(pt_loudness_meter_value(meter), lufs, 0.0);
            pt_arena_release(&arena);
        }
        free(x);
    }
}

TEST(loudness, the_first_block_must_be_complete) {
    static const unsigned rates[] = {4000, 8001, 11025, 22050, 44100, 48000, 96000};
    static const size_t blocks[] = {1600, 3200, 4412, 8820, 17640, 19200, 38400};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        double lufs = 1.0;
        float *x = stimulus_alloc(blocks[r]);
        stimulus_add_sine(x, blocks[r], 1, rates[r], 997.0, 1.0, 0.0);
        patina_audio audio = {x, blocks[r] - 1, 1, rates[r]};
        CHECK_FAILS(patina_loudness_measure(&audio, &lufs, &t->err), PATINA_REJECT_TOO_SHORT);
        CHECK_NEAR(lufs, 1.0, 0.0);
        audio.n_frames = blocks[r];
        CHECK_OK(patina_loudness_measure(&audio, &lufs, &t->err));
        CHECK_NEAR(lufs, -3.0, 0.2); /* shelf and onset: the 997 Hz line is exact at 48 kHz only */
        free(x);
    }
    const patina_audio nothing = {NULL, 0, 1, RATE};
    double lufs;
    CHECK_FAILS(patina_loudness_measure(&nothing, &lufs, &t->err), PATINA_REJECT_TOO_SHORT);
}

TEST(loudness, quiet_audio_is_at_the_minimum) {
    enum { N = 2 * RATE };
    float *x = stimulus_alloc(N);
    const patina_audio audio = {x, N, 1, RATE};
    CHECK_NEAR(measured(t, &audio), PATINA_LUFS_FLOOR, 0.0);
    stimulus_add_sine(x, N, 1, RATE, 997.0, dbfs(-67.1), 0.0); /* -70.1 LUFS */
    CHECK_NEAR(measured(t, &audio), PATINA_LUFS_FLOOR, 0.0);
    stimulus_add_sine(x, N, 1, RATE, 997.0, dbfs(-67.1), 0.0); /* 6 dB more */
    CHECK_NEAR(measured(t, &audio), -64.1, 0.02);
    free(x);
}

/* The high-pass passes the step where DC begins, and nothing of constant DC. */
TEST(loudness, dc_has_no_loudness) {
    enum { N = 10 * RATE };
    float *x = stimulus_alloc(N);
    for (size_t i = 0; i < N; i++)
        x[i] = 0.9F;
    stimulus_add_sine(x, N, 1, RATE, 997.0, dbfs(-20.0), 0.0);
    const patina_audio audio = {x, N, 1, RATE};
    CHECK_NEAR(measured(t, &audio), reference_lufs(&audio), 0.01);
    CHECK_NEAR(measured(t, &audio), -23.0, 0.1); /* the block of the step is 1 of 97 */
    free(x);
}

TEST(loudness, rejected_input) {
    enum { N = 65 * 4800 };
    double lufs = 1.0;
    float *x = stimulus_alloc(N * 4);
    const patina_audio slow = {x, N, 1, 3999}, fast = {x, N * 4, 1, 384001}, mute = {x, N, 0, RATE};
    const patina_audio wide = {x, N / 65, 65, 4000};
    CHECK_FAILS(patina_loudness_measure(&slow, &lufs, &t->err), PATINA_REJECT_UNSUPPORTED);
    CHECK_FAILS(patina_loudness_measure(&fast, &lufs, &t->err), PATINA_REJECT_UNSUPPORTED);
    CHECK_FAILS(patina_loudness_measure(&mute, &lufs, &t->err), PATINA_REJECT_UNSUPPORTED);
    CHECK_FAILS(patina_loudness_measure(&wide, &lufs, &t->err), PATINA_REJECT_UNSUPPORTED);
    const patina_audio audio = {x, RATE, 2, RATE};
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        x[2 * RATE - 1] = bad[i];
        CHECK_FAILS(patina_loudness_measure(&audio, &lufs, &t->err), PATINA_REJECT_NONFINITE);
    }
    CHECK_NEAR(lufs, 1.0, 0.0);
    free(x);
}

TEST(loudness, sixty_four_channels) {
    enum { N = 4000 };
    float *x = stimulus_alloc((size_t)N * 64);
    for (unsigned c = 0; c < 64; c++)
        stimulus_add_sine(x + c, N, 64, 4000, 500.0, c == 1 ? 0.5 : 0.0, 0.0);
    for (unsigned c = 6; c < 64; c++)
        stimulus_add_sine(x + c, N, 64, 4000, 500.0, 1.0, 0.0); /* other channels are ignored */
    const patina_audio audio = {x, N, 64, 4000};
    CHECK_NEAR(measured(t, &audio), reference_lufs(&audio), 0.01);
    free(x);
}

/** LUFS of a stimulus with a mask. */
static double measured_at(pt_test *t, const float *x, size_t n, unsigned n_channels,
                          uint64_t mask) {
    pt_arena arena;
    pt_loudness_meter *meter = NULL;
    double lufs = 0.0;
    pt_arena_init(&arena);
    if (CHECK_OK(pt_loudness_meter_open(RATE, n_channels, mask, &arena, &meter, &t->err))) {
        CHECK_OK(pt_loudness_meter_add(meter, x, n, &t->err));
        lufs = pt_loudness_meter_value(meter);
    }
    pt_arena_release(&arena);
    return lufs;
}

/* BS.1770-5 by the positions of WAVE's dwChannelMask, against libebur128 with the same positions: a
 * back channel is at 110 degrees where there are no side channels, else at 135. */
TEST(loudness, channels_are_weighted_by_position) {
    enum {
        L = EBUR128_LEFT,
        R = EBUR128_RIGHT,
        C = EBUR128_CENTER,
        NO = EBUR128_UNUSED,
        BL = EBUR128_Mp110,
        BR = EBUR128_Mm110,
        SL = EBUR128_Mp090,
        SR = EBUR128_Mm090,
        RL = EBUR128_Mp135,
        RR = EBUR128_Mm135,
        BC = EBUR128_Mp180,
        LC = EBUR128_MpSC,
        RC = EBUR128_MmSC,
        TL = EBUR128_Up030,
        TR = EBUR128_Um030
    };
    static const struct {
        uint64_t mask;
        unsigned n;
        int position[12];
    } layouts[] = {
        {0x4, 1, {C}},
        {0x3, 2, {L, R}},
        {0xB, 3, {L, R, NO}}, /* 2.1 */
        {0x103, 3, {L, R, BC}},
        {0xF, 4, {L, R, C, NO}}, /* 3.1 */
        {0x33, 4, {L, R, BL, BR}},
        {0x603, 4, {L, R, SL, SR}},
        {0x107, 4, {L, R, C, BC}}, /* 4.0 */
        {0x10F, 5, {L, R, C, NO, BC}},
        {0x607, 5, {L, R, C, SL, SR}},
        {0x3F, 6, {L, R, C, NO, BL, BR}},
        {0x60F, 6, {L, R, C, NO, SL, SR}},
        {0x137, 6, {L, R, C, BL, BR, BC}}, /* hexagonal */
        {0x707, 6, {L, R, C, BC, SL, SR}},
        {0x70F, 7, {L, R, C, NO, BC, SL, SR}}, /* 6.1 */
        {0x13F, 7, {L, R, C, NO, BL, BR, BC}},
        {0x637, 7, {L, R, C, RL, RR, SL, SR}},     /* 7.0 */
        {0x63F, 8, {L, R, C, NO, RL, RR, SL, SR}}, /* 7.1 */
        {0xFF, 8, {L, R, C, NO, BL, BR, LC, RC}},  /* 7.1 wide */
        {0x737, 8, {L, R, C, RL, RR, BC, SL, SR}}, /* octagonal */
        {0x563F, 10, {L, R, C, NO, RL, RR, SL, SR, TL, TR}},
    };
    enum { N = 3 * RATE };
    for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
        const unsigned n = layouts[k].n;
        float *x = stimulus_alloc((size_t)n * N);
        double lufs = 0.0;
        for (unsigned c = 0; c < n; c++) /* another level and pitch in each channel */
            stimulus_add_sine(x + c, N, n, RATE, 400.0 + 130.0 * c,
                              dbfs(-20.0 - (double)(c * 5 % 7)), 0.0);
        ebur128_state *state = ebur128_init(n, RATE, EBUR128_MODE_I);
        for (unsigned c = 0; c < n; c++)
            ebur128_set_channel(state, c, layouts[k].position[c]);
        ebur128_add_frames_float(state, x, N);
        ebur128_loudness_global(state, &lufs);
        ebur128_destroy(&state);
        CHECK_NEAR(measured_at(t, x, N, n, layouts[k].mask), lufs, 1e-6);
        /* excludes masks of another number of channels */
        CHECK_NEAR(measured_at(t, x, N, n, layouts[k].mask << 1 | 1), measured_at(t, x, N, n, 0),
                   0.0);
        free(x);
    }
}
