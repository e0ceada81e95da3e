/* SPDX-License-Identifier: MIT */
/* dataset.h - a folder that pt_generate writes: finishing it, and reading all of it again */

#ifndef PATINA_DATASET_H
#define PATINA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PT_SPLITS_MAX     16
#define PT_SPLIT_NAME_MAX 31 /* bytes: letters, digits and _ */
#define PT_MISSING_MAX    3  /* numbers of missing chunks that are named */

typedef struct pt_dataset_split {
    char name[PT_SPLIT_NAME_MAX + 1];
    uint64_t n_rows, n_parts;
} pt_dataset_split;

typedef struct pt_dataset_report {
    uint64_t n_entries, n_rows, n_parts;
    uint64_t n_rejects;                   /* lines of rejects.jsonl */
    uint64_t rejects_by[PT_REJECT_COUNT]; /* index: status - PT_REJECT_FIRST */
    pt_dataset_split splits[PT_SPLITS_MAX];
    size_t n_splits;
    bool was_complete; /* the set was finished already; nothing was done */

    uint64_t n_chunks, n_missing;
    uint64_t missing[PT_MISSING_MAX]; /* the first of them */
} pt_dataset_report;

/**
 * Makes the data set of a folder whose chunks are all there, whichever processes wrote them:
 * numbers the parts, and writes README.md and dataset.json. It may be killed at any moment, and run
 * again.
 *
 * report  out; its n_chunks, n_missing and missing also where chunks are missing
 *
 * Errors  PT_EUSAGE   the folder holds no run of patina's
 *         PT_EFORMAT  chunks are missing or damaged; the sentence says which
 *         PT_EIO
 */
PT_API pt_status pt_dataset_finish(const char *out, pt_dataset_report *report, pt_error *err);

typedef struct pt_dataset_verified {
    uint64_t n_rows, n_parts, n_rejects; /* that were read */
    uint64_t n_faults;
    bool finished; /* otherwise the chunks that are there were read */
    uint64_t n_chunks, n_missing;
} pt_dataset_verified;

/**
 * Reads everything again: every file against its size and hash, every row against what
 * docs/DATASET.md promises of it, every line of provenance against its row, every reject.
 *
 * on_fault  gets a sentence for each fault, but no more than ten a file; may be NULL
 *
 * Errors    PT_EUSAGE   the folder holds neither a data set nor a run of patina's
 *           PT_ENOMEM, PT_EIO  it could not be checked
 */
PT_API pt_status pt_dataset_verify(const char *out,
                                   void (*on_fault)(void *context, const char *sentence),
                                   void *context, pt_dataset_verified *report, pt_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_DATASET_H */
