/* SPDX-License-Identifier: MIT */
/* main.c - entry point of the patina command: selects a command and sets the exit status
 *
 * Exit status: 0 success, 1 failure, 2 invalid command line, 75 stopped and resumable. The locale
 * is never set, so that numbers have a decimal point in every language.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/patina.h>

#include "commands.h"
#include "completion_text.h"
#include "escaped_output.h"
#include "signals.h"

#include "base/error.h"
#include "base/suggest.h"
#include "fs/path.h"

static const pt_cli_program *const program = &pt_cli_program_table;

static void print_help(void) {
    puts("usage: patina COMMAND [arguments]\n");
    pt_cli_write_wrapped(stdout, program->introduction, 0);
    puts("\ncommands:");
    for (size_t i = 0; i < program->n_commands; i++)
        printf("  %-10s  %s\n", program->commands[i]->name, program->commands[i]->summary);
    puts("\noptions:\n"
         "  -h, --help [COMMAND]   print the help of the program or of a command\n"
         "  -V, --version          print the version\n"
         "  --completion SHELL     print the completion script for bash, zsh or fish\n"
         "\n"
         "Each command has its own options: patina COMMAND --help");
}

static int print_version(void) {
    printf("patina %s\n", patina_version());
    return 0;
}

static const pt_cli_command *find_command(const char *name) {
    for (size_t i = 0; i < program->n_commands; i++)
        if (strcmp(program->commands[i]->name, name) == 0) return program->commands[i];
    return NULL;
}

static int usage_error(const char *problem, const char *word) {
    if (word)
        pt_cli_error("%s '%s'", problem, word);
    else
        pt_cli_error("%s", problem);
    fputs("try 'patina --help'\n", stderr);
    return PT_CLI_EXIT_USAGE;
}

static int unknown_command(const char *word) {
    const char *names[32];
    size_t n = 0;
    while (n < program->n_commands && n + 1 < PT_CLI_LENGTH(names)) {
        names[n] = program->commands[n]->name;
        n++;
    }
    names[n++] = "help";
    const char *nearest = pt_suggest_name(word, names, n);
    if (!nearest) return usage_error("unknown command", word);
    pt_cli_error("unknown command '%s': did you mean '%s'?", word, nearest);
    fputs("try 'patina --help'\n", stderr);
    return PT_CLI_EXIT_USAGE;
}

static int help(const char *topic) {
    if (!topic) {
        print_help();
        return 0;
    }
    const pt_cli_command *command = find_command(topic);
    if (!command) return unknown_command(topic);
    pt_cli_write_help(command, stdout);
    return 0;
}

static int print_completion(const char *shell) {
    if (!shell) return usage_error("option '--completion' needs a shell: bash, zsh or fish", NULL);
    for (const pt_cli_completion *c = pt_cli_completions; c->shell; c++)
        if (strcmp(c->shell, shell) == 0) {
            fwrite(c->script, 1, c->size, stdout);
            return 0;
        }
    if (pt_cli_completions[0].shell)
        return usage_error("completion scripts exist for bash, zsh and fish, not for", shell);
    pt_cli_error("this build has no completion scripts; tools/gendoc.py makes them from "
                 "'patina --options-json'");
    return 1;
}

static int print_options_json(void) {
    pt_cli_write_options_json(program, stdout);
    return 0;
}

static bool is_either(const char *word, const char *a, const char *b) {
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* Options in place of a command; -1 if the word is not one of them. */
static int run_option(const char *word, int n_after, char **after) {
    const bool is_help = is_either(word, "--help", "-h") || strcmp(word, "help") == 0;
    const bool is_version = is_either(word, "--version", "-V");
    const bool is_completion = strcmp(word, "--completion") == 0;
    const bool is_json = strcmp(word, "--options-json") == 0;
    if (!is_help && !is_version && !is_completion && !is_json) return -1;

    const int n_max = is_help || is_completion ? 1 : 0;
    if (n_after > n_max) return usage_error("unexpected argument", after[n_max]);
    if (is_help) return help(n_after ? after[0] : NULL);
    if (is_version) return print_version();
    return is_completion ? print_completion(n_after ? after[0] : NULL) : print_options_json();
}

static patina_status compare_input(const char *path, const struct stat *out, const char **input,
                                   patina_error *err) {
    struct stat info;
    bool exists;
    PT_TRY(pt_path_find(path, &exists, &info, err));
    if (exists && info.st_dev == out->st_dev && info.st_ino == out->st_ino) *input = path;
    return PATINA_OK;
}

/* Finds an input that is the file of --out; *input is NULL without one. */
static patina_status find_input(const pt_cli_args *args, const struct stat *out, const char **input,
                                patina_error *err) {
    *input = NULL;
    for (size_t i = 0; i < args->n_operands; i++)
        PT_TRY(compare_input(args->operands[i], out, input, err));
    for (size_t i = 0; i < args->n_occurrences; i++) {
        const pt_cli_occurrence *o = &args->occurrence[i];
        if (o->option->kind == PT_CLI_FILE && strcmp(o->option->name, "out") != 0)
            PT_TRY(compare_input(o->value.text, out, input, err));
    }
    return PATINA_OK;
}

static int output_error(const char *path) {
    pt_cli_error("output file '%s': %s", path, strerror(errno));
    return 1;
}

/* Empties the file of --out unless it is an input; 0, or an exit status. */
static int empty_output(const pt_cli_args *args, const char *path, int fd) {
    const char *input = NULL;
    patina_error err;
    struct stat info;

    if (fstat(fd, &info) != 0) return output_error(path);
    if (!S_ISREG(info.st_mode)) return 0;
    if (find_input(args, &info, &input, &err) != PATINA_OK) return pt_cli_report_error(&err);
    if (input)
        return pt_cli_usage_error(args->command,
                                  "option '--out': '%s' is an input file; name another file", path);
    return ftruncate(fd, 0) == 0 ? 0 : output_error(path);
}

/* Makes the file of --out the standard output; 0, or an exit status. */
static int redirect_stdout(const pt_cli_args *args) {
    const char *path = pt_cli_text(args, "out");
    if (strcmp(path, "-") == 0) return 0;
    const int fd = open(path, O_WRONLY | O_CREAT, 0666);
    if (fd < 0) return output_error(path);
    int result = empty_output(args, path, fd);
    if (result == 0 && dup2(fd, STDOUT_FILENO) < 0) result = output_error(path);
    if (fd != STDOUT_FILENO) close(fd);
    return result;
}

static int run_command(const pt_cli_command *command, int argc, char **argv) {
    pt_cli_args args;
    pt_cli_request request;
    int result = 0;

    const patina_status status = pt_cli_parse(command, argc, argv, &args, &request);
    if (status != PATINA_OK) {
        result = status == PATINA_EUSAGE ? PT_CLI_EXIT_USAGE : 1;
    } else if (request == PT_CLI_HELP) {
        pt_cli_write_help(command, stdout);
    } else if (request == PT_CLI_VERSION) {
        print_version();
    } else {
        const bool redirects = !pt_cli_has_own_option(command, "out") && pt_cli_given(&args, "out");
        result = redirects ? redirect_stdout(&args) : 0;
        if (result == 0) result = command->run(command, &args);
    }
    pt_cli_args_release(&args);
    return result;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) return usage_error("no command given", NULL);
    const char *word = argv[1];
    const int status = run_option(word, argc - 2, argv + 2);
    if (status >= 0) return status;
    if (word[0] == '-') return usage_error("a command is required before options such as", word);
    const pt_cli_command *command = find_command(word);
    return command ? run_command(command, argc - 2, argv + 2) : unknown_command(word);
}

/* Otherwise the next file to be opened would get the number of a closed standard stream, and output
 * would be written into it. */
static void reserve_standard_fds(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            /* opened the wrong way round, so that writing fails and is reported */
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* Each line is one write, so that the lines of many processes in one log do not mix. The buffer
 * exceeds what a pipe takes in one piece (PIPE_BUF). */
static void line_buffer_stderr(void) {
    static char buffer[1 << 14];
    setvbuf(stderr, buffer, _IOLBF, sizeof buffer);
}

int main(int argc, char **argv) {
    reserve_standard_fds();
    line_buffer_stderr();
    pt_cli_install_fault_handlers();
    int status = dispatch(argc, argv);

    const bool failed_before = ferror(stdout);
    errno = 0;
    if (!pt_cli_flush(stdout)) {
        if (failed_before || errno == 0)
            pt_cli_error("standard output could not be written");
        else
            pt_cli_error("standard output could not be written: %s", strerror(errno));
        if (status == 0) status = 1;
    }
    return status;
}
