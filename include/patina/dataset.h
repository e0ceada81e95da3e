/* SPDX-License-Identifier: MIT */
/**
 * @file dataset.h
 * @brief Finishes, merges and verifies the folders that patina_generate() writes.
 *
 * patina_generate() finishes the data set of a run without shards itself; patina_dataset_finish()
 * is for runs that several processes share. docs/DATASET.md describes the files.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_verify_report report;
 * if (patina_dataset_verify("out", NULL, NULL, &report, &err) != PATINA_OK)
 *     fprintf(stderr, "%s\n", err.message);
 * else
 *     printf("%llu faults\n", (unsigned long long)report.n_faults);
 * @endcode
 */

#ifndef PATINA_DATASET_H
#define PATINA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_SPLITS_MAX         16 /**< splits of a data set */
#define PATINA_SPLIT_NAME_MAX     31 /**< bytes of a split's name: letters, digits and _ */
#define PATINA_MISSING_CHUNKS_MAX 3  /**< missing chunks that a report lists */

/** A split of a data set. */
typedef struct patina_dataset_split {
    char name[PATINA_SPLIT_NAME_MAX + 1]; /**< "train" */
    uint64_t n_rows;                      /**< rows */
    uint64_t n_parts;                     /**< part files */
} patina_dataset_split;

/** Contents of a data set. */
typedef struct patina_dataset_report {
    uint64_t n_entries;                     /**< entries of the corpus */
    uint64_t n_rows;                        /**< rows of all splits */
    uint64_t n_parts;                       /**< part files of all splits */
    uint64_t n_rejects;                     /**< lines of rejects.jsonl */
    uint64_t rejects_by[PATINA_REJECT_MAX]; /**< rejects by reason: status - PATINA_REJECT_FIRST */
    patina_dataset_split splits[PATINA_SPLITS_MAX]; /**< [n_splits] */
    size_t n_splits;                                /**< splits with at least one row */
    bool was_complete;  /**< the data set was already finished; nothing was done */
    uint64_t n_chunks;  /**< chunks of the run */
    uint64_t n_missing; /**< chunks that are not there */
    uint64_t missing[PATINA_MISSING_CHUNKS_MAX]; /**< the first of these */
    uint64_t reserved[8];                        /**< zero */
} patina_dataset_report;

/**
 * Finishes a folder that contains all chunks of a run, whichever processes wrote them: numbers the
 * parts, writes README.md and dataset.json. The call may be interrupted at any moment and repeated.
 *
 * - `out`: the folder
 * - `report`: out; n_chunks, n_missing and missing are also set where chunks are missing
 *
 * Errors: PATINA_EUSAGE where the folder contains no run; PATINA_EFORMAT where chunks are missing
 * or damaged, the message names them; PATINA_EIO; PATINA_ENOMEM. Calls for different folders may
 * run at the same time.
 */
PATINA_API patina_status patina_dataset_finish(const char *out, patina_dataset_report *report,
                                               patina_error *err);

/**
 * Makes one data set of several finished ones with the same version, signal revision, settings,
 * model, format and splits. Their chunks follow each other in the order given. The sets are only
 * read, and each of their files is checked against its hash. Instruction sets and library versions
 * may differ and are all recorded.
 *
 * - `sets`: [n_sets], 1 or more folders of finished sets
 * - `out`: a new or empty folder, or one with an interrupted merge of the same sets
 * - `report`: out
 *
 * Errors: PATINA_EUSAGE where a folder contains no finished set, the sets differ in a setting
 * (it is named), an entry is in two sets, or `out` contains something else; PATINA_EFORMAT where a
 * set is unfinished or damaged; PATINA_EIO; PATINA_ENOMEM. After an error `out` contains no part of
 * a set. Calls with different `out` may run at the same time.
 */
PATINA_API patina_status patina_dataset_merge(const char *const *sets, size_t n_sets,
                                              const char *out, patina_dataset_report *report,
                                              patina_error *err);

/** Result of patina_dataset_verify(). */
typedef struct patina_verify_report {
    uint64_t n_rows;      /**< rows that were read */
    uint64_t n_parts;     /**< part files that were read */
    uint64_t n_rejects;   /**< rejects that were read */
    uint64_t n_faults;    /**< faults that were found; 0 for an intact data set */
    bool finished;        /**< false: the run is unfinished, and its complete chunks were read */
    uint64_t n_chunks;    /**< chunks of the run */
    uint64_t n_missing;   /**< chunks that are not there */
    uint64_t reserved[8]; /**< zero */
} patina_verify_report;

/**
 * Checks a data set: each file against its size and hash, each row against the promises of
 * docs/DATASET.md, each line of provenance against its row, and each reject.
 *
 * - `out`: the folder
 * - `on_fault`: called by this thread with one sentence for each fault, at most ten for each file;
 *   may be NULL
 * - `context`: first argument of on_fault
 * - `report`: out
 *
 * Errors: PATINA_EUSAGE where the folder contains neither a data set nor a run; PATINA_ENOMEM and
 * PATINA_EIO where it could not be checked. Safe from any thread.
 */
PATINA_API patina_status
patina_dataset_verify(const char *out, void (*on_fault)(void *context, const char *sentence),
                      void *context, patina_verify_report *report, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_DATASET_H */
