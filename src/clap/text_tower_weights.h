/* SPDX-License-Identifier: MIT */
/* text_tower_weights.h - weights of an open text tower; for text_tower.c, which fills it, and
 * device_model.c, which uploads it */

#ifndef PATINA_CLAP_TEXT_TOWER_WEIGHTS_H
#define PATINA_CLAP_TEXT_TOWER_WEIGHTS_H

#include "clap/text_tower.h"
#include "clap/weight_loader.h"

typedef struct pt_text_layer {
    pt_nn_linear qkv;     /* [3h, h] */
    pt_nn_linear project; /* [h, h] */
    pt_layer_norm_weights attention_norm;
    pt_nn_linear fc1; /* [intermediate, h] */
    pt_nn_linear fc2; /* [h, intermediate] */
    pt_layer_norm_weights mlp_norm;
} pt_text_layer;

struct pt_text_tower {
    pt_text_config config;
    size_t n_projected;
    const pt_nn_ops *ops;
    pt_weight_block memory; /* of all weights */

    pt_tensor words;     /* [vocab_size, h], in the dtype of the file, which may be half as large */
    pt_tensor positions; /* [max_positions, h] */
    const float *type;   /* [h], of token type 0 */
    pt_layer_norm_weights embeddings_norm;
    pt_text_layer *layers; /* [n_layers] */
    pt_nn_linear pooler;
    pt_nn_linear project[2];
};

#endif /* PATINA_CLAP_TEXT_TOWER_WEIGHTS_H */
