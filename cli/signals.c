/* SPDX-License-Identifier: MIT */
/* signals.c - signals that stop a run, and those that the system sends for a file */

#include "signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* A signal handler has no context argument, so these are globals. The first signal asks the run to
 * stop, which removes its temporary files; the second ends the process immediately. They are atomic
 * because two threads may handle two signals. */
static atomic_bool stop;
static atomic_int received_signal;

/* Only weights are mapped. A page of a file that was truncated meanwhile cannot be read. */
static const char mapped_file_fault[] =
    "patina: the weight file of the model, which is mapped into memory, was truncated or cannot be "
    "read; restore it and run the same command again\n";

static void on_signal(int number) {
    if (atomic_exchange(&received_signal, number) != 0) _exit(128 + number);
    atomic_store(&stop, true);
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
    (void)context;
    if (info->si_code == BUS_ADRERR) {
        (void)!write(STDERR_FILENO, mapped_file_fault, sizeof mapped_file_fault - 1);
        _exit(1);
    }
    signal(number, SIG_DFL);
    raise(number);
}

void pt_cli_install_fault_handlers(void) {
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* A signal that the parent process ignores (nohup, a background job) stays ignored. */
const patina_atomic_bool *pt_cli_install_signal_handlers(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
        sigemptyset(&action.sa_mask);
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
    return &stop;
}

void pt_cli_request_stop(void) {
    atomic_store(&stop, true);
}

void pt_cli_reraise_signal(void) {
    const int number = atomic_load(&received_signal);
    if (!number) return;
    fflush(stdout);
    signal(number, SIG_DFL);
    raise(number);
}
