/* SPDX-License-Identifier: MIT */
/* part_layout.h - the files of a set's parts, and their two places
 *
 *     OUT/.patina/00000007/rows-train.parquet     while the run goes: its chunk's folder
 *     OUT/data/train-00004-of-00012.parquet       when it is finished: its number among the parts
 *
 * A file moves from one to the other by a rename, so at every moment it is in one of both. Moving
 * is idempotent, and does no harm when two processes do the same at once.
 */

#ifndef PATINA_DATASET_PART_LAYOUT_H
#define PATINA_DATASET_PART_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "dataset/manifest.h"
#include "dataset/output_dir.h"

/** The name of a chunk's folder: its number in eight digits or more. */
#define PT_CHUNK_DIR_NAME_MAX 24
void pt_chunk_dir_name(uint64_t chunk, char name[PT_CHUNK_DIR_NAME_MAX]);

/** OUT/.patina/<name of the chunk's folder> */
pt_path pt_chunk_dir_path(const char *out, uint64_t chunk);

/**
 * Which chunks have a folder: sets present[c] to 1 and leaves the others alone.
 *
 * present    [n_chunks]
 * n_present  how many folders there are
 */
patina_status pt_chunks_list(const char *out, uint64_t n_chunks, unsigned char *present,
                             uint64_t *n_present, patina_error *err);

/** Reads chunk.json of one chunk's folder. */
patina_status pt_chunk_read_info(const char *out, pt_manifest *manifest, uint64_t chunk,
                                 patina_error *err);

/** Where a part's file is; where it ought to be if it is in neither place. */
pt_path pt_part_file_path(const char *out, const pt_manifest *manifest, uint64_t chunk,
                          size_t split, pt_part_kind kind);

/**
 * Gives all parts their final names. PATINA_EFORMAT when a file is absent or has another size, or when
 * a folder for final names holds something else. The manifest knows every chunk, and is numbered.
 */
patina_status pt_part_layout_finalize(const char *out, const pt_manifest *manifest,
                                      patina_error *err);

/** Takes all parts back to their chunks, and README.md and rejects.jsonl away. */
patina_status pt_part_layout_revert(const char *out, const pt_manifest *manifest,
                                    patina_error *err);

/**
 * Tells every name below OUT/data or OUT/provenance that is not of this set; the first status but
 * PATINA_OK that `on_unexpected` returns ends it.
 */
patina_status pt_part_layout_find_unexpected(
    const char *out, const pt_manifest *manifest, pt_part_kind kind,
    patina_status (*on_unexpected)(void *context, const char *path, patina_error *err),
    void *context, patina_error *err);

#endif /* PATINA_DATASET_PART_LAYOUT_H */
