/* SPDX-License-Identifier: MIT */
/* man_page.c - a command's table as a manual page
 *
 * Source of the macros: man(7) of groff. Names follow the habit of git: patina-generate(1).
 */

#include <ctype.h>
#include <string.h>

#include <patina/patina.h>

#include "gendoc.h"

/* Text as it is: roff's own characters, and those that it would make typographic, by their names.
 */
static void put_text(const char *text, size_t length, FILE *out) {
    if (length > 0 && text[0] == '.') fputs("\\&", out);
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '\\':
            fputs("\\e", out);
            break;
        case '-':
            fputs("\\-", out);
            break;
        case '\'':
            fputs("\\(aq", out);
            break;
        case '`':
            fputs("\\(ga", out);
            break;
        case '^':
            fputs("\\(ha", out);
            break;
        case '~':
            fputs("\\(ti", out);
            break;
        default:
            putc(text[i], out);
            break;
        }
    }
}

static void put(const char *text, FILE *out) {
    put_text(text, strlen(text), out);
}

/* "GENERATE", for titles. */
static void put_upper(const char *text, size_t length, FILE *out) {
    for (size_t i = 0; i < length; i++)
        putc(toupper((unsigned char)text[i]), out);
}

/* Paragraphs: one line end breaks the line, two begin a paragraph. */
static void put_paragraphs(const char *text, FILE *out) {
    while (*text) {
        const size_t length = strcspn(text, "\n");
        put_text(text, length, out);
        putc('\n', out);
        text += length;
        const size_t n_ends = strspn(text, "\n");
        text += n_ends;
        if (*text && n_ends > 0) fputs(n_ends > 1 ? ".PP\n" : ".br\n", out);
    }
}

static void put_head(const char *command, const char *summary, FILE *out) {
    fprintf(out, ".\\\" made from the option tables of patina %s\n.TH PATINA", patina_version());
    if (command) {
        fputs("\\-", out);
        put_upper(command, strlen(command), out);
    }
    fprintf(out, " 1 \"\" \"patina %s\" \"User Commands\"\n", patina_version());
    fputs(".SH NAME\npatina", out);
    if (command) {
        fputs("\\-", out);
        put(command, out);
    }
    fputs(" \\- ", out);
    put(summary, out);
    putc('\n', out);
}

/* The usage may have several lines, whose indent is made for a terminal. */
static void put_synopsis(const pt_cli_command *command, FILE *out) {
    const char *line = command->usage;
    fputs(".SH SYNOPSIS\n.B patina ", out);
    put(command->name, out);
    putc('\n', out);
    while (*line) {
        line += strspn(line, " \n");
        const size_t length = strcspn(line, "\n");
        put_text(line, length, out);
        putc('\n', out);
        line += length;
    }
}

static void put_option(const pt_cli_option *option, FILE *out) {
    fputs(".TP\n\\fB\\-\\-", out);
    put(option->name, out);
    fputs("\\fR", out);
    if (option->kind == PT_CLI_CHOICE) {
        for (size_t i = 0; i < PT_CLI_CHOICES_MAX && option->choices[i]; i++) {
            fputs(i > 0 ? "|\\fI" : " \\fI", out);
            put(option->choices[i], out);
            fputs("\\fR", out);
        }
    } else if (option->kind != PT_CLI_FLAG) {
        fputs(" \\fI", out);
        put(option->argument, out);
        fputs("\\fR", out);
    }
    putc('\n', out);
    put(option->help, out);
    if (option->fallback) {
        fputs(" (default ", out);
        put(option->fallback, out);
        putc(')', out);
    }
    if (option->required) fputs(" (required)", out);
    if (option->repeatable) fputs(" (may be given more than once)", out);
    putc('\n', out);
}

/* The head of a section: "status:" is called EXIT STATUS by custom. */
static void put_section(const char *line, size_t length, FILE *out) {
    fputs(".SH ", out);
    if (length == strlen("status") && memcmp(line, "status", length) == 0)
        fputs("\"EXIT STATUS\"", out);
    else
        put_upper(line, length, out);
    fputs("\n.nf\n", out);
}

/* What help prints behind the options: a line "word:" heads a section, all others stand as they
 * are but for the indent of two that they share. */
static void put_after(const char *text, FILE *out) {
    bool open = false;
    while (*text) {
        const size_t length = strcspn(text, "\n");
        const size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz");
        if (word > 0 && word + 1 == length && text[word] == ':') {
            if (open) fputs(".fi\n", out);
            put_section(text, word, out);
            open = true;
        } else if (length > 0) {
            if (!open) put_section("notes", strlen("notes"), out);
            open = true;
            const size_t indent = strncmp(text, "  ", 2) == 0 ? 2 : 0;
            put_text(text + indent, length - indent, out);
            putc('\n', out);
        }
        text += length;
        if (*text) text++;
    }
    if (open) fputs(".fi\n", out);
}

static void put_see_also(const pt_cli_program *program, const pt_cli_command *self, FILE *out) {
    fputs(".SH \"SEE ALSO\"\n", out);
    if (self) fprintf(out, ".BR patina (1)%s\n", program->n_commands > 1 ? "," : "");
    size_t n_left = program->n_commands - (self ? 1 : 0);
    for (size_t i = 0; i < program->n_commands; i++) {
        if (program->commands[i] == self) continue;
        fputs(".BR patina\\-", out);
        put(program->commands[i]->name, out);
        fprintf(out, " (1)%s\n", --n_left > 0 ? "," : "");
    }
}

static void command_page(const pt_cli_program *program, const pt_cli_command *command, FILE *out) {
    put_head(command->name, command->summary, out);
    put_synopsis(command, out);
    fputs(".SH DESCRIPTION\n", out);
    put_paragraphs(command->description, out);
    fputs(".SH OPTIONS\n", out);
    for (size_t i = 0; i < command->n_options; i++)
        put_option(&command->options[i], out);
    fputs(".TP\n\\fB\\-\\-help\\fR\nprint these options and exit\n", out);
    if (command->after) put_after(command->after, out);
    put_see_also(program, command, out);
}

static void program_page(const pt_cli_program *program, FILE *out) {
    put_head(NULL, "training data from captioned audio", out);
    fputs(".SH SYNOPSIS\n.B patina\n\\fICOMMAND\\fR [\\fIarguments\\fR]\n.SH DESCRIPTION\n", out);
    put_paragraphs(program->introduction, out);
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; i < program->n_commands; i++) {
        fputs(".TP\n.BR patina\\-", out);
        put(program->commands[i]->name, out);
        fputs(" (1)\n", out);
        put(program->commands[i]->summary, out);
        putc('\n', out);
    }
    fputs(".SH OPTIONS\n"
          ".TP\n\\fB\\-\\-help\\fR\nprint the list of commands and exit\n"
          ".TP\n\\fB\\-\\-version\\fR\nprint the program\\(aqs version and exit\n"
          ".TP\n\\fB\\-\\-completion\\fR \\fIbash\\fR|\\fIzsh\\fR|\\fIfish\\fR\n"
          "print a script that completes command lines in that shell\n"
          ".SH \"EXIT STATUS\"\n.nf\n"
          "0  done\n1  failed\n2  the command line is wrong\n.fi\n",
          out);
    put_see_also(program, NULL, out);
}

void pt_cli_write_man_page(const pt_cli_program *program, const pt_cli_command *command,
                           FILE *out) {
    if (command)
        command_page(program, command, out);
    else
        program_page(program, out);
}
