/* SPDX-License-Identifier: MIT */
/* test_model_info.c - hash, layout and number of parameters of a model */

#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/clap.h>

#include "base/hash.h"

/* Hashes by sha256sum(1), counts by the safetensors package of Python. */
TEST(model_info, mini) {
    patina_clap_info info;

    REQUIRE_OK(patina_clap_info_read(pt_test_golden_path("clap/mini"), &info, &t->err));
    CHECK_STR(info.layout, "other");
    CHECK_STR(info.dtype, "f32");
    CHECK(!info.fused);
    CHECK(info.untrained);
    CHECK_INT(info.n_tensors, 220);
    CHECK_INT(info.n_parameters, 1400352);
    CHECK_INT(info.n_parameters_audio, 908654);
    CHECK_INT(info.n_parameters_text, 491696);
    CHECK_INT(info.n_bytes, 5901072);
    CHECK_INT(info.text_hidden, 48);
    CHECK_INT(info.text_layers, 3);
    CHECK_INT(info.text_heads, 4);
    CHECK_INT(info.text_intermediate, 112);
    CHECK_INT(info.text_vocabulary, 2401);
    CHECK_INT(info.audio_width, 16);
    CHECK_INT(info.audio_stages, 4);
    CHECK_INT(info.audio_depths[2], 2);
    CHECK_INT(info.audio_heads[3], 8);
    CHECK_STR(info.weights_sha256,
              "828576011f81a452c8ee84422dfb3488baeb5f91679e368b45e9ac154baa6a4a");
    CHECK_STR(info.config_sha256,
              "84b2e9976d3be083e30c9013c4686f23b5ee3ea70dfaa2330ac06226d15231a8");
    CHECK_STR(info.preprocessor_sha256,
              "9739f58296aa6f9ac18008fd0150fb2649bc554985fbde86d0a4041c882ac753");
    CHECK_STR(info.vocabulary_sha256,
              "d44961777e4e4bbe746c51082c13dcef4e8f3366d1df32726a1940afbbe6fabf");
    CHECK_STR(info.merges_sha256,
              "aad594a2cdfb467504dc3ddfa7030b1f8485f5cbf47d15b3ce8987a4caa7f6d0");
    /* hashlib over the five pairs, each string after its length in 8 little-endian bytes */
    CHECK_STR(info.model_sha256,
              "34bbe1a1d5d233d4f51fb2a124066de853643bd38a70baa10cdad8345a437e2e");
}

TEST(model_info, fused_without_tokenizer) {
    patina_clap_info info;

    REQUIRE_OK(patina_clap_info_read(pt_test_golden_path("clap/tiny_fused"), &info, &t->err));
    CHECK(info.fused);
    CHECK(info.untrained);
    CHECK_STR(info.vocabulary_sha256, "");
    CHECK_STR(info.merges_sha256, "");
    CHECK_STR(info.weights_sha256,
              "01ae4a3cc979890e7118def282e727a143d4ceef666fe57d7d96bcdc880b95fe");
    CHECK_STR(info.model_sha256,
              "841554133d187c8db81f801833d4a3f659a5ba59176f6f33f6fc7063362e2edc");
}

/* -------------------------------------------------- folders made by the tests */

static const char *folder(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", pt_test_tmpdir(), name);
    mkdir(path, 0700);
    return path;
}

static void write_file(const char *dir, const char *name, const void *bytes, size_t n) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    if (!file) return;
    if (n > 0 && fwrite(bytes, 1, n, file) != n) perror(path);
    fclose(file);
}

/* A copy of the file of mini with n_patch bytes replaced at the first occurrence of `from`, which
 * must exist. */
static bool copy_patched(const char *dir, const char *name, const char *from, const char *to) {
    char path[1024];
    struct stat about;
    snprintf(path, sizeof path, "clap/mini/%s", name);
    FILE *file = fopen(pt_test_golden_path(path), "rb");
    if (!file || fstat(fileno(file), &about) != 0) return false;
    const size_t n = (size_t)about.st_size;
    char *bytes = malloc(n);
    const bool whole = fread(bytes, 1, n, file) == n;
    bool found = from == NULL;
    fclose(file);
    if (whole && from) {
        char *at = memmem(bytes, n, from, strlen(from));
        found = at && strlen(from) == strlen(to);
        if (found) memcpy(at, to, strlen(to));
    }
    write_file(dir, name, bytes, n);
    free(bytes);
    return whole && found;
}

TEST(model_info, one_changed_file_changes_the_model_hash) {
    static const struct {
        const char *name, *from, *to;
    } changes[] = {
        {"none", NULL, NULL},
        {"config.json", "\"dtype\": \"float32\"", "\"dtype\": \"float3\" "},
        {"preprocessor_config.json", "\"frequency_max\": 14000", "\"frequency_max\": 14001"},
        {"vocab.json", ", ", " ,"},
        {"merges.txt", "0.2", "0.3"},
        {"model.safetensors", "\"format\":\"pt\"", "\"format\":\"tf\""},
    };
    static const char *const files[] = {"config.json", "preprocessor_config.json", "vocab.json",
                                        "merges.txt", "model.safetensors"};
    char hashes[6][PT_SHA256_HEX_SIZE];

    for (size_t c = 0; c < 6; c++) {
        const char *dir = folder("changed");
        patina_clap_info info;
        for (size_t f = 0; f < 5; f++) {
            const bool this_one = strcmp(files[f], changes[c].name) == 0;
            CHECK(copy_patched(dir, files[f], this_one ? changes[c].from : NULL, changes[c].to));
        }
        REQUIRE_OK(patina_clap_info_read(dir, &info, &t->err));
        memcpy(hashes[c], info.model_sha256, sizeof hashes[c]);
        for (size_t before = 0; before < c; before++)
            CHECK(strcmp(hashes[before], hashes[c]) != 0);
        /* Only the weights identify an untrained model. */
        CHECK(info.untrained == (c != 5));
    }
    CHECK_STR(hashes[0], "34bbe1a1d5d233d4f51fb2a124066de853643bd38a70baa10cdad8345a437e2e");
}

/* the weights of mini with other metadata */
static bool write_with_metadata(const char *dir, const char *metadata) {
    static const char start[] = "{\"__metadata__\":{\"format\":\"pt\"}";
    static char bytes[6000000];
    char head[256];
    FILE *file = fopen(pt_test_golden_path("clap/mini/model.safetensors"), "rb");
    const size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0, n_start = sizeof start - 1;

    if (file) fclose(file);
    if (n < 8 + n_start || memcmp(bytes + 8, start, n_start) != 0) return false;
    const int n_head = snprintf(head, sizeof head, "{\"__metadata__\":%s", metadata);
    size_t n_header = 0;
    for (size_t i = 0; i < 8; i++)
        n_header |= (size_t)(unsigned char)bytes[i] << (8 * i);
    n_header = n_header - n_start + (size_t)n_head;

    char path[1024];
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    file = fopen(path, "wb");
    if (!file) return false;
    for (size_t i = 0; i < 8; i++)
        fputc((int)(n_header >> (8 * i) & 255), file);
    fputs(head, file);
    fwrite(bytes + 8 + n_start, 1, n - 8 - n_start, file);
    return fclose(file) == 0;
}

TEST(model_info, metadata_marks_untrained_models) {
    static const struct {
        const char *metadata;
        bool untrained;
    } cases[] = {
        {"{}", false},
        {"{\"format\":\"pt\",\"untrained\":\"false\"}", false},
        {"{\"format\":\"pt\",\"untrained\":\"true\"}", true},
    };
    const char *dir = folder("metadata");
    patina_clap_info info;

    CHECK(copy_patched(dir, "config.json", NULL, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        REQUIRE(write_with_metadata(dir, cases[i].metadata));
        REQUIRE_OK(patina_clap_info_read(dir, &info, &t->err));
        CHECK(info.untrained == cases[i].untrained);
    }
}

TEST(model_info, faults) {
    const char *dir = folder("faults");
    patina_clap_info info = {.n_bytes = 7};

    CHECK_FAILS(patina_clap_info_read(dir, &info, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "faults/model.safetensors': not found, and neither is");
    CHECK(copy_patched(dir, "config.json", NULL, NULL));
    CHECK_FAILS(patina_clap_info_read(dir, &info, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "faults/model.safetensors': not found");

    CHECK(copy_patched(dir, "model.safetensors", "batch_norm.bias", "batch_norm.bia5"));
    CHECK_FAILS(patina_clap_info_read(dir, &info, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "'audio_model.audio_encoder.batch_norm.bias': is missing");
    CHECK(copy_patched(dir, "model.safetensors", NULL, NULL));
    CHECK_OK(patina_clap_info_read(dir, &info, &t->err));
    CHECK_STR(info.preprocessor_sha256, "");
    info = (patina_clap_info){.n_bytes = 7};

    write_file(dir, "merges.txt", "#version: 0.2\n", 14);
    CHECK_FAILS(patina_clap_info_read(dir, &info, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "faults/vocab.json': not found");
    CHECK(copy_patched(dir, "vocab.json", "<mask>", "<mosk>"));
    CHECK_FAILS(patina_clap_info_read(dir, &info, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "'<mask>' is missing");
    CHECK(copy_patched(dir, "vocab.json", NULL, NULL));
    write_file(dir, "preprocessor_config.json", "{}", 2);
    CHECK_FAILS(patina_clap_info_read(dir, &info, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "'truncation'");
    CHECK_INT(info.n_bytes, 7); /* unchanged after a failure */
}

/* The published layouts with all-zero weights: sparse files, of which only the header is written.
 */
static void check_published(pt_test *t, const char *list_name, const char *config,
                            const char *layout, const char *dtype, uint64_t n_parameters,
                            uint64_t n_audio) {
    const char *list_path = pt_test_shared_path(list_name);
    const char *dir = folder("published");
    char line[512], name[160], kind[8], shape[64], path[1024];
    char *header = NULL;
    size_t n_header = 0, at = 0;
    patina_clap_info info;

    if (!list_path) SKIP("the lists of published tensors are in ../shared, which is not here");
    FILE *list = fopen(list_path, "r"), *text = open_memstream(&header, &n_header);
    REQUIRE(list && text);
    fputs("{\"__metadata__\":{}", text);
    while (fgets(line, sizeof line, list)) {
        shape[0] = '\0';
        if (!strchr(line, '[') || sscanf(line, "%159s %7s [%63[^]]", name, kind, shape) < 2)
            continue;
        const bool integer = strcmp(kind, "I64") == 0;
        const char *own = integer ? "I64" : strcmp(name, "logit_scale_a") == 0 ? "F16" : dtype;
        size_t n_bytes = integer ? 8 : strcmp(own, "F32") == 0 ? 4 : 2;
        for (char *p = shape; *p; p += strspn(p, ", "))
            n_bytes *= strtoul(p, &p, 10);
        fprintf(text, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", name,
                own, shape, at, at + n_bytes);
        at += n_bytes;
    }
    fputs("}", text);
    fclose(text);
    fclose(list);

    write_file(dir, "config.json", config, strlen(config));
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    FILE *file = fopen(path, "wb");
    for (size_t i = 0; i < 8; i++)
        fputc((int)(n_header >> (8 * i) & 255), file);
    fwrite(header, 1, n_header, file);
    fflush(file);
    CHECK_INT(ftruncate(fileno(file), (off_t)(8 + n_header + at)), 0);
    fclose(file);
    free(header);

    REQUIRE_OK(patina_clap_info_read(dir, &info, &t->err));
    CHECK_STR(info.layout, layout);
    CHECK_STR(info.dtype, strcmp(dtype, "F16") == 0 ? "f16" : "mixed");
    CHECK_INT(info.n_parameters, n_parameters);
    CHECK_INT(info.n_parameters_audio, n_audio);
    CHECK_INT(info.n_parameters_audio + info.n_parameters_text + 2, n_parameters);
    CHECK_INT(info.n_bytes, 8 + n_header + at);
    CHECK(!info.untrained);
    unlink(path);
}

/* Sums over the lists. 656 384 of the audio parameters (787 456 in the larger one) are those of the
 * projection: without them they are the 27.5 M and 67.8 M of the publications. */
TEST(model_info, published_layouts) {
    check_published(t, "clap/tensors_unfused.txt", "{}", "htsat-unfused", "F16", 153493018,
                    28191000);
    check_published(t, "clap/tensors_fused.txt", "{\"audio_config\": {\"enable_fusion\": true}}",
                    "htsat-fused", "BF16", 153508138, 28206120);
    check_published(t, "clap/tensors_larger.txt",
                    "{\"audio_config\": {\"depths\": [2, 2, 12, 2], \"hidden_size\": 1024,"
                    " \"patch_embeds_hidden_size\": 128}}",
                    "larger", "F16", 193914010, 68611992);
}
