/* SPDX-License-Identifier: MIT */
/* sndfile.c - WAV, AIFF, FLAC, Ogg Vorbis, Opus and more by libsndfile
 *
 * Silent behaviour of libsndfile 1.2.0, and how it is handled:
 * - a chunk size beyond the end of the file is reduced: decoder.c compares it with the file;
 * - BW64 is not supported, and is RF64 by another name; PCM is read as packed whatever the size of
 *   its frames says: both are patched;
 * - a data size of 0 means no frames, and the placeholder sizes of pipes are used as they are: the
 *   library is given the real size;
 * - IMA4 in AIFF-C is decoded with noise (format_probe.c): FFmpeg decodes it;
 * - an Opus stream is decoded at the rate of the encoder's input, loses its first samples if its
 *   positions do not begin at 0, and is rejected without a last-page flag: ogg_page.h patches it;
 * - a damaged Ogg page is skipped, and the number of frames may not show it: pages are checked;
 * - in AU and W64 the bytes after the samples are read as samples: they are hidden;
 * - a FLAC file ends where its header says, even if frames follow: the total is hidden then;
 * - a damaged FLAC frame is dropped or zeroed and reading continues. Only the error state directly
 *   after the call shows it; the next call clears it;
 * - the last packet of some Opus files is not decoded: tolerated;
 * - the reason for a failed open is in static memory shared by all threads: not used;
 * - MPEG audio is reported on standard error, and ends at an estimated length if none is declared:
 *   mpg123.c decodes it instead;
 * - channels of Ogg are in Vorbis order, and those of a channel map in file order: converted to
 *   WAVE order.
 */

#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

#include "audio/channel_mask.h"
#include "audio/decoder_backend.h"
#include "audio/flac_header.h"
#include "audio/mpeg_frame.h"
#include "audio/ogg_page.h"
#include "base/error.h"
#include "base/memory_reserve.h"

#define OPUS_TOLERANCE_FRAMES 960   /* frames at 48 kHz: one packet of 20 ms */
#define BLOCK_FRAMES          65536 /* of one call to the library */
#define PCM16_BLOCK_SAMPLES   16384
#define CHANNELS_MAX          1024 /* of libsndfile */
#define FLAC_CHANNELS_MAX     8
#define RESERVE_BYTES         ((size_t)1 << 20) /* libvorbis does not check its allocations */

/** The bytes as libsndfile reads them, some of them patched. */
typedef struct sndfile_state {
    SNDFILE *file;
    pt_byte_source bytes;
    uint64_t position;
    pt_ogg_link link;           /* of an Ogg stream */
    pt_byte_patch own[4];       /* of any other: magic, format, bits and size */
    const pt_byte_patch *patch; /* [n_patches], by offset */
    size_t n_patches;
    bool io_failed;
    bool is_flac, is_pcm16; /* is_pcm16: not compressed */
    pt_flac_header flac;
    unsigned n_channels;
    uint64_t frames_left; /* of a FLAC file, behind whose last frame is not to be read */
} sndfile_state;

static sf_count_t io_length(void *user) {
    const sndfile_state *s = user;
    return (sf_count_t)s->bytes.size;
}

static sf_count_t io_seek(sf_count_t offset, int whence, void *user) {
    sndfile_state *s = user;
    const sf_count_t base = whence == SEEK_SET   ? 0
                            : whence == SEEK_CUR ? (sf_count_t)s->position
                                                 : (sf_count_t)s->bytes.size;
    sf_count_t target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return -1;
    s->position = (uint64_t)target;
    return target;
}

static sf_count_t io_tell(void *user) {
    const sndfile_state *s = user;
    return (sf_count_t)s->position;
}

/** Overwrites what a patch covers of the n bytes at offset. */
static void apply_patches(const sndfile_state *s, uint64_t offset, unsigned char *b, size_t n) {
    size_t low = 0, high = s->n_patches;
    while (low < high) { /* the first one that ends behind the offset */
        const size_t middle = (low + high) / 2;
        if (s->patch[middle].offset + s->patch[middle].n > offset)
            high = middle;
        else
            low = middle + 1;
    }
    for (; low < s->n_patches && s->patch[low].offset < offset + n; low++)
        for (unsigned i = 0; i < s->patch[low].n; i++) {
            const uint64_t at = s->patch[low].offset + i;
            if (at >= offset && at - offset < n) b[at - offset] = s->patch[low].bytes[i];
        }
}

static sf_count_t io_read(void *buffer, sf_count_t n, void *user) {
    sndfile_state *s = user;
    if (n <= 0) return 0;
    const int64_t got = pt_byte_source_read_at(&s->bytes, s->position, buffer, (size_t)n);
    if (got < 0) {
        s->io_failed = true;
        return 0;
    }
    apply_patches(s, s->position, buffer, (size_t)got);
    s->position += (uint64_t)got;
    return got;
}

/** Adds a patch of the header, at its place by offset; returns its n bytes. */
static unsigned char *add_patch(sndfile_state *s, uint64_t offset, unsigned n) {
    size_t i = s->n_patches++;
    for (; i > 0 && s->own[i - 1].offset > offset; i--)
        s->own[i] = s->own[i - 1];
    s->own[i] = (pt_byte_patch){.offset = offset, .n = n};
    s->patch = s->own;
    return s->own[i].bytes;
}

/** libsndfile (1.2) reads every extensible format of W64 as integers: replaces the code by that of
 * the samples. */
static void patch_w64_format(sndfile_state *s, const pt_container_header *c) {
    unsigned char *b = add_patch(s, c->extensible_offset, 2);
    b[0] = (unsigned char)c->wave_format;
    b[1] = (unsigned char)(c->wave_format >> 8);
}

/** Replaces the placeholder size of the data by the bytes present. */
static patina_status patch_data_size(sndfile_state *s, const pt_container_header *c,
                                     patina_error *err) {
    const uint64_t size = c->data_available + c->size_overhead;
    if (size > 0xFFFFFFFEU && c->size_bytes < 8)
        return pt_fail(
            err, PATINA_REJECT_UNSUPPORTED,
            "wav: the header gives no size for more than 4 GiB of samples; convert the file");
    unsigned char *b = add_patch(s, c->size_offset, c->size_bytes);
    for (unsigned i = 0; i < c->size_bytes; i++)
        b[c->big_endian ? c->size_bytes - 1 - i : i] = (unsigned char)(size >> (8 * i));
    return PATINA_OK;
}

/** Hides the total of a FLAC file, so that the library reads to its end. */
static void patch_flac_total(sndfile_state *s) {
    unsigned char *b = add_patch(s, PT_FLAC_TOTAL_OFFSET, 5);
    (void)pt_byte_source_read_at(&s->bytes, PT_FLAC_TOTAL_OFFSET, b, 5);
    b[0] &= 0xF0;
    memset(b + 1, 0, 4);
}

static const char *format_name(int format) {
    switch (format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_WAV:
    case SF_FORMAT_WAVEX:
        return "wav";
    case SF_FORMAT_RF64:
        return "rf64";
    case SF_FORMAT_AIFF:
        return "aiff";
    case SF_FORMAT_W64:
        return "w64";
    case SF_FORMAT_CAF:
        return "caf";
    case SF_FORMAT_FLAC:
        return "flac";
    case SF_FORMAT_OGG:
        return (format & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS ? "opus" : "ogg";
    case SF_FORMAT_AU:
        return "au";
    default:
        return "audio";
    }
}

/** The codecs of libsndfile, by subtype. */
static pt_codec_info describe_codec(int format, const pt_flac_header *flac) {
    static const struct {
        int subtype;
        pt_codec_info codec;
    } codecs[] = {
        {SF_FORMAT_PCM_S8, {"pcm", 8, false}},     {SF_FORMAT_PCM_U8, {"pcm", 8, false}},
        {SF_FORMAT_PCM_16, {"pcm", 16, false}},    {SF_FORMAT_PCM_24, {"pcm", 24, false}},
        {SF_FORMAT_PCM_32, {"pcm", 32, false}},    {SF_FORMAT_FLOAT, {"float", 32, false}},
        {SF_FORMAT_DOUBLE, {"float", 64, false}},  {SF_FORMAT_DPCM_8, {"dpcm", 8, false}},
        {SF_FORMAT_DPCM_16, {"dpcm", 16, false}},  {SF_FORMAT_ALAC_16, {"alac", 16, false}},
        {SF_FORMAT_ALAC_20, {"alac", 20, false}},  {SF_FORMAT_ALAC_24, {"alac", 24, false}},
        {SF_FORMAT_ALAC_32, {"alac", 32, false}},  {SF_FORMAT_ULAW, {"mulaw", 0, true}},
        {SF_FORMAT_ALAW, {"alaw", 0, true}},       {SF_FORMAT_VORBIS, {"vorbis", 0, true}},
        {SF_FORMAT_IMA_ADPCM, {"adpcm", 0, true}}, {SF_FORMAT_MS_ADPCM, {"adpcm", 0, true}},
        {SF_FORMAT_VOX_ADPCM, {"adpcm", 0, true}}, {SF_FORMAT_G721_32, {"adpcm", 0, true}},
        {SF_FORMAT_G723_24, {"adpcm", 0, true}},   {SF_FORMAT_G723_40, {"adpcm", 0, true}},
        {SF_FORMAT_GSM610, {"gsm", 0, true}},      {SF_FORMAT_DWVW_12, {"dwvw", 12, false}},
        {SF_FORMAT_DWVW_16, {"dwvw", 16, false}},  {SF_FORMAT_DWVW_24, {"dwvw", 24, false}},
    };
    const int subtype = format & SF_FORMAT_SUBMASK;
    if ((format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC)
        return (pt_codec_info){"flac", flac->bits, false};
    if (subtype == SF_FORMAT_OPUS) return (pt_codec_info){"opus", 0, true};
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (codecs[i].subtype == subtype) return codecs[i].codec;
    return (pt_codec_info){"other", 0, false};
}

/** Bytes of a sample where each has as many, so that a size is a number of frames; 0 elsewhere. */
static unsigned sample_bytes(int format) {
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
        return 1;
    case SF_FORMAT_PCM_16:
        return 2;
    case SF_FORMAT_PCM_24:
        return 3;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
        return 4;
    case SF_FORMAT_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

/** Whether the declared size agrees with the sample data. */
static bool frames_match_size(const SF_INFO *info, const pt_container_header *c) {
    const uint64_t frame_bytes = (uint64_t)sample_bytes(info->format) * (unsigned)info->channels;
    return c->has_data && !c->unknown_size && frame_bytes > 0 && c->kind != PT_CONTAINER_AU &&
           c->data_size <= c->data_available &&
           (uint64_t)info->frames == c->data_size / frame_bytes;
}

/** Vorbis I, 4.3.9, and for Opus RFC 7845, 5.1.1.2: where each channel belongs in WAVE order. */
static void set_vorbis_channel_order(pt_decoder_stream_info *stream_info) {
    static const unsigned char vorbis_orders[9][8] = {
        [3] = {0, 2, 1},                /* L C R */
        [5] = {0, 2, 1, 3, 4},          /* L C R Ls Rs */
        [6] = {0, 2, 1, 4, 5, 3},       /* L C R Ls Rs LFE */
        [7] = {0, 2, 1, 5, 6, 4, 3},    /* L C R side-L side-R back-C LFE */
        [8] = {0, 2, 1, 6, 7, 4, 5, 3}, /* L C R side-L side-R back-L back-R LFE */
    };
    const unsigned n = stream_info->info.n_channels;
    stream_info->info.channel_mask = pt_channel_mask_by_count(n);
    if (n != 3 && (n < 5 || n > 8)) return; /* 1, 2 and 4 have WAVE's; more have no order */
    memcpy(stream_info->channel_map, vorbis_orders[n], n);
    stream_info->is_reordered = true;
}

static void find_channel_order(const sndfile_state *s, const pt_container_header *c, int format,
                               pt_decoder_stream_info *stream_info) {
    pt_decoder_info *info = &stream_info->info;
    const int type = format & SF_FORMAT_TYPEMASK;

    if (info->n_channels > PATINA_CHANNELS_MAX) return; /* is rejected later */
    if (type == SF_FORMAT_OGG) {
        if (s->link.codec != PT_OGG_OPUS || s->link.has_opus_positions)
            set_vorbis_channel_order(stream_info);
    } else if (s->is_flac) {
        info->channel_mask = pt_channel_mask_limit(s->flac.channel_mask, info->n_channels);
        if (!info->channel_mask) info->channel_mask = pt_channel_mask_by_count(info->n_channels);
    } else if (c->channel_mask) {
        info->channel_mask = pt_channel_mask_limit(c->channel_mask, info->n_channels);
    } else if (c->n_positions == info->n_channels) {
        info->channel_mask = pt_channel_mask_from_positions(
            c->position, info->n_channels, stream_info->channel_map, &stream_info->is_reordered);
    }
}

/** Selects the declared length. */
static patina_status find_length(const sndfile_state *s, const SF_INFO *sf,
                                 const pt_container_header *c, pt_decoder_stream_info *stream_info,
                                 patina_error *err) {
    if (sf->frames < 0)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the number of frames is negative");
    if (sf->frames == SF_COUNT_MAX) { /* a FLAC that was written to a pipe has no length either */
        if ((sf->format & SF_FORMAT_TYPEMASK) != SF_FORMAT_OGG) return PATINA_OK;
        return pt_fail(err, PATINA_REJECT_TRUNCATED, "%s: the stream's last page is missing",
                       stream_info->info.format);
    }
    if (c->unknown_size) return PATINA_OK;
    if (s->link.codec == PT_OGG_VORBIS && s->link.starts_late) return PATINA_OK;
    stream_info->declared_frames = (uint64_t)sf->frames;
    if (s->link.codec == PT_OGG_OPUS) stream_info->tolerance_frames = OPUS_TOLERANCE_FRAMES;
    stream_info->info.exact =
        sf->seekable && (s->is_flac ? sf->frames > 0 : frames_match_size(sf, c));
    if (stream_info->info.exact) stream_info->info.n_frames = stream_info->declared_frames;
    return PATINA_OK;
}

static void sndfile_close(void *state) {
    sndfile_state *s = state;
    if (s->file) sf_close(s->file);
    pt_ogg_link_release(&s->link);
    free(s);
}

/* libsndfile prints why an open failed into static memory, from any thread. It is not read here,
 * and the writes are bounded, so the thread sanitizer ignores them: a lock would hold up all
 * workers. */
#if defined(__SANITIZE_THREAD__)
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
#else
#define AnnotateIgnoreWritesBegin(file, line) ((void)0)
#define AnnotateIgnoreWritesEnd(file, line)   ((void)0)
#endif

/** Tries twice: NULL may mean that an allocation failed, and another library would decode the file
 * to other samples. */
static SNDFILE *open_virtual(sndfile_state *s, SF_INFO *info) {
    SF_VIRTUAL_IO io = {
        .get_filelen = io_length, .seek = io_seek, .read = io_read, .tell = io_tell};
    SNDFILE *file = NULL;
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    for (int i = 0; i < 2 && !file && !s->io_failed; i++) {
        *info = (SF_INFO){0};
        s->position = 0;
        file = sf_open_virtual(&io, SFM_READ, info, s);
    }
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    return file;
}

/** Whether the last frame of a FLAC file can be decoded, where its checksums are not found at the
 * end; the file is opened again afterwards. */
static patina_status check_flac_end(sndfile_state *s, SF_INFO *info, patina_error *err) {
    float frame[FLAC_CHANNELS_MAX];
    const sf_count_t last = info->frames - 1;
    const bool there = sf_seek(s->file, last, SEEK_SET) == last &&
                       sf_readf_float(s->file, frame, 1) == 1 &&
                       sf_error(s->file) == SF_ERR_NO_ERROR;
    if (s->io_failed) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
    if (!there)
        return pt_fail(
            err, PATINA_REJECT_TRUNCATED,
            "flac: the header declares %lld frames, but the last ones are damaged or missing",
            (long long)info->frames);
    sf_close(s->file);
    s->file = open_virtual(s, info);
    return s->file ? PATINA_OK
                   : pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be opened again");
}

/** Compares the total of a FLAC file with its last frame; a total that is too small is hidden. */
static patina_status check_flac_total(sndfile_state *s, SF_INFO *info,
                                      pt_decoder_stream_info *stream_info, patina_error *err) {
    const uint64_t total = s->flac.total_frames;
    uint64_t end = 0;
    bool is_at_end = false;

    if (total == 0) return PATINA_OK;
    PT_TRY(pt_flac_find_end(&s->bytes, &s->flac, &end, &is_at_end, err));
    if (end == total && is_at_end) return PATINA_OK;
    if (end <= total) return check_flac_end(s, info, err);
    patch_flac_total(s);
    sf_close(s->file);
    s->file = open_virtual(s, info);
    if (!s->file) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be opened again");
    stream_info->declared_frames = end;
    return PATINA_OK;
}

/** Prepares the patches of the header. */
static patina_status make_patches(sndfile_state *s, const pt_container_header *c,
                                  patina_error *err) {
    char magic[4] = "";
    (void)pt_byte_source_read_at(&s->bytes, 0, magic, sizeof magic);
    s->is_flac = pt_flac_read_header(&s->bytes, &s->flac);
    if (memcmp(magic, "BW64", 4) == 0) memcpy(add_patch(s, 0, 4), "RF64", 4);
    if (c->kind == PT_CONTAINER_W64 && c->extensible_offset > 0) patch_w64_format(s, c);
    if (c->container_bits > 0)
        add_patch(s, c->bits_offset, 2)[c->big_endian] = (unsigned char)c->container_bits;
    if (c->has_data && c->unknown_size) return patch_data_size(s, c, err);
    if (memcmp(magic, "OggS", 4) != 0) return PATINA_OK;
    PT_TRY(pt_ogg_read_link(&s->bytes, &s->link, err));
    if (s->link.ends_marked) /* the library searches the end of the file for the last page */
        s->bytes = pt_byte_source_slice(&s->bytes, 0, s->link.n_bytes);
    s->patch = s->link.patch;
    s->n_patches = s->link.n_patches;
    return PATINA_OK;
}

static bool begins_with_mpeg_frame(const pt_byte_source *bytes) {
    unsigned char h[4];
    return pt_byte_source_read_at(bytes, 0, h, 4) == 4 && pt_mpeg_frame_bytes(h) > 0;
}

/** libsndfile reads what is behind an ID3 tag, which nothing has checked. Tags are skipped before;
 * one is left only behind thousands of others, or if the file is taken for another format. */
static bool begins_with_id3(const pt_byte_source *bytes) {
    char magic[3];
    return pt_byte_source_read_at(bytes, 0, magic, 3) == 3 && memcmp(magic, "ID3", 3) == 0;
}

static patina_status open_stream(sndfile_state *s, const pt_container_header *c,
                                 pt_decoder_stream_info *stream_info, patina_error *err) {
    SF_INFO info;

    s->file = open_virtual(s, &info);
    if (!s->file)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       s->io_failed ? "the file cannot be read" : "not a supported audio file");
    if ((info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_AIFF &&
        (info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_IMA_ADPCM)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "IMA4 in AIFF-C");
    s->is_flac = s->is_flac && (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC;
    if (s->is_flac) PT_TRY(check_flac_total(s, &info, stream_info, err));
    s->n_channels = (unsigned)info.channels;
    s->is_pcm16 = (info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16 &&
                  (info.format & SF_FORMAT_TYPEMASK) != SF_FORMAT_FLAC &&
                  info.channels <= CHANNELS_MAX;
    stream_info->info.format = format_name(info.format);
    stream_info->info.rate_hz = (unsigned)info.samplerate;
    stream_info->info.n_channels = (unsigned)info.channels;
    stream_info->info.n_streams = 1;
    stream_info->info.codec = describe_codec(info.format, &s->flac);
    PT_TRY(find_length(s, &info, c, stream_info, err));
    s->frames_left = s->is_flac && stream_info->info.exact ? (uint64_t)info.frames : UINT64_MAX;
    find_channel_order(s, c, info.format, stream_info);
    return PATINA_OK;
}

static patina_status sndfile_open(const pt_decoder_input *input, void **state,
                                  pt_decoder_stream_info *stream_info, patina_error *err) {
    const pt_container_header *c = input->header;

    if (c->kind == PT_CONTAINER_MPEG || c->wave_format == PT_WAVE_MPEG ||
        c->wave_format == PT_WAVE_MP3 || begins_with_mpeg_frame(input->bytes))
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "the file begins like MPEG audio but contains none");
    if (begins_with_id3(input->bytes))
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "not a supported audio file");
    if (input->bytes->size > (uint64_t)SF_COUNT_MAX)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file is too large");
    sndfile_state *s = calloc(1, sizeof *s);
    if (!s || !pt_memory_reserve(RESERVE_BYTES)) {
        free(s);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    s->bytes = *input->bytes;
    if ((c->kind == PT_CONTAINER_AU || c->kind == PT_CONTAINER_W64) && c->has_data)
        /* the library reads to the end of the file */
        s->bytes = pt_byte_source_slice(&s->bytes, 0, c->data_offset + c->data_size);
    patina_status status = make_patches(s, c, err);
    if (status == PATINA_OK) status = open_stream(s, c, stream_info, err);
    if (status != PATINA_OK) {
        sndfile_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

/* The numbers of sf_readf_float, for 16-bit integers, which the library converts one by one. */
static sf_count_t read_pcm16(const sndfile_state *s, float *samples, sf_count_t n_frames) {
    short block[PCM16_BLOCK_SAMPLES];
    const sf_count_t block_frames = PCM16_BLOCK_SAMPLES / s->n_channels;
    sf_count_t done = 0;
    while (done < n_frames) {
        const sf_count_t step = n_frames - done < block_frames ? n_frames - done : block_frames;
        const sf_count_t got = sf_readf_short(s->file, block, step);
        const size_t n = got > 0 ? (size_t)got * s->n_channels : 0;
        float *out = samples + (size_t)done * s->n_channels;
        for (size_t i = 0; i < n; i++)
            out[i] = (float)block[i] * 0x1p-15F;
        done += got > 0 ? got : 0;
        if (got < step) break;
    }
    return done;
}

static patina_status sndfile_read(void *state, float *samples, size_t n_frames, size_t *n_read,
                                  patina_error *err) {
    sndfile_state *s = state;
    size_t done = 0;

    if (n_frames > s->frames_left) n_frames = (size_t)s->frames_left;
    while (done < n_frames) {
        /* libsndfile counts the samples of a call in an int for some codecs */
        const size_t step = n_frames - done < BLOCK_FRAMES ? n_frames - done : BLOCK_FRAMES;
        float *block = samples + done * s->n_channels;
        const sf_count_t got = s->is_pcm16 ? read_pcm16(s, block, (sf_count_t)step)
                                           : sf_readf_float(s->file, block, (sf_count_t)step);
        const int fault = sf_error(s->file);
        if (got > 0) done += (size_t)got;
        *n_read = done;
        if (s->io_failed) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
        if (fault != SF_ERR_NO_ERROR)
            return pt_fail(err, PATINA_REJECT_TRUNCATED, "frames are damaged or missing");
        if (got < (sf_count_t)step) break;
    }
    s->frames_left -= s->frames_left == UINT64_MAX ? 0 : done;
    return PATINA_OK;
}

/** Reads and discards frames: used where libFLAC's search does not find one. */
static patina_status skip_frames(sndfile_state *s, uint64_t n_frames, patina_error *err) {
    enum { STEP = 4096 };
    float *discarded = malloc(STEP * s->n_channels * sizeof *discarded);
    patina_status status = PATINA_OK;

    if (!discarded) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    while (n_frames > 0 && status == PATINA_OK) {
        const size_t step = n_frames < STEP ? (size_t)n_frames : STEP;
        size_t got = 0;
        status = sndfile_read(s, discarded, step, &got, err);
        if (status == PATINA_OK && got < step)
            status = pt_fail(err, PATINA_REJECT_TRUNCATED,
                             "%llu frames before the requested one are missing",
                             (unsigned long long)(n_frames - got));
        n_frames -= got;
    }
    free(discarded);
    return status;
}

static patina_status sndfile_seek(void *state, uint64_t frame, patina_error *err) {
    sndfile_state *s = state;
    SF_INFO info;

    if (s->is_flac) s->frames_left = s->flac.total_frames;
    if (frame <= (uint64_t)SF_COUNT_MAX &&
        sf_seek(s->file, (sf_count_t)frame, SEEK_SET) == (sf_count_t)frame) {
        if (s->is_flac) s->frames_left -= frame < s->frames_left ? frame : s->frames_left;
        return PATINA_OK;
    }
    if (!s->is_flac)
        return pt_fail(err, PATINA_REJECT_TRUNCATED, "frame %llu is missing",
                       (unsigned long long)frame);
    sf_close(s->file);
    s->file = open_virtual(s, &info);
    if (!s->file || (unsigned)info.channels != s->n_channels)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be opened again");
    return skip_frames(s, frame, err);
}

static const char *sndfile_version(void) {
    return sf_version_string();
}

const pt_decoder_backend pt_decoder_sndfile = {
    .name = "libsndfile",
    .summary = "WAV, AIFF, W64, CAF, FLAC, Ogg Vorbis, Opus, AU and others",
    .version = sndfile_version,
    .open = sndfile_open,
    .close = sndfile_close,
    .seek = sndfile_seek,
    .read = sndfile_read,
};
