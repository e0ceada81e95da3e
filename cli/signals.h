/* SPDX-License-Identifier: MIT */
/* signals.h - SIGINT, SIGTERM and SIGHUP stop a run, which then removes its temporary files */

#ifndef PATINA_CLI_SIGNALS_H
#define PATINA_CLI_SIGNALS_H

#include <patina/status.h>

/**
 * Installs the handlers. The first signal sets the flag returned here, the second ends the process
 * immediately.
 */
const patina_atomic_bool *pt_cli_install_signal_handlers(void);

/** Sets the flag as a signal does. */
void pt_cli_request_stop(void);

/** Ends the process by the signal received, so that a shell loop around it ends too; returns if
 * there was none. */
void pt_cli_reraise_signal(void);

#endif /* PATINA_CLI_SIGNALS_H */
