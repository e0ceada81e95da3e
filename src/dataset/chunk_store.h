/* SPDX-License-Identifier: MIT */
/* chunk_store.h - the output folder of a run, to which many processes may write at once
 *
 *     OUT/.patina/plan.json    whose run this is
 *     OUT/.patina/00000007/    a finished chunk: rows-<split>.parquet, provenance-<split>.jsonl,
 *                              rejects.jsonl, and chunk.json, which tells of them
 *     OUT/data, OUT/provenance, OUT/rejects.jsonl, README.md, dataset.json    when all is done
 *
 * A chunk grows in a folder of its writer's own, every file flushed to the disk, and appears under
 * its number by one rename: complete, or not there at all. How many parts there are is known only
 * when every chunk is there, so they get their final names then (finish.c); dataset.json comes
 * last, and a folder that has one is complete.
 */

#ifndef PATINA_DATASET_CHUNK_STORE_H
#define PATINA_DATASET_CHUNK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "dataset/dataset_card.h"
#include "dataset/row_writer.h"

typedef struct pt_chunk_store pt_chunk_store;

/** Zeroed members are defaults. */
typedef struct pt_chunk_store_options {
    const char *resume_from; /* earlier output of the same run, which is only read */
    bool retry_rejects;      /* chunks with rejects that another try can change are done anew, each
                                once until the set is finished; a finished set is opened up first */
    bool exclusive; /* no other process works on the folder now: a finished set may be opened up, and a
                   run that comes to nothing takes its plan away again, so that it is not in the way
                   of another. Both would disturb others who are at work. */
    void (*on_note)(void *context, const char *sentence); /* what is worth knowing and no error */
    void *context;
} pt_chunk_store_options;

/**
 * Opens a folder for the run that run_meta describe, making it and its parents where needed. Processes
 * may do so at once; the first to come writes the plan, and the others compare theirs with it.
 *
 * run_meta     borrowed until the store is closed; counts are not looked at
 * options   NULL for the defaults
 * complete  out: the folder holds this very run, finished; *store is then NULL
 * done      out when complete: the counts as recorded; else untouched
 *
 * Errors    PATINA_EUSAGE   the folder holds something else: names what differs, or a file; a finished
 *                       set that is to be opened up, and others may be at work
 *           PATINA_EFORMAT  what it holds is damaged
 *           PATINA_EIO      cannot be made or written
 */
patina_status pt_chunk_store_open(const char *out, const pt_row_writer_backend *kind,
                                  const pt_run_metadata *run_meta,
                                  const pt_chunk_store_options *options, pt_chunk_store **store,
                                  bool *complete, pt_run_metadata *done, patina_error *err);

/** Whether a chunk is finished, by whomever, and stays as it is. */
bool pt_chunk_store_has_chunk(const pt_chunk_store *store, uint64_t chunk);

/**
 * Opens a chunk; none is open. Where another process finishes the same one first, what is written
 * here is dropped in silence: it would be the same.
 *
 * Errors    PATINA_EUSAGE  the folder has come to hold another run
 *           PATINA_EIO
 */
patina_status pt_chunk_store_begin_chunk(pt_chunk_store *store, uint64_t chunk, patina_error *err);

/**
 * Adds rows to a split of the open chunk; provenance holds one line for each, each with its line
 * end.
 */
patina_status pt_chunk_store_add_rows(pt_chunk_store *store, size_t split, const pt_row *rows,
                                      size_t n_rows, const char *provenance, size_t n_provenance,
                                      patina_error *err);

/** Adds a line of rejects.jsonl, with its line end, to the open chunk. */
patina_status pt_chunk_store_add_reject(pt_chunk_store *store, patina_status reason,
                                        const char *line, patina_error *err);

/** Completes the open chunk, which has n_entries: from now on it is there, whatever happens. */
patina_status pt_chunk_store_commit_chunk(pt_chunk_store *store, uint64_t n_entries,
                                          patina_error *err);

/** Leaves nothing of the open chunk, if there is one. */
void pt_chunk_store_discard_chunk(pt_chunk_store *store);

/**
 * Finishes the set: patina_dataset_finish (patina/dataset.h) on its folder.
 *
 * done  gets the counts
 */
patina_status pt_chunk_store_finish(pt_chunk_store *store, pt_run_metadata *done,
                                    patina_error *err);

/**
 * Releases. The open chunk is dropped, finished ones stay; who was alone and has none leaves the
 * folder as it was found.
 */
void pt_chunk_store_close(pt_chunk_store **store);

#endif /* PATINA_DATASET_CHUNK_STORE_H */
