/* SPDX-License-Identifier: MIT */
/* chunk_store.h - the output folder of a run, which many processes may write at the same time
 *
 *     OUT/.patina/plan.json    identifies the run
 *     OUT/.patina/00000007.journal    entries of a chunk that is being made (journal.h)
 *     OUT/.patina/00000007/    a complete chunk: rows-<split>.parquet, provenance-<split>.jsonl,
 *                              rejects.jsonl, and chunk.json, which lists them with their hashes
 *     OUT/data, OUT/provenance, OUT/rejects.jsonl, README.md, dataset.json    the finished set
 *
 * Entries of an open chunk go to its journal, which outlives the process. When the chunk ends, its
 * files are written from the journal to a temporary folder, every file is flushed to disk, and the
 * folder gets its number by one rename: a chunk is complete or absent. The number of parts is known
 * only when every chunk is complete, so parts get their final names at the end (finish.c).
 * dataset.json is written last; a folder that has one is finished.
 */

#ifndef PATINA_DATASET_CHUNK_STORE_H
#define PATINA_DATASET_CHUNK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/strbuf.h"
#include "dataset/partial_rows.h"
#include "dataset/row_writer.h"
#include "dataset/run_metadata.h"

typedef struct pt_chunk_store pt_chunk_store;

/** Zeroed members are defaults. */
typedef struct pt_chunk_store_options {
    const char *resume_from; /* earlier output of the same run; only read. Borrowed until the store
                                is closed */
    bool retry_rejects;      /* make chunks again whose rejects another attempt can change, each
                                once until the set is finished; a finished set is reopened first */
    bool exclusive; /* no other process works on the folder: a finished set may be reopened, damaged
                       chunks are made again, and a run that produces nothing removes its plan */
    void (*on_note)(void *context, const char *sentence); /* notes for the user; may be NULL */
    void *context;
} pt_chunk_store_options;

/**
 * Opens a folder for the run that run_meta describes, creating it and its parents where needed.
 * Several processes may do so at the same time: the first writes the plan, the others compare.
 *
 * run_meta  borrowed until the store is closed; its counts are ignored
 * options   NULL for the defaults
 * complete  out: the folder contains this run, finished; *store is then NULL
 * counts    out when complete; otherwise unchanged
 *
 * Errors    PATINA_EUSAGE   the folder contains something else (the difference is named), or a
 *                           finished set that may not be reopened
 *           PATINA_EFORMAT  its content is damaged
 *           PATINA_EIO      it cannot be created or written
 */
patina_status pt_chunk_store_open(const char *out, const pt_row_writer_backend *kind,
                                  const pt_run_metadata *run_meta,
                                  const pt_chunk_store_options *options, pt_chunk_store **store,
                                  bool *complete, pt_run_counts *counts, patina_error *err);

/** Whether a chunk is complete, made by any process, and need not be made again. */
bool pt_chunk_store_has_chunk(const pt_chunk_store *store, uint64_t chunk);

/**
 * Finds the entries of a chunk that its journal has, up to n_max. The journal stays open until the
 * chunk is begun. Call it once for a chunk.
 *
 * Errors    PATINA_EIO  the journal cannot be read
 */
patina_status pt_chunk_store_find_kept(pt_chunk_store *store, uint64_t chunk, uint64_t n_max,
                                       uint64_t *n_entries, patina_error *err);

/**
 * Opens a chunk; no other one is open. If another process completes the same chunk first, the rows
 * written here are dropped silently: they would be the same.
 *
 * n_kept    entries of the journal to keep, at most those of pt_chunk_store_find_kept
 *
 * Errors    PATINA_EUSAGE      the folder contains another run now
 *           PATINA_ETEMPORARY  the journal has changed
 *           PATINA_EIO
 */
patina_status pt_chunk_store_begin_chunk(pt_chunk_store *store, uint64_t chunk, uint64_t n_kept,
                                         patina_error *err);

/**
 * Adds rows of the current entry to a split of the open chunk. provenance has one line with its end
 * for each.
 *
 * Errors    PATINA_ERANGE  a row that pt_row_check refuses
 *           PATINA_EIO, PATINA_ENOMEM
 */
patina_status pt_chunk_store_add_rows(pt_chunk_store *store, size_t split, const pt_row *rows,
                                      size_t n_rows, const char *provenance, size_t n_provenance,
                                      patina_error *err);

/** Adds a line of rejects.jsonl, with its end, of the current entry to the open chunk. */
patina_status pt_chunk_store_add_reject(pt_chunk_store *store, patina_status reason,
                                        const char *line, patina_error *err);

/** Ends the current entry of the open chunk: it is not lost if the process ends. */
patina_status pt_chunk_store_end_entry(pt_chunk_store *store, patina_error *err);

/**
 * Reads the rows of an entry that an earlier process began, here or in the folder to resume from;
 * none if there were none when the store was opened. Any thread may call this function and the
 * next.
 *
 * partial  out, for the other functions
 * rows     to be freed; NULL for none
 * text     empty; receives the lines of provenance
 *
 * Errors   PATINA_ENOMEM
 */
patina_status pt_chunk_store_read_partial(const pt_chunk_store *store, uint64_t entry,
                                          pt_partial_rows *partial, pt_row **rows, size_t *n_rows,
                                          pt_strbuf *text, patina_error *err);

/** Keeps the rows that an entry has so far. Errors  those of pt_partial_rows_append */
patina_status pt_chunk_store_append_partial(const pt_chunk_store *store, uint64_t entry,
                                            pt_partial_rows *partial, const pt_row *rows,
                                            size_t n_rows, const char *text, size_t n_text,
                                            patina_error *err);

/** Removes the kept rows of an entry that was ended. Errors  PATINA_EIO  flushing the journal */
patina_status pt_chunk_store_remove_partial(pt_chunk_store *store, pt_partial_rows *partial,
                                            patina_error *err);

/** Completes the open chunk of n_entries entries. Afterwards it survives any crash. */
patina_status pt_chunk_store_commit_chunk(pt_chunk_store *store, uint64_t n_entries,
                                          patina_error *err);

/**
 * Records that a chunk is left because of a fault of the machine, in OUT/.patina/00000007.fault,
 * which is removed when the chunk is complete. *repeated is set to whether an earlier run recorded
 * one.
 */
patina_status pt_chunk_store_record_fault(pt_chunk_store *store, uint64_t chunk,
                                          const char *sentence, bool *repeated, patina_error *err);

/** Closes the open chunk, if there is one; its journal stays. */
void pt_chunk_store_discard_chunk(pt_chunk_store *store);

/** Finishes the set, as patina_dataset_finish (patina/dataset.h). counts: out, of the set. */
patina_status pt_chunk_store_finish(pt_chunk_store *store, pt_run_counts *counts,
                                    patina_error *err);

/**
 * Releases. Complete chunks and the journal of the open one stay. An exclusive store without any
 * chunk or entry restores the folder as it was before.
 */
void pt_chunk_store_close(pt_chunk_store **store);

#endif /* PATINA_DATASET_CHUNK_STORE_H */
