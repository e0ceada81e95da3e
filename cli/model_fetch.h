/* SPDX-License-Identifier: MIT */
/* model_fetch.h - patina model fetch: downloads a model of the Hugging Face hub */

#ifndef PATINA_CLI_MODEL_FETCH_H
#define PATINA_CLI_MODEL_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#define PT_CLI_MODEL_DEFAULT "laion/clap-htsat-unfused"

/** Downloads a model of the hub and prints its folder; returns the exit status. */
int pt_cli_model_fetch(const char *model, uint64_t retries, bool quiet);

#endif /* PATINA_CLI_MODEL_FETCH_H */
