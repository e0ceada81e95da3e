/* SPDX-License-Identifier: MIT */
/* audio.h - samples in memory */

#ifndef PATINA_AUDIO_H
#define PATINA_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#define PATINA_RATE_HZ       48000 /* of every excerpt after mixing and resampling */
#define PATINA_WINDOW_S      10    /* the longest window of a source */
#define PATINA_WINDOW_FRAMES (PATINA_RATE_HZ * PATINA_WINDOW_S)
#define PATINA_RATE_MIN_HZ   4000   /* K-weighting has no meaning below */
#define PATINA_RATE_MAX_HZ   384000 /* nor was it checked above */
#define PATINA_CHANNELS_MAX  64

/**
 * Interleaved samples, borrowed. Full scale is 1.0 and values over it are kept; channels stand in
 * WAVE order (L R C LFE Ls Rs ...).
 */
typedef struct patina_audio {
    const float *samples; /* [n_frames, n_channels] */
    size_t n_frames;
    unsigned n_channels;
    unsigned rate_hz;
} patina_audio;

/** Where a window lies in its source, in the source's own frames. */
typedef struct patina_window {
    uint64_t start;
    uint64_t frames;
    unsigned rate_hz;
    unsigned channels;
} patina_window;

#endif /* PATINA_AUDIO_H */
