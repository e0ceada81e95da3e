/* SPDX-License-Identifier: MIT */
/* run_metadata.h - identity and counts of a run */

#ifndef PATINA_DATASET_RUN_METADATA_H
#define PATINA_DATASET_RUN_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/dataset.h>
#include <patina/status.h>

/**
 * Revision of the signal path. Raise it by one in every commit that changes a bit of a column or a
 * number of provenance for some input and settings; nothing else changes it. It is written to
 * plan.json, chunk.json, dataset.json and the metadata of each Parquet file. Rows of different
 * revisions are never mixed in one set. Sets of patina 0.1 carry no revision, which means 1.
 */
#define PT_SIGNAL_REVISION 3

#define PT_CHUNKS_MAX (UINT64_C(1) << 24)

/** Known once every chunk is complete. */
typedef struct pt_run_counts {
    uint64_t n_rows, n_parts, n_rejects;
    uint64_t split_rows[PATINA_SPLITS_MAX], split_parts[PATINA_SPLITS_MAX];
    uint64_t rejects_by[PATINA_REJECT_MAX];
} pt_run_counts;

/** The plan of a run, and its counts. Contains no time, host, thread count or absolute path. */
typedef struct pt_run_metadata {
    const char *version;       /* of the program */
    uint64_t signal_revision;  /* PT_SIGNAL_REVISION of the program that makes the rows */
    const char *format;        /* "parquet", "jsonl" */
    const char *settings_json; /* object: all that can change a row, defaults written out */
    const char *settings_hash;
    const char *corpus_kind; /* "folder" ... */
    const char *corpus_hash;
    uint64_t n_entries;
    uint64_t n_chunks;         /* 0 to PT_CHUNKS_MAX */
    const char *const *splits; /* names in order, then NULL; 1 to PATINA_SPLITS_MAX */
    const char *model_json;    /* object: layout, dtype, untrained, hashes ... */
    const char *model_hash;
    bool model_untrained;
    const char *kernels;        /* "avx512" */
    const char *libraries_json; /* object: name to version */

    pt_run_counts counts;
    const char *card_json;  /* object: title, licence ..., for the card alone; NULL: none */
    const char *files_hash; /* of the hashes of all files; may be NULL */
    /* For the card, known to finish alone: distinct sources, and bytes of the provenance table. */
    uint64_t split_recordings[PATINA_SPLITS_MAX], split_table_bytes[PATINA_SPLITS_MAX];
} pt_run_metadata;

size_t pt_run_metadata_count_splits(const pt_run_metadata *run_meta);

/** Copies the counts of a finished set; other members of report are left unchanged. */
void pt_run_metadata_fill_report(const pt_run_metadata *run_meta, patina_dataset_report *report);

#endif /* PATINA_DATASET_RUN_METADATA_H */
