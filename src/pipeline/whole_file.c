/* SPDX-License-Identifier: MIT */
/* whole_file.c - decode, mix, resample in blocks */

#include "pipeline/whole_file.h"

#include <inttypes.h>
#include <stdlib.h>

#include <patina/files.h>

#include "audio/decoder.h"
#include "audio/excerpt.h"
#include "dsp/resample.h"

#define BLOCK_FRAMES 16384

typedef struct pass {
    const pt_block_taker *taker;
    pt_decoder *decoder;
    pt_decoder_info info;
    pt_resampler *resampler;
    float *frames; /* [BLOCK_FRAMES, n_channels] */
    float *mono;   /* [BLOCK_FRAMES] */
    float *out;    /* [n_out_max] */
    size_t n_out_max;
    uint64_t n_in; /* frames of the part so far */
} pass;

static pt_status pass_open(pass *p, const pt_bytes *bytes, pt_error *err) {
    PT_TRY(pt_decoder_open(bytes, &p->decoder, &p->info, err));
    PT_TRY(pt_resampler_open(p->info.rate_hz, &p->resampler, err));
    p->n_out_max = pt_resampler_bound(p->resampler, BLOCK_FRAMES);
    p->frames = malloc(BLOCK_FRAMES * sizeof(float) * p->info.n_channels);
    p->mono = malloc(BLOCK_FRAMES * sizeof(float));
    p->out = malloc(p->n_out_max * sizeof(float));
    if (!p->frames || !p->mono || !p->out) return pt_fail(err, PT_ENOMEM, "out of memory");
    return PT_OK;
}

static void pass_release(pass *p) {
    pt_decoder_close(&p->decoder);
    pt_resampler_close(&p->resampler);
    free(p->frames);
    free(p->mono);
    free(p->out);
}

static pt_status give_mix(const pass *p, const float *x, size_t n, pt_error *err) {
    return n > 0 && p->taker->mix ? p->taker->mix(p->taker->context, x, n, err) : PT_OK;
}

static pt_status take_block(pass *p, size_t n_frames, pt_error *err) {
    const pt_audio block = {p->frames, n_frames, p->info.n_channels, p->info.rate_hz};
    size_t n_out;
    if (p->taker->source) PT_TRY(p->taker->source(p->taker->context, &block, err));
    pt_mix_down(&block, p->mono);
    PT_TRY(pt_resampler_add(p->resampler, p->mono, n_frames, p->out, &n_out, err));
    p->n_in += n_frames;
    return give_mix(p, p->out, n_out, err);
}

/* What the resampler still holds: with it the mix has the length that the rate gives. */
static pt_status take_tail(pass *p, pt_error *err) {
    for (size_t n = 1; n > 0;) {
        PT_TRY(pt_resampler_drain(p->resampler, p->out, p->n_out_max, &n, err));
        PT_TRY(give_mix(p, p->out, n, err));
    }
    return PT_OK;
}

static pt_status outside(uint64_t start, uint64_t frames, uint64_t n_frames, pt_error *err) {
    if (frames == PT_TO_THE_END)
        return pt_fail(err, PT_ERANGE,
                       "start frame %" PRIu64 " lies behind the end; there are %" PRIu64 " frames",
                       start, n_frames);
    return pt_fail(err, PT_ERANGE,
                   "frames %" PRIu64 " to %" PRIu64 " do not lie inside; there are %" PRIu64
                   " frames",
                   start, start + (frames - 1), n_frames);
}

/* Reads from the decoder's place, frame `at`, to the part's end, or to the file's when not exact.
 */
static pt_status read_part(pass *p, uint64_t at, uint64_t start, uint64_t frames, pt_error *err) {
    const uint64_t end = frames == PT_TO_THE_END ? UINT64_MAX : start + frames;
    size_t n_read = 1;

    while (n_read > 0 && (at < end || !p->info.exact)) {
        uint64_t n = BLOCK_FRAMES;
        if (at < start && n > start - at) n = start - at;
        if (at >= start && at < end && n > end - at) n = end - at;
        PT_TRY(pt_decoder_read(p->decoder, p->frames, (size_t)n, &n_read, err));
        if (n_read > 0 && at >= start && at < end) PT_TRY(take_block(p, n_read, err));
        at += n_read;
    }
    if (at < start || (start > 0 && at == start) || (frames != PT_TO_THE_END && at < end))
        return outside(start, frames, at, err);
    return PT_OK;
}

static pt_status run_pass(pass *p, uint64_t start, uint64_t frames, pt_window *window,
                          pt_error *err) {
    uint64_t at = 0;
    if (frames == 0) return pt_fail(err, PT_ERANGE, "a part of 0 frames has nothing to measure");
    if (frames != PT_TO_THE_END && frames > UINT64_MAX - 1 - start)
        return pt_fail(err, PT_ERANGE, "start frame and number of frames are too large");
    if (p->info.exact) {
        const uint64_t n = p->info.n_frames;
        if ((start > 0 && start >= n) || (frames != PT_TO_THE_END && start + frames > n))
            return outside(start, frames, n, err);
        if (start > 0) PT_TRY(pt_decoder_seek(p->decoder, start, err));
        at = start;
    }
    PT_TRY(read_part(p, at, start, frames, err));
    PT_TRY(take_tail(p, err));
    *window = (pt_window){start, p->n_in, p->info.rate_hz, p->info.n_channels};
    return PT_OK;
}

pt_status pt_whole_file_pass(const pt_bytes *bytes, uint64_t start, uint64_t frames,
                             const pt_block_taker *taker, pt_window *window, pt_error *err) {
    pass p = {.taker = taker};
    pt_status status = pass_open(&p, bytes, err);
    if (status == PT_OK) status = run_pass(&p, start, frames, window, err);
    pass_release(&p);
    return status;
}
