/* SPDX-License-Identifier: MIT */
/* excerpt.h - the piece of a source that a row is made of */

#ifndef PATINA_AUDIO_EXCERPT_H
#define PATINA_AUDIO_EXCERPT_H

#include <stddef.h>
#include <stdint.h>

#include <patina/arena.h>
#include <patina/audio.h>
#include <patina/status.h>

#include "base/bytes.h"
#include "base/rng.h"

/** A decoded window: the source's own samples, and its 48 kHz mono mix. */
typedef struct pt_excerpt {
    pt_window window;
    pt_audio source; /* in the arena, or borrowed */
    float *mix;      /* [n_mix], in the arena */
    size_t n_mix;
} pt_excerpt;

/**
 * Where to cut: with n frames in all the window has min(n, 10 s) frames and starts at
 * floor(u (n - window + 1)), u = draw 0 of `draw`; or, where draw is NULL, at frame `start` and
 * with at most `frames` frames (and 10 s).
 */
typedef struct pt_cut {
    const pt_rng *draw;
    uint64_t start, frames;
} pt_cut;

/**
 * Decodes one window, mixes all channels (arithmetic mean) and resamples to 48 kHz.
 * A file whose length is not exactly known is decoded to its end, so that a truncated one is
 * found; of an exact one only the window is read.
 *
 * Errors   PT_REJECT_UNDECODABLE, _TRUNCATED, _UNSUPPORTED
 *          PT_ERANGE            cut.start lies at or behind the end (of a file with frames)
 *          PT_REJECT_TOO_SHORT  no frame at all
 */
pt_status pt_excerpt_decode(const pt_bytes *bytes, pt_cut cut, pt_excerpt *excerpt, pt_arena *arena,
                            pt_error *err);

/**
 * Takes the window of a sound in memory, whose samples it borrows, and makes the mix likewise.
 *
 * Errors   PT_REJECT_UNSUPPORTED, PT_ERANGE, PT_REJECT_TOO_SHORT as above
 */
pt_status pt_excerpt_take(const pt_audio *audio, pt_cut cut, pt_excerpt *excerpt, pt_arena *arena,
                          pt_error *err);

/** The same of the whole sound, of any length, for measuring; no frame at all is an empty mix. */
pt_status pt_excerpt_take_whole(const pt_audio *audio, pt_excerpt *excerpt, pt_arena *arena,
                                pt_error *err);

/**
 * What generate asks of an excerpt beyond decoding, judged in this order: at least 4 hops of
 * loudness (PT_REJECT_TOO_SHORT), no NaN and no Inf in the window (PT_REJECT_NONFINITE), and a mix
 * that is not silent (PT_REJECT_SILENT).
 */
pt_status pt_excerpt_check(const pt_excerpt *excerpt, pt_error *err);

/**
 * Whether a window is the one that a recipe was made from. A recipe belongs to one recording:
 * another one would be degraded without anybody noticing.
 *
 * Errors   PT_EFORMAT  another number of frames or channels, or another rate
 */
pt_status pt_window_check(const pt_window *got, const pt_window *wanted, pt_error *err);

/**
 * The excerpt that a row was made of, taken once more from its recording and judged as then.
 *
 * Errors   PT_EFORMAT  the bytes give another window: they are another recording
 *          and all of pt_excerpt_decode and pt_excerpt_check
 */
pt_status pt_excerpt_again(const pt_bytes *bytes, const pt_window *window, pt_excerpt *excerpt,
                           pt_arena *arena, pt_error *err);

/** PT_REJECT_NONFINITE alone: all that embedding asks, for which no excerpt is too short. */
pt_status pt_excerpt_check_finite(const pt_excerpt *excerpt, pt_error *err);

/** Interleaved frames to the mean of all channels, summed in double. */
void pt_mix_down(const pt_audio *audio, float *mix);

#endif /* PATINA_AUDIO_EXCERPT_H */
