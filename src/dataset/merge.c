/* SPDX-License-Identifier: MIT */
/* merge.c - several finished sets to one
 *
 *     compare   settings, model, splits; no entry in two sets
 *     copy      plan.json and all chunks to a temporary work folder of OUT
 *     publish   the work folder gets its name by one rename: OUT is a run with all its chunks
 *     finish    as after `generate`
 *
 * A process that is killed leaves a temporary folder, which the next one removes, or a run that
 * `finish` or the same merge completes.
 */

#include <patina/dataset.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/id_set.h"
#include "base/json_dump.h"
#include "base/json_load.h"
#include "dataset/finish.h"
#include "dataset/manifest.h"
#include "dataset/output_dir.h"
#include "dataset/part_layout.h"
#include "dataset/resume.h"
#include "dataset/resume_check.h"
#include "fs/dir.h"

typedef struct merge {
    size_t n_sets;
    char (*paths)[PT_OUTPUT_PATH_MAX + 1]; /* [n_sets] */
    pt_manifest *sets;                     /* [n_sets] */
    pt_run_metadata run_meta;              /* of the result; strings of the first set, or these: */
    char corpus_hash[PT_SHA256_HEX_SIZE];
    char *kernels, *libraries, *card;
} merge;

/* ---------------------------------------------------------------- comparison */

/* Instruction sets and library versions may differ, and the corpora do. */
static patina_status compare_sets(const merge *m, size_t i, patina_error *err) {
    const pt_run_metadata *first = &m->sets[0].run_meta;
    pt_run_metadata ours = m->sets[i].run_meta;
    char difference[256];

    ours.corpus_hash = first->corpus_hash;
    ours.n_entries = first->n_entries;
    ours.n_chunks = first->n_chunks;
    ours.kernels = first->kernels;
    ours.libraries_json = first->libraries_json;
    if (strcmp(ours.version, first->version) != 0 || ours.signal_revision != first->signal_revision)
        return pt_fail(err, PATINA_EUSAGE,
                       "'%s' was made by patina %s (signal revision %" PRIu64
                       "), and '%s' by patina %s (signal revision %" PRIu64
                       "); only sets of one version and revision can be merged",
                       m->paths[i], ours.version, ours.signal_revision, m->paths[0], first->version,
                       first->signal_revision);
    PT_TRY(pt_run_metadata_compare(&ours, first, difference, sizeof difference, err));
    if (difference[0] == '\0') return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "'%s' was made with %s than '%s'; sets with different settings cannot be merged",
                   m->paths[i], difference, m->paths[0]);
}

/* All rows of an entry are in one file, one after another. */
static patina_status add_entries(const char *set, const char *path, pt_id_set *ids,
                                 patina_error *err) {
    FILE *file = fopen(path, "re");
    char *line = NULL, *last = NULL;
    size_t capacity = 0;
    patina_status status = PATINA_OK;

    if (!file)
        return pt_fail(err, pt_errno_is_missing(errno) ? PATINA_EFORMAT : PATINA_EIO,
                       "file '%s': cannot be opened: %s", path, strerror(errno));
    for (ssize_t n; status == PATINA_OK && (n = getline(&line, &capacity, file)) > 0;) {
        json_t *object = pt_json_load(line, (size_t)n, 0, NULL);
        const char *entry = json_string_value(json_object_get(object, "entry"));
        bool repeated = false;
        if (!entry)
            status = pt_json_fail(err, "file '%s': a line has no 'entry'", path);
        else if (!last || strcmp(entry, last) != 0)
            status = pt_id_set_add(ids, entry, &repeated, err);
        if (status == PATINA_OK && repeated)
            status = pt_fail(err, PATINA_EUSAGE,
                             "entry '%s' of '%s' is also in another of the sets; give the entries "
                             "of each corpus unique ids",
                             entry, set);
        free(last);
        last = status == PATINA_OK ? strdup(entry) : NULL;
        if (status == PATINA_OK && !last) status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        json_decref(object);
    }
    if (status == PATINA_OK && !feof(file))
        status = pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path, strerror(errno));
    free(last);
    free(line);
    fclose(file);
    return status;
}

static patina_status check_ids(const merge *m, patina_error *err) {
    pt_id_set *ids = NULL;
    patina_status status = pt_id_set_open(&ids, err);
    for (size_t i = 0; i < m->n_sets; i++)
        for (uint64_t c = 0; c < m->sets[i].run_meta.n_chunks; c++)
            for (size_t s = 0; s < m->sets[i].n_splits; s++) {
                if (m->sets[i].chunks[c].parts[s].n_rows == 0 || status != PATINA_OK) continue;
                pt_path lines;
                status = pt_part_file_path(m->paths[i], &m->sets[i], c, s, PT_PART_PROVENANCE,
                                           &lines, err);
                if (status == PATINA_OK) status = add_entries(m->paths[i], lines.text, ids, err);
            }
    pt_id_set_close(&ids);
    return status;
}

static patina_status read_sets(merge *m, const char *const *sets, patina_error *err) {
    for (size_t i = 0; i < m->n_sets; i++) {
        pt_output_state state = PT_OUTPUT_EMPTY;
        PT_TRY(pt_output_dir_normalize(sets[i], m->paths[i], err));
        PT_TRY(pt_output_dir_require_run(m->paths[i], false, &state, err));
        if (state != PT_OUTPUT_FINISHED) return pt_output_dir_fail_unfinished(m->paths[i], err);
        for (size_t k = 0; k < i; k++) {
            bool is_same;
            PT_TRY(pt_path_is_same(m->paths[k], m->paths[i], &is_same, err));
            if (is_same)
                return pt_fail(err, PATINA_EUSAGE, "data set '%s' is given twice", m->paths[i]);
        }
        const pt_path file = pt_path_joinf(m->paths[i], PT_DATASET_FILE);
        PT_TRY(pt_manifest_read_dataset(file.text, &m->sets[i], err));
        PT_TRY(compare_sets(m, i, err));
    }
    return PATINA_OK;
}

/* ---------------------------------------------------------------- metadata of the result */

/* Each distinct text once, in order. */
static void join_text(char *joined, size_t size, const char *text) {
    const size_t n = strlen(joined);
    if (!strstr(joined, text)) snprintf(joined + n, size - n, "%s%s", n > 0 ? ", " : "", text);
}

static char *join_kernels(const merge *m) {
    char joined[256] = "";
    for (size_t i = 0; i < m->n_sets; i++)
        join_text(joined, sizeof joined, m->sets[i].run_meta.kernels);
    return strdup(joined);
}

static char *join_libraries(const merge *m) {
    json_t *all = pt_json_load_text(m->sets[0].run_meta.libraries_json, 0, NULL);
    char *text = NULL;
    bool failed = !all;
    for (size_t i = 1; i < m->n_sets; i++) {
        json_t *more = pt_json_load_text(m->sets[i].run_meta.libraries_json, 0, NULL), *value;
        const char *name;
        failed = failed || !more;
        json_object_foreach(more, name, value) {
            char joined[512] = "";
            const char *known = json_string_value(json_object_get(all, name));
            if (known) join_text(joined, sizeof joined, known);
            if (json_is_string(value)) join_text(joined, sizeof joined, json_string_value(value));
            if (json_object_set_new(all, name, json_string(joined)) != 0) failed = true;
        }
        json_decref(more);
    }
    if (!failed) text = pt_json_dump(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

/* The sources of a set: its own list if it was merged itself, else its corpus. */
static bool add_sources(json_t *sources, const pt_run_metadata *run_meta, const json_t *card) {
    json_t *own = json_object_get(card, "sources");
    if (own) return json_array_extend(sources, own) == 0;
    json_t *source = json_pack("{s:s, s:I, s:s}", "kind", run_meta->corpus_kind, "entries",
                               (json_int_t)run_meta->n_entries, "hash", run_meta->corpus_hash);
    const char *license = json_string_value(json_object_get(card, "license"));
    const bool is_complete =
        !license || json_object_set_new(source, "license", json_string(license)) == 0;
    return json_array_append_new(sources, source) == 0 && is_complete;
}

/* Members of the card that all sets have in common are kept. */
static char *join_cards(const merge *m) {
    static const char *const members[] = {"title", "license", "language", "base_model",
                                          "base_model_revision"};
    json_t *joined = json_object(), *sources = json_array();
    bool failed = !joined || !sources;
    char *text = NULL;

    for (size_t i = 0; i < m->n_sets && !failed; i++) {
        const char *card_json = m->sets[i].run_meta.card_json;
        json_t *card = pt_json_load_text(card_json ? card_json : "{}", 0, NULL);
        failed = !card || !add_sources(sources, &m->sets[i].run_meta, card);
        for (size_t k = 0; k < sizeof members / sizeof *members; k++) {
            json_t *value = json_object_get(card, members[k]);
            if (i == 0 && value)
                failed = json_object_set(joined, members[k], value) != 0 || failed;
            else if (i > 0 && !json_equal(value, json_object_get(joined, members[k])))
                json_object_del(joined, members[k]);
        }
        json_decref(card);
    }
    if (!failed && json_object_set(joined, "sources", sources) == 0)
        text = pt_json_dump(joined, JSON_COMPACT);
    json_decref(sources);
    json_decref(joined);
    return text;
}

static patina_status make_run_meta(merge *m, patina_error *err) {
    pt_run_metadata *run_meta = &m->run_meta;
    pt_sha256 hash;

    *run_meta = m->sets[0].run_meta;
    run_meta->counts = (pt_run_counts){0};
    run_meta->n_entries = run_meta->n_chunks = 0;
    pt_sha256_init(&hash);
    for (size_t i = 0; i < m->n_sets; i++) {
        const pt_run_metadata *set = &m->sets[i].run_meta;
        run_meta->n_entries += set->n_entries;
        run_meta->n_chunks += set->n_chunks;
        if (strcmp(run_meta->corpus_kind, set->corpus_kind) != 0) run_meta->corpus_kind = "merged";
        pt_sha256_update_string(&hash, set->corpus_hash);
    }
    pt_sha256_finish(&hash, m->corpus_hash);
    run_meta->corpus_hash = m->corpus_hash;
    run_meta->kernels = m->kernels = join_kernels(m);
    run_meta->libraries_json = m->libraries = join_libraries(m);
    run_meta->card_json = m->card = join_cards(m);
    if (!m->kernels || !m->libraries || !m->card)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (run_meta->n_chunks > PT_CHUNKS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "%" PRIu64 " chunks are more than %" PRIu64,
                       run_meta->n_chunks, (uint64_t)PT_CHUNKS_MAX);
    return PATINA_OK;
}

/* ---------------------------------------------------------------- output */

static patina_status fill_work_dir(merge *m, const char *work, patina_error *err) {
    const pt_path plan = pt_path_joinf(work, PT_PLAN_NAME);
    uint64_t first = 0;

    PT_TRY(pt_plan_write(plan.text, &m->run_meta, err));
    for (size_t i = 0; i < m->n_sets; i++) {
        const patina_status status =
            pt_chunks_copy(m->paths[i], &m->sets[i], work, first, &m->run_meta, err);
        if (status == PATINA_EFORMAT) pt_error_add_context(err, "data set '%s'", m->paths[i]);
        PT_TRY(status);
        first += m->sets[i].run_meta.n_chunks;
    }
    return pt_dir_sync(work, err);
}

static patina_status publish_chunks(merge *m, const char *out, patina_error *err) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR);
    bool made = false, done = false;
    pt_path own;

    patina_status status = pt_dir_create_all(out, &made, err);
    if (status != PATINA_OK) {
        pt_error_add_context(err, "output folder '%s'", out);
        return status;
    }
    pt_work_dir_remove_stale(out, false);
    status = pt_work_dir_create_temp(out, &own, err);
    if (status == PATINA_OK) {
        status = fill_work_dir(m, own.text, err);
        if (status == PATINA_OK) status = pt_dir_rename_noreplace(own.text, work.text, &done, err);
        if (status == PATINA_OK && !done)
            status = pt_fail(err, PATINA_EUSAGE, "output folder '%s': another process writes to it",
                             out);
        if (!done) pt_work_dir_remove(own.text);
    }
    if (status != PATINA_OK && made) rmdir(out);
    return status;
}

/* Of a merge that was interrupted after its chunks were published, or that is complete. */
static patina_status check_same_merge(const merge *m, const char *out, bool finished,
                                      patina_error *err) {
    const pt_path file = pt_path_joinf(out, finished ? PT_DATASET_FILE : PT_PLAN_FILE);
    char difference[256];
    pt_manifest manifest;

    PT_TRY(finished ? pt_manifest_read_dataset(file.text, &manifest, err)
                    : pt_manifest_read_plan(file.text, &manifest, err));
    const patina_status status = pt_run_metadata_compare(&manifest.run_meta, &m->run_meta,
                                                         difference, sizeof difference, err);
    pt_manifest_release(&manifest);
    if (status != PATINA_OK || difference[0] == '\0') return status;
    return pt_fail(err, PATINA_EUSAGE,
                   "output folder '%s': contains %s with %s; name another folder", out,
                   finished ? "a finished data set" : "an unfinished run", difference);
}

static patina_status write_result(merge *m, const char *out, patina_error *err) {
    pt_output_state state = PT_OUTPUT_EMPTY;

    PT_TRY(pt_output_dir_probe(out, true, &state, err));
    if (state == PT_OUTPUT_OTHER) return pt_output_dir_fail_other(out, err);
    return state == PT_OUTPUT_EMPTY ? publish_chunks(m, out, err)
                                    : check_same_merge(m, out, state == PT_OUTPUT_FINISHED, err);
}

static patina_status merge_sets(merge *m, const char *const *sets, const char *given,
                                patina_dataset_report *report, patina_error *err) {
    char out[PT_OUTPUT_PATH_MAX + 1];

    m->paths = calloc(m->n_sets, sizeof *m->paths);
    m->sets = calloc(m->n_sets, sizeof *m->sets);
    if (!m->paths || !m->sets) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(pt_output_dir_normalize(given, out, err));
    PT_TRY(read_sets(m, sets, err));
    PT_TRY(check_ids(m, err));
    PT_TRY(make_run_meta(m, err));
    PT_TRY(write_result(m, out, err));
    return patina_dataset_finish(out, report, err);
}

patina_status patina_dataset_merge(const char *const *sets, size_t n_sets, const char *out,
                                   patina_dataset_report *report, patina_error *err) {
    merge m = {.n_sets = n_sets};
    if (n_sets == 0) return pt_fail(err, PATINA_EUSAGE, "no data set to merge is given");
    const patina_status status = merge_sets(&m, sets, out, report, err);
    for (size_t i = 0; m.sets && i < n_sets; i++)
        pt_manifest_release(&m.sets[i]);
    free(m.paths);
    free(m.sets);
    free(m.kernels);
    free(m.libraries);
    free(m.card);
    return status;
}
