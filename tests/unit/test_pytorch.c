/* SPDX-License-Identifier: MIT */
/* test_pytorch.c - checkpoints written by PyTorch 2.15 (tests/golden/make/make_pickles.py) */

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "weights/checkpoint.h"

#define GOLDEN "clap/pickles/"

static size_t value_size(const pt_tensor *tensor) {
    return tensor->dtype == PT_DTYPE_F32            ? 4
           : tensor->dtype != PT_DTYPE_OTHER        ? 2
           : strcmp(tensor->dtype_name, "I64") == 0 ? 8
           : strcmp(tensor->dtype_name, "F64") == 0 ? 8
                                                    : 1;
}

/* The tensor of a name, or NULL. */
static const pt_tensor *tensor_of(const pt_checkpoint *file, const char *name) {
    for (size_t i = 0; i < pt_checkpoint_count(file); i++)
        if (strcmp(pt_checkpoint_at(file, i)->name, name) == 0) return pt_checkpoint_at(file, i);
    return NULL;
}

/* Every tensor of a file is in mini, with the same shape and bits. */
static void check_against_mini(pt_test *t, const char *path, size_t n_expected, bool laion) {
    pt_checkpoint *file = NULL, *mini = NULL;

    REQUIRE_OK(
        pt_checkpoint_open(pt_test_golden_path("clap/mini/model.safetensors"), &mini, &t->err));
    if (CHECK_OK(pt_checkpoint_open(pt_test_golden_path(path), &file, &t->err))) {
        CHECK_INT(pt_checkpoint_count(file), n_expected);
        CHECK(pt_checkpoint_is_laion(file) == laion);
        CHECK_STR(pt_checkpoint_format_name(file), "pytorch");
        CHECK(pt_checkpoint_metadata(file, "format") == NULL);
        for (size_t i = 0; i < pt_checkpoint_count(file); i++) {
            const pt_tensor *tensor = pt_checkpoint_at(file, i);
            const pt_tensor *expected = tensor_of(mini, tensor->name);
            if (!CHECK(expected)) continue;
            CHECK_STR(tensor->dtype_name, expected->dtype_name);
            CHECK(tensor->dtype == expected->dtype && tensor->n_values == expected->n_values);
            CHECK_INT(tensor->n_dims, expected->n_dims);
            CHECK(memcmp(tensor->dims, expected->dims, sizeof tensor->dims) == 0);
            CHECK(memcmp(tensor->data, expected->data, tensor->n_values * value_size(tensor)) == 0);
        }
    }
    pt_checkpoint_close(&file);
    pt_checkpoint_close(&mini);
}

/* Numbers of tensors as torch.load and len count them, with three of attn.qkv and without the seven
 * that are LAION's alone. */
TEST(pytorch, hugging_face_names) {
    check_against_mini(t, GOLDEN "hf.bin", 50, false);
}

TEST(pytorch, laion_names) {
    check_against_mini(t, GOLDEN "laion.pt", 50, true);
}

TEST(pytorch, query_key_and_value_are_thirds) {
    pt_checkpoint *file = NULL;
    const pt_tensor *part[3];
    REQUIRE_OK(pt_checkpoint_open(pt_test_golden_path(GOLDEN "laion.pt"), &file, &t->err));
#define SELF "audio_model.audio_encoder.layers.0.blocks.0.attention.self."
    CHECK_OK(
        pt_checkpoint_find(file, SELF "query.weight", 2, (size_t[]){16, 16}, &part[0], &t->err));
    CHECK_OK(pt_checkpoint_find(file, SELF "key.weight", 2, (size_t[]){16, 16}, &part[1], &t->err));
    CHECK_OK(
        pt_checkpoint_find(file, SELF "value.weight", 2, (size_t[]){16, 16}, &part[2], &t->err));
    CHECK(part[1]->data == part[0]->data + 1024 && part[2]->data == part[1]->data + 1024);
    pt_checkpoint_close(&file);
}

/* ------------------------------------------------------ types and orders of values */

/* A tensor of kinds.pt with the values first, first + 1, ... */
static void check_range(pt_test *t, const pt_checkpoint *file, const char *name, size_t n_dims,
                        const size_t *dims, float first) {
    const pt_tensor *tensor = NULL;
    float values[24];
    if (!CHECK_OK(pt_checkpoint_find(file, name, n_dims, dims, &tensor, &t->err))) return;
    pt_tensor_read(tensor, 0, tensor->n_values, values);
    for (size_t i = 0; i < tensor->n_values; i++)
        CHECK(values[i] == first + (float)i);
}

TEST(pytorch, kinds) {
    pt_checkpoint *file = NULL;
    const pt_tensor *tensor = NULL;
    float values[2];

    REQUIRE_OK(pt_checkpoint_open(pt_test_golden_path(GOLDEN "kinds.pt"), &file, &t->err));
    CHECK_INT(pt_checkpoint_count(file), 16);
    check_range(t, file, "f32", 3, (size_t[]){2, 3, 4}, 0);
    check_range(t, file, "half", 1, (size_t[]){24}, 0);
    check_range(t, file, "bfloat", 1, (size_t[]){24}, 0);
    check_range(t, file, "rows", 2, (size_t[]){3, 4}, 8);
    check_range(t, file, "row", 1, (size_t[]){4}, 20);
    check_range(t, file, "channels_last", 4, (size_t[]){6, 4, 1, 1}, 0);
    check_range(t, file, "empty", 2, (size_t[]){0, 3}, 0);
    check_range(t, file, "scalar", 0, NULL, 2.5f);
    REQUIRE_OK(pt_checkpoint_find(file, "parameter", 1, (size_t[]){2}, &tensor, &t->err));
    pt_tensor_read(tensor, 0, 2, values);
    CHECK(values[0] == 1.0f && values[1] == -2.0f);

    CHECK_FAILS(pt_checkpoint_find(file, "double", 1, (size_t[]){24}, &tensor, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message,
                   "tensor 'double': has dtype F64; supported are F32, F16 and BF16");
    CHECK_STR(tensor_of(file, "int64")->dtype_name, "I64");
    CHECK_STR(tensor_of(file, "boolean")->dtype_name, "BOOL");
    CHECK_STR(tensor_of(file, "uint16")->dtype_name, "U16");
    CHECK_INT(tensor_of(file, "int64")->data[16], 2);
    pt_checkpoint_close(&file);
}

TEST(pytorch, non_contiguous_views) {
    static const struct {
        const char *name;
        size_t n_dims, dims[2];
    } views[] = {{"transposed", 2, {4, 6}}, {"columns", 2, {6, 2}}, {"repeated", 1, {5}}};
    pt_checkpoint *file = NULL;
    const pt_tensor *tensor = NULL;

    REQUIRE_OK(pt_checkpoint_open(pt_test_golden_path(GOLDEN "kinds.pt"), &file, &t->err));
    for (size_t i = 0; i < 3; i++) {
        CHECK(tensor_of(file, views[i].name)->data == NULL);
        CHECK_FAILS(pt_checkpoint_find(file, views[i].name, views[i].n_dims, views[i].dims, &tensor,
                                       &t->err),
                    PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "is not contiguous");
        CHECK_CONTAINS(t->err.message, views[i].name);
    }
    CHECK(tensor == NULL);
    pt_checkpoint_close(&file);
}

/* ------------------------------------------------------------------- refused */

TEST(pytorch, unsupported_files) {
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"legacy.bin", "is in the format of PyTorch before 1.6, which is not supported; "
                       "save it again in Python with torch.save("},
        {"script.pt", "is a TorchScript program"},
        {"call.bin", "GLOBAL (0x63) refers to 'posix.system', which is not allowed in a "
                     "checkpoint; nothing was executed"},
        {"module.bin", "GLOBAL (0x63) refers to 'torch.nn.modules.linear.Linear'"},
        {"list.bin", "contains a list instead of a dictionary of tensors"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pt_checkpoint *file = NULL;
        char path[128];
        snprintf(path, sizeof path, GOLDEN "%s", cases[i].name);
        CHECK_FAILS(pt_checkpoint_open(pt_test_golden_path(path), &file, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, cases[i].name);
        CHECK_CONTAINS(t->err.message, cases[i].says);
        CHECK(file == NULL);
    }
    CHECK(access("patina-was-fooled", F_OK) != 0);
}

/* The bytes of a golden file, in a block that ends where they do. */
static unsigned char *read_golden(const char *name, size_t *n) {
    char path[128], *text = NULL;
    snprintf(path, sizeof path, GOLDEN "%s", name);
    if (pt_file_read_all(pt_test_golden_path(path), 1 << 20, &text, n, NULL) != PATINA_OK) abort();
    unsigned char *bytes = malloc(*n);
    if (!bytes) abort();
    memcpy(bytes, text, *n);
    free(text);
    return bytes;
}

/* Replaces all occurrences of a text by another of its length; false if there are none. */
static bool replace(unsigned char *bytes, size_t n, const char *from, const char *to) {
    unsigned char *at = bytes;
    size_t n_found = 0;
    if (strlen(from) != strlen(to)) abort();
    while ((at = memmem(at, n - (size_t)(at - bytes), from, strlen(from)))) {
        memcpy(at, to, strlen(to));
        n_found++;
    }
    return n_found > 0;
}

TEST(pytorch, damaged_files) {
    static const struct {
        const char *name, *from, *to, *says;
    } cases[] = {
        {"kinds.pt", "kinds/data/0", "kinds/data/x",
         "tensor 'f32': refers to a storage that is missing in the file"},
        {"kinds.pt", "HalfStorage", "LongStorage",
         "tensor 'half': has a storage of 48 bytes; expected 192"},
        {"kinds.pt", "little", "bigger", "has byte order 'bigger'"},
        {"kinds.pt", "/data.pkl", "/data.pki", "is a zip archive without 'data.pkl'"},
        {"kinds.pt", "kinds/byteorder", "abcdef/data.pkl", "contains more than one 'data.pkl'"},
        {"kinds.pt", "columns", "boolean", "tensor 'boolean': is duplicate"},
        {"kinds.pt", "_rebuild_tensor_v2", "_rebuild_tensor_v1",
         "refers to 'torch._utils._rebuild_tensor_v1'"},
        {"laion.pt", "attn.proj.bias", "attn.qkv.biasx",
         "attn.qkv.biasx': cannot be split into query, key and value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pt_checkpoint *file = NULL;
        size_t n;
        unsigned char *bytes = read_golden(cases[i].name, &n);
        CHECK(replace(bytes, n, cases[i].from, cases[i].to));
        CHECK_FAILS(pt_checkpoint_open_memory("x.pt", bytes, n, &file, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, cases[i].says);
        CHECK(file == NULL);
        pt_checkpoint_close(&file);
        free(bytes);
    }
}

TEST(pytorch, a_name_with_a_nul) {
    pt_checkpoint *file = NULL;
    size_t n;
    unsigned char *bytes = read_golden("kinds.pt", &n);
    unsigned char *name = memmem(bytes, n, "repeated", 8);
    REQUIRE(name);
    name[3] = '\0';
    CHECK_FAILS(pt_checkpoint_open_memory("x.pt", bytes, n, &file, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "tensor 'rep': has a name that contains a NUL");
    free(bytes);
}

/* The directory is last: every shorter file lacks it. */
TEST(pytorch, truncated_files) {
    size_t n;
    unsigned char *bytes = read_golden("kinds.pt", &n);
    for (size_t cut = 0; cut < n; cut++) {
        pt_checkpoint *file = NULL;
        unsigned char *part = malloc(cut > 0 ? cut : 1);
        if (!part) abort();
        memcpy(part, bytes, cut);
        CHECK_FAILS(pt_checkpoint_open_memory("x.pt", part, cut, &file, &t->err), PATINA_EFORMAT);
        if (cut >= 22) CHECK_CONTAINS(t->err.message, "check that the download is complete");
        CHECK(file == NULL);
        free(part);
    }
    free(bytes);
}

/* If a damaged file is accepted, all its values can be read. */
TEST(pytorch, every_byte_changed) {
    size_t n, n_opened = 0;
    unsigned char *bytes = read_golden("kinds.pt", &n);
    for (size_t i = 0; i < n; i++) {
        pt_checkpoint *file = NULL;
        float values[64];
        const unsigned char before = bytes[i];
        bytes[i] ^= (unsigned char)(1 << i % 8);
        const patina_status status = pt_checkpoint_open_memory("x.pt", bytes, n, &file, &t->err);
        CHECK(status == PATINA_OK || status == PATINA_EFORMAT);
        n_opened += status == PATINA_OK;
        for (size_t k = 0; file && k < pt_checkpoint_count(file); k++) {
            const pt_tensor *tensor = pt_checkpoint_at(file, k);
            if (tensor->dtype == PT_DTYPE_OTHER || !tensor->data || tensor->n_values == 0) continue;
            pt_tensor_read(tensor, tensor->n_values - 1, 1, values);
            pt_tensor_read(tensor, 0, tensor->n_values < 64 ? tensor->n_values : 64, values);
        }
        pt_checkpoint_close(&file);
        bytes[i] = before;
    }
    CHECK(n_opened > 0);
    free(bytes);
}
