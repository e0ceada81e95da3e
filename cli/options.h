/* SPDX-License-Identifier: MIT */
/* options.h - what a command is, and how its command line is read
 *
 * A command is a descriptor with one table of options; parsing, checking and `--help` come from it.
 *
 *     --name value, --name=value     options and operands may be mixed
 *     --                             what follows is operands, whatever it looks like
 *     -5, -                          operands: only a dash before a letter makes an option
 */

#ifndef PATINA_CLI_OPTIONS_H
#define PATINA_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <patina/status.h>

#include "base/error.h"

#define PT_CLI_OPTIONS_MAX 40
#define PT_CLI_CHOICES_MAX 9

/** Status of a command line that cannot be understood. */
#define PT_CLI_EXIT_USAGE 2

/** Status of a run that was stopped and goes on when it is started again (sysexits' EX_TEMPFAIL).
 */
#define PT_CLI_EXIT_TEMPFAIL 75

typedef enum pt_cli_kind {
    PT_CLI_FLAG,
    PT_CLI_TEXT,
    PT_CLI_NUMBER,
    PT_CLI_DURATION, /* "11h30m", "45s", "2d"; a bare number is seconds */
    PT_CLI_CHOICE
} pt_cli_kind;

typedef struct pt_cli_option {
    const char *name; /* without the dashes */
    pt_cli_kind kind;
    const char *argument; /* how help calls the value; completion offers folders for a DIR, files
                          and folders for a FILE..., a SRC or a MODEL, and nothing for all else */
    uint64_t min, max;    /* of a number, or of a duration in seconds */
    const char *choices[PT_CLI_CHOICES_MAX]; /* of a choice, NULL after the last */
    const char *fallback;                    /* the default as one would type it, or NULL */
    bool required, repeatable;
    bool alone; /* when it is given, nothing is required */
    const char *help;
} pt_cli_option;

typedef struct pt_cli_value {
    bool given;
    const char *text; /* as typed, or the fallback; NULL when there is neither */
    uint64_t number;  /* of a number; of a duration its seconds; of a choice its index */
} pt_cli_value;

/** One option as it stands on the command line. */
typedef struct pt_cli_given {
    size_t option; /* index in the command's table */
    pt_cli_value value;
} pt_cli_given;

typedef struct pt_cli_args {
    pt_cli_value value[PT_CLI_OPTIONS_MAX]; /* by index in the command's table; the last given */
    pt_cli_given *given;                    /* all, in the order in which they stand */
    size_t n_given;
    const char **operands;
    size_t n_operands;
} pt_cli_args;

typedef struct pt_cli_command {
    const char *name;
    const char *summary;     /* one line of `patina --help` */
    const char *usage;       /* what follows the name: "[options] FILE..." */
    const char *description; /* paragraphs, parted by line ends */
    const char *after;       /* printed after the options as it is: examples, exit status */
    size_t n_operands_min, n_operands_max;
    const char *operands; /* what they are, for messages: "one or more FILEs" */
    const pt_cli_option *options;
    size_t n_options;
    int (*run)(const struct pt_cli_command *command, const pt_cli_args *args);
} pt_cli_command;

/**
 * Reads the arguments after the command's name. *help is set instead when --help is among them.
 * A line that cannot be understood has been reported when this returns PATINA_EUSAGE.
 */
patina_status pt_cli_parse(const pt_cli_command *command, int argc, char **argv, pt_cli_args *args,
                           bool *help);
void pt_cli_args_release(pt_cli_args *args);

/** The command's help, at most 80 columns wide. */
void pt_cli_write_help(const pt_cli_command *command, FILE *out);

/** Paragraphs of text, wrapped at 80 columns, every line after `indent` blanks. */
void pt_cli_write_wrapped(FILE *out, const char *text, int indent);

/** The name nearest to a mistyped one, or NULL when none is near. */
const char *pt_cli_suggest(const char *word, const char *const *names, size_t n_names);

/** Reports "patina: <command>: <sentence>" and where help is; returns PT_CLI_EXIT_USAGE. */
int pt_cli_usage_error(const pt_cli_command *command, const char *format, ...) PT_PRINTF(2, 3);

#endif /* PATINA_CLI_OPTIONS_H */
