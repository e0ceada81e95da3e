/* SPDX-License-Identifier: MIT */
/* signals.h - Ctrl-C and its kin: a run that can be stopped takes its temporary files away first */

#ifndef PATINA_CLI_SIGNALS_H
#define PATINA_CLI_SIGNALS_H

#include <patina/status.h>

/**
 * From now on the first SIGINT, SIGTERM or SIGHUP sets what this returns, and the second ends the
 * program where it stands.
 */
const patina_atomic_bool *pt_cli_install_signal_handlers(void);

/** Ends by the signal that was met, so that a shell loop around the program ends too; returns
 * where there was none. */
void pt_cli_reraise_signal(void);

#endif /* PATINA_CLI_SIGNALS_H */
