/* SPDX-License-Identifier: MIT */
/* clap_internal.h - internal functions of patina_clap: the audio tower alone, for benchmarks */

#ifndef PATINA_CLAP_CLAP_INTERNAL_H
#define PATINA_CLAP_CLAP_INTERNAL_H

#include <patina/clap.h>

#include "base/arena.h"

/**
 * Runs the audio tower on features, as patina_clap_embed_audio does.
 *
 * features  [n_frames, n_mels] in dB, from pt_mel_features
 * raw       out, [512], not normalised
 * scratch   released to its state before the call
 */
patina_status pt_clap_run_audio_tower(const patina_clap *clap, const float *features,
                                      float raw[PATINA_EMBEDDING_SIZE], pt_arena *scratch,
                                      patina_error *err);

#endif /* PATINA_CLAP_CLAP_INTERNAL_H */
