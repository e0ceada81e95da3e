/* SPDX-License-Identifier: MIT */
/* audio.h - samples in memory */

#ifndef PATINA_AUDIO_H
#define PATINA_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#define PT_RATE_HZ       48000 /* of every excerpt after mixing and resampling */
#define PT_WINDOW_S      10    /* the longest window of a source */
#define PT_WINDOW_FRAMES (PT_RATE_HZ * PT_WINDOW_S)
#define PT_RATE_MIN_HZ   4000   /* K-weighting has no meaning below */
#define PT_RATE_MAX_HZ   384000 /* nor was it checked above */
#define PT_CHANNELS_MAX  64

/**
 * Frames of a gating block of loudness (BS.1770: 400 ms, four hops of 100) at a rate; what is
 * shorter cannot be measured.
 */
static inline uint64_t pt_block_frames(unsigned rate_hz) {
    return 4 * (((uint64_t)rate_hz + 5) / 10);
}

/**
 * Interleaved samples, borrowed. Full scale is 1.0 and values over it are kept; channels stand in
 * WAVE order (L R C LFE Ls Rs ...).
 */
typedef struct pt_audio {
    const float *samples; /* [n_frames, n_channels] */
    size_t n_frames;
    unsigned n_channels;
    unsigned rate_hz;
} pt_audio;

/** Where a window lies in its source, in the source's own frames. */
typedef struct pt_window {
    uint64_t start;
    uint64_t frames;
    unsigned rate_hz;
    unsigned channels;
} pt_window;

#endif /* PATINA_AUDIO_H */
