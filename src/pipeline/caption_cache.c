/* SPDX-License-Identifier: MIT */
/* caption_cache.c - direct-mapped cache with one lock
 *
 * The key of a caption is the first 128 bits of its SHA-256; collisions are not expected. The lock
 * is held while 2 kB are copied, a thousandth of the time of the text tower.
 */

#include "pipeline/caption_cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

typedef struct slot {
    uint64_t low, high; /* the caption's hash; both 0: free */
    float embedding[PATINA_EMBEDDING_SIZE];
} slot;

struct pt_caption_cache {
    pthread_mutex_t lock;
    slot slots[PT_CAPTION_CACHE_SLOTS];
};

patina_status pt_caption_cache_open(pt_caption_cache **cache, patina_error *err) {
    pt_caption_cache *c = calloc(1, sizeof *c);
    if (!c) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pthread_mutex_init(&c->lock, NULL);
    *cache = c;
    return PATINA_OK;
}

void pt_caption_cache_close(pt_caption_cache **cache) {
    if (!*cache) return;
    pthread_mutex_destroy(&(*cache)->lock);
    free(*cache);
    *cache = NULL;
}

static slot *find_slot(pt_caption_cache *cache, const char *caption, size_t n_bytes, uint64_t *low,
                       uint64_t *high) {
    pt_sha256 hash;
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, caption, n_bytes);
    pt_sha256_finish_128(&hash, low, high);
    return &cache->slots[*low % PT_CAPTION_CACHE_SLOTS];
}

bool pt_caption_cache_find(pt_caption_cache *cache, const char *caption, size_t n_bytes,
                           float embedding[PATINA_EMBEDDING_SIZE]) {
    uint64_t low, high;
    const slot *entry = find_slot(cache, caption, n_bytes, &low, &high);

    pthread_mutex_lock(&cache->lock);
    const bool found = entry->low == low && entry->high == high;
    if (found) memcpy(embedding, entry->embedding, sizeof entry->embedding);
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void pt_caption_cache_put(pt_caption_cache *cache, const char *caption, size_t n_bytes,
                          const float embedding[PATINA_EMBEDDING_SIZE]) {
    uint64_t low, high;
    slot *entry = find_slot(cache, caption, n_bytes, &low, &high);

    pthread_mutex_lock(&cache->lock);
    entry->low = low;
    entry->high = high;
    memcpy(entry->embedding, embedding, sizeof entry->embedding);
    pthread_mutex_unlock(&cache->lock);
}
