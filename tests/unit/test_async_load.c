/* SPDX-License-Identifier: MIT */
/* test_async_load.c - a model opened in a thread */

#include "test.h"

#include "base/arena.h"
#include "pipeline/async_load.h"

TEST(async_load, synchronous_and_asynchronous) {
    const char *path = pt_test_golden_path("clap/mini");
    for (int at_once = 0; at_once < 2; at_once++) {
        pt_async_load async_load = {0};
        patina_clap *clap = NULL;
        pt_arena scratch;
        float embedding[PATINA_EMBEDDING_SIZE] = {0};

        pt_arena_init(&scratch);
        pt_async_load_start(&async_load, path, PATINA_ISA_C, PATINA_PRECISION_F32, at_once);
        CHECK(async_load.is_started == at_once);
        REQUIRE_OK(pt_async_load_wait(&async_load, &clap, &t->err));
        CHECK(!async_load.is_started && !async_load.clap); /* the result is the requested model */
        CHECK_OK(patina_clap_embed_text(clap, "a bell", 6, embedding, &scratch, &t->err));
        CHECK(embedding[0] != 0.0F);
        patina_clap_close(&clap);
        pt_arena_release(&scratch);
        pt_async_load_release(&async_load);
    }
}

TEST(async_load, unused_result_is_released) {
    pt_async_load async_load = {0};
    pt_async_load_start(&async_load, pt_test_golden_path("clap/mini"), PATINA_ISA_C,
                        PATINA_PRECISION_F32, true);
    CHECK(async_load.is_started);
    pt_async_load_release(&async_load); /* the sanitizer reports a leak */
    CHECK(!async_load.is_started && !async_load.clap);
}

TEST(async_load, errors) {
    for (int at_once = 0; at_once < 2; at_once++) {
        pt_async_load async_load = {0};
        patina_clap *clap = NULL;

        pt_async_load_start(&async_load, "absent", PATINA_ISA_C, PATINA_PRECISION_F32, at_once);
        CHECK_FAILS(pt_async_load_wait(&async_load, &clap, &t->err), PATINA_EIO);
        CHECK(strstr(t->err.message, "absent") && !clap);
        pt_async_load_release(&async_load);
    }
}
