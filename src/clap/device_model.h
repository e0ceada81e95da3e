/* SPDX-License-Identifier: MIT */
/* device_model.h - both towers on a device: many clips or captions in one batch
 *
 * The results of a clip or caption do not depend on the others of its batch. Their bits are those
 * of PT_DEVICE_ARITHMETIC on every device.
 */

#ifndef PATINA_CLAP_DEVICE_MODEL_H
#define PATINA_CLAP_DEVICE_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "clap/audio_tower.h"
#include "clap/config.h"
#include "clap/forward_hook.h"
#include "clap/text_tower.h"
#include "nn/opencl/device.h"

#define PT_DEVICE_BATCH_MAX 256

typedef struct pt_device_model pt_device_model;

/**
 * The sizes of attention heads and windows of a model.
 *
 * Errors  PATINA_EUSAGE  the model has heads or windows that devices do not support
 */
patina_status pt_device_model_get_attention(const pt_clap_config *config,
                                            pt_device_attention *attention, patina_error *err);

/**
 * Uploads the weights and allocates memory for batches, about 10 MB a clip of a published model. If
 * the device has too little memory, the batch is halved, down to one.
 *
 * audio, text  opened with pt_nn_ops_row_major; NULL: without this tower. text must outlive model
 * batch        1 to PT_DEVICE_BATCH_MAX clips or captions
 *
 * Errors       PATINA_ENOMEM, PATINA_EIO
 */
patina_status pt_device_model_open(pt_device *device, const pt_audio_tower *audio,
                                   const pt_text_tower *text, size_t batch, pt_device_model **model,
                                   patina_error *err);
void pt_device_model_close(pt_device_model **model);

/** Clips or captions of a batch. */
size_t pt_device_model_batch(const pt_device_model *model);

/** Waits for all commands and halves the batch. PATINA_ENOMEM if it is one already. */
patina_status pt_device_model_halve_batch(pt_device_model *model, patina_error *err);

/**
 * Enqueues the audio tower. The memory of the arguments must stay valid until the notice. After an
 * error, commands may still use it until pt_device_finish.
 *
 * features  [n, n_frames, n_mels]
 * raw       out, [n, projection_dim], not normalised
 * hook      NULL, or called with the outputs of pt_audio_tower_run from "patch_embed" on, of all
 *           clips
 */
patina_status pt_device_model_run_audio(pt_device_model *model, const float *features, size_t n,
                                        float *raw, pt_device_notice notice,
                                        const pt_forward_hook *hook, patina_error *err);

/**
 * Enqueues the text tower, likewise.
 *
 * tokens  [starts[n], hidden], from pt_text_tower_embed_tokens
 * starts  [n + 1]: caption i has tokens starts[i] to starts[i + 1] - 1, 1 to 77 of them
 * raw     out, [n, projection_dim]
 */
patina_status pt_device_model_run_text(pt_device_model *model, const float *tokens,
                                       const int32_t *starts, size_t n, float *raw,
                                       pt_device_notice notice, const pt_forward_hook *hook,
                                       patina_error *err);

#endif /* PATINA_CLAP_DEVICE_MODEL_H */
