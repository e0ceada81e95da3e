/* SPDX-License-Identifier: MIT */
/* progress.h - progress, notes and rejects on standard error
 *
 *     terminal   one status line, rewritten in place, cut to the width of the terminal
 *     log        dated lines, one of progress every 30 s
 *     JSON       one object per line, one of progress every second
 */

#ifndef PATINA_CLI_PROGRESS_H
#define PATINA_CLI_PROGRESS_H

#include <stdbool.h>

#include <patina/generate.h>

typedef enum pt_cli_progress_format {
    PT_CLI_PROGRESS_AUTO, /* the status line on a terminal, dated lines elsewhere */
    PT_CLI_PROGRESS_PLAIN,
    PT_CLI_PROGRESS_JSON
} pt_cli_progress_format;

/** The choices of an option, in the order of pt_cli_progress_format. */
#define PT_CLI_PROGRESS_FORMATS PT_CLI_CHOICES("auto", "plain", "json")

typedef struct pt_cli_progress {
    bool quiet, terminal, json, colour;
    bool line_open;            /* the cursor is in the status line */
    double started_s, shown_s; /* monotonic clock; started_s 0: not started */
    unsigned n_rejects_shown;
} pt_cli_progress;

void pt_cli_progress_start(pt_cli_progress *progress, pt_cli_progress_format format, bool quiet);

/** The on_event of patina_generate; context is a pt_cli_progress. */
void pt_cli_progress_event(void *context, const patina_event *event);

/** Prints a note as those of a run. */
void pt_cli_progress_note(pt_cli_progress *progress, const char *text);

/** Whether the next pt_cli_progress_line is due. */
bool pt_cli_progress_is_due(pt_cli_progress *progress);

/** Progress of other commands, as text: the status line, or a dated line. */
void pt_cli_progress_line(pt_cli_progress *progress, const char *text);

/** Erases the status line. */
void pt_cli_progress_end(pt_cli_progress *progress);

/** Seconds since the first pt_cli_progress_is_due; 0 while there are too few for a rate. */
double pt_cli_progress_elapsed_s(const pt_cli_progress *progress);

/** "2 h 41 min", "3 min" or "20 s". */
void pt_cli_format_duration(double seconds, char *text, size_t size);

#endif /* PATINA_CLI_PROGRESS_H */
