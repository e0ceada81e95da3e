/* SPDX-License-Identifier: MIT */
/* sound.c - sounds for a page */

#include "report/sound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patina/audio.h>
#include <sndfile.h>

#include "dsp/fft.h"
#include "report/html.h"

/* ---------------------------------------------------------------- half the rate */

/* In one transform: its upper half is left out, and what lies near the new end fades, so that
 * nothing rings. The zeros behind the sound keep its end off its beginning. */
pt_status pt_sound_halve(const float *x, size_t n, float *out, pt_arena *scratch, pt_error *err) {
    enum { SIZE = 1 << 19 }; /* the least power of two over PT_WINDOW_FRAMES */
    const double fade_from = 11400.0 / PT_RATE_HZ * SIZE, fade_to = SIZE / 4.0; /* bins */
    const pt_arena_mark mark = pt_arena_here(scratch);
    pt_fft *whole = NULL, *half = NULL;
    double *samples = pt_arena_take_zeroed(scratch, SIZE, sizeof *samples);
    double *spectrum = pt_arena_take_array(scratch, SIZE + 2, sizeof *spectrum);
    pt_status status = samples && spectrum ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");

    if (status == PT_OK) status = pt_fft_open(SIZE, &whole, err);
    if (status == PT_OK) status = pt_fft_open(SIZE / 2, &half, err);
    if (status == PT_OK) {
        for (size_t i = 0; i < n; i++)
            samples[i] = x[i];
        pt_fft_forward(whole, samples, spectrum);
        for (size_t k = (size_t)fade_from; k <= SIZE / 4; k++) {
            const double place = fmin(1.0, ((double)k - fade_from) / (fade_to - fade_from));
            const double gain = place > 0.0 ? 0.5 + 0.5 * cos(M_PI * place) : 1.0;
            spectrum[2 * k] *= gain;
            spectrum[2 * k + 1] *= gain;
        }
        spectrum[SIZE / 2 + 1] = 0.0; /* of bin SIZE / 4, which has no phase now */
        pt_fft_inverse(half, spectrum, samples);
        for (size_t i = 0; i < n / 2; i++)
            out[i] = (float)(samples[i] / SIZE);
    }
    pt_fft_close(&whole);
    pt_fft_close(&half);
    pt_arena_rewind(scratch, mark);
    return status;
}

/* ---------------------------------------------------------------- FLAC */

/* A file in memory, as libsndfile wants to see one. */
typedef struct memory_file {
    pt_str *bytes;
    size_t base, at; /* where the file begins in bytes, and where it is written next */
} memory_file;

static sf_count_t memory_length(void *user) {
    const memory_file *file = user;
    return (sf_count_t)(file->bytes->length - file->base);
}

static sf_count_t memory_seek(sf_count_t offset, int whence, void *user) {
    memory_file *file = user;
    sf_count_t at = offset;
    if (whence == SEEK_CUR) at += (sf_count_t)file->at;
    if (whence == SEEK_END) at += memory_length(user);
    if (at < 0 || at > memory_length(user)) return -1;
    file->at = (size_t)at;
    return at;
}

static sf_count_t memory_read(void *to, sf_count_t count, void *user) {
    memory_file *file = user;
    const sf_count_t left = memory_length(user) - (sf_count_t)file->at;
    if (count > left) count = left;
    memcpy(to, file->bytes->text + file->base + file->at, (size_t)count);
    file->at += (size_t)count;
    return count;
}

static sf_count_t memory_write(const void *from, sf_count_t count, void *user) {
    memory_file *file = user;
    const size_t n = (size_t)count, left = (size_t)memory_length(user) - file->at;
    const size_t over = n < left ? n : left; /* what is there already */
    if (over > 0) memcpy(file->bytes->text + file->base + file->at, from, over);
    pt_str_add_bytes(file->bytes, (const char *)from + over, n - over);
    file->at += n;
    return file->bytes->failed ? 0 : count;
}

static sf_count_t memory_tell(void *user) {
    return (sf_count_t)((const memory_file *)user)->at;
}

/* Whether all was written; block by block, so that gain needs no copy of the whole. */
static bool write_samples(SNDFILE *sound, const float *x, size_t n, double gain) {
    enum { BLOCK = 4096 };
    short block[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t size = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < size; i++) {
            const double scaled = floor(32767.0 * gain * x[at + i] + 0.5);
            block[i] = (short)fmin(fmax(scaled, -32768.0), 32767.0);
        }
        if (sf_write_short(sound, block, (sf_count_t)size) != (sf_count_t)size) return false;
    }
    return true;
}

pt_status pt_sound_flac(const float *x, size_t n, unsigned rate_hz, double gain, pt_str *flac,
                        pt_error *err) {
    SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, memory_write, memory_tell};
    SF_INFO info = {
        .samplerate = (int)rate_hz, .channels = 1, .format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16};
    memory_file file = {.bytes = flac, .base = flac->length};
    SNDFILE *sound = sf_open_virtual(&io, SFM_WRITE, &info, &file);
    if (!sound) return pt_fail(err, PT_EIO, "FLAC cannot be written: %s", sf_strerror(NULL));
    const bool good = write_samples(sound, x, n, gain);
    if (sf_close(sound) != 0 || !good) return pt_fail(err, PT_EIO, "FLAC cannot be written");
    return flac->failed ? pt_fail(err, PT_ENOMEM, "out of memory") : PT_OK;
}

/* ---------------------------------------------------------------- mel bands */

#define RANGE_DB  80.0
#define WIDTH_MAX 334 /* columns; three frames each of a sound of 10 s */

pt_status pt_picture_mel_open(pt_mel **mel, pt_error *err) {
    const pt_extractor_config config = {.n_fft = 1024,
                                        .hop = 480,
                                        .n_mels = PT_PICTURE_MELS,
                                        .rate_hz = PT_RATE_HZ,
                                        .n_samples = PT_WINDOW_FRAMES,
                                        .f_min_hz = 50.0,
                                        .f_max_hz = 14000.0,
                                        .scale = PT_MEL_SLANEY,
                                        .padding = PT_PAD_ZEROS};
    return pt_mel_open(&config, mel, err);
}

pt_status pt_picture_features(const pt_mel *mel, const float *x, size_t n, float **features,
                              size_t *n_frames, pt_arena *scratch, pt_error *err) {
    const size_t frames = pt_mel_frames(mel);
    float *made = pt_arena_take_array(scratch, frames * PT_PICTURE_MELS, sizeof *made);
    const pt_arena_mark mark = pt_arena_here(scratch);
    void *work = pt_arena_take(scratch, pt_mel_scratch_size(mel));
    if (!made || !work) return pt_fail(err, PT_ENOMEM, "out of memory");
    pt_mel_features(mel, x, n, made, work);
    pt_arena_rewind(scratch, mark);
    *features = made;
    *n_frames = 1 + n / 480 < frames ? 1 + n / 480 : frames;
    return PT_OK;
}

/* From black over violet and orange to pale yellow, lighter from step to step, so that it reads in
 * grey as well; own stops, blended in sRGB. */
static void make_palette(unsigned char palette[256][3]) {
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

pt_status pt_picture_png(const float *features, size_t n_frames, double top_db, pt_str *png,
                         size_t *width, pt_error *err) {
    const size_t each = (n_frames + WIDTH_MAX - 1) / WIDTH_MAX; /* frames a column: the loudest */
    unsigned char palette[256][3];
    *width = n_frames / each;
    unsigned char *pixels = malloc(*width * PT_PICTURE_MELS);
    if (!pixels) return pt_fail(err, PT_ENOMEM, "out of memory");
    for (size_t m = 0; m < PT_PICTURE_MELS; m++)
        for (size_t c = 0; c < *width; c++) {
            double loudest = -INFINITY;
            for (size_t f = c * each; f < (c + 1) * each; f++)
                loudest = fmax(loudest, features[f * PT_PICTURE_MELS + m]);
            const double share = fmin(fmax((loudest - top_db) / RANGE_DB + 1.0, 0.0), 1.0);
            pixels[(PT_PICTURE_MELS - 1 - m) * *width + c] = (unsigned char)(255.0 * share + 0.5);
        }
    make_palette(palette);
    const pt_status status =
        pt_png_make(pixels, *width, PT_PICTURE_MELS, (const unsigned char(*)[3])palette, png, err);
    free(pixels);
    return status;
}
