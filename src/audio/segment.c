/* SPDX-License-Identifier: MIT */
/* segment.c - one window of a source, and its mono mix at 48 kHz
 *
 * If the length of a file is exact, the position of the window is known beforehand, and only the
 * window is decoded. Other files are decoded once from start to end, which counts the frames and
 * detects truncation; if the window is not among the frames that were kept, a second time up to the
 * end of the window. Frames are mixed and resampled block by block, so memory does not grow with
 * the size of the window.
 */

#include "audio/segment.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <patina/measure.h>

#include "audio/decoder.h"
#include "audio/downmix.h"
#include "base/arena.h"
#include "base/audio_format.h"
#include "base/error.h"
#include "base/loudness_block.h"
#include "dsp/denormal.h"
#include "dsp/resample.h"
#include "dsp/stats.h"

#define BUFFERED_WINDOWS 3   /* of a source whose length is not known yet */
#define NAMED_MARGIN_S   1.0 /* a clip of named seconds may be so much longer */
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
    const pt_segment_callbacks *callbacks; /* may be NULL */
} source;

/** Turns the frames of a window into a segment, in any number of blocks. */
typedef struct mixer {
    pt_segment *segment;
    pt_resampler *resampler;
    const pt_segment_callbacks *callbacks; /* may be NULL */
    float *mono;                           /* [PT_SEGMENT_BLOCK_FRAMES] */
    float *kept;                           /* [n_frames, n_channels]; NULL: not kept */
    size_t n_out;                          /* samples of the mix so far */
} mixer;

static uint64_t min_u64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static patina_status reserve(frame_buffer *h, uint64_t max_frames, pt_arena *arena,
                             patina_error *err) {
    uint64_t capacity = h->capacity ? 2 * h->capacity : 16 * (uint64_t)PT_SEGMENT_BLOCK_FRAMES;
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
    float *block = pt_arena_alloc_array(
        s->arena, (size_t)PT_SEGMENT_BLOCK_FRAMES * s->info.n_channels, sizeof *block);
    patina_status status = block ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    bool at_end = false;

    *n_skipped = 0;
    while (status == PATINA_OK && !at_end && *n_skipped < n_frames) {
        const uint64_t left = n_frames - *n_skipped;
        const size_t want = left < PT_SEGMENT_BLOCK_FRAMES ? (size_t)left : PT_SEGMENT_BLOCK_FRAMES;
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

/** A segment that a list names may be shorter than half a frame. */
static patina_status no_window(pt_segment_spec spec, patina_error *err) {
    return pt_fail(err, spec.rng ? PATINA_REJECT_TOO_SHORT : PATINA_ERANGE,
                   "the window has no frames");
}

/* Mixing ------------------------------------------------------------------------------------- */

/** Whole hops of the loudness, where they fit, which are then measured without a copy. */
static size_t block_frames(unsigned rate_hz) {
    const size_t hop = (size_t)pt_loudness_hop_frames(rate_hz);
    return hop < PT_SEGMENT_BLOCK_FRAMES ? PT_SEGMENT_BLOCK_FRAMES / hop * hop
                                         : PT_SEGMENT_BLOCK_FRAMES;
}

/** Prepares for the frames of segment->window. */
static patina_status mixer_open(mixer *m, pt_segment *segment, pt_segment_spec spec,
                                pt_arena *arena, patina_error *err) {
    const patina_window *w = &segment->window;
    const uint64_t n_mix = pt_resampled_length(w->frames, w->rate_hz);

    if (n_mix > SIZE_MAX / sizeof *segment->mix)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    segment->n_mix = (size_t)n_mix;
    segment->mix = pt_arena_alloc_array(arena, segment->n_mix, sizeof *segment->mix);
    segment->is_finite = true;
    *m = (mixer){.segment = segment, .callbacks = spec.callbacks};
    m->mono = pt_arena_alloc_array(arena, PT_SEGMENT_BLOCK_FRAMES, sizeof *m->mono);
    if (!segment->mix || !m->mono) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (spec.keep_source && w->frames * w->channels <= PT_SEGMENT_BUFFERED_SAMPLES) {
        m->kept = pt_arena_alloc_array(arena, (size_t)w->frames * w->channels, sizeof *m->kept);
        if (!m->kept) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        segment->source = (patina_audio){m->kept, (size_t)w->frames, w->channels, w->rate_hz};
    }
    return pt_resampler_open(w->rate_hz, spec.resampler, &m->resampler, err);
}

static patina_status mixer_add(mixer *m, const patina_audio *audio, patina_error *err) {
    pt_segment *e = m->segment;
    const size_t step = block_frames(audio->rate_hz);
    for (size_t done = 0; done < audio->n_frames;) {
        const size_t left = audio->n_frames - done, n = left < step ? left : step;
        const patina_audio block = {audio->samples + done * audio->n_channels, n, audio->n_channels,
                                    audio->rate_hz};
        size_t n_out = 0;
        const size_t n_samples = n * block.n_channels;
        e->is_finite = e->is_finite && pt_stats_all_finite(block.samples, n_samples);
        if (m->kept) {
            memcpy(m->kept, block.samples, n_samples * sizeof *m->kept);
            m->kept += n_samples;
        }
        if (m->callbacks && m->callbacks->add_source)
            PT_TRY(m->callbacks->add_source(m->callbacks->context, &block, e->channel_mask, err));
        pt_audio_downmix(&block, m->mono);
        PT_TRY(pt_resampler_process(m->resampler, m->mono, n, e->mix + m->n_out, &n_out, err));
        m->n_out += n_out;
        done += n;
    }
    return PATINA_OK;
}

/** Completes the mix after the last frame. */
static patina_status mixer_finish(mixer *m, patina_error *err) {
    for (size_t n = 1; n > 0; m->n_out += n)
        PT_TRY(pt_resampler_drain(m->resampler, m->segment->mix + m->n_out, SIZE_MAX, &n, err));
    return PATINA_OK;
}

/* Decoding ----------------------------------------------------------------------------------- */

/** Announces buffers of n samples, and the source of the window where it is kept. */
static patina_status reserve_memory(const source *s, pt_segment_spec spec, uint64_t n_samples,
                                    patina_error *err) {
    const uint64_t window = (uint64_t)(PATINA_WINDOW_S * s->info.rate_hz) * s->info.n_channels,
                   kept = spec.keep_source ? min_u64(window, PT_SEGMENT_BUFFERED_SAMPLES) : 0;
    return s->callbacks && s->callbacks->reserve
               ? s->callbacks->reserve(s->callbacks->context, (n_samples + kept) * sizeof(float),
                                       err)
               : PATINA_OK;
}

static pt_segment segment_of_source(const source *s, const window_place *window) {
    return (pt_segment){
        .window = {window->start, window->frames, s->info.rate_hz, s->info.n_channels},
        .is_named = window->is_named,
        .part_start = window->part_start,
        .part_frames = window->part_frames,
        .n_frames = s->info.n_frames,
        .codec = s->info.codec,
        .channel_mask = s->info.channel_mask,
        .n_streams = s->info.n_streams};
}

/** Decodes the frames of the window from the decoder's position on; *n_read is their number, which
 * is smaller if the source ends. */
static patina_status mix_from_decoder(source *s, mixer *m, uint64_t *n_read, patina_error *err) {
    const uint64_t n_frames = m->segment->window.frames;
    const unsigned n_channels = s->info.n_channels;
    const size_t step = block_frames(s->info.rate_hz);
    float *block = pt_arena_alloc_array(s->arena, step * n_channels, sizeof *block);
    bool at_end = false;

    *n_read = 0;
    if (!block) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    while (!at_end && *n_read < n_frames) {
        const size_t want = (size_t)min_u64(n_frames - *n_read, step);
        size_t got = 0;
        PT_TRY(pt_decoder_read(s->decoder, block, want, &got, err));
        const patina_audio audio = {block, got, n_channels, s->info.rate_hz};
        PT_TRY(mixer_add(m, &audio, err));
        *n_read += got;
        at_end = got < want;
    }
    return PATINA_OK;
}

/** Locates the window in a file of n frames and prepares for its frames. */
static patina_status open_window(source *s, pt_segment_spec spec, uint64_t n, mixer *m,
                                 pt_segment *segment, patina_error *err) {
    window_place window = {0};
    if (n == 0) return no_frames(err);
    PT_TRY(locate_window(spec, n, s->info.rate_hz, &window, err));
    if (window.frames == 0) return no_window(spec, err);
    *segment = segment_of_source(s, &window);
    segment->n_frames = n;
    return mixer_open(m, segment, spec, s->arena, err);
}

/** Reads the window of an exact file, and nothing else. */
static patina_status decode_exact(source *s, pt_segment_spec spec, mixer *m, pt_segment *segment,
                                  patina_error *err) {
    uint64_t n_read;

    PT_TRY(reserve_memory(s, spec, (uint64_t)PT_SEGMENT_BLOCK_FRAMES * s->info.n_channels, err));
    PT_TRY(open_window(s, spec, s->info.n_frames, m, segment, err));
    if (segment->window.start > 0) PT_TRY(pt_decoder_seek(s->decoder, segment->window.start, err));
    PT_TRY(mix_from_decoder(s, m, &n_read, err));
    if (n_read < segment->window.frames)
        return pt_fail(err, PATINA_REJECT_TRUNCATED,
                       "%s: the window has %llu frames, but only %llu of them can be read",
                       s->info.format, (unsigned long long)segment->window.frames,
                       (unsigned long long)n_read);
    return PATINA_OK;
}

/** Frames to keep of a source in which the window may be anywhere. */
static uint64_t max_buffered_frames(pt_segment_spec spec, const pt_decoder_info *info) {
    const uint64_t longest = (uint64_t)PATINA_WINDOW_S * info->rate_hz;
    return min_u64(spec.rng ? BUFFERED_WINDOWS * longest : min_u64(spec.frames, longest),
                   PT_SEGMENT_BUFFERED_SAMPLES / info->n_channels);
}

/** Decodes the window of a file whose frames were counted before, from the decoder's start. */
static patina_status mix_counted(source *s, mixer *m, patina_error *err) {
    const patina_window *w = &m->segment->window;
    uint64_t before, n_read;

    if (s->info.n_channels == w->channels && s->info.rate_hz == w->rate_hz) {
        PT_TRY(skip_frames(s, w->start, &before, err));
        PT_TRY(mix_from_decoder(s, m, &n_read, err));
        if (before == w->start && n_read == w->frames) return PATINA_OK;
    } /* it was all there before */
    return pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file changed while it was read");
}

/** Reads any other file to the end, and once more where the window is not among the kept frames. */
static patina_status decode_to_end(source *s, pt_segment_spec spec, mixer *m, pt_segment *segment,
                                   patina_error *err) {
    const uint64_t from = spec.rng ? 0 : spec.start; /* first frame of h */
    const uint64_t max_frames = max_buffered_frames(spec, &s->info);
    frame_buffer h = {.n_channels = s->info.n_channels};
    uint64_t before, rest;

    if (spec.n_frames > 0) {
        PT_TRY(
            reserve_memory(s, spec, (uint64_t)PT_SEGMENT_BLOCK_FRAMES * s->info.n_channels, err));
        PT_TRY(open_window(s, spec, spec.n_frames, m, segment, err));
        return mix_counted(s, m, err);
    }
    PT_TRY(reserve_memory(s, spec, 2 * max_frames * h.n_channels, err)); /* 2: reserve() doubles */
    PT_TRY(skip_frames(s, from, &before, err));
    PT_TRY(fill(s, &h, max_frames, err));
    PT_TRY(skip_frames(s, UINT64_MAX, &rest, err));
    PT_TRY(open_window(s, spec, before + h.n_frames + rest, m, segment, err));
    const patina_window *w = &segment->window;
    if (w->start + w->frames <= from + h.n_frames) {
        const patina_audio buffered = {h.samples + (size_t)(w->start - from) * h.n_channels,
                                       (size_t)w->frames, h.n_channels, s->info.rate_hz};
        return mixer_add(m, &buffered, err);
    }
    pt_decoder_close(&s->decoder);
    PT_TRY(pt_decoder_open(s->bytes, &s->decoder, &s->info, err));
    return mix_counted(s, m, err);
}

static patina_status decode(source *s, pt_segment_spec spec, pt_segment *segment,
                            patina_error *err) {
    pt_segment e = {0};
    mixer m = {0};

    PT_TRY(pt_decoder_open(s->bytes, &s->decoder, &s->info, err));
    patina_status status =
        s->info.exact ? decode_exact(s, spec, &m, &e, err) : decode_to_end(s, spec, &m, &e, err);
    if (status == PATINA_OK) status = mixer_finish(&m, err);
    pt_resampler_close(&m.resampler);
    if (status == PATINA_OK) *segment = e;
    return status;
}

patina_status pt_segment_decode(const pt_byte_source *bytes, pt_segment_spec spec,
                                pt_segment *segment, pt_arena *arena, patina_error *err) {
    source s = {.bytes = bytes, .arena = arena, .callbacks = spec.callbacks};
    const unsigned denormals = pt_denormals_flush();
    const patina_status status = decode(&s, spec, segment, err);

    pt_denormals_restore(denormals);
    pt_decoder_close(&s.decoder);
    return status;
}

/** The segment of `frames` frames from `start` on of a sound that was checked. */
static patina_status segment_of_window(const patina_audio *audio, uint64_t start, uint64_t frames,
                                       pt_resampler_kind resampler, pt_segment *segment,
                                       pt_arena *arena, patina_error *err) {
    pt_segment e = {.window = {start, frames, audio->rate_hz, audio->n_channels}};
    const patina_audio window = {audio->samples + (size_t)start * audio->n_channels, (size_t)frames,
                                 audio->n_channels, audio->rate_hz};
    mixer m = {0};

    const unsigned denormals = pt_denormals_flush();
    patina_status status =
        mixer_open(&m, &e, (pt_segment_spec){.resampler = resampler}, arena, err);
    if (status == PATINA_OK) status = mixer_add(&m, &window, err);
    if (status == PATINA_OK) status = mixer_finish(&m, err);
    pt_resampler_close(&m.resampler);
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
    if (window.frames == 0) return no_window(spec, err);
    return segment_of_window(audio, window.start, window.frames, spec.resampler, segment, arena,
                             err);
}

patina_status pt_segment_from_whole_audio(const patina_audio *audio, pt_segment *segment,
                                          pt_arena *arena, patina_error *err) {
    PT_TRY(pt_audio_format_check(audio->rate_hz, audio->n_channels, err));
    return segment_of_window(audio, 0, audio->n_frames, PT_RESAMPLER_BEST, segment, arena, err);
}

void pt_segment_scale(const float *samples, size_t n, double gain_db, float *scaled) {
    const float gain = (float)pow(10.0, gain_db / 20.0);
    for (size_t i = 0; i < n; i++)
        scaled[i] = gain * samples[i];
}

patina_status pt_segment_change_level(const pt_segment *segment, double gain_db,
                                      pt_segment *changed, pt_arena *arena, patina_error *err) {
    pt_segment result = *segment;
    result.mix = pt_arena_alloc_array(arena, segment->n_mix, sizeof *result.mix);
    if (!result.mix) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pt_segment_scale(segment->mix, segment->n_mix, gain_db, result.mix);
    *changed = result;
    return PATINA_OK;
}

patina_status pt_segment_check_finite(const pt_segment *segment, patina_error *err) {
    if (!segment->is_finite)
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
