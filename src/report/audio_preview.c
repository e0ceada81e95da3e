/* SPDX-License-Identifier: MIT */
/* audio_preview.c - downsampled audio and mel spectrograms for the page */

#include "report/audio_preview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patina/audio.h>

#include "base/arena.h"
#include "base/error.h"
#include "report/html.h"

/* ---------------------------------------------------------------- half the rate */

#define TAPS_HALF 192 /* coefficients on either side of the middle one */
#define CUTOFF_HZ 11650.0

/* A linear-phase low-pass by the window method (Blackman), the delay removed: 0 dB to 11.3 kHz and
 * -74 dB from 12 kHz, where aliases would begin. Samples outside the signal are zeros. */
patina_status pt_audio_preview_downsample(const float *x, size_t n, float *out, pt_arena *scratch,
                                          patina_error *err) {
    const pt_arena_marker mark = pt_arena_mark(scratch);
    const double cutoff = CUTOFF_HZ / PATINA_RATE_HZ; /* cycles a sample */
    double tap[2 * TAPS_HALF + 1];
    float *padded = pt_arena_calloc(scratch, n + 2 * TAPS_HALF, sizeof *padded);
    if (!padded) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    for (int i = -TAPS_HALF; i <= TAPS_HALF; i++) {
        const double phase = M_PI * i / (TAPS_HALF + 1);
        const double window = 0.42 + 0.5 * cos(phase) + 0.08 * cos(2.0 * phase);
        tap[TAPS_HALF + i] =
            window * (i == 0 ? 2.0 * cutoff : sin(2.0 * M_PI * cutoff * i) / (M_PI * i));
    }
    memcpy(padded + TAPS_HALF, x, n * sizeof *padded);
    for (size_t i = 0; i < n / 2; i++) {
        double sum = 0.0;
        for (size_t k = 0; k <= 2 * TAPS_HALF; k++)
            sum += tap[k] * (double)padded[2 * i + k];
        out[i] = (float)sum;
    }
    pt_arena_rewind(scratch, mark);
    return PATINA_OK;
}

/* ---------------------------------------------------------------- mel bands */

#define DYNAMIC_RANGE_DB 80.0
#define COLUMNS_MAX      334 /* three frames each for 10 s */

patina_status pt_mel_spectrogram_open(pt_mel **mel, patina_error *err) {
    const pt_feature_extractor_config config = {.n_fft = 1024,
                                                .hop = 480,
                                                .n_mels = PT_MEL_SPECTROGRAM_BANDS,
                                                .rate_hz = PATINA_RATE_HZ,
                                                .n_samples = PATINA_WINDOW_FRAMES,
                                                .f_min_hz = 50.0,
                                                .f_max_hz = 14000.0,
                                                .scale = PT_MEL_SLANEY,
                                                .padding = PT_PAD_ZEROS};
    return pt_mel_open(&config, mel, err);
}

patina_status pt_mel_spectrogram_compute(const pt_mel *mel, const float *x, size_t n,
                                         float **features, size_t *n_frames, pt_arena *scratch,
                                         patina_error *err) {
    const size_t frames = pt_mel_n_frames(mel);
    float *made = pt_arena_alloc_array(scratch, frames * PT_MEL_SPECTROGRAM_BANDS, sizeof *made);
    const pt_arena_marker mark = pt_arena_mark(scratch);
    void *work = pt_arena_alloc(scratch, pt_mel_scratch_size(mel));
    if (!made || !work) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pt_mel_features(mel, x, n, made, work);
    pt_arena_rewind(scratch, mark);
    *features = made;
    *n_frames = 1 + n / 480 < frames ? 1 + n / 480 : frames;
    return PATINA_OK;
}

/* From black through violet and orange to pale yellow, with increasing lightness so that it works
 * in greyscale; stops interpolated in sRGB. */
static void make_colormap(unsigned char palette[256][3]) {
    static const double stops[][3] = {{8, 6, 24},    {44, 18, 92},   {110, 30, 122}, {178, 48, 104},
                                      {228, 92, 62}, {250, 160, 58}, {252, 236, 170}};
    enum { LAST = sizeof stops / sizeof *stops - 1 };
    for (int i = 0; i < 256; i++) {
        const double at = i / 255.0 * LAST;
        const int stop = at < LAST ? (int)at : LAST - 1;
        for (int c = 0; c < 3; c++)
            palette[i][c] =
                (unsigned char)(stops[stop][c] +
                                (at - stop) * (stops[stop + 1][c] - stops[stop][c]) + 0.5);
    }
}

patina_status pt_mel_spectrogram_to_png(const float *features, size_t n_frames, double top_db,
                                        pt_strbuf *png, size_t *width, patina_error *err) {
    const size_t each = (n_frames + COLUMNS_MAX - 1) /
                        COLUMNS_MAX; /* frames in a column, which shows their maximum */
    unsigned char palette[256][3];
    *width = n_frames / each;
    unsigned char *pixels = malloc(*width * PT_MEL_SPECTROGRAM_BANDS);
    if (!pixels) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t m = 0; m < PT_MEL_SPECTROGRAM_BANDS; m++)
        for (size_t c = 0; c < *width; c++) {
            double loudest = -INFINITY;
            for (size_t f = c * each; f < (c + 1) * each; f++)
                loudest = fmax(loudest, features[f * PT_MEL_SPECTROGRAM_BANDS + m]);
            const double share = fmin(fmax((loudest - top_db) / DYNAMIC_RANGE_DB + 1.0, 0.0), 1.0);
            pixels[(PT_MEL_SPECTROGRAM_BANDS - 1 - m) * *width + c] =
                (unsigned char)(255.0 * share + 0.5);
        }
    make_colormap(palette);
    const patina_status status = pt_png_encode(pixels, *width, PT_MEL_SPECTROGRAM_BANDS,
                                               (const unsigned char(*)[3])palette, png, err);
    free(pixels);
    return status;
}
