/* SPDX-License-Identifier: MIT */
/* audio_preview.h - audio at half the rate, and mel spectrograms as PNG */

#ifndef PATINA_REPORT_AUDIO_PREVIEW_H
#define PATINA_REPORT_AUDIO_PREVIEW_H

#include <stddef.h>

#include <patina/status.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "clap/mel.h"

/**
 * Resamples a 48 kHz signal to 24 kHz, low-passed from 11.3 kHz on.
 *
 * out  [n / 2]
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_audio_preview_downsample(const float *x, size_t n, float *out, pt_arena *scratch,
                                          patina_error *err);

/* Mel bands of CLAP. */
#define PT_MEL_SPECTROGRAM_BANDS 64

/** The extractor of the published models: 64 bands from 50 Hz to 14 kHz, padded with zeros. */
patina_status pt_mel_spectrogram_open(pt_mel **mel, patina_error *err);

/** features [*n_frames, PT_MEL_SPECTROGRAM_BANDS] in dB, allocated from scratch. */
patina_status pt_mel_spectrogram_compute(const pt_mel *mel, const float *x, size_t n,
                                         float **features, size_t *n_frames, pt_arena *scratch,
                                         patina_error *err);

/** Appends a PNG of the range top_db - 80 (dark) to top_db; low frequencies are at the bottom. */
patina_status pt_mel_spectrogram_to_png(const float *features, size_t n_frames, double top_db,
                                        pt_strbuf *png, size_t *width, patina_error *err);

#endif /* PATINA_REPORT_AUDIO_PREVIEW_H */
