/* SPDX-License-Identifier: MIT */
/* page_sound.h - a sound to listen to and to look at: at half the rate where room is short, and a
 * picture of its mel bands */

#ifndef PATINA_REPORT_PAGE_SOUND_H
#define PATINA_REPORT_PAGE_SOUND_H

#include <stddef.h>

#include <patina/arena.h>
#include <patina/status.h>

#include "base/str.h"
#include "clap/mel.h"

/** Every second sample of a 48 kHz signal (at most 10 s) that has nothing left over 11.4 kHz: out
 * [n / 2], 24 kHz. PT_ENOMEM. */
pt_status pt_sound_halve(const float *x, size_t n, float *out, pt_arena *scratch, pt_error *err);

/** The mel bands that CLAP listens to, of both sounds of a pair: [n_frames, PT_PICTURE_MELS] dB. */
#define PT_PICTURE_MELS 64

/** The extractor of the published models: 64 bands from 50 Hz to 14 kHz, silence after the end. */
pt_status pt_picture_mel_open(pt_mel **mel, pt_error *err);

/** Takes the features from scratch; *n_frames: as many as the sound is long. */
pt_status pt_picture_features(const pt_mel *mel, const float *x, size_t n, float **features,
                              size_t *n_frames, pt_arena *scratch, pt_error *err);

/** Appends a PNG, time to the right and frequency upwards, from top_db - 80 (dark) to top_db. */
pt_status pt_picture_png(const float *features, size_t n_frames, double top_db, pt_str *png,
                         size_t *width, pt_error *err);

#endif /* PATINA_REPORT_PAGE_SOUND_H */
