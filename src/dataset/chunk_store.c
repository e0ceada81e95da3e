/* SPDX-License-Identifier: MIT */
/* chunk_store.c - the output folder of a run, used by one of its processes */

#include "dataset/chunk_store.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <patina/dataset.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/strbuf.h"
#include "dataset/finish.h"
#include "dataset/journal.h"
#include "dataset/manifest.h"
#include "dataset/output_dir.h"
#include "dataset/part_layout.h"
#include "dataset/rejects.h"
#include "dataset/resume.h"
#include "dataset/resume_check.h"
#include "fs/atomic_file.h"
#include "fs/dir.h"
#include "fs/temp_dir.h"

#define ATTEMPTS 10 /* while other processes change the folder */

/* State of a chunk when the store was opened. */
enum { ABSENT, PRESENT, TO_REPLACE };

/* The files of a split in the open chunk; NULL while it has no rows. */
typedef struct split_writers {
    pt_row_writer *rows;
    pt_atomic_file *provenance;
} split_writers;

/* An existing journal, open until its chunk is made: another process may replace the file. */
typedef struct kept_journal {
    uint64_t chunk;
    pt_byte_source bytes;
} kept_journal;

/* Open files. There is one journal for each process that was interrupted; others are not used. */
#define KEPT_MAX 256

struct pt_chunk_store {
    char out[PT_OUTPUT_PATH_MAX + 1];
    const pt_row_writer_backend *kind;
    const pt_run_metadata *run_meta;
    size_t n_splits;
    char signal_revision[24];
    pt_key_value metadata[4];
    const char *resume_from;
    bool made_out, retry_rejects, exclusive;
    bool has_partial;           /* some entries had rows when the store was opened */
    unsigned char *chunks;      /* [run_meta->n_chunks] of the above */
    unsigned char *has_journal; /* [run_meta->n_chunks] when the store was opened */
    kept_journal kept[KEPT_MAX];
    size_t n_kept;

    uint64_t chunk; /* the open one */
    bool open;
    bool superseded; /* another process completed it first: rows are dropped */
    pt_path folder;
    pt_journal *journal;
    split_writers *split_writers; /* [n_splits]; while the chunk is completed */
    pt_atomic_file *rejects;
    pt_chunk_info record;

    bool with_id;    /* rows have the column id, of their line of provenance: */
    pt_row *waiting; /* [n_waiting] rows whose line is not replayed yet, from next_waiting on */
    size_t n_waiting, next_waiting, waiting_capacity;
    pt_strbuf line; /* the part of a line that is replayed */
};

/* ---------------------------------------------------------------- claiming the folder */

static patina_status fail_other_run(const char *out, const char *what, const char *difference,
                                    patina_error *err) {
    return pt_fail(err, PATINA_EUSAGE,
                   "output folder '%s': contains %s run with %s; name another folder with '--out', "
                   "or replace this one with '--overwrite'",
                   out, what, difference);
}

static patina_status compare_plan(const pt_chunk_store *s, patina_error *err) {
    const pt_path plan = pt_path_joinf(s->out, PT_PLAN_FILE);
    char difference[256];
    pt_manifest manifest;

    PT_TRY(pt_manifest_read_plan(plan.text, &manifest, err));
    const patina_status status = pt_run_metadata_compare(&manifest.run_meta, s->run_meta,
                                                         difference, sizeof difference, err);
    pt_manifest_release(&manifest);
    if (status != PATINA_OK) return status;
    if (difference[0] == '\0') return PATINA_OK;
    return fail_other_run(s->out, "an unfinished", difference, err);
}

static patina_status create_output_dir(const pt_chunk_store *s, bool *made, patina_error *err) {
    const patina_status status = pt_dir_create_all(s->out, made, err);
    if (status != PATINA_OK) pt_error_add_context(err, "output folder '%s'", s->out);
    return status;
}

/* The work folder appears with its plan in it, by one rename. The first process wins. */
static patina_status write_plan(const pt_chunk_store *s, patina_error *err) {
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR);
    pt_path own;
    bool done = false;

    PT_TRY(pt_work_dir_create_temp(s->out, &own, err));
    const pt_path plan = pt_path_joinf(own.text, PT_PLAN_NAME);
    patina_status status = pt_plan_write(plan.text, s->run_meta, err);
    if (status == PATINA_OK) status = pt_dir_rename_noreplace(own.text, work.text, &done, err);
    if (!done) pt_work_dir_remove(own.text);
    return status;
}

/* Another process that fails removes the folder it created, so it may be needed again. */
static patina_status write_first_plan(const pt_chunk_store *s, patina_error *err) {
    PT_TRY(create_output_dir(s, NULL, err));
    return write_plan(s, err);
}

/* Ensures that the folder belongs to this run: compares its plan, or writes one. Afterwards *state
 * is UNFINISHED, or FINISHED with nothing compared yet. Attempts that fail because another process
 * changes the folder are repeated. */
static patina_status claim_output_dir(const pt_chunk_store *s, pt_output_state *state,
                                      patina_error *err) {
    patina_status status = PATINA_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        PT_TRY(pt_output_dir_probe(s->out, true, state, err));
        if (*state == PT_OUTPUT_FINISHED) return PATINA_OK;
        if (*state == PT_OUTPUT_OTHER) return pt_output_dir_fail_other(s->out, err);
        status = *state == PT_OUTPUT_UNFINISHED ? compare_plan(s, err) : write_first_plan(s, err);
        if (status != PATINA_EIO && (status != PATINA_OK || *state == PT_OUTPUT_UNFINISHED))
            return status;
    }
    return status != PATINA_OK
               ? status
               : pt_fail(err, PATINA_EIO, "output folder '%s': other processes keep changing it",
                         s->out);
}

/* ---------------------------------------------------------------- a finished set */

/* *complete unless the set is reopened. */
static patina_status open_finished(const pt_chunk_store *s, bool *complete, pt_run_counts *counts,
                                   patina_error *err) {
    const pt_path file = pt_path_joinf(s->out, PT_DATASET_FILE);
    char difference[256];
    pt_manifest manifest;

    PT_TRY(pt_manifest_read_dataset(file.text, &manifest, err));
    patina_status status = pt_run_metadata_compare(&manifest.run_meta, s->run_meta, difference,
                                                   sizeof difference, err);
    const bool retry =
        s->retry_rejects && pt_rejects_are_retryable(manifest.run_meta.counts.rejects_by);
    if (status != PATINA_OK) {
        /* reported below */
    } else if (difference[0] != '\0') {
        status = fail_other_run(s->out, "a finished", difference, err);
    } else if (retry && !s->exclusive) {
        status = pt_fail(err, PATINA_EUSAGE,
                         "output folder '%s': the data set is finished; to retry its rejects, run "
                         "once with '--retry rejects' and without '--shard'",
                         s->out);
    } else if (retry) {
        status = pt_dataset_reopen(s->out, &manifest, err);
    } else {
        *complete = true;
        *counts = manifest.run_meta.counts;
        pt_output_dir_remove_work_dir(s->out); /* left when finish was interrupted at its end */
        pt_work_dir_remove_stale(s->out, false);
    }
    pt_manifest_release(&manifest);
    return status;
}

static patina_status resolve_output_state(const pt_chunk_store *s, bool *complete,
                                          pt_run_counts *counts, patina_error *err) {
    patina_status status = PATINA_OK;
    *complete = false;
    for (int i = 0; i < ATTEMPTS; i++) {
        pt_output_state state = PT_OUTPUT_EMPTY;
        PT_TRY(claim_output_dir(s, &state, err));
        if (state == PT_OUTPUT_UNFINISHED) return PATINA_OK;
        status = open_finished(s, complete, counts, err);
        if (*complete) return PATINA_OK;
        const pt_path finished = pt_path_joinf(s->out, PT_DATASET_FILE);
        if (status != PATINA_OK && pt_path_exists(finished.text)) return status;
    }
    return status != PATINA_OK
               ? status
               : pt_fail(err, PATINA_EIO, "output folder '%s': other processes keep changing it",
                         s->out);
}

/* ---------------------------------------------------------------- existing chunks */

/* Reads chunk.json of every existing chunk; those that cannot be read stay unknown. */
static patina_status read_chunks(pt_chunk_store *s, pt_manifest *manifest, bool *all_known,
                                 patina_error *err) {
    const pt_path plan = pt_path_joinf(s->out, PT_PLAN_FILE);
    PT_TRY(pt_manifest_read_plan(plan.text, manifest, err));
    patina_status status = manifest->run_meta.n_chunks == s->run_meta->n_chunks
                               ? pt_manifest_alloc_chunks(manifest, err)
                               : pt_fail(err, PATINA_EFORMAT, "file '%s': has changed", plan.text);
    *all_known = true;
    for (uint64_t c = 0; status == PATINA_OK && c < s->run_meta->n_chunks; c++) {
        patina_error fault = {0};
        bool has_folder;
        if (s->chunks[c] == ABSENT) {
            *all_known = false;
            continue;
        }
        status = pt_chunk_read_info(s->out, manifest, c, &fault);
        if (status == PATINA_OK) continue;
        *all_known = false;
        const pt_path folder = pt_chunk_dir_path(s->out, c);
        const patina_status found = pt_path_check_exists(folder.text, &has_folder, err);
        if (found != PATINA_OK) {
            status = found;
        } else if (!has_folder) { /* another process replaces it */
            s->chunks[c] = ABSENT;
            status = PATINA_OK;
        } else if (status == PATINA_EFORMAT) {
            status = PATINA_OK;
        } else {
            pt_fail(err, status, "%s", fault.message);
        }
    }
    if (status == PATINA_OK && *all_known) pt_manifest_number_parts(manifest);
    if (status != PATINA_OK) pt_manifest_release(manifest);
    return status;
}

/* After an interrupted finish, or when a set was reopened, parts have their final names, whose
 * numbers change when a chunk changes. */
static patina_status revert_parts(const pt_chunk_store *s, const pt_manifest *manifest,
                                  patina_error *err) {
    const pt_path data = pt_path_joinf(s->out, "data"),
                  provenance = pt_path_joinf(s->out, "provenance");
    bool has_data, has_provenance;
    PT_TRY(pt_path_check_exists(data.text, &has_data, err));
    PT_TRY(pt_path_check_exists(provenance.text, &has_provenance, err));
    if (!has_data && !has_provenance) return PATINA_OK;
    return pt_part_layout_revert(s->out, manifest, err);
}

/* A damaged chunk is made again. Its damaged file is removed from the final folders, where it would
 * take precedence over the new one. */
static patina_status replace_if_damaged(pt_chunk_store *s, const pt_manifest *manifest, uint64_t c,
                                        const pt_note_callback *on_note, patina_error *err) {
    const pt_path folder = pt_chunk_dir_path(s->out, c);
    patina_error fault = {0};
    pt_path file = {.text = ""};

    /* Files of other processes may move or change now: only an exclusive store reads them. */
    if (manifest->chunks[c].known && !s->exclusive) return PATINA_OK;
    patina_status status = manifest->chunks[c].known
                               ? pt_chunk_check_files(s->out, manifest, c, &file, &fault)
                               : pt_fail(&fault, PATINA_EFORMAT, "file '%s/%s': damaged or absent",
                                         folder.text, PT_CHUNK_FILE);
    if (status == PATINA_OK) return PATINA_OK;
    if (status != PATINA_EFORMAT) return pt_fail(err, status, "%s", fault.message);
    /* Another process may be finishing the set; then finish checks all files again. */
    const pt_path data = pt_path_joinf(s->out, "data");
    bool has_file = true, has_data;
    if (file.text[0] != '\0') PT_TRY(pt_path_check_exists(file.text, &has_file, err));
    PT_TRY(pt_path_check_exists(data.text, &has_data, err));
    if (!has_file && has_data) return PATINA_OK;
    if (file.text[0] != '\0' && strncmp(file.text, folder.text, strlen(folder.text)) != 0)
        unlink(file.text);
    s->chunks[c] = TO_REPLACE;
    pt_error_add_context(&fault, "chunk %" PRIu64 " is damaged and is generated again", c);
    if (on_note->note) on_note->note(on_note->context, fault.message);
    return PATINA_OK;
}

/* Decides which existing chunks to replace: damaged ones and, with retry_rejects, those with
 * rejects that another attempt can change. */
static patina_status check_chunks(pt_chunk_store *s, const pt_note_callback *on_note,
                                  patina_error *err) {
    pt_manifest manifest;
    bool all_known;

    PT_TRY(read_chunks(s, &manifest, &all_known, err));
    patina_status status =
        s->retry_rejects && all_known ? revert_parts(s, &manifest, err) : PATINA_OK;
    for (uint64_t c = 0; status == PATINA_OK && c < s->run_meta->n_chunks; c++) {
        const pt_chunk_info *chunk = &manifest.chunks[c];
        if (s->chunks[c] == ABSENT) continue;
        status = replace_if_damaged(s, &manifest, c, on_note, err);
        if (s->retry_rejects && chunk->known && !chunk->retried &&
            pt_rejects_are_retryable(chunk->rejects_by))
            s->chunks[c] = TO_REPLACE;
    }
    pt_manifest_release(&manifest);
    return status;
}

/* ---------------------------------------------------------------- journals */

/* What pt_run_metadata_compare compares is hashed, without the libraries. With retry_rejects,
 * entries that an ordinary run rejected are made again. */
static void make_key(const pt_chunk_store *s, const char *name, char sha256[PT_SHA256_HEX_SIZE]) {
    const pt_run_metadata *run = s->run_meta;
    const char *const texts[] = {
        run->version, run->settings_hash, run->corpus_hash,   run->model_hash,
        run->format,  run->kernels,       s->signal_revision, s->retry_rejects ? "retry" : ""};
    pt_sha256 hash;

    pt_sha256_init(&hash);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        pt_sha256_update_string(&hash, texts[i]);
    pt_sha256_update_string(&hash, name);
    pt_sha256_finish(&hash, sha256);
}

static pt_journal_key journal_key(const pt_chunk_store *s, uint64_t chunk) {
    pt_journal_key key = {.n_splits = s->n_splits};
    char number[PT_CHUNK_DIR_NAME_MAX];
    pt_chunk_dir_name(chunk, number);
    make_key(s, number, key.sha256);
    return key;
}

static patina_status create_journal(const pt_chunk_store *s, uint64_t chunk, const char *folder,
                                    const pt_byte_source *from, uint64_t n_kept,
                                    pt_journal **journal, patina_error *err) {
    const pt_path own = pt_path_joinf(folder, "journal"),
                  public = pt_chunk_journal_path(s->out, chunk);
    const pt_journal_key key = journal_key(s, chunk);
    return pt_journal_create(&own, &public, &key, from, n_kept, journal, err);
}

/* Copies the journal of a chunk of another folder. */
static patina_status import_journal(pt_chunk_store *s, const char *from, uint64_t chunk,
                                    patina_error *err) {
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR),
                  source = pt_chunk_journal_path(from, chunk);
    const pt_journal_key key = journal_key(s, chunk);
    pt_journal *journal = NULL;
    pt_byte_source bytes;
    pt_path own = {.text = ""};
    uint64_t n;

    PT_TRY(pt_journal_find(source.text, &key, UINT64_MAX, &n, &bytes, err));
    if (n == 0) return PATINA_OK;
    patina_status status = pt_temp_dir_create(work.text, "import", &own, err);
    if (status == PATINA_OK) status = create_journal(s, chunk, own.text, &bytes, n, &journal, err);
    if (status == PATINA_OK) status = pt_journal_publish(journal, err);
    if (status == PATINA_OK) s->has_journal[chunk] = 1;
    pt_journal_close(&journal);
    pt_byte_source_close(&bytes);
    if (own.text[0] != '\0') pt_dir_remove_all(own.text, NULL);
    return status;
}

/* A finished set has no journals. */
static patina_status import_journals(pt_chunk_store *s, const char *given, patina_error *err) {
    const uint64_t n_chunks = s->run_meta->n_chunks;
    char from[PT_OUTPUT_PATH_MAX + 1];
    uint64_t n;

    PT_TRY(pt_output_dir_normalize(given, from, err));
    const pt_path work = pt_path_joinf(from, PT_WORK_DIR);
    bool has_work;
    PT_TRY(pt_path_check_exists(work.text, &has_work, err));
    if (!has_work) return PATINA_OK;
    unsigned char *present = calloc((size_t)n_chunks + 1, 1);
    if (!present) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    patina_status status = pt_chunks_list(from, PT_JOURNAL_SUFFIX, n_chunks, present, &n, err);
    for (uint64_t c = 0; status == PATINA_OK && c < n_chunks; c++)
        if (present[c] && s->chunks[c] == ABSENT && !s->has_journal[c])
            status = import_journal(s, from, c, err);
    free(present);
    return status;
}

patina_status pt_chunk_store_find_kept(pt_chunk_store *s, uint64_t chunk, uint64_t n_max,
                                       uint64_t *n_entries, patina_error *err) {
    const pt_path path = pt_chunk_journal_path(s->out, chunk);
    const pt_journal_key key = journal_key(s, chunk);
    kept_journal *kept = &s->kept[s->n_kept];

    *n_entries = 0;
    if (!s->has_journal[chunk] || s->n_kept == KEPT_MAX) return PATINA_OK;
    PT_TRY(pt_journal_find(path.text, &key, n_max, n_entries, &kept->bytes, err));
    kept->chunk = chunk;
    s->n_kept += *n_entries > 0;
    return PATINA_OK;
}

static kept_journal *find_kept(pt_chunk_store *s, uint64_t chunk) {
    for (size_t i = 0; i < s->n_kept; i++)
        if (s->kept[i].chunk == chunk) return &s->kept[i];
    return NULL;
}

static void close_kept(pt_chunk_store *s, kept_journal *kept) {
    pt_byte_source_close(&kept->bytes);
    *kept = s->kept[--s->n_kept];
}

/* ---------------------------------------------------------------- rows of entries in progress */

/* Whether a run has rows of entries that are not complete. */
static bool has_partial_rows(const char *out) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR);
    DIR *dir = opendir(work.text);
    const char *name;
    bool found = false;
    int why;
    while (dir && !found && (name = pt_dir_next(dir, &why)))
        found = pt_path_has_ext(name, PT_PARTIAL_ROWS_SUFFIX);
    if (dir) closedir(dir);
    return found;
}

static pt_path partial_path(const char *out, uint64_t entry) {
    return pt_path_joinf(out, PT_WORK_DIR "/%012" PRIu64 PT_PARTIAL_ROWS_SUFFIX, entry);
}

static void init_partial(const pt_chunk_store *s, uint64_t entry, pt_partial_rows *partial) {
    *partial = (pt_partial_rows){.path = partial_path(s->out, entry)};
    make_key(s, pt_path_basename(partial->path.text), partial->key);
}

patina_status pt_chunk_store_read_partial(const pt_chunk_store *s, uint64_t entry,
                                          pt_partial_rows *partial, pt_row **rows, size_t *n_rows,
                                          pt_strbuf *text, patina_error *err) {
    char from[PT_OUTPUT_PATH_MAX + 1];
    *rows = NULL;
    *n_rows = 0;
    if (!s->has_partial) return PATINA_OK;
    init_partial(s, entry, partial);
    PT_TRY(pt_partial_rows_read(partial, partial->path.text, rows, n_rows, text, err));
    if (*n_rows > 0 || !s->resume_from) return PATINA_OK;
    free(*rows);
    *rows = NULL;
    PT_TRY(pt_output_dir_normalize(s->resume_from, from, err));
    const pt_path theirs = partial_path(from, entry);
    return pt_partial_rows_read(partial, theirs.text, rows, n_rows, text, err);
}

patina_status pt_chunk_store_append_partial(const pt_chunk_store *s, uint64_t entry,
                                            pt_partial_rows *partial, const pt_row *rows,
                                            size_t n_rows, const char *text, size_t n_text,
                                            patina_error *err) {
    if (partial->path.text[0] == '\0') init_partial(s, entry, partial);
    return pt_partial_rows_append(partial, rows, n_rows, text, n_text, err);
}

patina_status pt_chunk_store_remove_partial(pt_chunk_store *s, pt_partial_rows *partial,
                                            patina_error *err) {
    if (partial->n_bytes > 0 && !s->superseded) PT_TRY(pt_journal_flush(s->journal, err));
    pt_partial_rows_remove(partial);
    return PATINA_OK;
}

/* ---------------------------------------------------------------- opening and closing */

static patina_status find_chunks(pt_chunk_store *s, const pt_chunk_store_options *options,
                                 patina_error *err) {
    const pt_note_callback on_note = {options->on_note, options->context};
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR);
    uint64_t n_present;

    pt_work_dir_remove_stale(s->out, false);
    pt_temp_dir_remove_stale(work.text, "", NULL, false);
    PT_TRY(pt_chunks_list(s->out, "", s->run_meta->n_chunks, s->chunks, &n_present, err));
    PT_TRY(pt_chunks_list(s->out, PT_JOURNAL_SUFFIX, s->run_meta->n_chunks, s->has_journal,
                          &n_present, err));
    if (options->resume_from) {
        PT_TRY(
            pt_chunks_import(options->resume_from, s->out, s->run_meta, s->chunks, &on_note, err));
        PT_TRY(import_journals(s, options->resume_from, err));
    }
    s->has_partial = has_partial_rows(s->out) ||
                     (options->resume_from && has_partial_rows(options->resume_from));
    return s->exclusive || s->retry_rejects ? check_chunks(s, &on_note, err) : PATINA_OK;
}

bool pt_chunk_store_has_chunk(const pt_chunk_store *s, uint64_t chunk) {
    assert(chunk < s->run_meta->n_chunks);
    if (s->chunks[chunk] != ABSENT) return s->chunks[chunk] == PRESENT;
    const pt_path folder = pt_chunk_dir_path(s->out, chunk);
    return pt_path_exists(folder.text);
}

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
    s->resume_from = options->resume_from;
    s->retry_rejects = options->retry_rejects;
    s->exclusive = options->exclusive;
    assert(s->n_splits >= 1 && s->n_splits <= PATINA_SPLITS_MAX);
    if (run_meta->n_chunks > PT_CHUNKS_MAX)
        return pt_fail(err, PATINA_EUSAGE,
                       "%" PRIu64 " chunks are more than the maximum of %" PRIu64
                       "; make them larger with '--chunk'",
                       run_meta->n_chunks, PT_CHUNKS_MAX);
    json_t *settings = pt_json_load_text(run_meta->settings_json, 0, NULL);
    if (!settings) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->with_id = pt_settings_have_id(settings);
    json_decref(settings);
    s->metadata[0] = (pt_key_value){PT_KEY_VERSION, run_meta->version};
    snprintf(s->signal_revision, sizeof s->signal_revision, "%" PRIu64, run_meta->signal_revision);
    s->metadata[1] = (pt_key_value){PT_KEY_SIGNAL_REVISION, s->signal_revision};
    s->metadata[2] = (pt_key_value){PT_KEY_SETTINGS_HASH, run_meta->settings_hash};
    s->metadata[3] = (pt_key_value){PT_KEY_MODEL_HASH, run_meta->model_hash};
    s->chunks = calloc((size_t)run_meta->n_chunks + 1, 1);
    s->has_journal = calloc((size_t)run_meta->n_chunks + 1, 1);
    s->split_writers = calloc(s->n_splits, sizeof *s->split_writers);
    s->record.parts = calloc(s->n_splits, sizeof *s->record.parts);
    if (!s->chunks || !s->has_journal || !s->split_writers || !s->record.parts)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    return PATINA_OK;
}

static void release(pt_chunk_store **store) {
    pt_chunk_store *s = *store;
    if (!s) return;
    while (s->n_kept > 0)
        close_kept(s, &s->kept[0]);
    free(s->chunks);
    free(s->has_journal);
    free(s->split_writers);
    free(s->record.parts);
    free(s->waiting);
    pt_strbuf_release(&s->line);
    free(s);
    *store = NULL;
}

/* Whether the work folder contains a plan and nothing else: no chunk, complete or open, and no
 * journal. */
static bool is_unused(const char *work) {
    DIR *dir = opendir(work);
    const char *name;
    int why = errno;
    bool unused = true;
    while (dir && unused && (name = pt_dir_next(dir, &why)))
        unused = strcmp(name, PT_PLAN_NAME) == 0;
    if (dir) closedir(dir);
    return unused && why == 0;
}

/* A run that produced nothing must not block another one. */
static void remove_unused_plan(const pt_chunk_store *s) {
    const pt_path work = pt_path_joinf(s->out, PT_WORK_DIR);
    pt_path own;
    if (!s->exclusive || !is_unused(work.text) ||
        pt_work_dir_create_temp(s->out, &own, NULL) != PATINA_OK)
        return;
    if (rename(work.text, own.text) != 0 || is_unused(own.text))
        pt_work_dir_remove(own.text);
    else /* another process opened a chunk in the meantime */
        (void)!rename(own.text, work.text);
    if (s->made_out) rmdir(s->out);
}

/* Meanwhile another process may finish the set, or remove its unused plan. */
static patina_status open_run(pt_chunk_store *s, const pt_chunk_store_options *options,
                              bool *complete, pt_run_counts *counts, patina_error *err) {
    const pt_path finished = pt_path_joinf(s->out, PT_DATASET_FILE),
                  plan = pt_path_joinf(s->out, PT_PLAN_FILE);
    patina_status status = PATINA_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        PT_TRY(resolve_output_state(s, complete, counts, err));
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
                                  bool *complete, pt_run_counts *counts, patina_error *err) {
    static const pt_chunk_store_options defaults = {.retry_rejects = false};
    pt_chunk_store *s = NULL;

    if (!options) options = &defaults;
    patina_status status = alloc_store(out, kind, run_meta, options, &s, err);
    if (status == PATINA_OK) status = create_output_dir(s, &s->made_out, err);
    if (status == PATINA_OK) status = open_run(s, options, complete, counts, err);
    if (status != PATINA_OK && s && s->made_out) rmdir(s->out); /* fails unless it is empty */
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

/* ---------------------------------------------------------------- the open chunk */

/* A failure does not matter if another process has completed this chunk, or the set, meanwhile. */
static patina_status ignore_if_superseded(pt_chunk_store *s, patina_status status,
                                          patina_error *err) {
    const pt_path target = pt_chunk_dir_path(s->out, s->chunk),
                  finished = pt_path_joinf(s->out, PT_DATASET_FILE);
    if (status != PATINA_EIO && status != PATINA_ETEMPORARY) return status;
    if (s->chunks[s->chunk] == TO_REPLACE) return status;
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
        /* another process removed its unused plan */
    }
    return status;
}

static patina_status begin_chunk(pt_chunk_store *s, uint64_t n_kept, patina_error *err) {
    kept_journal *kept = find_kept(s, s->chunk);
    patina_status status = make_chunk_folder(s, err);
    assert(kept || n_kept == 0);
    if (status == PATINA_OK && !s->superseded)
        status = create_journal(s, s->chunk, s->folder.text, kept ? &kept->bytes : NULL, n_kept,
                                &s->journal, err);
    if (kept) close_kept(s, kept);
    return status;
}

patina_status pt_chunk_store_begin_chunk(pt_chunk_store *s, uint64_t chunk, uint64_t n_kept,
                                         patina_error *err) {
    pt_part_info *parts = s->record.parts;
    assert(!s->open && chunk < s->run_meta->n_chunks);

    memset(parts, 0, s->n_splits * sizeof *parts);
    s->record = (pt_chunk_info){.parts = parts, .retried = s->retry_rejects};
    s->chunk = chunk;
    s->superseded = false;
    s->folder.text[0] = '\0';
    const patina_status status = ignore_if_superseded(s, begin_chunk(s, n_kept, err), err);
    s->open = true;
    if (status != PATINA_OK) pt_chunk_store_discard_chunk(s);
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
    return s->kind->open(rows.text, s->metadata, sizeof s->metadata / sizeof *s->metadata,
                         s->with_id, &g->rows, err);
}

patina_status pt_chunk_store_add_rows(pt_chunk_store *s, size_t split, const pt_row *rows,
                                      size_t n_rows, const char *provenance, size_t n_provenance,
                                      patina_error *err) {
    assert(s->open && split < s->n_splits);
    if (n_rows == 0 || s->superseded) return PATINA_OK;
    return ignore_if_superseded(
        s, pt_journal_add_rows(s->journal, split, rows, n_rows, provenance, n_provenance, err),
        err);
}

patina_status pt_chunk_store_add_reject(pt_chunk_store *s, patina_status reason, const char *line,
                                        patina_error *err) {
    assert(s->open && patina_status_is_reject(reason));
    if (s->superseded) return PATINA_OK;
    return ignore_if_superseded(s, pt_journal_add_reject(s->journal, reason, line, err), err);
}

patina_status pt_chunk_store_end_entry(pt_chunk_store *s, patina_error *err) {
    assert(s->open);
    if (s->superseded) return PATINA_OK;
    return ignore_if_superseded(s, pt_journal_end_entry(s->journal, err), err);
}

/* ---------------------------------------------------------------- completing the open chunk */

/* Keeps a row until its line of provenance is replayed, which has its id. */
static patina_status keep_row(pt_chunk_store *s, const pt_row *row, patina_error *err) {
    if (s->next_waiting == s->n_waiting) s->n_waiting = s->next_waiting = 0;
    if (s->n_waiting == s->waiting_capacity) {
        const size_t capacity = 2 * s->waiting_capacity + 8;
        pt_row *rows = realloc(s->waiting, capacity * sizeof *rows);
        if (!rows) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        s->waiting = rows;
        s->waiting_capacity = capacity;
    }
    s->waiting[s->n_waiting++] = *row;
    return PATINA_OK;
}

static patina_status write_row(void *context, size_t split, const pt_row *row, patina_error *err) {
    pt_chunk_store *s = context;
    split_writers *g = &s->split_writers[split];
    if (!g->rows) PT_TRY(open_split(s, split, err));
    s->record.parts[split].n_rows++;
    return s->with_id ? keep_row(s, row, err) : pt_row_writer_write(g->rows, row, NULL, err);
}

/* Writes the row of a line of provenance. */
static patina_status write_row_with_id(pt_chunk_store *s, size_t split, patina_error *err) {
    json_t *line = pt_json_load(s->line.text, s->line.length, 0, NULL);
    const char *id = json_string_value(json_object_get(line, "entry"));
    const patina_status status =
        id && s->next_waiting < s->n_waiting
            ? pt_row_writer_write(s->split_writers[split].rows, &s->waiting[s->next_waiting++], id,
                                  err)
            : pt_json_fail(err, "the journal has a line of provenance without a row");
    json_decref(line);
    pt_strbuf_clear(&s->line);
    return status;
}

/* Collects the lines of provenance, which are replayed in pieces. */
static patina_status write_rows_with_id(pt_chunk_store *s, size_t split, const char *text, size_t n,
                                        patina_error *err) {
    while (n > 0) {
        const char *feed = memchr(text, '\n', n);
        const size_t n_piece = feed ? (size_t)(feed - text) + 1 : n;
        pt_strbuf_append_bytes(&s->line, text, n_piece);
        if (s->line.failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        if (feed) PT_TRY(write_row_with_id(s, split, err));
        text += n_piece;
        n -= n_piece;
    }
    return PATINA_OK;
}

static patina_status write_provenance(void *context, size_t split, const char *text, size_t n,
                                      patina_error *err) {
    pt_chunk_store *s = context;
    if (s->with_id) PT_TRY(write_rows_with_id(s, split, text, n, err));
    return pt_atomic_file_write(s->split_writers[split].provenance, text, n, err);
}

static patina_status write_reject(void *context, patina_status reason, const char *text, size_t n,
                                  patina_error *err) {
    pt_chunk_store *s = context;
    if (!s->rejects) {
        const pt_path file = pt_path_joinf(s->folder.text, PT_REJECTS_FILE);
        PT_TRY(pt_atomic_file_open(file.text, &s->rejects, err));
    }
    if (text[n - 1] == '\n') { /* the last piece of the line */
        s->record.n_rejects++;
        s->record.rejects_by[reason - PATINA_REJECT_FIRST]++;
    }
    return pt_atomic_file_write(s->rejects, text, n, err);
}

static void record_digest(const pt_atomic_file *file, pt_file_digest *record) {
    record->n_bytes = pt_atomic_file_offset(file);
    memcpy(record->sha256, pt_atomic_file_sha256(file), PT_SHA256_HEX_SIZE);
}

static patina_status commit_files(pt_chunk_store *s, patina_error *err) {
    s->n_waiting = s->next_waiting = 0;
    pt_strbuf_clear(&s->line);
    const pt_journal_visitor visitor = {s, write_row, write_provenance, write_reject};
    PT_TRY(pt_journal_replay(s->journal, &visitor, err));
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
    const pt_path file = pt_path_joinf(s->folder.text, PT_CHUNK_FILE);
    return pt_chunk_write(file.text, s->run_meta, s->kind->suffix, s->chunk, &s->record, err);
}

/* Moves the old version of a replaced chunk into a temporary folder, since a rename cannot replace
 * a folder that is not empty. */
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
    if (status == PATINA_OK && !done && s->chunks[s->chunk] == TO_REPLACE) {
        status = move_aside(s, target.text, &aside, err);
        if (status == PATINA_OK)
            status = pt_dir_rename_noreplace(s->folder.text, target.text, &done, err);
    }
    if (aside.text[0] != '\0') pt_dir_remove_all(aside.text, NULL);
    return status; /* not done: another process was faster, this version is dropped */
}

static pt_path fault_path(const pt_chunk_store *s, uint64_t chunk) {
    char name[PT_CHUNK_DIR_NAME_MAX];
    pt_chunk_dir_name(chunk, name);
    return pt_path_joinf(s->out, PT_WORK_DIR "/%s.fault", name);
}

patina_status pt_chunk_store_record_fault(pt_chunk_store *s, uint64_t chunk, const char *sentence,
                                          bool *repeated, patina_error *err) {
    const pt_path path = fault_path(s, chunk);
    *repeated = pt_path_exists(path.text);
    return *repeated ? PATINA_OK : pt_atomic_file_write_text(path.text, sentence, err);
}

patina_status pt_chunk_store_commit_chunk(pt_chunk_store *s, uint64_t n_entries,
                                          patina_error *err) {
    assert(s->open);
    s->record.n_entries = n_entries;
    patina_status status = PATINA_OK;
    if (!s->superseded) status = commit_files(s, err);
    if (!s->superseded && status == PATINA_OK) status = publish_chunk(s, err);
    status = ignore_if_superseded(s, status, err);
    if (status == PATINA_OK) {
        const pt_path fault = fault_path(s, s->chunk);
        s->chunks[s->chunk] = PRESENT;
        unlink(fault.text);
        pt_journal_remove(&s->journal);
        pt_chunk_store_discard_chunk(s);
    }
    return status;
}

void pt_chunk_store_discard_chunk(pt_chunk_store *s) {
    if (!s->open) return;
    for (size_t i = 0; i < s->n_splits; i++) {
        pt_row_writer_close(&s->split_writers[i].rows);
        pt_atomic_file_close(&s->split_writers[i].provenance);
    }
    pt_atomic_file_close(&s->rejects);
    pt_journal_close(&s->journal);
    if (s->folder.text[0] != '\0') pt_dir_remove_all(s->folder.text, NULL);
    s->open = false;
}

/* ---------------------------------------------------------------- finishing */

patina_status pt_chunk_store_finish(pt_chunk_store *s, pt_run_counts *counts, patina_error *err) {
    patina_dataset_report report = {0};
    return pt_dataset_finish(s->out, &report, counts, err);
}
