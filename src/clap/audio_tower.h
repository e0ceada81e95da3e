/* SPDX-License-Identifier: MIT */
/* audio_tower.h - a log-mel picture to a point: HTSAT, a Swin transformer, and its projection */

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
 * Packs the weights of the audio tower. n_frames is what the features will have: 1001.
 * The file is not needed afterwards.
 *
 * Errors  PATINA_EFORMAT  a tensor is absent or of another shape, or sizes do not go together
 *         PATINA_ENOMEM
 */
patina_status pt_audio_tower_open(const pt_clap_config *config, size_t n_frames,
                                  const pt_checkpoint *file, const pt_nn_ops *ops,
                                  pt_audio_tower **tower, patina_error *err);
void pt_audio_tower_close(pt_audio_tower **tower);

/** Bytes of scratch that pt_audio_tower_run needs. */
size_t pt_audio_tower_scratch_size(const pt_audio_tower *tower);

/**
 * The projection of features, not yet normalised.
 *
 * features    [n_channels, n_frames, n_mels] in dB
 * n_channels  1; or 4 for a fused model's "is longer": the shrunk whole and three parts of it
 * raw         out, [projection_dim]
 * scratch     pt_audio_tower_scratch_size bytes aligned to 64
 * hook         NULL, or who wants to see the steps "batch_norm" [n_frames, n_mels], "image"
 *             [spec_size, spec_size], "patch_embed", "block" (stage, block), "stage", "final_norm",
 *             all [n_tokens, width], and "pooled" [width]; the first two of channel 0
 */
void pt_audio_tower_run(const pt_audio_tower *tower, const float *features, size_t n_channels,
                        float *raw, void *scratch, const pt_forward_hook *hook);

#endif /* PATINA_CLAP_AUDIO_TOWER_H */
