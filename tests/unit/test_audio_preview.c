/* SPDX-License-Identifier: MIT */
/* test_audio_preview.c - audio of the report: half the rate, FLAC, and mel spectrograms as PNG */

#include <stdlib.h>

#include <patina/audio.h>

#include "audio/decoder.h"
#include "audio/flac_encode.h"
#include "base/arena.h"
#include "report/audio_preview.h"
#include "stimulus.h"
#include "test.h"

/* A tone below 12 kHz keeps its samples, one above is removed. The ends are excluded, because the
 * resampler rings where the tone begins and ends. */
TEST(sound, half_the_rate) {
    enum { N = 96000, EDGE = 2000 };
    static const struct {
        double hz;
        bool kept;
    } tones[] = {
        {440.0, true}, {9000.0, true}, {11000.0, true}, {12500.0, false}, {20000.0, false}};
    pt_arena arena;
    pt_arena_init(&arena);
    float *x = stimulus_alloc(N), *half = stimulus_alloc(N / 2);
    for (size_t i = 0; i < sizeof tones / sizeof *tones; i++) {
        memset(x, 0, N * sizeof *x);
        stimulus_add_sine(x, N, 1, 48000.0, tones[i].hz, 0.5, 0.3);
        REQUIRE_OK(pt_audio_preview_downsample(x, N, half, &arena, &t->err));
        double worst = 0.0;
        for (size_t k = EDGE; k < N / 2 - EDGE; k++)
            worst = fmax(worst, fabs((double)half[k] - (tones[i].kept ? (double)x[2 * k] : 0.0)));
        /* ringing 40 ms away from the ends */
        pt_test_check(t, worst < 1e-3, __FILE__, __LINE__, "%g Hz: off by %g", tones[i].hz, worst);
    }
    free(x);
    free(half);
    pt_arena_release(&arena);
}

/* Decoded by the decoder of the library. */
TEST(sound, flac_round_trip) {
    enum { N = 30000 };
    float *x = stimulus_alloc(N), *back = stimulus_alloc(N + 1);
    pt_strbuf flac = {0};
    pt_byte_source bytes;
    pt_decoder *decoder = NULL;
    pt_decoder_info info;
    size_t n_read = 0, n = 0;
    stimulus_add_sine(x, N, 1, 24000.0, 440.0, 1.5, 0.0); /* over full scale */
    pt_strbuf_append(&flac, "before");
    REQUIRE_OK(pt_flac_encode(x, N, 24000, 0.6, 16, &flac, &t->err));
    CHECK(memcmp(flac.text, "beforefLaC", 10) == 0);
    pt_byte_source_from_memory(flac.text + 6, flac.length - 6, &bytes);
    REQUIRE_OK(pt_decoder_open(&bytes, &decoder, &info, &t->err));
    CHECK_INT(info.rate_hz, 24000);
    CHECK_INT(info.n_channels, 1);
    do {
        CHECK_OK(pt_decoder_read(decoder, back + n, N + 1 - n, &n_read, &t->err));
        n += n_read;
    } while (n_read > 0 && n <= N);
    CHECK_INT(n, N);
    double worst = 0.0;
    for (size_t i = 0; i < N; i++)
        worst = fmax(worst, fabs(0.6 * (double)x[i] - (double)back[i]));
    CHECK(worst <= 0.5 / 32767.0 + 0.9 / 32768.0); /* rounding, and 32767 against 32768 */
    pt_decoder_close(&decoder);
    pt_strbuf_release(&flac);
    free(x);
    free(back);
}

/* A tone is a bright line: near the top if it is high, and nowhere else. */
TEST(sound, orientation_of_pictures) {
    enum { N = 48000 };
    pt_arena arena;
    pt_mel *mel = NULL;
    float *x = stimulus_alloc(N), *features = NULL;
    size_t n_frames = 0, loudest = 0, width = 0;
    pt_strbuf png = {0};
    pt_arena_init(&arena);
    stimulus_add_sine(x, N, 1, 48000.0, 8000.0, 0.5, 0.0);
    REQUIRE_OK(pt_mel_spectrogram_open(&mel, &t->err));
    REQUIRE_OK(pt_mel_spectrogram_compute(mel, x, N, &features, &n_frames, &arena, &t->err));
    CHECK_INT(n_frames, 101); /* one second at a hop of 10 ms, and one */
    for (size_t m = 0; m < PT_MEL_SPECTROGRAM_BANDS; m++)
        if (features[50 * PT_MEL_SPECTROGRAM_BANDS + m] >
            features[50 * PT_MEL_SPECTROGRAM_BANDS + loudest])
            loudest = m;
    CHECK(loudest > 48 && loudest < 60); /* 8 kHz of 14, on a scale that is nearly logarithmic */
    CHECK_OK(pt_mel_spectrogram_to_png(features, n_frames, 0.0, &png, &width, &t->err));
    CHECK_INT(width, 101);
    CHECK(png.length > 100 && memcmp(png.text + 1, "PNG", 3) == 0);
    pt_strbuf_release(&png);
    pt_mel_close(&mel);
    pt_arena_release(&arena);
    free(x);
}
