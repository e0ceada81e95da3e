/* SPDX-License-Identifier: MIT */
/* test_audio_codecs.c - every codec that libsndfile writes, mono to 7.1, 8 to 192 kHz
 *
 * Lossless codecs return the samples that were written and that libsndfile reads; lossy ones agree
 * in length and level.
 */

#include "audio/decoder.h"
#include "audio_fixture.h"

#define LOSSLESS_BITS(n) .is_lossless = true, .bits = (n)

static const struct {
    int format;
    const char *name;
    bool is_lossless;
    unsigned bits; /* bit depth; 0: floats */
    struct {
        int rate_hz, n_channels;
    } shapes[4];
} codecs[] = {
    {WAV_16, "WAV", LOSSLESS_BITS(16), .shapes = {{8000, 1}, {44100, 2}, {96000, 6}, {192000, 8}}},
    {SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, "WAV, extensible", LOSSLESS_BITS(24),
     .shapes = {{11025, 1}, {48000, 2}, {48000, 4}, {96000, 8}}},
    {WAV_FLOAT, "WAV, float", LOSSLESS_BITS(0),
     .shapes = {{16000, 1}, {44100, 2}, {48000, 5}, {192000, 2}}},
    {SF_FORMAT_RF64 | SF_FORMAT_PCM_16, "RF64", LOSSLESS_BITS(16),
     .shapes = {{8000, 2}, {48000, 1}, {48000, 7}, {96000, 3}}},
    {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, "AIFF", LOSSLESS_BITS(16),
     .shapes = {{22050, 1}, {44100, 2}, {48000, 6}, {96000, 8}}},
    {SF_FORMAT_AU | SF_FORMAT_PCM_24, "AU", LOSSLESS_BITS(24),
     .shapes = {{8000, 1}, {44100, 2}, {48000, 3}, {192000, 1}}},
    {SF_FORMAT_W64 | SF_FORMAT_PCM_16, "W64", LOSSLESS_BITS(16),
     .shapes = {{8000, 1}, {32000, 2}, {48000, 6}, {96000, 8}}},
    {SF_FORMAT_CAF | SF_FORMAT_FLOAT, "CAF", LOSSLESS_BITS(0),
     .shapes = {{16000, 1}, {44100, 2}, {48000, 5}, {88200, 8}}},
    {SF_FORMAT_CAF | SF_FORMAT_ALAC_16, "ALAC in CAF", LOSSLESS_BITS(16),
     .shapes = {{8000, 1}, {44100, 2}, {48000, 1}, {96000, 2}}},
    {FLAC_16, "FLAC", LOSSLESS_BITS(16), .shapes = {{8000, 1}, {44100, 2}, {48000, 6}, {96000, 8}}},
    {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, "FLAC, 24 bits", LOSSLESS_BITS(24),
     .shapes = {{16000, 1}, {48000, 2}, {48000, 7}, {192000, 2}}},
    {OGG, "Vorbis", .shapes = {{8000, 1}, {44100, 2}, {48000, 6}, {48000, 8}}},
    {OPUS, "Opus", .shapes = {{48000, 1}, {48000, 2}, {48000, 6}, {48000, 8}}},
    {MP3, "MP3", .shapes = {{8000, 1}, {22050, 2}, {44100, 2}, {48000, 1}}},
};

/** Rounded to this bit depth, as libsndfile writes it. */
static float quantise(float x, unsigned bits) {
    return bits ? (float)(ldexp((double)lrint(ldexp(x, (int)bits - 1)), 1 - (int)bits)) : x;
}

static double energy(const float *x, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

/** All samples of the file that encode_audio wrote last, by libsndfile. */
static float *read_with_libsndfile(size_t n_frames, int n_channels, size_t *n_read) {
    SF_INFO info = {0};
    SNDFILE *in = sf_open(tmp_path("made"), SFM_READ, &info);
    float *x = calloc((n_frames + 8192) * (size_t)n_channels, sizeof *x);
    *n_read = in ? (size_t)sf_readf_float(in, x, (sf_count_t)n_frames + 8192) : 0;
    if (in) sf_close(in);
    return x;
}

TEST(audio_codecs, round_trip) {
    size_t n_files = 0;
    for (size_t k = 0; k < sizeof codecs / sizeof *codecs; k++)
        for (size_t i = 0; i < 4; i++) {
            const int rate_hz = codecs[k].shapes[i].rate_hz, n = codecs[k].shapes[i].n_channels;
            const size_t n_frames = (size_t)rate_hz / 3 + 17, n_samples = n_frames * (size_t)n;
            float *x = make_noise(n_samples, 0.5);
            for (size_t s = 0; s < n_samples; s++) /* below the cut-off frequency of lossy codecs */
                x[s] =
                    codecs[k].is_lossless
                        ? quantise(x[s], codecs[k].bits)
                        : (float)(0.25 * sin(2.0 * M_PI * (300.0 + 50.0 * (double)(s % (size_t)n)) *
                                             (double)(s / (size_t)n) / rate_hz));
            file_bytes f = encode_audio(codecs[k].format, rate_hz, n, NULL, x, n_frames);
            REQUIRE(f.b);
            n_files++;
            size_t n_theirs = 0, wrong = 0;
            float *theirs = read_with_libsndfile(n_frames, n, &n_theirs);
            decode_result o = decode(&f);
            pt_test_check(t, o.status == PATINA_OK && o.n_frames == n_frames, __FILE__, __LINE__,
                          "%s, %d Hz, %d channels: %zu frames of %zu (%s)", codecs[k].name, rate_hz,
                          n, o.n_frames, n_frames, o.err.message);
            CHECK_INT(o.info.rate_hz, rate_hz);
            CHECK_INT(o.info.n_channels, n);
            if (o.n_frames == n_frames && codecs[k].is_lossless) {
                for (size_t s = 0; s < n_samples; s++)
                    wrong += o.samples[s] != x[s] || o.samples[s] != theirs[s];
                pt_test_check(t, wrong == 0 && n_theirs == n_frames, __FILE__, __LINE__,
                              "%s, %d Hz, %d channels: %zu samples differ", codecs[k].name, rate_hz,
                              n, wrong);
            } else if (o.n_frames == n_frames) {
                const double level =
                    10.0 * log10(energy(o.samples, n_samples) / energy(x, n_samples));
                pt_test_check(t, fabs(level) < (n > 5 ? 1.5 : 0.3), __FILE__, __LINE__,
                              "%s, %d Hz, %d channels: %.2f dB", codecs[k].name, rate_hz, n, level);
            }
            release(&o);
            free(theirs);
            file_bytes_release(&f);
            free(x);
        }
    CHECK_INT(n_files, 56);
}
