/* SPDX-License-Identifier: MIT */
/* test_caption_batch.c - captions embedded in batches */

#include "test.h"

#include "base/arena.h"
#include "pipeline/caption_batch.h"

/* Repeated captions, several batches, and one caption whose cached embedding differs: each result
 * equals that of the caption alone, and the cached one that of the cache. */
TEST(caption_batch, equals_single_captions) {
    enum { N = 70 };
    pt_caption_batch batch = {0};
    pt_caption_cache *cache = NULL;
    patina_clap *clap = NULL;
    pt_arena scratch;
    float alone[PATINA_EMBEDDING_SIZE], held[PATINA_EMBEDDING_SIZE];
    char text[32];

    pt_arena_init(&scratch);
    REQUIRE_OK(pt_caption_cache_open(&cache, &t->err));
    REQUIRE_OK(patina_clap_open(pt_test_golden_path("clap/mini"), PATINA_CLAP_TEXT, PATINA_ISA_C,
                                PATINA_PRECISION_F32, &clap, &t->err));
    for (size_t k = 0; k < PATINA_EMBEDDING_SIZE; k++)
        held[k] = (float)k;
    pt_caption_cache_put(cache, "caption 7", 9, held);

    for (size_t i = 0; i < N; i++) {
        snprintf(text, sizeof text, "caption %zu", i % 40);
        REQUIRE_OK(pt_caption_batch_add(&batch, text, &t->err));
    }
    REQUIRE_OK(pt_caption_batch_embed(&batch, clap, cache, NULL, &scratch, &t->err));
    for (size_t i = 0; i < N; i++) {
        snprintf(text, sizeof text, "caption %zu", i % 40);
        CHECK_OK(patina_clap_embed_text(clap, text, strlen(text), alone, &scratch, &t->err));
        CHECK(memcmp(batch.embeddings + i * PATINA_EMBEDDING_SIZE, i % 40 == 7 ? held : alone,
                     sizeof alone) == 0);
    }
    CHECK(pt_caption_cache_find(cache, "caption 39", 10, held));
    CHECK(memcmp(held, batch.embeddings + 39 * PATINA_EMBEDDING_SIZE, sizeof held) == 0);
    pt_caption_batch_release(&batch);

    /* no captions, and a stop */
    atomic_bool stop = true;
    CHECK_OK(pt_caption_batch_embed(&batch, clap, cache, &stop, &scratch, &t->err));
    REQUIRE_OK(pt_caption_batch_add(&batch, "another", &t->err));
    CHECK_FAILS(pt_caption_batch_embed(&batch, clap, cache, &stop, &scratch, &t->err),
                PATINA_ECANCELLED);
    pt_caption_batch_release(&batch);
    pt_caption_cache_close(&cache);
    patina_clap_close(&clap);
    pt_arena_release(&scratch);
}
