/* SPDX-License-Identifier: MIT */
/* excerpt.c - one window of a source, and its mono mix at 48 kHz
 *
 * Of an exact file the window's place is known beforehand, and only the window is decoded. Any
 * other is decoded from start to end once, which counts its frames and finds what is truncated;
 * where the window did not lie within the first 10 s, a second time up to the window's end. Either
 * way no more than a window is held, and it grows with what was decoded, never with what a header
 * says.
 */

#include "audio/excerpt.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <patina/measure.h>

#include "audio/decoder.h"
#include "dsp/denormal.h"
#include "dsp/resample.h"
#include "dsp/stats.h"

#define BLOCK_FRAMES 4096      /* decoded at a time where frames are only counted */
#define HELD_WINDOWS 3         /* of a source whose length is not known yet ... */
#define HELD_SAMPLES (1 << 23) /* ... but no more than so many samples if one window has less */

/** Frames that were decoded one after the other; grows in the arena. */
typedef struct hold {
    float *samples; /* [n_frames, n_channels] */
    uint64_t n_frames, room;
    unsigned n_channels;
} hold;

/** One source on its way to an excerpt. */
typedef struct source {
    const pt_bytes *bytes;
    pt_decoder *decoder;
    pt_decoder_info info;
    pt_arena *arena;
} source;

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static pt_status make_room(hold *h, uint64_t most, pt_arena *arena, pt_error *err) {
    uint64_t room = h->room ? 2 * h->room : 16 * (uint64_t)BLOCK_FRAMES;
    if (room > most) room = most;
    float *samples = pt_arena_take_array(arena, (size_t)room * h->n_channels, sizeof *samples);
    if (!samples) return pt_fail(err, PT_ENOMEM, "out of memory");
    if (h->n_frames > 0)
        memcpy(samples, h->samples, (size_t)h->n_frames * h->n_channels * sizeof *samples);
    h->samples = samples;
    h->room = room;
    return PT_OK;
}

/** Decodes on until h has `most` frames or the file ends. */
static pt_status fill(source *s, hold *h, uint64_t most, pt_error *err) {
    size_t got, want;
    do {
        if (h->n_frames == most) return PT_OK;
        if (h->n_frames == h->room) PT_TRY(make_room(h, most, s->arena, err));
        want = (size_t)(least(h->room, most) - h->n_frames);
        PT_TRY(pt_decoder_read(s->decoder, h->samples + (size_t)h->n_frames * h->n_channels, want,
                               &got, err));
        h->n_frames += got;
    } while (got == want);
    return PT_OK;
}

/** Decodes up to n_frames and forgets them; *n_gone says how many there were. */
static pt_status pass_over(source *s, uint64_t n_frames, uint64_t *n_gone, pt_error *err) {
    const pt_arena_mark mark = pt_arena_here(s->arena);
    float *block =
        pt_arena_take_array(s->arena, (size_t)BLOCK_FRAMES * s->info.n_channels, sizeof *block);
    pt_status status = block ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");
    bool at_end = false;

    *n_gone = 0;
    while (status == PT_OK && !at_end && *n_gone < n_frames) {
        const uint64_t left = n_frames - *n_gone;
        const size_t want = left < BLOCK_FRAMES ? (size_t)left : BLOCK_FRAMES;
        size_t got = 0;
        status = pt_decoder_read(s->decoder, block, want, &got, err);
        *n_gone += got;
        at_end = got < want;
    }
    pt_arena_rewind(s->arena, mark);
    return status;
}

/** Where the window lies in a source of n frames (n >= 1). */
static pt_status place_window(pt_cut cut, uint64_t n, unsigned rate_hz, uint64_t *start,
                              uint64_t *frames, pt_error *err) {
    const uint64_t longest = (uint64_t)PT_WINDOW_S * rate_hz;
    if (cut.draw) {
        *frames = least(n, longest);
        /* u < 1 and the product is below 2^53 for any real file; rounding may reach the bound */
        *start = (uint64_t)floor(pt_rng_uniform(cut.draw, 0) * (double)(n - *frames + 1));
        if (*start > n - *frames) *start = n - *frames;
        return PT_OK;
    }
    if (cut.start >= n)
        return pt_fail(err, PT_ERANGE, "frame %llu lies behind the end; there are %llu frames",
                       (unsigned long long)cut.start, (unsigned long long)n);
    *start = cut.start;
    *frames = least(least(n - cut.start, cut.frames), longest);
    return PT_OK;
}

static pt_status no_frames(pt_error *err) {
    return pt_fail(err, PT_REJECT_TOO_SHORT, "no frames at all");
}

/** An exact file: to the window, and only that. */
static pt_status read_exact(source *s, pt_cut cut, hold *h, uint64_t *start, pt_error *err) {
    uint64_t frames = 0;

    if (s->info.n_frames == 0) return no_frames(err);
    PT_TRY(place_window(cut, s->info.n_frames, s->info.rate_hz, start, &frames, err));
    if (*start > 0) PT_TRY(pt_decoder_seek(s->decoder, *start, err));
    PT_TRY(fill(s, h, frames, err));
    if (h->n_frames < frames) /* within an allowance, and none has one where length is exact */
        return pt_fail(err, PT_REJECT_TRUNCATED,
                       "%s: the window has %llu frames, and %llu are there", s->info.format,
                       (unsigned long long)frames, (unsigned long long)h->n_frames);
    return PT_OK;
}

/** Frames to keep of a source that the window may lie anywhere in. */
static uint64_t most_held(const pt_decoder_info *info) {
    const uint64_t longest = (uint64_t)PT_WINDOW_S * info->rate_hz;
    const uint64_t held = least(HELD_WINDOWS * longest, HELD_SAMPLES / info->n_channels);
    return held > longest ? held : longest;
}

/** Any other: to the end, and once more where the window turns out to lie further on. */
static pt_status read_whole(source *s, pt_cut cut, hold *h, uint64_t *start, pt_error *err) {
    const uint64_t longest = (uint64_t)PT_WINDOW_S * s->info.rate_hz;
    const uint64_t from = cut.draw ? 0 : cut.start; /* where h begins */
    const uint64_t most = cut.draw ? most_held(&s->info) : least(cut.frames, longest);
    uint64_t before, rest, frames = 0;

    PT_TRY(pass_over(s, from, &before, err));
    PT_TRY(fill(s, h, most, err));
    PT_TRY(pass_over(s, UINT64_MAX, &rest, err));
    const uint64_t n = before + h->n_frames + rest;
    if (n == 0) return no_frames(err);
    PT_TRY(place_window(cut, n, s->info.rate_hz, start, &frames, err));
    if (*start + frames <= from + h->n_frames) {
        h->samples += (size_t)(*start - from) * h->n_channels;
        h->n_frames = frames;
        return PT_OK;
    }
    pt_decoder_close(&s->decoder);
    PT_TRY(pt_decoder_open(s->bytes, &s->decoder, &s->info, err));
    PT_TRY(pass_over(s, *start, &before, err));
    h->n_frames = 0;
    PT_TRY(fill(s, h, frames, err));
    if (before < *start || h->n_frames < frames) /* cannot be: it was all there a moment ago */
        return pt_fail(err, PT_REJECT_UNDECODABLE, "the file changes while it is read");
    return PT_OK;
}

void pt_mix_down(const pt_audio *audio, float *mix) {
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
static pt_status make_mix(pt_excerpt *e, pt_arena *arena, pt_error *err) {
    const size_t n = e->source.n_frames;
    const uint64_t n_mix = pt_resampled_length(n, e->source.rate_hz);
    pt_resampler *resampler = NULL;

    if (n_mix > SIZE_MAX / sizeof *e->mix) return pt_fail(err, PT_ENOMEM, "out of memory");
    e->n_mix = (size_t)n_mix;
    e->mix = pt_arena_take_array(arena, e->n_mix, sizeof *e->mix);
    const pt_arena_mark mark = pt_arena_here(arena);
    float *mono = pt_arena_take_array(arena, n, sizeof *mono);
    if (!e->mix || !mono) return pt_fail(err, PT_ENOMEM, "out of memory");
    pt_mix_down(&e->source, mono);
    pt_status status = pt_resampler_open(e->source.rate_hz, &resampler, err);
    if (status == PT_OK) status = pt_resampler_run(resampler, mono, n, e->mix, err);
    pt_resampler_close(&resampler);
    pt_arena_rewind(arena, mark);
    return status;
}

static pt_status decode(source *s, pt_cut cut, pt_excerpt *excerpt, pt_error *err) {
    pt_excerpt e = {0};
    hold h = {0};
    uint64_t start = 0;

    PT_TRY(pt_decoder_open(s->bytes, &s->decoder, &s->info, err));
    h.n_channels = s->info.n_channels;
    PT_TRY(s->info.exact ? read_exact(s, cut, &h, &start, err)
                         : read_whole(s, cut, &h, &start, err));
    if (h.n_frames == 0) return pt_fail(err, PT_ERANGE, "a window of no frames");
    e.window = (pt_window){start, h.n_frames, s->info.rate_hz, h.n_channels};
    e.source = (pt_audio){h.samples, (size_t)h.n_frames, h.n_channels, s->info.rate_hz};
    PT_TRY(make_mix(&e, s->arena, err));
    *excerpt = e;
    return PT_OK;
}

pt_status pt_excerpt_decode(const pt_bytes *bytes, pt_cut cut, pt_excerpt *excerpt, pt_arena *arena,
                            pt_error *err) {
    source s = {.bytes = bytes, .arena = arena};
    const unsigned denormals = pt_denormals_flush();
    const pt_status status = decode(&s, cut, excerpt, err);

    pt_denormals_restore(denormals);
    pt_decoder_close(&s.decoder);
    return status;
}

static pt_status check_ranges(const pt_audio *audio, pt_error *err) {
    if (audio->rate_hz < PT_RATE_MIN_HZ || audio->rate_hz > PT_RATE_MAX_HZ)
        return pt_fail(err, PT_REJECT_UNSUPPORTED, "a rate of %u Hz, and %d to %d are measured",
                       audio->rate_hz, PT_RATE_MIN_HZ, PT_RATE_MAX_HZ);
    if (audio->n_channels < 1 || audio->n_channels > PT_CHANNELS_MAX)
        return pt_fail(err, PT_REJECT_UNSUPPORTED, "%u channels, and 1 to %d are measured",
                       audio->n_channels, PT_CHANNELS_MAX);
    return PT_OK;
}

/** The excerpt of `frames` frames from `start` on of a sound that was checked. */
static pt_status borrow(const pt_audio *audio, uint64_t start, uint64_t frames, pt_excerpt *excerpt,
                        pt_arena *arena, pt_error *err) {
    pt_excerpt e = {.window = {start, frames, audio->rate_hz, audio->n_channels}};
    const float *samples = audio->samples + (size_t)start * audio->n_channels;

    e.source = (pt_audio){samples, (size_t)frames, audio->n_channels, audio->rate_hz};
    const unsigned denormals = pt_denormals_flush();
    const pt_status status = make_mix(&e, arena, err);
    pt_denormals_restore(denormals);
    if (status == PT_OK) *excerpt = e;
    return status;
}

pt_status pt_excerpt_take(const pt_audio *audio, pt_cut cut, pt_excerpt *excerpt, pt_arena *arena,
                          pt_error *err) {
    uint64_t start = 0, frames = 0;

    PT_TRY(check_ranges(audio, err));
    if (audio->n_frames == 0) return no_frames(err);
    PT_TRY(place_window(cut, audio->n_frames, audio->rate_hz, &start, &frames, err));
    if (frames == 0) return pt_fail(err, PT_ERANGE, "a window of no frames");
    return borrow(audio, start, frames, excerpt, arena, err);
}

pt_status pt_excerpt_take_whole(const pt_audio *audio, pt_excerpt *excerpt, pt_arena *arena,
                                pt_error *err) {
    PT_TRY(check_ranges(audio, err));
    return borrow(audio, 0, audio->n_frames, excerpt, arena, err);
}

pt_status pt_excerpt_check_finite(const pt_excerpt *excerpt, pt_error *err) {
    const pt_audio *a = &excerpt->source;
    if (!pt_stats_finite(a->samples, a->n_frames * a->n_channels))
        return pt_fail(err, PT_REJECT_NONFINITE, "NaN or infinite samples in the window");
    return PT_OK;
}

pt_status pt_excerpt_check(const pt_excerpt *excerpt, pt_error *err) {
    const pt_window *w = &excerpt->window;
    const uint64_t shortest = pt_block_frames(w->rate_hz);

    if (w->frames < shortest)
        return pt_fail(err, PT_REJECT_TOO_SHORT,
                       "%llu frames at %u Hz, and %llu are needed (0.4 s)",
                       (unsigned long long)w->frames, w->rate_hz, (unsigned long long)shortest);
    PT_TRY(pt_excerpt_check_finite(excerpt, err));
    if (excerpt->n_mix == 0 || pt_stats_power(excerpt->mix, excerpt->n_mix) < PT_SILENCE_POWER)
        return pt_fail(err, PT_REJECT_SILENT, "silent: AC power of the mix under -100 dB");
    return PT_OK;
}

pt_status pt_window_check(const pt_window *got, const pt_window *wanted, pt_error *err) {
    if (got->rate_hz == wanted->rate_hz && got->channels == wanted->channels &&
        got->frames == wanted->frames)
        return PT_OK;
    return pt_fail(err, PT_EFORMAT,
                   "the window is %" PRIu64 " frames of %u channels at %u Hz, but the recipe was "
                   "made from %" PRIu64 " frames of %u channels at %u Hz; name the recording that "
                   "the recipe belongs to",
                   got->frames, got->channels, got->rate_hz, wanted->frames, wanted->channels,
                   wanted->rate_hz);
}

pt_status pt_excerpt_again(const pt_bytes *bytes, const pt_window *window, pt_excerpt *excerpt,
                           pt_arena *arena, pt_error *err) {
    const pt_cut cut = {.start = window->start, .frames = window->frames};
    PT_TRY(pt_excerpt_decode(bytes, cut, excerpt, arena, err));
    PT_TRY(pt_window_check(&excerpt->window, window, err));
    return pt_excerpt_check(excerpt, err);
}
