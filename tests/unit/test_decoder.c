/* SPDX-License-Identifier: MIT */
/* test_decoder.c - decoding: formats, windows, channel order, wrong sizes and ranges */

#include "audio/decoder.h"

#include <fcntl.h>

#include "audio/container_header.h"
#include "audio/mpeg_frame.h"
#include "ogg_fixture.h"
#include "patina_config.h"

#define RATE 44100

#define CHECK_OUTCOME(file, expected)                                                              \
    do {                                                                                           \
        decode_result check_o_ = decode(file);                                                     \
        pt_test_check(t, check_o_.status == (expected), __FILE__, __LINE__,                        \
                      "%s: %s ('%s'), expected %s", #file, patina_status_name(check_o_.status),    \
                      check_o_.err.message, patina_status_name(expected));                         \
        if ((expected) != PATINA_OK) CHECK(check_o_.err.message[0] != '\0');                       \
        release(&check_o_);                                                                        \
    } while (0)

/** The file without its last n bytes; shares f's bytes. */
static file_bytes cut(const file_bytes *f, size_t n) {
    return (file_bytes){f->b, f->n - n};
}

/* DEFINITIONS 1: integer PCM is divided by 2^(bits-1); 8-bit WAV is unsigned about 128. */
TEST(decoder, integers_are_divided_by_half_their_range) {
    static const unsigned char u8[] = {0, 128, 255, 192};
    static const unsigned char s16[] = {0x00, 0x80, 0xFF, 0x7F, 0x00, 0x40, 0x01, 0x00};
    static const unsigned char s24[] = {0, 0, 0x80, 0xFF, 0xFF, 0x7F, 0, 0, 0x40, 1, 0, 0};
    static const unsigned char s32[] = {0, 0, 0, 0x80, 0, 0, 0, 0x7F, 0, 0, 0, 0x40, 0, 1, 0, 0};
    const struct {
        unsigned bits;
        const unsigned char *data;
        float expected[4];
    } cases[] = {
        {8, u8, {-1.0F, 0.0F, 127.0F / 128, 0.5F}},
        {16, s16, {-1.0F, 32767.0F / 32768, 0.5F, 1.0F / 32768}},
        {24, s24, {-1.0F, 8388607.0F / 8388608, 0.5F, 1.0F / 8388608}},
        {32, s32, {-1.0F, 127.0F / 128, 0.5F, 1.0F / 8388608}},
    };
    for (size_t k = 0; k < 4; k++) {
        file_bytes f = make_wav(1, cases[k].bits, RATE, 1, cases[k].data, cases[k].bits / 2);
        decode_result o = decode(&f);
        CHECK_INT(o.status, PATINA_OK);
        CHECK_INT(o.n_frames, 4);
        for (size_t i = 0; i < 4 && i < o.n_frames; i++)
            CHECK(o.samples[i] == cases[k].expected[i]);
        release(&o);
        file_bytes_release(&f);
    }
}

TEST(decoder, floats_are_unchanged) {
    const float f32[] = {3.5F, -7.25F, INFINITY, NAN};
    const double f64[] = {1.5, -1e30, 0.1, 1e300};
    file_bytes a = make_wav(3, 32, RATE, 1, f32, sizeof f32);
    file_bytes b = make_wav(3, 64, RATE, 1, f64, sizeof f64);
    decode_result x = decode(&a), y = decode(&b);

    CHECK_INT(x.n_frames, 4);
    CHECK_INT(y.n_frames, 4);
    if (x.n_frames == 4)
        CHECK(x.samples[0] == 3.5F && x.samples[1] == -7.25F && isinf(x.samples[2]) &&
              isnan(x.samples[3]));
    if (y.n_frames == 4)
        CHECK(y.samples[0] == 1.5F && y.samples[1] == -1e30F && y.samples[2] == 0.1F &&
              isinf(y.samples[3]));
    release(&x);
    release(&y);
    file_bytes_release(&a);
    file_bytes_release(&b);
}

/* A square wave through a lossy codec overshoots: decoded values over 1 are not clipped. */
TEST(decoder, lossy_peaks_over_full_scale_are_kept) {
    const int formats[] = {OGG, OPUS, MP3};
    float *x = malloc(48000 * sizeof *x);
    for (size_t i = 0; i < 48000; i++)
        x[i] = i / 50 % 2 ? 1.0F : -1.0F;
    for (size_t k = 0; k < 3; k++) {
        file_bytes f = encode_audio(formats[k], 48000, 1, NULL, x, 48000);
        decode_result o = decode(&f);
        float peak = 0.0F;
        for (size_t i = 0; i < o.n_frames; i++)
            peak = fmaxf(peak, fabsf(o.samples[i]));
        CHECK(peak > 1.02F);
        release(&o);
        file_bytes_release(&f);
    }
    free(x);
}

TEST(decoder, exact_lengths_are_reported) {
    const struct {
        int format;
        const char *name;
        bool exact;
    } cases[] = {
        {WAV_16, "wav", true},
        {SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, "wav", true},
        {SF_FORMAT_WAV | SF_FORMAT_ULAW, "wav", true},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_16 | SF_ENDIAN_BIG, "wav", true},
        {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, "wav", false},
        {SF_FORMAT_RF64 | SF_FORMAT_FLOAT, "rf64", true},
        {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, "aiff", true},
        {SF_FORMAT_AIFF | SF_FORMAT_FLOAT, "aiff", true},
        {SF_FORMAT_W64 | SF_FORMAT_PCM_24, "w64", true},
        {SF_FORMAT_CAF | SF_FORMAT_PCM_16, "caf", true},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, "flac", true},
        {SF_FORMAT_AU | SF_FORMAT_PCM_16, "au", false},
        {OGG, "ogg", false},
        {MP3, "mp3", false},
    };
    float *x = make_noise(2 * 20001, 0.3);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        file_bytes f = encode_audio(cases[k].format, RATE, 2, NULL, x, 20001);
        decode_result o = decode(&f);
        CHECK_INT(o.status, PATINA_OK);
        CHECK_STR(o.info.format, cases[k].name);
        CHECK_INT(o.info.exact, cases[k].exact);
        CHECK_INT(o.info.n_frames, cases[k].exact ? 20001 : 0);
        CHECK_INT(o.info.rate_hz, RATE);
        CHECK_INT(o.info.n_channels, 2);
        if (cases[k].format != (SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM)) /* in whole blocks */
            CHECK_INT(o.n_frames, 20001);
        release(&o);
        file_bytes_release(&f);
    }
    free(x);
}

TEST(decoder, seeking_is_frame_exact) {
    const int formats[] = {WAV_16,
                           FLAC_16,
                           SF_FORMAT_AIFF | SF_FORMAT_PCM_24,
                           SF_FORMAT_CAF | SF_FORMAT_FLOAT,
                           SF_FORMAT_W64 | SF_FORMAT_DOUBLE,
                           SF_FORMAT_WAV | SF_FORMAT_ALAW};
    const size_t n = 50000, places[] = {49999, 0, 1, 4095, 4096, 4097, 31234, 12345};
    float *x = make_noise(2 * n, 0.9), part[2 * 300];
    for (size_t k = 0; k < 6; k++) {
        file_bytes f = encode_audio(formats[k], RATE, 2, NULL, x, n);
        decode_result o = decode(&f);
        const pt_byte_source bytes = memory_source(&f);
        pt_decoder *decoder = NULL;
        pt_decoder_info info;
        REQUIRE_OK(pt_decoder_open(&bytes, &decoder, &info, &t->err));
        for (size_t p = 0; p < 8; p++) {
            const size_t count = n - places[p] < 300 ? n - places[p] : 300;
            size_t got = 0;
            CHECK_OK(pt_decoder_seek(decoder, places[p], &t->err));
            CHECK_OK(pt_decoder_read(decoder, part, count, &got, &t->err));
            CHECK_INT(got, count);
            CHECK(memcmp(part, o.samples + 2 * places[p], 2 * count * sizeof *part) == 0);
        }
        pt_decoder_close(&decoder);
        release(&o);
        file_bytes_release(&f);
    }
    free(x);
}

/** Writes channel c at level 2^-(c + 1), and returns for each decoded channel which of them it is.
 * */
static void levels_of(pt_test *t, int format, int n_channels, const int *map, int *levels) {
    const size_t n = 48000;
    float *x = malloc(n * (size_t)n_channels * sizeof *x);
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < n_channels; c++)
            x[i * (size_t)n_channels + (size_t)c] =
                (float)(ldexp(1.0, -c - 1) * sin(2.0 * M_PI * 60.0 * (double)i / 48000.0));
    file_bytes f = encode_audio(format, 48000, n_channels, map, x, n);
    CHECK(f.b != NULL);
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_OK);
    CHECK_INT(o.info.n_channels, n_channels);
    for (int c = 0; c < n_channels; c++) {
        double sum = 0.0;
        for (size_t i = 0; i < o.n_frames; i++)
            sum += pow(o.samples[i * (size_t)n_channels + (size_t)c], 2);
        levels[c] = (int)lrint(-log2(sqrt(2.0 * sum / (double)n)));
    }
    release(&o);
    file_bytes_release(&f);
    free(x);
}

/* Vorbis I 4.3.9 and RFC 7845 5.1.1.2 define the 1st, 2nd ... channel of a stream; WAVE order is L
 * R C LFE back-L back-R back-C side-L side-R (the bits of dwChannelMask). libsndfile writes
 * channels to Ogg in the given order, so channel k of the stream has level k. */
TEST(decoder, ogg_channels_come_in_wave_order) {
    static const int expected[9][8] = {
        [1] = {1},
        [2] = {1, 2},
        [3] = {1, 3, 2},                /* L C R */
        [4] = {1, 2, 3, 4},             /* L R Ls Rs */
        [5] = {1, 3, 2, 4, 5},          /* L C R Ls Rs */
        [6] = {1, 3, 2, 6, 4, 5},       /* L C R Ls Rs LFE */
        [7] = {1, 3, 2, 7, 6, 4, 5},    /* L C R side-L side-R back-C LFE */
        [8] = {1, 3, 2, 8, 6, 7, 4, 5}, /* L C R side-L side-R back-L back-R LFE */
    };
    int got[8];
    for (int n = 1; n <= 8; n++) {
        levels_of(t, OGG, n, NULL, got);
        for (int c = 0; c < n; c++)
            CHECK_INT(got[c], expected[n][c]);
    }
    levels_of(t, OPUS, 6, NULL, got);
    for (int c = 0; c < 5;
         c++) /* libopus's surround encoder low-passes the LFE and mixes no other */
        if (c != 3) CHECK_INT(got[c], expected[6][c]);
}

TEST(decoder, channel_maps_are_converted_to_wave_order) {
    /* Apple's MPEG_5_1_C: L C R Ls Rs LFE; MPEG_5_1_B: L R Ls Rs C LFE */
    static const int c51[] = {SF_CHANNEL_MAP_LEFT,       SF_CHANNEL_MAP_CENTER,
                              SF_CHANNEL_MAP_RIGHT,      SF_CHANNEL_MAP_REAR_LEFT,
                              SF_CHANNEL_MAP_REAR_RIGHT, SF_CHANNEL_MAP_LFE};
    static const int b51[] = {SF_CHANNEL_MAP_LEFT,      SF_CHANNEL_MAP_RIGHT,
                              SF_CHANNEL_MAP_REAR_LEFT, SF_CHANNEL_MAP_REAR_RIGHT,
                              SF_CHANNEL_MAP_CENTER,    SF_CHANNEL_MAP_LFE};
    static const int from_c[] = {1, 3, 2, 6, 4, 5}, from_b[] = {1, 2, 5, 6, 3, 4};
    int got[6];
    levels_of(t, SF_FORMAT_CAF | SF_FORMAT_PCM_16, 6, c51, got);
    for (int c = 0; c < 6; c++)
        CHECK_INT(got[c], from_c[c]);
    levels_of(t, SF_FORMAT_CAF | SF_FORMAT_PCM_16, 6, b51, got);
    for (int c = 0; c < 6; c++)
        CHECK_INT(got[c], from_b[c]);
    /* FLAC has WAVE order by definition; a WAV without a mask too */
    levels_of(t, FLAC_16, 6, NULL, got);
    for (int c = 0; c < 6; c++)
        CHECK_INT(got[c], c + 1);
    levels_of(t, WAV_16, 6, NULL, got);
    for (int c = 0; c < 6; c++)
        CHECK_INT(got[c], c + 1);
}

TEST(decoder, wav_shorter_than_declared_is_truncated) {
    short x[1000] = {1, 2, 3};
    file_bytes f = make_wav(1, 16, 8000, 1, x, sizeof x), less;
    CHECK_OUTCOME(&f, PATINA_OK);
    less = cut(&f, 1);
    CHECK_OUTCOME(&less, PATINA_REJECT_TRUNCATED);
    less = cut(&f, sizeof x); /* only the header remains */
    CHECK_OUTCOME(&less, PATINA_REJECT_TRUNCATED);
    less = cut(&f, sizeof x + 12); /* not even "data" */
    CHECK_OUTCOME(&less, PATINA_REJECT_UNDECODABLE);
    put_le(f.b + 40, 2 * sizeof x, 4); /* which libsndfile corrects silently */
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_REJECT_TRUNCATED);
    CHECK_STR(o.err.message,
              "wav: the header declares 4000 bytes of samples, but the file contains 2000");
    release(&o);
    file_bytes_release(&f);
}

TEST(decoder, a_wav_of_unknown_size_is_read_to_its_end) {
    short x[1000];
    for (int i = 0; i < 1000; i++)
        x[i] = (short)(i * 30);
    const uint64_t unknown[] = {0, 0xFFFFFFFF};
    for (int k = 0; k < 2; k++) {
        file_bytes f = make_wav(1, 16, 8000, 2, x, sizeof x);
        put_le(f.b + 40, unknown[k], 4);
        decode_result o = decode(&f);
        CHECK_INT(o.status, PATINA_OK);
        CHECK(!o.info.exact);
        CHECK_INT(o.n_frames, 500);
        if (o.n_frames == 500) CHECK_NEAR(o.samples[999], 999 * 30 / 32768.0, 0.0);
        release(&o);
        put_le(f.b + 4, 0, 4); /* RIFF's size was not filled in either */
        o = decode(&f);
        CHECK_INT(o.n_frames, 500);
        release(&o);
        file_bytes_release(&f);
    }
    file_bytes empty = make_wav(1, 16, 8000, 1, x, 0);
    decode_result o = decode(&empty);
    CHECK_INT(o.status, PATINA_OK);
    CHECK_INT(o.n_frames, 0);
    release(&o);
    file_bytes_release(&empty);
}

TEST(decoder, the_riff_size_may_be_wrong) {
    short x[100] = {0};
    const uint64_t sizes[] = {0, 8, 50, 100000, 0xFFFFFFFF};
    for (size_t k = 0; k < 5; k++) {
        file_bytes f = make_wav(1, 16, 8000, 1, x, sizeof x);
        put_le(f.b + 4, sizes[k], 4);
        decode_result o = decode(&f);
        CHECK_INT(o.status, PATINA_OK);
        CHECK_INT(o.n_frames, 100);
        release(&o);
        file_bytes_release(&f);
    }
}

TEST(decoder, pad_byte_of_odd_chunks) {
    static const unsigned char x[5] = {1, 2, 3, 4, 5};
    file_bytes f = make_wav(1, 8, 8000, 1, x, sizeof x); /* data of 5 bytes without a pad byte */
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_OK);
    CHECK(o.info.exact);
    CHECK_INT(o.n_frames, 5);
    release(&o);

    file_bytes g = {calloc(1, f.n + 12), f.n + 12}; /* a chunk of 3 bytes and its pad before data */
    memcpy(g.b, f.b, 36);
    memcpy(g.b + 36, "junk", 4);
    put_le(g.b + 40, 3, 4);
    memcpy(g.b + 48, f.b + 36, f.n - 36);
    o = decode(&g);
    CHECK_INT(o.status, PATINA_OK);
    CHECK(o.info.exact);
    CHECK_INT(o.n_frames, 5);
    if (o.n_frames == 5) CHECK_NEAR(o.samples[4], (5 - 128) / 128.0, 0.0);
    release(&o);
    file_bytes less = cut(&g, 1);
    CHECK_OUTCOME(&less, PATINA_REJECT_TRUNCATED);
    file_bytes_release(&g);

    g = (file_bytes){calloc(1, f.n + 21), f.n + 21}; /* data, pad, and a LIST behind it */
    memcpy(g.b, f.b, f.n);
    memcpy(g.b + f.n + 1, "LIST\x0c\0\0\0INFOISFT", 16);
    o = decode(&g);
    CHECK_INT(o.status, PATINA_OK);
    CHECK(o.info.exact);
    CHECK_INT(o.n_frames, 5);
    release(&o);
    file_bytes_release(&g);
    file_bytes_release(&f);
}

TEST(decoder, truncation_of_every_format) {
    const int formats[] = {WAV_16,
                           SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
                           SF_FORMAT_RF64 | SF_FORMAT_PCM_16,
                           SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
                           SF_FORMAT_W64 | SF_FORMAT_PCM_16,
                           SF_FORMAT_CAF | SF_FORMAT_PCM_16,
                           FLAC_16,
                           OGG,
                           MP3};
    float *x = make_noise(60000, 0.5);
    for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++) {
        file_bytes f = encode_audio(formats[k], RATE, 1, NULL, x, 60000);
        CHECK_OUTCOME(&f, PATINA_OK);
        for (int tenth = 5; tenth <= 9; tenth++) {
            file_bytes less = cut(&f, f.n - f.n * (size_t)tenth / 10);
            CHECK_OUTCOME(&less, PATINA_REJECT_TRUNCATED);
        }
        file_bytes_release(&f);
    }
    file_bytes f = encode_audio(OPUS, 48000, 1, NULL, x, 60000);
    CHECK_OUTCOME(&f, PATINA_OK);
    file_bytes less = cut(&f, f.n / 5);
    CHECK_OUTCOME(&less, PATINA_REJECT_TRUNCATED);
    file_bytes_release(&f);
    free(x);
}

TEST(decoder, rf64_sizes_come_from_ds64) {
    float *x = make_noise(1000, 0.5);
    file_bytes f = encode_audio(SF_FORMAT_RF64 | SF_FORMAT_PCM_16, RATE, 1, NULL, x, 1000);
    REQUIRE(f.n > 100 && memcmp(f.b, "RF64", 4) == 0 && memcmp(f.b + 12, "ds64", 4) == 0);
    put_le(f.b + 28, 4000, 8);
    CHECK_OUTCOME(&f, PATINA_REJECT_TRUNCATED);
    put_le(f.b + 28, (uint64_t)1 << 40, 8);
    CHECK_OUTCOME(&f, PATINA_REJECT_TRUNCATED);
    put_le(f.b + 28, UINT64_MAX, 8); /* never filled in */
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_OK);
    CHECK_INT(o.n_frames, 1000);
    release(&o);
    file_bytes_release(&f);
    free(x);
}

/** Offset of the FLAC frame that contains sample frame `want`, by its sync code and number. */
static size_t flac_frame(const file_bytes *f, unsigned number) {
    for (size_t i = 42; i + 6 < f->n; i++)
        if (f->b[i] == 0xFF && f->b[i + 1] == 0xF8 && f->b[i + 4] == number) return i;
    return 0;
}

/** Status of reading the first n frames in blocks of 1000: more frames may follow and hide a loss.
 * */
static patina_status status_of_part(const file_bytes *f, size_t n) {
    const pt_byte_source bytes = memory_source(f);
    float x[1000];
    pt_decoder *decoder = NULL;
    pt_decoder_info info;
    size_t got = 0;
    patina_status status = pt_decoder_open(&bytes, &decoder, &info, NULL);
    for (size_t i = 0; status == PATINA_OK && i < n; i += 1000)
        status = pt_decoder_read(decoder, x, 1000, &got, NULL);
    pt_decoder_close(&decoder);
    return status;
}

/* libFLAC omits a frame whose bits are wrong, or returns zeros for it, and libsndfile continues
 * with the next frame in its place. */
TEST(decoder, damaged_flac_frame_is_detected) {
    const size_t n = 60000;
    float *x = make_noise(n, 0.0003), part[4096];
    file_bytes f = encode_audio(FLAC_16, RATE, 1, NULL, x, n);
    pt_decoder *decoder = NULL;
    pt_decoder_info info;
    size_t got = 0, at = 0;

    for (unsigned number = 2; number <= 8; number++) {
        REQUIRE((at = flac_frame(&f, number)) > 0);
        for (size_t i = 0; i < 40; i++) { /* both lost sync and a wrong checksum occur */
            f.b[at + 10 + i * 37] ^= 1;
            CHECK_OUTCOME(&f, PATINA_REJECT_TRUNCATED);
            CHECK_INT(status_of_part(&f, 50000), PATINA_REJECT_TRUNCATED);
            CHECK_INT(status_of_part(&f, 7000), PATINA_OK);
            f.b[at + 10 + i * 37] ^= 1;
        }
    }
    /* A window elsewhere does not detect it, by design: a file of an hour is not decoded whole. */
    f.b[at + 100] ^= 1;
    const pt_byte_source bytes = memory_source(&f);
    REQUIRE_OK(pt_decoder_open(&bytes, &decoder, &info, &t->err));
    CHECK_OK(pt_decoder_seek(decoder, 50000, &t->err));
    CHECK_OK(pt_decoder_read(decoder, part, 4096, &got, &t->err));
    CHECK_INT(got, 4096);
    CHECK_NEAR(part[0], x[50000], 1.0 / 32768);
    pt_decoder_close(&decoder);
    file_bytes_release(&f);
    free(x);
}

TEST(decoder, a_flac_of_unknown_length_is_read_to_its_end) {
    float *x = make_noise(30000, 0.5);
    file_bytes f = encode_audio(FLAC_16, RATE, 1, NULL, x, 30000);
    REQUIRE(f.n > 42 && memcmp(f.b, "fLaC", 4) == 0);
    f.b[21] &=
        0xF0; /* STREAMINFO's 36 bits of total samples: as an encoder on a pipe leaves them */
    memset(f.b + 22, 0, 4);
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_OK);
    CHECK(!o.info.exact);
    CHECK_INT(o.n_frames, 30000);
    release(&o);
    put_le(f.b + 22, 0xFFFFFFFF, 4); /* and a number that determines no allocation */
    f.b[21] |= 0x0F;
    CHECK_OUTCOME(&f, PATINA_REJECT_TRUNCATED);
    file_bytes_release(&f);
    free(x);
}

/** Adds to the length that an Ogg file's last page states. */
static void raise_declared_frames(file_bytes *f, uint64_t frames) {
    size_t last = 0;
    for (size_t i = 0; i + 27 < f->n; i++)
        if (memcmp(f->b + i, "OggS", 4) == 0) last = i;
    uint64_t granule = 0;
    for (int i = 7; i >= 0; i--)
        granule = granule << 8 | f->b[last + 6 + (size_t)i];
    put_le(f->b + last + 6, granule + frames, 8);
    fix_page_crc(f->b + last, f->n - last);
}

/* A partial packet: its page gives its end. 47 999 + 312 of pre-skip is no multiple of 960, so the
 * last page of the written file ends within a packet; with one more frame the packet is whole. */
TEST(decoder, opus_may_miss_one_packet) {
    float *x = make_noise(48000, 0.5);
    const struct {
        uint64_t more;
        patina_status expected;
    } cases[] = {{900, PATINA_OK}, {3000, PATINA_REJECT_TRUNCATED}};
    for (size_t k = 0; k < 2; k++) {
        file_bytes f = encode_audio(OPUS, 48000, 1, NULL, x, 48000);
        raise_declared_frames(&f, cases[k].more);
        CHECK_OUTCOME(&f, cases[k].expected);
        file_bytes_release(&f);
    }
    file_bytes f = encode_audio(OGG, 48000, 1, NULL, x, 48000); /* Vorbis has no such exception */
    raise_declared_frames(&f, 900);
    CHECK_OUTCOME(&f, PATINA_REJECT_TRUNCATED);
    file_bytes_release(&f);
    free(x);
}

/* Every decoder skips such a page, and so does the frame count of libsndfile if it is the first
 * page with audio. */
TEST(decoder, damaged_ogg_page_is_detected) {
    const int formats[] = {OGG, OPUS};
    float *x = make_noise(5 * 48000, 0.5);
    for (size_t k = 0; k < 2; k++) {
        file_bytes f = encode_audio(formats[k], 48000, 1, NULL, x, 5 * 48000);
        unsigned n_pages = 0;
        for (size_t i = 1; i + 27 < f.n; i++) {
            if (memcmp(f.b + i, "OggS", 4) != 0) continue;
            if (++n_pages < 2) continue; /* headers */
            f.b[i + 500] ^= 1;
            CHECK_OUTCOME(&f, PATINA_REJECT_TRUNCATED);
            f.b[i + 500] ^= 1;
            f.b[i] ^= 1; /* no page at all where one should be */
            CHECK_OUTCOME(&f, PATINA_REJECT_TRUNCATED);
            f.b[i] ^= 1;
        }
        CHECK(n_pages > 4);
        CHECK_OUTCOME(&f, PATINA_OK);
        file_bytes_release(&f);
    }
    free(x);
}

/** Position of the Xing or Info tag in the first frame of an MP3. */
static unsigned char *info_tag(const file_bytes *f) {
    for (size_t i = 4; i < 200 && i + 16 < f->n; i++)
        if (memcmp(f->b + i, "Xing", 4) == 0 || memcmp(f->b + i, "Info", 4) == 0) return f->b + i;
    return NULL;
}

TEST(decoder, mp3_may_miss_one_declared_frame) {
    float *x = make_noise(RATE, 0.5);
    file_bytes f = encode_audio(MP3, RATE, 1, NULL, x, RATE);
    unsigned char *tag = info_tag(&f);
    REQUIRE(tag != NULL && (tag[7] & 1) && tag[11] < 200);
    decode_result o = decode(&f);
    CHECK_INT(o.n_frames, RATE); /* encoder delay and padding are removed */
    release(&o);
    tag[11] += 1;
    CHECK_OUTCOME(&f, PATINA_OK);
    tag[11] += 2;
    CHECK_OUTCOME(&f, PATINA_REJECT_TRUNCATED);
    file_bytes_release(&f);
    free(x);
}

/* libsndfile would stop at a length estimated from the first frames: of silence, whose bit rate is
 * too low for the rest. */
TEST(decoder, mp3_without_a_tag_is_read_to_its_end) {
    const size_t n = 10 * RATE;
    float *x = make_noise(n, 0.5);
    memset(x, 0, n / 2 * sizeof *x);
    const char *path = tmp_path("vbr.mp3");
    SF_INFO info = {.samplerate = RATE, .channels = 1, .format = MP3};
    SNDFILE *out = sf_open(path, SFM_WRITE, &info);
    int mode = SF_BITRATE_MODE_VARIABLE;
    REQUIRE(out != NULL);
    sf_command(out, SFC_SET_BITRATE_MODE, &mode, sizeof mode);
    sf_writef_float(out, x, (sf_count_t)n);
    sf_close(out);
    file_bytes f = read_file(path);
    REQUIRE(f.n > 1000 && info_tag(&f));
    const unsigned first = pt_mpeg_frame_bytes(f.b);
    CHECK(first > 0);
    file_bytes bare = {f.b + first, f.n - first};
    decode_result o = decode(&bare);
    CHECK_INT(o.status, PATINA_OK);
    /* no tag, so delay and padding of the encoder remain: less than three frames of 1152 */
    CHECK(o.n_frames >= n && o.n_frames < n + 3 * 1152);
    release(&o);
    file_bytes_release(&f);
    free(x);
}

TEST(decoder, mp3_after_tags_junk_and_in_wav) {
    float *x = make_noise(RATE, 0.5);
    file_bytes f = encode_audio(MP3, RATE, 1, NULL, x, RATE);
    decode_result plain = decode(&f), o;
    const size_t before = 10 + 300;
    file_bytes g = {calloc(1, f.n + before), f.n + before};
    memcpy(g.b, "ID3\4\0\0\0\0\2\x2c", 10); /* 300 bytes: 2 * 128 + 44 */
    memcpy(g.b + before, f.b, f.n);
    o = decode(&g);
    CHECK_INT(o.status, PATINA_OK);
    CHECK(o.n_frames == plain.n_frames &&
          memcmp(o.samples, plain.samples, o.n_frames * sizeof(float)) == 0);
    release(&o);
    g.b[4] = 0xFF; /* an unknown revision, but a tag to libsndfile, which would print */
    o = decode(&g);
    CHECK_INT(o.status, PATINA_OK);
    CHECK_INT(o.n_frames, plain.n_frames);
    release(&o);
    memset(g.b, 0, before); /* zeros instead of a tag */
    o = decode(&g);
    CHECK_INT(o.status, PATINA_OK);
    CHECK_INT(o.n_frames, plain.n_frames);
    release(&o);
    file_bytes_release(&g);
    g = make_wav(0x55, 8, RATE, 1, f.b, f.n);
    o = decode(&g);
    CHECK_INT(o.status, PATINA_OK);
    CHECK_STR(o.info.format, "wav");
    CHECK_INT(o.n_frames, plain.n_frames);
    release(&o);
    file_bytes less = cut(&g, 100);
    CHECK_OUTCOME(&less, PATINA_REJECT_TRUNCATED);
    file_bytes_release(&g);
    release(&plain);
    file_bytes_release(&f);
    free(x);
}

TEST(decoder, tags_before_other_formats) {
    const int formats[] = {FLAC_16, OGG, OPUS};
    float *x = make_noise(6 * 20000, 0.5);
    for (size_t k = 0; k < 3; k++) {
        file_bytes f = encode_audio(formats[k], 48000, 6, NULL, x, 20000);
        file_bytes g = {calloc(1, f.n + 310), f.n + 310};
        memcpy(g.b, "ID3\4\0\0\0\0\2\x2c", 10);
        memcpy(g.b + 310, f.b, f.n);
        decode_result plain = decode(&f), o = decode(&g);
        CHECK_INT(o.status, PATINA_OK);
        CHECK_INT(o.info.exact, plain.info.exact);
        CHECK_INT(o.n_frames, 20000);
        CHECK(o.n_frames == plain.n_frames &&
              memcmp(o.samples, plain.samples, 6 * o.n_frames * sizeof(float)) == 0);
        release(&plain);
        release(&o);
        file_bytes_release(&f);
        file_bytes_release(&g);
    }
    free(x);
}

/** Redirects standard error; returns the descriptor to restore. */
static int capture_stderr(const char *path) {
    fflush(stderr);
    const int saved = dup(2);
    const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(file, 2);
    close(file);
    return saved;
}

/* libmpg123 prints messages about such files unless it is told not to. */
TEST(decoder, libraries_print_nothing) {
    float *x = make_noise(RATE, 0.5);
    file_bytes f = encode_audio(MP3, RATE, 1, NULL, x, RATE);
    const char *path = tmp_path("stderr");
    const int saved = capture_stderr(path);
    uint32_t state = 7;

    file_bytes less = cut(&f, f.n / 3);
    decode_result o = decode(&less);
    release(&o);
    for (size_t i = 2000; i < f.n; i++) {
        state = state * 1664525U + 1013904223U;
        if (state >> 24 == 0) f.b[i] = (unsigned char)(state >> 16);
    }
    o = decode(&f);
    release(&o);
    for (size_t k = 0; k < 100; k++) { /* and text that begins like a frame: UTF-16 */
        f.b[2 * k] = k == 0 ? 0xFF : 'a';
        f.b[2 * k + 1] = k == 0 ? 0xFE : 0;
    }
    less = (file_bytes){f.b, 200};
    o = decode(&less);
    const patina_status text_status = o.status;
    release(&o);
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    file_bytes said = read_file(path);
    CHECK_INT(said.n, 0);
    CHECK_INT(text_status, PATINA_REJECT_UNDECODABLE);
    file_bytes_release(&said);
    file_bytes_release(&f);
    free(x);
}

TEST(decoder, non_audio_is_undecodable) {
    file_bytes nothing = {(unsigned char *)calloc(1, 1), 0};
    CHECK_OUTCOME(&nothing, PATINA_REJECT_UNDECODABLE);
    const char *strings[] = {"x",
                             "RIFF",
                             "RIFF\x10\0\0\0WAVE",
                             "fLaC",
                             "OggS",
                             "ID3\4\0\0\x7f\x7f\x7f\x7f",
                             "This is a text file with the suffix .wav\n"};
    for (size_t k = 0; k < sizeof strings / sizeof strings[0]; k++) {
        const size_t n = k == 2 ? 12 : strlen(strings[k]);
        file_bytes f = {(unsigned char *)malloc(n), n};
        memcpy(f.b, strings[k], n);
        CHECK_OUTCOME(&f, PATINA_REJECT_UNDECODABLE);
        file_bytes_release(&f);
    }
    file_bytes m4a = {(unsigned char *)calloc(1, 64), 64};
    memcpy(m4a.b,
           "\0\0\0\x20"
           "ftypM4A ",
           12);
    decode_result o = decode(&m4a);
    CHECK_INT(o.status, PATINA_REJECT_UNDECODABLE);
    CHECK_CONTAINS(o.err.message,
                   PT_HAVE_FFMPEG ? "mp4" : "MP4 or M4A is not supported by this build");
    release(&o);
    file_bytes_release(&m4a);
    file_bytes_release(&nothing);
}

TEST(decoder, ranges_are_those_of_the_measures) {
    short x[65] = {0};
    const struct {
        unsigned rate_hz, n_channels;
        patina_status expected;
    } cases[] = {
        {3999, 1, PATINA_REJECT_UNSUPPORTED},
        {4000, 1, PATINA_OK},
        {384000, 1, PATINA_OK},
        {384001, 1, PATINA_REJECT_UNSUPPORTED},
        {8000, 64, PATINA_OK},
        {8000, 65, PATINA_REJECT_UNSUPPORTED},
    };
    for (size_t k = 0; k < 6; k++) {
        file_bytes f =
            make_wav(1, 16, cases[k].rate_hz, cases[k].n_channels, x, 2 * cases[k].n_channels);
        CHECK_OUTCOME(&f, cases[k].expected);
        file_bytes less = cut(&f, 1); /* truncated comes first */
        CHECK_OUTCOME(&less, PATINA_REJECT_TRUNCATED);
        file_bytes_release(&f);
    }
}

TEST(decoder, shared_corpus_decodes) {
    static const struct {
        const char *name;
        size_t n_frames; /* as FFmpeg 5.1 counts them */
    } clips[] = {{"1-100032-A.wav", 220544},  {"1-17367-A.mp3", 160032},
                 {"1-21189-A.opus", 240048},  {"vinyl_hiss.opus", 384000},
                 {"hens.ogg", 442575},        {"acoustic_scene.mp3", 441001},
                 {"ambi_sauna.flac", 396900}, {"phone-incoming-call.oga", 64546},
                 {"stereo_24bit.WAV", 17833}, {"morning_coffee_30s.ogg", 240000}};
    if (!pt_test_shared_path("corpus/clips")) SKIP("no ../shared/corpus");
    for (size_t k = 0; k < sizeof clips / sizeof clips[0]; k++) {
        char name[128];
        snprintf(name, sizeof name, "corpus/clips/%s", clips[k].name);
        file_bytes f = read_file(pt_test_shared_path(name));
        decode_result o = decode(&f);
        CHECK_INT(o.status, PATINA_OK);
        CHECK_INT(o.n_frames, clips[k].n_frames);
        release(&o);
        file_bytes_release(&f);
    }
}
