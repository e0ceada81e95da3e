/* SPDX-License-Identifier: MIT */
/* finish.c - completes a data set from its chunks
 *
 *     check                        every chunk complete, every file with its hash
 *     parts to their final names   renames; skipped where an interrupted finish did them
 *     tables of provenance         written anew each time, as are the next files
 *     rejects.jsonl, README.md, croissant.json
 *     dataset.json                 written, flushed, read back and compared; then renamed into
 *                                  place: from now on the set is finished
 *     .patina                      removed
 *
 * Every chunk.json remains until dataset.json is in place, so a finish that was killed can be
 * repeated and gives the same bytes.
 */

#include "dataset/finish.h"

#include <patina/dataset.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/id_set.h"
#include "base/strbuf.h"
#include "dataset/croissant.h"
#include "dataset/dataset_card.h"
#include "dataset/manifest.h"
#include "dataset/output_dir.h"
#include "dataset/part_layout.h"
#include "dataset/provenance_table.h"
#include "fs/atomic_file.h"
#include "fs/dir.h"
#include "fs/temp_dir.h"

#define REJECTS_MAX (1U << 30) /* bytes of one chunk's rejects.jsonl */

/* ---------------------------------------------------------------- checking */

/* "chunks 3, 7 and 12 more of 40 are missing" */
static patina_status fail_missing_chunks(const char *out, const patina_dataset_report *report,
                                         patina_error *err) {
    const uint64_t n = report->n_missing,
                   n_named = n < PATINA_MISSING_CHUNKS_MAX ? n : PATINA_MISSING_CHUNKS_MAX;
    pt_strbuf text = {0};

    for (uint64_t i = 0; i < n_named; i++) {
        const bool last = i + 1 == n_named && n == n_named;
        pt_strbuf_printf(&text, "%s%" PRIu64,
                         i == 0 ? ""
                         : last ? " and "
                                : ", ",
                         report->missing[i]);
    }
    if (n > n_named) pt_strbuf_printf(&text, " and %" PRIu64 " more", n - n_named);
    const patina_status status =
        pt_fail(err, PATINA_EFORMAT,
                "output folder '%s': chunk%s %s of %" PRIu64 " %s missing; run generate again "
                "with the same options",
                out, n == 1 ? "" : "s", text.failed ? "" : text.text, report->n_chunks,
                n == 1 ? "is" : "are");
    pt_strbuf_release(&text);
    return status;
}

static patina_status find_missing(const char *out, uint64_t n_chunks, patina_dataset_report *report,
                                  patina_error *err) {
    uint64_t n_present = 0;
    unsigned char *present = calloc((size_t)n_chunks + 1, 1);
    if (!present)
        return pt_fail(err, PATINA_ENOMEM, "out of memory for %" PRIu64 " chunks", n_chunks);
    const patina_status status = pt_chunks_list(out, "", n_chunks, present, &n_present, err);
    report->n_chunks = n_chunks;
    report->n_missing = 0;
    for (uint64_t c = 0; status == PATINA_OK && c < n_chunks; c++) {
        if (present[c]) continue;
        if (report->n_missing < PATINA_MISSING_CHUNKS_MAX) report->missing[report->n_missing] = c;
        report->n_missing++;
    }
    free(present);
    return status;
}

/* Reads every file of the set, so that a damaged chunk does not become part of it. */
static patina_status check_files(const char *out, const pt_manifest *manifest, patina_error *err) {
    for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++) {
        const patina_status status = pt_chunk_check_files(out, manifest, c, NULL, err);
        if (status == PATINA_EFORMAT) pt_chunk_add_remedy(out, c, err);
        if (status != PATINA_OK) return status;
    }
    return PATINA_OK;
}

static patina_status read_manifest(const char *out, pt_manifest *manifest,
                                   patina_dataset_report *report, patina_error *err) {
    const pt_path plan = pt_path_joinf(out, PT_PLAN_FILE);

    PT_TRY(pt_manifest_read_plan(plan.text, manifest, err));
    PT_TRY(find_missing(out, manifest->run_meta.n_chunks, report, err));
    if (report->n_missing > 0) return fail_missing_chunks(out, report, err);
    PT_TRY(pt_manifest_alloc_chunks(manifest, err));
    for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++) {
        const patina_status status = pt_chunk_read_info(out, manifest, c, err);
        if (status == PATINA_EFORMAT) pt_chunk_add_remedy(out, c, err);
        if (status != PATINA_OK) return status;
    }
    pt_manifest_number_parts(manifest);
    return check_files(out, manifest, err);
}

/* ---------------------------------------------------------------- writing */

static patina_status add_rejects(const char *out, const pt_manifest *manifest, uint64_t c,
                                 pt_atomic_file *file, patina_error *err) {
    const pt_chunk_info *chunk = &manifest->chunks[c];
    const pt_path folder = pt_chunk_dir_path(out, c),
                  path = pt_path_joinf(folder.text, PT_REJECTS_FILE);
    char *text = NULL;
    size_t n = 0;

    if (chunk->n_rejects == 0) return PATINA_OK;
    PT_TRY(pt_file_read_all(path.text, REJECTS_MAX, &text, &n, err));
    const patina_status status = pt_atomic_file_write(file, text, n, err);
    free(text);
    return status;
}

static patina_status write_rejects(const char *out, const char *own, pt_manifest *manifest,
                                   patina_error *err) {
    const pt_path path = pt_path_joinf(own, PT_REJECTS_FILE);
    pt_atomic_file *file = NULL;
    patina_status status = pt_atomic_file_open(path.text, &file, err);

    for (uint64_t c = 0; status == PATINA_OK && c < manifest->run_meta.n_chunks; c++)
        status = add_rejects(out, manifest, c, file, err);
    if (status == PATINA_OK) status = pt_atomic_file_commit(file, err);
    if (status == PATINA_OK) {
        manifest->rejects.n_bytes = pt_atomic_file_offset(file);
        memcpy(manifest->rejects.sha256, pt_atomic_file_sha256(file), PT_SHA256_HEX_SIZE);
    }
    pt_atomic_file_close(&file);
    return status;
}

static patina_status write_table(const char *out, const char *own, pt_manifest *manifest,
                                 uint64_t chunk, size_t split, pt_id_set *recordings,
                                 patina_error *err) {
    pt_run_metadata *run_meta = &manifest->run_meta;
    pt_part_info *part = &manifest->chunks[chunk].parts[split];
    char name[PT_PART_FILE_NAME_MAX];
    const pt_path written = pt_path_joinf(own, "table");
    pt_path lines;
    const pt_key_value metadata[] = {{PT_KEY_VERSION, run_meta->version},
                                     {PT_KEY_SETTINGS_HASH, run_meta->settings_hash},
                                     {PT_KEY_MODEL_HASH, run_meta->model_hash}};

    PT_TRY(pt_part_file_path(out, manifest, chunk, split, PT_PART_PROVENANCE, &lines, err));
    pt_part_file_name(manifest, split, part->number, PT_PART_TABLE, name);
    const pt_path table = pt_path_joinf(out, "%s", name);
    PT_TRY(pt_provenance_table_write(lines.text, written.text, manifest->suffix, metadata,
                                     sizeof metadata / sizeof *metadata, recordings, &part->table,
                                     &run_meta->split_recordings[split], err));
    run_meta->split_table_bytes[split] += part->table.n_bytes;
    return pt_atomic_file_rename(written.text, table.text, err);
}

static patina_status write_split_tables(const char *out, const char *own, pt_manifest *manifest,
                                        size_t split, patina_error *err) {
    pt_id_set *recordings = NULL;
    patina_status status = pt_id_set_open(&recordings, err);
    for (uint64_t c = 0; status == PATINA_OK && c < manifest->run_meta.n_chunks; c++)
        if (manifest->chunks[c].parts[split].n_rows > 0)
            status = write_table(out, own, manifest, c, split, recordings, err);
    pt_id_set_close(&recordings);
    return status;
}

/* Left when reopening the set was interrupted. */
static patina_status remove_stale_table(void *context, const char *path, patina_error *err) {
    (void)context;
    if (unlink(path) == 0 || errno == ENOENT) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be removed: %s", path, strerror(errno));
}

static patina_status write_tables(const char *out, const char *own, pt_manifest *manifest,
                                  patina_error *err) {
    const pt_path folder = pt_path_joinf(out, "%s", pt_part_dirs[PT_PART_TABLE]);

    PT_TRY(pt_output_dir_create_folder(out, folder.text, err));
    PT_TRY(pt_part_layout_find_unexpected(out, manifest, PT_PART_TABLE, remove_stale_table, NULL,
                                          err));
    for (size_t s = 0; s < manifest->n_splits; s++)
        PT_TRY(write_split_tables(out, own, manifest, s, err));
    manifest->has_tables = true;
    return pt_dir_sync(folder.text, err);
}

/* README.md and croissant.json, for whoever publishes the set. */
static patina_status write_card(const char *own, pt_manifest *manifest, const char *files_hash,
                                patina_error *err) {
    const pt_path card = pt_path_joinf(own, PT_CARD_FILE),
                  croissant = pt_path_joinf(own, PT_CROISSANT_FILE);
    manifest->run_meta.files_hash = files_hash;
    char *markdown = pt_dataset_card_to_markdown(&manifest->run_meta),
         *json = pt_croissant_to_json(manifest);
    manifest->run_meta.files_hash = NULL;
    patina_status status =
        markdown && json ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK) status = pt_atomic_file_write_text(card.text, markdown, err);
    if (status == PATINA_OK) status = pt_atomic_file_write_text(croissant.text, json, err);
    free(markdown);
    free(json);
    return status;
}

/* In the order of dataset.json. */
static void hash_files(const pt_manifest *manifest, char hex[PT_SHA256_HEX_SIZE]) {
    pt_sha256 hash;
    pt_sha256_init(&hash);
    for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++)
        for (size_t s = 0; s < manifest->n_splits; s++) {
            const pt_part_info *part = &manifest->chunks[c].parts[s];
            if (part->n_rows == 0) continue;
            pt_sha256_update_string(&hash, part->rows.sha256);
            pt_sha256_update_string(&hash, part->provenance.sha256);
        }
    pt_sha256_update_string(&hash, manifest->rejects.sha256);
    pt_sha256_finish(&hash, hex);
}

/* All files are written to a temporary folder and renamed: another process may finish, too. */
static patina_status write_results(const char *out, const char *own, pt_manifest *manifest,
                                   patina_error *err) {
    static const char *const names[] = {PT_REJECTS_FILE, PT_CARD_FILE, PT_CROISSANT_FILE,
                                        PT_DATASET_FILE};
    const pt_path dataset = pt_path_joinf(own, PT_DATASET_FILE);
    char files_hash[PT_SHA256_HEX_SIZE];

    PT_TRY(write_tables(out, own, manifest, err));
    PT_TRY(write_rejects(out, own, manifest, err));
    hash_files(manifest, files_hash);
    PT_TRY(write_card(own, manifest, files_hash, err));
    PT_TRY(pt_manifest_write(dataset.text, manifest, err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const pt_path from = pt_path_joinf(own, "%s", names[i]),
                      to = pt_path_joinf(out, "%s", names[i]);
        PT_TRY(pt_atomic_file_rename(from.text, to.text, err));
    }
    return PATINA_OK;
}

/* ---------------------------------------------------------------- finishing */

static void clean_up(const char *out) {
    pt_output_dir_remove_work_dir(out);
    pt_work_dir_remove_stale(out, true);
}

static patina_status finish_run(const char *out, patina_dataset_report *report,
                                pt_run_counts *counts, patina_error *err) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR);
    pt_manifest manifest = {.finished = false};
    pt_path own = {.text = ""};

    patina_status status = read_manifest(out, &manifest, report, err);
    if (status == PATINA_OK) status = pt_part_layout_finalize(out, &manifest, err);
    if (status == PATINA_OK) status = pt_temp_dir_create(work.text, "finish", &own, err);
    if (status == PATINA_OK) status = write_results(out, own.text, &manifest, err);
    if (status == PATINA_OK) {
        pt_run_metadata_fill_report(&manifest.run_meta, report);
        report->was_complete = false;
        *counts = manifest.run_meta.counts;
        clean_up(out);
    }
    if (own.text[0] != '\0') pt_dir_remove_all(own.text, NULL);
    pt_manifest_release(&manifest);
    return status;
}

static patina_status report_finished(const char *out, patina_dataset_report *report,
                                     pt_run_counts *counts, patina_error *err) {
    const pt_path finished = pt_path_joinf(out, PT_DATASET_FILE);
    pt_manifest manifest;
    PT_TRY(pt_manifest_read_dataset(finished.text, &manifest, err));
    pt_run_metadata_fill_report(&manifest.run_meta, report);
    report->n_missing = 0;
    report->was_complete = true;
    *counts = manifest.run_meta.counts;
    pt_manifest_release(&manifest);
    clean_up(out);
    return PATINA_OK;
}

patina_status pt_dataset_finish(const char *given, patina_dataset_report *report,
                                pt_run_counts *counts, patina_error *err) {
    char out[PT_OUTPUT_PATH_MAX + 1];
    pt_output_state state;

    PT_TRY(pt_output_dir_normalize(given, out, err));
    PT_TRY(pt_output_dir_require_run(out, true, &state, err));
    if (state == PT_OUTPUT_FINISHED) return report_finished(out, report, counts, err);

    const patina_status status = finish_run(out, report, counts, err);
    if (status == PATINA_OK) return status;
    /* Another process may have finished the set meanwhile, so that chunks seem to be missing. */
    if (pt_output_dir_probe(out, true, &state, NULL) != PATINA_OK || state != PT_OUTPUT_FINISHED)
        return status;
    return report_finished(out, report, counts, err);
}

patina_status patina_dataset_finish(const char *out, patina_dataset_report *report,
                                    patina_error *err) {
    pt_run_counts counts;
    return pt_dataset_finish(out, report, &counts, err);
}
