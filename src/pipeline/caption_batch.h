/* SPDX-License-Identifier: MIT */
/* caption_batch.h - the captions of a few entries, embedded together
 *
 * One caption alone leaves the processor waiting for the weights of the text tower (340 MB); a few
 * together share that. So the entries are read a batch at a time, and whichever worker takes the
 * first of a batch embeds the captions of all. The others need not wait: a row gets its text half
 * when it is delivered, which is after the first entry of its batch was.
 */

#ifndef PATINA_PIPELINE_CAPTION_BATCH_H
#define PATINA_PIPELINE_CAPTION_BATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <patina/clap.h>

#include "base/arena.h"
#include "pipeline/caption_cache.h"

/** Captions that go through the tower together, in a run those of so many entries. */
#define PT_CAPTION_BATCH_SIZE 8

/** Zero it to start. */
typedef struct pt_caption_batch {
    patina_clap_caption *captions; /* [n_captions], with texts of its own: an entry may go first */
    size_t n_captions, capacity;
    float *embeddings; /* [n_captions, PATINA_EMBEDDING_SIZE], once they are made */
} pt_caption_batch;

/** Adds a copy of a caption. Errors  PATINA_ENOMEM */
patina_status pt_caption_batch_add(pt_caption_batch *batch, const char *caption, patina_error *err);

/**
 * Embeds all of them; those that the cache holds are taken from there, and the others left in it.
 *
 * stop    ends it soon; may be NULL
 *
 * Errors  PATINA_ENOMEM, PATINA_EFORMAT (as patina_clap_embed_texts), PATINA_ECANCELLED
 */
patina_status pt_caption_batch_embed(pt_caption_batch *batch, const patina_clap *clap,
                                     pt_caption_cache *cache, const patina_atomic_bool *stop,
                                     pt_arena *scratch, patina_error *err);

void pt_caption_batch_release(pt_caption_batch *batch);

#endif /* PATINA_PIPELINE_CAPTION_BATCH_H */
