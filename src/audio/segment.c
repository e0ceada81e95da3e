/* SPDX-License-Identifier: MIT */
/* segment.c - one window of a source, and its mono mix at 48 kHz
 *
 * If the length of a file is exact, the position of the window is known beforehand, and only the
 * window is decoded. Other files are decoded once from start to end, which counts the frames and
 * detects truncation; if the window is not within the first 30 s, a second time up to the end of
 * the window. Memory is limited to the first 30 s or the window, and grows with the decoded frames,
 * not with the length that a header gives.
 */

#include "audio/segment.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <patina/measure.h>

#include "audio/decoder.h"
#include "base/arena.h"
#include "base/audio_format.h"
#include "base/error.h"
#include "base/loudness_block.h"
#include "dsp/denormal.h"
#include "dsp/resample.h"
#include "dsp/stats.h"

#define BLOCK_FRAMES     4096      /* decoded at a time where frames are only counted */
#define BUFFERED_WINDOWS 3         /* of a source whose length is not known yet ... */
#define BUFFERED_SAMPLES (1 << 23) /* ... but no more than so many samples if one window has less */
#define NAMED_MARGIN_S   1.0       /* a clip of named seconds may be so much longer */
#define NAMED_MIN_S      0.4 /* of named seconds that the source must hold: a loudness block */

/** Consecutive frames; grows in the arena. */
typedef struct frame_buffer {
    float *samples; /* [n_frames, n_channels] */
    uint64_t n_frames, capacity;
    unsigned n_channels;
} frame_buffer;

/** A source that is being decoded. */
typedef struct source {
    const pt_byte_source *bytes;
    pt_decoder *decoder;
    pt_decoder_info info;
    pt_arena *arena;
} source;

static uint64_t min_u64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static patina_status reserve(frame_buffer *h, uint64_t max_frames, pt_arena *arena,
                             patina_error *err) {
    uint64_t capacity = h->capacity ? 2 * h->capacity : 16 * (uint64_t)BLOCK_FRAMES;
    if (capacity > max_frames) capacity = max_frames;
    float *samples = pt_arena_alloc_array(arena, (size_t)capacity * h->n_channels, sizeof *samples);
    if (!samples) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (h->n_frames > 0)
        memcpy(samples, h->samples, (size_t)h->n_frames * h->n_channels * sizeof *samples);
    h->samples = samples;
    h->capacity = capacity;
    return PATINA_OK;
}

/** Decodes until h has `max_frames` frames or the file ends. */
static patina_status fill(source *s, frame_buffer *h, uint64_t max_frames, patina_error *err) {
    size_t got, want;
    do {
        if (h->n_frames == max_frames) return PATINA_OK;
        if (h->n_frames == h->capacity) PT_TRY(reserve(h, max_frames, s->arena, err));
        want = (size_t)(min_u64(h->capacity, max_frames) - h->n_frames);
        PT_TRY(pt_decoder_read(s->decoder, h->samples + (size_t)h->n_frames * h->n_channels, want,
                               &got, err));
        h->n_frames += got;
    } while (got == want);
    return PATINA_OK;
}

/** Decodes up to n_frames and discards them; *n_skipped is their number. */
static patina_status skip_frames(source *s, uint64_t n_frames, uint64_t *n_skipped,
                                 patina_error *err) {
    const pt_arena_marker mark = pt_arena_mark(s->arena);
    float *block =
        pt_arena_alloc_array(s->arena, (size_t)BLOCK_FRAMES * s->info.n_channels, sizeof *block);
    patina_status status = block ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    bool at_end = false;

    *n_skipped = 0;
    while (status == PATINA_OK && !at_end && *n_skipped < n_frames) {
        const uint64_t left = n_frames - *n_skipped;
        const size_t want = left < BLOCK_FRAMES ? (size_t)left : BLOCK_FRAMES;
        size_t got = 0;
        status = pt_decoder_read(s->decoder, block, want, &got, err);
        *n_skipped += got;
        at_end = got < want;
    }
    pt_arena_rewind(s->arena, mark);
    return status;
}

/** A window, and whether it is in the seconds that a list names. */
typedef struct window_place {
    uint64_t start, frames;
    uint64_t part_start, part_frames; /* in which it was placed */
    bool is_named;
} window_place;

/** The part of n frames in which the window is drawn: the seconds that a list names, where the
 * source is longer than they are by NAMED_MARGIN_S. */
static patina_status locate_named_part(pt_segment_spec spec, uint64_t n, unsigned rate_hz,
                                       window_place *part, patina_error *err) {
    const double length_s = (double)n / rate_hz;
    *part = (window_place){.frames = n};
    if (spec.named_length_s <= 0.0 || length_s < spec.named_length_s + NAMED_MARGIN_S)
        return PATINA_OK;
    const bool is_reached = spec.named_start_s + NAMED_MIN_S <= length_s;
    if (!is_reached && spec.named_may_be_cut) return PATINA_OK;
    if (!is_reached)
        return pt_fail(err, PATINA_REJECT_TOO_SHORT,
                       "the file is %.1f s long, but its segment begins at %.1f s", length_s,
                       spec.named_start_s);
    part->is_named = true;
    part->start = (uint64_t)floor(fmax(spec.named_start_s, 0.0) * rate_hz + 0.5);
    part->frames = min_u64(n - part->start, (uint64_t)floor(spec.named_length_s * rate_hz + 0.5));
    return PATINA_OK;
}

/** Locates the window in a source of n frames (n >= 1). */
static patina_status locate_window(pt_segment_spec spec, uint64_t n, unsigned rate_hz,
                                   window_place *window, patina_error *err) {
    const uint64_t longest = (uint64_t)PATINA_WINDOW_S * rate_hz;
    if (spec.rng) {
        window_place part;
        PT_TRY(locate_named_part(spec, n, rate_hz, &part, err));
        const uint64_t frames = min_u64(part.frames, longest), room = part.frames - frames;
        /* u < 1 and the product is below 2^53 for any real file; rounding may reach the bound */
        const double drawn = floor(pt_rng_uniform(spec.rng, 0) * (double)(room + 1));
        const uint64_t offset = min_u64(spec.has_offset ? spec.offset : (uint64_t)drawn, room);
        *window =
            (window_place){part.start + offset, frames, part.start, part.frames, part.is_named};
        return PATINA_OK;
    }
    if (spec.start >= n)
        return pt_fail(err, PATINA_ERANGE, "frame %llu is after the end; the audio has %llu frames",
                       (unsigned long long)spec.start, (unsigned long long)n);
    *window = (window_place){.start = spec.start,
                             .frames = min_u64(min_u64(n - spec.start, spec.frames), longest)};
    return PATINA_OK;
}

static patina_status no_frames(patina_error *err) {
    return pt_fail(err, PATINA_REJECT_TOO_SHORT, "the audio has no frames");
}

/** Reads the window of an exact file, and nothing else. */
static patina_status read_window(source *s, pt_segment_spec spec, frame_buffer *h,
                                 window_place *window, patina_error *err) {
    if (s->info.n_frames == 0) return no_frames(err);
    PT_TRY(locate_window(spec, s->info.n_frames, s->info.rate_hz, window, err));
    if (window->start > 0) PT_TRY(pt_decoder_seek(s->decoder, window->start, err));
    PT_TRY(fill(s, h, window->frames, err));
    if (h->n_frames < window->frames)
        return pt_fail(err, PATINA_REJECT_TRUNCATED,
                       "%s: the window has %llu frames, but only %llu of them can be read",
                       s->info.format, (unsigned long long)window->frames,
                       (unsigned long long)h->n_frames);
    return PATINA_OK;
}

/** Frames to keep of a source in which the window may be anywhere. */
static uint64_t max_buffered_frames(const pt_decoder_info *info) {
    const uint64_t longest = (uint64_t)PATINA_WINDOW_S * info->rate_hz;
    const uint64_t held = min_u64(BUFFERED_WINDOWS * longest, BUFFERED_SAMPLES / info->n_channels);
    return held > longest ? held : longest;
}

/** Reads the window of a file whose length was counted before, from the decoder's start. */
static patina_status read_counted(source *s, const window_place *window, frame_buffer *h,
                                  patina_error *err) {
    uint64_t before;
    PT_TRY(skip_frames(s, window->start, &before, err));
    h->n_frames = 0;
    PT_TRY(fill(s, h, window->frames, err));
    if (before < window->start || h->n_frames < window->frames) /* it was all there before */
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file changes while it is read");
    return PATINA_OK;
}

/** Reads any other file to the end, and once more where the window turns out to be further back. */
static patina_status read_to_end(source *s, pt_segment_spec spec, frame_buffer *h,
                                 window_place *window, uint64_t *n_frames, patina_error *err) {
    const uint64_t longest = (uint64_t)PATINA_WINDOW_S * s->info.rate_hz;
    const uint64_t from = spec.rng ? 0 : spec.start; /* first frame of h */
    const uint64_t max_frames =
        spec.rng ? max_buffered_frames(&s->info) : min_u64(spec.frames, longest);
    uint64_t before, rest;

    if (spec.n_frames > 0) {
        *n_frames = spec.n_frames;
        PT_TRY(locate_window(spec, spec.n_frames, s->info.rate_hz, window, err));
        return read_counted(s, window, h, err);
    }
    PT_TRY(skip_frames(s, from, &before, err));
    PT_TRY(fill(s, h, max_frames, err));
    PT_TRY(skip_frames(s, UINT64_MAX, &rest, err));
    const uint64_t n = before + h->n_frames + rest;
    if (n == 0) return no_frames(err);
    *n_frames = n;
    PT_TRY(locate_window(spec, n, s->info.rate_hz, window, err));
    if (window->start + window->frames <= from + h->n_frames) {
        h->samples += (size_t)(window->start - from) * h->n_channels;
        h->n_frames = window->frames;
        return PATINA_OK;
    }
    pt_decoder_close(&s->decoder);
    PT_TRY(pt_decoder_open(s->bytes, &s->decoder, &s->info, err));
    return read_counted(s, window, h, err);
}

void pt_audio_downmix(const patina_audio *audio, float *mix) {
    const unsigned n = audio->n_channels;
    const float *x = audio->samples;

    if (n == 2) { /* the same number without a division, and in vectors */
        for (size_t i = 0; i < audio->n_frames; i++)
            mix[i] = (float)(0.5 * ((double)x[2 * i] + (double)x[2 * i + 1]));
        return;
    }
    for (size_t i = 0; i < audio->n_frames; i++, x += n) {
        double sum = 0.0;
        for (unsigned c = 0; c < n; c++)
            sum += x[c];
        mix[i] = (float)(sum / n);
    }
}

/** Mono mix of e->source to 48 kHz, in the arena. */
static patina_status mix_and_resample(pt_segment *e, pt_arena *arena, patina_error *err) {
    const size_t n = e->source.n_frames;
    const uint64_t n_mix = pt_resampled_length(n, e->source.rate_hz);
    pt_resampler *resampler = NULL;

    if (n_mix > SIZE_MAX / sizeof *e->mix) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    e->n_mix = (size_t)n_mix;
    e->mix = pt_arena_alloc_array(arena, e->n_mix, sizeof *e->mix);
    const pt_arena_marker mark = pt_arena_mark(arena);
    float *mono = pt_arena_alloc_array(arena, n, sizeof *mono);
    if (!e->mix || !mono) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pt_audio_downmix(&e->source, mono);
    patina_status status = pt_resampler_open(e->source.rate_hz, &resampler, err);
    if (status == PATINA_OK) status = pt_resampler_run(resampler, mono, n, e->mix, err);
    pt_resampler_close(&resampler);
    pt_arena_rewind(arena, mark);
    return status;
}

static patina_status decode(source *s, pt_segment_spec spec, pt_segment *segment,
                            patina_error *err) {
    pt_segment e = {0};
    frame_buffer h = {0};
    window_place window = {0};

    PT_TRY(pt_decoder_open(s->bytes, &s->decoder, &s->info, err));
    h.n_channels = s->info.n_channels;
    e.n_frames = s->info.n_frames;
    PT_TRY(s->info.exact ? read_window(s, spec, &h, &window, err)
                         : read_to_end(s, spec, &h, &window, &e.n_frames, err));
    if (h.n_frames == 0) return pt_fail(err, PATINA_ERANGE, "the window has no frames");
    e.window = (patina_window){window.start, h.n_frames, s->info.rate_hz, h.n_channels};
    e.source = (patina_audio){h.samples, (size_t)h.n_frames, h.n_channels, s->info.rate_hz};
    e.is_named = window.is_named;
    e.part_start = window.part_start;
    e.part_frames = window.part_frames;
    e.channel_mask = s->info.channel_mask;
    e.n_streams = s->info.n_streams;
    e.codec = s->info.codec;
    PT_TRY(mix_and_resample(&e, s->arena, err));
    *segment = e;
    return PATINA_OK;
}

patina_status pt_segment_decode(const pt_byte_source *bytes, pt_segment_spec spec,
                                pt_segment *segment, pt_arena *arena, patina_error *err) {
    source s = {.bytes = bytes, .arena = arena};
    const unsigned denormals = pt_denormals_flush();
    const patina_status status = decode(&s, spec, segment, err);

    pt_denormals_restore(denormals);
    pt_decoder_close(&s.decoder);
    return status;
}

/** The segment of `frames` frames from `start` on of a sound that was checked. */
static patina_status segment_of_window(const patina_audio *audio, uint64_t start, uint64_t frames,
                                       pt_segment *segment, pt_arena *arena, patina_error *err) {
    pt_segment e = {.window = {start, frames, audio->rate_hz, audio->n_channels}};
    const float *samples = audio->samples + (size_t)start * audio->n_channels;

    e.source = (patina_audio){samples, (size_t)frames, audio->n_channels, audio->rate_hz};
    const unsigned denormals = pt_denormals_flush();
    const patina_status status = mix_and_resample(&e, arena, err);
    pt_denormals_restore(denormals);
    if (status == PATINA_OK) *segment = e;
    return status;
}

patina_status pt_segment_from_audio(const patina_audio *audio, pt_segment_spec spec,
                                    pt_segment *segment, pt_arena *arena, patina_error *err) {
    window_place window = {0};

    PT_TRY(pt_audio_format_check(audio->rate_hz, audio->n_channels, err));
    if (audio->n_frames == 0) return no_frames(err);
    PT_TRY(locate_window(spec, audio->n_frames, audio->rate_hz, &window, err));
    if (window.frames == 0) return pt_fail(err, PATINA_ERANGE, "the window has no frames");
    return segment_of_window(audio, window.start, window.frames, segment, arena, err);
}

patina_status pt_segment_from_whole_audio(const patina_audio *audio, pt_segment *segment,
                                          pt_arena *arena, patina_error *err) {
    PT_TRY(pt_audio_format_check(audio->rate_hz, audio->n_channels, err));
    return segment_of_window(audio, 0, audio->n_frames, segment, arena, err);
}

/* A copy, multiplied by a gain; NULL: out of memory. */
static float *scale(const float *samples, size_t n, float gain, pt_arena *arena) {
    float *scaled = pt_arena_alloc_array(arena, n, sizeof *scaled);
    for (size_t i = 0; scaled && i < n; i++)
        scaled[i] = gain * samples[i];
    return scaled;
}

patina_status pt_segment_change_level(const pt_segment *segment, double gain_db,
                                      pt_segment *changed, pt_arena *arena, patina_error *err) {
    const float gain = (float)pow(10.0, gain_db / 20.0);
    const patina_audio *of = &segment->source;
    pt_segment result = *segment;
    float *mix = scale(segment->mix, segment->n_mix, gain, arena);
    float *samples = scale(of->samples, of->n_frames * of->n_channels, gain, arena);
    if (!mix || !samples) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    result.mix = mix;
    result.source.samples = samples;
    *changed = result;
    return PATINA_OK;
}

patina_status pt_segment_check_finite(const pt_segment *segment, patina_error *err) {
    const patina_audio *a = &segment->source;
    if (!pt_stats_all_finite(a->samples, a->n_frames * a->n_channels))
        return pt_fail(err, PATINA_REJECT_NONFINITE, "the window contains NaN or infinite samples");
    return PATINA_OK;
}

patina_status pt_segment_check(const pt_segment *segment, patina_error *err) {
    const patina_window *w = &segment->window;
    const uint64_t shortest = pt_loudness_block_frames(w->rate_hz);

    if (w->frames < shortest)
        return pt_fail(err, PATINA_REJECT_TOO_SHORT,
                       "%llu frames at %u Hz are too short; at least %llu (0.4 s) are required",
                       (unsigned long long)w->frames, w->rate_hz, (unsigned long long)shortest);
    PT_TRY(pt_segment_check_finite(segment, err));
    if (segment->n_mix == 0 || pt_stats_power(segment->mix, segment->n_mix) < PATINA_SILENCE_POWER)
        return pt_fail(err, PATINA_REJECT_SILENT,
                       "silent: the AC power of the mix is below -100 dB re full scale");
    return PATINA_OK;
}

patina_status pt_window_check(const patina_window *got, const patina_window *wanted,
                              patina_error *err) {
    if (got->rate_hz == wanted->rate_hz && got->channels == wanted->channels &&
        got->frames == wanted->frames)
        return PATINA_OK;
    return pt_fail(err, PATINA_EFORMAT,
                   "the window is %" PRIu64 " frames of %u channels at %u Hz, but the recipe was "
                   "made from %" PRIu64 " frames of %u channels at %u Hz; name the recording that "
                   "the recipe belongs to",
                   got->frames, got->channels, got->rate_hz, wanted->frames, wanted->channels,
                   wanted->rate_hz);
}
