/* SPDX-License-Identifier: MIT */
/* mel.h - log-mel spectrogram, the input features of the audio tower */

#ifndef PATINA_CLAP_MEL_H
#define PATINA_CLAP_MEL_H

#include <stddef.h>

#include <patina/status.h>

#include "clap/config.h"

/** A feature extractor; read-only after opening and shared by all threads. */
typedef struct pt_mel pt_mel;

/**
 * Computes the tables of window, filters and transform.
 *
 * Errors  PATINA_EFORMAT  inconsistent configuration; PATINA_ENOMEM
 */
patina_status pt_mel_open(const pt_feature_extractor_config *config, pt_mel **mel,
                          patina_error *err);
void pt_mel_close(pt_mel **mel);

/** 1 + n_samples / hop: 1001. */
size_t pt_mel_n_frames(const pt_mel *mel);

/** Scratch size of pt_mel_features in bytes. */
size_t pt_mel_scratch_size(const pt_mel *mel);

/**
 * Computes the log-mel spectrogram of a clip, padded to n_samples of the configuration.
 *
 * x         mono at the rate of the configuration, 1 to its n_samples
 * features  out, [n_frames, n_mels] in dB re 1, at least -100
 * scratch   pt_mel_scratch_size bytes aligned to 64
 */
void pt_mel_features(const pt_mel *mel, const float *x, size_t n_samples, float *features,
                     void *scratch);

/** The weights of filter m at DFT bins first to first + n - 1; other bins have weight 0. */
const double *pt_mel_filter(const pt_mel *mel, size_t m, size_t *first, size_t *n);

#endif /* PATINA_CLAP_MEL_H */
