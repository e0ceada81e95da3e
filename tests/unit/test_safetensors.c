/* SPDX-License-Identifier: MIT */
/* test_safetensors.c - safetensors headers, valid and invalid */

#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clap/config.h"
#include "clap/tensor_check.h"
#include "weights/checkpoint.h"

/* A file with a header and n_data bytes 0, 1, 2 ... in memory that ends where the file does, so
 * that the address sanitizer detects a read past it. The caller frees it. */
static unsigned char *build(const char *header, size_t n_data, size_t *size) {
    const size_t n = strlen(header);
    unsigned char *bytes = malloc(8 + n + n_data);
    *size = 8 + n + n_data;
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(n >> (8 * i));
    memcpy(bytes + 8, header, n);
    for (size_t i = 0; i < n_data; i++)
        bytes[8 + n + i] = (unsigned char)i;
    return bytes;
}

#define ONE_F32(begin, end)                                                                        \
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" begin "," end "]}}"

/* Each is PATINA_EFORMAT with this message; it names the file and, if there is one, the tensor. */
static const struct {
    const char *header;
    size_t n_data;
    const char *says;
} faults[] = {
    {"", 0, "not JSON"},
    {"{\"a\":", 0, "not JSON"},
    {"[]", 0, "the header is not a JSON object"},
    {"{\"__metadata__\":[]}", 0, "'__metadata__' is not a JSON object"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "'__metadata__': 'k' is not a string"},
    {"{\"a\":1}", 0, "tensor 'a': is not a JSON object"},
    {"{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4, "tensor 'a': has no dtype"},
    {"{\"a\":{\"dtype\":7,\"shape\":[],\"data_offsets\":[0,4]}}", 4, "tensor 'a': has no dtype"},
    {"{\"a\":{\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': has an unknown dtype 'F31'"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "tensor 'a': has no shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "has no shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': has a shape that is not a list of sizes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': has a shape that is not a list of sizes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
     "tensor 'a': has more than 8 dimensions"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
     "tensor 'a': has a shape that is too large"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0,
     "tensor 'a': has data_offsets that do not match its shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8,
     "tensor 'a': has data_offsets that are not two sizes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8,
     "has data_offsets that are not two sizes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8,
     "has data_offsets that are not two sizes"},
    {ONE_F32("-8", "0"), 8, "tensor 'a': has data_offsets that are not two sizes"},
    {ONE_F32("0", "8.0"), 8, "tensor 'a': has data_offsets that are not two sizes"},
    {ONE_F32("8", "0"), 8, "tensor 'a': data_offsets 8 to 0 are outside"},
    {ONE_F32("0", "8"), 7, "tensor 'a': data_offsets 0 to 8 are outside the 7 bytes"},
    {ONE_F32("9223372036854775800", "9223372036854775807"), 8, "are outside"},
    {ONE_F32("0", "4"), 4, "tensor 'a': has data_offsets that do not match its shape"},
    {ONE_F32("0", "12"), 12, "tensor 'a': has data_offsets that do not match its shape"},
    {ONE_F32("4", "12"), 12, "tensor 'a': does not begin where the previous tensor ends"},
    {ONE_F32("0", "8"), 9, "has 1 bytes after the last tensor"},
    {"{}", 1, "has 1 bytes after the last tensor"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
     12, "tensor 'b': overlaps tensor 'a' at byte 4"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
     8, "overlaps tensor"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}",
     12, "tensor 'b': does not begin where the previous tensor ends"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[4,8]}}",
     8, "duplicate object key"},
    {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1,
     "tensor 'a': has data_offsets that do not match its shape"},
};

TEST(safetensors, faults_name_file_and_tensor) {
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        pt_checkpoint *file = NULL;
        size_t size;
        unsigned char *bytes = build(faults[i].header, faults[i].n_data, &size);
        CHECK_FAILS(pt_checkpoint_open_memory("x.safetensors", bytes, size, &file, &t->err),
                    PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "file 'x.safetensors': ");
        CHECK_CONTAINS(t->err.message, faults[i].says);
        CHECK(file == NULL);
        free(bytes);
    }
}

TEST(safetensors, header_length_is_checked) {
    static const struct {
        unsigned char first[9];
        size_t size;
        const char *says;
    } cases[] = {
        {{0}, 0, "has 0 bytes, which is too short"},
        {{2}, 7, "has 7 bytes, which is too short"},
        {{2}, 8, "header size 2 exceeds the file size"},
        {{2}, 9, "header size 2 exceeds the file size"},
        {{255, 255, 255, 255, 255, 255, 255, 255}, 9, "header size 18446744073709551615"},
        {{0, 0, 0, 0, 0, 0, 0, 128}, 9, "header size 9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pt_checkpoint *file = NULL;
        unsigned char *bytes = malloc(cases[i].size + (cases[i].size == 0));
        memcpy(bytes, cases[i].first, cases[i].size);
        CHECK_FAILS(pt_checkpoint_open_memory("x", cases[i].size ? bytes : NULL, cases[i].size,
                                              &file, &t->err),
                    PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, cases[i].says);
        free(bytes);
    }
}

/* Unordered names, one tensor at an odd offset, a scalar, an empty one, an unknown dtype. */
static const char good[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                           "\"z\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[1,9]},"
                           "\"b\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]},"
                           "\"s\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[9,11]},"
                           "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[9,9]},"
                           "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[11,19]}}     ";

TEST(safetensors, tensors_are_found) {
    pt_checkpoint *file = NULL;
    const pt_tensor *tensor = NULL;
    size_t size;
    unsigned char *bytes = build(good, 19, &size);

    REQUIRE_OK(pt_checkpoint_open_memory("good", bytes, size, &file, &t->err));
    CHECK_INT(pt_checkpoint_count(file), 5);
    CHECK_STR(pt_checkpoint_at(file, 0)->name, "b");
    CHECK_STR(pt_checkpoint_at(file, 4)->name, "z");
    CHECK_STR(pt_checkpoint_metadata(file, "format"), "pt");
    CHECK(pt_checkpoint_metadata(file, "other") == NULL);

    CHECK_OK(pt_checkpoint_find(file, "z", 2, (size_t[]){1, 2}, &tensor, &t->err));
    CHECK_INT(tensor->n_values, 2);
    CHECK_INT(tensor->dtype, PT_DTYPE_F32);
    CHECK_INT(tensor->data[0], 1);
    CHECK_INT(tensor->data[7], 8);
    float x[2];
    pt_tensor_read(tensor, 1, 1, x); /* bytes 5, 6, 7, 8 */
    uint32_t bits;
    memcpy(&bits, x, 4);
    CHECK_INT(bits, 0x08070605);

    CHECK_OK(pt_checkpoint_find(file, "s", 0, NULL, &tensor, &t->err));
    CHECK_INT(tensor->n_values, 1);
    CHECK_OK(pt_checkpoint_find(file, "e", 2, (size_t[]){0, 3}, &tensor, &t->err));
    CHECK_INT(tensor->n_values, 0);
    pt_tensor_read(tensor, 0, 0, x);

    CHECK_FAILS(pt_checkpoint_find(file, "y", 1, (size_t[]){7}, &tensor, &t->err), PATINA_EFORMAT);
    CHECK_STR(t->err.message, "file 'good': tensor 'y': is missing; expected shape [7]");
    CHECK_FAILS(pt_checkpoint_find(file, "z", 1, (size_t[]){2}, &tensor, &t->err), PATINA_EFORMAT);
    CHECK_STR(t->err.message,
              "file 'good': tensor 'z': has shape [1, 2]; the configuration requires [2]");
    CHECK_FAILS(pt_checkpoint_find(file, "i", 1, (size_t[]){1}, &tensor, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "file 'good': tensor 'i': has dtype I64");

    pt_checkpoint_close(&file);
    CHECK(file == NULL);
    pt_checkpoint_close(&file);
    free(bytes);
}

/* IEEE 754 binary16 and bfloat16 by their definition, in double arithmetic. */
static double value_of(uint32_t bits, int n_exponent, int n_fraction) {
    const int bias = (1 << (n_exponent - 1)) - 1;
    const uint32_t exponent = bits >> n_fraction & ((1U << n_exponent) - 1);
    const uint32_t fraction = bits & ((1U << n_fraction) - 1);
    const double sign = bits >> (n_exponent + n_fraction) ? -1.0 : 1.0;
    if (exponent == (1U << n_exponent) - 1) return fraction ? NAN : sign * INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, 1 - bias - n_fraction);
    return sign * ldexp(1.0 + ldexp(fraction, -n_fraction), (int)exponent - bias);
}

static void check_all_values(pt_test *t, pt_dtype dtype, int n_exponent, int n_fraction) {
    unsigned char *bytes = malloc(1 + 2 * 65536);
    float *values = malloc(65536 * sizeof *values);
    for (size_t i = 0; i < 65536; i++) {
        bytes[1 + 2 * i] = (unsigned char)i;
        bytes[2 + 2 * i] = (unsigned char)(i >> 8);
    }
    const pt_tensor tensor = {.name = "all",
                              .dtype = dtype,
                              .n_dims = 1,
                              .dims = {65536},
                              .n_values = 65536,
                              .data = bytes + 1};
    pt_tensor_read(&tensor, 0, 65536, values);
    for (uint32_t i = 0; i < 65536; i++) {
        const double expected = value_of(i, n_exponent, n_fraction), got = (double)values[i];
        if (isnan(expected))
            CHECK(isnan(got));
        else
            CHECK(got == expected && !signbit(got) == !signbit(expected));
    }
    free(values);
    free(bytes);
}

TEST(safetensors, every_f16_is_exact) {
    check_all_values(t, PT_DTYPE_F16, 5, 10);
}

TEST(safetensors, every_bf16_is_exact) {
    check_all_values(t, PT_DTYPE_BF16, 8, 7);
}

TEST(safetensors, mini_layout) {
    pt_checkpoint *file = NULL;
    pt_clap_config config;
    size_t size, n_floats = 0;

    REQUIRE_OK(pt_clap_config_read(pt_test_golden_path("clap/mini"), &config, &t->err));
    REQUIRE_OK(
        pt_checkpoint_open(pt_test_golden_path("clap/mini/model.safetensors"), &file, &t->err));
    CHECK_OK(pt_clap_tensors_check(&config, file, PATINA_CLAP_BOTH, &t->err));
    CHECK_INT(pt_checkpoint_count(file), 231);
    for (size_t i = 0; i < pt_checkpoint_count(file); i++)
        n_floats += pt_checkpoint_at(file, i)->dtype == PT_DTYPE_F32;
    CHECK_INT(n_floats,
              231 - 11); /* position_ids, token_type_ids, num_batches_tracked, 8 indices */
    CHECK(pt_checkpoint_bytes(file, &size) != NULL);
    CHECK_INT(size, 5901072);
    CHECK_STR(pt_checkpoint_metadata(file, "format"), "pt");

    /* First values as numpy reads them. */
    const pt_tensor *tensor = NULL;
    REQUIRE_OK(pt_checkpoint_find(file, "text_model.embeddings.word_embeddings.weight", 2,
                                  (size_t[]){2401, 48}, &tensor, &t->err));
    float x[3];
    pt_tensor_read(tensor, 48, 3, x);
    CHECK(x[0] == -0x1.16c6620000000p+0F && x[1] == 0x1.d195900000000p+0F &&
          x[2] == -0x1.1772a60000000p+1F);
    pt_checkpoint_drop_pages(file);
    pt_tensor_read(tensor, 48, 1, x);
    CHECK(x[0] == -0x1.16c6620000000p+0F);
    pt_checkpoint_close(&file);
}

TEST(safetensors, fused_layout) {
    pt_checkpoint *file = NULL;
    pt_clap_config config;

    REQUIRE_OK(pt_clap_config_read(pt_test_golden_path("clap/tiny_fused"), &config, &t->err));
    REQUIRE_OK(pt_checkpoint_open(pt_test_golden_path("clap/tiny_fused/model.safetensors"), &file,
                                  &t->err));
    CHECK_OK(pt_clap_tensors_check(&config, file, PATINA_CLAP_BOTH, &t->err));

    /* The configuration determines the required tensors. */
    config.audio.aff_block_r = 2;
    CHECK_FAILS(pt_clap_tensors_check(&config, file, PATINA_CLAP_AUDIO, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message,
                   "tiny_fused/model.safetensors': tensor "
                   "'audio_model.audio_encoder.patch_embed.fusion_model.local_att.0."
                   "weight': has shape [4, 16, 1, 1]; the configuration requires "
                   "[8, 16, 1, 1]");
    CHECK_OK(pt_clap_tensors_check(&config, file, PATINA_CLAP_TEXT, &t->err));
    config.text.n_layers++;
    CHECK_FAILS(pt_clap_tensors_check(&config, file, PATINA_CLAP_TEXT, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message,
                   "tensor 'text_model.encoder.layer.1.attention.self.query.weight': "
                   "is missing; expected shape [16, 16]");
    pt_checkpoint_close(&file);
}

/* Names and shapes of the published layouts against pt_clap_tensors_check: a file with exactly the
 * tensors of the list passes. For the fused one, which has all kinds of tensors, each is omitted
 * once: the error names it, unless no tower reads it. */
typedef struct listed {
    char name[160], shape[64];
    size_t n_values;
    bool integer;
} listed;

static size_t read_list(const char *path, listed *list, size_t n_max) {
    char line[512], kind[8];
    size_t n = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file) && n < n_max) {
        listed *item = &list[n];
        if (sscanf(line, "%159s %7s [%63[^]]", item->name, kind, item->shape) < 2) continue;
        if (!strchr(line, '[')) continue; /* the closing line of counts */
        item->integer = strcmp(kind, "I64") == 0;
        item->n_values = 1;
        if (strstr(line, "[]")) item->shape[0] = '\0';
        for (char *p = item->shape; *p;) {
            item->n_values *= strtoul(p, &p, 10);
            p += strspn(p, ", ");
        }
        n++;
    }
    if (file) fclose(file);
    return n;
}

/* A sparse file with these tensors but list[without]. */
static void write_list(const char *path, const listed *list, size_t n, size_t without) {
    size_t at = 0, n_header = 0;
    char *header = NULL;
    FILE *text = open_memstream(&header, &n_header);
    fputs("{", text);
    for (size_t i = 0; i < n; i++) {
        if (i == without) continue;
        const size_t n_bytes = list[i].n_values * (list[i].integer ? 8 : 2);
        fprintf(text, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
                at > 0 ? "," : "", list[i].name, list[i].integer ? "I64" : "BF16", list[i].shape,
                at, at + n_bytes);
        at += n_bytes;
    }
    fputs("}", text);
    fclose(text);

    FILE *file = fopen(path, "wb");
    for (size_t i = 0; i < 8; i++)
        fputc((int)(n_header >> (8 * i) & 255), file);
    fwrite(header, 1, n_header, file);
    fflush(file);
    if (ftruncate(fileno(file), (off_t)(8 + n_header + at)) != 0) perror(path);
    fclose(file);
    free(header);
}

static size_t open_layout(pt_test *t, const char *list_path, const char *config_text, char *path,
                          pt_clap_config *config, listed *list, size_t n_max) {
    pt_checkpoint *file = NULL;
    const size_t n = read_list(list_path, list, n_max);

    snprintf(path, 512, "%s/layout.safetensors", pt_test_tmpdir());
    write_list(path, list, n, n);
    CHECK_OK(
        pt_clap_config_parse("config.json", config_text, strlen(config_text), config, &t->err));
    CHECK_OK(pt_checkpoint_open(path, &file, &t->err));
    if (!file) return 0;
    CHECK_INT(pt_checkpoint_count(file), n);
    CHECK_OK(pt_clap_tensors_check(config, file, PATINA_CLAP_BOTH, &t->err));
    pt_checkpoint_close(&file);
    return n;
}

static const char no_lists[] = "the lists of published tensors are in ../shared, which is not here";
static listed list[600];

TEST(safetensors, published_layouts) {
    const char *unfused = pt_test_shared_path("clap/tensors_unfused.txt");
    const char *larger = pt_test_shared_path("clap/tensors_larger.txt");
    char path[512];
    pt_clap_config config;

    if (!unfused || !larger) SKIP(no_lists);
    CHECK_INT(open_layout(t, unfused, "{}", path, &config, list, 600), 447);
    CHECK_INT(open_layout(t, larger,
                          "{\"audio_config\": {\"depths\": [2, 2, 12, 2], \"hidden_size\": 1024,"
                          " \"patch_embeds_hidden_size\": 128}}",
                          path, &config, list, 600),
              555);
    unlink(path);
}

TEST(safetensors, each_missing_tensor_is_named) {
    const char *fused = pt_test_shared_path("clap/tensors_fused.txt");
    char path[512];
    pt_clap_config config;
    size_t n_needed = 0;

    if (!fused) SKIP(no_lists);
    const size_t n = open_layout(t, fused, "{\"audio_config\": {\"enable_fusion\": true}}", path,
                                 &config, list, 600);
    CHECK_INT(n, 477);
    for (size_t i = 0; i < n; i++) {
        pt_checkpoint *file = NULL;
        write_list(path, list, n, i);
        REQUIRE_OK(pt_checkpoint_open(path, &file, &t->err));
        if (list[i].integer || strncmp(list[i].name, "logit_scale", 11) == 0) {
            CHECK_OK(pt_clap_tensors_check(&config, file, PATINA_CLAP_BOTH, &t->err));
        } else {
            CHECK_FAILS(pt_clap_tensors_check(&config, file, PATINA_CLAP_BOTH, &t->err),
                        PATINA_EFORMAT);
            CHECK_CONTAINS(t->err.message, list[i].name);
            n_needed++;
        }
        pt_checkpoint_close(&file);
    }
    CHECK_INT(n_needed, 477 - 2 - 19); /* logit scales; integer buffers */
    unlink(path);
}

TEST(safetensors, not_a_file) {
    pt_checkpoint *file = NULL;
    char path[512];

    snprintf(path, sizeof path, "%s/absent.safetensors", pt_test_tmpdir());
    CHECK_FAILS(pt_checkpoint_open(path, &file, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "absent.safetensors': not found");
    CHECK_FAILS(pt_checkpoint_open(pt_test_tmpdir(), &file, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "not a regular file");
    snprintf(path, sizeof path, "%s/pipe", pt_test_tmpdir());
    REQUIRE(mkfifo(path, 0600) == 0);
    CHECK_FAILS(pt_checkpoint_open(path, &file, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "not a regular file");
    snprintf(path, sizeof path, "%s/empty.safetensors", pt_test_tmpdir());
    fclose(fopen(path, "wb"));
    CHECK_FAILS(pt_checkpoint_open(path, &file, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "empty.safetensors': has 0 bytes, which is too short");
    CHECK(file == NULL);
}

/* A real file truncated anywhere is an error, as is one with an additional byte. */
TEST(safetensors, truncated_files) {
    static const double cuts[] = {0.0001, 0.001, 0.004, 0.0055, 0.5, 0.9999999};
    char path[512];
    pt_checkpoint *file = NULL;
    size_t size;

    REQUIRE_OK(
        pt_checkpoint_open(pt_test_golden_path("clap/mini/model.safetensors"), &file, &t->err));
    const unsigned char *bytes = pt_checkpoint_bytes(file, &size);
    snprintf(path, sizeof path, "%s/cut.safetensors", pt_test_tmpdir());
    for (size_t i = 0; i <= sizeof cuts / sizeof cuts[0]; i++) {
        pt_checkpoint *cut = NULL;
        FILE *out = fopen(path, "wb");
        const bool longer = i == sizeof cuts / sizeof cuts[0];
        const size_t n = longer ? size : (size_t)(cuts[i] * (double)size);
        CHECK_INT(fwrite(bytes, 1, n, out), n);
        if (longer) fputc(0, out);
        fclose(out);
        CHECK_FAILS(pt_checkpoint_open(path, &cut, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "cut.safetensors': ");
    }
    pt_checkpoint_close(&file);
}
