/* SPDX-License-Identifier: MIT */
/* hub_fetch.c - downloads a model or a data set into the Hugging Face cache
 *
 * Only the folder is printed on standard output, for use in scripts.
 */

#include "hub_fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "escaped_output.h"
#include "hf_env.h"
#include "progress.h"
#include "signals.h"

#include "base/error.h"

#define MB 1e6

/* "model.safetensors: 123 of 615 MB, 12.3 MB/s, 40 s left" */
static void show_progress(pt_cli_progress *progress, const patina_hub_event *event) {
    char text[200], left[32];
    int n;

    if (!pt_cli_progress_is_due(progress)) return;
    n = snprintf(text, sizeof text, "%.60s: %.1f of %.1f MB", event->file,
                 (double)event->n_bytes / MB, (double)event->n_bytes_total / MB);
    const double elapsed = pt_cli_progress_elapsed_s(progress);
    const double received = (double)(event->n_bytes - event->n_bytes_before);
    if (elapsed > 0.0 && received > 0.0 && n > 0 && (size_t)n < sizeof text) {
        const double rate = received / elapsed;
        const double remaining = event->n_bytes_total > event->n_bytes
                                     ? (double)(event->n_bytes_total - event->n_bytes)
                                     : 0.0;
        pt_cli_format_duration(remaining / rate, left, sizeof left);
        snprintf(text + n, sizeof text - (size_t)n, ", %.1f MB/s, %s left", rate / MB, left);
    }
    pt_cli_progress_line(progress, text);
}

static void on_event(void *context, const patina_hub_event *event) {
    pt_cli_progress *progress = context;
    if (event->kind == PATINA_HUB_EVENT_NOTE)
        pt_cli_progress_note(progress, event->text);
    else
        show_progress(progress, event);
}

/* Reads the downloaded model as every command does. */
static patina_status check(const patina_hub_report *report, patina_error *err) {
    patina_clap_info info;
    const patina_status status = patina_clap_info_read(report->folder, &info, err);
    if (status != PATINA_OK)
        pt_error_add_context(err, "the model was downloaded but cannot be used");
    return status;
}

typedef patina_status hub_fetch(const patina_hub_options *options, const char *name,
                                const char *pattern, patina_hub_report *report, patina_error *err);

static patina_status fetch_model(const patina_hub_options *options, const char *name,
                                 const char *pattern, patina_hub_report *report,
                                 patina_error *err) {
    (void)pattern;
    PT_TRY(patina_hub_fetch(options, name, report, err));
    return check(report, err);
}

static void print_result(pt_cli_progress *progress, const char *name, const char *option,
                         const patina_hub_report *report) {
    char text[512];
    if (report->n_files == 0)
        snprintf(text, sizeof text,
                 "'%.200s' is already complete in the cache; use it with '%s%.200s'", name, option,
                 name);
    else
        snprintf(text, sizeof text,
                 "downloaded and checked %u file%s, %.1f MB; use %s with '%s%.200s'",
                 report->n_files, report->n_files == 1 ? "" : "s", (double)report->n_bytes / MB,
                 strcmp(option, "--model ") == 0 ? "the model" : "the data set", option, name);
    pt_cli_progress_note(progress, text);
}

static int fetch_named(const pt_cli_args *args, hub_fetch *fetch, const char *name,
                       const pt_cli_fetch_options *given, const char *option) {
    patina_error err = {0};
    pt_cli_hf_env hub = {0};
    pt_cli_progress progress;
    patina_hub_report report = {0};
    int result = 1;

    if (pt_cli_hf_env_read(&hub, &err) != PATINA_OK) return pt_cli_report_error(&err);
    pt_cli_progress_start(&progress, PT_CLI_PROGRESS_AUTO, pt_cli_given(args, "quiet"));
    const patina_hub_options options = {
        .cache = hub.cache,
        .endpoint = hub.endpoint,
        .token = hub.token,
        .ca_file = hub.ca_file,
        .offline = hub.offline,
        .timeout_s = hub.timeout_s,
        .retries = (unsigned)given->retries,
        .stop = pt_cli_install_signal_handlers(),
        .on_event = on_event,
        .context = &progress,
    };
    const patina_status status = fetch(&options, name, given->pattern, &report, &err);
    pt_cli_progress_end(&progress);
    if (status == PATINA_ECANCELLED) {
        pt_cli_error("stopped; run the same command again to resume the download");
        pt_cli_reraise_signal();
        goto done;
    }
    if (status != PATINA_OK) {
        result = pt_cli_report_error(&err);
        goto done;
    }
    print_result(&progress, name, option, &report);
    pt_cli_write_escaped(stdout, report.folder);
    putchar('\n');
    result = 0;
done:
    patina_hub_report_release(&report);
    pt_cli_hf_env_release(&hub);
    return result;
}

/* The revision is part of the name, or an option. */
static int fetch_revision(const pt_cli_args *args, hub_fetch *fetch, const char *name,
                          const pt_cli_fetch_options *given, const char *option) {
    const char *revision = given->revision;
    char *full = NULL;

    if (revision && strchr(name, '@'))
        return pt_cli_usage_error(args->command, "'%s' and '--revision' both name a revision",
                                  name);
    if (asprintf(&full, "%s%s%s", name, revision ? "@" : "", revision ? revision : "") < 0) {
        pt_cli_error("out of memory");
        return 1;
    }
    const int result = fetch_named(args, fetch, full, given, option);
    free(full);
    return result;
}

int pt_cli_model_fetch(const pt_cli_args *args, const char *model,
                       const pt_cli_fetch_options *given) {
    return fetch_revision(args, fetch_model, model, given, "--model ");
}

int pt_cli_dataset_fetch(const pt_cli_args *args, const char *dataset,
                         const pt_cli_fetch_options *given) {
    return fetch_revision(args, patina_hub_fetch_dataset, dataset, given,
                          "--corpus hf://datasets/");
}
