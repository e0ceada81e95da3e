/* SPDX-License-Identifier: MIT */
/* stream_file.c - decodes, mixes and resamples a file in blocks */

#include "pipeline/stream_file.h"

#include <inttypes.h>
#include <stdlib.h>

#include <patina/file_ops.h>

#include "audio/decoder.h"
#include "audio/downmix.h"
#include "base/error.h"
#include "dsp/resample.h"

#define BLOCK_FRAMES 16384

typedef struct file_stream {
    const pt_block_callbacks *callbacks;
    pt_decoder *decoder;
    pt_decoder_info info;
    pt_resampler *resampler;
    float *frames; /* [BLOCK_FRAMES, n_channels] */
    float *mono;   /* [BLOCK_FRAMES] */
    float *out;    /* [n_out_max] */
    size_t n_out_max;
    uint64_t n_in; /* frames of the range so far */
} file_stream;

static patina_status file_stream_open(file_stream *p, const pt_byte_source *bytes,
                                      patina_error *err) {
    PT_TRY(pt_decoder_open(bytes, &p->decoder, &p->info, err));
    PT_TRY(pt_resampler_open(p->info.rate_hz, PT_RESAMPLER_BEST, &p->resampler, err));
    p->n_out_max = pt_resampler_bound(p->resampler, BLOCK_FRAMES);
    p->frames = malloc(BLOCK_FRAMES * sizeof(float) * p->info.n_channels);
    p->mono = malloc(BLOCK_FRAMES * sizeof(float));
    p->out = malloc(p->n_out_max * sizeof(float));
    if (!p->frames || !p->mono || !p->out) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    return PATINA_OK;
}

static void file_stream_release(file_stream *p) {
    pt_decoder_close(&p->decoder);
    pt_resampler_close(&p->resampler);
    free(p->frames);
    free(p->mono);
    free(p->out);
}

static patina_status emit_mix(const file_stream *p, const float *x, size_t n, patina_error *err) {
    return n > 0 && p->callbacks->on_mix ? p->callbacks->on_mix(p->callbacks->context, x, n, err)
                                         : PATINA_OK;
}

static patina_status process_block(file_stream *p, size_t n_frames, patina_error *err) {
    const patina_audio block = {p->frames, n_frames, p->info.n_channels, p->info.rate_hz};
    size_t n_out;
    if (p->callbacks->on_source)
        PT_TRY(p->callbacks->on_source(p->callbacks->context, &block, err));
    pt_audio_downmix(&block, p->mono);
    PT_TRY(pt_resampler_process(p->resampler, p->mono, n_frames, p->out, &n_out, err));
    p->n_in += n_frames;
    return emit_mix(p, p->out, n_out, err);
}

/* Emits the samples in the resampler's delay line. */
static patina_status flush_resampler(file_stream *p, patina_error *err) {
    for (size_t n = 1; n > 0;) {
        PT_TRY(pt_resampler_drain(p->resampler, p->out, p->n_out_max, &n, err));
        PT_TRY(emit_mix(p, p->out, n, err));
    }
    return PATINA_OK;
}

static patina_status fail_out_of_range(uint64_t start, uint64_t frames, uint64_t n_frames,
                                       patina_error *err) {
    if (frames == PATINA_FRAMES_TO_END)
        return pt_fail(err, PATINA_ERANGE,
                       "start frame %" PRIu64 " is after the end; there are %" PRIu64 " frames",
                       start, n_frames);
    return pt_fail(err, PATINA_ERANGE,
                   "frames %" PRIu64 " to %" PRIu64 " are not inside the file; there are %" PRIu64
                   " frames",
                   start, start + (frames - 1), n_frames);
}

/* Reads from the decoder's position, frame `at`, to the end of the range; to the end of the file if
 * its length is not exact. */
static patina_status read_range(file_stream *p, uint64_t at, uint64_t start, uint64_t frames,
                                patina_error *err) {
    const uint64_t end = frames == PATINA_FRAMES_TO_END ? UINT64_MAX : start + frames;
    size_t n_read = 1;

    while (n_read > 0 && (at < end || !p->info.exact)) {
        uint64_t n = BLOCK_FRAMES;
        if (at < start && n > start - at) n = start - at;
        if (at >= start && at < end && n > end - at) n = end - at;
        PT_TRY(pt_decoder_read(p->decoder, p->frames, (size_t)n, &n_read, err));
        if (n_read > 0 && at >= start && at < end) PT_TRY(process_block(p, n_read, err));
        at += n_read;
    }
    if (at < start || (start > 0 && at == start) || (frames != PATINA_FRAMES_TO_END && at < end))
        return fail_out_of_range(start, frames, at, err);
    return PATINA_OK;
}

static patina_status stream_range(file_stream *p, uint64_t start, uint64_t frames,
                                  patina_window *window, patina_error *err) {
    uint64_t at = 0;
    if (frames == 0) return pt_fail(err, PATINA_ERANGE, "a range of 0 frames cannot be measured");
    if (frames != PATINA_FRAMES_TO_END && frames > UINT64_MAX - 1 - start)
        return pt_fail(err, PATINA_ERANGE, "start frame and number of frames are too large");
    if (p->info.exact) {
        const uint64_t n = p->info.n_frames;
        if ((start > 0 && start >= n) || (frames != PATINA_FRAMES_TO_END && start + frames > n))
            return fail_out_of_range(start, frames, n, err);
        if (start > 0) PT_TRY(pt_decoder_seek(p->decoder, start, err));
        at = start;
    }
    PT_TRY(read_range(p, at, start, frames, err));
    PT_TRY(flush_resampler(p, err));
    *window = (patina_window){start, p->n_in, p->info.rate_hz, p->info.n_channels};
    return PATINA_OK;
}

patina_status pt_stream_file(const pt_byte_source *bytes, uint64_t start, uint64_t frames,
                             const pt_block_callbacks *callbacks, patina_window *window,
                             uint64_t *channel_mask, pt_codec_info *codec, patina_error *err) {
    file_stream p = {.callbacks = callbacks};
    patina_status status = file_stream_open(&p, bytes, err);
    if (status == PATINA_OK) status = stream_range(&p, start, frames, window, err);
    *channel_mask = p.info.channel_mask;
    *codec = p.info.codec;
    file_stream_release(&p);
    return status;
}
