/* SPDX-License-Identifier: MIT */
/* caption_cache.h - embeddings of captions met before
 *
 * Label-like corpora say the same words of thousands of clips, and the text tower costs a third of
 * the audio tower. The cache is shared by all workers and holds PT_CAPTION_CACHE_SLOTS embeddings (8
 * MB); a caption that falls on another's place replaces it. What comes out is what went in, so rows
 * do not depend on what was cached.
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

/** Whether the caption's embedding is there; if so it is copied out. Any thread. */
bool pt_caption_cache_find(pt_caption_cache *cache, const char *caption, size_t n_bytes,
                           float embedding[PATINA_EMBEDDING_SIZE]);

/** Keeps an embedding until another caption takes its place. Any thread. */
void pt_caption_cache_put(pt_caption_cache *cache, const char *caption, size_t n_bytes,
                          const float embedding[PATINA_EMBEDDING_SIZE]);

#endif /* PATINA_PIPELINE_CAPTION_CACHE_H */
