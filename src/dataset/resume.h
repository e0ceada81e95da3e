/* SPDX-License-Identifier: MIT */
/* resume.h - reopens a finished set, imports chunks of another output folder */

#ifndef PATINA_DATASET_RESUME_H
#define PATINA_DATASET_RESUME_H

#include <stddef.h>

#include <patina/status.h>

#include "dataset/manifest.h"

/** Receives notes for the user: one sentence each, no error. */
typedef struct pt_note_callback {
    void (*note)(void *context, const char *sentence); /* may be NULL */
    void *context;
} pt_note_callback;

/**
 * Turns a finished set into an unfinished one with all its chunks. The parts keep their final
 * names; pt_part_layout_revert moves them to the chunks. Succeeds also when another process does
 * the same at the same time: probe the folder again afterwards.
 *
 * manifest  of the set's dataset.json
 */
patina_status pt_dataset_reopen(const char *out, const pt_manifest *manifest, patina_error *err);

/**
 * Copies the chunks that `from` has and OUT lacks, each checked against its hashes. `from` is only
 * read. A damaged chunk is left out, with a note.
 *
 * from     output folder of a run with the same metadata, finished or not
 * present  [run_meta->n_chunks], 1 for chunks of OUT; set for those that were copied
 *
 * Errors   PATINA_EUSAGE  `from` contains no such run
 *          PATINA_EIO
 */
patina_status pt_chunks_import(const char *from, const char *out, const pt_run_metadata *run_meta,
                               unsigned char *present, const pt_note_callback *note_callback,
                               patina_error *err);

/**
 * Copies all chunks of a finished set into a work folder of another set, each checked against its
 * hashes.
 *
 * manifest  of the set in `from`; the hashes of its chunks' rejects are set
 * work      existing folder
 * first     number of the set's first chunk in the other set
 * run_meta  of the other set, which has the same splits
 *
 * Errors    PATINA_EFORMAT  a file of `from` is damaged
 *           PATINA_EIO, PATINA_ENOMEM
 */
patina_status pt_chunks_copy(const char *from, pt_manifest *manifest, const char *work,
                             uint64_t first, const pt_run_metadata *run_meta, patina_error *err);

#endif /* PATINA_DATASET_RESUME_H */
