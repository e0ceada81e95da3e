/* SPDX-License-Identifier: MIT */
/* hub_fetch.h - downloads a model or a data set from the Hugging Face hub */

#ifndef PATINA_CLI_HUB_FETCH_H
#define PATINA_CLI_HUB_FETCH_H

#include <stdint.h>

#include "options.h"

#define PT_CLI_MODEL_DEFAULT "laion/clap-htsat-unfused"

/** What the options of a fetch give. */
typedef struct pt_cli_fetch_options {
    const char *revision, *pattern; /* NULL: not given */
    uint64_t retries;
} pt_cli_fetch_options;

/** Downloads a model and prints its folder; returns the exit status. */
int pt_cli_model_fetch(const pt_cli_args *args, const char *model,
                       const pt_cli_fetch_options *given);

/** Downloads a data set and prints its folder; returns the exit status. */
int pt_cli_dataset_fetch(const pt_cli_args *args, const char *dataset,
                         const pt_cli_fetch_options *given);

#endif /* PATINA_CLI_HUB_FETCH_H */
