/* SPDX-License-Identifier: MIT */
/* audio_fixture.h - audio files for tests: written by libsndfile or byte by byte, and decoded */

#ifndef PATINA_TEST_AUDIO_FIXTURE_H
#define PATINA_TEST_AUDIO_FIXTURE_H

#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <unistd.h>

#include "audio/decoder.h"
#include "base/byte_source.h"
#include "test.h"

#define FLAC_16   (SF_FORMAT_FLAC | SF_FORMAT_PCM_16)
#define OGG       (SF_FORMAT_OGG | SF_FORMAT_VORBIS)
#define OPUS      (SF_FORMAT_OGG | SF_FORMAT_OPUS)
#define MP3       (SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III)
#define WAV_16    (SF_FORMAT_WAV | SF_FORMAT_PCM_16)
#define WAV_FLOAT (SF_FORMAT_WAV | SF_FORMAT_FLOAT)

/* libvorbisenc 1.3.7 leaks 2848 bytes whenever it sets up six channels: a leak of the encoder. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:vorbis_encode_setup_init";
}

/** A file's bytes, owned. */
typedef struct file_bytes {
    unsigned char *b;
    size_t n;
} file_bytes;

static inline void file_bytes_release(file_bytes *f) {
    free(f->b);
    *f = (file_bytes){0};
}

/** tmpdir/name, in one of a few static buffers. */
static inline const char *tmp_path(const char *name) {
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", pt_test_tmpdir(), name);
    return path;
}

static inline file_bytes read_file(const char *path) {
    file_bytes f = {0};
    FILE *in = fopen(path, "rb");
    if (!in) return f;
    fseek(in, 0, SEEK_END);
    const long n = ftell(in);
    rewind(in);
    f.b = malloc((size_t)n + 1);
    f.n = f.b ? fread(f.b, 1, (size_t)n, in) : 0;
    fclose(in);
    return f;
}

/** Writes [n_frames, n_channels] and gives the file's bytes; .b is NULL when libsndfile refuses. */
static inline file_bytes encode_audio(int format, int rate_hz, int n_channels, const int *map,
                                      const float *x, size_t n_frames) {
    const char *path = tmp_path("made");
    SF_INFO info = {.samplerate = rate_hz, .channels = n_channels, .format = format};
    SNDFILE *out = sf_open(path, SFM_WRITE, &info);
    double quality = 0.0; /* 0: best quality of a lossy encoder */
    if (!out) return (file_bytes){0};
    sf_command(out, SFC_SET_CLIPPING, NULL, SF_TRUE);
    if ((format & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG)
        sf_command(out, SFC_SET_COMPRESSION_LEVEL, &quality, sizeof quality);
    if (map) sf_command(out, SFC_SET_CHANNEL_MAP_INFO, (void *)(uintptr_t)map, n_channels * 4);
    const sf_count_t written = sf_writef_float(out, x, (sf_count_t)n_frames);
    sf_close(out);
    return written == (sf_count_t)n_frames ? read_file(path) : (file_bytes){0};
}

static inline void put_le(unsigned char *b, uint64_t value, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        b[i] = (unsigned char)(value >> (8 * i));
}

/** A plain WAV of n_data bytes of samples; fmt 16 bytes, data at 44. */
static inline file_bytes make_wav(unsigned code, unsigned bits, unsigned rate_hz,
                                  unsigned n_channels, const void *data, size_t n_data) {
    file_bytes f = {calloc(1, 44 + n_data + 1), 44 + n_data};
    const unsigned block = n_channels * bits / 8;
    memcpy(f.b, "RIFF....WAVEfmt ", 16);
    put_le(f.b + 4, 36 + n_data, 4);
    put_le(f.b + 16, 16, 4);
    put_le(f.b + 20, code, 2);
    put_le(f.b + 22, n_channels, 2);
    put_le(f.b + 24, rate_hz, 4);
    put_le(f.b + 28, (uint64_t)rate_hz * block, 4);
    put_le(f.b + 32, block, 2);
    put_le(f.b + 34, bits, 2);
    memcpy(f.b + 36, "data", 4);
    put_le(f.b + 40, n_data, 4);
    if (n_data > 0) memcpy(f.b + 44, data, n_data);
    return f;
}

/** Incompressible noise without equal frames. */
static inline float *make_noise(size_t n, double amplitude) {
    float *x = malloc(n * sizeof *x);
    uint32_t state = 1;
    for (size_t i = 0; x && i < n; i++) {
        state = state * 1664525U + 1013904223U;
        x[i] = (float)(amplitude * ((double)(state >> 8) / 8388608.0 - 1.0));
    }
    return x;
}

static inline pt_byte_source memory_source(const file_bytes *f) {
    pt_byte_source bytes;
    pt_byte_source_from_memory(f->b, f->n, &bytes);
    return bytes;
}

/** Result of opening a file, and the samples read in blocks of odd sizes. */
typedef struct decode_result {
    patina_status status;
    patina_error err;
    pt_decoder_info info;
    float *samples; /* owned */
    size_t n_frames;
} decode_result;

static inline decode_result decode(const file_bytes *f) {
    const pt_byte_source bytes = memory_source(f);
    decode_result o = {0};
    pt_decoder *decoder = NULL;
    size_t room = 0, got = 0, want = 1000;

    o.status = pt_decoder_open(&bytes, &decoder, &o.info, &o.err);
    while (o.status == PATINA_OK) {
        if (o.n_frames + want > room) {
            room = 2 * room + want;
            o.samples = realloc(o.samples, room * o.info.n_channels * sizeof(float));
        }
        got = 0;
        o.status = pt_decoder_read(decoder, o.samples + o.n_frames * o.info.n_channels, want, &got,
                                   &o.err);
        o.n_frames += got;
        if (got < want) break;
        want = want * 3 % 4999 + 1;
    }
    pt_decoder_close(&decoder);
    return o;
}

static inline void release(decode_result *o) {
    free(o->samples);
    *o = (decode_result){0};
}

#endif /* PATINA_TEST_AUDIO_FIXTURE_H */
