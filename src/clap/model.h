/* SPDX-License-Identifier: MIT */
/* model.h - the files of a model: its weights, and what says how to read them */

#ifndef PATINA_CLAP_MODEL_H
#define PATINA_CLAP_MODEL_H

#include <patina/status.h>

#include "clap/checkpoint.h"
#include "clap/config.h"
#include "clap/tokenizer.h"

/** One of LAION's models, whose configuration is known without its file. */
typedef struct pt_published_model pt_published_model;

typedef struct pt_model {
    char *folder; /* of all files but, maybe, the weights */
    pt_clap_config config;
    pt_checkpoint *weights;
    const pt_published_model *published; /* NULL where there is a config.json */
} pt_model;

/**
 * Reads the configuration of a model and opens its weights.
 *
 * path  a folder as Hugging Face has it, or a file of weights with the other files beside it. For
 *       one of LAION's own .pt files config.json and preprocessor_config.json may be absent: which
 *       of the published models it is shows in the shapes of its tensors
 *
 * Errors  PT_EIO      a file is absent or unreadable
 *         PT_EFORMAT  a file is not what it should be; the message names it
 */
pt_status pt_model_open(const char *path, pt_model *model, pt_error *err);
void pt_model_release(pt_model *model);

/** Completes model->config by its extractor, of preprocessor_config.json. */
pt_status pt_model_read_extractor(pt_model *model, pt_error *err);

/** Reads vocab.json and merges.txt. */
pt_status pt_model_open_tokenizer(const pt_model *model, pt_tokenizer **tokenizer, pt_error *err);

#endif /* PATINA_CLAP_MODEL_H */
