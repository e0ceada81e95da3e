/* SPDX-License-Identifier: MIT */
/* audio_tower.h - HTSAT audio encoder (Swin transformer) with projection */

#ifndef PATINA_CLAP_AUDIO_TOWER_H
#define PATINA_CLAP_AUDIO_TOWER_H

#include <stddef.h>

#include <patina/status.h>

#include "clap/config.h"
#include "clap/forward_hook.h"
#include "nn/ops.h"
#include "weights/checkpoint.h"

/** Packed weights and tables; read-only after opening and shared by all threads. */
typedef struct pt_audio_tower pt_audio_tower;

/**
 * Packs the weights of the audio tower; the file may be closed afterwards.
 *
 * n_frames  of the features: 1001
 *
 * Errors  PATINA_EFORMAT  a tensor is missing or has another shape, or sizes are inconsistent
 *         PATINA_ENOMEM
 */
patina_status pt_audio_tower_open(const pt_clap_config *config, size_t n_frames,
                                  const pt_checkpoint *file, const pt_nn_ops *ops,
                                  pt_audio_tower **tower, patina_error *err);
void pt_audio_tower_close(pt_audio_tower **tower);

/** Scratch size of pt_audio_tower_run in bytes. */
size_t pt_audio_tower_scratch_size(const pt_audio_tower *tower);

/**
 * Computes the projection of features, not normalised.
 *
 * features    [n_channels, n_frames, n_mels] in dB
 * n_channels  1; or 4 for "is_longer" of a fused model: the shrunk whole and three parts of it
 * raw         out, [projection_dim]
 * scratch     pt_audio_tower_scratch_size bytes aligned to 64
 * hook        NULL, or called with the outputs "batch_norm" [n_frames, n_mels] and "image"
 *             [spec_size, spec_size] of channel 0; "patch_embed", "block" (stage, block), "stage"
 *             and "final_norm", all [n_tokens, width]; and "pooled" [width]
 */
void pt_audio_tower_run(const pt_audio_tower *tower, const float *features, size_t n_channels,
                        float *raw, void *scratch, const pt_forward_hook *hook);

#endif /* PATINA_CLAP_AUDIO_TOWER_H */
