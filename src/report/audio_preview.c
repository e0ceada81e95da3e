/* SPDX-License-Identifier: MIT */
/* audio_preview.c - downsampled audio and mel spectrograms for the page */

#include "report/audio_preview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patina/audio.h>

#include "base/arena.h"
#include "base/error.h"
#include "dsp/fft.h"
#include "report/html.h"

/* ---------------------------------------------------------------- half the rate */

/* One transform of the whole signal: the upper half of the spectrum is dropped, and the bins below
 * the new Nyquist frequency are faded out to avoid ringing. The zeros after the signal separate its
 * end from its beginning. */
patina_status pt_audio_preview_downsample(const float *x, size_t n, float *out, pt_arena *scratch,
                                          patina_error *err) {
    enum { SIZE = 1 << 19 }; /* the least power of two over PATINA_WINDOW_FRAMES */
    const double fade_from = 11400.0 / PATINA_RATE_HZ * SIZE, fade_to = SIZE / 4.0; /* bins */
    const pt_arena_marker mark = pt_arena_mark(scratch);
    pt_fft *whole = NULL, *half = NULL;
    double *samples = pt_arena_calloc(scratch, SIZE, sizeof *samples);
    double *spectrum = pt_arena_alloc_array(scratch, SIZE + 2, sizeof *spectrum);
    patina_status status =
        samples && spectrum ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    if (status == PATINA_OK) status = pt_fft_open(SIZE, &whole, err);
    if (status == PATINA_OK) status = pt_fft_open(SIZE / 2, &half, err);
    if (status == PATINA_OK) {
        for (size_t i = 0; i < n; i++)
            samples[i] = x[i];
        pt_fft_forward(whole, samples, spectrum);
        for (size_t k = (size_t)fade_from; k <= SIZE / 4; k++) {
            const double place = fmin(1.0, ((double)k - fade_from) / (fade_to - fade_from));
            const double gain = place > 0.0 ? 0.5 + 0.5 * cos(M_PI * place) : 1.0;
            spectrum[2 * k] *= gain;
            spectrum[2 * k + 1] *= gain;
        }
        spectrum[SIZE / 2 + 1] = 0.0; /* bin SIZE / 4 is real */
        pt_fft_inverse(half, spectrum, samples);
        for (size_t i = 0; i < n / 2; i++)
            out[i] = (float)(samples[i] / SIZE);
    }
    pt_fft_close(&whole);
    pt_fft_close(&half);
    pt_arena_rewind(scratch, mark);
    return status;
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

/* From black through violet and orange to pale yellow, with increasing lightness so that it works in
 * greyscale; stops interpolated in sRGB. */
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
