/* SPDX-License-Identifier: MIT */
/* fetch_model.c - downloads a model from the hub into the cache
 *
 *     name ──► commit ──► metadata of files ──► small files ──► check type ──► weights
 *          ──► links in snapshots/<commit> ──► refs/<revision>
 *
 * The reference is written last, so that a name resolves to a complete model or not at all.
 */

#include <patina/hub.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/json_load.h"
#include "hub/download.h"
#include "hub/etag.h"
#include "hub/hub_cache.h"
#include "hub/hub_name.h"

enum { FILES_MAX = 8 };
#define CONFIG_BYTES_MAX ((size_t)4 << 20)

/** State of a fetch. */
typedef struct fetch {
    const patina_hub_options *options;
    pt_hub_name name;
    pt_hub_cache_entry entry;
    pt_download download;
    pt_path snapshot;
    char commit[PT_HUB_COMMIT_MAX + 1];
    pt_hub_file files[FILES_MAX]; /* missing in the snapshot; weights last */
    size_t n_files;
} fetch;

/* ---------------------------------------------------------------- cached files */

static patina_status fill_report(const fetch *f, patina_hub_report *report, patina_error *err) {
    char *folder = strdup(f->snapshot.text);
    if (!folder) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    report->folder = folder;
    snprintf(report->commit, sizeof report->commit, "%s", f->commit);
    report->n_bytes = f->download.n_received;
    return PATINA_OK;
}

static void emit_damaged(const fetch *f, const char *file) {
    char text[256];
    if (!f->options->on_event) return;
    snprintf(text, sizeof text, "'%s' is damaged in the cache and is downloaded again", file);
    f->options->on_event(f->options->context,
                         &(patina_hub_event){.kind = PATINA_HUB_EVENT_NOTE, .text = text});
}

/* Removes files of the snapshot whose bytes do not have the hash that names them: they count as
 * missing then. */
static patina_status remove_damaged(const fetch *f, const char *const *names, patina_error *err) {
    char etag[PT_HUB_ETAG_MAX + 1];

    for (size_t i = 0; names[i]; i++) {
        bool removed = false;
        if (!pt_hub_snapshot_etag(&f->snapshot, names[i], etag)) continue;
        PT_TRY(pt_etag_remove_damaged(&f->entry, etag, f->options->stop, &removed, err));
        if (removed) emit_damaged(f, names[i]);
    }
    return PATINA_OK;
}

static patina_status check_snapshot(const fetch *f, patina_error *err) {
    PT_TRY(remove_damaged(f, pt_hub_required_files, err));
    return remove_damaged(f, pt_hub_weight_files, err);
}

static patina_status find_offline(fetch *f, patina_hub_report *report, patina_error *err) {
    const char *missing = "this model";
    bool known;

    PT_TRY(pt_hub_resolve_revision(&f->entry, f->name.revision, &known, f->commit, err));
    f->snapshot = pt_hub_snapshot_path(&f->entry, f->commit);
    if (known) PT_TRY(pt_hub_snapshot_missing(&f->snapshot, &missing, err));
    if (!missing) return fill_report(f, report, err);
    return pt_fail(err, PATINA_EIO,
                   "the cache '%s' lacks %s%s%s, and downloads are disabled (HF_HUB_OFFLINE)",
                   f->options->cache, known ? "'" : "", missing, known ? "'" : "");
}

/* A commit does not change: one that is complete is used without a request. */
static patina_status find_commit(fetch *f, bool *is_cached, patina_error *err) {
    const char *missing;
    bool known;

    *is_cached = false;
    if (!pt_hub_is_commit(f->name.revision)) return PATINA_OK;
    PT_TRY(pt_hub_resolve_revision(&f->entry, f->name.revision, &known, f->commit, err));
    f->snapshot = pt_hub_snapshot_path(&f->entry, f->commit);
    PT_TRY(check_snapshot(f, err));
    PT_TRY(pt_hub_snapshot_missing(&f->snapshot, &missing, err));
    *is_cached = missing == NULL;
    return PATINA_OK;
}

/* ---------------------------------------------------------------- metadata */

/* The commit of the revision, from the metadata of the first file. */
static patina_status resolve_commit(fetch *f, patina_error *err) {
    pt_hub_file file;
    bool absent;

    PT_TRY(pt_download_get_metadata(&f->download, f->name.revision, pt_hub_required_files[0], &file,
                                    &absent, err));
    if (absent)
        return pt_fail(
            err, PATINA_EFORMAT,
            "has no '%s' and is not a model in Hugging Face's format (for '.pt' files of "
            "LAION pass the path of the file)",
            pt_hub_required_files[0]);
    memcpy(f->commit, file.commit, sizeof f->commit);
    f->snapshot = pt_hub_snapshot_path(&f->entry, f->commit);
    return PATINA_OK;
}

static patina_status plan_download(fetch *f, const char *name, bool *absent, patina_error *err) {
    pt_hub_file *file = &f->files[f->n_files];
    bool has;

    *absent = false;
    PT_TRY(pt_hub_snapshot_has(&f->snapshot, name, &has, err));
    if (has) return PATINA_OK;
    PT_TRY(pt_download_get_metadata(&f->download, f->commit, name, file, absent, err));
    if (*absent) return PATINA_OK;
    if (strcmp(file->commit, f->commit) != 0)
        return pt_fail(err, PATINA_EFORMAT, "commit %s was requested, and the hub responds with %s",
                       f->commit, file->commit);
    f->n_files++;
    return PATINA_OK;
}

static patina_status plan_downloads(fetch *f, patina_error *err) {
    bool absent = false, has_weights = false;

    for (size_t i = 0; pt_hub_required_files[i]; i++) {
        PT_TRY(plan_download(f, pt_hub_required_files[i], &absent, err));
        if (absent)
            return pt_fail(err, PATINA_EFORMAT, "has no '%s', which a CLAP model requires",
                           pt_hub_required_files[i]);
    }
    for (size_t i = 0; !has_weights && pt_hub_weight_files[i]; i++)
        PT_TRY(pt_hub_snapshot_has(&f->snapshot, pt_hub_weight_files[i], &has_weights, err));
    if (has_weights) return PATINA_OK;
    for (size_t i = 0; pt_hub_weight_files[i]; i++) {
        PT_TRY(plan_download(f, pt_hub_weight_files[i], &absent, err));
        if (!absent) return PATINA_OK;
    }
    return pt_fail(err, PATINA_EFORMAT, "has neither '%s' nor '%s'", pt_hub_weight_files[0],
                   pt_hub_weight_files[1]);
}

/* ---------------------------------------------------------------- download */

static bool is_weights(const char *name) {
    for (size_t i = 0; pt_hub_weight_files[i]; i++)
        if (strcmp(name, pt_hub_weight_files[i]) == 0) return true;
    return false;
}

static patina_status fetch_files(fetch *f, bool weights, patina_hub_report *report,
                                 patina_error *err) {
    for (size_t i = 0; i < f->n_files; i++) {
        const pt_hub_file *file = &f->files[i];
        bool fetched = false;
        if (is_weights(file->name) != weights) continue;
        PT_TRY(pt_download_file(&f->download, file, &fetched, err));
        PT_TRY(pt_hub_snapshot_link(&f->entry, f->commit, file->name, file->etag, err));
        if (fetched) report->n_files++;
    }
    return PATINA_OK;
}

/* Checks model_type of config.json; the rest is validated when the model is opened. */
static patina_status check_is_clap(const fetch *f, patina_error *err) {
    const pt_path path = pt_path_joinf(f->snapshot.text, "config.json");
    char *text = NULL;
    size_t n = 0;
    patina_status status = PATINA_OK;

    PT_TRY(pt_file_read_all(path.text, CONFIG_BYTES_MAX, &text, &n, err));
    json_t *config = pt_json_load(text, n, 0, NULL);
    if (!config && pt_json_allocation_failed())
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    const char *type = json_string_value(json_object_get(config, "model_type"));
    if (type && strcmp(type, "clap") != 0)
        status = pt_fail(err, PATINA_EFORMAT,
                         "is of type '%.64s' instead of 'clap', such as "
                         "laion/clap-htsat-unfused; its weights were not downloaded",
                         type);
    json_decref(config);
    free(text);
    return status;
}

static patina_status fetch_all(fetch *f, patina_hub_report *report, patina_error *err) {
    const char *missing;
    PT_TRY(resolve_commit(f, err));
    PT_TRY(check_snapshot(f, err));
    PT_TRY(pt_hub_snapshot_missing(&f->snapshot, &missing, err));
    if (missing) {
        PT_TRY(plan_downloads(f, err));
        PT_TRY(pt_download_check_space(&f->download, f->files, f->n_files, "", err));
        PT_TRY(fetch_files(f, false, report, err));
        PT_TRY(check_is_clap(f, err));
        PT_TRY(fetch_files(f, true, report, err));
        return pt_hub_ref_write(&f->entry, f->name.revision, f->commit, err);
    }
    /* Complete; the cache may be read-only. */
    (void)pt_hub_ref_write(&f->entry, f->name.revision, f->commit, NULL);
    return PATINA_OK;
}

static patina_status fetch_online(fetch *f, patina_hub_report *report, patina_error *err) {
    patina_hub_report fetched = {0};
    pt_http *http = NULL;
    bool is_cached;
    patina_status status = PATINA_OK;

    PT_TRY(find_commit(f, &is_cached, err));
    if (!is_cached) {
        PT_TRY(pt_http_open(f->options, &http, err));
        f->download = (pt_download){
            .options = f->options, .name = &f->name, .entry = &f->entry, .http = http};
        status = fetch_all(f, &fetched, err);
        pt_http_close(&http);
    }
    if (status == PATINA_OK) status = fill_report(f, &fetched, err);
    if (status == PATINA_OK) *report = fetched;
    return status;
}

void patina_hub_options_init(patina_hub_options *options) {
    *options = (patina_hub_options){.cache = NULL};
}

patina_status patina_hub_fetch(const patina_hub_options *options, const char *model,
                               patina_hub_report *report, patina_error *err) {
    fetch *f = calloc(1, sizeof *f); /* its paths are too large for a stack */
    if (!f) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    f->options = options;
    patina_status status = pt_hub_name_parse(model, PT_HUB_MODEL, &f->name, err);
    if (status == PATINA_OK)
        status = pt_hub_cache_entry_init(options->cache, &f->name, &f->entry, err);
    if (status != PATINA_OK) goto done;
    status = options->offline ? find_offline(f, report, err) : fetch_online(f, report, err);
    if (status != PATINA_OK) pt_error_add_context(err, "model '%s'", model);
done:
    free(f);
    return status;
}

void patina_hub_report_release(patina_hub_report *report) {
    free(report->folder);
    *report = (patina_hub_report){0};
}
