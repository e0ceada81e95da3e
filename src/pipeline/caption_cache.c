/* SPDX-License-Identifier: MIT */
/* caption_cache.c - a direct-mapped table under one lock
 *
 * A caption is known by 128 bits of its SHA-256: that two different ones agree in them will not be
 * seen. The lock is held for copying 2 kB, a thousandth of what encoding takes.
 */

#include "pipeline/caption_cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

typedef struct slot {
    uint64_t low, high; /* of the caption's hash; both 0: free */
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
    const slot *p = find_slot(cache, caption, n_bytes, &low, &high);

    pthread_mutex_lock(&cache->lock);
    const bool found = p->low == low && p->high == high;
    if (found) memcpy(embedding, p->embedding, sizeof p->embedding);
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void pt_caption_cache_put(pt_caption_cache *cache, const char *caption, size_t n_bytes,
                          const float embedding[PATINA_EMBEDDING_SIZE]) {
    uint64_t low, high;
    slot *p = find_slot(cache, caption, n_bytes, &low, &high);

    pthread_mutex_lock(&cache->lock);
    p->low = low;
    p->high = high;
    memcpy(p->embedding, embedding, sizeof p->embedding);
    pthread_mutex_unlock(&cache->lock);
}
