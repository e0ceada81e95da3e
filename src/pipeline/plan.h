/* SPDX-License-Identifier: MIT */
/* plan.h - settings, entries and chunks of a run, fixed before it starts
 *
 * Entries in corpus order are divided into chunks of equal length. Shard I of N makes the chunks
 * whose number is I modulo N. Processes with the same options make the same plan; they compare
 * hashes to detect a difference.
 */

#ifndef PATINA_PIPELINE_PLAN_H
#define PATINA_PIPELINE_PLAN_H

#include <stdatomic.h>
#include <stdint.h>

#include <patina/generate.h>

#include "base/filter_expr.h"
#include "base/hash.h"
#include "corpus/corpus_set.h"
#include "corpus/corpus_spec.h"
#include "pipeline/split.h"
#include "pipeline/split_key.h"

/** Names of settings, by the enumerations of generate.h and degrade.h; NULL ends each list. */
extern const char *const pt_effect_order_names[];
extern const char *const pt_caption_mode_names[];
extern const char *const pt_loudness_source_names[];
extern const char *const pt_window_mode_names[];

/** Entries at the start of a run: if all of them are rejected for one reason, the run stops. */
#define PT_FIRST_ENTRIES 200

/** The first entries of a corpus, which may all be rejected for one reason. */
typedef struct pt_first_entries {
    uint64_t n;
    patina_status reason; /* PATINA_OK: they are not */
    char fault[200];      /* of the first entry */
} pt_first_entries;

/** In pt_plan.split: the sound of the entry could not be read. */
#define PT_SPLIT_UNKNOWN UINT8_MAX

/** Zero it to start. */
typedef struct pt_plan {
    patina_generate_options options; /* with defaults replaced by their values */
    pt_corpus_specs corpora;
    char *corpus_label; /* for messages: the path of the corpus, "a.csv and 2 more" */
    pt_filter_expr filter, require;
    pt_splits splits;
    pt_split_key split_key;
    uint8_t *split; /* [n_entries], of split_by_sound.h; NULL: another key */
    char *settings; /* settings that can change a byte of the output, as a JSON object */
    char settings_hash[PT_SHA256_HEX_SIZE];
    char exclude_hash[PT_SHA256_HEX_SIZE]; /* of the exclude list; "": none */

    pt_corpus_set *scanned;  /* the corpora after pt_plan_scan_corpus, to be rewound */
    pt_first_entries *first; /* [corpora.n] */
    char *corpus_kind;
    /* Hash of ids, captions and named seconds in order. Sources are left out: a missing clip may
     * exist later. */
    char corpus_hash[PT_SHA256_HEX_SIZE];
    uint64_t n_entries, n_chunks;
    uint64_t n_rows_max;                      /* rows if no further entry is rejected */
    uint64_t *chunk_rows;                     /* [n_chunks], the same for each chunk */
    uint64_t n_rejected[PATINA_REJECT_COUNT]; /* entries without a row, by reason */
    uint64_t *entry_hashes; /* [n_entries], of the same, for pt_plan_check_entry */
    size_t entry_capacity;
    bool has_absolute_ids; /* paths of the machine */
} pt_plan;

/**
 * Resolves the options and makes the settings. The strings of the options are borrowed.
 *
 * Errors  PATINA_EUSAGE, PATINA_EFORMAT (the degradation configuration)
 */
patina_status pt_plan_resolve_options(pt_plan *plan, const patina_generate_options *options,
                                      const patina_effect_config *effect_config, patina_error *err);

/**
 * Reads all entries of the corpus, without audio.
 *
 * stop    may be NULL
 *
 * Errors  those of pt_corpus_open and pt_corpus_next, PATINA_ECANCELLED
 */
patina_status pt_plan_scan_corpus(pt_plan *plan, const patina_atomic_bool *stop, patina_error *err);

/**
 * Compares entry `index` of a later pass over the corpus with that of pt_plan_scan_corpus. More
 * entries than planned are not compared.
 *
 * Errors  PATINA_EFORMAT  id, captions or named seconds differ; the message names the entry
 */
patina_status pt_plan_check_entry(const pt_plan *plan, uint64_t index, const pt_entry *entry,
                                  patina_error *err);

/**
 * The error for first entries that are all rejected for one reason, with the option that may help.
 *
 * label  path of the corpus, or corpus_label
 * hint   further text, "; looked in ..."; may be NULL
 */
patina_status pt_plan_fail_all_rejected(const pt_first_entries *first, const char *label,
                                        const char *hint, patina_error *err);

/** Returns whether this shard makes a chunk. */
bool pt_plan_owns_chunk(const pt_plan *plan, uint64_t chunk);

/** Returns the number of entries of a chunk. */
uint64_t pt_plan_chunk_entries(const pt_plan *plan, uint64_t chunk);

/** Estimated size in bytes of a row on the disk, provenance included. */
double pt_plan_row_bytes(const pt_plan *plan);

/** Estimated size in bytes of the journals of open chunks, one for each shard, when n_rows are
 * left. */
double pt_plan_journal_bytes(const pt_plan *plan, uint64_t n_rows);

void pt_plan_release(pt_plan *plan);

#endif /* PATINA_PIPELINE_PLAN_H */
