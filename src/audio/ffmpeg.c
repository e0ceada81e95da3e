/* SPDX-License-Identifier: MIT */
/* ffmpeg.c - AAC, M4A, WebM, WMA and others (format_probe.h) by FFmpeg's libraries
 *
 * - Only the format that format_probe.h detects is opened, and only from the given bytes: other
 *   files that the file refers to are not opened. Streams that are not audio are never decoded.
 * - The exact length is unknown, so decoder.c decodes the whole file and compares it with the
 *   length that the container or the stream declares. The delay and padding of the encoder are
 *   removed where the file records them: by FFmpeg, or here where FFmpeg ignores the record
 *   (CodecDelay of Matroska before FFmpeg 7, the packet table of CAF). An edit list that omits more
 *   is rejected.
 * - A packet that cannot be decoded ends the file. FFmpeg's players continue with a gap.
 * - Rate and channels are those of the first frame: headers often give half the rate (SBR).
 * - Of several audio streams the default one is read, or the first if none or all are default.
 */

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/dict.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/channel_mask.h"
#include "audio/decoder_backend.h"
#include "audio/flac_header.h"
#include "audio/format_probe.h"
#include "audio/ogg_page.h"
#include "audio/vorbis_setup.h"
#include "base/error.h"
#include "base/memory_reserve.h"

#define IO_BYTES              32768
#define BLOCK_MAX             ((size_t)128 << 20) /* size of an index of 30 hours of AAC */
#define RESERVE_BYTES         ((size_t)16 << 20)  /* less is left: memory is exhausted */
#define FRAME_MAX             (1 << 19) /* samples a channel of one packet; APE's have 294,912 */
#define STREAMS_MAX           64
#define VORBIS_SETUPS_MAX     16      /* one, and what a comment may contain; each costs time */
#define PACKET_MAX            8192    /* frames of a packet: AAC 2048, Opus 5760, Vorbis 8192 */
#define ROUNDINGS_PER_S       10      /* 0.1 s: Matroska counts in ms, MP4 in its own unit */
#define DURATION_TOLERANCE_US 1000000 /* a slide show's last picture has none */
#define PCM_PACKET            1024    /* frames that stand for a packet */
#define OPUS_RATE_HZ          48000
#define EDITED_PACKETS_MAX    8 /* that an edit list may leave out: delay and padding */
#define DELAY_MAX             (EDITED_PACKETS_MAX * PACKET_MAX) /* frames */

typedef struct ffmpeg_state {
    const pt_format_info *probed;
    const pt_byte_source *bytes;
    uint64_t position;
    bool io_failed;
    AVIOContext *io;
    AVFormatContext *format;
    AVStream *stream; /* of format */
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    SwrContext *converter;
    int rate_hz, n_channels;
    float *converted; /* [n_converted, n_channels]: a frame that was decoded, given out up to at */
    size_t n_converted, at, capacity;
    bool drained;
    bool checks_timestamps; /* for how far packets come: */
    int64_t last_packet_us; /* those of all streams; and those of the sound */
    int64_t first_us, last_us;
    uint64_t n_decoded, tolerance_frames; /* frames */
    int64_t n_packets;                    /* of the stream so far */
    unsigned n_streams;                   /* with audio */
    bool is_delay_removed;                /* by the library */
    uint64_t n_delay, n_valid;            /* frames that are not given out yet: first, and then */
    uint64_t n_padding, packet_frames;    /* frames left out at the end; of the largest packet */
} ffmpeg_state;

/* Channels, which FFmpeg describes in another way since 5.1 (libavutil 57.24) ---------------- */

#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)

static int frame_channels(const AVFrame *frame) {
    return frame->ch_layout.nb_channels;
}

/** The speakers that the channels belong to, in WAVE order; 0 if unknown. */
static uint64_t frame_channel_mask(const AVFrame *frame) {
    return frame->ch_layout.order == AV_CHANNEL_ORDER_NATIVE ? frame->ch_layout.u.mask : 0;
}

/** The speaker of channel c, or -1 if the channels are in WAVE order. */
static int frame_speaker(const AVFrame *frame, unsigned c) {
    if (frame->ch_layout.order != AV_CHANNEL_ORDER_CUSTOM) return -1;
    return (int)av_channel_layout_channel_from_index(&frame->ch_layout, c);
}

/** A converter of the frame's samples to floats, without a change of rate or channels. */
static int alloc_converter(SwrContext **converter, AVFrame *f) {
    return swr_alloc_set_opts2(converter, &f->ch_layout, AV_SAMPLE_FMT_FLT, f->sample_rate,
                               &f->ch_layout, (enum AVSampleFormat)f->format, f->sample_rate, 0,
                               NULL);
}

#else

static int frame_channels(const AVFrame *frame) {
    return frame->channels;
}

static uint64_t frame_channel_mask(const AVFrame *frame) {
    return frame->channel_layout;
}

static int frame_speaker(const AVFrame *frame, unsigned c) {
    (void)frame, (void)c;
    return -1;
}

static int alloc_converter(SwrContext **converter, AVFrame *f) {
    const int64_t layout = (int64_t)f->channel_layout;
    *converter = swr_alloc_set_opts(NULL, layout, AV_SAMPLE_FMT_FLT, f->sample_rate, layout,
                                    (enum AVSampleFormat)f->format, f->sample_rate, 0, NULL);
    if (!*converter) return AVERROR(ENOMEM);
    const int code = av_opt_set_int(*converter, "ich", f->channels, 0);
    return code < 0 ? code : av_opt_set_int(*converter, "och", f->channels, 0);
}

#endif

/* Input ------------------------------------------------------------------------------------ */

static int io_read(void *user, uint8_t *buffer, int n) {
    ffmpeg_state *s = user;
    const int64_t got = pt_byte_source_read_at(s->bytes, s->position, buffer, (size_t)n);
    if (got < 0) {
        s->io_failed = true;
        return AVERROR(EIO);
    }
    s->position += (uint64_t)got;
    return got > 0 ? (int)got : AVERROR_EOF;
}

static int64_t io_seek(void *user, int64_t offset, int whence) {
    ffmpeg_state *s = user;
    const int64_t size = (int64_t)s->bytes->size;
    int64_t target;
    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE) return size;
    const int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)s->position : size;
    if (__builtin_add_overflow(from, offset, &target) || target < 0) return AVERROR(EINVAL);
    s->position = (uint64_t)target;
    return target;
}

/** What a file refers to elsewhere is not opened. */
static int refuse_io_open(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                          AVDictionary **options) {
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EPERM);
}

/* Opening ---------------------------------------------------------------------------------- */

/** The library has these switches only for the whole process: it prints nothing, and no header
 * makes it allocate gigabytes. All threads store the same values. */
static void configure_library(void) {
    if (av_log_get_level() != AV_LOG_QUIET) av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(BLOCK_MAX);
}

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** An error with the failed operation and the reason of the library. */
static patina_status failed(const ffmpeg_state *s, const char *what, int code, patina_error *err) {
    char why[AV_ERROR_MAX_STRING_SIZE] = "";
    if (s->io_failed) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
    if (code == AVERROR(ENOMEM) && !pt_memory_reserve(RESERVE_BYTES)) return no_memory(err);
    if (code == AVERROR(ENOMEM)) /* because of a size in a header, not of the machine */
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "%s: too much memory is required", what);
    const bool known = av_strerror(code, why, sizeof why) == 0;
    return pt_fail(err, PATINA_REJECT_UNDECODABLE, "%s%s%s", what, known ? ": " : "",
                   known ? why : "");
}

static patina_status open_format(ffmpeg_state *s, patina_error *err) {
    /* const in FFmpeg 5, not in 4 */
    AVInputFormat *demuxer = (AVInputFormat *)(uintptr_t)av_find_input_format(s->probed->demuxer);
    if (!demuxer)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "this FFmpeg was built without it");
    unsigned char *buffer = av_malloc(IO_BYTES);
    s->io = buffer ? avio_alloc_context(buffer, IO_BYTES, 0, s, io_read, NULL, io_seek) : NULL;
    if (!s->io) av_free(buffer);
    s->format = s->io ? avformat_alloc_context() : NULL;
    if (!s->format) return no_memory(err);
    s->format->pb = s->io;
    s->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    s->format->io_open = refuse_io_open;
    s->format->max_streams = STREAMS_MAX;
    const int code = avformat_open_input(&s->format, NULL, demuxer, NULL); /* frees it on failure */
    return code < 0 ? failed(s, "the file cannot be opened", code, err) : PATINA_OK;
}

/** The default audio stream, or the first where none or several are; -1 without one. */
static int find_stream(const AVFormatContext *format, unsigned *n_streams) {
    int first = -1, marked = -1;
    unsigned n_marked = 0;
    *n_streams = 0;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        if (stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO) continue;
        ++*n_streams;
        if (first < 0) first = (int)i;
        if (!(stream->disposition & AV_DISPOSITION_DEFAULT)) continue;
        if (marked < 0) marked = (int)i;
        n_marked++;
    }
    return n_marked > 0 ? marked : first;
}

/** What a codec that FFmpeg decodes is called here: as libsndfile's are. */
static pt_codec_info describe_codec(const AVCodecContext *codec) {
    const AVCodecDescriptor *d = avcodec_descriptor_get(codec->codec_id);
    const int properties = d ? d->props : 0, bits = codec->bits_per_raw_sample > 0
                                                        ? codec->bits_per_raw_sample
                                                        : codec->bits_per_coded_sample;
    pt_codec_info info = {.name = avcodec_get_name(codec->codec_id),
                          .is_lossy = properties & AV_CODEC_PROP_LOSSY &&
                                      !(properties & AV_CODEC_PROP_LOSSLESS)};
    if (strncmp(info.name, "pcm_f", 5) == 0)
        info.name = "float";
    else if (strncmp(info.name, "adpcm_", 6) == 0)
        info.name = "adpcm";
    else if (strncmp(info.name, "pcm_", 4) == 0)
        info.name = info.is_lossy ? info.name + 4 : "pcm";
    if (!info.is_lossy && bits > 0) info.bits = (unsigned)bits;
    return info;
}

/** The library counts padding at the end of Opus in samples of the encoder's input, unless it has
 * probed the stream: Opus is decoded at 48 kHz. No other stream is probed. */
static int probe_opus(ffmpeg_state *s) {
    const AVCodecParameters *p = s->stream->codecpar;
    const bool is_wrong = p->codec_id == AV_CODEC_ID_OPUS && p->sample_rate != OPUS_RATE_HZ;
    return is_wrong && s->format->nb_streams == 1 ? avformat_find_stream_info(s->format, NULL) : 0;
}

/** Checks the setup header of Vorbis in the codec's data; the bytes before it vary by container. */
static patina_status check_vorbis_setup(const AVCodecParameters *p, patina_error *err) {
    const uint8_t *b = p->extradata, *end = b ? b + p->extradata_size : NULL;
    if (p->codec_id != AV_CODEC_ID_VORBIS) return PATINA_OK;
    for (int i = 0; b && (b = memmem(b, (size_t)(end - b), "\x05vorbis", 7)); i++, b++) {
        if (i == VORBIS_SETUPS_MAX)
            return pt_fail(err, PATINA_REJECT_UNDECODABLE, "more than %d setup headers of Vorbis",
                           VORBIS_SETUPS_MAX);
        PT_TRY(pt_vorbis_check_setup(b, (size_t)(end - b), err));
    }
    return PATINA_OK;
}

static patina_status open_stream(ffmpeg_state *s, patina_error *err) {
    const int best = find_stream(s->format, &s->n_streams);
    if (best < 0) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file has no audio stream");
    s->stream = s->format->streams[best];
    s->checks_timestamps =
        s->probed->layout == PT_LAYOUT_EBML || s->probed->layout == PT_LAYOUT_ASF;
    s->first_us = AV_NOPTS_VALUE;
    for (unsigned i = 0; !s->checks_timestamps && i < s->format->nb_streams; i++)
        if ((int)i != best) s->format->streams[i]->discard = AVDISCARD_ALL;

    const enum AVCodecID id = s->stream->codecpar->codec_id;
    const AVCodec *decoder = avcodec_find_decoder(id);
    if (!decoder)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "%s with the audio codec '%s', which this FFmpeg does not support",
                       s->probed->title, avcodec_get_name(id));
    PT_TRY(check_vorbis_setup(s->stream->codecpar, err));
    s->codec = avcodec_alloc_context3(decoder);
    s->packet = av_packet_alloc();
    s->frame = av_frame_alloc();
    if (!s->codec || !s->packet || !s->frame) return no_memory(err);
    int code = probe_opus(s);
    if (code >= 0) code = avcodec_parameters_to_context(s->codec, s->stream->codecpar);
    s->codec->pkt_timebase = s->stream->time_base;
    s->codec->thread_count = 1; /* threads are the pipeline's */
    s->codec->max_samples = FRAME_MAX;
    s->codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    if (code >= 0) code = avcodec_open2(s->codec, decoder, NULL);
    return code < 0 ? failed(s, "the audio cannot be decoded", code, err) : PATINA_OK;
}

/* Frames ----------------------------------------------------------------------------------- */

/** Records the last time of the packets of all streams, and of those of the audio. */
static void track_timestamps(ffmpeg_state *s) {
    const AVPacket *p = s->packet;
    const AVRational base = s->format->streams[p->stream_index]->time_base, us = {1, AV_TIME_BASE};
    if (p->pts == AV_NOPTS_VALUE || p->duration < 0 || p->pts > INT64_MAX - p->duration) return;
    const int64_t from_us = av_rescale_q(p->pts, base, us);
    const int64_t to_us = av_rescale_q(p->pts + p->duration, base, us);
    if (to_us > s->last_packet_us) s->last_packet_us = to_us;
    if (p->stream_index != s->stream->index) return;
    if (s->first_us == AV_NOPTS_VALUE) s->first_us = from_us;
    if (to_us > s->last_us) s->last_us = to_us;
}

/**
 * At the end of Matroska and ASF, whose packets have time stamps: the library skips what is
 * damaged, and takes it for the end where nothing follows. Matroska also says how long it is as a
 * whole; a picture may last longer than the sound.
 */
static patina_status check_length(const ffmpeg_state *s, patina_error *err) {
    /* double: times of the file may be anything, and their differences overflow */
    const double container_us =
        s->probed->layout == PT_LAYOUT_EBML ? (double)s->format->duration : 0.0;
    const double us_per_frame = (double)AV_TIME_BASE / s->rate_hz;
    const double sound_us = (double)s->n_decoded * us_per_frame;
    const double allowance_us = (double)s->tolerance_frames * us_per_frame;
    /* Packets may have no duration: WavPack's are over 1 s. */
    const bool has_first = s->first_us != AV_NOPTS_VALUE;
    const double sound_end_us = (has_first ? (double)s->first_us : 0.0) + sound_us;
    const double end_us = fmax((double)s->last_packet_us, sound_end_us);
    const double span_us = has_first ? (double)s->last_us - (double)s->first_us : 0.0;

    if (!s->checks_timestamps) return PATINA_OK;
    if (span_us > sound_us + allowance_us)
        return pt_fail(err, PATINA_REJECT_TRUNCATED,
                       "the timestamps span %.1f s, but the packets contain %.1f s",
                       span_us / AV_TIME_BASE, sound_us / AV_TIME_BASE);
    if (container_us > 0.0 && end_us < container_us - DURATION_TOLERANCE_US)
        return pt_fail(err, PATINA_REJECT_TRUNCATED,
                       "the header declares %.1f s, but the file contains %.1f s",
                       container_us / AV_TIME_BASE, end_us / AV_TIME_BASE);
    return PATINA_OK;
}

/** Whether an MP4 may count frames as packets: of PCM, and of ADPCM, whose identifiers are 0x11000
 * to 0x11FFF (codec_id.h). */
static bool counts_frames(enum AVCodecID id) {
    return av_get_exact_bits_per_sample(id) > 0 ||
           ((unsigned)id & ~0xFFFU) == AV_CODEC_ID_ADPCM_IMA_QT;
}

/** At the end of an MP4 file: whether an edit list left out more than delay and padding. */
static patina_status check_edits(const ffmpeg_state *s, patina_error *err) {
    const int64_t n = s->stream->nb_frames;
    const bool is_pcm = counts_frames(s->codec->codec_id) && n >= (int64_t)s->n_decoded;
    /* the "packets" of PCM are its frames, and several are read at a time */
    const int64_t n_left = n - (is_pcm ? (int64_t)s->n_decoded : s->n_packets);
    const int64_t n_allowed = is_pcm ? EDITED_PACKETS_MAX * PCM_PACKET : EDITED_PACKETS_MAX;
    if (s->probed->layout != PT_LAYOUT_ISOBMFF || n_left <= n_allowed) return PATINA_OK;
    return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                   "an edit list omits %lld of %lld packets; write the file again without it",
                   (long long)n_left, (long long)n);
}

/** Whether the decoder removes frames from the start of a packet (avcodec.h, SKIP_SAMPLES: their
 * number is the first of two, little-endian). */
static bool has_skipped_start(const AVPacket *packet) {
    const uint8_t *b = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, NULL);
    return b && (b[0] | b[1] | b[2] | b[3]) != 0;
}

/** At the end: whether a packet table left out more than padding. */
static patina_status check_padding(const ffmpeg_state *s, patina_error *err) {
    if (s->n_padding <= EDITED_PACKETS_MAX * s->packet_frames) return PATINA_OK;
    return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                   "the packet table omits %llu frames at the end; correct its number of frames",
                   (unsigned long long)s->n_padding);
}

/** Sends the codec the next packet of the stream, or the end. */
static patina_status send_packet(ffmpeg_state *s, patina_error *err) {
    int code;
    do {
        av_packet_unref(s->packet);
        code = av_read_frame(s->format, s->packet);
        if (code >= 0 && s->checks_timestamps) track_timestamps(s);
    } while (code >= 0 && s->packet->stream_index != s->stream->index);
    if (s->io_failed || code == AVERROR(ENOMEM))
        return failed(s, "the file cannot be read to its end", code, err);
    if (code < 0 && code != AVERROR_EOF)
        return pt_fail(err, PATINA_REJECT_TRUNCATED, "the file is truncated");
    if (code >= 0 && s->n_packets++ == 0) s->is_delay_removed = has_skipped_start(s->packet);
    if (code >= 0 && s->packet->flags & AV_PKT_FLAG_CORRUPT)
        return pt_fail(err, PATINA_REJECT_TRUNCATED, "a packet is damaged or truncated");
    if (code >= 0 && s->codec->codec_id == AV_CODEC_ID_VORBIS) /* headers may come again */
        PT_TRY(pt_vorbis_check_setup(s->packet->data, (size_t)s->packet->size, err));
    code = avcodec_send_packet(s->codec, code < 0 ? NULL : s->packet);
    return code < 0 ? failed(s, "a packet cannot be decoded", code, err) : PATINA_OK;
}

/** Decodes a frame with samples; s->drained is set instead at the end. */
static patina_status decode_frame(ffmpeg_state *s, patina_error *err) {
    int code;
    do {
        while ((code = avcodec_receive_frame(s->codec, s->frame)) == AVERROR(EAGAIN))
            PT_TRY(send_packet(s, err));
        if (code == AVERROR_EOF) {
            s->drained = true;
            if (s->rate_hz <= 0) return PATINA_OK;
            PT_TRY(check_edits(s, err));
            PT_TRY(check_padding(s, err));
            return check_length(s, err);
        }
        if (code < 0) return failed(s, "a packet cannot be decoded", code, err);
    } while (s->frame->nb_samples == 0);
    if (s->frame->decode_error_flags || s->frame->flags & AV_FRAME_FLAG_CORRUPT)
        return pt_fail(err, PATINA_REJECT_TRUNCATED, "a packet is damaged");
    return PATINA_OK;
}

/** Leaves out the frames of the delay and those of the padding. */
static void trim_converted(ffmpeg_state *s) {
    const uint64_t n = s->n_converted, n_cut = n < s->n_delay ? n : s->n_delay;
    const uint64_t n_kept = n - n_cut < s->n_valid ? n - n_cut : s->n_valid;
    s->n_delay -= n_cut;
    s->n_padding += n - n_cut - n_kept;
    if (n > s->packet_frames) s->packet_frames = n;
    if (s->n_valid != UINT64_MAX) s->n_valid -= n_kept;
    s->at = (size_t)n_cut;
    s->n_converted = (size_t)(n_cut + n_kept);
}

/** Converts the frame to interleaved floats, in s->converted. */
static patina_status convert_frame(ffmpeg_state *s, patina_error *err) {
    const AVFrame *f = s->frame;
    const size_t n = (size_t)f->nb_samples;

    if (f->sample_rate != s->rate_hz || frame_channels(f) != s->n_channels)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, PT_CHANGE_FORMAT,
                       (double)s->n_decoded / s->rate_hz, (unsigned)s->n_channels,
                       (unsigned)s->rate_hz, (unsigned)frame_channels(f), (unsigned)f->sample_rate);
    if (n > s->capacity) {
        float *converted = realloc(s->converted, n * (size_t)s->n_channels * sizeof *converted);
        if (!converted) return no_memory(err);
        s->converted = converted;
        s->capacity = n;
    }
    uint8_t *out = (uint8_t *)s->converted;
    const int got = swr_convert(s->converter, &out, (int)n,
                                (const uint8_t **)(uintptr_t)f->extended_data, (int)n);
    if (got != (int)n) return failed(s, "the samples cannot be converted", got, err);
    s->n_converted = n;
    s->n_decoded += n;
    trim_converted(s);
    return PATINA_OK;
}

/** Samples to floats at their own rate and with their own channels. Integers are divided by half
 * their range. */
static patina_status open_converter(ffmpeg_state *s, patina_error *err) {
    int code = alloc_converter(&s->converter, s->frame);
    if (code >= 0) code = swr_init(s->converter);
    return code < 0 ? failed(s, "the samples cannot be converted", code, err) : PATINA_OK;
}

/* Stream information ----------------------------------------------------------------------- */

/** FFmpeg gives channels in the order of its mask, unless a file has an order of its own. It
 * ignores the tag with the mask of FLAC in Ogg. */
static void find_channel_order(const ffmpeg_state *s, pt_decoder_stream_info *stream_info) {
    const AVFrame *frame = s->frame;
    const AVDictionaryEntry *tag =
        s->codec->codec_id == AV_CODEC_ID_FLAC
            ? av_dict_get(s->stream->metadata, "WAVEFORMATEXTENSIBLE_CHANNEL_MASK", NULL, 0)
            : NULL;
    pt_decoder_info *info = &stream_info->info;
    int position[PATINA_CHANNELS_MAX];

    if (tag)
        info->channel_mask = pt_channel_mask_limit(strtoull(tag->value, NULL, 0), info->n_channels);
    if (info->channel_mask) return;
    info->channel_mask = pt_channel_mask_limit(frame_channel_mask(frame), info->n_channels);
    if (frame_speaker(frame, 0) < 0) return;
    for (unsigned c = 0; c < info->n_channels; c++)
        position[c] = frame_speaker(frame, c);
    info->channel_mask = pt_channel_mask_from_positions(
        position, info->n_channels, stream_info->channel_map, &stream_info->is_reordered);
}

/**
 * The length of FLAC in Ogg in frames: that of its header. Without one, the position of the last
 * page is used only where the end of the file is missing: FFmpeg writes one that is too large by up
 * to a block.
 */
static int64_t find_ogg_length(const pt_ogg_link *link) {
    const bool is_whole = link->ends_marked && !link->has_gap;
    if (link->flac_frames > 0) return (int64_t)link->flac_frames;
    return is_whole || link->starts_late ? 0 : (int64_t)link->last_position;
}

/** The length that the file declares, where it is that of the audio alone. */
static void find_declared_frames(const ffmpeg_state *s, const pt_ogg_link *link,
                                 pt_decoder_stream_info *stream_info) {
    pt_flac_header flac;
    const AVRational frames = {1, s->rate_hz}, us = {1, AV_TIME_BASE};
    const pt_format_layout layout = s->probed->layout;
    const bool alone = s->format->nb_streams == 1;
    int64_t length = 0;

    if (layout == PT_LAYOUT_EBML && alone && s->format->duration > 0)
        length = av_rescale_q(s->format->duration, us, frames);
    else if (layout == PT_LAYOUT_ISOBMFF || strcmp(s->probed->format, "ape") == 0 ||
             strcmp(s->probed->format, "wavpack") == 0 || strcmp(s->probed->format, "tta") == 0)
        length = s->stream->duration > 0
                     ? av_rescale_q(s->stream->duration, s->stream->time_base, frames)
                     : 0;
    else if (pt_flac_read_header(s->bytes, &flac))
        length = (int64_t)flac.total_frames;
    else
        length = find_ogg_length(link);
    if (length <= 0) return;
    stream_info->declared_frames = (uint64_t)length;
    if (layout != PT_LAYOUT_NONE) stream_info->tolerance_frames = s->tolerance_frames;
}

/** The delay and the length that the container declares, where the library has not removed them:
 * counted at the rate of the container, which is half of that of the frames where SBR is implicit.
 */
static patina_status find_delay(ffmpeg_state *s, const pt_container_header *header,
                                pt_decoder_stream_info *stream_info, patina_error *err) {
    const AVCodecParameters *p = s->stream->codecpar;
    const bool is_caf = header->kind == PT_CONTAINER_CAF;
    const int64_t delay = is_caf ? (int64_t)header->n_priming : p->initial_padding;
    const int64_t valid = is_caf ? (int64_t)header->n_valid : 0;

    s->n_valid = UINT64_MAX;
    if (p->sample_rate <= 0) return PATINA_OK;
    if (delay > DELAY_MAX)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "the header declares a delay of the encoder of %lld frames; correct it",
                       (long long)delay);
    /* the decoder of Opus removes the delay of the header of the stream */
    if (delay > 0 && !s->is_delay_removed &&
        (p->codec_id != AV_CODEC_ID_OPUS || p->extradata_size <= 0))
        s->n_delay = (uint64_t)av_rescale(delay, s->rate_hz, p->sample_rate);
    if (valid > 0 && valid <= INT64_MAX / s->rate_hz) {
        s->n_valid = (uint64_t)av_rescale(valid, s->rate_hz, p->sample_rate);
        stream_info->declared_frames = s->n_valid;
        stream_info->tolerance_frames = s->tolerance_frames;
    }
    return PATINA_OK;
}

static void ffmpeg_close(void *state) {
    ffmpeg_state *s = state;
    swr_free(&s->converter);
    av_frame_free(&s->frame);
    av_packet_free(&s->packet);
    avcodec_free_context(&s->codec);
    avformat_close_input(&s->format);
    if (s->io) av_freep(&s->io->buffer);
    avio_context_free(&s->io);
    free(s->converted);
    free(s);
}

static patina_status open_all(ffmpeg_state *s, const pt_container_header *header,
                              const pt_ogg_link *link, pt_decoder_stream_info *stream_info,
                              patina_error *err) {
    PT_TRY(open_format(s, err));
    PT_TRY(open_stream(s, err));
    PT_TRY(decode_frame(s, err));
    if (s->drained) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the audio stream is empty");
    s->rate_hz = s->frame->sample_rate;
    s->n_channels = frame_channels(s->frame);
    stream_info->info.rate_hz = s->rate_hz > 0 ? (unsigned)s->rate_hz : 0;
    stream_info->info.n_channels = s->n_channels > 0 ? (unsigned)s->n_channels : 0;
    stream_info->info.n_streams = s->n_streams;
    stream_info->info.codec = describe_codec(s->codec);
    if (s->rate_hz <= 0 || s->n_channels < 1 || s->n_channels > PATINA_CHANNELS_MAX)
        return PATINA_OK; /* rejected by decoder.c */
    find_channel_order(s, stream_info);
    s->tolerance_frames = 2 * PACKET_MAX + (uint64_t)s->rate_hz / ROUNDINGS_PER_S;
    find_declared_frames(s, link, stream_info);
    PT_TRY(find_delay(s, header, stream_info, err));
    PT_TRY(open_converter(s, err));
    return convert_frame(s, err);
}

/** For FLAC that FFmpeg does not support: names the bit depth. */
static patina_status name_flac_bits(const ffmpeg_state *s, patina_status status,
                                    patina_error *err) {
    pt_flac_header flac;
    if (status != PATINA_REJECT_UNDECODABLE || !pt_flac_read_header(s->bytes, &flac)) return status;
    return pt_fail(
        err, status,
        "%u-bit FLAC is not supported by FFmpeg %s; libsndfile supports 8, 16 and 24 bits",
        flac.bits, av_version_info());
}

static patina_status ffmpeg_open(const pt_decoder_input *input, void **state,
                                 pt_decoder_stream_info *stream_info, patina_error *err) {
    const pt_byte_source *bytes = input->bytes;
    const pt_format_info *probed = pt_format_probe(bytes);
    pt_ogg_link link = {0};

    if (!probed || !probed->demuxer || bytes->size > INT64_MAX)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "not a format that is decoded with FFmpeg");
    stream_info->info.format = probed->format;
    ffmpeg_state *s = calloc(1, sizeof *s);
    if (!s) return no_memory(err);
    s->probed = probed;
    s->bytes = bytes;
    configure_library();
    patina_status status = pt_format_check_size(probed, bytes, err);
    if (status == PATINA_OK && strcmp(probed->demuxer, "ogg") == 0)
        status = pt_ogg_read_link(bytes, &link, err);
    if (status == PATINA_OK) status = open_all(s, input->header, &link, stream_info, err);
    pt_ogg_link_release(&link);
    if (status != PATINA_OK) {
        status = name_flac_bits(s, status, err);
        pt_error_add_context(err, "%s", probed->format);
        ffmpeg_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

static patina_status ffmpeg_seek(void *state, uint64_t frame, patina_error *err) {
    (void)state, (void)frame;
    return pt_fail(err, PATINA_ERANGE, "FFmpeg decodes files from their start only");
}

static patina_status ffmpeg_read(void *state, float *samples, size_t n_frames, size_t *n_read,
                                 patina_error *err) {
    ffmpeg_state *s = state;
    size_t done = 0;

    while (done < n_frames) {
        if (s->at == s->n_converted) {
            if (!s->drained) PT_TRY(decode_frame(s, err));
            if (s->drained) break;
            PT_TRY(convert_frame(s, err));
        }
        const size_t left = s->n_converted - s->at;
        const size_t n = left < n_frames - done ? left : n_frames - done;
        memcpy(samples + done * (size_t)s->n_channels, s->converted + s->at * (size_t)s->n_channels,
               n * (size_t)s->n_channels * sizeof *samples);
        s->at += n;
        done += n;
        *n_read = done;
    }
    return PATINA_OK;
}

static const char *ffmpeg_version(void) {
    return av_version_info();
}

const pt_decoder_backend pt_decoder_ffmpeg = {
    .name = "ffmpeg",
    .summary = "AAC, M4A, MP4, WebM, Matroska, WMA, AC-3, AMR, APE, WavPack, TTA",
    .version = ffmpeg_version,
    .open = ffmpeg_open,
    .close = ffmpeg_close,
    .seek = ffmpeg_seek,
    .read = ffmpeg_read,
};
