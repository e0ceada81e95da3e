/* SPDX-License-Identifier: MIT */
/* test_caption_cache.c - the cache of caption embeddings, with one and several threads */

#include "test.h"

#include <pthread.h>

#include "pipeline/caption_cache.h"

static void value_of(unsigned i, float embedding[PATINA_EMBEDDING_SIZE]) {
    for (unsigned k = 0; k < PATINA_EMBEDDING_SIZE; k++)
        embedding[k] = (float)(i * 1000 + k);
}

TEST(caption_cache, hits_and_misses) {
    pt_caption_cache *cache = NULL;
    float kept[PATINA_EMBEDDING_SIZE], found[PATINA_EMBEDDING_SIZE] = {0};

    REQUIRE_OK(pt_caption_cache_open(&cache, &t->err));
    CHECK(!pt_caption_cache_find(cache, "a dog", 5, found));
    value_of(1, kept);
    pt_caption_cache_put(cache, "a dog", 5, kept);
    CHECK(pt_caption_cache_find(cache, "a dog", 5, found));
    CHECK(memcmp(kept, found, sizeof kept) == 0);
    CHECK(!pt_caption_cache_find(cache, "a dog ", 6, found));
    CHECK(!pt_caption_cache_find(cache, "", 0, found));
    pt_caption_cache_close(&cache);
    pt_caption_cache_close(&cache);
}

/* Four times as many captions as slots: a lookup returns the right value or none. */
TEST(caption_cache, replaced_captions_miss) {
    pt_caption_cache *cache = NULL;
    float value[PATINA_EMBEDDING_SIZE], found[PATINA_EMBEDDING_SIZE];
    unsigned n_found = 0, n_wrong = 0;
    char caption[32];

    REQUIRE_OK(pt_caption_cache_open(&cache, &t->err));
    for (unsigned i = 0; i < 4 * PT_CAPTION_CACHE_SLOTS; i++) {
        value_of(i, value);
        snprintf(caption, sizeof caption, "caption %u", i);
        pt_caption_cache_put(cache, caption, strlen(caption), value);
    }
    for (unsigned i = 0; i < 4 * PT_CAPTION_CACHE_SLOTS; i++) {
        value_of(i, value);
        snprintf(caption, sizeof caption, "caption %u", i);
        if (!pt_caption_cache_find(cache, caption, strlen(caption), found)) continue;
        n_found++;
        n_wrong += memcmp(value, found, sizeof value) != 0;
    }
    CHECK_INT(n_wrong, 0);
    CHECK(n_found > PT_CAPTION_CACHE_SLOTS / 2 && n_found <= PT_CAPTION_CACHE_SLOTS);
    pt_caption_cache_close(&cache);
}

typedef struct user {
    pt_caption_cache *cache;
    unsigned n_wrong, n_found;
} user;

static void *use(void *context) {
    user *u = context;
    float value[PATINA_EMBEDDING_SIZE], found[PATINA_EMBEDDING_SIZE];
    char caption[32];
    for (unsigned i = 0; i < 4000; i++) {
        value_of(i % 50, value);
        snprintf(caption, sizeof caption, "caption %u", i % 50);
        if (pt_caption_cache_find(u->cache, caption, strlen(caption), found)) {
            u->n_found++;
            u->n_wrong += memcmp(value, found, sizeof value) != 0;
        } else {
            pt_caption_cache_put(u->cache, caption, strlen(caption), value);
        }
    }
    return NULL;
}

TEST(caption_cache, concurrent_use) {
    pt_caption_cache *cache = NULL;
    pthread_t threads[4];
    user users[4];

    REQUIRE_OK(pt_caption_cache_open(&cache, &t->err));
    for (int i = 0; i < 4; i++) {
        users[i] = (user){.cache = cache};
        REQUIRE(pthread_create(&threads[i], NULL, use, &users[i]) == 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(users[i].n_wrong, 0);
        CHECK(users[i].n_found >= 3800); /* the first round may be cached */
    }
    pt_caption_cache_close(&cache);
}
