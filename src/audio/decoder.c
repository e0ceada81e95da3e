/* SPDX-License-Identifier: MIT */
/* decoder.c - the table of decoding libraries, and what is asked of each alike
 *
 * Libraries end early on damaged files and call it the end. So each tells beforehand how many
 * frames the file promises, and here every one that is missing, beyond the codec's own allowance,
 * makes the file truncated.
 */

#include "audio/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "audio/decoder_backend.h"
#include "audio/format_probe.h"
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
    const pt_decoder_backend *backend;
    void *state;
    pt_decoder_stream_info stream_info;
    uint64_t position; /* frame that comes next */
};

/** Says of bytes that no decoder here reads what they are, if that is known, and what to do about
 * it. */
static bool describe_unsupported(const pt_byte_source *bytes, patina_error *err) {
    const pt_format_info *probed = pt_format_probe(bytes);
    if (!probed) return false;
    if (probed->demuxer && !PT_HAVE_FFMPEG)
        pt_fail(err, PATINA_REJECT_UNDECODABLE,
                "%s, which this build does not read: build patina with FFmpeg's libraries",
                probed->title);
    else
        pt_fail(err, PATINA_REJECT_UNDECODABLE, "%s, which no decoder of this build reads",
                probed->title);
    return true;
}

/** A WAV (or relative) whose sample data reaches behind the file's end. */
static patina_status check_data_size(const pt_container_header *c, const char *format,
                                     patina_error *err) {
    if (!c->has_data || c->unknown_size || c->data_size <= c->data_available) return PATINA_OK;
    return pt_fail(err, PATINA_REJECT_TRUNCATED,
                   "%s: %llu bytes of samples are promised and %llu are there", format,
                   (unsigned long long)c->data_size, (unsigned long long)c->data_available);
}

static patina_status check_ranges(const pt_decoder_info *info, patina_error *err) {
    if (info->rate_hz < PATINA_RATE_MIN_HZ || info->rate_hz > PATINA_RATE_MAX_HZ)
        return pt_fail(err, PATINA_REJECT_UNSUPPORTED,
                       "%s: a rate of %u Hz, and %d to %d are measured", info->format,
                       info->rate_hz, PATINA_RATE_MIN_HZ, PATINA_RATE_MAX_HZ);
    if (info->n_channels < 1 || info->n_channels > PATINA_CHANNELS_MAX)
        return pt_fail(err, PATINA_REJECT_UNSUPPORTED, "%s: %u channels, and 1 to %d are measured",
                       info->format, info->n_channels, PATINA_CHANNELS_MAX);
    return PATINA_OK;
}

patina_status pt_decoder_open(const pt_byte_source *bytes, pt_decoder **decoder,
                              pt_decoder_info *info, patina_error *err) {
    pt_decoder *d = calloc(1, sizeof *d);
    pt_container_header container;
    patina_error reported = {
        0}; /* the first one's reason, or that of the backend whose format it is */
    bool is_known = false;
    patina_status status = PATINA_REJECT_UNDECODABLE;

    if (!d) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (bytes->size == 0) {
        status = pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file is empty");
        goto done;
    }
    pt_container_header_parse(bytes, &container);
    for (size_t i = 0; i < sizeof backends / sizeof backends[0] && !d->backend; i++) {
        patina_error why = {0};
        d->stream_info = (pt_decoder_stream_info){0};
        status = backends[i]->open(bytes, &container, &d->state, &d->stream_info, &why);
        if (status == PATINA_OK) d->backend = backends[i];
        is_known = status != PATINA_REJECT_UNDECODABLE || d->stream_info.info.format;
        if (i == 0 || is_known) reported = why;
        if (status != PATINA_OK && status != PATINA_REJECT_UNDECODABLE) break;
    }
    if (status == PATINA_REJECT_UNDECODABLE &&
        check_data_size(&container, "the file", err) != PATINA_OK) {
        status = PATINA_REJECT_TRUNCATED; /* which is why nobody would read it */
        goto done;
    }
    if (status != PATINA_OK) {
        if (is_known || !describe_unsupported(bytes, err))
            pt_fail(err, status, "%s", reported.message);
        goto done;
    }
    status = check_data_size(&container, d->stream_info.info.format, err);
    if (status == PATINA_OK) status = check_ranges(&d->stream_info.info, err);
    if (status != PATINA_OK) goto done;
    *info = d->stream_info.info;
    *decoder = d;
    d = NULL;
done:
    pt_decoder_close(&d);
    return status;
}

void pt_decoder_close(pt_decoder **decoder) {
    if (!*decoder) return;
    if ((*decoder)->backend) (*decoder)->backend->close((*decoder)->state);
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

patina_status pt_decoder_read(pt_decoder *decoder, float *samples, size_t n_frames, size_t *n_read,
                              patina_error *err) {
    const pt_decoder_stream_info *stream_info = &decoder->stream_info;
    const char *format = stream_info->info.format;
    size_t n = 0;
    const patina_status status = decoder->backend->read(decoder->state, samples, n_frames, &n, err);

    if (status != PATINA_OK) {
        pt_error_add_context(err, "%s near frame %llu", format,
                             (unsigned long long)(decoder->position + n));
        return status;
    }
    if (stream_info->is_reordered) reorder_channels(stream_info, samples, n);
    decoder->position += n;
    *n_read = n;
    /* position and allowance are far from 2^64: each frame was decoded */
    if (n < n_frames &&
        decoder->position + stream_info->tolerance_frames < stream_info->declared_frames)
        return pt_fail(err, PATINA_REJECT_TRUNCATED,
                       "%s: %llu frames are promised and %llu are there", format,
                       (unsigned long long)stream_info->declared_frames,
                       (unsigned long long)decoder->position);
    return PATINA_OK;
}

bool pt_decoder_library(size_t i, const char **name, const char **version) {
    if (i >= sizeof backends / sizeof *backends) return false;
    *name = backends[i]->name;
    *version = backends[i]->version();
    return true;
}
