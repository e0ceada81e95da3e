/* SPDX-License-Identifier: MIT */
/* resume.c - reopens a finished set, imports chunks of another output folder */

#include "dataset/resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "dataset/output_dir.h"
#include "dataset/part_layout.h"
#include "dataset/resume_check.h"
#include "fs/atomic_file.h"
#include "fs/dir.h"
#include "fs/temp_dir.h"

#define BLOCK (1U << 20)

/* Distributes the lines of rejects.jsonl to the chunks, in order. */
typedef struct rejects_reader {
    pt_path path;
    FILE *file;
    char *line;
    size_t capacity;
} rejects_reader;

static patina_status rejects_open(rejects_reader *reader, const char *out,
                                  const pt_manifest *manifest, patina_error *err) {
    reader->path = pt_path_joinf(out, PT_REJECTS_FILE);
    PT_TRY(pt_file_check_digest(reader->path.text, &manifest->rejects, err));
    reader->file = fopen(reader->path.text, "re");
    if (reader->file) return PATINA_OK;
    return pt_fail(err, PATINA_EFORMAT, "file '%s': cannot be opened: %s", reader->path.text,
                   strerror(errno));
}

static void rejects_close(rejects_reader *reader) {
    if (reader->file) fclose(reader->file);
    free(reader->line);
}

/* Copies the next n lines to a file; skips them where it is NULL. */
static patina_status rejects_copy_lines(rejects_reader *reader, uint64_t n, pt_atomic_file *to,
                                        patina_error *err) {
    for (uint64_t i = 0; i < n; i++) {
        const ssize_t length = getline(&reader->line, &reader->capacity, reader->file);
        if (length <= 0 && !feof(reader->file)) /* also without memory */
            return pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", reader->path.text,
                           strerror(errno));
        if (length <= 0)
            return pt_fail(err, PATINA_EFORMAT,
                           "file '%s': has fewer lines than were written to it", reader->path.text);
        if (to) PT_TRY(pt_atomic_file_write(to, reader->line, (size_t)length, err));
    }
    return PATINA_OK;
}

/* Writes the lines of a chunk, if it has any, to its folder. */
static patina_status rejects_write(rejects_reader *reader, const char *folder, pt_chunk_info *chunk,
                                   patina_error *err) {
    const pt_path path = pt_path_joinf(folder, PT_REJECTS_FILE);
    pt_atomic_file *file = NULL;
    if (chunk->n_rejects == 0) return PATINA_OK;

    patina_status status = pt_atomic_file_open(path.text, &file, err);
    if (status == PATINA_OK) status = rejects_copy_lines(reader, chunk->n_rejects, file, err);
    if (status == PATINA_OK) status = pt_atomic_file_commit(file, err);
    if (status == PATINA_OK) {
        chunk->rejects.n_bytes = pt_atomic_file_offset(file);
        memcpy(chunk->rejects.sha256, pt_atomic_file_sha256(file), PT_SHA256_HEX_SIZE);
    }
    pt_atomic_file_close(&file);
    return status;
}

static patina_status write_chunk_json(const char *folder, const pt_manifest *manifest, uint64_t c,
                                      patina_error *err) {
    const pt_path path = pt_path_joinf(folder, PT_CHUNK_FILE);
    return pt_chunk_write(path.text, &manifest->run_meta, manifest->suffix, c, &manifest->chunks[c],
                          err);
}

/* ---------------------------------------------------------------- reopening */

static patina_status fill_work_dir(const char *work, const char *out, const pt_manifest *manifest,
                                   patina_error *err) {
    const pt_path plan = pt_path_joinf(work, PT_PLAN_NAME);
    rejects_reader rejects = {.file = NULL};

    patina_status status = pt_plan_write(plan.text, &manifest->run_meta, err);
    if (status == PATINA_OK) status = rejects_open(&rejects, out, manifest, err);
    for (uint64_t c = 0; status == PATINA_OK && c < manifest->run_meta.n_chunks; c++) {
        char name[PT_CHUNK_DIR_NAME_MAX];
        pt_chunk_dir_name(c, name);
        const pt_path folder = pt_path_joinf(work, "%s", name);
        status = pt_output_dir_create_folder(out, folder.text, err);
        if (status == PATINA_OK)
            status = rejects_write(&rejects, folder.text, &manifest->chunks[c], err);
        if (status == PATINA_OK) status = write_chunk_json(folder.text, manifest, c, err);
    }
    rejects_close(&rejects);
    return status;
}

/* dataset.json is moved into the new work folder, which is then renamed to .patina. A process that
 * probes the folder between the two renames finds neither, but a temporary work folder with both
 * files, and does the second rename itself (pt_output_dir_probe). */
static patina_status commit_reopen(const char *out, const char *own, patina_error *err) {
    const pt_path finished = pt_path_joinf(out, PT_DATASET_FILE),
                  kept = pt_path_joinf(own, PT_DATASET_FILE),
                  work = pt_path_joinf(out, PT_WORK_DIR), plan = pt_path_joinf(out, PT_PLAN_FILE);
    bool done = false;

    pt_output_dir_remove_work_dir(out); /* a leftover of finish */
    if (rename(finished.text, kept.text) != 0) {
        if (errno == ENOENT) return PATINA_OK; /* another process was first */
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be moved: %s", finished.text,
                       strerror(errno));
    }
    const patina_status status = pt_dir_rename_noreplace(own, work.text, &done, err);
    if (status == PATINA_OK && done) return PATINA_OK;
    if (pt_path_exists(plan.text) && !pt_path_exists(own))
        return PATINA_OK; /* renamed by another process */
    (void)!rename(kept.text, finished.text);
    return status != PATINA_OK ? status
                               : pt_fail(err, PATINA_EIO,
                                         "output folder '%s': another process is changing it; run "
                                         "the same command again",
                                         out);
}

patina_status pt_dataset_reopen(const char *out, const pt_manifest *manifest, patina_error *err) {
    pt_path own;
    PT_TRY(pt_work_dir_create_temp(out, &own, err));
    patina_status status = fill_work_dir(own.text, out, manifest, err);
    if (status == PATINA_OK) status = pt_dir_sync(own.text, err);
    if (status == PATINA_OK) status = commit_reopen(out, own.text, err);
    if (pt_path_exists(own.text)) pt_work_dir_remove(own.text);
    return status;
}

/* ---------------------------------------------------------------- copying */

/* PATINA_EFORMAT: the source is damaged or unreadable. PATINA_EIO: the copy cannot be written. */
static patina_status copy_blocks(const char *from, const pt_byte_source *bytes, pt_atomic_file *to,
                                 unsigned char *block, patina_error *err) {
    for (uint64_t at = 0; at < bytes->size;) {
        const int64_t n = pt_byte_source_read_at(bytes, at, block, BLOCK);
        if (n <= 0)
            return pt_fail(err, PATINA_EFORMAT, "file '%s': cannot be read: %s", from,
                           n < 0 ? strerror(errno) : "unexpected end of file");
        PT_TRY(pt_atomic_file_write(to, block, (size_t)n, err));
        at += (uint64_t)n;
    }
    return PATINA_OK;
}

static patina_status copy_file(const char *from, const char *to, const pt_file_digest *record,
                               patina_error *err) {
    unsigned char *block = malloc(BLOCK);
    pt_byte_source bytes = {0};
    pt_atomic_file *file = NULL;
    patina_status status =
        block ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", from);

    if (status == PATINA_OK && pt_byte_source_open_file(from, &bytes, err) != PATINA_OK)
        status = PATINA_EFORMAT;
    if (status == PATINA_OK && bytes.size != record->n_bytes)
        status =
            pt_fail(err, PATINA_EFORMAT, "file '%s': has %" PRIu64 " bytes instead of %" PRIu64,
                    from, bytes.size, record->n_bytes);
    if (status == PATINA_OK) status = pt_atomic_file_open(to, &file, err);
    if (status == PATINA_OK) status = copy_blocks(from, &bytes, file, block, err);
    if (status == PATINA_OK) status = pt_atomic_file_commit(file, err);
    if (status == PATINA_OK && strcmp(pt_atomic_file_sha256(file), record->sha256) != 0)
        status = pt_fail(err, PATINA_EFORMAT,
                         "file '%s': its content differs from what was written (SHA-256)", from);
    pt_atomic_file_close(&file);
    pt_byte_source_close(&bytes);
    free(block);
    return status;
}

static patina_status copy_parts(const char *from, const pt_manifest *manifest, uint64_t c,
                                const char *folder, patina_error *err) {
    char name[PT_PART_FILE_NAME_MAX];
    for (size_t s = 0; s < manifest->n_splits; s++) {
        const pt_part_info *part = &manifest->chunks[c].parts[s];
        if (part->n_rows == 0) continue;
        for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
            pt_path source;
            PT_TRY(pt_part_file_path(from, manifest, c, s, (pt_part_kind)k, &source, err));
            pt_part_chunk_file_name(manifest->run_meta.splits[s], manifest->suffix, (pt_part_kind)k,
                                    name);
            const pt_path target = pt_path_joinf(folder, "%s", name);
            PT_TRY(copy_file(source.text, target.text, pt_part_file_digest(part, (pt_part_kind)k),
                             err));
        }
    }
    return PATINA_OK;
}

static patina_status copy_rejects(const char *from, const pt_manifest *manifest, uint64_t c,
                                  rejects_reader *rejects, const char *folder, patina_error *err) {
    pt_chunk_info *chunk = &manifest->chunks[c];
    if (chunk->n_rejects == 0) return PATINA_OK;
    if (manifest->finished) return rejects_write(rejects, folder, chunk, err);
    const pt_path theirs = pt_chunk_dir_path(from, c),
                  source = pt_path_joinf(theirs.text, PT_REJECTS_FILE),
                  target = pt_path_joinf(folder, PT_REJECTS_FILE);
    return copy_file(source.text, target.text, &chunk->rejects, err);
}

static patina_status copy_chunk(const char *from, const char *out, const pt_manifest *manifest,
                                uint64_t c, rejects_reader *rejects, patina_error *err) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR), target = pt_chunk_dir_path(out, c);
    char name[PT_CHUNK_DIR_NAME_MAX];
    pt_path own;
    bool done = false;

    pt_chunk_dir_name(c, name);
    PT_TRY(pt_temp_dir_create(work.text, name, &own, err));
    /* Rejects first: their reader must advance even where the parts are damaged. */
    patina_status status = copy_rejects(from, manifest, c, rejects, own.text, err);
    if (status == PATINA_OK) status = copy_parts(from, manifest, c, own.text, err);
    if (status == PATINA_OK) status = write_chunk_json(own.text, manifest, c, err);
    if (status == PATINA_OK) status = pt_dir_rename_noreplace(own.text, target.text, &done, err);
    if (status != PATINA_OK || !done) pt_dir_remove_all(own.text, NULL);
    return status;
}

static patina_status copy_all(const char *from, const char *out, const pt_manifest *manifest,
                              unsigned char *present, const pt_note_callback *note_callback,
                              patina_error *err) {
    rejects_reader rejects = {.file = NULL};
    patina_status status =
        manifest->finished ? rejects_open(&rejects, from, manifest, err) : PATINA_OK;

    for (uint64_t c = 0; status == PATINA_OK && c < manifest->run_meta.n_chunks; c++) {
        const pt_path target = pt_chunk_dir_path(out, c);
        patina_error fault = {0};
        if (!manifest->chunks[c].known) continue;
        if (present[c] || pt_path_exists(target.text)) {
            present[c] = 1;
            if (manifest->finished)
                status = rejects_copy_lines(&rejects, manifest->chunks[c].n_rejects, NULL, err);
            continue;
        }
        status = copy_chunk(from, out, manifest, c, &rejects, &fault);
        if (status == PATINA_OK) present[c] = 1;
        if (status == PATINA_EFORMAT) {
            pt_error_add_context(&fault, "chunk %" PRIu64 " is not imported", c);
            if (note_callback->note) note_callback->note(note_callback->context, fault.message);
            status = PATINA_OK;
        } else if (status != PATINA_OK) {
            pt_fail(err, status, "%s", fault.message);
        }
    }
    rejects_close(&rejects);
    return status;
}

static patina_status copy_finished_chunk(const char *from, pt_manifest *manifest, uint64_t c,
                                         rejects_reader *rejects, const char *folder,
                                         uint64_t number, const pt_run_metadata *run_meta,
                                         patina_error *err) {
    const pt_path file = pt_path_joinf(folder, PT_CHUNK_FILE);

    PT_TRY(pt_dir_create(folder, NULL, err));
    PT_TRY(rejects_write(rejects, folder, &manifest->chunks[c], err));
    PT_TRY(copy_parts(from, manifest, c, folder, err));
    return pt_chunk_write(file.text, run_meta, manifest->suffix, number, &manifest->chunks[c], err);
}

patina_status pt_chunks_copy(const char *from, pt_manifest *manifest, const char *work,
                             uint64_t first, const pt_run_metadata *run_meta, patina_error *err) {
    rejects_reader rejects = {.file = NULL};
    patina_status status = rejects_open(&rejects, from, manifest, err);

    for (uint64_t c = 0; status == PATINA_OK && c < manifest->run_meta.n_chunks; c++) {
        char name[PT_CHUNK_DIR_NAME_MAX];
        pt_chunk_dir_name(first + c, name);
        const pt_path folder = pt_path_joinf(work, "%s", name);
        status =
            copy_finished_chunk(from, manifest, c, &rejects, folder.text, first + c, run_meta, err);
    }
    rejects_close(&rejects);
    return status;
}

/* ---------------------------------------------------------------- reading the source folder */

static patina_status fail_resume(const char *from, const char *why, patina_error *err) {
    return pt_fail(err, PATINA_EUSAGE, "cannot resume from '%s': %s", from, why);
}

static patina_status check_same_run(const char *from, const pt_manifest *manifest,
                                    const pt_run_metadata *run_meta, patina_error *err) {
    char difference[256];
    PT_TRY(
        pt_run_metadata_compare(&manifest->run_meta, run_meta, difference, sizeof difference, err));
    if (difference[0] == '\0') return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE, "cannot resume from '%s': contains a run with %s", from,
                   difference);
}

/* The complete chunks of an unfinished run. */
static patina_status read_chunk_infos(const char *from, pt_manifest *manifest,
                                      unsigned char *present, const pt_note_callback *note_callback,
                                      patina_error *err) {
    uint64_t n_present = 0, n_known = 0;

    PT_TRY(pt_chunks_list(from, "", manifest->run_meta.n_chunks, present, &n_present, err));
    PT_TRY(pt_manifest_alloc_chunks(manifest, err));
    for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++) {
        patina_error fault = {0};
        if (!present[c]) continue;
        const patina_status status = pt_chunk_read_info(from, manifest, c, &fault);
        if (status == PATINA_ENOMEM) return pt_fail(err, status, "%s", fault.message);
        if (status == PATINA_OK)
            n_known++;
        else if (note_callback->note)
            note_callback->note(note_callback->context, fault.message);
    }
    if (n_known == manifest->run_meta.n_chunks) pt_manifest_number_parts(manifest);
    return PATINA_OK;
}

static patina_status read_unfinished(const char *from, const pt_run_metadata *run_meta,
                                     pt_manifest *manifest, const pt_note_callback *note_callback,
                                     patina_error *err) {
    const pt_path plan = pt_path_joinf(from, PT_PLAN_FILE);

    PT_TRY(pt_manifest_read_plan(plan.text, manifest, err));
    PT_TRY(check_same_run(from, manifest, run_meta, err));
    unsigned char *present = calloc((size_t)run_meta->n_chunks + 1, 1);
    if (!present) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const patina_status status = read_chunk_infos(from, manifest, present, note_callback, err);
    free(present);
    return status;
}

static patina_status read_finished(const char *from, const pt_run_metadata *run_meta,
                                   pt_manifest *manifest, patina_error *err) {
    const pt_path finished = pt_path_joinf(from, PT_DATASET_FILE);
    PT_TRY(pt_manifest_read_dataset(finished.text, manifest, err));
    return check_same_run(from, manifest, run_meta, err);
}

patina_status pt_chunks_import(const char *given, const char *out, const pt_run_metadata *run_meta,
                               unsigned char *present, const pt_note_callback *note_callback,
                               patina_error *err) {
    char from[PT_OUTPUT_PATH_MAX + 1];
    pt_manifest manifest = {.finished = false};
    pt_output_state state;
    bool is_same;

    if (pt_output_dir_normalize(given, from, NULL) != PATINA_OK)
        return fail_resume(given, "not a folder", err);
    PT_TRY(pt_path_is_same(from, out, &is_same, err));
    if (is_same) return fail_resume(from, "this is the output folder itself", err);
    PT_TRY(pt_output_dir_require_run(from, false, &state, err));

    patina_status status = state == PT_OUTPUT_FINISHED
                               ? read_finished(from, run_meta, &manifest, err)
                               : read_unfinished(from, run_meta, &manifest, note_callback, err);
    if (status == PATINA_OK) status = copy_all(from, out, &manifest, present, note_callback, err);
    pt_manifest_release(&manifest);
    return status;
}
