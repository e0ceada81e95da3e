/* SPDX-License-Identifier: MIT */
/* store.h - the output folder of a run
 *
 *     OUT/.patina/run.json              whose folder this is, while the run goes
 *     OUT/.patina/00007.parquet .jsonl  rows and provenance of finished chunks
 *     OUT/data, OUT/provenance, OUT/rejects.jsonl, README.md, dataset.json    when all is done
 *
 * How many parts there are is known only at the end, so parts get their final names then;
 * dataset.json comes last, and a folder that has one is complete.
 */

#ifndef PATINA_DATASET_STORE_H
#define PATINA_DATASET_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "dataset/card.h"
#include "dataset/sink.h"

typedef struct pt_store pt_store;

/**
 * Claims a folder for the run that facts describe (settings, corpus and model with their hashes,
 * kernels, version; counts are not looked at), making it and its parents where needed.
 *
 * facts     borrowed until the store is closed
 * complete  out: the folder holds this very run, finished; *store is then NULL
 * done      out when complete: n_rows, n_parts, n_rejects and rejects_by as recorded; else
 * untouched
 *
 * Errors    PT_EUSAGE  the folder holds something else: names what differs, or a file
 *           PT_EIO     cannot be made or written
 */
pt_status pt_store_open(const char *out, const pt_sink_kind *kind, const pt_dataset_facts *facts,
                        pt_store **store, bool *complete, pt_dataset_facts *done, pt_error *err);

/** Adds rows to the open chunk; provenance holds one line for each, each with its line end. */
pt_status pt_store_add(pt_store *store, const pt_row *rows, size_t n_rows, const char *provenance,
                       size_t n_provenance, pt_error *err);

/** Adds a line of rejects.jsonl. */
pt_status pt_store_reject(pt_store *store, pt_status reason, const char *line, pt_error *err);

/** Completes the open chunk: one part file if it has rows, nothing otherwise. */
pt_status pt_store_end_chunk(pt_store *store, pt_error *err);

/**
 * Gives all parts their final names and writes rejects.jsonl, README.md and dataset.json from the
 * facts and what was added. facts gets the counts.
 */
pt_status pt_store_finish(pt_store *store, pt_dataset_facts *facts, pt_error *err);

/** Releases. Of a run that was not finished nothing is left, but for folders that were there. */
void pt_store_close(pt_store **store);

#endif /* PATINA_DATASET_STORE_H */
