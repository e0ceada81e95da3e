/* SPDX-License-Identifier: MIT */
/* gendoc.h - what else is made of the commands' tables: manual pages, shell completion, JSON
 *
 * All of it comes from the descriptors, so that an option or a command which is added to its table
 * appears everywhere.
 */

#ifndef PATINA_CLI_GENDOC_H
#define PATINA_CLI_GENDOC_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"

typedef struct pt_cli_program {
    const char *introduction;
    const pt_cli_command *const *commands;
    size_t n_commands;
} pt_cli_program;

/** A manual page in roff (man macros) of a command, or of the program where command is NULL. */
void pt_cli_write_man_page(const pt_cli_program *program, const pt_cli_command *command, FILE *out);

/** A script that completes command lines; false for an unknown shell. */
bool pt_cli_write_completion(const pt_cli_program *program, const char *shell, FILE *out);

/** Every command and option as JSON, for what is generated elsewhere (the Python package). */
void pt_cli_write_tables_json(const pt_cli_program *program, FILE *out);

/**
 * `patina --man [COMMAND]`, `--completion SHELL` and `--tables`: words are the arguments from that
 * option on. False when the first is none of these; else *status is that of the program.
 */
bool pt_cli_gendoc(const pt_cli_program *program, int n_words, char **words, int *status);

#endif /* PATINA_CLI_GENDOC_H */
