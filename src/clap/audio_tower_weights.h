/* SPDX-License-Identifier: MIT */
/* audio_tower_weights.h - weights and shapes of an open audio tower; for audio_tower.c, which fills
 * it, and device_model.c, which uploads it */

#ifndef PATINA_CLAP_AUDIO_TOWER_WEIGHTS_H
#define PATINA_CLAP_AUDIO_TOWER_WEIGHTS_H

#include <stdint.h>

#include "clap/audio_tower.h"
#include "clap/weight_loader.h"

#define PT_AUDIO_NORM_EPS 1e-5f /* of norms without a configuration member */

/* One output frame of the time resize: four input frames and their weights. */
typedef struct pt_resize_tap {
    uint32_t frame[4];
    float weight[4];
} pt_resize_tap;

typedef struct pt_audio_block {
    pt_layer_norm_weights before, after;
    pt_nn_linear qkv;     /* [3d, d] */
    pt_nn_linear project; /* [d, d] */
    pt_nn_linear fc1;     /* [mlp_ratio * d, d] */
    pt_nn_linear fc2;     /* [d, mlp_ratio * d] */
    const float *bias;    /* [n_heads, window^2, window^2]: of relative positions */
} pt_audio_block;

typedef struct pt_audio_stage {
    size_t side;  /* R: tokens are R x R */
    size_t width; /* d */
    size_t n_heads, depth;
    size_t shift;                /* of odd blocks: window / 2, or 0 if there is one window */
    pt_audio_block *blocks;      /* [depth] */
    pt_layer_norm_weights merge; /* [4d]; not after the last stage */
    pt_nn_linear reduction;      /* [2d, 4d] */
} pt_audio_stage;

/* Attentional feature fusion: two branches of two 1x1 convolutions with batch norms folded in. */
typedef struct pt_audio_fusion {
    pt_nn_linear embed; /* [c, patch * 3 patch]: patches of channels 1 to 3 */
    pt_nn_linear local[2], global[2];
    size_t inter_channels; /* c / aff_block_r */
} pt_audio_fusion;

struct pt_audio_tower {
    pt_audio_config config;
    size_t n_frames, n_projected;
    size_t freq_ratio; /* r: number of time segments stacked in the image */
    size_t grid;       /* R of the first stage: spec_size / patch */
    const pt_nn_ops *ops;
    pt_weight_block memory; /* of the members below */
    pt_batch_norm_weights batch_norm;
    const pt_resize_tap *resize; /* [spec_size * freq_ratio] */
    pt_nn_linear patch_embed;    /* [c, patch * patch] */
    pt_layer_norm_weights patch_norm;
    pt_audio_fusion fusion;
    pt_audio_stage stages[PT_CLAP_STAGES_MAX];
    const float *masks[4]; /* [window^2, window^2], by EDGE_*; the first is NULL */
    pt_layer_norm_weights final_norm;
    pt_nn_linear project[2];
};

#endif /* PATINA_CLAP_AUDIO_TOWER_WEIGHTS_H */
