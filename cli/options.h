/* SPDX-License-Identifier: MIT */
/* options.h - commands, their option tables, and the command-line parser
 *
 * A command is a descriptor with one table of options. Parsing, checking and `--help` use the table
 * directly; manual pages, shell completion and the signature of patina.generate in Python are built
 * from it by way of pt_cli_write_options_json. An option is added by one entry in its table.
 *
 *     --name value, --name=value     options and operands may be mixed
 *     -o value, -ovalue, -qo value   options that have a letter
 *     --                             all further arguments are operands
 *     -5, -                          operands
 */

#ifndef PATINA_CLI_OPTIONS_H
#define PATINA_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <patina/status.h>

#include "base/error.h"

#define PT_CLI_WORDS_MAX 3

/** Exit status of an invalid command line. */
#define PT_CLI_EXIT_USAGE 2

/** Exit status of a run that was stopped and can be resumed (EX_TEMPFAIL of sysexits.h). */
#define PT_CLI_EXIT_TEMPFAIL 75

typedef enum pt_cli_kind {
    PT_CLI_FLAG,
    PT_CLI_TEXT,
    PT_CLI_FILE, /* the path of a file, or of a file or folder */
    PT_CLI_DIR,  /* the path of a folder */
    PT_CLI_NUMBER,
    PT_CLI_DURATION, /* "11h30m", "45s", "2d"; a bare number is in seconds */
    PT_CLI_SIZE,     /* "512M", "2G"; a bare number is in bytes */
    PT_CLI_CHOICE,
    PT_CLI_KIND_COUNT
} pt_cli_kind;

typedef struct pt_cli_option {
    const char *name; /* without the dashes */
    char letter;      /* of the short form, or 0 */
    pt_cli_kind kind;
    const char *argument;               /* placeholder of the value in help texts */
    uint64_t min, max;                  /* of a number, a duration in seconds, a size in bytes */
    const char *const *choices;         /* of a choice; NULL ends the list */
    const char *(*choice_at)(size_t i); /* instead of choices; NULL behind the last */
    const char *fallback;               /* the default as typed, or NULL */
    bool required, repeatable;
    const char *alternative; /* option that may be given instead of a required one; or NULL */
    bool exclusive;          /* when given, required options may be absent */
    const char *help;
} pt_cli_option;

typedef struct pt_cli_value {
    bool given;
    const char *text; /* as typed, or the default; NULL without either */
    uint64_t number;  /* a number; seconds of a duration; bytes of a size; index of a choice */
} pt_cli_value;

/** One occurrence of an option on the command line. */
typedef struct pt_cli_occurrence {
    const pt_cli_option *option;
    pt_cli_value value;
} pt_cli_occurrence;

typedef struct pt_cli_args {
    const struct pt_cli_command *command;
    pt_cli_value *value;           /* by pt_cli_option_at; the last one given */
    pt_cli_occurrence *occurrence; /* all, in the order given */
    size_t n_occurrences;
    const char **operands;
    size_t n_operands;
} pt_cli_args;

typedef struct pt_cli_command {
    const char *name;
    const char *summary;     /* one line of `patina --help` */
    const char *usage;       /* after the name: "[options] FILE..." */
    const char *description; /* paragraphs, separated by line ends */
    const char *epilog;      /* printed verbatim after the options: exit status, examples */
    size_t n_operands_min, n_operands_max;
    pt_cli_kind operand_kind;            /* for completion: PT_CLI_FILE or PT_CLI_DIR */
    const char *operands;                /* for messages: "one or more files are" */
    const char *words[PT_CLI_WORDS_MAX]; /* the first operand is one of these; NULL ends the list */
    const pt_cli_option *options;
    size_t n_options;
    int (*run)(const struct pt_cli_command *command, const pt_cli_args *args);
} pt_cli_command;

/** A list of choices. */
#define PT_CLI_CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

/** The number of elements of an array, as an initialiser of n_options. */
#define PT_CLI_LENGTH(array) (sizeof(array) / sizeof *(array))

typedef struct pt_cli_program {
    const char *introduction;
    const pt_cli_command *const *commands;
    size_t n_commands;
} pt_cli_program;

/** What pt_cli_parse found besides an error. */
typedef enum pt_cli_request { PT_CLI_RUN, PT_CLI_HELP, PT_CLI_VERSION } pt_cli_request;

/**
 * Reads the arguments after the command's name. An error has been reported when this returns
 * PATINA_EUSAGE or PATINA_ENOMEM. args is to be released in any case.
 */
patina_status pt_cli_parse(const pt_cli_command *command, int argc, char **argv, pt_cli_args *args,
                           pt_cli_request *request);
void pt_cli_args_release(pt_cli_args *args);

/**
 * The value of an option of the command, which must have one of this name: any other name is an
 * error in the program, which ends it.
 */
const pt_cli_value *pt_cli_get(const pt_cli_args *args, const char *name);
bool pt_cli_given(const pt_cli_args *args, const char *name);
const char *pt_cli_text(const pt_cli_args *args, const char *name);
uint64_t pt_cli_number(const pt_cli_args *args, const char *name);

/** Option i of a command: those of its table, then those that every command has; NULL behind the
 * last. */
const pt_cli_option *pt_cli_option_at(const pt_cli_command *command, size_t i);

/** Whether the command's own table has an option of this name. */
bool pt_cli_has_own_option(const pt_cli_command *command, const char *name);

/** Choice i of an option; NULL behind the last. */
const char *pt_cli_choice_at(const pt_cli_option *option, size_t i);

/** The command's help, at most 80 columns wide. */
void pt_cli_write_help(const pt_cli_command *command, FILE *out);

/** Every command and option as one JSON object, from which tools/gendoc.py and
 * python/make_generate.py build. */
void pt_cli_write_options_json(const pt_cli_program *program, FILE *out);

/** Paragraphs of text, wrapped at 80 columns and indented by `indent` columns. */
void pt_cli_write_wrapped(FILE *out, const char *text, int indent);

/** Reports "patina: <command>: <sentence>" and how to get help; returns PT_CLI_EXIT_USAGE. */
int pt_cli_usage_error(const pt_cli_command *command, const char *format, ...) PT_PRINTF(2, 3);

#endif /* PATINA_CLI_OPTIONS_H */
