/* SPDX-License-Identifier: MIT */
/* shard.h - which share of a run is this process's: the value of --shard */

#ifndef PATINA_CLI_SHARD_H
#define PATINA_CLI_SHARD_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#define PT_CLI_SHARDS_MAX 1000000

/** The generic count, for engines that number their tasks and do not say how many there are. */
#define PT_CLI_SHARDS_VARIABLE "PATINA_SHARDS"

/**
 * Reads "I/N" (I from 0 to N-1), or "auto": then the variables by which engines (Slurm, mpirun,
 * Kubernetes, ...) number what they start say it. docs/ENGINES.md lists them.
 *
 * environment   as getenv: the value of a variable, or NULL; one that is empty counts as not set
 * found         out: a fragment for the user such as
 *               "shard 3 of 8, from SLURM_ARRAY_TASK_ID=4 of 1-8"; cut to n_found bytes
 *
 * Errors   PATINA_EUSAGE   neither of the two; or no variable is found, or one that the count needs is
 *                      not set, or one holds what it cannot mean
 */
patina_status pt_cli_shard_parse(const char *text, const char *(*environment)(const char *name),
                                 uint64_t *index, uint64_t *count, char *found, size_t n_found,
                                 patina_error *err);

#endif /* PATINA_CLI_SHARD_H */
