/* SPDX-License-Identifier: MIT */
/* progress.c - progress, notes and rejects on standard error */

#include "progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "escaped_output.h"

#include "base/error.h"
#include "base/monotonic_clock.h"

enum { REJECTS_SHOWN_MAX = 20, WIDTH_DEFAULT = 80, WIDTH_MAX = 240 };
enum { BAR_MIN = 10, BAR_MAX = 20, BAR_WIDTH_MIN = 60 }; /* cells, and columns for a bar at all */

#define TERMINAL_S   0.2  /* between two updates of the status line */
#define JSON_S       1.0  /* between two objects of progress */
#define PLAIN_S      30.0 /* between two lines of a log */
#define RATE_DELAY_S 3.0  /* before a rate is reliable */

/* Colours only where the terminal has them and NO_COLOR (no-color.org) is not set. */
static bool wants_colour(void) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

void pt_cli_progress_start(pt_cli_progress *progress, pt_cli_progress_format format, bool quiet) {
    *progress = (pt_cli_progress){
        .quiet = quiet,
        .terminal = format == PT_CLI_PROGRESS_AUTO && isatty(STDERR_FILENO),
        .json = format == PT_CLI_PROGRESS_JSON,
    };
    progress->colour = progress->terminal && wants_colour();
}

void pt_cli_progress_end(pt_cli_progress *progress) {
    if (progress->line_open) {
        fputs("\r\033[K", stderr); /* carriage return, erase to end of line */
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

/* UTC, so that the logs of several machines can be merged. */
static void print_timestamp(void) {
    const time_t now = time(NULL);
    struct tm utc;
    char text[32];
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ ", &utc);
    fputs(text, stderr);
}

/* Rows per second and seconds left; negative while it is too early to tell. */
typedef struct rate_estimate {
    double rows_per_s, left_s;
} rate_estimate;

static rate_estimate estimate_rate(const pt_cli_progress *progress, const patina_event *event) {
    const double elapsed = pt_monotonic_s() - progress->started_s, done = (double)event->n_entries;
    if (progress->started_s == 0.0 || elapsed < RATE_DELAY_S || done == 0.0)
        return (rate_estimate){-1.0, -1.0};
    return (rate_estimate){(double)event->n_rows / elapsed,
                           elapsed * ((double)event->n_entries_total - done) / done};
}

/* ---- the status line ------------------------------------------------------------------------- */

typedef struct line {
    char text[WIDTH_MAX + 1];
    size_t length, width; /* a word that does not fit is not added */
} line;

static void line_append(line *l, const char *format, ...) PT_PRINTF(2, 3);

static void line_append(line *l, const char *format, ...) {
    char word[128];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(word, sizeof word, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof word || l->length + (size_t)n > l->width) {
        l->width = l->length; /* nor are later words */
        return;
    }
    memcpy(l->text + l->length, word, (size_t)n + 1);
    l->length += (size_t)n;
}

/* The most important words first, since the last ones are dropped when the line is too long. */
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
    return size.ws_col - 1U < WIDTH_MAX ? size.ws_col - 1U
                                        : WIDTH_MAX; /* the last column stays empty */
}

static void show_on_terminal(pt_cli_progress *progress, const patina_event *event,
                             rate_estimate p) {
    const size_t width = terminal_width();
    const bool has_bar = width >= BAR_WIDTH_MIN && event->n_entries_total > 0;
    line l = {.width = has_bar ? width - BAR_MIN - 3 : width};
    line_append_progress(&l, event, p);

    fputs("\r\033[K", stderr);
    if (has_bar) {
        const uint64_t done =
            event->n_entries < event->n_entries_total ? event->n_entries : event->n_entries_total;
        const size_t room = width - l.length - 3;
        const int n_cells = room < BAR_MAX ? (int)room : BAR_MAX;
        const int n_full = (int)(done * (unsigned)n_cells / event->n_entries_total);
        fprintf(stderr, "%s[%.*s%*s]%s ", progress->colour ? "\033[36m" : "", n_full,
                "####################", n_cells - n_full, "", progress->colour ? "\033[0m" : "");
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
    const double now = pt_monotonic_s();
    const double pause = progress->json ? JSON_S : progress->terminal ? TERMINAL_S : PLAIN_S;
    const bool is_last = event->n_entries == event->n_entries_total;
    if (progress->started_s == 0.0) { /* the work on entries begins */
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

/* ---- progress of other commands -------------------------------------------------------------- */

bool pt_cli_progress_is_due(pt_cli_progress *progress) {
    const double now = pt_monotonic_s();
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
    const double elapsed = pt_monotonic_s() - progress->started_s;
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

/* ---- notes and rejects ----------------------------------------------------------------------- */

/* Begins a line of text: erases the status line, or prints the date in a log. */
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
        fputs("reject: further rejects are not shown; see rejects.jsonl\n", stderr);
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
