/* SPDX-License-Identifier: MIT */
/* fetch_dataset.c - downloads a data set from the hub into the cache
 *
 *     name ──► commit, list of files ──► metadata of files ──► downloads
 *          ──► links in snapshots/<commit> ──► refs/<revision>
 */

#include <patina/hub.h>

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "base/json_load.h"
#include "hub/download.h"
#include "hub/hub_cache.h"
#include "hub/hub_name.h"

#define FILE_NAME_MAX 800 /* with the cache's path it fits pt_path */

typedef struct dataset_fetch {
    const patina_hub_options *options;
    pt_hub_name name;
    pt_hub_cache_entry entry;
    pt_download download;
    pt_path snapshot;
    char commit[PT_HUB_COMMIT_MAX + 1];
    json_t *info;       /* owns the names */
    pt_hub_file *files; /* missing in the snapshot */
    size_t n_files, n_matching;
} dataset_fetch;

/* A relative path that stays in the snapshot. */
static bool is_safe_path(const char *path) {
    const size_t n = strlen(path);
    if (n == 0 || n > FILE_NAME_MAX || path[0] == '/' || path[n - 1] == '/') return false;
    for (const char *part = path; part; part = strchr(part, '/')) {
        if (part != path) part++;
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && strncmp(part, "..", 2) == 0))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)path[i] < ' ' || path[i] == '\\' || path[i] == 0x7F) return false;
    return true;
}

static patina_status read_info(dataset_fetch *f, patina_error *err) {
    pt_strbuf text = {0};
    patina_status status = pt_download_get_info(&f->download, &text, err);

    if (status == PATINA_OK)
        f->info = pt_json_load(text.text ? text.text : "", text.length, 0, NULL);
    pt_strbuf_release(&text);
    if (status != PATINA_OK) return status;
    const char *commit = json_string_value(json_object_get(f->info, "sha"));
    if (!commit || !pt_hub_is_commit(commit) ||
        !json_is_array(json_object_get(f->info, "siblings")))
        return pt_json_fail(
            err,
            "'%s' does not respond like the Hugging Face hub: no valid list of files "
            "(check HF_ENDPOINT)",
            pt_http_host(f->download.http));
    snprintf(f->commit, sizeof f->commit, "%s", commit);
    f->snapshot = pt_hub_snapshot_path(&f->entry, f->commit);
    return PATINA_OK;
}

static patina_status plan_file(dataset_fetch *f, const char *name, patina_error *err) {
    pt_hub_file *file = &f->files[f->n_files];
    bool absent = false;

    PT_TRY(pt_download_get_metadata(&f->download, f->commit, name, file, &absent, err));
    if (absent || strcmp(file->commit, f->commit) != 0)
        return pt_fail(err, PATINA_EFORMAT, "file '%.200s' of commit %s is not on the hub", name,
                       f->commit);
    f->n_files++;
    return PATINA_OK;
}

static patina_status plan_files(dataset_fetch *f, const char *pattern, patina_error *err) {
    const json_t *siblings = json_object_get(f->info, "siblings");
    const size_t n = json_array_size(siblings);

    f->files = calloc(n + 1, sizeof *f->files);
    if (!f->files) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const char *name =
            json_string_value(json_object_get(json_array_get(siblings, i), "rfilename"));
        if (!name || !is_safe_path(name))
            return pt_fail(err, PATINA_EFORMAT, "its list of files contains the path '%.200s'",
                           name ? name : "");
        if (pattern && fnmatch(pattern, name, 0) != 0) continue;
        f->n_matching++;
        bool has;
        PT_TRY(pt_hub_snapshot_has(&f->snapshot, name, &has, err));
        if (!has) PT_TRY(plan_file(f, name, err));
    }
    if (f->n_matching > 0) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE, "none of its %zu files matches '%.200s'", n,
                   pattern ? pattern : "*");
}

static patina_status fetch_files(dataset_fetch *f, unsigned *n_fetched, patina_error *err) {
    for (size_t i = 0; i < f->n_files; i++) {
        const pt_hub_file *file = &f->files[i];
        bool fetched = false;
        PT_TRY(pt_download_file(&f->download, file, &fetched, err));
        PT_TRY(pt_hub_snapshot_link(&f->entry, f->commit, file->name, file->etag, err));
        *n_fetched += fetched;
    }
    return PATINA_OK;
}

static patina_status fetch_online(dataset_fetch *f, const char *pattern, unsigned *n_fetched,
                                  patina_error *err) {
    pt_http *http = NULL;

    PT_TRY(pt_http_open(f->options, &http, err));
    f->download =
        (pt_download){.options = f->options, .name = &f->name, .entry = &f->entry, .http = http};
    patina_status status = read_info(f, err);
    if (status == PATINA_OK) status = plan_files(f, pattern, err);
    if (status == PATINA_OK)
        status = pt_download_check_space(&f->download, f->files, f->n_files,
                                         ", or choose files with '--pattern'", err);
    if (status == PATINA_OK) status = fetch_files(f, n_fetched, err);
    pt_http_close(&http);
    if (status != PATINA_OK) return status;
    status = pt_hub_ref_write(&f->entry, f->name.revision, f->commit, err);
    /* Nothing was missing; the cache may be read-only. */
    return f->n_files == 0 ? PATINA_OK : status;
}

static patina_status fill_report(const dataset_fetch *f, char *folder, unsigned n_fetched,
                                 patina_hub_report *report, patina_error *err) {
    if (!folder) folder = strdup(f->snapshot.text);
    if (!folder) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const char *commit = strrchr(folder, '/') + 1;
    *report = (patina_hub_report){
        .folder = folder, .n_files = n_fetched, .n_bytes = f->download.n_received};
    snprintf(report->commit, sizeof report->commit, "%s", commit);
    return PATINA_OK;
}

patina_status patina_hub_fetch_dataset(const patina_hub_options *options, const char *dataset,
                                       const char *pattern, patina_hub_report *report,
                                       patina_error *err) {
    dataset_fetch *f = calloc(1, sizeof *f); /* its paths are too large for a stack */
    char *folder = NULL;
    unsigned n_fetched = 0;

    if (!f) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    f->options = options;
    patina_status status = pt_hub_name_parse(dataset, PT_HUB_DATASET, &f->name, err);
    if (status == PATINA_OK)
        status = pt_hub_cache_entry_init(options->cache, &f->name, &f->entry, err);
    if (status != PATINA_OK) goto done;
    status = options->offline ? patina_hub_find_dataset(options->cache, dataset, &folder, err)
                              : fetch_online(f, pattern, &n_fetched, err);
    if (status == PATINA_OK) status = fill_report(f, folder, n_fetched, report, err);
    if (status != PATINA_OK && options->offline)
        pt_fail(err, status,
                "the cache '%s' has no complete copy, and downloads are disabled; unset "
                "HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE to download it",
                options->cache);
    if (status != PATINA_OK) pt_error_add_context(err, "data set '%s'", dataset);
done:
    json_decref(f->info);
    free(f->files);
    free(f);
    return status;
}
