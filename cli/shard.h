/* SPDX-License-Identifier: MIT */
/* shard.h - parses --shard: the shard of a run that this process makes */

#ifndef PATINA_CLI_SHARD_H
#define PATINA_CLI_SHARD_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#define PT_CLI_SHARDS_MAX 1000000

/** The number of shards, for schedulers that set a task's index and not the number of tasks. */
#define PT_CLI_SHARDS_VARIABLE "PATINA_SHARDS"

/**
 * Parses "I/N" (I from 0 to N-1), or "auto", which reads the variables that schedulers and
 * launchers (Slurm, mpirun, Kubernetes, ...) set; docs/SCHEDULERS.md lists them.
 *
 * environment   as getenv: the value of a variable, or NULL; an empty one counts as not set
 * origin        out: text for the user such as
 *               "shard 3 of 8, from SLURM_ARRAY_TASK_ID=4 of 1-8", cut to n_origin bytes
 *
 * Errors   PATINA_EUSAGE   text is neither; or no variable is set, or the one with the count is
 *                          not, or a value is invalid
 */
patina_status pt_cli_shard_parse(const char *text, const char *(*environment)(const char *name),
                                 uint64_t *index, uint64_t *count, char *origin, size_t n_origin,
                                 patina_error *err);

#endif /* PATINA_CLI_SHARD_H */
