/* SPDX-License-Identifier: MIT */
/* gendoc.c - which page is asked for, and the tables as JSON */

#include "gendoc.h"

#include <inttypes.h>
#include <string.h>

#include <patina/patina.h>

#include "terminal.h"

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_member(FILE *out, const char *name, const char *text) {
    fprintf(out, ", \"%s\": ", name);
    if (text)
        pt_cli_write_json_string(out, text);
    else
        fputs("null", out);
}

static const char *kind_name(pt_cli_kind kind) {
    switch (kind) {
    case PT_CLI_FLAG:
        return "flag";
    case PT_CLI_TEXT:
        return "text";
    case PT_CLI_NUMBER:
        return "number";
    case PT_CLI_DURATION:
        return "duration";
    case PT_CLI_CHOICE:
        return "choice";
    }
    return NULL;
}

static void put_option(const pt_cli_option *option, FILE *out) {
    fputs("{\"name\": ", out);
    pt_cli_write_json_string(out, option->name);
    put_member(out, "kind", kind_name(option->kind));
    put_member(out, "argument", option->argument);
    fputs(", \"choices\": [", out);
    for (size_t i = 0; i < PT_CLI_CHOICES_MAX && option->choices[i]; i++) {
        if (i > 0) fputs(", ", out);
        pt_cli_write_json_string(out, option->choices[i]);
    }
    fprintf(out, "], \"min\": %" PRIu64 ", \"max\": %" PRIu64, option->min, option->max);
    put_member(out, "default", option->fallback);
    fprintf(out, ", \"required\": %s, \"repeatable\": %s, \"alone\": %s",
            option->required ? "true" : "false", option->repeatable ? "true" : "false",
            option->alone ? "true" : "false");
    put_member(out, "help", option->help);
    putc('}', out);
}

static void put_command(const pt_cli_command *command, FILE *out) {
    fputs("{\"name\": ", out);
    pt_cli_write_json_string(out, command->name);
    put_member(out, "summary", command->summary);
    put_member(out, "usage", command->usage);
    put_member(out, "description", command->description);
    fputs(", \"options\": [", out);
    for (size_t i = 0; i < command->n_options; i++) {
        fputs(i > 0 ? ",\n  " : "\n  ", out);
        put_option(&command->options[i], out);
    }
    fputs("]}", out);
}

void pt_cli_write_tables_json(const pt_cli_program *program, FILE *out) {
    fputs("{\"version\": ", out);
    pt_cli_write_json_string(out, patina_version());
    fputs(", \"commands\": [", out);
    for (size_t i = 0; i < program->n_commands; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        put_command(program->commands[i], out);
    }
    fputs("]}\n", out);
}

/* ---- which page ------------------------------------------------------------------------------ */

static int print_usage_error(const char *sentence, const char *word) {
    if (word)
        pt_cli_error("%s '%s'", sentence, word);
    else
        pt_cli_error("%s", sentence);
    fputs("try 'patina --help'\n", stderr);
    return PT_CLI_EXIT_USAGE;
}

static int manual(const pt_cli_program *program, const char *name) {
    const pt_cli_command *command = NULL;
    for (size_t i = 0; name && i < program->n_commands; i++)
        if (strcmp(program->commands[i]->name, name) == 0) command = program->commands[i];
    if (name && !command) return print_usage_error("no manual page of", name);
    pt_cli_write_man_page(program, command, stdout);
    return 0;
}

static int completion(const pt_cli_program *program, const char *shell) {
    if (!shell)
        return print_usage_error("option '--completion' needs a shell: bash, zsh or fish", NULL);
    if (pt_cli_write_completion(program, shell, stdout)) return 0;
    return print_usage_error("command lines are completed in bash, zsh and fish, not in", shell);
}

bool pt_cli_gendoc(const pt_cli_program *program, int n_words, char **words, int *status) {
    const bool is_manual = strcmp(words[0], "--man") == 0;
    const bool is_completion = strcmp(words[0], "--completion") == 0;
    const bool is_tables = strcmp(words[0], "--tables") == 0;
    const char *topic = n_words > 1 ? words[1] : NULL;

    if (!is_manual && !is_completion && !is_tables) return false;
    if (n_words > (is_tables ? 1 : 2)) {
        *status = print_usage_error("one argument too many:", words[n_words - 1]);
    } else if (is_manual) {
        *status = manual(program, topic);
    } else if (is_completion) {
        *status = completion(program, topic);
    } else {
        pt_cli_write_tables_json(program, stdout);
        *status = 0;
    }
    return true;
}
