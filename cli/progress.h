/* SPDX-License-Identifier: MIT */
/* progress.h - how far a run is, on standard error
 *
 *     on a terminal     one line that is rewritten, as wide as there is room
 *     elsewhere         dated lines, one of progress every half minute
 *     as JSON           an object a line, one of progress every second
 */

#ifndef PATINA_CLI_PROGRESS_H
#define PATINA_CLI_PROGRESS_H

#include <stdbool.h>

#include <patina/generate.h>

typedef enum pt_cli_progress_format {
    PT_CLI_PROGRESS_AUTO, /* the line on a terminal, dated lines elsewhere */
    PT_CLI_PROGRESS_PLAIN,
    PT_CLI_PROGRESS_JSON
} pt_cli_progress_format;

/** For an option's choices, in the order of the form. */
#define PT_CLI_PROGRESS_FORMATS                                                                    \
    { "auto", "plain", "json" }

typedef struct pt_cli_progress {
    bool quiet, terminal, json, colour;
    bool line_open;            /* the rewritten line stands where the cursor is */
    double started_s, shown_s; /* on the monotonic clock; started_s 0: no work was begun */
    unsigned n_rejects_shown;
} pt_cli_progress;

void pt_cli_progress_start(pt_cli_progress *progress, pt_cli_progress_format form, bool quiet);

/** The on_event of a run; context is a pt_cli_progress. */
void pt_cli_progress_event(void *context, const patina_event *event);

/** A note like those of a run. */
void pt_cli_progress_note(pt_cli_progress *progress, const char *text);

/** Whether it is time for the next pt_cli_progress_line. */
bool pt_cli_progress_is_due(pt_cli_progress *progress);

/** Progress of what is no run, in words: the rewritten line, or a dated one. */
void pt_cli_progress_line(pt_cli_progress *progress, const char *text);

/** Takes the line away. */
void pt_cli_progress_end(pt_cli_progress *progress);

/** Seconds since the first pt_cli_progress_is_due; 0 while they are too few for a rate. */
double pt_cli_progress_elapsed_s(const pt_cli_progress *progress);

/** "2 h 41 min", "3 min", "20 s" into text. */
void pt_cli_format_duration(double seconds, char *text, size_t size);

#endif /* PATINA_CLI_PROGRESS_H */
