/* SPDX-License-Identifier: MIT */
/* dataset.h - a folder that patina_generate writes: finishing it, and reading all of it again */

#ifndef PATINA_DATASET_H
#define PATINA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_SPLITS_MAX         16
#define PATINA_SPLIT_NAME_MAX     31 /* bytes: letters, digits and _ */
#define PATINA_MISSING_CHUNKS_MAX 3  /* numbers of missing chunks that are named */

typedef struct patina_dataset_split {
    char name[PATINA_SPLIT_NAME_MAX + 1];
    uint64_t n_rows, n_parts;
} patina_dataset_split;

typedef struct patina_dataset_report {
    uint64_t n_entries, n_rows, n_parts;
    uint64_t n_rejects;                       /* lines of rejects.jsonl */
    uint64_t rejects_by[PATINA_REJECT_COUNT]; /* index: status - PATINA_REJECT_FIRST */
    patina_dataset_split splits[PATINA_SPLITS_MAX];
    size_t n_splits;
    bool was_complete; /* the set was finished already; nothing was done */

    uint64_t n_chunks, n_missing;
    uint64_t missing[PATINA_MISSING_CHUNKS_MAX]; /* the first of them */
} patina_dataset_report;

/**
 * Makes the data set of a folder whose chunks are all there, whichever processes wrote them:
 * numbers the parts, and writes README.md and dataset.json. It may be killed at any moment, and run
 * again.
 *
 * report  out; its n_chunks, n_missing and missing also where chunks are missing
 *
 * Errors  PATINA_EUSAGE   the folder holds no run of patina's
 *         PATINA_EFORMAT  chunks are missing or damaged; the sentence says which
 *         PATINA_EIO
 */
PATINA_API patina_status patina_dataset_finish(const char *out, patina_dataset_report *report,
                                               patina_error *err);

typedef struct patina_verify_report {
    uint64_t n_rows, n_parts, n_rejects; /* that were read */
    uint64_t n_faults;
    bool finished; /* otherwise the chunks that are there were read */
    uint64_t n_chunks, n_missing;
} patina_verify_report;

/**
 * Reads everything again: every file against its size and hash, every row against what
 * docs/DATASET.md promises of it, every line of provenance against its row, every reject.
 *
 * on_fault  gets a sentence for each fault, but no more than ten a file; may be NULL
 *
 * Errors    PATINA_EUSAGE   the folder holds neither a data set nor a run of patina's
 *           PATINA_ENOMEM, PATINA_EIO  it could not be checked
 */
PATINA_API patina_status
patina_dataset_verify(const char *out, void (*on_fault)(void *context, const char *sentence),
                      void *context, patina_verify_report *report, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_DATASET_H */
