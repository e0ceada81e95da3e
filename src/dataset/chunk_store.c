/* SPDX-License-Identifier: MIT */
/* chunk_store.c - a run's output folder, as one of its processes sees it */

#include "dataset/chunk_store.h"

#include <assert.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <patina/dataset.h>

#include "base/error.h"
#include "dataset/manifest.h"
#include "dataset/output_dir.h"
#include "dataset/part_layout.h"
#include "dataset/resume.h"
#include "fs/atomic_file.h"

#define ATTEMPTS 10 /* at a folder that other processes are changing */

/* What is known of a chunk since the store was opened. */
enum { ABSENT, PRESENT, TO_RETRY };

/* The files of a split that grow in the open chunk; NULL while it has no rows. */
typedef struct split_writers {
    pt_row_writer *rows;
    pt_atomic_file *provenance;
} split_writers;

struct pt_chunk_store {
    char out[PT_OUTPUT_PATH_MAX + 1];
    const pt_row_writer_backend *kind;
    const pt_run_metadata *run_meta;
    size_t n_splits;
    pt_key_value metadata[3];
    bool made_out, retry_rejects, exclusive;
    unsigned char *chunks; /* [run_meta->n_chunks] of the above */

    uint64_t chunk; /* the open one */
    bool open;
    bool superseded; /* another process was faster: what comes is dropped */
    pt_path folder;
    split_writers *split_writers; /* [n_splits] */
    pt_atomic_file *rejects;
    pt_chunk_info record;
};

/* ---------------------------------------------------------------- whose folder it is */

static patina_status fail_other_run(const char *out, const char *what, const char *difference,
                                    patina_error *err) {
    return pt_fail(err, PATINA_EUSAGE,
                   "output folder '%s': holds %s run with %s; name another folder with '--out', or "
                   "remove this one",
                   out, what, difference);
}

static patina_status compare_plan(const pt_chunk_store *s, patina_error *err) {
    const pt_path plan = pt_path_joinf(s->out, PT_PLAN_FILE);
    char difference[256];
    pt_manifest manifest;

    PT_TRY(pt_manifest_read_plan(plan.text, &manifest, err));
    pt_run_metadata_compare(&manifest.run_meta, s->run_meta, difference, sizeof difference);
    pt_manifest_release(&manifest);
    if (difference[0] == '\0') return PATINA_OK;
    return fail_other_run(s->out, "an unfinished", difference, err);
}

/* The plan and the work folder appear together. Whoever comes second finds the first one's. */
static patina_status write_plan(const pt_chunk_store *s, patina_error *err) {
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR);
    pt_path own;
    bool done = false;

    PT_TRY(pt_temp_dir_create(s->out, PT_WORK_DIR, &own, err));
    const pt_path plan = pt_path_joinf(own.text, "plan.json");
    char *text = pt_plan_to_json(s->run_meta);
    patina_status status = text ? pt_atomic_file_write_text(plan.text, text, err)
                                : pt_fail(err, PATINA_ENOMEM, "out of memory");
    free(text);
    if (status == PATINA_OK) status = pt_dir_rename_noreplace(own.text, work.text, &done, err);
    if (!done) pt_dir_remove_all(own.text);
    return status;
}

/* The folder itself goes when the process that made it comes to nothing, so it is made as often as
 * it is needed. */
static patina_status write_first_plan(const pt_chunk_store *s, patina_error *err) {
    PT_TRY(pt_dir_create_all(s->out, NULL, err));
    return write_plan(s, err);
}

/* Makes sure that the folder is this run's: by its plan, or by writing it. *state is then RUNNING,
 * or FINISHED, of which nothing was compared yet. What fails because another process changes the
 * folder goes well the next time. */
static patina_status claim_output_dir(const pt_chunk_store *s, pt_output_state *state,
                                      patina_error *err) {
    patina_status status = PATINA_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        PT_TRY(pt_output_dir_probe(s->out, true, state, err));
        if (*state == PT_OUTPUT_FINISHED) return PATINA_OK;
        if (*state == PT_OUTPUT_FOREIGN) return pt_output_dir_fail_foreign(s->out, err);
        status = *state == PT_OUTPUT_UNFINISHED ? compare_plan(s, err) : write_first_plan(s, err);
        if (status != PATINA_EIO && (status != PATINA_OK || *state == PT_OUTPUT_UNFINISHED))
            return status;
    }
    return status != PATINA_OK
               ? status
               : pt_fail(err, PATINA_EIO, "output folder '%s': other processes keep changing it",
                         s->out);
}

/* ---------------------------------------------------------------- a set that is finished */

static void copy_counts(const pt_run_metadata *from, pt_run_metadata *to) {
    to->n_entries = from->n_entries;
    to->n_rows = from->n_rows;
    to->n_parts = from->n_parts;
    memcpy(to->split_rows, from->split_rows, sizeof to->split_rows);
    memcpy(to->split_parts, from->split_parts, sizeof to->split_parts);
    to->n_rejects = from->n_rejects;
    memcpy(to->rejects_by, from->rejects_by, sizeof to->rejects_by);
}

/* What is wrong with a caption, or an id that an earlier entry has, is so the next time too. */
static bool is_retryable(const uint64_t rejects_by[PATINA_REJECT_COUNT]) {
    for (int i = 0; i < PATINA_REJECT_COUNT; i++) {
        const patina_status reason = (patina_status)(PATINA_REJECT_FIRST + i);
        if (pt_status_is_retryable(reason) && rejects_by[i] > 0) return true;
    }
    return false;
}

/* *complete unless it is opened up again. */
static patina_status open_finished(const pt_chunk_store *s, bool *complete, pt_run_metadata *done,
                                   patina_error *err) {
    const pt_path file = pt_path_joinf(s->out, PT_DATASET_FILE);
    char difference[256];
    pt_manifest manifest;

    PT_TRY(pt_manifest_read_dataset(file.text, &manifest, err));
    pt_run_metadata_compare(&manifest.run_meta, s->run_meta, difference, sizeof difference);
    patina_status status = PATINA_OK;
    if (difference[0] != '\0') {
        status = fail_other_run(s->out, "a finished", difference, err);
    } else if (s->retry_rejects && is_retryable(manifest.run_meta.rejects_by) && !s->exclusive) {
        status = pt_fail(err, PATINA_EUSAGE,
                         "output folder '%s': the set is finished; one process alone may open it "
                         "up to try its rejects again: give '--retry rejects' once without "
                         "'--shard'",
                         s->out);
    } else if (s->retry_rejects && is_retryable(manifest.run_meta.rejects_by)) {
        status = pt_dataset_reopen(s->out, &manifest, err);
    } else {
        *complete = true;
        copy_counts(&manifest.run_meta, done);
        pt_output_dir_remove_work_dir(s->out); /* left when the last step of all was broken off */
        pt_temp_dir_remove_stale(s->out, PT_WORK_DIR ".", false);
    }
    pt_manifest_release(&manifest);
    return status;
}

static patina_status resolve_output_state(const pt_chunk_store *s, bool *complete,
                                          pt_run_metadata *done, patina_error *err) {
    patina_status status = PATINA_OK;
    *complete = false;
    for (int i = 0; i < ATTEMPTS; i++) {
        pt_output_state state = PT_OUTPUT_EMPTY;
        PT_TRY(claim_output_dir(s, &state, err));
        if (state == PT_OUTPUT_UNFINISHED) return PATINA_OK;
        status = open_finished(s, complete, done, err);
        if (*complete) return PATINA_OK;
        const pt_path finished = pt_path_joinf(s->out, PT_DATASET_FILE);
        if (status != PATINA_OK && pt_path_exists(finished.text)) return status;
    }
    return status != PATINA_OK
               ? status
               : pt_fail(err, PATINA_EIO, "output folder '%s': other processes keep changing it",
                         s->out);
}

/* ---------------------------------------------------------------- the chunks that are there */

/* Reads what every finished chunk holds. One whose chunk.json is damaged counts as absent, so that
 * it is done again. */
static patina_status read_chunks(const pt_chunk_store *s, pt_manifest *manifest, bool *all,
                                 patina_error *err) {
    const pt_path plan = pt_path_joinf(s->out, PT_PLAN_FILE);
    PT_TRY(pt_manifest_read_plan(plan.text, manifest, err));
    patina_status status = manifest->run_meta.n_chunks == s->run_meta->n_chunks
                               ? pt_manifest_alloc_chunks(manifest, err)
                               : pt_fail(err, PATINA_EFORMAT, "file '%s': has changed", plan.text);
    *all = true;
    for (uint64_t c = 0; status == PATINA_OK && c < s->run_meta->n_chunks; c++)
        if (s->chunks[c] == ABSENT || pt_chunk_read_info(s->out, manifest, c, NULL) != PATINA_OK)
            *all = false;
    if (status == PATINA_OK && *all) pt_manifest_number_parts(manifest);
    if (status != PATINA_OK) pt_manifest_release(manifest);
    return status;
}

/* Where a finish was broken off, or a finished set was opened up, parts have their final names,
 * whose numbers change when a chunk changes. */
static patina_status revert_parts(const pt_chunk_store *s, const pt_manifest *manifest,
                                  patina_error *err) {
    const pt_path data = pt_path_joinf(s->out, "data"),
                  provenance = pt_path_joinf(s->out, "provenance");
    if (!pt_path_exists(data.text) && !pt_path_exists(provenance.text)) return PATINA_OK;
    return pt_part_layout_revert(s->out, manifest, err);
}

static patina_status mark_retries(pt_chunk_store *s, patina_error *err) {
    pt_manifest manifest;
    bool all;
    PT_TRY(read_chunks(s, &manifest, &all, err));
    const patina_status status = all ? revert_parts(s, &manifest, err) : PATINA_OK;
    for (uint64_t c = 0; c < s->run_meta->n_chunks; c++) {
        const pt_chunk_info *chunk = &manifest.chunks[c];
        if (s->chunks[c] == ABSENT) continue;
        if (!chunk->known || (!chunk->retried && is_retryable(chunk->rejects_by)))
            s->chunks[c] = TO_RETRY;
    }
    pt_manifest_release(&manifest);
    return status;
}

static patina_status find_chunks(pt_chunk_store *s, const pt_chunk_store_options *options,
                                 patina_error *err) {
    const pt_note_callback note_callback = {options->on_note, options->context};
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR);
    uint64_t n_present;

    pt_temp_dir_remove_stale(s->out, PT_WORK_DIR ".", false);
    pt_temp_dir_remove_stale(work.text, "", false);
    PT_TRY(pt_chunks_list(s->out, s->run_meta->n_chunks, s->chunks, &n_present, err));
    if (options->resume_from)
        PT_TRY(pt_chunks_import(options->resume_from, s->out, s->run_meta, s->chunks,
                                &note_callback, err));
    return s->retry_rejects ? mark_retries(s, err) : PATINA_OK;
}

bool pt_chunk_store_has_chunk(const pt_chunk_store *s, uint64_t chunk) {
    assert(chunk < s->run_meta->n_chunks);
    if (s->chunks[chunk] != ABSENT) return s->chunks[chunk] == PRESENT;
    const pt_path place = pt_chunk_dir_path(s->out, chunk);
    return pt_path_exists(place.text);
}

/* ---------------------------------------------------------------- opening and closing */

static patina_status alloc_store(const char *out, const pt_row_writer_backend *kind,
                                 const pt_run_metadata *run_meta,
                                 const pt_chunk_store_options *options, pt_chunk_store **store,
                                 patina_error *err) {
    pt_chunk_store *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    *store = s;
    PT_TRY(pt_output_dir_normalize(out, s->out, err));
    s->kind = kind;
    s->run_meta = run_meta;
    s->n_splits = pt_run_metadata_count_splits(run_meta);
    s->retry_rejects = options->retry_rejects;
    s->exclusive = options->exclusive;
    assert(s->n_splits >= 1 && s->n_splits <= PATINA_SPLITS_MAX);
    if (run_meta->n_chunks > PT_CHUNKS_MAX)
        return pt_fail(err, PATINA_EUSAGE,
                       "%" PRIu64 " chunks are over %" PRIu64 ": make them larger with '--chunk'",
                       run_meta->n_chunks, PT_CHUNKS_MAX);
    s->metadata[0] = (pt_key_value){PT_KEY_VERSION, run_meta->version};
    s->metadata[1] = (pt_key_value){PT_KEY_SETTINGS_HASH, run_meta->settings_hash};
    s->metadata[2] = (pt_key_value){PT_KEY_MODEL_HASH, run_meta->model_hash};
    s->chunks = calloc((size_t)run_meta->n_chunks + 1, 1);
    s->split_writers = calloc(s->n_splits, sizeof *s->split_writers);
    s->record.parts = calloc(s->n_splits, sizeof *s->record.parts);
    if (!s->chunks || !s->split_writers || !s->record.parts)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    return PATINA_OK;
}

static void release(pt_chunk_store **store) {
    pt_chunk_store *s = *store;
    if (!s) return;
    free(s->chunks);
    free(s->split_writers);
    free(s->record.parts);
    free(s);
    *store = NULL;
}

/* Whether the work folder holds a plan and nothing else: no chunk, finished or under way. */
static bool is_unused(const char *work) {
    DIR *dir = opendir(work);
    const struct dirent *item;
    bool unused = dir != NULL;
    while (dir && unused && (item = readdir(dir)))
        unused = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0 ||
                 strcmp(item->d_name, "plan.json") == 0;
    if (dir) closedir(dir);
    return unused;
}

/* A run that came to nothing is not in the way of another. */
static void remove_unused_plan(const pt_chunk_store *s) {
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR);
    pt_path own;
    if (!s->exclusive || !is_unused(work.text) ||
        pt_temp_dir_create(s->out, PT_WORK_DIR, &own, NULL) != PATINA_OK)
        return;
    if (rename(work.text, own.text) != 0 || is_unused(own.text))
        pt_dir_remove_all(own.text);
    else /* another process began a chunk in this very moment */
        (void)!rename(own.text, work.text);
    if (s->made_out) rmdir(s->out);
}

/* Another process may finish the set, or withdraw its plan, while this one looks around in it. */
static patina_status open_run(pt_chunk_store *s, const pt_chunk_store_options *options,
                              bool *complete, pt_run_metadata *done, patina_error *err) {
    const pt_path finished = pt_path_joinf(s->out, PT_DATASET_FILE),
                  plan = pt_path_joinf(s->out, PT_PLAN_FILE);
    patina_status status = PATINA_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        PT_TRY(resolve_output_state(s, complete, done, err));
        if (*complete) return PATINA_OK;
        status = find_chunks(s, options, err);
        const bool changed = pt_path_exists(finished.text) || !pt_path_exists(plan.text);
        if (status != PATINA_EIO || !changed) break;
    }
    if (status != PATINA_OK) remove_unused_plan(s);
    return status;
}

patina_status pt_chunk_store_open(const char *out, const pt_row_writer_backend *kind,
                                  const pt_run_metadata *run_meta,
                                  const pt_chunk_store_options *options, pt_chunk_store **store,
                                  bool *complete, pt_run_metadata *done, patina_error *err) {
    static const pt_chunk_store_options defaults = {.retry_rejects = false};
    pt_chunk_store *s = NULL;

    if (!options) options = &defaults;
    patina_status status = alloc_store(out, kind, run_meta, options, &s, err);
    if (status == PATINA_OK) status = pt_dir_create_all(s->out, &s->made_out, err);
    if (status == PATINA_OK) status = open_run(s, options, complete, done, err);
    if (status != PATINA_OK && s && s->made_out) rmdir(s->out); /* goes only while it is empty */
    if (status == PATINA_OK && !*complete) {
        *store = s;
        s = NULL;
    }
    release(&s);
    return status;
}

void pt_chunk_store_close(pt_chunk_store **store) {
    if (!*store) return;
    pt_chunk_store_discard_chunk(*store);
    remove_unused_plan(*store);
    release(store);
}

/* ---------------------------------------------------------------- a chunk */

/* A failure does not matter where another process has finished this chunk, or all, meanwhile. */
static patina_status ignore_if_superseded(pt_chunk_store *s, patina_status status,
                                          patina_error *err) {
    const pt_path target = pt_chunk_dir_path(s->out, s->chunk),
                  finished = pt_path_joinf(s->out, PT_DATASET_FILE);
    if (status != PATINA_EIO || s->chunks[s->chunk] == TO_RETRY) return status;
    if (!pt_path_exists(target.text) && !pt_path_exists(finished.text)) return status;
    s->superseded = true;
    if (err) *err = (patina_error){0};
    return PATINA_OK;
}

static patina_status make_chunk_folder(pt_chunk_store *s, patina_error *err) {
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR),
                  plan = pt_path_joinf(s->out, PT_PLAN_FILE);
    char name[PT_CHUNK_DIR_NAME_MAX];
    patina_status status = PATINA_OK;

    pt_chunk_dir_name(s->chunk, name);
    for (int i = 0; i < ATTEMPTS; i++) {
        pt_output_state state = PT_OUTPUT_EMPTY;
        PT_TRY(claim_output_dir(s, &state, err));
        s->superseded = state == PT_OUTPUT_FINISHED;
        if (s->superseded) return PATINA_OK;
        status = pt_temp_dir_create(work.text, name, &s->folder, err);
        if (status == PATINA_OK || pt_path_exists(plan.text)) return status;
        /* withdrawn by a process that came to nothing */
    }
    return status;
}

patina_status pt_chunk_store_begin_chunk(pt_chunk_store *s, uint64_t chunk, patina_error *err) {
    pt_part_info *parts = s->record.parts;
    assert(!s->open && chunk < s->run_meta->n_chunks);

    memset(parts, 0, s->n_splits * sizeof *parts);
    s->record = (pt_chunk_info){.parts = parts, .retried = s->retry_rejects};
    s->chunk = chunk;
    s->superseded = false;
    s->folder.text[0] = '\0';
    const patina_status status = ignore_if_superseded(s, make_chunk_folder(s, err), err);
    if (status != PATINA_OK || s->superseded) s->folder.text[0] = '\0';
    s->open = status == PATINA_OK;
    return status;
}

static patina_status open_split(pt_chunk_store *s, size_t split, patina_error *err) {
    split_writers *g = &s->split_writers[split];
    char name[PT_PART_FILE_NAME_MAX];

    pt_part_chunk_file_name(s->run_meta->splits[split], s->kind->suffix, PT_PART_ROWS, name);
    const pt_path rows = pt_path_joinf(s->folder.text, "%s", name);
    pt_part_chunk_file_name(s->run_meta->splits[split], s->kind->suffix, PT_PART_PROVENANCE, name);
    const pt_path lines = pt_path_joinf(s->folder.text, "%s", name);
    PT_TRY(pt_atomic_file_open(lines.text, &g->provenance, err));
    return s->kind->open(rows.text, s->metadata, sizeof s->metadata / sizeof *s->metadata, &g->rows,
                         err);
}

static patina_status add_rows(pt_chunk_store *s, size_t split, const pt_row *rows, size_t n_rows,
                              const char *provenance, size_t n_provenance, patina_error *err) {
    split_writers *g = &s->split_writers[split];
    if (!g->rows) PT_TRY(open_split(s, split, err));
    for (size_t i = 0; i < n_rows; i++)
        PT_TRY(pt_row_writer_write(g->rows, &rows[i], err));
    s->record.parts[split].n_rows += n_rows;
    return pt_atomic_file_write(g->provenance, provenance, n_provenance, err);
}

patina_status pt_chunk_store_add_rows(pt_chunk_store *s, size_t split, const pt_row *rows,
                                      size_t n_rows, const char *provenance, size_t n_provenance,
                                      patina_error *err) {
    assert(s->open && split < s->n_splits);
    if (n_rows == 0 || s->superseded) return PATINA_OK;
    return ignore_if_superseded(s, add_rows(s, split, rows, n_rows, provenance, n_provenance, err),
                                err);
}

static patina_status add_reject(pt_chunk_store *s, const char *line, patina_error *err) {
    if (!s->rejects) {
        const pt_path file = pt_path_joinf(s->folder.text, "rejects.jsonl");
        PT_TRY(pt_atomic_file_open(file.text, &s->rejects, err));
    }
    return pt_atomic_file_write(s->rejects, line, strlen(line), err);
}

patina_status pt_chunk_store_add_reject(pt_chunk_store *s, patina_status reason, const char *line,
                                        patina_error *err) {
    assert(s->open && patina_status_is_reject(reason));
    if (s->superseded) return PATINA_OK;
    s->record.n_rejects++;
    s->record.rejects_by[reason - PATINA_REJECT_FIRST]++;
    return ignore_if_superseded(s, add_reject(s, line, err), err);
}

static void record_digest(const pt_atomic_file *file, pt_file_digest *record) {
    record->n_bytes = pt_atomic_file_offset(file);
    memcpy(record->sha256, pt_atomic_file_sha256(file), PT_SHA256_HEX_SIZE);
}

static patina_status commit_files(pt_chunk_store *s, patina_error *err) {
    for (size_t i = 0; i < s->n_splits; i++) {
        const split_writers *g = &s->split_writers[i];
        if (!g->rows) continue;
        PT_TRY(pt_row_writer_finish(g->rows, err));
        PT_TRY(pt_atomic_file_commit(g->provenance, err));
        record_digest(pt_row_writer_file(g->rows), &s->record.parts[i].rows);
        record_digest(g->provenance, &s->record.parts[i].provenance);
    }
    if (s->rejects) {
        PT_TRY(pt_atomic_file_commit(s->rejects, err));
        record_digest(s->rejects, &s->record.rejects);
    }
    const pt_path file = pt_path_joinf(s->folder.text, "chunk.json");
    char *text = pt_chunk_to_json(s->run_meta, s->kind->suffix, s->chunk, &s->record);
    const patina_status status = text ? pt_atomic_file_write_text(file.text, text, err)
                                      : pt_fail(err, PATINA_ENOMEM, "out of memory");
    free(text);
    return status;
}

/* Gives way to a chunk that was done anew: the old one is moved into a temporary folder, so that a
 * rename can put the new one in its place. */
static patina_status move_aside(const pt_chunk_store *s, const char *target, pt_path *aside,
                                patina_error *err) {
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR);
    bool done;
    PT_TRY(pt_temp_dir_create(work.text, "old", aside, err));
    return pt_dir_rename_noreplace(target, aside->text, &done, err);
}

static patina_status publish_chunk(pt_chunk_store *s, patina_error *err) {
    const pt_path target = pt_chunk_dir_path(s->out, s->chunk);
    pt_path aside = {.text = ""};
    bool done = false;

    patina_status status = pt_dir_rename_noreplace(s->folder.text, target.text, &done, err);
    if (status == PATINA_OK && !done && s->chunks[s->chunk] == TO_RETRY) {
        status = move_aside(s, target.text, &aside, err);
        if (status == PATINA_OK)
            status = pt_dir_rename_noreplace(s->folder.text, target.text, &done, err);
    }
    if (aside.text[0] != '\0') pt_dir_remove_all(aside.text);
    return status; /* not done: another process was faster, and ours is dropped */
}

patina_status pt_chunk_store_commit_chunk(pt_chunk_store *s, uint64_t n_entries,
                                          patina_error *err) {
    assert(s->open);
    s->record.n_entries = n_entries;
    patina_status status = PATINA_OK;
    if (!s->superseded) status = commit_files(s, err);
    if (!s->superseded && status == PATINA_OK) status = publish_chunk(s, err);
    status = ignore_if_superseded(s, status, err);
    if (status == PATINA_OK) s->chunks[s->chunk] = PRESENT;
    if (status == PATINA_OK) pt_chunk_store_discard_chunk(s);
    return status;
}

void pt_chunk_store_discard_chunk(pt_chunk_store *s) {
    if (!s->open) return;
    for (size_t i = 0; i < s->n_splits; i++) {
        pt_row_writer_close(&s->split_writers[i].rows);
        pt_atomic_file_close(&s->split_writers[i].provenance);
    }
    pt_atomic_file_close(&s->rejects);
    if (s->folder.text[0] != '\0') pt_dir_remove_all(s->folder.text);
    s->open = false;
}

/* ---------------------------------------------------------------- finishing */

patina_status pt_chunk_store_finish(pt_chunk_store *s, pt_run_metadata *done, patina_error *err) {
    patina_dataset_report report = {0};
    PT_TRY(patina_dataset_finish(s->out, &report, err));
    done->n_entries = report.n_entries;
    done->n_rows = report.n_rows;
    done->n_parts = report.n_parts;
    for (size_t i = 0; i < report.n_splits; i++) {
        done->split_rows[i] = report.splits[i].n_rows;
        done->split_parts[i] = report.splits[i].n_parts;
    }
    done->n_rejects = report.n_rejects;
    memcpy(done->rejects_by, report.rejects_by, sizeof done->rejects_by);
    return PATINA_OK;
}
