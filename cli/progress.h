/* SPDX-License-Identifier: MIT */
/* progress.h - how far a run is: a line that is rewritten on a terminal, now and then one elsewhere
 */

#ifndef PATINA_CLI_PROGRESS_H
#define PATINA_CLI_PROGRESS_H

#include <stdbool.h>

#include <patina/generate.h>

/** Zero it, then pt_cli_progress_start. */
typedef struct pt_cli_progress {
    bool quiet, terminal;
    bool line_open;            /* the rewritten line stands where the cursor is */
    double started_s, shown_s; /* on the monotonic clock */
    unsigned n_rejects_shown;
} pt_cli_progress;

void pt_cli_progress_start(pt_cli_progress *progress, bool quiet);

/** The on_event of a run; context is a pt_cli_progress. */
void pt_cli_progress_event(void *context, const pt_event *event);

/** Takes the line away. */
void pt_cli_progress_end(pt_cli_progress *progress);

#endif /* PATINA_CLI_PROGRESS_H */
