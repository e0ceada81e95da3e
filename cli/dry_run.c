/* SPDX-License-Identifier: MIT */
/* dry_run.c - generate --dry-run: estimates rows, size and time of a data set */

#include "dry_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <jansson.h>

#include "escaped_output.h"
#include "signals.h"
#include "standard_streams.h"
#include "summary.h"

#include "base/error.h"
#include "base/json_dump.h"
#include "base/monotonic_clock.h"
#include "dataset/output_dir.h"
#include "fs/dir.h"
#include "pipeline/plan.h"

#define MEASURE_S 20.0        /* after the model is loaded */
enum { SAMPLE_ROWS = 20000 }; /* at most, which limits the temporary files to 0.3 GB */

/* The whole run, or one shard of it. */
typedef struct run_size {
    uint64_t n_entries, n_rows, n_chunks;
} run_size;

/* The measured part of it. */
typedef struct sample {
    pt_cli_progress *progress;
    double opened_s;           /* when the run was opened */
    double started_s, ended_s; /* first and last event about progress; 0 before */
    uint64_t n_rows, n_entries;
} sample;

static run_size size_of(const pt_plan *plan) {
    run_size size = {0};
    for (uint64_t c = 0; c < plan->n_chunks; c++) {
        if (!pt_plan_owns_chunk(plan, c)) continue;
        size.n_chunks++;
        size.n_entries += pt_plan_chunk_entries(plan, c);
        size.n_rows += plan->chunk_rows[c];
    }
    return size;
}

static patina_status scan(pt_plan *plan, const patina_generate_options *run, patina_error *err) {
    patina_effect_config *config = NULL;
    patina_status status = patina_effect_config_open(run->suite_json, &config, err);
    if (status != PATINA_OK && run->suite_name)
        pt_error_add_context(err, "suite '%s'", run->suite_name);
    if (status == PATINA_OK) status = pt_plan_resolve_options(plan, run, config, err);
    if (status == PATINA_OK) status = pt_plan_scan_corpus(plan, run->stop, err);
    patina_effect_config_close(&config);
    return status;
}

static void on_event(void *context, const patina_event *event) {
    sample *s = context;
    const double now = pt_monotonic_s();
    char text[64];

    if (event->kind != PATINA_EVENT_PROGRESS) return;
    if (s->started_s == 0.0) s->started_s = now;
    s->ended_s = now;
    s->n_rows = event->n_rows;
    s->n_entries = event->n_entries;
    if (now - s->started_s >= MEASURE_S) pt_cli_request_stop();
    if (!s->progress->terminal || !pt_cli_progress_is_due(s->progress)) return;
    snprintf(text, sizeof text, "measuring: %.0f of %.0f s, %" PRIu64 " rows", now - s->started_s,
             MEASURE_S, event->n_rows);
    pt_cli_progress_line(s->progress, text);
}

/* Makes rows of the first entries in a temporary folder. */
static patina_status measure(const patina_generate_options *run, const run_size *size, sample *s,
                             patina_error *err) {
    char dir[512], out[520], audio[520];
    const double rows_per_entry =
        size->n_entries > 0 ? (double)size->n_rows / (double)size->n_entries : 1.0;
    patina_generate_options options = *run;
    patina_generate_report report = {0};

    PT_TRY(pt_cli_temp_dir_create(dir, sizeof dir, err));
    snprintf(out, sizeof out, "%s/set", dir);
    snprintf(audio, sizeof audio, "%s/audio", dir);
    const double limit = ceil(SAMPLE_ROWS / fmax(rows_per_entry, 1.0));
    if (run->limit == 0 || (double)run->limit > limit) options.limit = (uint64_t)limit;
    options.out = out;
    if (run->keep_audio) options.keep_audio = audio;
    options.resume_from = NULL;
    options.shard = options.n_shards = 0;
    options.retry_rejects = options.overwrite = false;
    options.time_limit_s = 0.0;
    options.on_event = on_event;
    options.context = s;
    s->opened_s = pt_monotonic_s();
    const patina_status status = patina_generate(&options, &report, err);
    pt_cli_progress_end(s->progress);
    pt_dir_remove_all(dir, NULL);
    const bool is_stopped = status == PATINA_ECANCELLED && s->started_s > 0.0;
    return is_stopped ? PATINA_OK : status;
}

/* Free space where the folder is, or where it will be created; negative when unknown. */
static double free_bytes(const char *out) {
    struct statvfs disk;
    char path[PT_OUTPUT_PATH_MAX + 1];
    if (snprintf(path, sizeof path, "%s", out) >= (int)sizeof path) return -1.0;
    while (statvfs(path, &disk) != 0) {
        char *slash = strrchr(path, '/');
        if (!slash)
            strcpy(path, ".");
        else
            slash[slash == path] = '\0';
        if (strcmp(path, ".") == 0 && statvfs(path, &disk) != 0) return -1.0;
    }
    return (double)disk.f_bavail * (double)disk.f_frsize;
}

/** What is estimated; members that are unknown are negative. */
typedef struct estimate {
    double n_bytes, free_bytes;
    double rows_per_s, seconds; /* negative where no row was made */
    double n_runs;              /* of the time limit; negative without one */
} estimate;

static estimate estimate_of(const pt_plan *plan, const run_size *size, const sample *s,
                            double time_limit_s) {
    const double measured_s = s->ended_s - s->started_s, startup_s = s->started_s - s->opened_s;
    estimate e = {(double)size->n_rows * pt_plan_row_bytes(plan), free_bytes(plan->options.out),
                  -1.0, -1.0, -1.0};
    if (s->n_rows == 0 || measured_s <= 0.0) return e;
    const double work_s = (double)size->n_entries * measured_s / (double)s->n_entries;
    e.rows_per_s = (double)s->n_rows / measured_s;
    e.seconds = startup_s + work_s;
    if (time_limit_s > startup_s) e.n_runs = ceil(work_s / (time_limit_s - startup_s));
    return e;
}

static void print_estimate(const pt_plan *plan, const run_size *size, const sample *s,
                           const estimate *e, double time_limit_s) {
    const double measured_s = s->ended_s - s->started_s;
    char text[32];
    pt_cli_format_bytes(e->n_bytes, text, sizeof text);
    printf("corpus   %" PRIu64 " %s (%s), up to %" PRIu64 " %s in %" PRIu64 " %s\n"
           "size     about %s",
           size->n_entries, pt_cli_plural(size->n_entries, "entry", "entries"), plan->corpus_kind,
           size->n_rows, pt_cli_plural(size->n_rows, "row", "rows"), size->n_chunks,
           pt_cli_plural(size->n_chunks, "chunk", "chunks"), text);
    if (e->free_bytes >= 0.0) {
        pt_cli_format_bytes(e->free_bytes, text, sizeof text);
        printf("; %s free", text);
    }
    putchar('\n');
    if (e->rows_per_s < 0.0) {
        printf("time     unknown: no rows in %.0f s\n", measured_s);
        return;
    }
    pt_cli_format_duration(e->seconds, text, sizeof text);
    printf("speed    %.1f rows/s with %u %s, from %" PRIu64 " rows in %.1f s\n"
           "time     about %s\n",
           e->rows_per_s, plan->options.threads,
           pt_cli_plural(plan->options.threads, "thread", "threads"), s->n_rows, measured_s, text);
    if (e->n_runs < 0.0) return;
    pt_cli_format_duration(time_limit_s, text, sizeof text);
    printf("         %.0f %s of %s\n", e->n_runs, e->n_runs == 1.0 ? "run" : "runs", text);
}

/** Adds a number, or null where it is unknown. */
static void set_number(json_t *object, const char *name, double value) {
    json_object_set_new(object, name, value < 0.0 ? json_null() : json_real(value));
}

static patina_status print_json(const pt_plan *plan, const run_size *size, const sample *s,
                                const estimate *e, patina_error *err) {
    json_t *object =
        json_pack("{s:I, s:I, s:I, s:s, s:i, s:I}", "entries", (json_int_t)size->n_entries, "rows",
                  (json_int_t)size->n_rows, "chunks", (json_int_t)size->n_chunks, "corpus_kind",
                  plan->corpus_kind, "threads", (int)plan->options.threads, "rows_measured",
                  (json_int_t)s->n_rows);
    json_object_set_new(object, "bytes", json_integer((json_int_t)e->n_bytes));
    json_object_set_new(object, "bytes_free",
                        e->free_bytes < 0.0 ? json_null()
                                            : json_integer((json_int_t)e->free_bytes));
    set_number(object, "rows_per_s", e->rows_per_s);
    set_number(object, "seconds", e->seconds);
    set_number(object, "runs", e->n_runs);
    char *text = pt_json_dump(object, JSON_REAL_PRECISION(17));
    const bool is_whole = text && json_object_size(object) == 11;
    json_decref(object);
    if (is_whole) puts(text);
    free(text);
    return is_whole ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

int pt_cli_dry_run(const patina_generate_options *run, pt_cli_progress *progress) {
    patina_generate_options options = *run;
    patina_error err = {0};
    pt_plan plan = {0};
    sample s = {.progress = progress};
    run_size size = {0};

    options.stop = pt_cli_install_signal_handlers();
    patina_status status = scan(&plan, &options, &err);
    if (status == PATINA_OK) {
        size = size_of(&plan);
        status = measure(&options, &size, &s, &err);
    }
    pt_cli_reraise_signal();
    if (status == PATINA_OK) {
        const estimate e = estimate_of(&plan, &size, &s, run->time_limit_s);
        if (progress->json)
            status = print_json(&plan, &size, &s, &e, &err);
        else
            print_estimate(&plan, &size, &s, &e, run->time_limit_s);
    }
    pt_plan_release(&plan);
    return status == PATINA_OK ? 0 : pt_cli_report_error(&err);
}
