/* SPDX-License-Identifier: MIT */
/* caption_batch.h - the captions of a few entries, embedded together
 *
 * The text tower is limited by memory bandwidth for one caption (340 MB of weights); several
 * captions share the traffic. Entries are read in batches. The worker that takes the first entry of
 * a batch embeds the captions of the whole batch. Other workers need not wait for it: a row gets
 * its text half when it is delivered, which is after the first entry of its batch.
 */

#ifndef PATINA_PIPELINE_CAPTION_BATCH_H
#define PATINA_PIPELINE_CAPTION_BATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <patina/clap.h>

#include "base/arena.h"
#include "pipeline/caption_cache.h"
#include "pipeline/device_encoder.h"

/** Captions that run through the tower together; in generate, entries of a batch. */
#define PT_CAPTION_BATCH_SIZE 8

/** Zero it to start. */
typedef struct pt_caption_batch {
    patina_clap_caption
        *captions; /* [n_captions]; texts are copies: an entry may be released before the batch */
    size_t n_captions, capacity;
    float *embeddings; /* [n_captions, PATINA_EMBEDDING_SIZE]; NULL before pt_caption_batch_embed */
    pt_ticket **tickets; /* [n_captions] of captions that devices compute, or NULL */
} pt_caption_batch;

/** Adds a copy of a caption. Errors  PATINA_ENOMEM */
patina_status pt_caption_batch_add(pt_caption_batch *batch, const char *caption, patina_error *err);

/**
 * Embeds all captions. Uses the embeddings in the cache and adds the others to it.
 *
 * stop    set to true by another thread to stop soon; may be NULL
 *
 * Errors  PATINA_ENOMEM, PATINA_EFORMAT (as patina_clap_embed_texts), PATINA_ECANCELLED
 */
patina_status pt_caption_batch_embed(pt_caption_batch *batch, const patina_clap *clap,
                                     pt_caption_cache *cache, const patina_atomic_bool *stop,
                                     pt_arena *scratch, patina_error *err);

/**
 * Leaves the captions that are not in the cache to devices; pt_caption_batch_wait gets the
 * embeddings.
 *
 * Errors  those of pt_device_encoder_submit_text
 */
patina_status pt_caption_batch_submit(pt_caption_batch *batch, pt_device_encoder *encoder,
                                      pt_caption_cache *cache, pt_arena *scratch,
                                      patina_error *err);

/** Waits for the devices and adds the embeddings to the cache. Does nothing where no caption was
 * left to devices. Errors  those of pt_ticket_wait */
patina_status pt_caption_batch_wait(pt_caption_batch *batch, pt_caption_cache *cache,
                                    patina_error *err);

void pt_caption_batch_release(pt_caption_batch *batch);

#endif /* PATINA_PIPELINE_CAPTION_BATCH_H */
