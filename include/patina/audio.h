/* SPDX-License-Identifier: MIT */
/**
 * @file audio.h
 * @brief Samples in memory, and the constants of the processing chain.
 *
 * @code
 * static const float samples[96000] = {0.0F};
 * const patina_audio sound = {samples, 48000, 2, 48000};
 * printf("%zu frames of %u channels\n", sound.n_frames, sound.n_channels);
 * @endcode
 */

#ifndef PATINA_AUDIO_H
#define PATINA_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#define PATINA_RATE_HZ  48000 /**< sampling rate after mixing to mono and resampling */
#define PATINA_WINDOW_S 10    /**< longest window of a source, in seconds */
/** The same in samples at PATINA_RATE_HZ. */
#define PATINA_WINDOW_FRAMES (PATINA_RATE_HZ * PATINA_WINDOW_S)
#define PATINA_RATE_MIN_HZ   4000   /**< lowest source rate; K-weighting is undefined below */
#define PATINA_RATE_MAX_HZ   384000 /**< highest source rate that is tested */
#define PATINA_CHANNELS_MAX  64     /**< most channels of a source */

/**
 * Interleaved samples, borrowed from the caller. Full scale is 1.0; larger values are kept.
 * Channels are in WAVE order (L R C LFE Ls Rs ...).
 */
typedef struct patina_audio {
    const float *samples; /**< [n_frames, n_channels] */
    size_t n_frames;      /**< samples of each channel */
    unsigned n_channels;  /**< 1 to PATINA_CHANNELS_MAX */
    unsigned rate_hz;     /**< PATINA_RATE_MIN_HZ to PATINA_RATE_MAX_HZ */
} patina_audio;

/** Position of a window in its source, in frames at the source's rate. */
typedef struct patina_window {
    uint64_t start;    /**< first frame */
    uint64_t frames;   /**< length */
    unsigned rate_hz;  /**< of the source */
    unsigned channels; /**< of the source */
} patina_window;

#endif /* PATINA_AUDIO_H */
