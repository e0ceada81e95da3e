/* SPDX-License-Identifier: MIT */
/* dataset_card.h - what a run and its data set are known by, and README.md, which tells it to people */

#ifndef PATINA_DATASET_DATASET_CARD_H
#define PATINA_DATASET_DATASET_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/dataset.h>
#include <patina/status.h>

/**
 * The first block makes the plan of a run; the second is known when it is finished. No time, host,
 * thread count or absolute path is in either.
 */
typedef struct pt_run_metadata {
    const char *version;       /* of the program */
    const char *format;        /* "parquet", "jsonl" */
    const char *settings_json; /* an object: what can change a row, defaults written out */
    const char *settings_hash;
    const char *corpus_kind; /* "folder" ... */
    const char *corpus_hash;
    uint64_t n_entries;
    uint64_t n_chunks;         /* into which the entries are cut; to PT_CHUNKS_MAX */
    const char *const *splits; /* names in order, then NULL; 1 to PATINA_SPLITS_MAX */
    const char *model_json;    /* an object: layout, dtype, untrained, hashes ... */
    const char *model_hash;
    bool model_untrained;
    const char *kernels;        /* "avx512" */
    const char *libraries_json; /* an object: name to version */

    uint64_t n_rows, n_parts;
    uint64_t split_rows[PATINA_SPLITS_MAX], split_parts[PATINA_SPLITS_MAX];
    uint64_t n_rejects;
    uint64_t rejects_by[PATINA_REJECT_MAX];
    const char *files_hash; /* of the hashes of all files; may be NULL */
} pt_run_metadata;

#define PT_CHUNKS_MAX (UINT64_C(1) << 24)

size_t pt_run_metadata_count_splits(const pt_run_metadata *run_meta);

/** The counts of a finished set as its users are told them; what is not of run_meta stays. */
void pt_run_metadata_fill_report(const pt_run_metadata *run_meta, patina_dataset_report *report);

/** README.md with the YAML that load_dataset needs; the caller frees it. NULL: out of memory. */
char *pt_dataset_card_to_markdown(const pt_run_metadata *run_meta);

/** One line of rejects.jsonl with its line end; entry may be NULL. The caller frees it. */
char *pt_reject_to_json_line(const char *entry, const char *source, patina_status reason,
                             const char *sentence);

#endif /* PATINA_DATASET_DATASET_CARD_H */
