/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "pipeline/opener.h"

TEST(opener, at_once_or_when_taken) {
    const char *path = pt_test_golden("clap/mini");
    for (int at_once = 0; at_once < 2; at_once++) {
        pt_opener opener = {0};
        pt_clap *clap = NULL;
        pt_arena scratch;
        float embedding[PT_EMBEDDING] = {0};

        pt_arena_init(&scratch);
        pt_opener_start(&opener, path, PT_ISA_C, PT_PRECISION_F32, at_once);
        CHECK(opener.is_started == at_once);
        REQUIRE_OK(pt_opener_take(&opener, &clap, &t->err));
        CHECK(!opener.is_started && !opener.clap); /* what was begun is what is taken */
        CHECK_OK(pt_clap_embed_text(clap, "a bell", 6, embedding, &scratch, &t->err));
        CHECK(embedding[0] != 0.0F);
        pt_clap_close(&clap);
        pt_arena_release(&scratch);
        pt_opener_release(&opener);
    }
}

TEST(opener, begun_and_not_taken) {
    pt_opener opener = {0};
    pt_opener_start(&opener, pt_test_golden("clap/mini"), PT_ISA_C, PT_PRECISION_F32, true);
    CHECK(opener.is_started);
    pt_opener_release(&opener); /* nothing is left, or the sanitizer tells */
    CHECK(!opener.is_started && !opener.clap);
}

TEST(opener, errors) {
    for (int at_once = 0; at_once < 2; at_once++) {
        pt_opener opener = {0};
        pt_clap *clap = NULL;

        pt_opener_start(&opener, "absent", PT_ISA_C, PT_PRECISION_F32, at_once);
        CHECK_FAILS(pt_opener_take(&opener, &clap, &t->err), PT_EIO);
        CHECK(strstr(t->err.message, "absent") && !clap);
        pt_opener_release(&opener);
    }
}
