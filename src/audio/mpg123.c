/* SPDX-License-Identifier: MIT */
/* mpg123.c - MPEG audio (MP3, MP2, MP1, and MP3 in a WAV) by libmpg123
 *
 * libsndfile could, through the same library, but then warnings go to standard error, and a file of
 * changing bit rate without an information frame ends at a guess of its length: half of a real one
 * was lost that way, and a guess that is too long would make it truncated. So the length is a
 * promise only where the first frame is a Xing or Info frame that counts the frames.
 *
 * A stream ends where its format changes: what stands there is as a rule no audio but a tag.
 *
 * There is no seeking: the bit reservoir makes what follows a seek differ from what decoding from
 * the start gives.
 */

#include <mpg123.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/decoder_backend.h"
#include "audio/format_probe.h"
#include "base/error.h"
#include "patina_config.h"

#define TOLERANCE_FRAMES 1152  /* frames: one of the codec's own */
#define SEARCH_BYTES     65536 /* of anything that may stand before the first frame */

typedef struct mpeg_state {
    mpg123_handle *handle;
    const pt_byte_source *bytes;
    uint64_t base, size; /* the part of the bytes that is MPEG audio */
    uint64_t position;   /* in that part */
    bool io_failed;
    long rate_hz;
    int n_channels;
} mpeg_state;

static ssize_t io_read(void *user, void *buffer, size_t n) {
    mpeg_state *s = user;
    if (s->position >= s->size) return 0;
    if (n > s->size - s->position) n = (size_t)(s->size - s->position);
    const int64_t got = pt_byte_source_read_at(s->bytes, s->base + s->position, buffer, n);
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
                                            : (off_t)s->size;
    off_t target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return -1;
    s->position = (uint64_t)target;
    return target;
}

/** Whether three frames of one kind follow each other from `at` on. */
static bool is_frame_sequence(const unsigned char *b, size_t n, size_t at) {
    const unsigned char *first = b + at;
    for (int k = 0; k < 3; k++) {
        if (n < 4 || at > n - 4) return false;
        const unsigned length = pt_mpeg_frame_bytes(b + at);
        if (length == 0) return false;
        /* version, layer and rate stay; so does mono */
        if (b[at + 1] >> 1 != first[1] >> 1 || (b[at + 2] & 0x0C) != (first[2] & 0x0C) ||
            ((b[at + 3] & 0xC0) == 0xC0) != ((first[3] & 0xC0) == 0xC0))
            return false;
        at += length;
    }
    return true;
}

/** Where the first frame stands at or behind `from`; false when nothing looks like one. */
static bool find_first_frame(const pt_byte_source *bytes, uint64_t from, uint64_t *first) {
    unsigned char *b = malloc(SEARCH_BYTES);
    const int64_t n = b ? pt_byte_source_read_at(bytes, from, b, SEARCH_BYTES) : 0;
    bool found = false;

    for (size_t at = 0; !found && (int64_t)at < n; at++) {
        found = b[at] == 0xFF && is_frame_sequence(b, (size_t)n, at);
        if (found) *first = from + at;
    }
    free(b);
    return found;
}

/** Whether the frame at `first` is a Xing or Info frame with a number of frames in it. */
static bool has_xing_frame_count(const pt_byte_source *bytes, uint64_t first) {
    unsigned char b[4 + 32 + 2 + 12];
    if (pt_byte_source_read_at(bytes, first, b, sizeof b) != (int64_t)sizeof b) return false;
    const bool mpeg1 = (b[1] >> 3 & 3) == 3, mono = b[3] >> 6 == 3;
    const size_t side = mpeg1 ? (mono ? 17 : 32) : (mono ? 9 : 17); /* bytes of side information */

    for (size_t crc = 0; crc <= 2; crc += 2) { /* writers disagree whether a checksum shifts it */
        const unsigned char *tag = b + 4 + side + crc;
        if (memcmp(tag, "Xing", 4) != 0 && memcmp(tag, "Info", 4) != 0) continue;
        const bool has_count = tag[7] & 1;
        return has_count && (tag[8] | tag[9] | tag[10] | tag[11]) != 0;
    }
    return false;
}

static void mpeg_close(void *state) {
    mpeg_state *s = state;
    if (s->handle) mpg123_delete(s->handle);
    free(s);
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

static patina_status mpeg_open(const pt_byte_source *bytes, const pt_container_header *c,
                               void **state, pt_decoder_stream_info *stream_info,
                               patina_error *err) {
    const bool in_wav =
        c->has_data && (c->wave_format == PT_WAVE_MPEG || c->wave_format == PT_WAVE_MP3);
    uint64_t base = in_wav ? c->data_offset : pt_id3_end(bytes);
    int encoding = 0;

    if (!in_wav && pt_format_probe(bytes)) /* frames inside are that container's to find */
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "no MPEG audio");
    if (!find_first_frame(bytes, base, &base) && c->kind != PT_CONTAINER_MPEG && !in_wav)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "no MPEG audio");
    mpeg_state *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->bytes = bytes;
    s->base = base;
    s->size = bytes->size - base;
    if (in_wav && c->data_size < c->data_available && c->data_offset + c->data_size > base)
        s->size = c->data_offset + c->data_size - base;
    patina_status status = PATINA_OK;
    if (!open_handle(s) ||
        mpg123_getformat(s->handle, &s->rate_hz, &s->n_channels, &encoding) != MPG123_OK ||
        encoding != MPG123_ENC_FLOAT_32 || s->rate_hz <= 0 || s->n_channels < 1 ||
        s->n_channels > 2) {
        status = pt_fail(err, PATINA_REJECT_UNDECODABLE, "not MPEG audio that can be read");
        goto done;
    }
    stream_info->info.format = in_wav ? "wav" : "mp3";
    stream_info->info.rate_hz = (unsigned)s->rate_hz;
    stream_info->info.n_channels = (unsigned)s->n_channels;
    const off_t length = has_xing_frame_count(bytes, base) ? mpg123_length(s->handle) : 0;
    if (length > 0) stream_info->declared_frames = (uint64_t)length;
    stream_info->tolerance_frames = TOLERANCE_FRAMES;
    *state = s;
    s = NULL;
done:
    if (s) mpeg_close(s);
    return status;
}

static patina_status mpeg_seek(void *state, uint64_t frame, patina_error *err) {
    (void)state, (void)frame;
    return pt_fail(err, PATINA_ERANGE, "MPEG audio is decoded from its start");
}

static patina_status mpeg_read(void *state, float *samples, size_t n_frames, size_t *n_read,
                               patina_error *err) {
    mpeg_state *s = state;
    const size_t frame_bytes = (size_t)s->n_channels * sizeof *samples;
    size_t done = 0, idle = 0;

    while (done < n_frames && idle < 4) {
        size_t got = 0;
        const int result = mpg123_read(s->handle, (unsigned char *)samples + done * frame_bytes,
                                       (n_frames - done) * frame_bytes, &got);
        done += got / frame_bytes;
        *n_read = done;
        idle = got > 0 ? 0 : idle + 1; /* never seen to come back with nothing; not to hang then */
        if (s->io_failed) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
        if (result != MPG123_OK) break; /* the end, or no frame of this stream any more */
    }
    return PATINA_OK;
}

/* The library cannot be asked before its 1.32, so this is what the program was built with. */
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
