/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "pipeline/opener.h"

static void check_works(pt_test *t, pt_opener *opener, const char *path) {
    pt_clap *clap = NULL;
    pt_arena scratch;
    float embedding[PT_EMBEDDING] = {0};

    pt_arena_init(&scratch);
    REQUIRE_OK(pt_opener_take(opener, path, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err));
    CHECK_OK(pt_clap_embed_text(clap, "a bell", 6, embedding, &scratch, &t->err));
    CHECK(embedding[0] != 0.0F);
    pt_clap_close(&clap);
    pt_arena_release(&scratch);
    pt_opener_release(opener);
}

TEST(opener, begun_before_or_not) {
    const char *path = pt_test_golden("clap/mini");
    pt_opener opener = {0};

    check_works(t, &opener, path);
    pt_opener_start(&opener, path, PT_ISA_C, PT_PRECISION_F32);
    CHECK(opener.is_started);
    check_works(t, &opener, "absent"); /* the one that was begun is taken */
    pt_opener_start(&opener, path, PT_ISA_C, PT_PRECISION_F32);
    pt_opener_release(&opener); /* not taken: nothing is left, or the sanitizer tells */
    CHECK(!opener.is_started && !opener.clap);
}

TEST(opener, errors) {
    pt_opener opener = {0};
    pt_clap *clap = NULL;

    pt_opener_start(&opener, "absent", PT_ISA_C, PT_PRECISION_F32);
    CHECK_FAILS(pt_opener_take(&opener, "absent", PT_ISA_C, PT_PRECISION_F32, &clap, &t->err),
                PT_EIO);
    CHECK(strstr(t->err.message, "absent") && !clap);
    pt_opener_release(&opener);
}
