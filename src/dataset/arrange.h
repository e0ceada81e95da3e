/* SPDX-License-Identifier: MIT */
/* arrange.h - the files of a set's parts, and their two places
 *
 *     OUT/.patina/00000007/rows-train.parquet     while the run goes: its chunk's folder
 *     OUT/data/train-00004-of-00012.parquet       when it is finished: its number among the parts
 *
 * A file moves from one to the other by a rename, so at every moment it is in one of both. Moving
 * is idempotent, and does no harm when two processes do the same at once.
 */

#ifndef PATINA_DATASET_ARRANGE_H
#define PATINA_DATASET_ARRANGE_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "dataset/ledger.h"
#include "dataset/workplace.h"

/** The name of a chunk's folder: its number in eight digits or more. */
#define PT_CHUNK_NAME_MAX 24
void pt_chunk_name(uint64_t chunk, char name[PT_CHUNK_NAME_MAX]);

/** OUT/.patina/<name of the chunk's folder> */
pt_path pt_chunk_place(const char *out, uint64_t chunk);

/**
 * Which chunks have a folder: sets there[c] to 1 and leaves the others alone.
 *
 * there    [n_chunks]
 * n_there  how many folders there are
 */
pt_status pt_chunks_list(const char *out, uint64_t n_chunks, unsigned char *there,
                         uint64_t *n_there, pt_error *err);

/** Reads chunk.json of one chunk's folder. */
pt_status pt_chunk_read(const char *out, pt_ledger *ledger, uint64_t chunk, pt_error *err);

/** Where a part's file is; where it ought to be if it is in neither place. */
pt_path pt_part_place(const char *out, const pt_ledger *ledger, uint64_t chunk, size_t split,
                      pt_part_kind kind);

/**
 * Gives all parts their final names. PT_EFORMAT when a file is absent or has another size, or when
 * a folder for final names holds something else. The ledger knows every chunk, and is numbered.
 */
pt_status pt_arrange_finally(const char *out, const pt_ledger *ledger, pt_error *err);

/** Takes all parts back to their chunks, and README.md and rejects.jsonl away. */
pt_status pt_arrange_back(const char *out, const pt_ledger *ledger, pt_error *err);

/**
 * Tells every name below OUT/data or OUT/provenance that is not of this set; the first status but
 * PT_OK that `told` returns ends it.
 */
pt_status pt_arrange_strangers(const char *out, const pt_ledger *ledger, pt_part_kind kind,
                               pt_status (*told)(void *context, const char *path, pt_error *err),
                               void *context, pt_error *err);

#endif /* PATINA_DATASET_ARRANGE_H */
