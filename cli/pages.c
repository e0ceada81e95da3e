/* SPDX-License-Identifier: MIT */
/* pages.c - which page is asked for, and the tables as JSON */

#include "pages.h"

#include <inttypes.h>
#include <string.h>

#include <patina/patina.h>

#include "output.h"

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_member(FILE *out, const char *name, const char *text) {
    fprintf(out, ", \"%s\": ", name);
    if (text)
        pt_cli_put_json(out, text);
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
    pt_cli_put_json(out, option->name);
    put_member(out, "kind", kind_name(option->kind));
    put_member(out, "argument", option->argument);
    fputs(", \"choices\": [", out);
    for (size_t i = 0; i < PT_CLI_CHOICES_MAX && option->choices[i]; i++) {
        if (i > 0) fputs(", ", out);
        pt_cli_put_json(out, option->choices[i]);
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
    pt_cli_put_json(out, command->name);
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

void pt_cli_tables(const pt_cli_program *program, FILE *out) {
    fputs("{\"version\": ", out);
    pt_cli_put_json(out, pt_version());
    fputs(", \"commands\": [", out);
    for (size_t i = 0; i < program->n_commands; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        put_command(program->commands[i], out);
    }
    fputs("]}\n", out);
}

/* ---- which page ------------------------------------------------------------------------------ */

static int refuse(const char *sentence, const char *word) {
    if (word)
        pt_cli_complain("%s '%s'", sentence, word);
    else
        pt_cli_complain("%s", sentence);
    fputs("try 'patina --help'\n", stderr);
    return PT_CLI_USAGE;
}

static int manual(const pt_cli_program *program, const char *name) {
    const pt_cli_command *command = NULL;
    for (size_t i = 0; name && i < program->n_commands; i++)
        if (strcmp(program->commands[i]->name, name) == 0) command = program->commands[i];
    if (name && !command) return refuse("no manual page of", name);
    pt_cli_manual(program, command, stdout);
    return 0;
}

static int completion(const pt_cli_program *program, const char *shell) {
    if (!shell) return refuse("option '--completion' needs a shell: bash, zsh or fish", NULL);
    if (pt_cli_completion(program, shell, stdout)) return 0;
    return refuse("command lines are completed in bash, zsh and fish, not in", shell);
}

bool pt_cli_pages(const pt_cli_program *program, int n_words, char **words, int *status) {
    const bool is_manual = strcmp(words[0], "--man") == 0;
    const bool is_completion = strcmp(words[0], "--completion") == 0;
    const bool is_tables = strcmp(words[0], "--tables") == 0;
    const char *topic = n_words > 1 ? words[1] : NULL;

    if (!is_manual && !is_completion && !is_tables) return false;
    if (n_words > (is_tables ? 1 : 2)) {
        *status = refuse("one argument too many:", words[n_words - 1]);
    } else if (is_manual) {
        *status = manual(program, topic);
    } else if (is_completion) {
        *status = completion(program, topic);
    } else {
        pt_cli_tables(program, stdout);
        *status = 0;
    }
    return true;
}
