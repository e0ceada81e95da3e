/* SPDX-License-Identifier: MIT */
/* test_clap_shapes.c - towers of shapes that no published model has, against float64 in NumPy
 *
 * tests/golden/make/make_clap_shapes.py computed clap/shapes.json. Weights and features are hashes
 * of a name and an index, made here as they are made there.
 */

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "clap/audio_tower.h"
#include "clap/text_tower.h"
#include "clap_golden.h"
#include "test.h"

/* Float32 against float64 gives 1e-7 (measured); errors of eps or rounding give more than 1e-6. */
#define TOLERANCE      1e-6
#define BF16_TOLERANCE 1.5e-2 /* the specification's limit for bfloat16 arithmetic */
#define N_PROJECTED    512

/* --- values, as in the generator ----------------------------------------------------------- */

static double uniform(const char *name, size_t i) {
    uint32_t x = 0x811C9DC5U; /* FNV-1a */
    for (const char *c = name; *c; c++)
        x = (x ^ (unsigned char)*c) * 0x01000193U;
    x += (uint32_t)i * 2654435761U;
    x ^= x >> 16;
    x *= 0x7FEB352DU;
    x ^= x >> 15;
    x *= 0x846CA68BU;
    x ^= x >> 16;
    return x / 4294967296.0 - 0.5;
}

static bool ends_in(const char *name, const char *end) {
    const size_t n = strlen(name), n_end = strlen(end);
    return n >= n_end && strcmp(name + n - n_end, end) == 0;
}

/* n_in: product of the dimensions but the first; n_dims 1: of a norm, or a bias */
static float weight(const char *name, size_t i, size_t n_dims, size_t n_in) {
    const double v = uniform(name, i);
    if (ends_in(name, "running_var")) return (float)(v + 1.0);
    if (!ends_in(name, ".weight")) return (float)v;
    if (n_dims == 1) return (float)(v * 0.5 + 1.0);
    return (float)(strstr(name, "embeddings") ? v : v * sqrt(12.0 / (double)n_in));
}

/* A safetensors file with the tensors of a case, in float32. The caller frees it. */
static unsigned char *model_of(const json_t *tensors, size_t *size) {
    pt_strbuf header = {0};
    size_t n_data = 0;
    const char *name;
    const json_t *dims;

    pt_strbuf_append(&header, "{");
    json_object_foreach((json_t *)(uintptr_t)tensors, name, dims) {
        char *shape = json_dumps(dims, 0);
        size_t n = 4;
        for (size_t d = 0; d < json_array_size(dims); d++)
            n *= (size_t)json_integer_value(json_array_get(dims, d));
        pt_strbuf_printf(&header,
                         "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}",
                         n_data ? "," : "", name, shape, n_data, n_data + n);
        n_data += n;
        free(shape);
    }
    pt_strbuf_append(&header, "}");
    *size = 8 + header.length + n_data;
    unsigned char *bytes = malloc(*size), *out = bytes;
    if (!bytes || header.failed) abort();
    for (size_t b = 0; b < 8; b++)
        *out++ = (unsigned char)((uint64_t)header.length >> (8 * b));
    memcpy(out, header.text, header.length);
    out += header.length;
    json_object_foreach((json_t *)(uintptr_t)tensors, name, dims) {
        size_t n_in = 1;
        for (size_t d = 1; d < json_array_size(dims); d++)
            n_in *= (size_t)json_integer_value(json_array_get(dims, d));
        const size_t n = n_in * (size_t)json_integer_value(json_array_get(dims, 0));
        for (size_t i = 0; i < n; i++, out += 4) {
            const float value = weight(name, i, json_array_size(dims), n_in);
            memcpy(out, &value, 4);
        }
    }
    pt_strbuf_release(&header);
    return bytes;
}

static float *compute_features(size_t n) {
    float *features = malloc(n * sizeof *features);
    if (!features) abort();
    for (size_t i = 0; i < n; i++)
        features[i] = (float)(uniform("features", i) * 80.0 - 40.0);
    return features;
}

/* --- cases --------------------------------------------------------------------------------- */

typedef struct model {
    pt_clap_config config;
    unsigned char *bytes;
    pt_checkpoint *file;
} model;

static bool model_open(pt_test *t, const json_t *item, model *m) {
    char *config = json_dumps(json_object_get(item, "config"), 0);
    size_t size;
    if (!config) abort();
    *m = (model){.bytes = model_of(json_object_get(item, "tensors"), &size)};
    const bool ok =
        CHECK_OK(pt_clap_config_parse("config", config, strlen(config), &m->config, &t->err)) &&
        CHECK_OK(pt_checkpoint_open_memory("model", m->bytes, size, &m->file, &t->err));
    free(config);
    return ok;
}

static void model_close(model *m) {
    pt_checkpoint_close(&m->file);
    free(m->bytes);
}

static bool run_audio(pt_test *t, const model *m, const json_t *item, size_t n_frames,
                      const pt_nn_ops *ops, float *raw) {
    const size_t n_channels = pt_golden_get_size(item, "n_channels");
    pt_audio_tower *tower = NULL;
    if (!CHECK_OK(pt_audio_tower_open(&m->config, n_frames, m->file, ops, &tower, &t->err)))
        return false;
    float *features = compute_features(n_channels * n_frames * m->config.audio.n_mels);
    void *scratch = aligned_alloc(64, pt_audio_tower_scratch_size(tower));
    if (!scratch) abort();
    pt_audio_tower_run(tower, features, n_channels, raw, scratch, NULL);
    free(scratch);
    free(features);
    pt_audio_tower_close(&tower);
    return true;
}

static bool run_text(pt_test *t, const model *m, const json_t *item, const pt_nn_ops *ops,
                     float *raw) {
    pt_text_tower *tower = NULL;
    size_t n_ids;
    if (!CHECK_OK(pt_text_tower_open(&m->config, m->file, ops, &tower, &t->err))) return false;
    int32_t *ids = pt_golden_read_ids(t, item, "ids", &n_ids);
    void *scratch = aligned_alloc(64, pt_text_tower_scratch_size(tower, 1, n_ids));
    if (!scratch) abort();
    pt_text_tower_run(tower, ids, &n_ids, 1, raw, scratch, NULL);
    free(scratch);
    free(ids);
    pt_text_tower_close(&tower);
    return true;
}

static void check_table(pt_test *t, const model *m, const json_t *item, size_t n_frames,
                        const pt_nn_ops *ops, const float *golden) {
    float embedding[N_PROJECTED];
    double power = 0.0;
    if (json_object_get(item, "ids") ? !run_text(t, m, item, ops, embedding)
                                     : !run_audio(t, m, item, n_frames, ops, embedding))
        return;
    for (size_t i = 0; i < N_PROJECTED; i++)
        power += (double)embedding[i] * (double)embedding[i];
    for (size_t i = 0; i < N_PROJECTED; i++)
        embedding[i] = (float)(embedding[i] / sqrt(power));
    pt_check_allclose(t, pt_golden_get_string(item, "name"), embedding, golden, N_PROJECTED,
                      ops->precision == PATINA_PRECISION_BF16 ? BF16_TOLERANCE : TOLERANCE);
}

static void check_case(pt_test *t, const json_t *item, size_t n_frames) {
    const json_t *expected = json_object_get(item, "embedding");
    float golden[N_PROJECTED];
    model m;

    for (size_t i = 0; i < N_PROJECTED; i++)
        golden[i] = (float)json_number_value(json_array_get(expected, i));
    if (model_open(t, item, &m))
        for (int i = 2 * PATINA_ISA_C;
             i < 2 * PATINA_ISA_COUNT && i / 2 <= (int)patina_isa_detect(); i++) {
            const pt_nn_ops *ops = pt_nn_ops_get((patina_isa)(i / 2), (patina_precision)(i % 2));
            if (ops) check_table(t, &m, item, n_frames, ops, golden);
        }
    model_close(&m);
}

TEST(clap_shapes, equal_to_float64) {
    json_error_t error;
    json_t *index = json_load_file(pt_test_golden_path("clap/shapes.json"), 0, &error);
    REQUIRE(index != NULL);
    CHECK(json_array_size(json_object_get(index, "cases")) > 0);
    PT_GOLDEN_FOREACH(i, item, index, "cases") {
        check_case(t, item, pt_golden_get_size(index, "n_frames"));
    }
    json_decref(index);
}

/* Memory grows with the fourth power of it, but no tensor does: the tower limits it. */
TEST(clap_shapes, too_large) {
    static const char *const configs[] = {
        "{\"audio_config\":{\"depths\":[1],\"num_attention_heads\":[4],\"hidden_size\":96,"
        "\"window_size\":32}}",
        "{\"audio_config\":{\"depths\":[1],\"num_attention_heads\":[4],\"hidden_size\":96,"
        "\"spec_size\":4096}}",
    };
    static const unsigned char empty[] = "\2\0\0\0\0\0\0\0{}";
    pt_checkpoint *file = NULL;
    REQUIRE_OK(pt_checkpoint_open_memory("model", empty, sizeof empty - 1, &file, &t->err));
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        pt_clap_config config;
        pt_audio_tower *tower = NULL;
        if (!CHECK_OK(
                pt_clap_config_parse("config", configs[i], strlen(configs[i]), &config, &t->err)))
            continue;
        CHECK_FAILS(pt_audio_tower_open(&config, 1001, file,
                                        pt_nn_ops_get(PATINA_ISA_C, PATINA_PRECISION_F32), &tower,
                                        &t->err),
                    PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "the limits are");
    }
    pt_checkpoint_close(&file);
}
