/* SPDX-License-Identifier: MIT */
/* test_targets.c - targets of a row, from a buffer and from a stream */

#include "test.h"

#include <malloc.h>
#include <stdlib.h>

#include <patina/measure.h>

#include "base/arena.h"
#include "dsp/denormal.h"
#include "dsp/stats.h"
#include "stimulus.h"
#include "wav_reader.h"

#define RATE PATINA_RATE_HZ

/* All targets of a source and its mix, in one call; mix NULL: the source is the mix. */
static patina_status measure(const patina_audio *source, const float *mix, size_t n_mix,
                             patina_targets *targets, patina_error *err) {
    patina_meter *meter = NULL;
    pt_arena scratch;
    pt_arena_init(&scratch);
    patina_status status = patina_meter_open(&meter, err);
    if (status == PATINA_OK)
        status = patina_targets_measure(meter, source, mix ? mix : source->samples,
                                        mix ? n_mix : source->n_frames, targets, &scratch, err);
    patina_meter_close(&meter);
    pt_arena_release(&scratch);
    return status;
}

static patina_audio mono(const float *x, size_t n) {
    return (patina_audio){x, n, 1, RATE};
}

/* The same in pieces of the given sizes (cyclic), which differ for source and mix. */
static patina_status measure_in_pieces(const patina_audio *source, const float *mix, size_t n_mix,
                                       const size_t *sizes, size_t n_sizes, patina_targets *targets,
                                       patina_error *err) {
    patina_meter *meter = NULL;
    patina_targets_stream *stream = NULL;
    pt_running_mean mean = {0};
    pt_running_mean_add(&mean, mix, n_mix);
    patina_status status = patina_meter_open(&meter, err);
    if (status == PATINA_OK)
        status = patina_targets_stream_open(meter, source->rate_hz, source->n_channels,
                                            pt_running_mean_value(&mean), &stream, err);
    size_t n_source = 0, n_done = 0;
    for (size_t p = 0; status == PATINA_OK && (n_source < source->n_frames || n_done < n_mix);
         p++) {
        patina_audio piece = *source;
        const size_t left = source->n_frames - n_source, left_mix = n_mix - n_done;
        size_t n = sizes[(p + 1) % n_sizes];
        piece.samples += n_source * source->n_channels;
        piece.n_frames = sizes[p % n_sizes] < left ? sizes[p % n_sizes] : left;
        if (n > left_mix) n = left_mix;
        status = patina_targets_stream_add_source(stream, &piece, err);
        if (status == PATINA_OK)
            status = patina_targets_stream_add_mix(stream, mix + n_done, n, err);
        n_source += piece.n_frames;
        n_done += n;
    }
    if (status == PATINA_OK) status = patina_targets_stream_finish(stream, targets, err);
    patina_targets_stream_close(&stream);
    patina_meter_close(&meter);
    return status;
}

TEST(targets, equal_the_single_measures) {
    pt_test_wav wav;
    patina_targets targets;
    double levels[PATINA_LTAS_BANDS], lufs;
    patina_meter *meter = NULL;
    pt_arena scratch;
    pt_arena_init(&scratch);
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    REQUIRE(pt_test_wav_read(t, pt_test_golden_path("dsp/prog.wav"), &wav));
    const patina_audio source = pt_test_wav_as_audio(&wav);
    const size_t n = wav.n_frames;

    REQUIRE(pt_arena_alloc(&scratch, 100) != NULL);
    const pt_arena_marker mark = pt_arena_mark(&scratch);
    REQUIRE_OK(patina_targets_measure(meter, &source, wav.samples, n, &targets, &scratch, &t->err));
    REQUIRE_OK(patina_ltas_measure(meter, wav.samples, n, RATE, levels, &scratch, &t->err));
    CHECK(pt_arena_mark(&scratch).used == mark.used); /* all scratch is released */
    REQUIRE_OK(patina_loudness_measure(&source, &lufs, &t->err));
    CHECK(memcmp(levels, targets.ltas, sizeof levels) == 0);
    CHECK_NEAR(targets.lufs_source, lufs, 0.0);
    CHECK_NEAR(targets.lufs_mono, lufs, 0.0);
    CHECK_NEAR(targets.crest_db, patina_crest_factor_db(wav.samples, n), 0.0);
    CHECK_NEAR(targets.zcr, patina_zero_crossing_rate(wav.samples, n), 0.0);
    CHECK_NEAR(targets.lufs_source, -15.281, 0.01); /* golden value */

    pt_test_wav_release(&wav);
    pt_arena_release(&scratch);
    patina_meter_close(&meter);
}

/* The loudness of the source's channels, all other targets of the mix. */
TEST(targets, source_and_mix_are_separate) {
    enum { N = 44100, N_MIX = RATE };
    float *x = stimulus_alloc(2 * N), *mix = stimulus_alloc(N_MIX);
    stimulus_add_sine(x, N, 2, 44100.0, 997.0, 0.5, 0.0);
    stimulus_add_sine(x + 1, N, 2, 44100.0, 997.0, 0.5, 0.0);
    stimulus_add_sine(mix, N_MIX, 1, RATE, 997.0, 0.5, 0.0);
    const patina_audio source = {x, N, 2, 44100};
    patina_targets targets;
    REQUIRE_OK(measure(&source, mix, N_MIX, &targets, &t->err));
    CHECK_NEAR(targets.lufs_source, -6.02, 0.02);
    CHECK_NEAR(targets.lufs_mono, -9.03, 0.02);
    CHECK_NEAR(targets.crest_db, 3.0103, 0.01);
    CHECK_NEAR(targets.zcr, 2.0 * 997.0 / RATE, 2.0 / N_MIX);
    free(x);
    free(mix);
}

TEST(targets, result_does_not_depend_on_block_sizes) {
    enum { N = 44100 * 2 + 5, N_MIX = 96006 };
    static const size_t sizes[] = {1, 17, 8192, 4000, 8191, 20000, 3, 16384};
    float *x = stimulus_alloc(3 * N), *mix = stimulus_alloc(N_MIX);
    for (size_t i = 0; i < N_MIX; i++)
        mix[i] = 0.05F;
    stimulus_add_noise(x, 3 * N, 0.3, 8);
    stimulus_add_noise(mix, N_MIX, 0.3, 9);
    stimulus_add_sine(mix, N_MIX / 2, 1, RATE, 333.0, 0.4, 0.0);
    for (size_t i = 0; i < N_MIX; i++) /* of sizes so different that every addition rounds */
        mix[i] *= exp2f(-(float)(i % 31));
    const patina_audio source = {x, N, 3, 44100};
    patina_targets whole, pieces;
    memset(&pieces, 0, sizeof pieces);
    REQUIRE_OK(measure(&source, mix, N_MIX, &whole, &t->err));
    REQUIRE_OK(measure_in_pieces(&source, mix, N_MIX, sizes, 8, &pieces, &t->err));
    CHECK(memcmp(&whole, &pieces, sizeof whole) == 0);
    REQUIRE_OK(measure_in_pieces(&source, mix, N_MIX, sizes, 2, &pieces, &t->err)); /* 1 and 17 */
    CHECK(memcmp(&whole, &pieces, sizeof whole) == 0);
    free(x);
    free(mix);
}

/* With denormals on or off in the caller: bit-identical, and the mode of the caller is kept. */
TEST(targets, float_mode_of_the_caller_is_ignored) {
    enum { N = RATE };
    float *x = stimulus_alloc(N);
    stimulus_add_sine(x, N / 2, 1, RATE, 60.0, 0.3, 0.0);
    for (size_t i = N / 2; i < N; i++)
        x[i] = i % 3 ? 1e-39F : -2e-39F;
    const patina_audio source = mono(x, N);
    patina_targets kept, flushed;

    REQUIRE_OK(measure(&source, NULL, 0, &kept, &t->err));
    const unsigned before = pt_denormals_flush(), within = pt_denormals_flush();
    const patina_status status = measure(&source, NULL, 0, &flushed, &t->err);
    const unsigned after = pt_denormals_flush();
    pt_denormals_restore(before);
    CHECK_INT(status, PATINA_OK);
#if defined(__x86_64__)
    CHECK((before & 0x8040U) == 0);
#endif
    CHECK((after & 0x8040U) == (within & 0x8040U));
    CHECK(memcmp(&kept, &flushed, sizeof kept) == 0);
    free(x);
}

/* ---- memory ---- */

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* Replace those of the C library, to count all calls. */
static size_t n_allocations;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

void *malloc(size_t n) {
    n_allocations++;
    return __libc_malloc(n);
}

void *calloc(size_t count, size_t n) {
    n_allocations++;
    return __libc_calloc(count, n);
}

void *aligned_alloc(size_t alignment, size_t n) {
    n_allocations++;
    return __libc_memalign(alignment, n);
}

/* No allocation from the second excerpt on, for any channels and rate: the arena is large enough by
 * then. */
TEST(targets, no_allocation_per_call) {
    enum { N = 96000 };
    float *x = stimulus_alloc(6 * N);
    stimulus_add_noise(x, 6 * N, 0.5, 3);
    const patina_audio wide = {x, N, 6, 96000}, narrow = {x, N, 2, 44100};
    patina_meter *meter = NULL;
    pt_arena scratch;
    patina_targets targets;
    pt_arena_init(&scratch);
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    size_t before = n_allocations;
    REQUIRE_OK(patina_targets_measure(meter, &wide, x, N, &targets, &scratch, &t->err));
    CHECK(n_allocations > before); /* the arena allocates, which shows that calls are counted */
    pt_arena_reset(&scratch);
    before = n_allocations;
    REQUIRE_OK(patina_targets_measure(meter, &wide, x, N, &targets, &scratch, &t->err));
    pt_arena_reset(&scratch);
    REQUIRE_OK(patina_targets_measure(meter, &narrow, x, N, &targets, &scratch, &t->err));
    CHECK_INT(n_allocations, before);
    patina_meter_close(&meter);
    pt_arena_release(&scratch);
    free(x);
}
#endif

/* ---- edge cases: DEFINITIONS section 10 ---- */

TEST(targets, silence_and_dc_are_rejected) {
    enum { N = RATE };
    float *x = stimulus_alloc(N);
    const patina_audio source = mono(x, N);
    patina_targets targets = {.zcr = 42.0};
    CHECK_FAILS(measure(&source, NULL, 0, &targets, &t->err), PATINA_REJECT_SILENT);
    for (size_t i = 0; i < N; i++)
        x[i] = 0.1F;
    CHECK_FAILS(measure(&source, NULL, 0, &targets, &t->err), PATINA_REJECT_SILENT);
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 1.40e-5, 0.0); /* power 0.98e-10 */
    CHECK_FAILS(measure(&source, NULL, 0, &targets, &t->err), PATINA_REJECT_SILENT);
    CHECK_NEAR(targets.zcr, 42.0, 0.0);
    memset(x, 0, N * sizeof *x);
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 1.43e-5, 0.0); /* 1.02e-10 */
    CHECK_OK(measure(&source, NULL, 0, &targets, &t->err));
    CHECK_NEAR(targets.lufs_source, PATINA_LUFS_FLOOR, 0.0);
    free(x);
}

/* Any of them at any position, in the source alone or in the mix alone. */
TEST(targets, nonfinite_samples_are_rejected) {
    enum { N = RATE };
    static const size_t places[] = {0, 8191, 8192, 30000, N - 1};
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    static const size_t one_size[] = {1000};
    float *x = stimulus_alloc(N), *y = stimulus_alloc(N);
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 0.1, 0.0);
    const patina_audio good_source = mono(x, N), bad_source = mono(y, N);
    patina_targets targets;
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
        for (size_t b = 0; b < 3; b++) {
            memcpy(y, x, N * sizeof *x);
            y[places[p]] = bad[b];
            CHECK_FAILS(measure(&good_source, y, N, &targets, &t->err), PATINA_REJECT_NONFINITE);
            CHECK_FAILS(measure(&bad_source, x, N, &targets, &t->err), PATINA_REJECT_NONFINITE);
            CHECK_FAILS(measure_in_pieces(&good_source, y, N, one_size, 1, &targets, &t->err),
                        PATINA_REJECT_NONFINITE);
        }
    free(x);
    free(y);
}

/* For any mean given by the caller; a NaN as mean comes from a NaN among the samples. */
TEST(targets, stream_detects_nonfinite_samples) {
    enum { N = RATE };
    static const double means[] = {0.0, NAN};
    static const float nan = NAN;
    float *x = stimulus_alloc(N);
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 0.1, 0.0);
    patina_meter *meter = NULL;
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    const patina_audio source = mono(x, N);
    for (size_t m = 0; m < 2; m++) {
        patina_targets_stream *stream = NULL;
        patina_targets targets;
        REQUIRE_OK(patina_targets_stream_open(meter, RATE, 1, means[m], &stream, &t->err));
        CHECK_OK(patina_targets_stream_add_source(stream, &source, &t->err));
        CHECK_OK(patina_targets_stream_add_mix(stream, x, N, &t->err));
        if (m == 0) CHECK_OK(patina_targets_stream_add_mix(stream, &nan, 1, &t->err));
        CHECK_FAILS(patina_targets_stream_finish(stream, &targets, &t->err),
                    PATINA_REJECT_NONFINITE);
        patina_targets_stream_close(&stream);
    }
    patina_meter_close(&meter);
    free(x);
}

TEST(targets, order_of_reject_reasons) {
    enum { N = RATE };
    float *x = stimulus_alloc(N);
    patina_targets targets;
    const patina_audio shorter = mono(x, 19199), block = mono(x, 19200), all = mono(x, N);
    CHECK_FAILS(measure(&shorter, NULL, 0, &targets, &t->err), PATINA_REJECT_TOO_SHORT);
    CHECK_FAILS(measure(&block, NULL, 0, &targets, &t->err), PATINA_REJECT_SILENT);
    x[7] = NAN; /* short, nonfinite and silent */
    CHECK_FAILS(measure(&shorter, NULL, 0, &targets, &t->err), PATINA_REJECT_TOO_SHORT);
    CHECK_FAILS(measure(&block, NULL, 0, &targets, &t->err), PATINA_REJECT_NONFINITE);
    x[7] = 0.5F;
    CHECK_OK(measure(&block, NULL, 0, &targets, &t->err));
    CHECK_FAILS(measure(&all, x, 0, &targets, &t->err), PATINA_ERANGE); /* no mix */
    free(x);
}

/* 3200 frames at 8001 Hz are one block of the source, but 19198 samples of its mix. */
TEST(targets, a_mix_just_short_of_a_block_is_measured) {
    enum { N = 3200, N_MIX = 19198 };
    float *x = stimulus_alloc(N), *mix = stimulus_alloc(N_MIX + 2);
    stimulus_add_sine(x, N, 1, 8001.0, 997.0, 0.5, 0.0);
    stimulus_add_sine(mix, N_MIX, 1, RATE, 997.0, 0.5, 0.0);
    const patina_audio source = {x, N, 1, 8001}, filled = mono(mix, N_MIX + 2);
    patina_targets targets;
    double lufs;
    REQUIRE_OK(measure(&source, mix, N_MIX, &targets, &t->err));
    REQUIRE_OK(patina_loudness_measure(&filled, &lufs, &t->err));
    CHECK_NEAR(targets.lufs_mono, lufs, 0.0);
    CHECK_NEAR(targets.lufs_mono, -9.03, 0.05);
    CHECK_NEAR(targets.zcr, 2.0 * 997.0 / RATE, 2.0 / N_MIX); /* which excludes the zeros */
    free(x);
    free(mix);
}

TEST(targets, tone_on_dc) {
    enum { N = 2 * RATE };
    float *x = stimulus_alloc(N);
    for (size_t i = 0; i < N; i++)
        x[i] = 0.5F;
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 0.25, 0.0);
    const patina_audio source = mono(x, N);
    patina_targets targets;
    REQUIRE_OK(measure(&source, NULL, 0, &targets, &t->err));
    CHECK(targets.ltas[0] < -60.0); /* removed, so that it does not leak */
    CHECK_NEAR(10.0 *
                   log10(pow(10.0, targets.ltas[36] / 10.0) + pow(10.0, targets.ltas[37] / 10.0)),
               20.0 * log10(0.25), 0.01);
    CHECK_NEAR(targets.crest_db, 20.0 * log10(0.75 / sqrt(0.25 + 0.03125)), 1e-4);
    CHECK_NEAR(targets.zcr, 0.0, 0.0);
    CHECK_NEAR(targets.lufs_source, 20.0 * log10(0.25) - 3.01, 0.2); /* the step at the start */
    free(x);
}

TEST(targets, alternating_samples) {
    enum { N = RATE / 2 };
    float *x = stimulus_alloc(N);
    for (size_t i = 0; i < N; i++)
        x[i] = i % 2 ? -0.1F : 0.1F;
    const patina_audio source = mono(x, N);
    patina_targets targets;
    REQUIRE_OK(measure(&source, NULL, 0, &targets, &t->err));
    CHECK_NEAR(targets.ltas[63], -58.0, 1.0); /* 24 kHz is above all bands: leakage only */
    CHECK_NEAR(targets.crest_db, 0.0, 1e-6);
    CHECK_NEAR(targets.zcr, 1.0, 0.0);
    free(x);
}

TEST(targets, peaks_over_full_scale_are_kept) {
    enum { N = 10 * RATE };
    float *x = stimulus_alloc(N);
    stimulus_add_sine(x, N, 1, RATE, pow(10.0, 3.025), 10.0, 0.0);
    const patina_audio source = mono(x, N);
    patina_targets targets;
    REQUIRE_OK(measure(&source, NULL, 0, &targets, &t->err));
    CHECK_NEAR(targets.ltas[37], 20.0, 0.01);
    CHECK_NEAR(targets.lufs_source, 20.0 - 3.01, 0.2); /* the shelf rises by 0.13 dB to 1059 Hz */
    CHECK_NEAR(targets.crest_db, 3.0103, 0.001);
    free(x);
}

TEST(targets, of_a_16_kHz_source) {
    enum { N = 16000, N_MIX = RATE };
    float *x = stimulus_alloc(N_MIX);
    stimulus_add_noise(x, N_MIX, 0.3, 1);
    const patina_audio source = {x, N, 1, 16000};
    patina_targets targets;
    REQUIRE_OK(measure(&source, x, N_MIX, &targets, &t->err));
    CHECK(targets.ltas[55] > -100.0);
    for (size_t b = 56; b < PATINA_LTAS_BANDS; b++)
        CHECK_NEAR(targets.ltas[b], PATINA_LTAS_FLOOR, 0.0);
    free(x);
}

/* ---- streams ---- */

/* Ten minutes in pieces of a second: correct, and with no more memory than the loudness history
 * (6000 blocks of 100 ms, twice) needs. */
TEST(targets, long_stream_takes_bounded_memory) {
    enum { N = RATE, SECONDS = 600 };
    float *x = stimulus_alloc(N);
    patina_meter *meter = NULL;
    patina_targets_stream *stream = NULL;
    patina_targets targets;
    stimulus_add_sine(x, N, 1, RATE, 1000.0, 0.5, 0.0); /* whole periods per second */
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    REQUIRE_OK(patina_targets_stream_open(meter, RATE, 1, 0.0, &stream, &t->err));
    const patina_audio piece = mono(x, N);
    const size_t before = mallinfo2().uordblks;
    for (size_t s = 0; s < SECONDS; s++) {
        REQUIRE_OK(patina_targets_stream_add_source(stream, &piece, &t->err));
        REQUIRE_OK(patina_targets_stream_add_mix(stream, x, N, &t->err));
    }
    CHECK(mallinfo2().uordblks - before < 1000000);
    REQUIRE_OK(patina_targets_stream_finish(stream, &targets, &t->err));
    CHECK_NEAR(targets.lufs_source, -6.02 - 3.01, 0.01);
    CHECK_NEAR(targets.lufs_mono, targets.lufs_source, 0.0);
    CHECK_NEAR(10.0 *
                   log10(pow(10.0, targets.ltas[36] / 10.0) + pow(10.0, targets.ltas[37] / 10.0)),
               -6.0206, 0.001);
    CHECK_NEAR(targets.crest_db, 3.0103, 1e-4);
    CHECK_NEAR(targets.zcr, 2000.0 / RATE, 1e-4);
    patina_targets_stream_close(&stream);
    CHECK(stream == NULL);
    patina_meter_close(&meter);
    free(x);
}

TEST(targets, invalid_streams) {
    const float x[8] = {0};
    patina_meter *meter = NULL;
    patina_targets_stream *stream = NULL;
    REQUIRE_OK(patina_meter_open(&meter, &t->err));
    CHECK_FAILS(patina_targets_stream_open(meter, 3999, 1, 0.0, &stream, &t->err),
                PATINA_REJECT_UNSUPPORTED);
    CHECK_FAILS(patina_targets_stream_open(meter, RATE, 65, 0.0, &stream, &t->err),
                PATINA_REJECT_UNSUPPORTED);
    CHECK(stream == NULL);
    REQUIRE_OK(patina_targets_stream_open(meter, 44100, 2, 0.0, &stream, &t->err));
    const patina_audio slow = {x, 4, 2, 44099}, narrow = {x, 8, 1, 44100};
    CHECK_FAILS(patina_targets_stream_add_source(stream, &slow, &t->err), PATINA_ERANGE);
    CHECK_FAILS(patina_targets_stream_add_source(stream, &narrow, &t->err), PATINA_ERANGE);
    patina_targets targets;
    CHECK_FAILS(patina_targets_stream_finish(stream, &targets, &t->err), PATINA_REJECT_TOO_SHORT);
    patina_targets_stream_close(&stream);
    patina_targets_stream_close(NULL);
    patina_meter_close(&meter);
    patina_meter_close(NULL);
    const patina_audio wide = {x, 0, 65, RATE};
    CHECK_FAILS(measure(&wide, x, 0, &targets, &t->err), PATINA_REJECT_UNSUPPORTED);
}
