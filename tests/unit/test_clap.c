/* SPDX-License-Identifier: MIT */
/* test_clap.c - captions and audio to embeddings, through the public interface */

#include <patina/clap.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clap_golden.h"
#include "model_mutation.h"
#include "test.h"

#include "base/arena.h"

/* The specification's limits. Weights of 16 bits are compared with the results of 32. */
static const struct limit {
    const char *name;
    pt_dtype dtype;
    double largest, cosine; /* of a component; 1 - cos */
} limits[] = {
    {"f32", PT_DTYPE_F32, 1e-5, 1e-9},
    {"f16", PT_DTYPE_F16, 2e-3, 2e-5},
    {"bf16", PT_DTYPE_BF16, 1e-2, 1e-3},
};

/* Tolerances of the arithmetic, by precision. */
static const struct limit arithmetic[] = {
    [PATINA_PRECISION_F32] = {"f32", PT_DTYPE_F32, 1e-5, 1e-9},
    [PATINA_PRECISION_BF16] = {"bf16 arithmetic", PT_DTYPE_F32, 1.5e-2, 1.5e-3},
};

/* The kernel sets that a model can be opened with here: bfloat16 is not available for all. */
static bool can_open(int isa, int precision) {
    return precision == PATINA_PRECISION_F32 || isa == PATINA_ISA_C ||
           (isa == PATINA_ISA_AVX512 && patina_isa_has_bf16());
}

static void check_embedding(pt_test *t, const char *model, const json_t *item, const char *member,
                            const float *embedding, const struct limit *limit) {
    pt_npy expected = {0};
    if (pt_golden_read_array(t, model, item, member, &expected)) {
        pt_check_allclose(t, pt_golden_get_string(item, "name"), embedding, expected.values,
                          PATINA_EMBEDDING_SIZE, limit->largest);
        CHECK(pt_cosine_distance(embedding, expected.values, PATINA_EMBEDDING_SIZE) <=
              limit->cosine);
    }
    pt_npy_release(&expected);
}

static void check_clips(pt_test *t, const patina_clap *clap, const char *model, const char *member,
                        const struct limit *limit) {
    pt_arena scratch;
    json_t *index = pt_golden_open_index(t, model);
    pt_arena_init(&scratch);
    PT_GOLDEN_FOREACH(i, item, index, "audio") {
        const size_t offset = pt_golden_get_size(item, "crop_offset");
        size_t n = pt_golden_get_size(item, "samples") - offset;
        float embedding[PATINA_EMBEDDING_SIZE] = {0};
        pt_npy samples = {0};
        if (json_is_array(json_object_get(item, "fusion_idx"))) continue; /* a longer clip */
        if (strcmp(pt_golden_get_string(item, "name"), "a7_edge") == 0) continue; /* likewise */
        if (n > 480000) n = 480000;
        if (pt_golden_read_array(t, model, item, "samples_file", &samples) &&
            CHECK_OK(patina_clap_embed_audio(clap, samples.values + offset, n, embedding, &scratch,
                                             &t->err)))
            check_embedding(t, model, item, member, embedding, limit);
        pt_npy_release(&samples);
    }
    json_decref(index);
    pt_arena_release(&scratch);
}

static void check_captions(pt_test *t, const patina_clap *clap, const char *model,
                           const struct limit *limit) {
    pt_arena scratch;
    json_t *index = pt_golden_open_index(t, model);
    pt_arena_init(&scratch);
    PT_GOLDEN_FOREACH(i, item, index, "text") {
        float embedding[PATINA_EMBEDDING_SIZE] = {0};
        size_t n;
        char *caption = pt_golden_decode_hex(t, pt_golden_get_string(item, "utf8_hex"), &n);
        if (caption &&
            CHECK_OK(patina_clap_embed_text(clap, caption, n, embedding, &scratch, &t->err)))
            check_embedding(t, model, item, "embedding", embedding, limit);
        free(caption);
    }
    json_decref(index);
    pt_arena_release(&scratch);
}

static void check_model(pt_test *t, const char *model) {
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        for (int p = PATINA_PRECISION_F32; p <= PATINA_PRECISION_BF16; p++) {
            patina_clap *clap = NULL;
            if (can_open(isa, p) &&
                CHECK_OK(patina_clap_open(model, PATINA_CLAP_BOTH, (patina_isa)isa,
                                          (patina_precision)p, &clap, &t->err))) {
                check_clips(t, clap, model, "embedding", &arithmetic[p]);
                check_captions(t, clap, model, &arithmetic[p]);
            }
            patina_clap_close(&clap);
        }
}

TEST(clap, mini) {
    check_model(t, pt_test_golden_path("clap/mini"));
}

TEST(clap, tiny) {
    const char *model = pt_test_shared_path("clap/tiny");
    if (!model) SKIP("no shared folder with clap/tiny");
    check_model(t, model);
}

/* A window is never longer than 10 s, so a fused model runs as "not longer". */
TEST(clap, fused) {
    const char *model = pt_test_golden_path("clap/tiny_fused");
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        for (int p = PATINA_PRECISION_F32; p <= PATINA_PRECISION_BF16; p++) {
            patina_clap *clap = NULL;
            if (can_open(isa, p) &&
                CHECK_OK(patina_clap_open(model, PATINA_CLAP_AUDIO, (patina_isa)isa,
                                          (patina_precision)p, &clap, &t->err)))
                check_clips(t, clap, model, "embedding_notlonger", &arithmetic[p]);
            patina_clap_close(&clap);
        }
}

/* bfloat16 without instructions for it is rejected and not replaced by plain C. */
TEST(clap, unsupported_precision) {
    const char *model = pt_test_golden_path("clap/mini");
    patina_clap *clap = NULL;
    if (patina_isa_detect() == PATINA_ISA_C) SKIP("plain C offers every precision");
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        if (!can_open(isa, PATINA_PRECISION_BF16)) {
            CHECK_FAILS(patina_clap_open(model, PATINA_CLAP_BOTH, (patina_isa)isa,
                                         PATINA_PRECISION_BF16, &clap, &t->err),
                        PATINA_EUSAGE);
            CHECK_CONTAINS(t->err.message, "bf16");
            CHECK(clap == NULL);
        }
}

/* A folder with links to the small files of mini and with another weight file. */
static const char *changed_folder(pt_test *t, const char *name, const pt_model_mutation *change,
                                  size_t n_kept) {
    static const char *const links[] = {"config.json", "preprocessor_config.json", "vocab.json",
                                        "merges.txt"};
    static char dir[512];
    char path[600], target[1200];
    pt_checkpoint *file = NULL;

    snprintf(dir, sizeof dir, "%s/%s", pt_test_tmpdir(), name);
    CHECK(mkdir(dir, 0700) == 0);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, links[i]);
        snprintf(target, sizeof target, "%s/%s", pt_test_golden_path("clap/mini"), links[i]);
        CHECK(symlink(target, path) == 0);
    }
    if (CHECK_OK(pt_checkpoint_open(pt_test_golden_path("clap/mini/model.safetensors"), &file,
                                    &t->err))) {
        snprintf(path, sizeof path, "%s/model.safetensors", dir);
        pt_model_write_mutated(path, file, change, n_kept);
    }
    pt_checkpoint_close(&file);
    return dir;
}

TEST(clap, weights_of_16_bits) {
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const char *dir = changed_folder(t, limits[i].name,
                                         &(pt_model_mutation){.dtype = limits[i].dtype}, SIZE_MAX);
        patina_clap *clap = NULL;
        if (CHECK_OK(patina_clap_open(dir, PATINA_CLAP_BOTH, patina_isa_detect(),
                                      PATINA_PRECISION_F32, &clap, &t->err))) {
            check_clips(t, clap, pt_test_golden_path("clap/mini"), "embedding", &limits[i]);
            check_captions(t, clap, pt_test_golden_path("clap/mini"), &limits[i]);
        }
        patina_clap_close(&clap);
    }
}

/* Weights are copied when a model is opened: a model file that is overwritten and truncated later
 * changes no embedding. With a mapped file the process would end by SIGBUS. */
TEST(clap, file_changes_after_opening) {
    static const char caption[] = "a dog barks at the rain";
    const char *dir = changed_folder(t, "overwritten", &(pt_model_mutation){0}, SIZE_MAX);
    char path[600];
    float before[2][PATINA_EMBEDDING_SIZE], after[2][PATINA_EMBEDDING_SIZE];
    float x[4800];
    struct stat info;
    pt_arena scratch;
    patina_clap *clap = NULL;

    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = 0.25F * sinf(0.1F * (float)i);
    pt_arena_init(&scratch);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    REQUIRE(stat(path, &info) == 0);
    REQUIRE_OK(patina_clap_open(dir, PATINA_CLAP_BOTH, PATINA_ISA_AUTO, PATINA_PRECISION_F32, &clap,
                                &t->err));
    CHECK_OK(
        patina_clap_embed_text(clap, caption, sizeof caption - 1, before[0], &scratch, &t->err));
    CHECK_OK(patina_clap_embed_audio(clap, x, sizeof x / sizeof *x, before[1], &scratch, &t->err));

    FILE *file = fopen(path, "r+b");
    REQUIRE(file != NULL);
    for (off_t n = 0; n < info.st_size; n++)
        fputc(0x41, file);
    CHECK(fclose(file) == 0);
    for (int cut = 0; cut < 2; cut++) {
        CHECK_OK(
            patina_clap_embed_text(clap, caption, sizeof caption - 1, after[0], &scratch, &t->err));
        CHECK_OK(
            patina_clap_embed_audio(clap, x, sizeof x / sizeof *x, after[1], &scratch, &t->err));
        CHECK(memcmp(before, after, sizeof before) == 0);
        REQUIRE(truncate(path, 100) == 0);
    }
    patina_clap_close(&clap);
    pt_arena_release(&scratch);
}

TEST(clap, broken_models) {
    static const char table[] = "audio_model.audio_encoder.layers.2.blocks.1.attention.self."
                                "relative_position_bias_table";
    static const char bias[] = "text_projection.linear2.bias";
    const pt_model_mutation good = {0}, reshaped_tensor = {.reshaped_tensor = table},
                            infinite_tensor = {.infinite_tensor = bias};
    pt_arena scratch;
    float embedding[PATINA_EMBEDDING_SIZE];
    patina_clap *clap = NULL;

    const char *dir = changed_folder(t, "cut", &good, 3000000);
    CHECK_FAILS(
        patina_clap_open(dir, PATINA_CLAP_BOTH, PATINA_ISA_C, PATINA_PRECISION_F32, &clap, &t->err),
        PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "model.safetensors");
    dir = changed_folder(t, "reshaped_tensor", &reshaped_tensor, SIZE_MAX);
    CHECK_FAILS(
        patina_clap_open(dir, PATINA_CLAP_BOTH, PATINA_ISA_C, PATINA_PRECISION_F32, &clap, &t->err),
        PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, table);
    CHECK_CONTAINS(t->err.message, "model.safetensors");
    CHECK_FAILS(patina_clap_open("/nonexistent", PATINA_CLAP_BOTH, PATINA_ISA_C,
                                 PATINA_PRECISION_F32, &clap, &t->err),
                PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "model '/nonexistent': no such folder or file");
    CHECK(clap == NULL);

    /* Weights with NaN give no row. */
    pt_arena_init(&scratch);
    dir = changed_folder(t, "infinite_tensor", &infinite_tensor, SIZE_MAX);
    if (CHECK_OK(patina_clap_open(dir, PATINA_CLAP_TEXT, PATINA_ISA_C, PATINA_PRECISION_F32, &clap,
                                  &t->err)))
        CHECK_FAILS(patina_clap_embed_text(clap, "a", 1, embedding, &scratch, &t->err),
                    PATINA_EFORMAT);
    patina_clap_close(&clap);
    pt_arena_release(&scratch);
}

/* Captions of all lengths, in more than one batch of the tower: bit-identical to those of each
 * caption alone. */
TEST(clap, captions_together) {
    enum { N = 40, LONGEST = 60 };
    static char text[N][2 * LONGEST];
    static float together[N * PATINA_EMBEDDING_SIZE], alone[PATINA_EMBEDDING_SIZE];
    patina_clap_caption captions[N];
    pt_arena scratch;

    pt_arena_init(&scratch);
    for (size_t i = 0; i < N; i++) {
        const size_t n_words = i * 37 % (LONGEST + 1); /* none, too */
        for (size_t k = 0; k < n_words; k++)
            memcpy(text[i] + 2 * k, k % 3 == i % 3 ? " a" : " b", 2);
        captions[i] = (patina_clap_caption){text[i], 2 * n_words};
    }
    for (int p = PATINA_PRECISION_F32; p <= PATINA_PRECISION_BF16; p++) {
        const patina_isa isa =
            can_open(patina_isa_detect(), p) ? patina_isa_detect() : PATINA_ISA_C;
        patina_clap *clap = NULL;
        REQUIRE_OK(patina_clap_open(pt_test_golden_path("clap/mini"), PATINA_CLAP_TEXT, isa,
                                    (patina_precision)p, &clap, &t->err));
        CHECK_OK(patina_clap_embed_texts(clap, captions, N, together, &scratch, &t->err));
        CHECK_OK(patina_clap_embed_texts(clap, captions, 0, NULL, &scratch, &t->err));
        for (size_t i = 0; i < N; i++) {
            CHECK_OK(patina_clap_embed_text(clap, captions[i].text, captions[i].n_bytes, alone,
                                            &scratch, &t->err));
            CHECK(memcmp(alone, together + i * PATINA_EMBEDDING_SIZE, sizeof alone) == 0);
        }
        patina_clap_close(&clap);
    }
    pt_arena_release(&scratch);
}

/* Opening one tower reads only its files, and only that tower can be used. */
TEST(clap, text_or_audio_tower_only) {
    const char *fused = pt_test_golden_path("clap/tiny_fused"); /* has no vocabulary */
    const float x = 0.5f;
    float embedding[PATINA_EMBEDDING_SIZE];
    patina_clap *clap = NULL;
    pt_arena scratch;

    pt_arena_init(&scratch);
    CHECK_FAILS(patina_clap_open(fused, PATINA_CLAP_BOTH, PATINA_ISA_C, PATINA_PRECISION_F32, &clap,
                                 &t->err),
                PATINA_EIO);
    if (CHECK_OK(patina_clap_open(fused, PATINA_CLAP_AUDIO, PATINA_ISA_C, PATINA_PRECISION_F32,
                                  &clap, &t->err)))
        CHECK_FAILS(patina_clap_embed_text(clap, "a", 1, embedding, &scratch, &t->err),
                    PATINA_EUSAGE);
    patina_clap_close(&clap);

    char path[600];
    const char *dir = changed_folder(t, "text", &(pt_model_mutation){0}, SIZE_MAX);
    snprintf(path, sizeof path, "%s/preprocessor_config.json", dir);
    CHECK(unlink(path) == 0);
    CHECK_FAILS(
        patina_clap_open(dir, PATINA_CLAP_BOTH, PATINA_ISA_C, PATINA_PRECISION_F32, &clap, &t->err),
        PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "preprocessor_config.json");
    if (CHECK_OK(patina_clap_open(dir, PATINA_CLAP_TEXT, PATINA_ISA_C, PATINA_PRECISION_F32, &clap,
                                  &t->err))) {
        CHECK_OK(patina_clap_embed_text(clap, "a", 1, embedding, &scratch, &t->err));
        CHECK_FAILS(patina_clap_embed_audio(clap, &x, 1, embedding, &scratch, &t->err),
                    PATINA_EUSAGE);
    }
    patina_clap_close(&clap);
    pt_arena_release(&scratch);
}

TEST(clap, lengths) {
    float *x = calloc(480001, sizeof *x);
    float one[PATINA_EMBEDDING_SIZE], repeated[PATINA_EMBEDDING_SIZE];
    patina_clap *clap = NULL;
    pt_arena scratch;

    if (!x) abort();
    pt_arena_init(&scratch);
    REQUIRE_OK(patina_clap_open(pt_test_golden_path("clap/mini"), PATINA_CLAP_AUDIO, PATINA_ISA_C,
                                PATINA_PRECISION_F32, &clap, &t->err));
    CHECK_FAILS(patina_clap_embed_audio(clap, x, 0, one, &scratch, &t->err), PATINA_ERANGE);
    CHECK_FAILS(patina_clap_embed_audio(clap, x, 480001, one, &scratch, &t->err), PATINA_ERANGE);

    /* One sample is repeated to 10 s. */
    for (size_t i = 0; i < 480000; i++)
        x[i] = 0.25f;
    CHECK_OK(patina_clap_embed_audio(clap, x, 1, one, &scratch, &t->err));
    CHECK_OK(patina_clap_embed_audio(clap, x, 480000, repeated, &scratch, &t->err));
    CHECK(memcmp(one, repeated, sizeof one) == 0);
    double power = 0.0;
    for (size_t i = 0; i < PATINA_EMBEDDING_SIZE; i++)
        power += (double)one[i] * (double)one[i];
    CHECK_NEAR(power, 1.0, 1e-6); /* 512 roundings of 2^-24 each at worst, squared: 1e-7 and less */

    patina_clap_close(&clap);
    pt_arena_release(&scratch);
    free(x);
}

/* Earlier allocations remain, those of the call are released, and a second call allocates no more.
 * */
TEST(clap, scratch_is_released) {
    const float x[] = {0.5f, -0.5f, 0.25f};
    float embedding[PATINA_EMBEDDING_SIZE];
    patina_clap *clap = NULL;
    pt_arena scratch;

    pt_arena_init(&scratch);
    REQUIRE_OK(patina_clap_open(pt_test_golden_path("clap/mini"), PATINA_CLAP_BOTH, PATINA_ISA_C,
                                PATINA_PRECISION_F32, &clap, &t->err));
    for (int with_more = 0; with_more < 2; with_more++) {
        unsigned char *before = with_more ? pt_arena_alloc(&scratch, 64) : NULL;
        if (before) memset(before, 7, 64);
        const pt_arena_marker mark = pt_arena_mark(&scratch);
        CHECK_OK(patina_clap_embed_audio(clap, x, 3, embedding, &scratch, &t->err));
        CHECK_OK(patina_clap_embed_text(clap, "rain", 4, embedding, &scratch, &t->err));
        const pt_arena_marker after = pt_arena_mark(&scratch);
        if (with_more) CHECK(after.block == mark.block);
        CHECK(after.used == mark.used);
        for (size_t i = 0; before && i < 64; i++)
            CHECK(before[i] == 7);
    }
    pt_arena_reset(&scratch);
    const struct pt_arena_block *block = scratch.block;
    CHECK_OK(patina_clap_embed_audio(clap, x, 3, embedding, &scratch, &t->err));
    CHECK(scratch.block == block);
    patina_clap_close(&clap);
    pt_arena_release(&scratch);
}
