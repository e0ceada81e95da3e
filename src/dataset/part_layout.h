/* SPDX-License-Identifier: MIT */
/* part_layout.h - the files of the parts of a data set, during and after the run
 *
 *     OUT/.patina/00000007/rows-train.parquet     during the run: in the folder of the chunk
 *     OUT/data/train-00004-of-00012.parquet       when finished: by number among the parts
 *
 * A file moves from one place to the other by a rename, so it is always in one of them. Moving is
 * idempotent, and safe when two processes do it at the same time.
 */

#ifndef PATINA_DATASET_PART_LAYOUT_H
#define PATINA_DATASET_PART_LAYOUT_H

#include <stdint.h>

#include <patina/status.h>

#include "dataset/manifest.h"
#include "dataset/output_dir.h"

/** The name of a chunk's folder: its number in eight digits or more. */
#define PT_CHUNK_DIR_NAME_MAX 24
void pt_chunk_dir_name(uint64_t chunk, char name[PT_CHUNK_DIR_NAME_MAX]);

/** OUT/.patina/<name of the chunk's folder> */
pt_path pt_chunk_dir_path(const char *out, uint64_t chunk);

/** OUT/.patina/<name of the chunk's folder>.journal (journal.h) */
pt_path pt_chunk_journal_path(const char *out, uint64_t chunk);

/**
 * Finds the chunks that have a folder, or a file with this suffix: sets present[c] to 1 and leaves
 * the others unchanged.
 *
 * suffix     "" or PT_JOURNAL_SUFFIX
 * present    [n_chunks]
 * n_present  out: number of folders or files
 */
#define PT_JOURNAL_SUFFIX ".journal"
patina_status pt_chunks_list(const char *out, const char *suffix, uint64_t n_chunks,
                             unsigned char *present, uint64_t *n_present, patina_error *err);

/** Reads chunk.json of one chunk. PATINA_EFORMAT also when it does not exist. */
patina_status pt_chunk_read_info(const char *out, pt_manifest *manifest, uint64_t chunk,
                                 patina_error *err);

/**
 * Compares size and SHA-256 of a file.
 *
 * Errors  PATINA_EFORMAT  absent, or with other bytes
 *         PATINA_EIO      cannot be read
 */
patina_status pt_file_check_digest(const char *path, const pt_file_digest *expected,
                                   patina_error *err);

/**
 * Compares every file of a chunk with chunk.json, wherever the file is now. With several processes
 * at work a file may move in between; that is taken into account.
 *
 * damaged  out, may be NULL: the path of the damaged file; "" for none
 *
 * Errors   PATINA_EFORMAT  a file is absent or damaged
 *          PATINA_EIO      a file cannot be read
 */
patina_status pt_chunk_check_files(const char *out, const pt_manifest *manifest, uint64_t chunk,
                                   pt_path *damaged, patina_error *err);

/** Adds to an error about a chunk which one it is, and the remedy. */
void pt_chunk_add_remedy(const char *out, uint64_t chunk, patina_error *err);

/**
 * Finds where a part's file is; its place in the chunk if it is in neither.
 *
 * Errors  PATINA_EIO  cannot be found out
 */
patina_status pt_part_file_path(const char *out, const pt_manifest *manifest, uint64_t chunk,
                                size_t split, pt_part_kind kind, pt_path *path, patina_error *err);

/**
 * Moves all parts to their final names. In the manifest every chunk is known, and parts are
 * numbered.
 *
 * Errors  PATINA_EFORMAT  a file is absent or has another size, or a folder of the set contains
 *                         an unexpected file
 *         PATINA_EIO
 */
patina_status pt_part_layout_finalize(const char *out, const pt_manifest *manifest,
                                      patina_error *err);

/** Moves all parts back to their chunks; removes what finishing derived from them: README.md,
 * rejects.jsonl, and the tables of provenance. */
patina_status pt_part_layout_revert(const char *out, const pt_manifest *manifest,
                                    patina_error *err);

/**
 * Calls on_unexpected for every name below OUT/data or OUT/provenance that is not of this set,
 * until it returns something other than PATINA_OK.
 *
 * Errors  PATINA_EFORMAT  a folder is missing
 *         PATINA_EIO
 */
patina_status pt_part_layout_find_unexpected(
    const char *out, const pt_manifest *manifest, pt_part_kind kind,
    patina_status (*on_unexpected)(void *context, const char *path, patina_error *err),
    void *context, patina_error *err);

#endif /* PATINA_DATASET_PART_LAYOUT_H */
