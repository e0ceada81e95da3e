/* SPDX-License-Identifier: MIT */
/* clap_internal.h - the audio tower without what comes before it: for who times it */

#ifndef PATINA_CLAP_CLAP_INTERNAL_H
#define PATINA_CLAP_CLAP_INTERNAL_H

#include <patina/clap.h>

#include "base/arena.h"

/**
 * Projects features as patina_clap_embed_audio does with those it made.
 *
 * features  [n_frames, n_mels] in dB, of pt_mel_features
 * raw       out, [512], not normalised
 * scratch   what was taken from it is given back on return
 */
patina_status pt_clap_run_audio_tower(const patina_clap *clap, const float *features,
                                      float raw[PATINA_EMBEDDING_SIZE], pt_arena *scratch,
                                      patina_error *err);

#endif /* PATINA_CLAP_CLAP_INTERNAL_H */
