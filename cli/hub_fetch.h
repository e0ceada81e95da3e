/* SPDX-License-Identifier: MIT */
/* hub_fetch.h - downloads a model or a data set of the Hugging Face hub */

#ifndef PATINA_CLI_HUB_FETCH_H
#define PATINA_CLI_HUB_FETCH_H

#include "options.h"

#define PT_CLI_MODEL_DEFAULT "laion/clap-htsat-unfused"

/** Downloads a model and prints its folder; returns the exit status. Reads --revision and
 * --retries. */
int pt_cli_model_fetch(const pt_cli_args *args, const char *model);

/** Downloads a data set and prints its folder; returns the exit status. Reads --pattern, too. */
int pt_cli_dataset_fetch(const pt_cli_args *args, const char *dataset);

#endif /* PATINA_CLI_HUB_FETCH_H */
