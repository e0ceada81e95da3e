/* SPDX-License-Identifier: MIT */
/* test_ffmpeg.c - formats that FFmpeg decodes, in files written by its own encoders */

#include "audio/decoder.h"
#include "audio/format_probe.h"
#include "audio/segment.h"
#include "audio_fixture.h"
#include "base/arena.h"
#include "ogg_fixture.h"
#include "patina_config.h"
#include "segment_fixture.h"

#if PT_HAVE_FFMPEG

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/mem.h>
#include <pthread.h>

#define RATE 48000
#define PI   3.14159265358979323846

/* Encoding --------------------------------------------------------------------------------- */

typedef struct sound {
    const float *x; /* [n, n_channels] */
    size_t n;
    int n_channels;
} sound;

static enum AVSampleFormat sample_format(const AVCodec *codec) {
    static const enum AVSampleFormat liked[] = {AV_SAMPLE_FMT_FLTP, AV_SAMPLE_FMT_FLT,
                                                AV_SAMPLE_FMT_S16P, AV_SAMPLE_FMT_S16};
    for (size_t i = 0; i < 4; i++)
        for (const enum AVSampleFormat *f = codec->sample_fmts; f && *f != AV_SAMPLE_FMT_NONE; f++)
            if (*f == liked[i]) return *f;
    return AV_SAMPLE_FMT_NONE;
}

static void put_sample(AVFrame *frame, int channel, size_t i, float value) {
    const size_t n = (size_t)frame->ch_layout.nb_channels, c = (size_t)channel;
    const short s16 = (short)lrintf(value * 32767.0F);
    if (frame->format == AV_SAMPLE_FMT_FLTP)
        memcpy(frame->extended_data[c] + i * 4, &value, 4);
    else if (frame->format == AV_SAMPLE_FMT_FLT)
        memcpy(frame->extended_data[0] + (i * n + c) * 4, &value, 4);
    else if (frame->format == AV_SAMPLE_FMT_S16P)
        memcpy(frame->extended_data[c] + i * 2, &s16, 2);
    else
        memcpy(frame->extended_data[0] + (i * n + c) * 2, &s16, 2);
}

/** Writes the packets that the encoder has ready. */
static void write_packets(AVFormatContext *format, AVCodecContext *codec) {
    AVPacket *packet = av_packet_alloc();
    while (avcodec_receive_packet(codec, packet) >= 0) {
        av_packet_rescale_ts(packet, codec->time_base, format->streams[0]->time_base);
        packet->stream_index = 0;
        av_interleaved_write_frame(format, packet);
    }
    av_packet_free(&packet);
}

static void encode(AVFormatContext *format, AVCodecContext *codec, sound s) {
    const size_t step = codec->frame_size > 0 ? (size_t)codec->frame_size : 4096;
    for (size_t at = 0; at < s.n; at += step) {
        AVFrame *frame = av_frame_alloc();
        frame->nb_samples = (int)(s.n - at < step ? s.n - at : step);
        frame->format = codec->sample_fmt;
        frame->sample_rate = RATE;
        frame->pts = (int64_t)at;
        av_channel_layout_copy(&frame->ch_layout, &codec->ch_layout);
        av_frame_get_buffer(frame, 0);
        for (size_t i = 0; i < (size_t)frame->nb_samples; i++)
            for (int c = 0; c < s.n_channels; c++)
                put_sample(frame, c, i, s.x[(at + i) * (size_t)s.n_channels + (size_t)c]);
        avcodec_send_frame(codec, frame);
        av_frame_free(&frame);
        write_packets(format, codec);
    }
    avcodec_send_frame(codec, NULL);
    write_packets(format, codec);
}

/** The file; .b is NULL where this FFmpeg has no such encoder or muxer. */
static file_bytes make_file(const char *muxer, const char *encoder, sound s) {
    const AVCodec *found = avcodec_find_encoder_by_name(encoder);
    AVFormatContext *format = NULL;
    AVCodecContext *codec = found ? avcodec_alloc_context3(found) : NULL;
    file_bytes f = {0};

    av_log_set_level(AV_LOG_QUIET);
    if (!codec || avformat_alloc_output_context2(&format, NULL, muxer, NULL) < 0) goto done;
    codec->sample_fmt = sample_format(found);
    codec->sample_rate = RATE;
    codec->bit_rate = 128000LL * s.n_channels;
    codec->time_base = (AVRational){1, RATE};
    codec->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    av_channel_layout_default(&codec->ch_layout, s.n_channels);
    if (format->oformat->flags & AVFMT_GLOBALHEADER) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    format->flags |= AVFMT_FLAG_BITEXACT;
    AVStream *stream = avformat_new_stream(format, NULL);
    if (avcodec_open2(codec, found, NULL) < 0) goto done;
    avcodec_parameters_from_context(stream->codecpar, codec);
    stream->time_base = codec->time_base;
    if (avio_open(&format->pb, tmp_path("encoded"), AVIO_FLAG_WRITE) < 0) goto done;
    if (avformat_write_header(format, NULL) >= 0) {
        encode(format, codec, s);
        av_write_trailer(format);
    }
    avio_closep(&format->pb);
    f = read_file(tmp_path("encoded"));
done:
    avcodec_free_context(&codec);
    avformat_free_context(format);
    return f;
}

/** A tone of this amplitude in each channel times (channel + 1). */
static float *make_tone(size_t n, int n_channels, double amplitude, double hz) {
    float *x = malloc(n * (size_t)n_channels * sizeof *x);
    for (size_t i = 0; x && i < n; i++)
        for (int c = 0; c < n_channels; c++)
            x[i * (size_t)n_channels + (size_t)c] =
                (float)((c + 1) * amplitude * sin(2.0 * PI * hz * (double)i / RATE));
    return x;
}

/* Decoding --------------------------------------------------------------------------------- */

static decode_result decode_bytes(const unsigned char *b, size_t n) {
    return decode(&(file_bytes){(unsigned char *)(uintptr_t)b, n});
}

/** Amplitude, and phase relative to the tone that began at sample 0, of channel c: least squares
 * over whole periods, excluding the ends. */
static void fit_sinusoid(const decode_result *o, unsigned c, double hz, double *amplitude,
                         double *phase) {
    const size_t period = (size_t)(RATE / hz), n = o->n_frames / 2 / period * period,
                 first = o->n_frames / 4;
    double in = 0.0, out = 0.0;
    for (size_t i = first; i < first + n; i++) {
        const double angle = 2.0 * PI * hz * (double)i / RATE;
        in += o->samples[i * o->info.n_channels + c] * sin(angle);
        out += o->samples[i * o->info.n_channels + c] * cos(angle);
    }
    *amplitude = 2.0 / (double)n * hypot(in, out);
    *phase = atan2(out, in);
}

static const struct {
    const char *muxer, *encoder, *format;
    size_t packet;    /* frames; 0: lossless, and the length exact */
    bool starts_at_0; /* the file records the delay of the encoder */
    bool is_checked;  /* its sizes show truncation */
} kinds[] = {
    {"ipod", "aac", "mp4", 1024, true, true},
    {"mov", "aac", "mp4", 1024, true, true},
    {"ipod", "alac", "mp4", 0, true, true},
    {"matroska", "aac", "webm", 1024, false, true},
    {"webm", "libopus", "webm", 960, true, true},
    {"webm", "libvorbis", "webm", 1024, true, true},
    {"adts", "aac", "aac", 1024, false, false},
    {"ac3", "ac3", "ac3", 1536, false, false},
    {"eac3", "eac3", "eac3", 1536, false, false},
    {"asf", "wmav2", "wma", 2048, false, true},
    {"mp4", "libmp3lame", "mp4", 1152, false, true}, /* and not a stream of bare MPEG frames */
    {"wv", "wavpack", "wavpack", 0, true, false},
    {"ogg", "flac", "ogg", 0, true, true},
    {"tta", "tta", "tta", 0, true, true},
    {"wav", "ac3", "wav", 1536, false, true},
    {"matroska", "wavpack", "webm", 0, true, true}, /* packets of 1 s without a duration */
    {"mov", "pcm_s16le", "mp4", 0, true, true},
    {"mov", "adpcm_ms", "mp4", 1012, true, true}, /* counts frames, not packets */
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

/* Level: a coefficient that is quantised to q is off by at most (4/3) (1/2) / q of itself; AAC has
 * the step of the power 3/4, the others no coarser one. At 128 kbit/s a single tone has q of 25 and
 * far more: 3 %. Phase: 0.02 rad at 1 kHz is a seventh of a sample, while a delay that was not
 * removed shifts it by whole packets, none of which are whole periods (48 samples). Length: the
 * delay, and up to a whole packet at the end, may remain or be lost (WMA). */
TEST(ffmpeg, tone_level_and_length) {
    const size_t n = 2 * RATE + 777;
    float *x = make_tone(n, 2, 0.25, 1000.0);
    size_t n_made = 0;
    for (size_t k = 0; k < N_KINDS; k++) {
        file_bytes f = make_file(kinds[k].muxer, kinds[k].encoder, (sound){x, n, 2});
        double amplitude, phase;
        if (!f.b) continue;
        n_made++;
        decode_result o = decode(&f);
        pt_test_check(t, o.status == PATINA_OK, __FILE__, __LINE__, "%s in %s: %s",
                      kinds[k].encoder, kinds[k].muxer, o.err.message);
        CHECK_STR(o.info.format, kinds[k].format);
        CHECK_INT(o.info.rate_hz, RATE);
        CHECK_INT(o.info.n_channels, 2);
        CHECK(!o.info.exact);
        CHECK_NEAR((double)o.n_frames, (double)n, 2.0 * (double)kinds[k].packet);
        if (o.n_frames == 0) continue;
        for (unsigned c = 0; c < 2; c++) {
            const double wanted = 0.25 * (c + 1);
            fit_sinusoid(&o, c, 1000.0, &amplitude, &phase);
            CHECK_NEAR(amplitude, wanted, kinds[k].packet ? 0.03 * wanted : 1.0 / 32768);
            if (kinds[k].starts_at_0) CHECK_NEAR(phase, 0.0, 0.02);
        }
        release(&o);
        file_bytes_release(&f);
    }
    free(x);
    CHECK(n_made >= 5); /* AAC, ALAC and their containers are FFmpeg's own */
}

/** Changes the last page of an Ogg file: its position and its flags. */
static void edit_last_page(file_bytes *f, int64_t by, unsigned flags) {
    size_t last = 0;
    for (size_t at = 0; at < f->n; at += page_bytes(f->b + at))
        last = at;
    unsigned char *page = f->b + last;
    put_le(page + 6, (uint64_t)((int64_t)get_le(page + 6, 8) + by), 8);
    page[5] = (unsigned char)flags;
    fix_page_crc(page, page_bytes(page));
}

/* FFmpeg writes a last position that is too large by up to a block. It is of no use where the last
 * page is marked; where it is not, or a page is missing, samples are. */
TEST(ffmpeg, positions_of_flac_in_ogg) {
    enum { LAST = 4 };
    static const struct {
        int64_t by;
        unsigned flags;
        bool loses_page;
        unsigned more_in_header; /* frames */
        bool is_whole;
    } cases[] = {{448, LAST, false, 0, true},  {65000, LAST, false, 0, true},
                 {-900, LAST, false, 0, true}, {65000, 0, false, 0, false},
                 {0, LAST, true, 0, false},    {0, LAST, false, 1, false}};
    const size_t n = 6 * RATE + 592;
    float *x = make_noise(n, 0.3);
    file_bytes whole = make_file("ogg", "flac", (sound){x, n, 1});
    free(x);
    REQUIRE(whole.b);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        file_bytes f = {malloc(whole.n), whole.n};
        memcpy(f.b, whole.b, f.n);
        edit_last_page(&f, cases[k].by, cases[k].flags);
        if (cases[k].more_in_header > 0) {
            put_le(f.b + 28 + 31, __builtin_bswap32((uint32_t)n + cases[k].more_in_header), 4);
            fix_page_crc(f.b, page_bytes(f.b));
        }
        if (cases[k].loses_page) {
            size_t at = 0;
            for (unsigned i = 0; i < 4; i++)
                at += page_bytes(f.b + at);
            const size_t n_page = page_bytes(f.b + at);
            memmove(f.b + at, f.b + at + n_page, f.n - at - n_page);
            f.n -= n_page;
        }
        decode_result o = decode(&f);
        pt_test_check(t, o.status == (cases[k].is_whole ? PATINA_OK : PATINA_REJECT_TRUNCATED),
                      __FILE__, __LINE__, "case %zu: %s, %zu frames: %s", k,
                      patina_status_name(o.status), o.n_frames, o.err.message);
        if (cases[k].is_whole) CHECK_INT(o.n_frames, n);
        release(&o);
        file_bytes_release(&f);
    }
    file_bytes_release(&whole);
}

/* Matroska has the rate of the encoder's input, which does not change the length of Opus. */
TEST(ffmpeg, rate_of_opus_in_matroska) {
    static const unsigned char at_48_khz[] = {0xB5, 0x88, 0x40, 0xE7, 0x70, 0, 0, 0, 0, 0},
                               at_8_khz[] = {0xB5, 0x88, 0x40, 0xBF, 0x40, 0, 0, 0, 0, 0};
    const size_t n = 2 * RATE + 777;
    float *x = make_noise(n, 0.3);
    file_bytes f = make_file("webm", "libopus", (sound){x, n, 1});
    free(x);
    if (!f.b) return; /* FFmpeg without libopus */
    decode_result whole = decode(&f);
    unsigned char *rate = memmem(f.b, f.n, at_48_khz, sizeof at_48_khz);
    REQUIRE(rate);
    memcpy(rate, at_8_khz, sizeof at_8_khz);
    decode_result o = decode(&f);
    CHECK_OK(o.status);
    CHECK_INT(o.info.rate_hz, RATE);
    CHECK_INT(o.n_frames, whole.n_frames);
    release(&o);
    release(&whole);
    file_bytes_release(&f);
}

/* Behind "\5vorbis" and the number of books, the first has 3 bytes of sync, 2 of dimensions, and 3
 * with its number of entries. */
TEST(ffmpeg, large_codebook_of_vorbis_in_matroska) {
    float *x = make_noise(RATE, 0.3);
    file_bytes f = make_file("webm", "libvorbis", (sound){x, RATE, 1});
    free(x);
    if (!f.b) return; /* FFmpeg without libvorbis */
    unsigned char *setup = memmem(f.b, f.n, "\5vorbis", 7);
    REQUIRE(setup);
    memset(setup + 7 + 1 + 3 + 2, 255, 3);
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_REJECT_UNDECODABLE);
    CHECK_STR(o.err.message, "webm: codebook 0 of Vorbis has 16777215 entries, more than 65536");
    release(&o);
    file_bytes_release(&f);
}

/* 5.1 in AAC is written C L R Ls Rs LFE (ISO/IEC 14496-3, table 1.19), and comes in WAVE order. */
TEST(ffmpeg, channels_come_in_wave_order) {
    const size_t n = RATE;
    float *x = make_tone(n, 6, 0.1, 100.0); /* so low that the LFE contains it too */
    file_bytes f = make_file("ipod", "aac", (sound){x, n, 6});
    free(x);
    REQUIRE(f.b);
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_OK);
    CHECK_INT(o.info.n_channels, 6);
    for (unsigned c = 0; c < o.info.n_channels; c++) {
        double amplitude, phase;
        fit_sinusoid(&o, c, 100.0, &amplitude, &phase);
        CHECK_NEAR(amplitude, 0.1 * (c + 1), 0.01 * (c + 1)); /* not that of the adjacent channel */
    }
    release(&o);
    file_bytes_release(&f);
}

TEST(ffmpeg, truncated_files_are_detected) {
    static const double shares[] = {0.001, 0.01, 0.1, 0.3, 0.5, 0.77, 0.9, 0.99};
    const size_t n = 2 * RATE;
    float *x = make_noise(n, 0.3);
    for (size_t k = 0; k < N_KINDS; k++) {
        file_bytes f = make_file(kinds[k].muxer, kinds[k].encoder, (sound){x, n, 1});
        if (!f.b) continue;
        for (size_t i = 0; i < 9; i++) {
            const size_t left = i < 8 ? (size_t)(shares[i] * (double)f.n) : f.n - 1;
            unsigned char *b = malloc(left ? left : 1); /* detects a read past the end */
            memcpy(b, f.b, left);
            decode_result o = decode_bytes(b, left);
            if (kinds[k].is_checked && left >= 200)
                pt_test_check(t, o.status == PATINA_REJECT_TRUNCATED, __FILE__, __LINE__,
                              "%s in %s, %zu of %zu bytes: %s (%s)", kinds[k].encoder,
                              kinds[k].muxer, left, f.n, patina_status_name(o.status),
                              o.err.message);
            else /* without container: only the number of frames shows it */
                CHECK(patina_status_is_reject(o.status) || o.n_frames < n);
            if (o.status != PATINA_OK) CHECK(o.err.message[0] != '\0');
            release(&o);
            free(b);
        }
        file_bytes_release(&f);
    }
    free(x);
}

/* Zeros over a stretch within the file, blocks' headers included. */
TEST(ffmpeg, missing_packets_are_detected) {
    static const size_t which[] = {0, 3, 4, 5, 6, 7, 9, 11};
    const size_t n = 4 * RATE;
    float *x = make_noise(n, 0.3);
    for (size_t i = 0; i < sizeof which / sizeof which[0]; i++) {
        const size_t k = which[i];
        file_bytes f = make_file(kinds[k].muxer, kinds[k].encoder, (sound){x, n, 1});
        if (!f.b) continue;
        memset(f.b + f.n / 3, 0, f.n / 3);
        decode_result o = decode(&f);
        pt_test_check(t, patina_status_is_reject(o.status), __FILE__, __LINE__,
                      "%s in %s: %s, %zu frames", kinds[k].encoder, kinds[k].muxer,
                      patina_status_name(o.status), o.n_frames);
        release(&o);
        file_bytes_release(&f);
    }
    free(x);
}

/** The bytes behind `name`, of n bytes, in a file that must contain it. */
static unsigned char *find_after(const file_bytes *f, const char *name, size_t n) {
    unsigned char *at = memmem(f->b, f->n, name, n);
    if (!at) exit(2);
    return at + n;
}

static uint32_t get_be(const unsigned char *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void put_be(unsigned char *b, uint32_t value) {
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(value >> (24 - 8 * i));
}

/** Doubles the declared length of an M4A: the duration of all packets. */
static void double_declared_duration(const file_bytes *f) {
    unsigned char *stts = find_after(f, "stts", 4), *mdhd = find_after(f, "mdhd", 4);
    for (uint32_t i = 0; i < get_be(stts + 4); i++)
        put_be(stts + 12 + 8 * i, 2 * get_be(stts + 12 + 8 * i));
    put_be(mdhd + 16, 2 * get_be(mdhd + 16));
    unsigned char *elst = memmem(f->b, f->n, "elst", 4);
    if (elst) put_be(elst + 12, 2 * get_be(elst + 12));
}

/** Adds milliseconds to the Duration of a Matroska: 44 89, size 8, a big-endian double in ms. */
static void raise_declared_duration(const file_bytes *f, double ms) {
    unsigned char *at = find_after(f, "\x44\x89\x88", 3), b[8];
    double value;
    for (int i = 0; i < 8; i++)
        b[i] = at[7 - i];
    memcpy(&value, b, 8);
    value += ms;
    memcpy(b, &value, 8);
    for (int i = 0; i < 8; i++)
        at[7 - i] = b[i];
}

/** The encoder delay of a Matroska, in the place of its language: 56 AA, size 4, nanoseconds. */
static bool set_codec_delay(const file_bytes *f, double frames) {
    unsigned char *at = memmem(f->b, f->n, "\x22\xB5\x9C\x83und", 7);
    if (!at) return false;
    memcpy(at, "\x56\xAA\x84", 3);
    put_be(at + 3, (uint32_t)lrint(frames * 1e9 / RATE));
    return true;
}

/** The packet table of a CAF: packets, valid frames, priming frames, remainder frames. */
static bool set_packet_table(const file_bytes *f, size_t n_valid, size_t n_priming) {
    unsigned char *at = memmem(f->b, f->n, "pakt\0\0\0\0", 8);
    if (!at) return false;
    put_be(at + 12 + 12, (uint32_t)n_valid);
    put_be(at + 12 + 16, (uint32_t)n_priming);
    return true;
}

/* A phase of 0 shows that the delay was removed once: the filter bank of AAC has 1024 frames, that
 * of FFmpeg's encoder of layer II 481. The library removes neither in 5.1. */
TEST(ffmpeg, declared_delay_is_removed) {
    static const struct {
        const char *muxer, *encoder;
        size_t delay, n_more; /* frames; and the declared length compared with the sound */
        bool is_exact;
        patina_status status;
    } cases[] = {{"matroska", "aac", 1024, 0, false, PATINA_OK},
                 {"matroska", "ac3", 256, 0, false, PATINA_OK},
                 {"matroska", "aac", 80000, 0, false, PATINA_REJECT_UNDECODABLE},
                 {"caf", "mp2", 481, 0, true, PATINA_OK},
                 {"caf", "mp2", 481, (size_t)-20000, true, PATINA_REJECT_UNDECODABLE},
                 {"caf", "mp2", 481, 40000, true, PATINA_REJECT_TRUNCATED}};
    const size_t n = 100 * 1152 - 481;
    float *x = make_tone(n, 1, 0.25, 1000.0);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        file_bytes f = make_file(cases[k].muxer, cases[k].encoder, (sound){x, n, 1});
        REQUIRE(f.b);
        CHECK(cases[k].is_exact ? set_packet_table(&f, n + cases[k].n_more, cases[k].delay)
                                : set_codec_delay(&f, (double)cases[k].delay));
        decode_result o = decode(&f);
        pt_test_check(t, o.status == cases[k].status, __FILE__, __LINE__, "case %zu: %s, %s", k,
                      patina_status_name(o.status), o.err.message);
        if (o.status == PATINA_OK) {
            double amplitude, phase;
            CHECK_NEAR((double)o.n_frames, (double)n, cases[k].is_exact ? 0.0 : 1536.0);
            fit_sinusoid(&o, 0, 1000.0, &amplitude, &phase);
            CHECK_NEAR(phase, 0.0, 0.02);
        }
        release(&o);
        file_bytes_release(&f);
    }
    free(x);
}

/* libsndfile 1.2 decodes a quiet tone of IMA4 in AIFF-C with a noise of 7 dB below it. A packet of
 * 4 bits a sample has 30 dB. */
TEST(ffmpeg, ima4_in_aiff_c) {
    const size_t n = 64 * 1000;
    float *x = make_tone(n, 1, 0.025, 1000.0);
    file_bytes f = make_file("aiff", "adpcm_ima_qt", (sound){x, n, 1});
    REQUIRE(f.b);
    decode_result o = decode(&f);
    CHECK_OK(o.status);
    CHECK_STR(o.info.format, "aiff");
    CHECK_STR(o.info.codec.name, "adpcm");
    CHECK(o.info.codec.is_lossy);
    CHECK_INT(o.n_frames, n);
    double noise = 0.0, power = 0.0;
    for (size_t i = 0; i < o.n_frames && i < n; i++) {
        noise += ((double)o.samples[i] - x[i]) * ((double)o.samples[i] - x[i]);
        power += (double)x[i] * x[i];
    }
    CHECK(noise < 0.01 * power);
    release(&o);
    f.n -= 3400;
    o = decode(&f);
    CHECK_INT(o.status, PATINA_REJECT_TRUNCATED);
    release(&o);
    free(x);
    file_bytes_release(&f);
}

TEST(ffmpeg, declared_length_is_checked) {
    const size_t n = 2 * RATE;
    float *x = make_noise(n, 0.3);
    file_bytes m4a = make_file("ipod", "alac", (sound){x, n, 1});
    file_bytes mka = make_file("matroska", "aac", (sound){x, n, 1});
    free(x);
    REQUIRE(m4a.b && mka.b);
    raise_declared_duration(&mka, 100.0); /* within the tolerance: 0.44 s */
    decode_result o = decode(&mka);
    CHECK_INT(o.status, PATINA_OK);
    release(&o);
    raise_declared_duration(&mka, 700.0);
    o = decode(&mka);
    CHECK_INT(o.status, PATINA_REJECT_TRUNCATED);
    CHECK_CONTAINS(o.err.message, "declares");
    release(&o);
    double_declared_duration(&m4a);
    o = decode(&m4a);
    CHECK_INT(o.status, PATINA_REJECT_TRUNCATED);
    CHECK_CONTAINS(o.err.message, "declares 192000 frames, but the file contains 96000");
    release(&o);
    file_bytes_release(&m4a);
    file_bytes_release(&mka);
}

/* The declared size of the last packet exceeds the file; ALAC alone would accept it. */
TEST(ffmpeg, truncated_packet) {
    const size_t n = 2 * RATE;
    float *x = make_noise(n, 0.3);
    file_bytes f = make_file("ipod", "alac", (sound){x, n, 1});
    free(x);
    REQUIRE(f.b);
    unsigned char *stsz = find_after(&f, "stsz", 4);
    REQUIRE(get_be(stsz + 4) == 0 && get_be(stsz + 8) > 2); /* sizes differ, and so many */
    put_be(stsz + 12 + 4 * (get_be(stsz + 8) - 1), 1 << 20);
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_REJECT_TRUNCATED);
    release(&o);
    file_bytes_release(&f);
}

/** Bytes that the process prints to standard error while `run` runs. */
static size_t bytes_on_stderr(void (*run)(void *), void *context) {
    const char *path = tmp_path("stderr");
    FILE *out = fopen(path, "w");
    fflush(stderr);
    const int kept = dup(2);
    dup2(fileno(out), 2);
    run(context);
    fflush(stderr);
    dup2(kept, 2);
    close(kept);
    fclose(out);
    file_bytes f = read_file(path);
    const size_t n = f.n;
    file_bytes_release(&f);
    return n;
}

typedef struct bit_flip_run {
    pt_test *t;
    const file_bytes *file;
} bit_flip_run;

/** 150 files with some bytes changed; each must be read or rejected with a sentence. */
static void decode_flipped(void *context) {
    const bit_flip_run *all = context;
    pt_test *t = all->t;
    uint32_t state = 1;
    unsigned char *b = malloc(all->file->n);
    for (int round = 0; round < 150; round++) {
        memcpy(b, all->file->b, all->file->n);
        for (int i = 0; i <= round % 8; i++) {
            state = state * 1664525U + 1013904223U;
            const size_t reach = round % 2 ? all->file->n : 400; /* headers as often as the rest */
            b[(state >> 8) % (reach < all->file->n ? reach : all->file->n)] ^=
                (unsigned char)(1U << (state & 7));
        }
        decode_result o = decode_bytes(b, all->file->n);
        CHECK(o.status == PATINA_OK ||
              (patina_status_is_reject(o.status) && o.err.message[0] != '\0'));
        release(&o);
    }
    free(b);
}

TEST(ffmpeg, damage_prints_nothing) {
    const size_t n = RATE / 2;
    float *x = make_noise(n, 0.3);
    for (size_t k = 0; k < N_KINDS; k++) {
        file_bytes f = make_file(kinds[k].muxer, kinds[k].encoder, (sound){x, n, 1});
        if (!f.b) continue;
        bit_flip_run all = {t, &f};
        av_log_set_level(AV_LOG_INFO); /* as in a fresh process */
        CHECK_INT(bytes_on_stderr(decode_flipped, &all), 0);
        file_bytes_release(&f);
    }
    free(x);
}

TEST(ffmpeg, garbage_after_a_signature) {
    static const struct {
        size_t offset;
        const char *bytes;
        size_t n;
    } heads[] = {{4, "ftypM4A ", 8},
                 {4, "moov", 4},
                 {0, "\x1A\x45\xDF\xA3\x84", 5},
                 {0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11", 8},
                 {0, "MAC \x96\x0F", 6},
                 {0, "wvpk", 4},
                 {0, "#!AMR\n", 6},
                 {0, "\x0B\x77", 2}};
    for (size_t k = 0; k < sizeof heads / sizeof heads[0]; k++) {
        for (uint32_t round = 0; round < 20; round++) {
            unsigned char b[3000];
            uint32_t state = round;
            for (size_t i = 0; i < sizeof b; i++) {
                state = state * 1664525U + 1013904223U;
                b[i] = round % 2 ? (unsigned char)(state >> 24) : 0;
            }
            memcpy(b + heads[k].offset, heads[k].bytes, heads[k].n);
            decode_result o = decode_bytes(b, sizeof b);
            CHECK(patina_status_is_reject(o.status));
            CHECK(o.err.message[0] != '\0');
            release(&o);
        }
    }
}

/** A Matroska file with a video stream only. */
static file_bytes make_pictures(void) {
    AVFormatContext *format = NULL;
    AVPacket *packet = av_packet_alloc();
    file_bytes f = {0};
    if (avformat_alloc_output_context2(&format, NULL, "matroska", NULL) < 0) return f;
    AVStream *stream = avformat_new_stream(format, NULL);
    stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
    stream->codecpar->codec_id = AV_CODEC_ID_MJPEG;
    stream->codecpar->width = stream->codecpar->height = 16;
    stream->time_base = (AVRational){1, 25};
    if (avio_open(&format->pb, tmp_path("encoded"), AVIO_FLAG_WRITE) < 0) return f;
    av_new_packet(packet, 100);
    memset(packet->data, 0, 100);
    packet->pts = packet->dts = 0;
    if (avformat_write_header(format, NULL) >= 0) {
        av_write_frame(format, packet);
        av_write_trailer(format);
    }
    avio_closep(&format->pb);
    f = read_file(tmp_path("encoded"));
    av_packet_free(&packet);
    avformat_free_context(format);
    return f;
}

TEST(ffmpeg, video_without_audio) {
    file_bytes f = make_pictures();
    REQUIRE(f.b && f.n > 100);
    decode_result o = decode(&f);
    CHECK_INT(o.status, PATINA_REJECT_UNDECODABLE);
    CHECK_STR(o.err.message, "webm: the file has no audio stream");
    release(&o);
    file_bytes_release(&f);
}

TEST(ffmpeg, tag_before_adts) {
    const size_t n = RATE;
    float *x = make_tone(n, 1, 0.5, 1000.0);
    file_bytes f = make_file("adts", "aac", (sound){x, n, 1});
    free(x);
    REQUIRE(f.b);
    unsigned char *b = calloc(1, 10 + 300 + f.n);
    memcpy(b, "ID3\4\0\0\0\0\2\x2C", 10); /* 2 * 128 + 44 = 300 bytes */
    memcpy(b + 310, f.b, f.n);
    decode_result bare = decode(&f), tagged = decode_bytes(b, 310 + f.n);
    CHECK_INT(tagged.status, PATINA_OK);
    CHECK_INT(tagged.n_frames, bare.n_frames);
    CHECK(tagged.n_frames == bare.n_frames &&
          memcmp(tagged.samples, bare.samples, bare.n_frames * sizeof *bare.samples) == 0);
    release(&bare);
    release(&tagged);
    free(b);
    file_bytes_release(&f);
}

TEST(ffmpeg, window_equals_part_of_the_file) {
    const size_t n = 25 * RATE, start = 12 * RATE + 345;
    float *x = make_noise(n, 0.3);
    file_bytes f = make_file("ipod", "aac", (sound){x, n, 1});
    pt_arena arena;
    pt_segment e;
    pt_byte_source bytes;
    free(x);
    REQUIRE(f.b);
    decode_result o = decode(&f);
    pt_arena_init(&arena);
    bytes = memory_source(&f);
    source_frames source;
    CHECK_OK(decode_frames(&bytes, (pt_segment_spec){.start = start, .frames = 3 * RATE}, &e,
                           &source, &arena, &t->err));
    CHECK_INT(source.n_frames, 3 * RATE);
    CHECK(memcmp(source.samples, o.samples + start, 3 * RATE * sizeof *o.samples) == 0);
    release_frames(&source);
    pt_arena_release(&arena);
    release(&o);
    file_bytes_release(&f);
}

static void *decode_in_thread(void *context) {
    const file_bytes *f = context;
    decode_result *o = malloc(sizeof *o);
    *o = decode(f);
    return o;
}

TEST(ffmpeg, concurrent_decoders) {
    enum { N = 4 };
    const size_t n = RATE;
    float *x = make_noise(n, 0.3);
    file_bytes f = make_file("ipod", "aac", (sound){x, n, 1});
    pthread_t threads[N];
    free(x);
    REQUIRE(f.b);
    decode_result alone = decode(&f);
    CHECK_INT(alone.status, PATINA_OK);
    for (int i = 0; i < N; i++)
        pthread_create(&threads[i], NULL, decode_in_thread, &f);
    for (int i = 0; i < N; i++) {
        void *result;
        pthread_join(threads[i], &result);
        decode_result *o = result;
        CHECK(o->n_frames == alone.n_frames &&
              memcmp(o->samples, alone.samples, alone.n_frames * sizeof *alone.samples) == 0);
        release(o);
        free(o);
    }
    release(&alone);
    file_bytes_release(&f);
}

TEST(ffmpeg, version_is_reported) {
    const char *name = "", *version = "";
    for (size_t i = 0; pt_decoder_library(i, &name, &version); i++) {
    }
    CHECK_STR(name, "ffmpeg");
    CHECK(strlen(version) > 0);
}

#else

TEST(ffmpeg, build_without_ffmpeg) {
    SKIP("built without FFmpeg's libraries");
}

#endif

/* In any build: a format is detected by its first bytes. */
TEST(format_probe, formats_are_detected_by_signature) {
    static const struct {
        const char *bytes;
        size_t n;
        const char *title;
    } cases[] = {
        {"\0\0\0\x18"
         "ftypisom",
         12, "MP4 or M4A"},
        {"\x1A\x45\xDF\xA3\x9F", 5, "WebM or Matroska"},
        {"\x0B\x77\0\0\0\x40\0", 7, "AC-3"},                 /* bsid 8 */
        {"\x0B\x77\0\0\0\x80\0", 7, "E-AC-3"},               /* bsid 16 */
        {"\xFF\xF1\x50\x40\x01\x1F\xFC\0", 8, "AAC (ADTS)"}, /* 8 bytes, the whole file */
        {"\xFF\xF1\x50\x40\x01\x1F\xFC\0\0", 9, NULL},       /* and no second frame after it */
        {"\xFF\xFB\x90\x00\0\0\0\0", 8, NULL},               /* MPEG layer 3 */
        {"#!AMR-WB\n", 9, "AMR"},
        {"RIFF\0\0\0\0WAVE", 12, NULL},
        {"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0", 22, NULL}, /* PCM */
        {"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\0\x20", 22,
         "WAV with a codec that libsndfile does not support"}, /* AC-3 */
        {"RIFF\0\0\0\0AVI LIST", 16, "AVI"},
        {"\0\0\1\xBA\x44", 5, "MPEG program stream"},
        {"TTA1\1\0", 6, "True Audio"},
        {"", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pt_byte_source bytes;
        pt_byte_source_from_memory(cases[i].bytes, cases[i].n, &bytes);
        const pt_format_info *f = pt_format_probe(&bytes);
        if (cases[i].title)
            CHECK_STR(f ? f->title : NULL, cases[i].title);
        else
            CHECK(f == NULL);
    }
}

TEST(format_probe, element_sizes_are_checked) {
    const struct {
        const char *bytes;
        size_t n;
        bool whole;
    } cases[] = {
        {"\0\0\0\x0C"
         "ftypisom\0\0\0\x0A"
         "mdat..",
         22, true},
        {"\0\0\0\x0C"
         "ftypisom\0\0\0\x0B"
         "mdat..",
         22, false},
        {"\0\0\0\x0C"
         "ftypisom\0\0\0\0mdat..",
         22, true}, /* 0: to the end */
        {"\0\0\0\x0C"
         "ftypisom\0\0\0\x01mdat\0\0\0\0\0\0\0\x10",
         28, true},
        {"\0\0\0\x0C"
         "ftypisom\0\0\0\x01mdat\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
         28, false},
        {"\0\0\0\x0C"
         "ftypisom\xFF\xFF\xFF\xFFjunk",
         20, true}, /* any data may follow */
        {"\0\0\0\x0C"
         "ftyp",
         8, false},
        {"\x1A\x45\xDF\xA3\x81.\x18\x53\x80\x67\x82..", 13, true},
        {"\x1A\x45\xDF\xA3\x81.\x18\x53\x80\x67\x83..", 13, false},
        {"\x1A\x45\xDF\xA3\x81.\x18\x53\x80\x67\xFF..", 13, true},      /* unknown */
        {"\x1A\x45\xDF\xA3\x81.\x18\x53\x80\x67\x40\x03..", 14, false}, /* a size of two bytes */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pt_byte_source bytes;
        pt_byte_source_from_memory(cases[i].bytes, cases[i].n, &bytes);
        const pt_format_info *f = pt_format_probe(&bytes);
        REQUIRE(f);
        const patina_status status = pt_format_check_size(f, &bytes, &t->err);
        pt_test_check(t, status == (cases[i].whole ? PATINA_OK : PATINA_REJECT_TRUNCATED), __FILE__,
                      __LINE__, "case %zu: %s", i, patina_status_name(status));
    }
}
