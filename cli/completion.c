/* SPDX-License-Identifier: MIT */
/* completion.c - scripts that complete patina's command lines in bash, zsh and fish
 *
 * Each knows the commands, their options, the words of choices and of first operands, and where a
 * folder or a file is meant; finding files is left to the shell.
 */

#include <string.h>

#include <patina/patina.h>

#include "gendoc.h"

enum { WORDS_SIZE = 256 };

/* ---- what is offered ------------------------------------------------------------------------- */

/* What may stand where a value is expected. */
typedef enum value_kind {
    VALUE_FREE, /* nothing that could be offered */
    VALUE_WORD, /* one of the option's choices */
    VALUE_DIR,
    VALUE_FILE
} value_kind;

/* By the option's kind and the name of its argument, as options.h tells; not for flags. */
static value_kind value_kind_of(const pt_cli_option *option) {
    if (option->kind == PT_CLI_CHOICE) return VALUE_WORD;
    if (option->kind != PT_CLI_TEXT) return VALUE_FREE;
    if (strcmp(option->argument, "DIR") == 0) return VALUE_DIR;
    if (strncmp(option->argument, "FILE", 4) == 0 || strcmp(option->argument, "SRC") == 0 ||
        strcmp(option->argument, "MODEL") == 0)
        return VALUE_FILE;
    return VALUE_FREE;
}

/* Likewise of a command's operands: folders where its usage ends with OUT or DIR. */
static value_kind operand_kind_of(const pt_cli_command *command) {
    if (command->n_operands_max == 0) return VALUE_FREE;
    const char *space = strrchr(command->usage, ' ');
    const char *last = space ? space + 1 : command->usage;
    return strcmp(last, "OUT") == 0 || strcmp(last, "DIR") == 0 ? VALUE_DIR : VALUE_FILE;
}

/* The words that a command's first operand must be one of ("info"), parted by blanks: those in
 * small letters that begin a line of its usage. Empty where it has none. */
static void first_words(const pt_cli_command *command, char *words, size_t size) {
    const char *line = command->usage;
    size_t used = 0;
    while (line && size > 0) {
        line += strspn(line, " \n");
        const size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyz|");
        if (length > 0 && strchr(" \n", line[length]) && used + length + 2 <= size) {
            if (used > 0) words[used++] = ' ';
            for (size_t i = 0; i < length; i++)
                words[used++] = line[i] == '|' ? ' ' : line[i];
        }
        line = strchr(line, '\n');
    }
    if (size > 0) words[used] = '\0';
}

/* ---- in every shell -------------------------------------------------------------------------- */

/* Help up to its first clause: what a list of suggestions has room for. */
static size_t brief(const char *help) {
    size_t length = strcspn(help, ";:(");
    while (length > 0 && help[length - 1] == ' ')
        length--;
    return length;
}

/* The inside of a word in single quotes: `quote` stands for one; each of `special` after a
 * backslash. */
static void put_quoted(const char *text, size_t length, const char *quote, const char *special,
                       FILE *out) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\'') {
            fputs(quote, out);
            continue;
        }
        if (text[i] == '\n') {
            putc(' ', out);
            continue;
        }
        if (strchr(special, text[i])) putc('\\', out);
        putc(text[i], out);
    }
}

static void put_choices(const pt_cli_option *option, FILE *out) {
    for (size_t i = 0; i < PT_CLI_CHOICES_MAX && option->choices[i]; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
}

static void put_command_names(const pt_cli_program *program, FILE *out) {
    for (size_t i = 0; i < program->n_commands; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", program->commands[i]->name);
}

/* ---- bash ------------------------------------------------------------------------------------ */

/* A pattern "--a | --b" of the options that take one kind of value, and what to do then. */
static void bash_options_of(const pt_cli_command *command, value_kind kind, const char *action,
                            FILE *out) {
    size_t n = 0;
    for (size_t i = 0; i < command->n_options; i++) {
        const pt_cli_option *option = &command->options[i];
        if (option->kind == PT_CLI_FLAG || value_kind_of(option) != kind) continue;
        fprintf(out, "%s--%s", n++ > 0 ? " | " : "        ", option->name);
    }
    if (n > 0) fprintf(out, ") %s ;;\n", action);
}

static void bash_command(const pt_cli_command *command, FILE *out) {
    char words[WORDS_SIZE];
    first_words(command, words, sizeof words);
    fprintf(out, "    %s)\n        options='", command->name);
    for (size_t i = 0; i < command->n_options; i++)
        fprintf(out, "--%s ", command->options[i].name);
    fprintf(out, "--help' first='%s'%s%s\n        case $before in\n", words,
            command->n_operands_max > 0 ? "" : " value=none",
            operand_kind_of(command) == VALUE_DIR ? " found=dirnames" : "");
    for (size_t i = 0; i < command->n_options; i++) {
        const pt_cli_option *option = &command->options[i];
        if (option->kind != PT_CLI_CHOICE) continue;
        fprintf(out, "        --%s) value=words words='", option->name);
        put_choices(option, out);
        fputs("' ;;\n", out);
    }
    bash_options_of(command, VALUE_DIR, "value='folder'", out);
    bash_options_of(command, VALUE_FILE, "value='file'", out);
    bash_options_of(command, VALUE_FREE, "return", out);
    fputs("        esac\n        ;;\n", out);
}

static void bash(const pt_cli_program *program, FILE *out) {
    fprintf(out, "# bash completion of patina %s, made from its option tables\n", patina_version());
    fputs("_patina() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local options='' first='' value=operand words='' found=default\n"
          "    COMPREPLY=()\n"
          "    # bash parts words at '=' too: --format=parq is three of them\n"
          "    if [[ $current == '=' ]]; then\n"
          "        current=''\n"
          "    elif [[ $before == '=' ]] && ((COMP_CWORD >= 2)); then\n"
          "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          out);
    put_command_names(program, out);
    fputs(" help --help --version --completion' -- \"$current\")\n"
          "        return\n"
          "    fi\n"
          "    case ${COMP_WORDS[1]} in\n"
          "    --completion) value=words words='bash zsh fish' ;;\n"
          "    help) value=words words='",
          out);
    put_command_names(program, out);
    fputs("' ;;\n", out);
    for (size_t i = 0; i < program->n_commands; i++)
        bash_command(program->commands[i], out);
    fputs("    *) return ;;\n"
          "    esac\n"
          "    if [[ $value == operand && $first && $COMP_CWORD == 2 && $current != -* ]]; then\n"
          "        value=words words=$first\n"
          "    elif [[ $value == none || ($value == operand && $current == -*) ]]; then\n"
          "        value=words words=$options\n"
          "    fi\n"
          "    case $value in\n"
          "    words) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\") ;;\n"
          "    folder) compopt -o dirnames ;;\n"
          "    file) compopt -o default ;;\n"
          "    operand) compopt -o \"$found\" ;;\n"
          "    esac\n"
          "}\n"
          "complete -F _patina patina\n",
          out);
}

/* ---- zsh ------------------------------------------------------------------------------------- */

static void zsh_option(const pt_cli_option *option, FILE *out) {
    fprintf(out, " \\\n            '%s--%s%s[", option->repeatable ? "*" : "", option->name,
            option->kind == PT_CLI_FLAG ? "" : "=");
    put_quoted(option->help, brief(option->help), "'\\''", "[]:\\", out);
    putc(']', out);
    if (option->kind != PT_CLI_FLAG) {
        fprintf(out, ":%s:", option->argument ? option->argument : option->name);
        switch (value_kind_of(option)) {
        case VALUE_WORD:
            putc('(', out);
            put_choices(option, out);
            putc(')', out);
            break;
        case VALUE_DIR:
            fputs("_files -/", out);
            break;
        case VALUE_FILE:
            fputs("_files", out);
            break;
        case VALUE_FREE:
            break;
        }
    }
    putc('\'', out);
}

static void zsh_command(const pt_cli_command *command, FILE *out) {
    char words[WORDS_SIZE];
    first_words(command, words, sizeof words);
    fprintf(out, "    %s)\n        _arguments", command->name);
    for (size_t i = 0; i < command->n_options; i++)
        zsh_option(&command->options[i], out);
    fputs(" \\\n            '--help[print help]'", out);
    if (words[0]) fprintf(out, " \\\n            '1:what to do:(%s)'", words);
    if (command->n_operands_max > 0)
        fprintf(out, " \\\n            '*:file:_files%s'",
                operand_kind_of(command) == VALUE_DIR ? " -/" : "");
    fputs("\n        ;;\n", out);
}

static void zsh(const pt_cli_program *program, FILE *out) {
    fprintf(out,
            "#compdef patina\n# zsh completion of patina %s, made from its option tables\n"
            "_patina() {\n    local -a commands=(\n",
            patina_version());
    for (size_t i = 0; i < program->n_commands; i++) {
        const pt_cli_command *command = program->commands[i];
        fprintf(out, "        '%s:", command->name);
        put_quoted(command->summary, strlen(command->summary), "'\\''", ":\\", out);
        fputs("'\n", out);
    }
    fputs("        'help:what a command does and which options it has'\n"
          "    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n"
          "        compadd -- --help --version --completion\n"
          "        return\n"
          "    fi\n"
          "    local name=$words[2]\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $name in\n"
          "    --completion) compadd bash zsh fish ;;\n"
          "    help) _describe command commands ;;\n",
          out);
    for (size_t i = 0; i < program->n_commands; i++)
        zsh_command(program->commands[i], out);
    fputs("    esac\n"
          "}\n"
          "# found in $fpath, this file is the function; sourced, it announces it\n"
          "if [[ $funcstack[1] == _patina ]]; then\n"
          "    _patina \"$@\"\n"
          "else\n"
          "    compdef _patina patina\n"
          "fi\n",
          out);
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void fish_line(const char *name, FILE *out) {
    fprintf(out, "complete -c patina -n '__patina_command %s'", name);
}

static void fish_help(const char *help, size_t length, FILE *out) {
    fputs(" -d '", out);
    put_quoted(help, length, "\\'", "\\", out);
    fputs("'\n", out);
}

static void fish_option(const char *command, const pt_cli_option *option, FILE *out) {
    fish_line(command, out);
    fprintf(out, " -l %s", option->name);
    if (option->kind != PT_CLI_FLAG) {
        switch (value_kind_of(option)) {
        case VALUE_WORD:
            fputs(" -x -a '", out);
            put_choices(option, out);
            putc('\'', out);
            break;
        case VALUE_DIR:
            fputs(" -x -a '(__fish_complete_directories)'", out);
            break;
        case VALUE_FILE:
            fputs(" -r -F", out);
            break;
        case VALUE_FREE:
            fputs(" -x", out);
            break;
        }
    }
    fish_help(option->help, brief(option->help), out);
}

static void fish_command(const pt_cli_command *command, FILE *out) {
    char words[WORDS_SIZE];
    first_words(command, words, sizeof words);
    for (size_t i = 0; i < command->n_options; i++)
        fish_option(command->name, &command->options[i], out);
    fish_line(command->name, out);
    fputs(" -l help -d 'print help'\n", out);
    if (words[0]) {
        fish_line(command->name, out);
        fprintf(out, " -a '%s'\n", words);
    }
    if (command->n_operands_max == 0 || operand_kind_of(command) == VALUE_DIR) {
        fish_line(command->name, out);
        fprintf(out, " -f%s\n",
                command->n_operands_max > 0 ? " -a '(__fish_complete_directories)'" : "");
    }
}

static void fish(const pt_cli_program *program, FILE *out) {
    fprintf(out, "# fish completion of patina %s, made from its option tables\n", patina_version());
    fputs("function __patina_command\n"
          "    set -l words (commandline -opc)\n"
          "    test (count $words) -ge 2; and test $words[2] = $argv[1]\n"
          "end\n"
          "function __patina_no_command\n"
          "    test (count (commandline -opc)) -eq 1\n"
          "end\n",
          out);
    for (size_t i = 0; i < program->n_commands; i++) {
        const pt_cli_command *command = program->commands[i];
        fprintf(out, "complete -c patina -n __patina_no_command -f -a %s", command->name);
        fish_help(command->summary, strlen(command->summary), out);
    }
    fputs("complete -c patina -n __patina_no_command -f -a help -d 'print help'\n"
          "complete -c patina -n __patina_no_command -l help -d 'print help'\n"
          "complete -c patina -n __patina_no_command -l version -d 'print the version'\n"
          "complete -c patina -n '__patina_command help' -f -a '",
          out);
    put_command_names(program, out);
    fputs("'\n", out);
    for (size_t i = 0; i < program->n_commands; i++)
        fish_command(program->commands[i], out);
}

bool pt_cli_write_completion(const pt_cli_program *program, const char *shell, FILE *out) {
    if (strcmp(shell, "bash") == 0)
        bash(program, out);
    else if (strcmp(shell, "zsh") == 0)
        zsh(program, out);
    else if (strcmp(shell, "fish") == 0)
        fish(program, out);
    else
        return false;
    return true;
}
