/* SPDX-License-Identifier: MIT */
/* dry_run.h - generate --dry-run: estimates rows, size and time of a data set */

#ifndef PATINA_CLI_DRY_RUN_H
#define PATINA_CLI_DRY_RUN_H

#include <patina/generate.h>

#include "progress.h"

/**
 * Reads the corpus, makes rows for a short time in a temporary folder, and prints the estimates.
 *
 * run   the run; its callback and stop flag are ignored
 *
 * Returns the exit status.
 */
int pt_cli_dry_run(const patina_generate_options *run, pt_cli_progress *progress);

#endif /* PATINA_CLI_DRY_RUN_H */
