/* SPDX-License-Identifier: MIT */
/* model_files.h - the files of a model: configuration, weights, tokenizer */

#ifndef PATINA_CLAP_MODEL_FILES_H
#define PATINA_CLAP_MODEL_FILES_H

#include <patina/status.h>

#include "clap/config.h"
#include "clap/tokenizer.h"
#include "weights/checkpoint.h"

/** Configuration of a LAION model that is published without config.json. */
typedef struct pt_builtin_config pt_builtin_config;

typedef struct pt_model_files {
    char *folder; /* of all files except possibly the weights */
    pt_clap_config config;
    pt_checkpoint *weights;
    const pt_builtin_config *builtin_config; /* NULL if there is a config.json */
} pt_model_files;

/**
 * Reads the configuration of a model and opens its weights.
 *
 * path  a Hugging Face folder, or a weight file with the other files beside it. For LAION's .pt
 *       files config.json and preprocessor_config.json are optional: the model is detected from the
 *       shapes of its tensors
 *
 * Errors  PATINA_EIO      a file is missing or unreadable
 *         PATINA_EFORMAT  a file is invalid; the message names it
 */
patina_status pt_model_files_open(const char *path, pt_model_files *model, patina_error *err);
void pt_model_files_release(pt_model_files *model);

/** Reads preprocessor_config.json into model->config.extractor. */
patina_status pt_model_files_read_extractor(pt_model_files *model, patina_error *err);

/** Reads vocab.json and merges.txt. */
patina_status pt_model_files_open_tokenizer(const pt_model_files *model, pt_tokenizer **tokenizer,
                                            patina_error *err);

#endif /* PATINA_CLAP_MODEL_FILES_H */
