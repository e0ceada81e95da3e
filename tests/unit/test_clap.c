/* SPDX-License-Identifier: MIT */
/* test_clap.c - captions and sounds to embeddings, as a user of the library gets them */

#include <patina/clap.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clap_golden.h"
#include "model_bytes.h"
#include "test.h"

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

/* Those of arithmetic, by precision. */
static const struct limit arithmetic[] = {
    [PT_PRECISION_F32] = {"f32", PT_DTYPE_F32, 1e-5, 1e-9},
    [PT_PRECISION_BF16] = {"bf16 arithmetic", PT_DTYPE_F32, 1.5e-2, 1.5e-3},
};

/* The sets that a model can be opened with here: bfloat16 not with every one. */
static bool can_open(int isa, int precision) {
    return precision == PT_PRECISION_F32 || isa == PT_ISA_C ||
           (isa == PT_ISA_AVX512 && pt_isa_has_bf16());
}

static void check_embedding(pt_test *t, const char *model, const json_t *item, const char *member,
                            const float *embedding, const struct limit *limit) {
    pt_npy expected = {0};
    if (pt_golden_array(t, model, item, member, &expected)) {
        pt_check_values(t, pt_golden_text(item, "name"), embedding, expected.values, PT_EMBEDDING,
                        limit->largest);
        CHECK(pt_cosine_distance(embedding, expected.values, PT_EMBEDDING) <= limit->cosine);
    }
    pt_npy_release(&expected);
}

static void check_clips(pt_test *t, const pt_clap *clap, const char *model, const char *member,
                        const struct limit *limit) {
    pt_arena scratch;
    json_t *index = pt_golden_index(t, model);
    pt_arena_init(&scratch);
    PT_GOLDEN_EACH(i, item, index, "audio") {
        const size_t offset = pt_golden_number(item, "crop_offset");
        size_t n = pt_golden_number(item, "samples") - offset;
        float embedding[PT_EMBEDDING] = {0};
        pt_npy samples = {0};
        if (json_is_array(json_object_get(item, "fusion_idx"))) continue;   /* a longer clip */
        if (strcmp(pt_golden_text(item, "name"), "a7_edge") == 0) continue; /* likewise */
        if (n > 480000) n = 480000;
        if (pt_golden_array(t, model, item, "samples_file", &samples) &&
            CHECK_OK(pt_clap_embed_audio(clap, samples.values + offset, n, embedding, &scratch,
                                         &t->err)))
            check_embedding(t, model, item, member, embedding, limit);
        pt_npy_release(&samples);
    }
    json_decref(index);
    pt_arena_release(&scratch);
}

static void check_captions(pt_test *t, const pt_clap *clap, const char *model,
                           const struct limit *limit) {
    pt_arena scratch;
    json_t *index = pt_golden_index(t, model);
    pt_arena_init(&scratch);
    PT_GOLDEN_EACH(i, item, index, "text") {
        float embedding[PT_EMBEDDING] = {0};
        size_t n;
        char *caption = pt_golden_bytes(t, pt_golden_text(item, "utf8_hex"), &n);
        if (caption && CHECK_OK(pt_clap_embed_text(clap, caption, n, embedding, &scratch, &t->err)))
            check_embedding(t, model, item, "embedding", embedding, limit);
        free(caption);
    }
    json_decref(index);
    pt_arena_release(&scratch);
}

static void check_model(pt_test *t, const char *model) {
    for (int isa = PT_ISA_C; isa <= (int)pt_isa_detect(); isa++)
        for (int p = PT_PRECISION_F32; p <= PT_PRECISION_BF16; p++) {
            pt_clap *clap = NULL;
            if (can_open(isa, p) && CHECK_OK(pt_clap_open(model, PT_CLAP_BOTH, (pt_isa)isa,
                                                          (pt_precision)p, &clap, &t->err))) {
                check_clips(t, clap, model, "embedding", &arithmetic[p]);
                check_captions(t, clap, model, &arithmetic[p]);
            }
            pt_clap_close(&clap);
        }
}

TEST(clap, mini) {
    check_model(t, pt_test_golden("clap/mini"));
}

TEST(clap, tiny) {
    const char *model = pt_test_shared("clap/tiny");
    if (!model) SKIP("no shared folder with clap/tiny");
    check_model(t, model);
}

/* A window is never longer than 10 s, so a fused model runs as "not longer". */
TEST(clap, fused) {
    const char *model = pt_test_golden("clap/tiny_fused");
    for (int isa = PT_ISA_C; isa <= (int)pt_isa_detect(); isa++)
        for (int p = PT_PRECISION_F32; p <= PT_PRECISION_BF16; p++) {
            pt_clap *clap = NULL;
            if (can_open(isa, p) && CHECK_OK(pt_clap_open(model, PT_CLAP_AUDIO, (pt_isa)isa,
                                                          (pt_precision)p, &clap, &t->err)))
                check_clips(t, clap, model, "embedding_notlonger", &arithmetic[p]);
            pt_clap_close(&clap);
        }
}

/* bfloat16 without instructions for it is refused, and no plain C put in its place. */
TEST(clap, precision_that_is_not_offered) {
    const char *model = pt_test_golden("clap/mini");
    pt_clap *clap = NULL;
    for (int isa = PT_ISA_C; isa <= (int)pt_isa_detect(); isa++)
        if (!can_open(isa, PT_PRECISION_BF16)) {
            CHECK_FAILS(
                pt_clap_open(model, PT_CLAP_BOTH, (pt_isa)isa, PT_PRECISION_BF16, &clap, &t->err),
                PT_EUSAGE);
            CHECK_HAS(t->err.message, "bf16");
            CHECK(clap == NULL);
        }
}

/* A folder like mini with links to its small files and a model of its own. */
static const char *changed_folder(pt_test *t, const char *name, const pt_model_change *change,
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
        snprintf(target, sizeof target, "%s/%s", pt_test_golden("clap/mini"), links[i]);
        CHECK(symlink(target, path) == 0);
    }
    if (CHECK_OK(
            pt_checkpoint_open(pt_test_golden("clap/mini/model.safetensors"), &file, &t->err))) {
        snprintf(path, sizeof path, "%s/model.safetensors", dir);
        pt_model_write(path, file, change, n_kept);
    }
    pt_checkpoint_close(&file);
    return dir;
}

TEST(clap, weights_of_16_bits) {
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const char *dir = changed_folder(t, limits[i].name,
                                         &(pt_model_change){.dtype = limits[i].dtype}, SIZE_MAX);
        pt_clap *clap = NULL;
        if (CHECK_OK(pt_clap_open(dir, PT_CLAP_BOTH, pt_isa_detect(), PT_PRECISION_F32, &clap,
                                  &t->err))) {
            check_clips(t, clap, pt_test_golden("clap/mini"), "embedding", &limits[i]);
            check_captions(t, clap, pt_test_golden("clap/mini"), &limits[i]);
        }
        pt_clap_close(&clap);
    }
}

TEST(clap, broken_models) {
    static const char table[] = "audio_model.audio_encoder.layers.2.blocks.1.attention.self."
                                "relative_position_bias_table";
    static const char bias[] = "text_projection.linear2.bias";
    const pt_model_change good = {0}, reshaped = {.reshaped = table}, infinite = {.infinite = bias};
    pt_arena scratch;
    float embedding[PT_EMBEDDING];
    pt_clap *clap = NULL;

    const char *dir = changed_folder(t, "cut", &good, 3000000);
    CHECK_FAILS(pt_clap_open(dir, PT_CLAP_BOTH, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err),
                PT_EFORMAT);
    CHECK_HAS(t->err.message, "model.safetensors");
    dir = changed_folder(t, "reshaped", &reshaped, SIZE_MAX);
    CHECK_FAILS(pt_clap_open(dir, PT_CLAP_BOTH, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err),
                PT_EFORMAT);
    CHECK_HAS(t->err.message, table);
    CHECK_HAS(t->err.message, "model.safetensors");
    CHECK_FAILS(
        pt_clap_open("/nonexistent", PT_CLAP_BOTH, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err),
        PT_EIO);
    CHECK_HAS(t->err.message, "model '/nonexistent': no such folder or file");
    CHECK(clap == NULL);

    /* Weights that are no numbers give no row. */
    pt_arena_init(&scratch);
    dir = changed_folder(t, "infinite", &infinite, SIZE_MAX);
    if (CHECK_OK(pt_clap_open(dir, PT_CLAP_TEXT, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err)))
        CHECK_FAILS(pt_clap_embed_text(clap, "a", 1, embedding, &scratch, &t->err), PT_EFORMAT);
    pt_clap_close(&clap);
    pt_arena_release(&scratch);
}

/* Captions of all lengths, in more than one group of the tower: the bits that each gets alone. */
TEST(clap, captions_together) {
    enum { N = 40, LONGEST = 60 };
    static char text[N][2 * LONGEST];
    static float together[N * PT_EMBEDDING], alone[PT_EMBEDDING];
    pt_clap_caption captions[N];
    pt_arena scratch;

    pt_arena_init(&scratch);
    for (size_t i = 0; i < N; i++) {
        const size_t n_words = i * 37 % (LONGEST + 1); /* none, too */
        for (size_t k = 0; k < n_words; k++)
            memcpy(text[i] + 2 * k, k % 3 == i % 3 ? " a" : " b", 2);
        captions[i] = (pt_clap_caption){text[i], 2 * n_words};
    }
    for (int p = PT_PRECISION_F32; p <= PT_PRECISION_BF16; p++) {
        const pt_isa isa = can_open(pt_isa_detect(), p) ? pt_isa_detect() : PT_ISA_C;
        pt_clap *clap = NULL;
        REQUIRE_OK(pt_clap_open(pt_test_golden("clap/mini"), PT_CLAP_TEXT, isa, (pt_precision)p,
                                &clap, &t->err));
        CHECK_OK(pt_clap_embed_texts(clap, captions, N, together, &scratch, &t->err));
        CHECK_OK(pt_clap_embed_texts(clap, captions, 0, NULL, &scratch, &t->err));
        for (size_t i = 0; i < N; i++) {
            CHECK_OK(pt_clap_embed_text(clap, captions[i].text, captions[i].n_bytes, alone,
                                        &scratch, &t->err));
            CHECK(memcmp(alone, together + i * PT_EMBEDDING, sizeof alone) == 0);
        }
        pt_clap_close(&clap);
    }
    pt_arena_release(&scratch);
}

/* Only the files of a part are read, and only it can be used. */
TEST(clap, parts) {
    const char *fused = pt_test_golden("clap/tiny_fused"); /* has no vocabulary */
    const float x = 0.5f;
    float embedding[PT_EMBEDDING];
    pt_clap *clap = NULL;
    pt_arena scratch;

    pt_arena_init(&scratch);
    CHECK_FAILS(pt_clap_open(fused, PT_CLAP_BOTH, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err),
                PT_EIO);
    if (CHECK_OK(pt_clap_open(fused, PT_CLAP_AUDIO, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err)))
        CHECK_FAILS(pt_clap_embed_text(clap, "a", 1, embedding, &scratch, &t->err), PT_EUSAGE);
    pt_clap_close(&clap);

    char path[600];
    const char *dir = changed_folder(t, "text", &(pt_model_change){0}, SIZE_MAX);
    snprintf(path, sizeof path, "%s/preprocessor_config.json", dir);
    CHECK(unlink(path) == 0);
    CHECK_FAILS(pt_clap_open(dir, PT_CLAP_BOTH, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err),
                PT_EIO);
    CHECK_HAS(t->err.message, "preprocessor_config.json");
    if (CHECK_OK(pt_clap_open(dir, PT_CLAP_TEXT, PT_ISA_C, PT_PRECISION_F32, &clap, &t->err))) {
        CHECK_OK(pt_clap_embed_text(clap, "a", 1, embedding, &scratch, &t->err));
        CHECK_FAILS(pt_clap_embed_audio(clap, &x, 1, embedding, &scratch, &t->err), PT_EUSAGE);
    }
    pt_clap_close(&clap);
    pt_arena_release(&scratch);
}

TEST(clap, lengths) {
    float *x = calloc(480001, sizeof *x);
    float one[PT_EMBEDDING], repeated[PT_EMBEDDING];
    pt_clap *clap = NULL;
    pt_arena scratch;

    if (!x) abort();
    pt_arena_init(&scratch);
    REQUIRE_OK(pt_clap_open(pt_test_golden("clap/mini"), PT_CLAP_AUDIO, PT_ISA_C, PT_PRECISION_F32,
                            &clap, &t->err));
    CHECK_FAILS(pt_clap_embed_audio(clap, x, 0, one, &scratch, &t->err), PT_ERANGE);
    CHECK_FAILS(pt_clap_embed_audio(clap, x, 480001, one, &scratch, &t->err), PT_ERANGE);

    /* One sample is repeated to 10 s. */
    for (size_t i = 0; i < 480000; i++)
        x[i] = 0.25f;
    CHECK_OK(pt_clap_embed_audio(clap, x, 1, one, &scratch, &t->err));
    CHECK_OK(pt_clap_embed_audio(clap, x, 480000, repeated, &scratch, &t->err));
    CHECK(memcmp(one, repeated, sizeof one) == 0);
    double power = 0.0;
    for (size_t i = 0; i < PT_EMBEDDING; i++)
        power += (double)one[i] * (double)one[i];
    CHECK_NEAR(power, 1.0, 1e-6); /* 512 roundings of 2^-24 each at worst, squared: 1e-7 and less */

    pt_clap_close(&clap);
    pt_arena_release(&scratch);
    free(x);
}

/* What was taken before stays; what the call took is given back; a second call takes no more. */
TEST(clap, scratch_is_given_back) {
    const float x[] = {0.5f, -0.5f, 0.25f};
    float embedding[PT_EMBEDDING];
    pt_clap *clap = NULL;
    pt_arena scratch;

    pt_arena_init(&scratch);
    REQUIRE_OK(pt_clap_open(pt_test_golden("clap/mini"), PT_CLAP_BOTH, PT_ISA_C, PT_PRECISION_F32,
                            &clap, &t->err));
    for (int with_more = 0; with_more < 2; with_more++) {
        unsigned char *before = with_more ? pt_arena_take(&scratch, 64) : NULL;
        if (before) memset(before, 7, 64);
        const pt_arena_mark mark = pt_arena_here(&scratch);
        CHECK_OK(pt_clap_embed_audio(clap, x, 3, embedding, &scratch, &t->err));
        CHECK_OK(pt_clap_embed_text(clap, "rain", 4, embedding, &scratch, &t->err));
        const pt_arena_mark after = pt_arena_here(&scratch);
        if (with_more) CHECK(after.block == mark.block);
        CHECK(after.used == mark.used);
        for (size_t i = 0; before && i < 64; i++)
            CHECK(before[i] == 7);
    }
    pt_arena_reset(&scratch);
    const struct pt_arena_block *block = scratch.block;
    CHECK_OK(pt_clap_embed_audio(clap, x, 3, embedding, &scratch, &t->err));
    CHECK(scratch.block == block);
    pt_clap_close(&clap);
    pt_arena_release(&scratch);
}

/* Threads share the handle, and their results are those of one. */
typedef struct worker {
    const pt_clap *clap;
    pt_status status;
    float audio[PT_EMBEDDING], text[PT_EMBEDDING];
} worker;

static void *work(void *context) {
    enum { N = 40000 };
    worker *w = context;
    float *x = calloc(N, sizeof *x);
    pt_arena scratch;

    if (!x) abort();
    for (size_t i = 0; i < N; i++) /* a sawtooth of 480 Hz */
        x[i] = (float)(i % 100) / 50.0f - 1.0f;
    pt_arena_init(&scratch);
    for (int i = 0; i < 3 && w->status == PT_OK; i++)
        w->status = pt_clap_embed_audio(w->clap, x, N, w->audio, &scratch, NULL);
    for (int i = 0; i < 3 && w->status == PT_OK; i++)
        w->status = pt_clap_embed_text(w->clap, "a saw", 5, w->text, &scratch, NULL);
    pt_arena_release(&scratch);
    free(x);
    return NULL;
}

TEST(clap, threads_share_a_model) {
    enum { N_THREADS = 3 };
    pt_clap *clap = NULL;
    REQUIRE_OK(pt_clap_open(pt_test_golden("clap/mini"), PT_CLAP_BOTH, pt_isa_detect(),
                            PT_PRECISION_F32, &clap, &t->err));
    worker alone = {.clap = clap}, workers[N_THREADS] = {{0}};
    pthread_t threads[N_THREADS];
    work(&alone);
    CHECK(alone.status == PT_OK);
    for (int i = 0; i < N_THREADS; i++) {
        workers[i].clap = clap;
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) abort();
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(workers[i].status == PT_OK);
        CHECK(memcmp(workers[i].audio, alone.audio, sizeof alone.audio) == 0);
        CHECK(memcmp(workers[i].text, alone.text, sizeof alone.text) == 0);
    }
    pt_clap_close(&clap);
}
