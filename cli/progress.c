/* SPDX-License-Identifier: MIT */
/* progress.c - how far a run is */

#include "progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "terminal.h"

#include "base/error.h"

enum { REJECTS_SHOWN_MAX = 20, BAR_CELLS = 20, WIDTH_DEFAULT = 80, WIDTH_MAX = 240 };

#define TERMINAL_S   0.2  /* between two rewritings */
#define JSON_S       1.0  /* between two objects of progress */
#define PLAIN_S      30.0 /* between two lines of a log */
#define RATE_DELAY_S 3.0  /* before a rate means anything */

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Colours only where they are seen, and where nobody said no (no-color.org). */
static bool wants_colour(void) {
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

void pt_cli_progress_start(pt_cli_progress *progress, pt_cli_progress_format form, bool quiet) {
    *progress = (pt_cli_progress){
        .quiet = quiet,
        .terminal = form == PT_CLI_PROGRESS_AUTO && isatty(STDERR_FILENO),
        .json = form == PT_CLI_PROGRESS_JSON,
    };
    progress->colour = progress->terminal && wants_colour();
}

void pt_cli_progress_end(pt_cli_progress *progress) {
    if (progress->line_open) {
        fputs("\r\033[K", stderr); /* to its start, and erase it */
        fflush(stderr);
    }
    progress->line_open = false;
}

void pt_cli_format_duration(double seconds, char *text, size_t size) {
    const uint64_t s = (uint64_t)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, size, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(text, size, "%" PRIu64 " min", s / 60);
    else
        snprintf(text, size, "%" PRIu64 " s", s);
}

/* In the time of Greenwich, so that the logs of many machines can be put side by side. */
static void print_timestamp(void) {
    const time_t now = time(NULL);
    struct tm utc;
    char text[32];
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ ", &utc);
    fputs(text, stderr);
}

/* Rows a second, and seconds left; negative where it is too early to say. */
typedef struct rate_estimate {
    double rows_per_s, left_s;
} rate_estimate;

static rate_estimate estimate_rate(const pt_cli_progress *progress, const patina_event *event) {
    const double elapsed = now_s() - progress->started_s, done = (double)event->n_entries;
    if (progress->started_s == 0.0 || elapsed < RATE_DELAY_S || done == 0.0)
        return (rate_estimate){-1.0, -1.0};
    return (rate_estimate){(double)event->n_rows / elapsed,
                           elapsed * ((double)event->n_entries_total - done) / done};
}

/* ---- a line of words ------------------------------------------------------------------------- */

typedef struct line {
    char text[WIDTH_MAX + 1];
    size_t length, width; /* no word is added that does not fit */
} line;

static void line_append(line *l, const char *format, ...) PT_PRINTF(2, 3);

static void line_append(line *l, const char *format, ...) {
    char word[128];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(word, sizeof word, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof word || l->length + (size_t)n > l->width) {
        l->width = l->length; /* nor any that follow */
        return;
    }
    memcpy(l->text + l->length, word, (size_t)n + 1);
    l->length += (size_t)n;
}

/* The most important first: what does not fit is left out from the end. */
static void line_append_progress(line *l, const patina_event *event, rate_estimate p) {
    char left[64];
    line_append(l, "%" PRIu64 " of %" PRIu64 " entries", event->n_entries, event->n_entries_total);
    line_append(l, ", %" PRIu64 " rows", event->n_rows);
    if (p.rows_per_s >= 0.0) line_append(l, ", %.1f rows/s", p.rows_per_s);
    if (p.left_s > 0.0) {
        pt_cli_format_duration(p.left_s, left, sizeof left);
        line_append(l, ", %s left", left);
    }
    line_append(l, ", %" PRIu64 " %s", event->n_rejects,
                event->n_rejects == 1 ? "reject" : "rejects");
    line_append(l, ", chunk %" PRIu64 " of %" PRIu64,
                event->n_chunks < event->n_chunks_total ? event->n_chunks + 1 : event->n_chunks,
                event->n_chunks_total);
}

static size_t terminal_width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return WIDTH_DEFAULT;
    return size.ws_col - 1U < WIDTH_MAX ? size.ws_col - 1U : WIDTH_MAX; /* the last stays free */
}

static void show_on_terminal(pt_cli_progress *progress, const patina_event *event,
                             rate_estimate p) {
    line l = {.width = terminal_width()};
    const size_t width = l.width;
    line_append_progress(&l, event, p);

    fputs("\r\033[K", stderr);
    if (l.length + BAR_CELLS + 3 <= width && event->n_entries_total > 0) {
        const uint64_t done =
            event->n_entries < event->n_entries_total ? event->n_entries : event->n_entries_total;
        const int cells = (int)(done * BAR_CELLS / event->n_entries_total);
        fprintf(stderr, "%s[%.*s%*s]%s ", progress->colour ? "\033[36m" : "", cells,
                "####################", BAR_CELLS - cells, "", progress->colour ? "\033[0m" : "");
    }
    fputs(l.text, stderr);
    progress->line_open = true;
}

static void show_as_json(const patina_event *event, rate_estimate p) {
    fprintf(stderr,
            "{\"event\": \"progress\", \"entries\": %" PRIu64 ", \"entries_total\": %" PRIu64
            ", \"rows\": %" PRIu64 ", \"rejects\": %" PRIu64 ", \"chunks\": %" PRIu64
            ", \"chunks_total\": %" PRIu64,
            event->n_entries, event->n_entries_total, event->n_rows, event->n_rejects,
            event->n_chunks, event->n_chunks_total);
    if (p.rows_per_s >= 0.0)
        fprintf(stderr, ", \"rows_per_s\": %.3f, \"seconds_left\": %.0f", p.rows_per_s, p.left_s);
    fputs("}\n", stderr);
}

static void show(pt_cli_progress *progress, const patina_event *event) {
    const double now = now_s();
    const double pause = progress->json ? JSON_S : progress->terminal ? TERMINAL_S : PLAIN_S;
    const bool is_last = event->n_entries == event->n_entries_total;
    if (progress->started_s == 0.0) { /* all is open, and the work begins */
        progress->started_s = progress->shown_s = now;
        if (!progress->json) return;
    } else if (now - progress->shown_s < pause && !(progress->json && is_last)) {
        return;
    }
    progress->shown_s = now;

    const rate_estimate p = estimate_rate(progress, event);
    if (progress->json) {
        show_as_json(event, p);
    } else if (progress->terminal) {
        show_on_terminal(progress, event, p);
    } else {
        line l = {.width = WIDTH_MAX};
        line_append_progress(&l, event, p);
        print_timestamp();
        fprintf(stderr, "%s\n", l.text);
    }
    fflush(stderr);
}

/* ---- what is no run ---------------------------------------------------------------------------
 */

bool pt_cli_progress_is_due(pt_cli_progress *progress) {
    const double now = now_s();
    if (progress->quiet) return false;
    if (progress->started_s == 0.0) {
        progress->started_s = progress->shown_s = now;
        return false;
    }
    if (now - progress->shown_s < (progress->terminal ? TERMINAL_S : PLAIN_S)) return false;
    progress->shown_s = now;
    return true;
}

double pt_cli_progress_elapsed_s(const pt_cli_progress *progress) {
    const double elapsed = now_s() - progress->started_s;
    return elapsed < RATE_DELAY_S ? 0.0 : elapsed;
}

void pt_cli_progress_line(pt_cli_progress *progress, const char *text) {
    char cut[WIDTH_MAX + 1];
    const size_t width = progress->terminal ? terminal_width() : WIDTH_MAX;
    snprintf(cut, width + 1, "%s", text);
    if (progress->terminal)
        fputs("\r\033[K", stderr);
    else
        print_timestamp();
    pt_cli_write_escaped(stderr, cut);
    if (!progress->terminal) fputc('\n', stderr);
    progress->line_open = progress->terminal;
    fflush(stderr);
}

/* ---- notes and rejects ------------------------------------------------------------------------
 */

/* Begins a line of text: the rewritten one goes, and a log has a date. */
static void begin_line(pt_cli_progress *progress) {
    pt_cli_progress_end(progress);
    if (!progress->terminal) print_timestamp();
}

void pt_cli_progress_note(pt_cli_progress *progress, const char *text) {
    if (progress->quiet) return;
    if (progress->json) {
        fputs("{\"event\": \"note\", \"text\": ", stderr);
        pt_cli_write_json_string(stderr, text);
        fputs("}\n", stderr);
        return;
    }
    begin_line(progress);
    fputs("note: ", stderr);
    pt_cli_write_escaped(stderr, text);
    fputc('\n', stderr);
}

static void reject_as_json(const patina_event *event) {
    fputs("{\"event\": \"reject\", \"entry\": ", stderr);
    if (event->entry)
        pt_cli_write_json_string(stderr, event->entry);
    else
        fputs("null", stderr);
    fprintf(stderr, ", \"reason\": \"%s\", \"text\": ", patina_status_name(event->reason));
    pt_cli_write_json_string(stderr, event->text ? event->text : "");
    fputs("}\n", stderr);
}

static void reject(pt_cli_progress *progress, const patina_event *event) {
    if (progress->json) {
        reject_as_json(event);
        return;
    }
    if (progress->n_rejects_shown > REJECTS_SHOWN_MAX) return;
    begin_line(progress);
    if (progress->n_rejects_shown++ == REJECTS_SHOWN_MAX) {
        fputs("reject: more follow: all stand in rejects.jsonl\n", stderr);
        return;
    }
    fputs(progress->colour ? "\033[33mreject:\033[0m " : "reject: ", stderr);
    if (event->entry) {
        fputs("entry '", stderr);
        pt_cli_write_escaped(stderr, event->entry);
        fputs("': ", stderr);
    }
    pt_cli_write_escaped(stderr, event->text ? event->text : patina_status_name(event->reason));
    fputc('\n', stderr);
}

void pt_cli_progress_event(void *context, const patina_event *event) {
    pt_cli_progress *progress = context;
    if (progress->quiet) return;
    switch (event->kind) {
    case PATINA_EVENT_PROGRESS:
        show(progress, event);
        break;
    case PATINA_EVENT_REJECT:
        reject(progress, event);
        break;
    case PATINA_EVENT_NOTE:
        pt_cli_progress_note(progress, event->text);
        break;
    }
}
