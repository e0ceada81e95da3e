/* SPDX-License-Identifier: MIT */
/* signals.c - SIGINT, SIGTERM and SIGHUP */

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

static void on_signal(int number) {
    if (atomic_exchange(&received_signal, number) != 0) _exit(128 + number);
    atomic_store(&stop, true);
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
