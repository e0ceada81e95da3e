/* SPDX-License-Identifier: MIT */
/* tower_alone.h - the audio tower without what comes before it: for who times it */

#ifndef PATINA_CLAP_TOWER_ALONE_H
#define PATINA_CLAP_TOWER_ALONE_H

#include <patina/clap.h>

/**
 * Projects features as pt_clap_embed_audio does with those it made.
 *
 * features  [n_frames, n_mels] in dB, of pt_mel_features
 * raw       out, [512], not normalised
 * scratch   what was taken from it is given back on return
 */
pt_status pt_clap_run_audio_tower(const pt_clap *clap, const float *features,
                                  float raw[PT_EMBEDDING], pt_arena *scratch, pt_error *err);

#endif /* PATINA_CLAP_TOWER_ALONE_H */
