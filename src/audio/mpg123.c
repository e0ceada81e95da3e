/* SPDX-License-Identifier: MIT */
/* mpg123.c - MPEG audio (MP3, MP2, MP1, and MP3 in a WAV) by libmpg123
 *
 * libsndfile uses the same library, but writes warnings to standard error, and ends a file of
 * variable bit rate without an information frame at an estimate of its length. The estimate was
 * half the length of a real file, and one that is too long would make a file truncated. So the
 * length is declared only if the first frame is a Xing or Info frame with the number of frames.
 *
 * The library stops at that number. One that is too small, as in joined files, is hidden from it;
 * then only the delay of the encoder at the start of the file is removed.
 *
 * There is no seeking: because of the bit reservoir, frames after a seek differ from those of a
 * decode from the start.
 */

#include <mpg123.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/decoder_backend.h"
#include "audio/format_probe.h"
#include "audio/mpeg_frame.h"
#include "base/error.h"
#include "patina_config.h"

#define TOLERANCE_FRAMES 1152 /* frames: one of the codec's own */

typedef struct mpeg_state {
    mpg123_handle *handle;
    pt_byte_source bytes; /* of the frames */
    uint64_t position;    /* in them */
    bool io_failed;
    long rate_hz;
    int n_channels;
    unsigned n_delay; /* frames to drop at the start */
} mpeg_state;

static ssize_t io_read(void *user, void *buffer, size_t n) {
    mpeg_state *s = user;
    const int64_t got = pt_byte_source_read_at(&s->bytes, s->position, buffer, n);
    if (got < 0) {
        s->io_failed = true;
        return -1;
    }
    s->position += (uint64_t)got;
    return (ssize_t)got;
}

static off_t io_seek(void *user, off_t offset, int whence) {
    mpeg_state *s = user;
    const off_t base = whence == SEEK_SET   ? 0
                       : whence == SEEK_CUR ? (off_t)s->position
                                            : (off_t)s->bytes.size;
    off_t target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return -1;
    s->position = (uint64_t)target;
    return target;
}

static void mpeg_close(void *state) {
    mpeg_state *s = state;
    if (s->handle) mpg123_delete(s->handle);
    free(s);
}

/** Whether the last call failed because memory ran out. */
static bool is_out_of_memory(const mpeg_state *s) {
    return !s->handle || mpg123_errcode(s->handle) == MPG123_OUT_OF_MEM;
}

static bool open_handle(mpeg_state *s) {
#if MPG123_API_VERSION < 46 /* before 1.27, where threads may call it at the same time (mpg123.h) */
    if (mpg123_init() != MPG123_OK) return false;
#endif
    s->handle = mpg123_new(NULL, NULL);
    return s->handle &&
           mpg123_param(s->handle, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0.0) == MPG123_OK &&
           mpg123_param(s->handle, MPG123_ADD_FLAGS,
                        MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_GAPLESS |
                            MPG123_NO_FRANKENSTEIN, /* junk behind the end is not a new stream */
                        0.0) == MPG123_OK &&
           /* over a hole of any size, so that what follows it is not lost */
           mpg123_param(s->handle, MPG123_RESYNC_LIMIT, -1, 0.0) == MPG123_OK &&
           mpg123_replace_reader_handle(s->handle, io_read, io_seek, NULL) == MPG123_OK &&
           mpg123_open_handle(s->handle, s) == MPG123_OK;
}

/** Skips an information frame that the library must not use; whether its count can be. */
static bool apply_info_frame(mpeg_state *s, const pt_decoder_input *input) {
    const pt_mpeg_info_frame info = pt_mpeg_read_info(&s->bytes, 0);
    if (info.kind == PT_MPEG_INFO_NONE) return false;
    const uint64_t n_frames = pt_mpeg_count_frames(&s->bytes) - 1;
    const bool too_small = info.n_frames > 0 && info.n_frames < n_frames;

    if (info.kind == PT_MPEG_INFO_XING && input->n_parts == 1 && !too_small && info.n_frames > 0)
        return true;
    if (info.n_frames > n_frames + 1) return info.kind == PT_MPEG_INFO_XING; /* cut */
    if (input->part == 0) s->n_delay = info.delay;
    s->bytes = pt_byte_source_slice(&s->bytes, info.bytes, UINT64_MAX);
    return false;
}

static const char *codec_name(mpg123_handle *handle) {
    struct mpg123_frameinfo info = {.layer = 3};
    (void)mpg123_info(handle, &info);
    return info.layer == 1 ? "mp1" : info.layer == 2 ? "mp2" : "mp3";
}

static patina_status mpeg_open(const pt_decoder_input *input, void **state,
                               pt_decoder_stream_info *stream_info, patina_error *err) {
    const pt_container_header *c = input->header;
    const bool in_wav =
        c->has_data && (c->wave_format == PT_WAVE_MPEG || c->wave_format == PT_WAVE_MP3);
    int encoding = 0;
    uint64_t first;

    if (!in_wav && pt_format_probe(input->bytes)) /* frames inside belong to that container */
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file contains no MPEG audio");
    if (c->kind != PT_CONTAINER_MPEG && !in_wav &&
        (!pt_mpeg_find_first(input->bytes, 0, input->bytes->size, &first) || first > 0))
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file contains no MPEG audio");
    mpeg_state *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->bytes = *input->bytes;
    const bool is_counted = apply_info_frame(s, input);
    if (!open_handle(s) ||
        mpg123_getformat(s->handle, &s->rate_hz, &s->n_channels, &encoding) != MPG123_OK ||
        encoding != MPG123_ENC_FLOAT_32 || s->rate_hz <= 0 || s->n_channels < 1 ||
        s->n_channels > 2) {
        const bool no_memory = is_out_of_memory(s);
        mpeg_close(s);
        if (no_memory) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the MPEG audio cannot be decoded");
    }
    stream_info->info.format = in_wav ? "wav" : "mp3";
    stream_info->info.rate_hz = (unsigned)s->rate_hz;
    stream_info->info.n_channels = (unsigned)s->n_channels;
    stream_info->info.codec = (pt_codec_info){.name = codec_name(s->handle), .is_lossy = true};
    const off_t length = is_counted ? mpg123_length(s->handle) : 0;
    if (length > 0) stream_info->declared_frames = (uint64_t)length;
    stream_info->tolerance_frames = TOLERANCE_FRAMES;
    *state = s;
    return PATINA_OK;
}

static patina_status mpeg_seek(void *state, uint64_t frame, patina_error *err) {
    (void)state, (void)frame;
    return pt_fail(err, PATINA_ERANGE, "MPEG audio is decoded from its start only");
}

static patina_status read_frames(mpeg_state *s, float *samples, size_t n_frames, size_t *n_read,
                                 patina_error *err) {
    const size_t frame_bytes = (size_t)s->n_channels * sizeof *samples;
    size_t done = 0, idle = 0;

    while (done < n_frames && idle < 4) {
        size_t got = 0;
        const int result = mpg123_read(s->handle, (unsigned char *)samples + done * frame_bytes,
                                       (n_frames - done) * frame_bytes, &got);
        done += got / frame_bytes;
        *n_read = done;
        idle = got > 0 ? 0 : idle + 1; /* not known to happen; prevents an endless loop */
        if (s->io_failed) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
        if (result == MPG123_ERR && is_out_of_memory(s))
            return pt_fail(err, PATINA_ENOMEM, "out of memory");
        if (result != MPG123_OK) break; /* the end, or no further frame of this stream */
    }
    return PATINA_OK;
}

static patina_status mpeg_read(void *state, float *samples, size_t n_frames, size_t *n_read,
                               patina_error *err) {
    mpeg_state *s = state;
    while (s->n_delay > 0 && n_frames > 0) {
        const size_t n = s->n_delay < n_frames ? s->n_delay : n_frames;
        size_t got = 0;
        PT_TRY(read_frames(s, samples, n, &got, err));
        s->n_delay = got < n ? 0 : s->n_delay - (unsigned)n;
    }
    return read_frames(s, samples, n_frames, n_read, err);
}

/* The library has no function for it before its 1.32, so this is what the program was built
 * with. */
static const char *mpeg_version(void) {
    return PT_MPG123_VERSION;
}

const pt_decoder_backend pt_decoder_mpg123 = {
    .name = "libmpg123",
    .summary = "MP3, MP2, MP1, and MP3 in WAV",
    .version = mpeg_version,
    .open = mpeg_open,
    .close = mpeg_close,
    .seek = mpeg_seek,
    .read = mpeg_read,
};
