/* SPDX-License-Identifier: MIT */
/* decoder.c - the table of decoding libraries, and the checks that are the same for all
 *
 * Libraries report damage as the end of the file. Each backend therefore states how many frames the
 * file declares; if more of them are missing than the tolerance of the codec, the file is rejected
 * as truncated.
 */

#include "audio/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "audio/decoder_backend.h"
#include "audio/format_probe.h"
#include "audio/joined_streams.h"
#include "base/audio_format.h"
#include "base/error.h"
#include "patina_config.h"

static const pt_decoder_backend *const backends[] = {
    &pt_decoder_sndfile,
    &pt_decoder_mpg123,
#if PT_HAVE_FFMPEG
    &pt_decoder_ffmpeg,
#endif
};

struct pt_decoder {
    const pt_byte_source *bytes;
    pt_container_header header;
    pt_joined_streams streams;
    size_t stream; /* being read */
    pt_byte_source stream_bytes;
    const pt_decoder_backend *backend; /* of this stream; NULL: none is open */
    void *state;
    pt_decoder_stream_info stream_info;
    uint64_t position, stream_start; /* frame that comes next, and the first of the stream */
};

/** Sets the error for a known format that no decoder of this build supports. */
static bool describe_unsupported(const pt_byte_source *bytes, patina_error *err) {
    const pt_format_info *probed = pt_format_probe(bytes);
    if (!probed) return false;
    if (probed->demuxer && !PT_HAVE_FFMPEG)
        pt_fail(err, PATINA_REJECT_UNDECODABLE,
                "%s is not supported by this build; build patina with FFmpeg's libraries",
                probed->title);
    else
        pt_fail(err, PATINA_REJECT_UNDECODABLE, "%s is not supported by any decoder of this build",
                probed->title);
    return true;
}

/** For messages on a file that no library reads. */
static const char *container_name(pt_container_format kind) {
    static const char *const names[] = {
        [PT_CONTAINER_OTHER] = "audio", [PT_CONTAINER_WAV] = "wav", [PT_CONTAINER_RF64] = "rf64",
        [PT_CONTAINER_AIFF] = "aiff",   [PT_CONTAINER_W64] = "w64", [PT_CONTAINER_CAF] = "caf",
        [PT_CONTAINER_AU] = "au",       [PT_CONTAINER_MPEG] = "mp3"};
    return names[kind];
}

/** A WAV (or similar) whose declared sample data exceeds the file. */
static patina_status check_data_size(const pt_container_header *c, const char *format,
                                     patina_error *err) {
    if (!c->has_data || c->unknown_size || c->data_size <= c->data_available) return PATINA_OK;
    return pt_fail(err, PATINA_REJECT_TRUNCATED,
                   "%s: the header declares %llu bytes of samples, but the file contains %llu",
                   format, (unsigned long long)c->data_size, (unsigned long long)c->data_available);
}

/** A WAV (or similar) whose declared sample data ends before the samples. */
static patina_status check_rest(const pt_container_header *c, const char *format,
                                patina_error *err) {
    const unsigned long long at = c->rest_offset;
    if (c->rest == PT_REST_FILE)
        return pt_fail(
            err, PATINA_REJECT_UNDECODABLE,
            "%s: another file is joined at byte %llu and would not be read; split the file", format,
            at);
    if (c->rest == PT_REST_DATA)
        return pt_fail(
            err, PATINA_REJECT_UNDECODABLE,
            "%s: a second chunk of samples at byte %llu would not be read; convert the file",
            format, at);
    if (c->rest == PT_REST_UNKNOWN)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "%s: the header declares %llu bytes of samples, but no chunk follows them "
                       "at byte %llu; correct the size in the header",
                       format, (unsigned long long)c->data_size, at);
    return PATINA_OK;
}

static patina_status check_ranges(const pt_decoder_info *info, patina_error *err) {
    const patina_status status = pt_audio_format_check(info->rate_hz, info->n_channels, err);
    if (status != PATINA_OK) pt_error_add_context(err, "%s", info->format);
    return status;
}

static void close_stream(pt_decoder *d) {
    if (d->backend) d->backend->close(d->state);
    d->backend = NULL;
    d->state = NULL;
}

/** Opens stream number i with the first backend that reads it. */
static patina_status open_stream(pt_decoder *d, size_t i, patina_error *err) {
    const pt_joined_stream *stream = &d->streams.stream[i];
    const pt_decoder_input input = {&d->stream_bytes, &d->header, i, d->streams.n};
    patina_error reported = {0}; /* the first error, or that of the backend whose format it is */
    bool is_known = false;
    patina_status status = PATINA_REJECT_UNDECODABLE;

    close_stream(d);
    d->stream = i;
    d->stream_start = d->position;
    d->stream_bytes = pt_byte_source_slice(d->bytes, stream->offset, stream->size);
    for (size_t b = 0; b < sizeof backends / sizeof backends[0] && !d->backend; b++) {
        patina_error why = {0};
        d->stream_info = (pt_decoder_stream_info){0};
        status = backends[b]->open(&input, &d->state, &d->stream_info, &why);
        if (status == PATINA_OK) d->backend = backends[b];
        const bool is_own = status != PATINA_REJECT_UNDECODABLE || d->stream_info.info.format;
        if (b == 0 || is_own) reported = why;
        is_known = is_known || is_own;
        if (status != PATINA_OK && status != PATINA_REJECT_UNDECODABLE) break;
    }
    if (status == PATINA_OK) return PATINA_OK;
    if (status == PATINA_REJECT_UNDECODABLE) { /* possibly because of wrong sizes */
        PT_TRY(check_data_size(&d->header, container_name(d->header.kind), err));
        PT_TRY(check_rest(&d->header, container_name(d->header.kind), err));
    }
    if (is_known || !describe_unsupported(&d->stream_bytes, err))
        return pt_fail(err, status, "%s", reported.message);
    return PATINA_REJECT_UNDECODABLE;
}

static patina_status open_file(pt_decoder *d, patina_error *err) {
    if (d->bytes->size == 0) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file is empty");
    pt_container_header_parse(d->bytes, &d->header);
    PT_TRY(pt_joined_streams_find(d->bytes, &d->header, &d->streams, err));
    PT_TRY(open_stream(d, 0, err));
    PT_TRY(check_data_size(&d->header, d->stream_info.info.format, err));
    PT_TRY(check_rest(&d->header, d->stream_info.info.format, err));
    return check_ranges(&d->stream_info.info, err);
}

patina_status pt_decoder_open(const pt_byte_source *bytes, pt_decoder **decoder,
                              pt_decoder_info *info, patina_error *err) {
    pt_decoder *d = calloc(1, sizeof *d);

    if (!d) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    d->bytes = bytes;
    const patina_status status = open_file(d, err);
    if (status != PATINA_OK) {
        pt_decoder_close(&d);
        return status;
    }
    if (d->streams.n > 1) {
        d->stream_info.info.exact = false;
        d->stream_info.info.n_frames = 0;
    }
    *info = d->stream_info.info;
    *decoder = d;
    return PATINA_OK;
}

void pt_decoder_close(pt_decoder **decoder) {
    if (!*decoder) return;
    close_stream(*decoder);
    pt_joined_streams_release(&(*decoder)->streams);
    free(*decoder);
    *decoder = NULL;
}

patina_status pt_decoder_seek(pt_decoder *decoder, uint64_t frame, patina_error *err) {
    PT_TRY(decoder->backend->seek(decoder->state, frame, err));
    decoder->position = frame;
    return PATINA_OK;
}

static void reorder_channels(const pt_decoder_stream_info *stream_info, float *samples,
                             size_t n_frames) {
    const unsigned n = stream_info->info.n_channels;
    float frame[PATINA_CHANNELS_MAX];

    for (size_t i = 0; i < n_frames; i++) {
        for (unsigned c = 0; c < n; c++)
            frame[stream_info->channel_map[c]] = samples[i * n + c];
        for (unsigned c = 0; c < n; c++)
            samples[i * n + c] = frame[c];
    }
}

/** Opens the next stream. */
static patina_status open_next_part(pt_decoder *d, patina_error *err) {
    const pt_decoder_info before = d->stream_info.info;
    const double at_s = (double)d->position / before.rate_hz;
    const patina_status status = open_stream(d, d->stream + 1, err);
    const pt_decoder_info *info = &d->stream_info.info;

    if (status != PATINA_OK) {
        pt_error_add_context(err, "%s: in the joined stream that begins at %.2f s", before.format,
                             at_s);
        return status;
    }
    if (info->rate_hz == before.rate_hz && info->n_channels == before.n_channels) return PATINA_OK;
    return pt_fail(err, PATINA_REJECT_UNDECODABLE, "%s: " PT_CHANGE_FORMAT, before.format, at_s,
                   before.n_channels, before.rate_hz, info->n_channels, info->rate_hz);
}

/** Reads from the open stream. */
static patina_status read_stream(pt_decoder *d, float *samples, size_t n_frames, size_t *n_read,
                                 patina_error *err) {
    const pt_decoder_stream_info *stream_info = &d->stream_info;
    const char *format = stream_info->info.format;
    const patina_status status = d->backend->read(d->state, samples, n_frames, n_read, err);

    if (status != PATINA_OK) {
        pt_error_add_context(err, "%s near frame %llu", format,
                             (unsigned long long)(d->position + *n_read));
        return status;
    }
    if (stream_info->is_reordered) reorder_channels(stream_info, samples, *n_read);
    d->position += *n_read;
    const uint64_t n_decoded = d->position - d->stream_start;
    /* neither comes near 2^64: each frame was decoded */
    if (*n_read < n_frames &&
        n_decoded + stream_info->tolerance_frames < stream_info->declared_frames)
        return pt_fail(err, PATINA_REJECT_TRUNCATED,
                       "%s: the header declares %llu frames, but the file contains %llu", format,
                       (unsigned long long)stream_info->declared_frames,
                       (unsigned long long)n_decoded);
    return PATINA_OK;
}

patina_status pt_decoder_read(pt_decoder *decoder, float *samples, size_t n_frames, size_t *n_read,
                              patina_error *err) {
    const unsigned n_channels = decoder->stream_info.info.n_channels;
    size_t done = 0;

    for (;;) {
        size_t n = 0;
        PT_TRY(read_stream(decoder, samples + done * n_channels, n_frames - done, &n, err));
        done += n;
        if (done == n_frames || decoder->stream + 1 >= decoder->streams.n) break;
        PT_TRY(open_next_part(decoder, err));
    }
    *n_read = done;
    return PATINA_OK;
}

bool pt_decoder_is_doubtful(patina_status status, patina_status *previous) {
    const bool is_doubtful =
        status == PATINA_REJECT_UNDECODABLE || status == PATINA_REJECT_TRUNCATED;
    const bool is_first = status != *previous;
    *previous = status;
    return is_doubtful && is_first;
}

bool pt_decoder_library(size_t i, const char **name, const char **version) {
    if (i >= sizeof backends / sizeof *backends) return false;
    *name = backends[i]->name;
    *version = backends[i]->version();
    return true;
}
