/* SPDX-License-Identifier: MIT */
/* card.h - README.md and dataset.json: what a finished data set says of itself */

#ifndef PATINA_DATASET_CARD_H
#define PATINA_DATASET_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/** All that README.md and dataset.json are made of; no time, host, thread count or absolute path.
 */
typedef struct pt_dataset_facts {
    const char *version;       /* of the program */
    const char *format;        /* "parquet", "jsonl" */
    const char *settings_json; /* an object: what can change a row, defaults written out */
    const char *settings_hash;
    const char *corpus_kind; /* "folder" ... */
    const char *corpus_hash; /* of id, source, captions in order */
    uint64_t n_entries;
    const char *model_json; /* an object: layout, dtype, untrained, hashes ... */
    const char *model_hash;
    bool model_untrained;
    const char *kernels;        /* "avx512" */
    const char *libraries_json; /* an object: name to version */
    uint64_t n_rows, n_parts;
    uint64_t n_rejects;
    uint64_t rejects_by[PT_REJECT_COUNT];
} pt_dataset_facts;

/** dataset.json, indented; the caller frees it. NULL when memory runs out. */
char *pt_dataset_json(const pt_dataset_facts *facts);

/** README.md with the YAML that load_dataset needs; the caller frees it. */
char *pt_dataset_card(const pt_dataset_facts *facts);

/** One line of rejects.jsonl with its line end; entry may be NULL. The caller frees it. */
char *pt_reject_line(const char *entry, const char *source, pt_status reason, const char *sentence);

#endif /* PATINA_DATASET_CARD_H */
