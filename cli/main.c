/* SPDX-License-Identifier: MIT */
/* main.c - the patina command: which command it is, and how the program ends
 *
 * Status: 0 done, 1 failed, 2 not understood. The locale is never set, so that numbers are printed
 * with a point whatever the user's language.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <patina/patina.h>

#include "commands.h"
#include "gendoc.h"
#include "terminal.h"

static const pt_cli_command *const commands[] = {
    &pt_cli_generate, &pt_cli_finish,  &pt_cli_verify, &pt_cli_inspect, &pt_cli_measure,
    &pt_cli_degrade,  &pt_cli_effects, &pt_cli_embed,  &pt_cli_model,   &pt_cli_bench,
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static const char introduction[] =
    "patina makes training data from captioned audio: it measures every clean recording, damages "
    "a copy, and writes rows of CLAP embeddings and physical targets.";

static const pt_cli_program program = {introduction, commands, N_COMMANDS};

static void print_help(FILE *out) {
    fputs("usage: patina COMMAND ...\n\n", out);
    pt_cli_write_wrapped(out, introduction, 0);
    fputs("\ncommands:\n", out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n"
          "  patina COMMAND --help       what a command does and which options it has\n"
          "  patina --version            the program's version\n"
          "  patina --completion SHELL   completion of command lines for bash, zsh or fish\n",
          out);
}

static const pt_cli_command *find_command(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static int usage(const char *problem, const char *word) {
    const char *names[N_COMMANDS + 1];
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i]->name;
    names[N_COMMANDS] = "help";
    const char *nearest = word ? pt_cli_suggest(word, names, N_COMMANDS + 1) : NULL;

    if (nearest)
        pt_cli_error("%s '%s': did you mean '%s'?", problem, word, nearest);
    else if (word)
        pt_cli_error("%s '%s'", problem, word);
    else
        pt_cli_error("%s", problem);
    fputs("try 'patina --help'\n", stderr);
    return PT_CLI_EXIT_USAGE;
}

static int help(const char *topic) {
    if (!topic) {
        print_help(stdout);
        return 0;
    }
    const pt_cli_command *command = find_command(topic);
    if (!command) return usage("no help on", topic);
    pt_cli_write_help(command, stdout);
    return 0;
}

static int dispatch(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : NULL;
    if (!word) return usage("no command given", NULL);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    if (strcmp(word, "--version") == 0) {
        printf("patina %s\n", patina_version());
        return 0;
    }
    int status;
    if (pt_cli_gendoc(&program, argc - 1, argv + 1, &status)) return status;
    if (word[0] == '-') return usage("a command comes before options such as", word);
    const pt_cli_command *command = find_command(word);
    if (!command) return usage("unknown command", word);

    pt_cli_args args;
    bool wants_help;
    int result;
    const patina_status parsed = pt_cli_parse(command, argc - 2, argv + 2, &args, &wants_help);
    if (parsed != PATINA_OK) {
        result = parsed == PATINA_EUSAGE ? PT_CLI_EXIT_USAGE : 1;
    } else if (wants_help) {
        pt_cli_write_help(command, stdout);
        result = 0;
    } else {
        result = command->run(command, &args);
    }
    pt_cli_args_release(&args);
    return result;
}

/* A closed standard stream would be the next file that is opened, and printing would go into it. */
static void reserve_standard_fds(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            /* unfit for its use, so that a lost line is noticed */
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* A line is written whole: the ranks of an engine share one log, and unbuffered, as standard error
 * begins, their lines would be mixed letter by letter. The room holds more than a pipe takes in one
 * piece (PIPE_BUF). */
static void line_buffer_stderr(void) {
    static char room[1 << 14];
    setvbuf(stderr, room, _IOLBF, sizeof room);
}

int main(int argc, char **argv) {
    reserve_standard_fds();
    line_buffer_stderr();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of writing, reported like a full disk */
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
