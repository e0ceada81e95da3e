/* SPDX-License-Identifier: MIT */
/* text_tower.h - token ids to points: a RoBERTa encoder and its projection */

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
 * Errors  PATINA_EFORMAT  a tensor is absent or of another shape
 *         PATINA_ENOMEM
 */
patina_status pt_text_tower_open(const pt_clap_config *config, const pt_checkpoint *file,
                                 const pt_nn_ops *ops, pt_text_tower **tower, patina_error *err);
void pt_text_tower_close(pt_text_tower **tower);

/** The most ids of one caption: 512 in published models. */
size_t pt_text_tower_max_ids(const pt_text_tower *tower);

/** Bytes of scratch for captions of n_ids ids together. */
size_t pt_text_tower_scratch_size(const pt_text_tower *tower, size_t n_captions, size_t n_ids);

/**
 * Projections of captions, not yet normalised. They are computed side by side without padding: a
 * caption's result does not depend on the others.
 *
 * ids      of all captions, one after another, each 0 to vocab_size - 1
 * lengths  [n_captions], ids of each, 1 to pt_text_tower_max_ids
 * raw      out, [n_captions, projection_dim]
 * scratch  pt_text_tower_scratch_size bytes aligned to 64
 * hook      NULL, or who wants to see the steps "embeddings", "attention" (layer) and "layer"
 *          (layer), [n_ids, hidden], "last attention" and "last layer" with the first token of each
 *          caption alone, and "pooler", all [n_captions, hidden]
 */
void pt_text_tower_run(const pt_text_tower *tower, const int32_t *ids, const size_t *lengths,
                       size_t n_captions, float *raw, void *scratch, const pt_forward_hook *hook);

#endif /* PATINA_CLAP_TEXT_TOWER_H */
