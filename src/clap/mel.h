/* SPDX-License-Identifier: MIT */
/* mel.h - samples to the log-mel picture that the audio tower looks at */

#ifndef PATINA_CLAP_MEL_H
#define PATINA_CLAP_MEL_H

#include <stddef.h>

#include <patina/status.h>

#include "clap/config.h"

/** An opened extractor; read-only after opening and shared by all threads. */
typedef struct pt_mel pt_mel;

/**
 * Builds window, filters and transform of an extractor. Not thread-safe (it makes an FFT plan).
 *
 * Errors  PATINA_EFORMAT  numbers that do not go together; PATINA_ENOMEM
 */
patina_status pt_mel_open(const pt_feature_extractor_config *config, pt_mel **mel,
                          patina_error *err);
void pt_mel_close(pt_mel **mel);

/** 1 + n_samples / hop: 1001. */
size_t pt_mel_n_frames(const pt_mel *mel);

/** Bytes of scratch that pt_mel_features needs. */
size_t pt_mel_scratch_size(const pt_mel *mel);

/**
 * The log-mel spectrogram of a clip, which is padded to the extractor's length first.
 *
 * x         mono at the extractor's rate, 1 to config's n_samples
 * features  out, [n_frames, n_mels] in dB re 1; -100 where there is nothing
 * scratch   pt_mel_scratch_size bytes aligned to 64
 */
void pt_mel_features(const pt_mel *mel, const float *x, size_t n_samples, float *features,
                     void *scratch);

/** The weights of filter m at DFT bins first to first + n - 1, in double; zero at all others. */
const double *pt_mel_filter(const pt_mel *mel, size_t m, size_t *first, size_t *n);

#endif /* PATINA_CLAP_MEL_H */
