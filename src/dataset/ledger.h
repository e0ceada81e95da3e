/* SPDX-License-Identifier: MIT */
/* ledger.h - what a run has written, as plan.json, chunk.json and dataset.json tell it
 *
 *     plan.json     the facts of the run, before any row
 *     chunk.json    what one chunk holds, file by file
 *     dataset.json  the facts, every chunk and every file of the finished set: from it alone the
 * set can be opened up into plan and chunks again
 */

#ifndef PATINA_DATASET_LEDGER_H
#define PATINA_DATASET_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "dataset/card.h"
#include "dataset/workplace.h"

typedef struct pt_file_account {
    uint64_t n_bytes;
    char sha256[PT_SHA256_HEX];
} pt_file_account;

/** What a chunk gives to one split: a part of the set, or nothing when it has no rows. */
typedef struct pt_part_account {
    uint64_t n_rows;
    pt_file_account rows, provenance;
    uint64_t number; /* among the split's parts; pt_ledger_number */
} pt_part_account;

typedef struct pt_chunk_account {
    bool known;   /* the rest is filled in */
    bool retried; /* its rejects were tried again since the set was opened up or begun */
    uint64_t n_entries, n_rejects, rejects_by[PT_REJECT_COUNT];
    pt_file_account rejects; /* its rejects.jsonl, which it has when n_rejects > 0 */
    pt_part_account *parts;  /* [n_splits] */
} pt_chunk_account;

typedef struct pt_ledger {
    pt_dataset_facts facts; /* strings are the ledger's */
    const char *suffix;     /* of files with rows: ".parquet" */
    size_t n_splits;
    bool finished;            /* read from a dataset.json */
    pt_file_account rejects;  /* rejects.jsonl of the finished set */
    pt_chunk_account *chunks; /* [facts.n_chunks]; NULL before pt_ledger_make_room */
    struct pt_ledger_memory *memory;
} pt_ledger;

/**
 * The readers below on text, whatever it holds; path is for sentences only. What is read stays the
 * ledger's, text the caller's.
 */
pt_status pt_ledger_parse_plan(const char *path, const char *text, size_t n, pt_ledger *ledger,
                               pt_error *err);
pt_status pt_ledger_parse_chunk(pt_ledger *ledger, uint64_t chunk, const char *path,
                                const char *text, size_t n, pt_error *err);
pt_status pt_ledger_parse_finished(const char *path, const char *text, size_t n, pt_ledger *ledger,
                                   pt_error *err);

/** Reads a plan.json. PT_EIO; PT_EFORMAT when it is none, or of a program that knows more. */
pt_status pt_ledger_read_plan(const char *path, pt_ledger *ledger, pt_error *err);

/** Reads a dataset.json with all its chunks. Errors as above. */
pt_status pt_ledger_read_finished(const char *path, pt_ledger *ledger, pt_error *err);

void pt_ledger_release(pt_ledger *ledger);

/** Room for every chunk of the plan; to be called once their number is known to be honest. */
pt_status pt_ledger_make_room(pt_ledger *ledger, pt_error *err);

/** Reads the chunk.json at path into ledger->chunks[chunk]. */
pt_status pt_ledger_read_chunk(pt_ledger *ledger, uint64_t chunk, const char *path, pt_error *err);

/** Once every chunk is known: numbers the parts, adds up the counts in facts. */
void pt_ledger_number(pt_ledger *ledger);

/** Texts of the files; the caller frees them. NULL: out of memory. */
char *pt_plan_json(const pt_dataset_facts *facts);
char *pt_chunk_json(const pt_dataset_facts *facts, const char *suffix, uint64_t number,
                    const pt_chunk_account *chunk);
char *pt_dataset_json(const pt_ledger *ledger);

/** Whether a dataset.json is as it was written: its last member is a hash of all the rest. */
bool pt_dataset_json_is_intact(const char *text, size_t n);

/**
 * What two runs differ in, as words that follow "with "; "" when they are the same.
 *
 * theirs  of a folder
 * ours    of this process
 */
void pt_facts_compare(const pt_dataset_facts *theirs, const pt_dataset_facts *ours,
                      char *difference, size_t n);

typedef enum pt_part_kind { PT_PART_ROWS, PT_PART_PROVENANCE } pt_part_kind;

const pt_file_account *pt_part_file(const pt_part_account *part, pt_part_kind kind);

/** Where a part's file lies in the finished set, "data/train-00000-of-00012.parquet". */
#define PT_PART_NAME_MAX 96
void pt_part_name(const pt_ledger *ledger, size_t split, uint64_t number, pt_part_kind kind,
                  char name[PT_PART_NAME_MAX]);

/** The name of the same file within its chunk's folder, "rows-train.parquet". */
void pt_part_name_in_chunk(const char *split, const char *suffix, pt_part_kind kind,
                           char name[PT_PART_NAME_MAX]);

#endif /* PATINA_DATASET_LEDGER_H */
