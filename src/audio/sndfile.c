/* SPDX-License-Identifier: MIT */
/* sndfile.c - WAV, AIFF, FLAC, Ogg Vorbis, Opus and more by libsndfile
 *
 * What libsndfile 1.2.0 does silently, and what is done about it here:
 * - a chunk size beyond the file's end is lowered: decoder.c holds the claim against the file;
 * - a data size of 0 reads as no frames: the size is filled in on the way to the library;
 * - a cut Ogg file has 2^63 - 1 frames: truncated;
 * - a damaged Ogg page is left out, and not always missed in the count: pages are checked;
 * - a damaged FLAC frame is dropped or zeroed and reading goes on. Only the error state right after
 *   the call shows it; the next call clears it;
 * - the last packet of some Opus files is not given out: allowed for;
 * - why an open failed is kept in static memory, where another thread's reason may stand: not
 * asked;
 * - MPEG audio is printed about on standard error, and ends at the guessed length of a file whose
 *   length is not said: mpg123.c decodes it instead;
 * - Ogg channels come in Vorbis order, and those of a channel map in the file's: put in WAVE order.
 */

#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

#include "audio/decoder_backend.h"
#include "audio/ogg_crc.h"
#include "base/error.h"

#define OPUS_TOLERANCE_FRAMES 960   /* frames at 48 kHz: one packet of 20 ms */
#define BLOCK_FRAMES          65536 /* of one call to the library */

/** The bytes as libsndfile reads them: from a base, with a stretch of them overlaid. */
typedef struct sndfile_state {
    SNDFILE *file;
    const pt_byte_source *bytes;
    uint64_t base; /* behind ID3 tags: libsndfile would read on in them for MPEG audio */
    uint64_t size; /* from the base on */
    uint64_t position;
    uint64_t patch_offset;
    unsigned patch_bytes; /* 0: nothing is overlaid */
    unsigned char patch[8];
    bool io_failed;
    bool is_flac;
    unsigned n_channels;
} sndfile_state;

static sf_count_t io_length(void *user) {
    const sndfile_state *s = user;
    return (sf_count_t)s->size;
}

static sf_count_t io_seek(sf_count_t offset, int whence, void *user) {
    sndfile_state *s = user;
    const sf_count_t base = whence == SEEK_SET   ? 0
                            : whence == SEEK_CUR ? (sf_count_t)s->position
                                                 : (sf_count_t)s->size;
    sf_count_t target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return -1;
    s->position = (uint64_t)target;
    return target;
}

static sf_count_t io_tell(void *user) {
    const sndfile_state *s = user;
    return (sf_count_t)s->position;
}

static sf_count_t io_read(void *buffer, sf_count_t n, void *user) {
    sndfile_state *s = user;
    if (n <= 0) return 0;
    const int64_t got = pt_byte_source_read_at(s->bytes, s->base + s->position, buffer, (size_t)n);
    if (got < 0) {
        s->io_failed = true;
        return 0;
    }
    for (unsigned i = 0; i < s->patch_bytes; i++) {
        const uint64_t at = s->patch_offset + i;
        if (at >= s->position && at - s->position < (uint64_t)got)
            ((unsigned char *)buffer)[at - s->position] = s->patch[i];
    }
    s->position += (uint64_t)got;
    return got;
}

/** Overlays the size of a WAV's data, which was never filled in, with what is there. */
static patina_status patch_data_size(sndfile_state *s, const pt_container_header *c,
                                     patina_error *err) {
    const bool little = !c->big_endian;
    if (c->data_available > 0xFFFFFFFEU && c->size_bytes < 8)
        return pt_fail(err, PATINA_REJECT_UNSUPPORTED,
                       "wav: over 4 GiB of samples whose size the header does not say");
    for (unsigned i = 0; i < c->size_bytes; i++) {
        const unsigned place = little ? i : c->size_bytes - 1 - i;
        s->patch[place] = (unsigned char)(c->data_available >> (8 * i));
    }
    s->patch_offset = c->size_offset;
    s->patch_bytes = c->size_bytes;
    return PATINA_OK;
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

/** Whether the container's count is what its sample data holds. */
static bool frames_match_size(const SF_INFO *info, const pt_container_header *c) {
    const uint64_t frame_bytes = (uint64_t)sample_bytes(info->format) * (unsigned)info->channels;
    return c->has_data && !c->unknown_size && frame_bytes > 0 &&
           c->data_size <= c->data_available &&
           (uint64_t)info->frames == c->data_size / frame_bytes;
}

/** Speakers of a channel map as the bits of a WAVE channel mask (dwChannelMask); -1: none. */
static int wave_speaker(int channel) {
    switch (channel) {
    case SF_CHANNEL_MAP_LEFT:
    case SF_CHANNEL_MAP_FRONT_LEFT:
        return 0;
    case SF_CHANNEL_MAP_RIGHT:
    case SF_CHANNEL_MAP_FRONT_RIGHT:
        return 1;
    case SF_CHANNEL_MAP_CENTER:
    case SF_CHANNEL_MAP_FRONT_CENTER:
        return 2;
    case SF_CHANNEL_MAP_LFE:
        return 3;
    case SF_CHANNEL_MAP_REAR_LEFT:
        return 4;
    case SF_CHANNEL_MAP_REAR_RIGHT:
        return 5;
    case SF_CHANNEL_MAP_FRONT_LEFT_OF_CENTER:
        return 6;
    case SF_CHANNEL_MAP_FRONT_RIGHT_OF_CENTER:
        return 7;
    case SF_CHANNEL_MAP_REAR_CENTER:
        return 8;
    case SF_CHANNEL_MAP_SIDE_LEFT:
        return 9;
    case SF_CHANNEL_MAP_SIDE_RIGHT:
        return 10;
    case SF_CHANNEL_MAP_TOP_CENTER:
        return 11;
    case SF_CHANNEL_MAP_TOP_FRONT_LEFT:
        return 12;
    case SF_CHANNEL_MAP_TOP_FRONT_CENTER:
        return 13;
    case SF_CHANNEL_MAP_TOP_FRONT_RIGHT:
        return 14;
    case SF_CHANNEL_MAP_TOP_REAR_LEFT:
        return 15;
    case SF_CHANNEL_MAP_TOP_REAR_CENTER:
        return 16;
    case SF_CHANNEL_MAP_TOP_REAR_RIGHT:
        return 17;
    default:
        return -1;
    }
}

/** The order of a file's own channel map (CAF, AIFF; WAV has WAVE order by definition). */
static void set_map_channel_order(SNDFILE *file, pt_decoder_stream_info *stream_info) {
    const unsigned n = stream_info->info.n_channels;
    int map[PATINA_CHANNELS_MAX], speaker[PATINA_CHANNELS_MAX];

    if (sf_command(file, SFC_GET_CHANNEL_MAP_INFO, map, (int)(n * sizeof map[0])) != SF_TRUE)
        return;
    for (unsigned c = 0; c < n; c++) {
        speaker[c] = wave_speaker(map[c]);
        if (speaker[c] < 0) return; /* not wholly known: as it stands in the file */
        for (unsigned other = 0; other < c; other++)
            if (speaker[other] == speaker[c]) return;
    }
    for (unsigned c = 0; c < n; c++) {
        stream_info->channel_map[c] = 0;
        for (unsigned other = 0; other < n; other++)
            if (speaker[other] < speaker[c]) stream_info->channel_map[c]++;
        if (stream_info->channel_map[c] != c) stream_info->is_reordered = true;
    }
}

/** Whether an Opus stream's channels have places: mapping family 1 (RFC 7845, 5.1.1). */
static bool opus_has_vorbis_order(const pt_byte_source *bytes, uint64_t base) {
    unsigned char page[28];
    unsigned char head[19];
    if (pt_byte_source_read_at(bytes, base, page, sizeof page) != (int64_t)sizeof page)
        return false;
    const uint64_t packet = base + 27U + page[26]; /* behind the page's table of segments */
    if (pt_byte_source_read_at(bytes, packet, head, sizeof head) != (int64_t)sizeof head)
        return false;
    return memcmp(head, "OpusHead", 8) == 0 && head[18] == 1;
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
    if (n != 3 && (n < 5 || n > 8)) return; /* 1, 2 and 4 have WAVE's; more have no order */
    memcpy(stream_info->channel_map, vorbis_orders[n], n);
    stream_info->is_reordered = true;
}

static void find_channel_order(const sndfile_state *s, int format,
                               pt_decoder_stream_info *stream_info) {
    if (stream_info->info.n_channels > PATINA_CHANNELS_MAX) return; /* will be refused */
    if ((format & SF_FORMAT_TYPEMASK) != SF_FORMAT_OGG)
        set_map_channel_order(s->file, stream_info);
    else if ((format & SF_FORMAT_SUBMASK) != SF_FORMAT_OPUS ||
             opus_has_vorbis_order(s->bytes, s->base))
        set_vorbis_channel_order(stream_info);
}

/** Which length to believe. */
static patina_status find_length(const SF_INFO *sf, const pt_container_header *c,
                                 pt_decoder_stream_info *stream_info, patina_error *err) {
    const int type = sf->format & SF_FORMAT_TYPEMASK;
    const bool is_opus = (sf->format & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS;

    if (sf->frames < 0)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "a negative number of frames");
    if (sf->frames == SF_COUNT_MAX) { /* a FLAC that was written to a pipe does not say either */
        if (type != SF_FORMAT_OGG) return PATINA_OK;
        return pt_fail(err, PATINA_REJECT_TRUNCATED, "%s: the stream's last page is missing",
                       stream_info->info.format);
    }
    if (c->unknown_size) return PATINA_OK;
    stream_info->declared_frames = (uint64_t)sf->frames;
    if (is_opus)
        stream_info->tolerance_frames =
            (uint64_t)OPUS_TOLERANCE_FRAMES * (unsigned)sf->samplerate / 48000;
    stream_info->info.exact =
        sf->seekable && (type == SF_FORMAT_FLAC ? sf->frames > 0 : frames_match_size(sf, c));
    if (stream_info->info.exact) stream_info->info.n_frames = stream_info->declared_frames;
    return PATINA_OK;
}

static void sndfile_close(void *state) {
    sndfile_state *s = state;
    if (s->file) sf_close(s->file);
    free(s);
}

/* libsndfile prints why an open failed into static memory, from any thread. Nobody reads it here,
 * and the writes are bounded; the thread sanitizer is told so, as a lock would hold up all workers.
 */
#if defined(__SANITIZE_THREAD__)
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
#else
#define AnnotateIgnoreWritesBegin(file, line) ((void)0)
#define AnnotateIgnoreWritesEnd(file, line)   ((void)0)
#endif

static SNDFILE *open_virtual(sndfile_state *s, SF_INFO *info) {
    SF_VIRTUAL_IO io = {
        .get_filelen = io_length, .seek = io_seek, .read = io_read, .tell = io_tell};
    *info = (SF_INFO){0};
    s->position = 0;
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    SNDFILE *file = sf_open_virtual(&io, SFM_READ, info, s);
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    return file;
}

static patina_status sndfile_open(const pt_byte_source *bytes, const pt_container_header *c,
                                  void **state, pt_decoder_stream_info *stream_info,
                                  patina_error *err) {
    SF_INFO info;

    if (c->kind == PT_CONTAINER_MPEG || c->wave_format == PT_WAVE_MPEG ||
        c->wave_format == PT_WAVE_MP3)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "it begins like MPEG audio, and holds none");
    if (bytes->size > (uint64_t)SF_COUNT_MAX)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file is too large");
    sndfile_state *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->bytes = bytes;
    s->base = pt_id3_end(bytes);
    if (s->base > bytes->size) s->base = bytes->size;
    s->size = bytes->size - s->base;
    patina_status status = PATINA_OK;
    if (c->has_data && c->unknown_size && c->kind != PT_CONTAINER_CAF)
        status = patch_data_size(s, c, err);
    if (status != PATINA_OK) goto done;

    s->file = open_virtual(s, &info);
    if (!s->file) {
        status = s->io_failed
                     ? pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read")
                     : pt_fail(err, PATINA_REJECT_UNDECODABLE, "not audio that can be read");
        goto done;
    }
    if ((info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG) {
        status = pt_ogg_crc_check(bytes, s->base, err);
        if (status != PATINA_OK) goto done;
    }
    s->is_flac = (info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC;
    s->n_channels = (unsigned)info.channels;
    stream_info->info.format = format_name(info.format);
    stream_info->info.rate_hz = (unsigned)info.samplerate;
    stream_info->info.n_channels = (unsigned)info.channels;
    status = find_length(&info, c, stream_info, err);
    if (status != PATINA_OK) goto done;
    find_channel_order(s, info.format, stream_info);
    *state = s;
    s = NULL;
done:
    if (s) sndfile_close(s);
    return status;
}

static patina_status sndfile_read(void *state, float *samples, size_t n_frames, size_t *n_read,
                                  patina_error *err) {
    sndfile_state *s = state;
    size_t done = 0;

    while (done < n_frames) {
        /* libsndfile counts the samples of a call in an int for some codecs */
        const size_t step = n_frames - done < BLOCK_FRAMES ? n_frames - done : BLOCK_FRAMES;
        const sf_count_t got =
            sf_readf_float(s->file, samples + done * s->n_channels, (sf_count_t)step);
        const int fault = sf_error(s->file);
        if (got > 0) done += (size_t)got;
        *n_read = done;
        if (s->io_failed) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
        if (fault != SF_ERR_NO_ERROR)
            return pt_fail(err, PATINA_REJECT_TRUNCATED, "frames are damaged or missing");
        if (got < (sf_count_t)step) break;
    }
    return PATINA_OK;
}

/** Reads and forgets: for where a FLAC's own search does not find a frame. */
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
            status =
                pt_fail(err, PATINA_REJECT_TRUNCATED, "%llu frames before the wanted one are lost",
                        (unsigned long long)(n_frames - got));
        n_frames -= got;
    }
    free(discarded);
    return status;
}

static patina_status sndfile_seek(void *state, uint64_t frame, patina_error *err) {
    sndfile_state *s = state;
    SF_INFO info;

    if (frame <= (uint64_t)SF_COUNT_MAX &&
        sf_seek(s->file, (sf_count_t)frame, SEEK_SET) == (sf_count_t)frame)
        return PATINA_OK;
    if (!s->is_flac)
        return pt_fail(err, PATINA_REJECT_TRUNCATED, "frame %llu is not there",
                       (unsigned long long)frame);
    sf_close(s->file);
    s->file = open_virtual(s, &info);
    if (!s->file || (unsigned)info.channels != s->n_channels)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read again");
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
