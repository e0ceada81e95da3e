/* SPDX-License-Identifier: MIT */
/* text_tower.h - RoBERTa text encoder with projection */

#ifndef PATINA_CLAP_TEXT_TOWER_H
#define PATINA_CLAP_TEXT_TOWER_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "clap/config.h"
#include "clap/forward_hook.h"
#include "nn/ops.h"
#include "weights/checkpoint.h"

/** Packed weights; read-only after opening and shared by all threads. */
typedef struct pt_text_tower pt_text_tower;

/**
 * Copies the weights of the text tower; those of matrix products are packed. The file may be closed
 * afterwards.
 *
 * Errors  PATINA_EFORMAT  a tensor is missing or has another shape
 *         PATINA_ENOMEM
 */
patina_status pt_text_tower_open(const pt_clap_config *config, const pt_checkpoint *file,
                                 const pt_nn_ops *ops, pt_text_tower **tower, patina_error *err);
void pt_text_tower_close(pt_text_tower **tower);

/** Maximum number of ids of one caption: 512 in published models. */
size_t pt_text_tower_max_ids(const pt_text_tower *tower);

/** Embeds the ids of one caption, before the first norm: tokens out [n, hidden]; row [hidden] is a
 * buffer. */
void pt_text_tower_embed_tokens(const pt_text_tower *tower, const int32_t *ids, size_t n,
                                float *tokens, float *row);

/** Scratch size in bytes for n_captions captions with n_ids ids in total. */
size_t pt_text_tower_scratch_size(const pt_text_tower *tower, size_t n_captions, size_t n_ids);

/**
 * Computes the projections of captions, not normalised. There is no padding: the result of a
 * caption does not depend on the others.
 *
 * ids      of all captions, concatenated, each 0 to vocab_size - 1
 * lengths  [n_captions], number of ids of each, 1 to pt_text_tower_max_ids
 * raw      out, [n_captions, projection_dim]
 * scratch  pt_text_tower_scratch_size bytes aligned to 64
 * hook     NULL, or called with the outputs "embeddings", "attention" (layer) and "layer" (layer),
 *          [n_ids, hidden]; "last attention", "last layer" and "pooler", [n_captions, hidden]: the
 *          first token of each caption
 */
void pt_text_tower_run(const pt_text_tower *tower, const int32_t *ids, const size_t *lengths,
                       size_t n_captions, float *raw, void *scratch, const pt_forward_hook *hook);

#endif /* PATINA_CLAP_TEXT_TOWER_H */
