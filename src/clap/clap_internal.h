/* SPDX-License-Identifier: MIT */
/* clap_internal.h - internal functions of patina_clap: the parts of an embedding, for benchmarks
 * and devices */

#ifndef PATINA_CLAP_CLAP_INTERNAL_H
#define PATINA_CLAP_CLAP_INTERNAL_H

#include <patina/clap.h>

#include "base/arena.h"
#include "clap/audio_tower.h"
#include "clap/config.h"
#include "clap/text_tower.h"

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

/**
 * Opens a model whose towers are uploaded to devices: their weights are row-major, and
 * patina_clap_embed_audio and patina_clap_embed_text must not be called. Errors as for
 * patina_clap_open.
 */
patina_status pt_clap_open_row_major(const char *path, patina_clap_parts parts, patina_clap **clap,
                                     patina_error *err);

/** Configuration and towers; NULL for a tower that was not opened. */
const pt_clap_config *pt_clap_get_config(const patina_clap *clap);
const pt_audio_tower *pt_clap_get_audio_tower(const patina_clap *clap);
const pt_text_tower *pt_clap_get_text_tower(const patina_clap *clap);

/** Scratch memory of patina_clap_embed_audio and patina_clap_embed_texts, whichever needs more. */
size_t pt_clap_scratch_size(const patina_clap *clap);

/** Values of the features of a clip: n_frames * n_mels. */
size_t pt_clap_n_features(const patina_clap *clap);

/**
 * Computes the input of the audio tower.
 *
 * features  out, [pt_clap_n_features]
 *
 * Errors    PATINA_ERANGE for n_samples, PATINA_EUSAGE without audio part, PATINA_ENOMEM
 */
patina_status pt_clap_extract_features(const patina_clap *clap, const float *x, size_t n_samples,
                                       float *features, pt_arena *scratch, patina_error *err);

/**
 * Computes the input of the text tower.
 *
 * tokens  out, [n_ids, hidden] of [PATINA_CAPTION_TOKENS_MAX + 1, hidden]
 *
 * Errors  PATINA_EUSAGE without text part, PATINA_ENOMEM
 */
patina_status pt_clap_extract_tokens(const patina_clap *clap, const patina_clap_caption *caption,
                                     float *tokens, size_t *n_ids, pt_arena *scratch,
                                     patina_error *err);

/** Scales the output of a tower to length 1. PATINA_EFORMAT if it is not finite. */
patina_status pt_clap_normalise(const float raw[PATINA_EMBEDDING_SIZE],
                                float embedding[PATINA_EMBEDDING_SIZE], patina_error *err);

#endif /* PATINA_CLAP_CLAP_INTERNAL_H */
