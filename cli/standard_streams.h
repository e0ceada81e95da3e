/* SPDX-License-Identifier: MIT */
/* standard_streams.h - "-" as the name of standard input and standard output
 *
 * Decoders seek and writers rename, so audio and arrays pass through a temporary file in TMPDIR. A
 * file named "-" is written "./-".
 */

#ifndef PATINA_CLI_STANDARD_STREAMS_H
#define PATINA_CLI_STANDARD_STREAMS_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "options.h"

bool pt_cli_is_dash(const char *path);

/** The path to read a text file from: that of standard input for "-". */
const char *pt_cli_text_path(const char *path);

/** A file to read: the one named, or a copy of standard input. Zero it to start. */
typedef struct pt_cli_input {
    const char *path; /* to open */
    const char *name; /* as given, for output and errors */
    char copy[32];
    int fd; /* of the copy, which has no name; 0: none */
} pt_cli_input;

/**
 * Errors  PATINA_EIO  reading standard input, or writing the copy
 */
patina_status pt_cli_input_open(const char *path, pt_cli_input *input, patina_error *err);

/**
 * Checks that "-" is the value of at most one of the options for files (except --out) and the first
 * n_inputs operands; 0, or the status of a usage error.
 */
int pt_cli_check_stdin(const pt_cli_args *args, size_t n_inputs);

/** Replaces the path of the copy in an error message by the name given. */
void pt_cli_input_fix_error(const pt_cli_input *input, patina_error *err);
void pt_cli_input_close(pt_cli_input *input);

/** A file to write: the one named, or one that is copied to standard output. Zero it to start. */
typedef struct pt_cli_output {
    const char *path; /* to write */
    char dir[512];    /* temporary folder; "": none */
    char file[520];
} pt_cli_output;

patina_status pt_cli_output_open(const char *path, pt_cli_output *output, patina_error *err);

/** Copies a temporary file to standard output. */
patina_status pt_cli_output_commit(const pt_cli_output *output, patina_error *err);
void pt_cli_output_close(pt_cli_output *output);

/** Makes an empty folder in TMPDIR, or in /tmp. */
patina_status pt_cli_temp_dir_create(char *dir, size_t size, patina_error *err);

#endif /* PATINA_CLI_STANDARD_STREAMS_H */
