/* SPDX-License-Identifier: MIT */
/* test_full_model.c - embeddings of a model of published size against transformers' ClapModel
 *
 * The weights (615 MB of random numbers, seed 1) are made when needed: PATINA_FULL_MODEL names the
 * folder that they were written to.
 */

#include <patina/clap.h>

#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"
#include "clap_golden.h"
#include "test.h"
#include "weights/checkpoint.h"

/* The specification's limits, by precision: of a component, and of 1 - cos. */
static const struct limit {
    double largest, cosine;
} limits[] = {[PATINA_PRECISION_F32] = {1e-5, 1e-9}, [PATINA_PRECISION_BF16] = {1.5e-2, 1.5e-3}};

static void check_embedding(pt_test *t, const json_t *item, const float *embedding,
                            const pt_npy *expected, const struct limit *limit) {
    pt_check_allclose(t, pt_golden_get_string(item, "name"), embedding, expected->values,
                      PATINA_EMBEDDING_SIZE, limit->largest);
    CHECK(pt_cosine_distance(embedding, expected->values, PATINA_EMBEDDING_SIZE) <= limit->cosine);
}

/* SHA-256 of the tensors of the model that the goldens were made with (index.json has the digest of
 * its file). The header is excluded: tools/make_random_clap.py marks the weights there as
 * untrained. */
#define TENSORS_SHA256 "a76fa20de84f10143824a1f2ad7749e819c139c9a96daf9c09dbdb3c8a5fc1c6"

/* Checks that the goldens belong to this model. */
static bool same_model(pt_test *t, const char *folder) {
    char path[1024], hex[PT_SHA256_HEX_SIZE] = "";
    pt_checkpoint *file = NULL;
    pt_sha256 hash;
    size_t size;

    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    if (!CHECK_OK(pt_checkpoint_open(path, &file, &t->err))) return false;
    const unsigned char *bytes = pt_checkpoint_bytes(file, &size);
    uint64_t header = 8; /* its own length, and the JSON that follows; little-endian, checked */
    for (int i = 0; i < 8; i++)
        header += (uint64_t)bytes[i] << (8 * i);
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, bytes + header, size - header);
    pt_sha256_finish(&hash, hex);
    pt_checkpoint_close(&file);
    return pt_test_check(t, strcmp(hex, TENSORS_SHA256) == 0, __FILE__, __LINE__,
                         "'%s' is not the model of the goldens: its tensors' SHA-256 is %s", path,
                         hex);
}

static void check_clips(pt_test *t, const patina_clap *clap, const char *golden,
                        const json_t *index, const struct limit *limit, pt_arena *scratch) {
    PT_GOLDEN_FOREACH(i, item, index, "audio") {
        const size_t offset = pt_golden_get_size(item, "crop_offset");
        size_t n = pt_golden_get_size(item, "samples") - offset;
        float embedding[PATINA_EMBEDDING_SIZE] = {0};
        pt_npy samples = {0}, expected = {0};
        if (n > 480000) n = 480000;
        if (pt_golden_read_array(t, golden, item, "samples_file", &samples) &&
            pt_golden_read_array(t, golden, item, "embedding", &expected) &&
            CHECK_OK(patina_clap_embed_audio(clap, samples.values + offset, n, embedding, scratch,
                                             &t->err)))
            check_embedding(t, item, embedding, &expected, limit);
        pt_npy_release(&samples);
        pt_npy_release(&expected);
    }
}

static void check_captions(pt_test *t, const patina_clap *clap, const char *golden,
                           const json_t *index, const struct limit *limit, pt_arena *scratch) {
    PT_GOLDEN_FOREACH(i, item, index, "text") {
        float embedding[PATINA_EMBEDDING_SIZE] = {0};
        pt_npy expected = {0};
        size_t n;
        char *caption = pt_golden_decode_hex(t, pt_golden_get_string(item, "utf8_hex"), &n);
        if (caption && pt_golden_read_array(t, golden, item, "embedding", &expected) &&
            CHECK_OK(patina_clap_embed_text(clap, caption, n, embedding, scratch, &t->err)))
            check_embedding(t, item, embedding, &expected, limit);
        pt_npy_release(&expected);
        free(caption);
    }
}

TEST(full_model, goldens) {
    const char *folder = getenv("PATINA_FULL_MODEL");
    const char *golden = pt_test_shared_path("clap/full");
    if (!folder) SKIP("PATINA_FULL_MODEL names no folder with the full-size model");
    if (!golden) SKIP("no shared folder with clap/full");

    json_t *index = pt_golden_open_index(t, golden);
    pt_arena scratch;
    pt_arena_init(&scratch);
    if (index && same_model(t, folder))
        for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
            for (int p = PATINA_PRECISION_F32; p <= PATINA_PRECISION_BF16; p++) {
                patina_clap *clap = NULL;
                if (p == PATINA_PRECISION_BF16 &&
                    !(isa == PATINA_ISA_AVX512 && patina_isa_has_bf16()))
                    continue; /* plain C takes minutes; smaller models test it */
                if (CHECK_OK(patina_clap_open(folder, PATINA_CLAP_BOTH, (patina_isa)isa,
                                              (patina_precision)p, &clap, &t->err))) {
                    check_clips(t, clap, golden, index, &limits[p], &scratch);
                    check_captions(t, clap, golden, index, &limits[p], &scratch);
                }
                patina_clap_close(&clap);
            }
    pt_arena_release(&scratch);
    json_decref(index);
}
