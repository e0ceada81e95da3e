/* SPDX-License-Identifier: MIT */
/* signals.h - SIGINT, SIGTERM and SIGHUP stop a run, which then removes its temporary files; a file
 * that fails is an error, not a signal */

#ifndef PATINA_CLI_SIGNALS_H
#define PATINA_CLI_SIGNALS_H

#include <patina/status.h>

/**
 * Installs the handlers. The first signal sets the flag returned here, the second ends the process
 * immediately.
 */
const patina_atomic_bool *pt_cli_install_signal_handlers(void);

/**
 * A closed pipe (SIGPIPE) and a file beyond the limit of its size (SIGXFSZ) are write errors,
 * reported like a full disk. A mapped file that is truncated (SIGBUS) ends the process with status
 * 1 and a sentence.
 */
void pt_cli_install_fault_handlers(void);

/** Sets the flag as a signal does. */
void pt_cli_request_stop(void);

/** Ends the process by the signal received, so that a shell loop around it ends too; returns if
 * there was none. */
void pt_cli_reraise_signal(void);

#endif /* PATINA_CLI_SIGNALS_H */
