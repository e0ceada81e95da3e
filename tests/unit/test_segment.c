/* SPDX-License-Identifier: MIT */
/* test_segment.c - windows of audio files and their mono mix */

#include "audio/downmix.h"
#include "audio/segment.h"
#include "base/arena.h"
#include "base/error.h"

#include <time.h>

#include "audio_fixture.h"
#include "dsp/resample.h"
#include "segment_fixture.h"

/** Sample of frame i of channel c in these tests: exact in 16 bits, and all different. */
static float at(uint64_t i, unsigned c) {
    return (float)((int)((i * 7919 + c * 12345) % 65536) - 32768) / 32768.0F;
}

static float *ramp(size_t n, unsigned n_channels) {
    float *x = malloc(n * n_channels * sizeof *x);
    for (size_t i = 0; i < n; i++)
        for (unsigned c = 0; c < n_channels; c++)
            x[i * n_channels + c] = at(i, c);
    return x;
}

static void check_source(pt_test *t, const pt_segment *e, const source_frames *source) {
    size_t wrong = 0;
    for (size_t i = 0; i < source->n_frames; i++)
        for (unsigned c = 0; c < source->n_channels; c++)
            if (source->samples[i * source->n_channels + c] != at(e->window.start + i, c)) wrong++;
    CHECK_INT(wrong, 0);
}

static const pt_segment_spec whole = {.start = 0, .frames = UINT64_MAX};

/* DEFINITIONS 1: start = floor(u (n - window + 1)), u = draw 0 of stream WINDOW, variant 0. */
TEST(segment, window_position) {
    const int formats[] = {WAV_16, FLAC_16, SF_FORMAT_AU | SF_FORMAT_PCM_16}; /* AU: not exact */
    const size_t rate = 8000, n = 45 * rate + 7; /* more than one block */
    float *x = ramp(n, 2);
    pt_arena arena;
    pt_arena_init(&arena);
    for (size_t k = 0; k < 3; k++) {
        file_bytes f = encode_audio(formats[k], (int)rate, 2, NULL, x, n);
        const pt_byte_source bytes = memory_source(&f);
        uint64_t least = UINT64_MAX, most = 0;
        for (uint64_t seed = 0; seed < 12; seed++) {
            const pt_rng draw = pt_rng_make(seed, "an entry", 0, PT_RNG_STREAM_WINDOW);
            const double u = pt_rng_uniform(&draw, 0);
            pt_segment e;
            source_frames source;
            REQUIRE_OK(decode_frames(&bytes, (pt_segment_spec){.rng = &draw}, &e, &source, &arena,
                                     &t->err));
            CHECK_INT(e.window.start, (uint64_t)floor(u * (double)(n - 10 * rate + 1)));
            CHECK_INT(e.window.frames, 10 * rate);
            CHECK_INT(e.window.rate_hz, rate);
            CHECK_INT(e.window.channels, 2);
            CHECK_INT(source.n_frames, 10 * rate);
            CHECK_INT(e.n_mix, 480000);
            check_source(t, &e, &source);
            release_frames(&source);
            if (e.window.start < least) least = e.window.start;
            if (e.window.start > most) most = e.window.start;
            pt_arena_reset(&arena);
        }
        CHECK(least < 10 * rate && most > 25 * rate); /* the position varies */
        file_bytes_release(&f);
    }
    pt_arena_release(&arena);
    free(x);
}

TEST(segment, short_source_is_used_whole) {
    const size_t lengths[] = {1, 2, 3199, 80000};
    const pt_rng draw = pt_rng_make(3, "x", 0, PT_RNG_STREAM_WINDOW);
    pt_arena arena;
    pt_arena_init(&arena);
    for (size_t k = 0; k < 4; k++) {
        float *x = ramp(lengths[k], 1);
        file_bytes f = encode_audio(WAV_16, 8000, 1, NULL, x, lengths[k]);
        const pt_byte_source bytes = memory_source(&f);
        pt_segment e;
        source_frames source;
        REQUIRE_OK(
            decode_frames(&bytes, (pt_segment_spec){.rng = &draw}, &e, &source, &arena, &t->err));
        CHECK_INT(e.window.start, 0);
        CHECK_INT(e.window.frames, lengths[k]);
        CHECK_INT(e.n_mix, lengths[k] * 6);
        check_source(t, &e, &source);
        release_frames(&source);
        file_bytes_release(&f);
        free(x);
    }
    pt_arena_release(&arena);
}

/* The seconds that a list names are used if the source is longer than they are by 1 s or more. */
TEST(segment, segment_named_by_the_corpus) {
    enum { SLOW = 8000 };
    static const struct {
        double source_s, start_s, length_s; /* length 0: no end is named */
        uint64_t first, last, frames;       /* of the start of the window, and its length */
        bool is_named;
    } cases[] = {
        {60.0, 30.0, 10.0, 30 * SLOW, 30 * SLOW, 10 * SLOW, true},
        {60.0, 0.0, 10.0, 0, 0, 10 * SLOW, true},
        {60.0, 55.0, 10.0, 55 * SLOW, 55 * SLOW, 5 * SLOW, true}, /* the recording ends earlier */
        {60.0, 20.25, 3.5, 162000, 162000, 28000, true},
        {60.0, 20.0, 30.0, 20 * SLOW, 40 * SLOW, 10 * SLOW, true}, /* drawn in 30 s */
        {11.0, 0.5, 10.0, 4000, 4000, 10 * SLOW, true},
        {10.99, 30.0, 10.0, 0, 7920, 10 * SLOW, false}, /* a trimmed clip */
        {10.03, 30.0, 10.0, 0, 240, 10 * SLOW, false},
        {5.0, 30.0, 10.0, 0, 0, 5 * SLOW, false},
        {60.0, 30.0, 0.0, 0, 50 * SLOW, 10 * SLOW, false}, /* no list */
    };
    const int formats[] = {WAV_16, SF_FORMAT_AU | SF_FORMAT_PCM_16}; /* exact, and not */
    pt_arena arena;
    pt_arena_init(&arena);
    for (size_t k = 0; k < 2 * sizeof cases / sizeof *cases; k++) {
        const size_t c = k / 2, n = (size_t)lrint(cases[c].source_s * SLOW);
        float *x = ramp(n, 1);
        file_bytes f = encode_audio(formats[k % 2], SLOW, 1, NULL, x, n);
        const pt_byte_source bytes = memory_source(&f);
        for (uint64_t seed = 0; seed < 4; seed++) {
            const pt_rng draw = pt_rng_make(seed, "x", 0, PT_RNG_STREAM_WINDOW);
            const pt_segment_spec spec = {.rng = &draw,
                                          .named_start_s = cases[c].start_s,
                                          .named_length_s = cases[c].length_s};
            pt_segment e;
            source_frames source;
            REQUIRE_OK(decode_frames(&bytes, spec, &e, &source, &arena, &t->err));
            CHECK(e.window.start >= cases[c].first && e.window.start <= cases[c].last);
            CHECK_INT(e.window.frames, cases[c].frames);
            CHECK_INT(e.is_named, cases[c].is_named);
            check_source(t, &e, &source);
            release_frames(&source);
            pt_arena_reset(&arena);
        }
        const pt_rng draw = pt_rng_make(1, "x", 0, PT_RNG_STREAM_WINDOW);
        const pt_segment_spec beyond = {
            .rng = &draw, .named_start_s = 59.7, .named_length_s = 10.0};
        pt_segment e;
        if (cases[c].source_s == 60.0) {
            CHECK_FAILS(pt_segment_decode(&bytes, beyond, &e, &arena, &t->err),
                        PATINA_REJECT_TOO_SHORT);
            CHECK_CONTAINS(t->err.message, "60.0 s long");
            pt_segment_spec cut = beyond; /* its name identifies it as the clip */
            cut.named_may_be_cut = true;
            CHECK_OK(pt_segment_decode(&bytes, cut, &e, &arena, &t->err));
            CHECK(!e.is_named);
            const pt_segment_spec tiny = {/* shorter than half a frame */
                                          .rng = &draw,
                                          .named_start_s = 1.0,
                                          .named_length_s = 1e-5};
            CHECK_FAILS(pt_segment_decode(&bytes, tiny, &e, &arena, &t->err),
                        PATINA_REJECT_TOO_SHORT);
        }
        file_bytes_release(&f);
        free(x);
    }
    pt_arena_release(&arena);
}

TEST(segment, segment_by_start_and_length) {
    const int formats[] = {WAV_16, SF_FORMAT_AU | SF_FORMAT_PCM_16};
    const size_t n = 200000;
    float *x = ramp(n, 1);
    pt_arena arena;
    pt_arena_init(&arena);
    for (size_t k = 0; k < 2; k++) {
        file_bytes f = encode_audio(formats[k], 8000, 1, NULL, x, n);
        const pt_byte_source bytes = memory_source(&f);
        const struct {
            pt_segment_spec cut;
            uint64_t frames;
        } cases[] = {
            {{.start = 0, .frames = UINT64_MAX}, 80000},
            {{.start = 5000, .frames = 3}, 3},
            {{.start = 123456, .frames = UINT64_MAX}, 76544},
            {{.start = 199999, .frames = UINT64_MAX}, 1},
            {{.start = 100000, .frames = 90000}, 80000},
        };
        for (size_t c = 0; c < 5; c++) {
            pt_segment e;
            source_frames source;
            REQUIRE_OK(decode_frames(&bytes, cases[c].cut, &e, &source, &arena, &t->err));
            CHECK_INT(e.window.start, cases[c].cut.start);
            CHECK_INT(e.window.frames, cases[c].frames);
            check_source(t, &e, &source);
            release_frames(&source);
        }
        pt_segment e;
        CHECK_FAILS(pt_segment_decode(&bytes, (pt_segment_spec){.start = n, .frames = 1}, &e,
                                      &arena, &t->err),
                    PATINA_ERANGE);
        CHECK_FAILS(pt_segment_decode(&bytes, (pt_segment_spec){.start = UINT64_MAX, .frames = 1},
                                      &e, &arena, &t->err),
                    PATINA_ERANGE);
        file_bytes_release(&f);
    }
    pt_arena_release(&arena);
    free(x);
}

/* A window of a lossy file equals the same samples of a decode from the start, both if the window
 * is still held (14 s) and if it needs a second pass (45 s). */
TEST(segment, lossy_windows_equal_a_full_decode) {
    const struct {
        int format;
        size_t rate, n_s;
    } cases[] = {{OGG, 48000, 14}, {OPUS, 48000, 14}, {MP3, 48000, 14},
                 {OGG, 8000, 45},  {OPUS, 48000, 45}, {MP3, 8000, 45}};
    pt_arena arena;
    pt_arena_init(&arena);
    for (size_t k = 0; k < 6; k++) {
        const size_t rate = cases[k].rate, n = cases[k].n_s * rate, window = 10 * rate;
        float *x = make_noise(n, 0.3);
        file_bytes f = encode_audio(cases[k].format, (int)rate, 1, NULL, x, n);
        const pt_byte_source bytes = memory_source(&f);
        pt_segment e, drawn;
        source_frames first, second, source, same_source;
        uint64_t most = 0;
        REQUIRE_OK(decode_frames(&bytes, whole, &e, &first, &arena, &t->err));
        REQUIRE_OK(decode_frames(&bytes, (pt_segment_spec){.start = window, .frames = UINT64_MAX},
                                 &e, &second, &arena, &t->err));
        for (uint64_t seed = 0; seed < 6; seed++) {
            const pt_rng draw = pt_rng_make(seed, "x", 0, PT_RNG_STREAM_WINDOW);
            const pt_arena_marker mark = pt_arena_mark(&arena);
            pt_segment same;
            REQUIRE_OK(decode_frames(&bytes, (pt_segment_spec){.rng = &draw}, &drawn, &source,
                                     &arena, &t->err));
            const size_t start = (size_t)drawn.window.start;
            REQUIRE_OK(decode_frames(&bytes,
                                     (pt_segment_spec){.start = start, .frames = UINT64_MAX}, &same,
                                     &same_source, &arena, &t->err));
            CHECK_INT(drawn.window.frames, window);
            CHECK(memcmp(source.samples, same_source.samples, window * sizeof *x) == 0);
            CHECK(memcmp(drawn.mix, same.mix, drawn.n_mix * sizeof *x) == 0);
            if (start < 4 * rate) { /* the second part has only 4 s of the shorter sources */
                CHECK(memcmp(source.samples, first.samples + start, (window - start) * sizeof *x) ==
                      0);
                CHECK(memcmp(source.samples + window - start, second.samples, start * sizeof *x) ==
                      0);
            }
            if (start > most) most = start;
            release_frames(&source);
            release_frames(&same_source);
            pt_arena_rewind(&arena, mark);
        }
        release_frames(&first);
        release_frames(&second);
        CHECK(cases[k].n_s < 45 || most > 20 * rate); /* where nothing is held */
        pt_arena_reset(&arena);
        file_bytes_release(&f);
        free(x);
    }
    pt_arena_release(&arena);
}

/* All channels have equal weight, including the LFE. Sums of eighths are exact. */
TEST(segment, the_mix_is_the_mean_of_all_channels) {
    const float x[] = {0.5F, 0.25F, -0.125F, 1.0F, -0.5F, 0.375F, -1.0F, 3.0F,
                       0.0F, 0.0F,  0.0F,    1.0F, 1e8F,  1.0F,   -1e8F, 0.0F};
    float mix[4];
    pt_audio_downmix(&(patina_audio){x, 2, 6, 48000}, mix);
    CHECK_NEAR(mix[0], 0.25, 0.0);
    CHECK_NEAR(mix[1], 3.0 / 6, 0.0);
    pt_audio_downmix(&(patina_audio){x + 12, 1, 4, 48000}, mix); /* exact in double */
    CHECK_NEAR(mix[0], 0.25, 0.0);
    pt_audio_downmix(&(patina_audio){x, 4, 1, 48000}, mix);
    CHECK(memcmp(mix, x, sizeof mix) == 0);
}

TEST(segment, at_48_khz_the_mix_is_not_resampled) {
    float *x = ramp(30000, 2);
    file_bytes f = encode_audio(WAV_16, 48000, 2, NULL, x, 30000);
    const pt_byte_source bytes = memory_source(&f);
    pt_arena arena;
    pt_segment e;
    size_t wrong = 0;
    pt_arena_init(&arena);
    REQUIRE_OK(pt_segment_decode(&bytes, whole, &e, &arena, &t->err));
    CHECK_INT(e.n_mix, 30000);
    for (size_t i = 0; i < e.n_mix; i++)
        if (e.mix[i] != (float)(((double)at(i, 0) + at(i, 1)) / 2)) wrong++;
    CHECK_INT(wrong, 0);
    pt_arena_release(&arena);
    file_bytes_release(&f);
    free(x);
}

/* round(n * 48000 / fs) samples; a tone keeps its amplitude and phase (ripple <= 0.02 dB, linear
 * phase with the delay removed). 3e-3 of the amplitude is 0.026 dB. */
TEST(segment, other_rates_are_resampled_to_the_exact_length) {
    const struct {
        unsigned rate_hz;
        size_t n, n_mix;
    } cases[] = {{44100, 44101, 48001},
                 {8000, 4001, 24006},
                 {384000, 384004, 48001},
                 {11025, 9999, 43533},
                 {96000, 50001, 25001}};
    pt_arena arena;
    pt_arena_init(&arena);
    for (size_t k = 0; k < 5; k++) {
        float *x = malloc(cases[k].n * sizeof *x);
        for (size_t i = 0; i < cases[k].n; i++)
            x[i] = (float)(0.5 * sin(2.0 * M_PI * 997.0 * (double)i / cases[k].rate_hz));
        file_bytes f = encode_audio(WAV_FLOAT, (int)cases[k].rate_hz, 1, NULL, x, cases[k].n);
        const pt_byte_source bytes = memory_source(&f);
        pt_segment e;
        double worst = 0.0;
        REQUIRE_OK(pt_segment_decode(&bytes, whole, &e, &arena, &t->err));
        CHECK_INT(e.n_mix, cases[k].n_mix);
        for (size_t i = 2000; i + 2000 < e.n_mix; i++) /* away from the edges */
            worst =
                fmax(worst, fabs(e.mix[i] - 0.5 * sin(2.0 * M_PI * 997.0 * (double)i / 48000.0)));
        CHECK_NEAR(worst, 0.0, 0.5 * 3e-3);
        file_bytes_release(&f);
        free(x);
    }
    pt_arena_release(&arena);
}

static patina_status decode_and_check(const pt_byte_source *bytes, pt_segment_spec cut,
                                      pt_arena *arena, patina_error *err) {
    pt_segment e;
    PT_TRY(pt_segment_decode(bytes, cut, &e, arena, err));
    PT_TRY(pt_segment_check_finite(&e, err));
    return pt_segment_check(&e, err);
}

TEST(segment, nonfinite_samples_count_in_the_window_only) {
    const size_t n = 48000;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    pt_arena arena;
    pt_arena_init(&arena);
    for (size_t k = 0; k < 3; k++) {
        float *x = make_noise(2 * n, 0.5);
        x[2 * 30000 + 1] = bad[k];
        file_bytes f = encode_audio(WAV_FLOAT, 8000, 2, NULL, x, n);
        const pt_byte_source bytes = memory_source(&f);
        CHECK_FAILS(decode_and_check(&bytes, whole, &arena, &t->err), PATINA_REJECT_NONFINITE);
        CHECK_FAILS(decode_and_check(&bytes, (pt_segment_spec){.start = 20000, .frames = 10001},
                                     &arena, &t->err),
                    PATINA_REJECT_NONFINITE);
        CHECK_OK(decode_and_check(&bytes, (pt_segment_spec){.start = 20000, .frames = 10000},
                                  &arena, &t->err));
        CHECK_OK(decode_and_check(&bytes, (pt_segment_spec){.start = 30001, .frames = 10000},
                                  &arena, &t->err));
        /* 0.1 s of it is rejected as too short first */
        pt_segment e;
        REQUIRE_OK(pt_segment_decode(&bytes, (pt_segment_spec){.start = 29990, .frames = 800}, &e,
                                     &arena, &t->err));
        CHECK_FAILS(pt_segment_check(&e, &t->err), PATINA_REJECT_TOO_SHORT);
        file_bytes_release(&f);
        free(x);
    }
    pt_arena_release(&arena);
}

static patina_status check_of(pt_test *t, unsigned rate_hz, size_t n, const float *x) {
    file_bytes f = encode_audio(WAV_FLOAT, (int)rate_hz, 1, NULL, x, n);
    const pt_byte_source bytes = memory_source(&f);
    pt_arena arena;
    pt_segment e;
    pt_arena_init(&arena);
    t->err = (patina_error){0};
    patina_status status = pt_segment_decode(&bytes, whole, &e, &arena, &t->err);
    if (status == PATINA_OK) status = pt_segment_check(&e, &t->err);
    pt_arena_release(&arena);
    file_bytes_release(&f);
    return status;
}

/* Four hops of h = floor((fs + 5) / 10) (DEFINITIONS 4). */
TEST(segment, shorter_than_four_hops_is_too_short) {
    const struct {
        unsigned rate_hz;
        size_t least;
    } cases[] = {{48000, 19200}, {44100, 17640}, {22050, 8820}, {11025, 4412}, {4001, 1600}};
    float *x = make_noise(20000, 0.5);
    for (size_t k = 0; k < 5; k++) {
        CHECK_INT(check_of(t, cases[k].rate_hz, cases[k].least, x), PATINA_OK);
        CHECK_FAILS(check_of(t, cases[k].rate_hz, cases[k].least - 1, x), PATINA_REJECT_TOO_SHORT);
    }
    CHECK_FAILS(check_of(t, 48000, 1, x), PATINA_REJECT_TOO_SHORT);
    CHECK_FAILS(check_of(t, 48000, 0, x), PATINA_REJECT_TOO_SHORT);
    free(x);
}

/* AC power below 1e-10: +-a has the power a^2. */
TEST(segment, silence_and_dc_are_silent) {
    float *x = calloc(48000, sizeof *x);
    CHECK_FAILS(check_of(t, 48000, 48000, x), PATINA_REJECT_SILENT);
    for (size_t i = 0; i < 48000; i++)
        x[i] = 0.7F;
    CHECK_FAILS(check_of(t, 48000, 48000, x), PATINA_REJECT_SILENT);
    for (size_t i = 0; i < 48000; i++)
        x[i] = i % 2 ? 0.999e-5F : -0.999e-5F;
    CHECK_FAILS(check_of(t, 48000, 48000, x), PATINA_REJECT_SILENT);
    for (size_t i = 0; i < 48000; i++)
        x[i] = i % 2 ? 1.001e-5F : -1.001e-5F;
    CHECK_INT(check_of(t, 48000, 48000, x), PATINA_OK);
    free(x);
}

/* A truncated file is rejected because of its end, for any window. */
TEST(segment, truncated_file_is_rejected_for_any_window) {
    const size_t n = 200000;
    float *x = make_noise(n, 0.5);
    file_bytes g;
    pt_byte_source bytes;
    pt_arena arena;
    pt_segment e;
    pt_arena_init(&arena);
    const int formats[] = {WAV_16, FLAC_16, OGG, MP3};
    for (size_t k = 0; k < 4; k++) {
        g = encode_audio(formats[k], 8000, 1, NULL, x, n);
        pt_byte_source_from_memory(g.b, g.n * 3 / 4, &bytes);
        CHECK_FAILS(pt_segment_decode(&bytes, (pt_segment_spec){.start = 0, .frames = 1000}, &e,
                                      &arena, &t->err),
                    PATINA_REJECT_TRUNCATED);
        file_bytes_release(&g);
    }
    pt_arena_release(&arena);
    free(x);
}

/* A sparse WAV of 1.4 GB: reading it whole takes seconds, and its window a few milliseconds. 0.5 s
 * of processor time is far from either, on a slow machine too. */
TEST(segment, long_file_decodes_only_the_window) {
    const uint64_t n = 3600 * 48000ULL, n_bytes = n * 2 * 4;
    const char *path = tmp_path("hour.wav");
    const pt_rng draw = pt_rng_make(1, "hour", 0, PT_RNG_STREAM_WINDOW);
    float x[2] = {0.25F, 0.5F};
    file_bytes f = make_wav(3, 32, 48000, 2, x, sizeof x);
    pt_byte_source bytes;
    pt_arena arena;
    pt_segment e;

    put_le(f.b + 40, n_bytes, 4);
    FILE *out = fopen(path, "wb");
    REQUIRE(out && fwrite(f.b, 1, f.n, out) == f.n && fclose(out) == 0);
    file_bytes_release(&f);
    if (truncate(path, (off_t)(44 + n_bytes)) != 0) SKIP("no room for a sparse file of 1.4 GB");
    pt_arena_init(&arena);
    REQUIRE_OK(pt_byte_source_open_file(path, &bytes, &t->err));
    const clock_t before = clock();
    REQUIRE_OK(pt_segment_decode(&bytes, (pt_segment_spec){.rng = &draw}, &e, &arena, &t->err));
    CHECK((double)(clock() - before) / CLOCKS_PER_SEC < 0.5);
    CHECK_INT(e.window.start, (uint64_t)floor(pt_rng_uniform(&draw, 0) * (double)(n - 480000 + 1)));
    CHECK_INT(e.window.frames, 480000);
    CHECK_FAILS(pt_segment_check(&e, &t->err), PATINA_REJECT_SILENT);
    source_frames source;
    REQUIRE_OK(decode_frames(&bytes, whole, &e, &source, &arena, &t->err));
    CHECK(source.samples[0] == 0.25F && source.samples[1] == 0.5F && e.mix[0] == 0.375F);
    release_frames(&source);
    pt_arena_release(&arena);
    pt_byte_source_close(&bytes);
    unlink(path);
}

/* The memory of a worker is constant after its first excerpts. */
TEST(segment, arena_size_is_stable) {
    float *x = make_noise(15 * 48000, 0.5);
    file_bytes f = encode_audio(OGG, 48000, 1, NULL, x, 15 * 48000);
    const pt_byte_source bytes = memory_source(&f);
    pt_arena arena;
    const void *block = NULL;
    pt_arena_init(&arena);
    for (uint64_t seed = 0; seed < 5; seed++) {
        const pt_rng draw = pt_rng_make(seed, "x", 0, PT_RNG_STREAM_WINDOW);
        pt_segment e;
        pt_arena_reset(&arena);
        if (seed == 2) block = arena.block;
        REQUIRE_OK(pt_segment_decode(&bytes, (pt_segment_spec){.rng = &draw}, &e, &arena, &t->err));
        if (seed >= 2) CHECK(arena.block == block);
    }
    pt_arena_release(&arena);
    file_bytes_release(&f);
    free(x);
}
