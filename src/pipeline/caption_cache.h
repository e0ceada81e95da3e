/* SPDX-License-Identifier: MIT */
/* caption_cache.h - cache of caption embeddings
 *
 * Corpora made of labels have the same caption for thousands of clips, and the text tower takes a
 * third of the time of the audio tower. All workers share the cache of PT_CAPTION_CACHE_SLOTS
 * embeddings (8 MB). A caption replaces another one in the same slot. Embeddings are stored
 * unchanged, so rows do not depend on the content of the cache.
 */

#ifndef PATINA_PIPELINE_CAPTION_CACHE_H
#define PATINA_PIPELINE_CAPTION_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/clap.h>
#include <patina/status.h>

#define PT_CAPTION_CACHE_SLOTS 4096

typedef struct pt_caption_cache pt_caption_cache;

patina_status pt_caption_cache_open(pt_caption_cache **cache, patina_error *err);
void pt_caption_cache_close(pt_caption_cache **cache);

/** Copies the embedding of a caption; false if it is not cached. Thread-safe. */
bool pt_caption_cache_find(pt_caption_cache *cache, const char *caption, size_t n_bytes,
                           float embedding[PATINA_EMBEDDING_SIZE]);

/** Stores an embedding. Thread-safe. */
void pt_caption_cache_put(pt_caption_cache *cache, const char *caption, size_t n_bytes,
                          const float embedding[PATINA_EMBEDDING_SIZE]);

#endif /* PATINA_PIPELINE_CAPTION_CACHE_H */
