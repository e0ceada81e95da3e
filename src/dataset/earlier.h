/* SPDX-License-Identifier: MIT */
/* earlier.h - chunks out of earlier output: a finished set opened up again, another folder's copied
 */

#ifndef PATINA_DATASET_EARLIER_H
#define PATINA_DATASET_EARLIER_H

#include <stddef.h>

#include <patina/status.h>

#include "dataset/ledger.h"

/** Who is told what is worth knowing and no error. */
typedef struct pt_listener {
    void (*note)(void *context, const char *sentence); /* may be NULL */
    void *context;
} pt_listener;

/**
 * Turns a finished set into an unfinished one whose chunks are all there. Its parts keep their
 * final names; pt_arrange_back takes them to the chunks. Where another process does the same, this
 * waits for nobody and succeeds: look at the folder again afterwards.
 *
 * ledger  of the set's dataset.json
 */
pt_status pt_set_reopen(const char *out, const pt_ledger *ledger, pt_error *err);

/**
 * Copies the chunks that a folder holds and OUT lacks, each checked against its hashes. The folder
 * is only read. A damaged chunk is told to the listener and left out.
 *
 * from   of a run of the same facts, finished or not
 * there  [facts->n_chunks], 1 for chunks that OUT has; gets those that were copied
 *
 * Errors  PT_EUSAGE  from holds no such run
 *         PT_EIO
 */
pt_status pt_chunks_copy(const char *from, const char *out, const pt_dataset_facts *facts,
                         unsigned char *there, const pt_listener *listener, pt_error *err);

#endif /* PATINA_DATASET_EARLIER_H */
