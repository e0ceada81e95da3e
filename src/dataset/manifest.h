/* SPDX-License-Identifier: MIT */
/* manifest.h - plan.json, chunk.json and dataset.json: the files of a run
 *
 *     plan.json      the metadata of the run, before any row
 *     chunk.json     the content of one chunk, file by file
 *     dataset.json   the metadata, every chunk and every file of the finished set;
 *                    plan and chunks can be restored from it alone (pt_dataset_reopen)
 */

#ifndef PATINA_DATASET_MANIFEST_H
#define PATINA_DATASET_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dataset/output_dir.h"
#include "dataset/run_metadata.h"

typedef struct pt_file_digest {
    uint64_t n_bytes;
    char sha256[PT_SHA256_HEX_SIZE];
} pt_file_digest;

/** The rows of a chunk in one split: one part of the set, or none when n_rows is 0. */
typedef struct pt_part_info {
    uint64_t n_rows;
    pt_file_digest rows, provenance;
    pt_file_digest table; /* of the provenance table; where manifest.has_tables is set */
    uint64_t number;      /* among the parts of the split; pt_manifest_number_parts */
} pt_part_info;

typedef struct pt_chunk_info {
    bool known;   /* the other members are valid */
    bool retried; /* its rejects were retried since the set was reopened or begun */
    uint64_t n_entries, n_rejects, rejects_by[PATINA_REJECT_COUNT];
    pt_file_digest rejects; /* of its rejects.jsonl, which exists when n_rejects > 0 */
    pt_part_info *parts;    /* [n_splits] */
} pt_chunk_info;

typedef struct pt_manifest {
    pt_run_metadata run_meta; /* its strings are owned by the manifest */
    const char *suffix;       /* of row files: ".parquet" */
    size_t n_splits;
    bool finished;          /* read from a dataset.json */
    bool has_tables;        /* of provenance; absent in sets of patina 0.1 */
    pt_file_digest rejects; /* of rejects.jsonl of the finished set */
    pt_chunk_info *chunks;  /* [run_meta.n_chunks]; NULL before pt_manifest_alloc_chunks */
    struct pt_manifest_storage *memory;
} pt_manifest;

/* ---- Reading ---- */

/**
 * Parse text from any source. The path serves for error messages only; text is not kept.
 *
 * Errors  PATINA_EFORMAT, PATINA_ENOMEM
 */
patina_status pt_manifest_parse_plan(const char *path, const char *text, size_t n,
                                     pt_manifest *manifest, patina_error *err);
patina_status pt_manifest_parse_chunk(pt_manifest *manifest, uint64_t chunk, const char *path,
                                      const char *text, size_t n, patina_error *err);
patina_status pt_manifest_parse_dataset(const char *path, const char *text, size_t n,
                                        pt_manifest *manifest, patina_error *err);

/** Reads a plan.json. Errors as above, and PATINA_EIO. */
patina_status pt_manifest_read_plan(const char *path, pt_manifest *manifest, patina_error *err);

/** Reads a dataset.json with all its chunks. Errors as above. */
patina_status pt_manifest_read_dataset(const char *path, pt_manifest *manifest, patina_error *err);

/** Reads a chunk.json into manifest->chunks[chunk]. Errors as above. */
patina_status pt_manifest_read_chunk(pt_manifest *manifest, uint64_t chunk, const char *path,
                                     patina_error *err);

void pt_manifest_release(pt_manifest *manifest);

/** Allocates manifest->chunks for the number of chunks in the plan. */
patina_status pt_manifest_alloc_chunks(pt_manifest *manifest, patina_error *err);

/** Numbers the parts and sums up the counts, once every chunk is known. */
void pt_manifest_number_parts(pt_manifest *manifest);

/** Whether a dataset.json is unchanged: its last member is the hash of the rest. */
bool pt_manifest_json_is_intact(const char *text, size_t n);

/* ---- Writing ---- */

/** Texts of the files. To be freed; NULL: out of memory. */
char *pt_plan_to_json(const pt_run_metadata *run_meta);
char *pt_chunk_to_json(const pt_run_metadata *run_meta, const char *suffix, uint64_t number,
                       const pt_chunk_info *chunk);
char *pt_manifest_to_json(const pt_manifest *manifest);

/**
 * Write a file, flush it, read it back, parse it and compare. PATINA_OK means that a later run can
 * rely on it; the path must be one that no process looks at yet.
 *
 * Errors  PATINA_EIO, PATINA_ENOMEM, PATINA_EFORMAT
 */
patina_status pt_plan_write(const char *path, const pt_run_metadata *run_meta, patina_error *err);
patina_status pt_chunk_write(const char *path, const pt_run_metadata *run_meta, const char *suffix,
                             uint64_t number, const pt_chunk_info *chunk, patina_error *err);
patina_status pt_manifest_write(const char *path, const pt_manifest *manifest, patina_error *err);

/* ---- Part files ---- */

typedef enum pt_part_kind {
    PT_PART_ROWS,
    PT_PART_PROVENANCE,
    PT_PART_TABLE /* of the finished set only */
} pt_part_kind;

/** Folder of a kind of parts in the finished set. */
extern const char *const pt_part_dirs[];

const pt_file_digest *pt_part_file_digest(const pt_part_info *part, pt_part_kind kind);

/** Path of a part's file below the finished set, "data/train-00000-of-00012.parquet". */
#define PT_PART_FILE_NAME_MAX 96
void pt_part_file_name(const pt_manifest *manifest, size_t split, uint64_t number,
                       pt_part_kind kind, char name[PT_PART_FILE_NAME_MAX]);

/** Name of the same file in the folder of its chunk, "rows-train.parquet". */
void pt_part_chunk_file_name(const char *split, const char *suffix, pt_part_kind kind,
                             char name[PT_PART_FILE_NAME_MAX]);

#endif /* PATINA_DATASET_MANIFEST_H */
