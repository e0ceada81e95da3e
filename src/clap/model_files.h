/* SPDX-License-Identifier: MIT */
/* model_files.h - the files of a model: its weights, and what says how to read them */

#ifndef PATINA_CLAP_MODEL_FILES_H
#define PATINA_CLAP_MODEL_FILES_H

#include <patina/status.h>

#include "clap/config.h"
#include "clap/tokenizer.h"
#include "weights/checkpoint.h"

/** One of LAION's models, whose configuration is known without its file. */
typedef struct pt_builtin_config pt_builtin_config;

typedef struct pt_model_files {
    char *folder; /* of all files but, maybe, the weights */
    pt_clap_config config;
    pt_checkpoint *weights;
    const pt_builtin_config *builtin_config; /* NULL where there is a config.json */
} pt_model_files;

/**
 * Reads the configuration of a model and opens its weights.
 *
 * path  a folder as Hugging Face has it, or a file of weights with the other files beside it. For
 *       one of LAION's own .pt files config.json and preprocessor_config.json may be absent: which
 *       of the published models it is shows in the shapes of its tensors
 *
 * Errors  PATINA_EIO      a file is absent or unreadable
 *         PATINA_EFORMAT  a file is not what it should be; the message names it
 */
patina_status pt_model_files_open(const char *path, pt_model_files *model, patina_error *err);
void pt_model_files_release(pt_model_files *model);

/** Completes model->config by its extractor, of preprocessor_config.json. */
patina_status pt_model_files_read_extractor(pt_model_files *model, patina_error *err);

/** Reads vocab.json and merges.txt. */
patina_status pt_model_files_open_tokenizer(const pt_model_files *model, pt_tokenizer **tokenizer,
                                            patina_error *err);

#endif /* PATINA_CLAP_MODEL_FILES_H */
