/* SPDX-License-Identifier: MIT */
/* audio_preview.h - a sound to listen to and to look at: at half the rate where room is short, and a
 * picture of its mel bands */

#ifndef PATINA_REPORT_AUDIO_PREVIEW_H
#define PATINA_REPORT_AUDIO_PREVIEW_H

#include <stddef.h>

#include <patina/status.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "clap/mel.h"

/** Every second sample of a 48 kHz signal (at most 10 s) without what lies over 12 kHz: out
 * [n / 2], 24 kHz. PATINA_ENOMEM. */
patina_status pt_audio_preview_downsample(const float *x, size_t n, float *out, pt_arena *scratch,
                                          patina_error *err);

/** The mel bands that CLAP listens to, of both sounds of a pair: [n_frames, PT_MEL_SPECTROGRAM_BANDS] dB. */
#define PT_MEL_SPECTROGRAM_BANDS 64

/** The extractor of the published models: 64 bands from 50 Hz to 14 kHz, silence after the end. */
patina_status pt_mel_spectrogram_open(pt_mel **mel, patina_error *err);

/** Takes the features from scratch; *n_frames: as many as the sound is long. */
patina_status pt_mel_spectrogram_compute(const pt_mel *mel, const float *x, size_t n,
                                         float **features, size_t *n_frames, pt_arena *scratch,
                                         patina_error *err);

/** Appends a PNG, time to the right and frequency upwards, from top_db - 80 (dark) to top_db. */
patina_status pt_mel_spectrogram_to_png(const float *features, size_t n_frames, double top_db,
                                        pt_strbuf *png, size_t *width, patina_error *err);

#endif /* PATINA_REPORT_AUDIO_PREVIEW_H */
