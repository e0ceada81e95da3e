/* SPDX-License-Identifier: MIT */
/* progress.c - how far a run is */

#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "output.h"

enum { REJECTS_SHOWN = 20 };

#define TERMINAL_S 0.2  /* between two rewritings */
#define PLAIN_S    30.0 /* between two lines of a log */
#define SETTLED_S  5.0  /* before a rate means anything */

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void pt_cli_progress_start(pt_cli_progress *progress, bool quiet) {
    progress->quiet = quiet;
    progress->terminal = isatty(STDERR_FILENO);
    progress->started_s = now_s();
    progress->shown_s = progress->started_s;
}

void pt_cli_progress_end(pt_cli_progress *progress) {
    if (progress->line_open) fputs("\r\033[K", stderr); /* to its start, and erase it */
    progress->line_open = false;
}

/* "2 h 41 min", "3 min", "20 s" */
static void print_duration(double seconds) {
    const uint64_t s = (uint64_t)(seconds + 0.5);
    if (s >= 3600)
        fprintf(stderr, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        fprintf(stderr, "%" PRIu64 " min", s / 60);
    else
        fprintf(stderr, "%" PRIu64 " s", s);
}

static void show(pt_cli_progress *progress, const pt_event *event) {
    const double now = now_s(), elapsed = now - progress->started_s;
    const double done = (double)event->n_entries, total = (double)event->n_entries_total;
    if (now - progress->shown_s < (progress->terminal ? TERMINAL_S : PLAIN_S)) return;
    progress->shown_s = now;

    if (progress->terminal) fputs("\r\033[K", stderr);
    fprintf(stderr, "%" PRIu64, event->n_entries);
    if (event->n_entries_total) fprintf(stderr, " of %" PRIu64, event->n_entries_total);
    fprintf(stderr, " entries, %" PRIu64 " rows, %" PRIu64 " rejects", event->n_rows,
            event->n_rejects);
    if (elapsed >= SETTLED_S && done > 0) {
        fprintf(stderr, ", %.1f entries/s", done / elapsed);
        if (total > done) {
            fputs(", about ", stderr);
            print_duration(elapsed * (total - done) / done);
            fputs(" left", stderr);
        }
    }
    progress->line_open = progress->terminal;
    if (!progress->terminal) fputc('\n', stderr);
    fflush(stderr);
}

static void reject(pt_cli_progress *progress, const pt_event *event) {
    if (progress->n_rejects_shown > REJECTS_SHOWN) return;
    pt_cli_progress_end(progress);
    if (progress->n_rejects_shown++ == REJECTS_SHOWN) {
        fputs("reject: more follow: all stand in rejects.jsonl\n", stderr);
        return;
    }
    fputs("reject: ", stderr);
    if (event->entry) {
        fputs("entry '", stderr);
        pt_cli_put(stderr, event->entry);
        fputs("': ", stderr);
    }
    pt_cli_put(stderr, event->text ? event->text : pt_status_name(event->reason));
    fputc('\n', stderr);
}

void pt_cli_progress_event(void *context, const pt_event *event) {
    pt_cli_progress *progress = context;
    if (progress->quiet) return;
    switch (event->kind) {
    case PT_EVENT_PROGRESS:
        show(progress, event);
        break;
    case PT_EVENT_REJECT:
        reject(progress, event);
        break;
    case PT_EVENT_NOTE:
        pt_cli_progress_end(progress);
        fputs("note: ", stderr);
        pt_cli_put(stderr, event->text);
        fputc('\n', stderr);
        break;
    }
}
