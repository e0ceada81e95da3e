/* SPDX-License-Identifier: MIT */
/* manifest.h - what a run has written, as plan.json, chunk.json and dataset.json tell it
 *
 *     plan.json     the run_meta of the run, before any row
 *     chunk.json    what one chunk holds, file by file
 *     dataset.json  the run_meta, every chunk and every file of the finished set: from it alone the
 * set can be opened up into plan and chunks again
 */

#ifndef PATINA_DATASET_MANIFEST_H
#define PATINA_DATASET_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dataset/dataset_card.h"
#include "dataset/output_dir.h"

typedef struct pt_file_digest {
    uint64_t n_bytes;
    char sha256[PT_SHA256_HEX_SIZE];
} pt_file_digest;

/** What a chunk gives to one split: a part of the set, or nothing when it has no rows. */
typedef struct pt_part_info {
    uint64_t n_rows;
    pt_file_digest rows, provenance;
    uint64_t number; /* among the split's parts; pt_manifest_number_parts */
} pt_part_info;

typedef struct pt_chunk_info {
    bool known;   /* the rest is filled in */
    bool retried; /* its rejects were tried again since the set was opened up or begun */
    uint64_t n_entries, n_rejects, rejects_by[PATINA_REJECT_COUNT];
    pt_file_digest rejects; /* its rejects.jsonl, which it has when n_rejects > 0 */
    pt_part_info *parts;    /* [n_splits] */
} pt_chunk_info;

typedef struct pt_manifest {
    pt_run_metadata run_meta; /* strings are the manifest's */
    const char *suffix;       /* of files with rows: ".parquet" */
    size_t n_splits;
    bool finished;          /* read from a dataset.json */
    pt_file_digest rejects; /* rejects.jsonl of the finished set */
    pt_chunk_info *chunks;  /* [run_meta.n_chunks]; NULL before pt_manifest_alloc_chunks */
    struct pt_manifest_storage *memory;
} pt_manifest;

/**
 * The readers below on text, whatever it holds; path is for sentences only. What is read stays the
 * manifest's, text the caller's.
 */
patina_status pt_manifest_parse_plan(const char *path, const char *text, size_t n,
                                     pt_manifest *manifest, patina_error *err);
patina_status pt_manifest_parse_chunk(pt_manifest *manifest, uint64_t chunk, const char *path,
                                      const char *text, size_t n, patina_error *err);
patina_status pt_manifest_parse_dataset(const char *path, const char *text, size_t n,
                                        pt_manifest *manifest, patina_error *err);

/** Reads a plan.json. PATINA_EIO; PATINA_EFORMAT when it is none, or of a program that knows more. */
patina_status pt_manifest_read_plan(const char *path, pt_manifest *manifest, patina_error *err);

/** Reads a dataset.json with all its chunks. Errors as above. */
patina_status pt_manifest_read_dataset(const char *path, pt_manifest *manifest, patina_error *err);

void pt_manifest_release(pt_manifest *manifest);

/** Room for every chunk of the plan; to be called once their number is known to be honest. */
patina_status pt_manifest_alloc_chunks(pt_manifest *manifest, patina_error *err);

/** Reads the chunk.json at path into manifest->chunks[chunk]. */
patina_status pt_manifest_read_chunk(pt_manifest *manifest, uint64_t chunk, const char *path,
                                     patina_error *err);

/** Once every chunk is known: numbers the parts, adds up the counts in run_meta. */
void pt_manifest_number_parts(pt_manifest *manifest);

/** Texts of the files; the caller frees them. NULL: out of memory. */
char *pt_plan_to_json(const pt_run_metadata *run_meta);
char *pt_chunk_to_json(const pt_run_metadata *run_meta, const char *suffix, uint64_t number,
                       const pt_chunk_info *chunk);
char *pt_manifest_to_json(const pt_manifest *manifest);

/** Whether a dataset.json is as it was written: its last member is a hash of all the rest. */
bool pt_manifest_json_is_intact(const char *text, size_t n);

/**
 * What two runs differ in, as words that follow "with "; "" when they are the same.
 *
 * theirs  of a folder
 * ours    of this process
 */
void pt_run_metadata_compare(const pt_run_metadata *theirs, const pt_run_metadata *ours,
                             char *difference, size_t n);

typedef enum pt_part_kind { PT_PART_ROWS, PT_PART_PROVENANCE } pt_part_kind;

const pt_file_digest *pt_part_file_digest(const pt_part_info *part, pt_part_kind kind);

/** Where a part's file lies in the finished set, "data/train-00000-of-00012.parquet". */
#define PT_PART_FILE_NAME_MAX 96
void pt_part_file_name(const pt_manifest *manifest, size_t split, uint64_t number,
                       pt_part_kind kind, char name[PT_PART_FILE_NAME_MAX]);

/** The name of the same file within its chunk's folder, "rows-train.parquet". */
void pt_part_chunk_file_name(const char *split, const char *suffix, pt_part_kind kind,
                             char name[PT_PART_FILE_NAME_MAX]);

#endif /* PATINA_DATASET_MANIFEST_H */
