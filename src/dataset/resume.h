/* SPDX-License-Identifier: MIT */
/* resume.h - chunks out of earlier output: a finished set opened up again, another folder's copied
 */

#ifndef PATINA_DATASET_RESUME_H
#define PATINA_DATASET_RESUME_H

#include <stddef.h>

#include <patina/status.h>

#include "dataset/manifest.h"

/** Who is told what is worth knowing and no error. */
typedef struct pt_note_callback {
    void (*note)(void *context, const char *sentence); /* may be NULL */
    void *context;
} pt_note_callback;

/**
 * Turns a finished set into an unfinished one whose chunks are all there. Its parts keep their
 * final names; pt_part_layout_revert takes them to the chunks. Where another process does the same, this
 * waits for nobody and succeeds: look at the folder again afterwards.
 *
 * manifest  of the set's dataset.json
 */
patina_status pt_dataset_reopen(const char *out, const pt_manifest *manifest, patina_error *err);

/**
 * Copies the chunks that a folder holds and OUT lacks, each checked against its hashes. The folder
 * is only read. A damaged chunk is told to the note_callback and left out.
 *
 * from   of a run of the same run_meta, finished or not
 * present  [run_meta->n_chunks], 1 for chunks that OUT has; gets those that were copied
 *
 * Errors  PATINA_EUSAGE  from holds no such run
 *         PATINA_EIO
 */
patina_status pt_chunks_import(const char *from, const char *out, const pt_run_metadata *run_meta,
                               unsigned char *present, const pt_note_callback *note_callback,
                               patina_error *err);

#endif /* PATINA_DATASET_RESUME_H */
