/* SPDX-License-Identifier: MIT */
/* test_device_model.c - both towers on devices
 *
 * Compared with the goldens of transformers' ClapModel, and bit by bit with the plain C reference
 * on every OpenCL device and in any batch.
 */

#include "clap/device_model.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <patina/clap.h>

#include "clap_golden.h"
#include "nn/opencl/row_major_ops.h"
#include "test.h"
#include "tower_checks.h"

#define N_PROJECTED 512
#define N_FEATURES  (1001 * 64)
#define N_MAX       24 /* clips or captions of a golden folder */

typedef struct opened {
    pt_clap_config config;
    pt_checkpoint *file;
    pt_audio_tower *audio;
    pt_text_tower *text;
    pt_device_attention attention;
} opened;

/* The inputs of all items of a list, and their results one at a time. */
typedef struct items {
    size_t n;
    float *values;             /* [n, N_FEATURES], or tokens [starts[n], hidden] */
    int32_t starts[N_MAX + 1]; /* of captions */
    float raw[N_MAX][N_PROJECTED];
} items;

static bool model_open(pt_test *t, const char *model, opened *o) {
    *o = (opened){0};
    return CHECK_OK(pt_clap_config_read(model, &o->config, &t->err)) &&
           CHECK_OK(pt_checkpoint_open_model(model, &o->file, &t->err)) &&
           CHECK_OK(pt_audio_tower_open(&o->config, 1001, o->file, &pt_nn_ops_row_major, &o->audio,
                                        &t->err)) &&
           CHECK_OK(
               pt_text_tower_open(&o->config, o->file, &pt_nn_ops_row_major, &o->text, &t->err)) &&
           CHECK_OK(pt_device_model_get_attention(&o->config, &o->attention, &t->err));
}

static void model_close(opened *o) {
    pt_audio_tower_close(&o->audio);
    pt_text_tower_close(&o->text);
    pt_checkpoint_close(&o->file);
}

/* The goldens' names of what the towers show. */
static void compare_step(void *context, const char *what, size_t i, size_t j, const float *values,
                         size_t n) {
    static const char *const plain[][2] = {
        {"image", "a1_image"},   {"patch_embed", "a2_patch_embed"}, {"final_norm", "a5_final_norm"},
        {"pooled", "a6_pooled"}, {"embeddings", "t0_embeddings"},   {"pooler", "t3_pooler"}};
    char name[64] = "";
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
        if (strcmp(what, plain[k][0]) == 0) snprintf(name, sizeof name, "%s", plain[k][1]);
    if (strcmp(what, "block") == 0) snprintf(name, sizeof name, "a3_stage%zu_block%zu", i, j);
    if (strcmp(what, "stage") == 0) snprintf(name, sizeof name, "a4_stage%zu_out", i);
    if (strstr(what, "attention")) snprintf(name, sizeof name, "t1_layer%zu_attn", i);
    if (strstr(what, "layer")) snprintf(name, sizeof name, "t2_layer%zu", i);
    if (strncmp(what, "last", 4) == 0)
        pt_golden_trace_compare_prefix(context, name, values, n);
    else
        pt_golden_trace_compare(context, name, values, n);
}

static void on_done(void *context, patina_status status) {
    atomic_store((atomic_int *)context, (int)status);
}

/* Runs items first to first + n - 1 and waits. */
static bool run(pt_test *t, pt_device_model *m, const opened *o, const items *in, bool is_audio,
                size_t first, size_t n, float *raw, const pt_forward_hook *hook) {
    atomic_int done = -1;
    const pt_device_notice notice = {on_done, &done};
    int32_t starts[N_MAX + 1];
    for (size_t i = 0; i <= n; i++)
        starts[i] = in->starts[first + i] - in->starts[first];
    const bool ok = is_audio
                        ? CHECK_OK(pt_device_model_run_audio(m, in->values + first * N_FEATURES, n,
                                                             raw, notice, hook, &t->err))
                        : CHECK_OK(pt_device_model_run_text(
                              m, in->values + (size_t)in->starts[first] * o->config.text.hidden,
                              starts, n, raw, notice, hook, &t->err));
    for (int i = 0; ok && i < 100000 && done == -1; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return ok && CHECK(done == PATINA_OK);
}

/* Each item alone against its golden, then all in one batch: equal bits. */
static void check_list(pt_test *t, pt_device *device, const opened *o, const char *model,
                       const json_t *index, bool is_audio, items *in) {
    static float together[N_MAX][N_PROJECTED];
    pt_device_model *m = NULL;
    size_t k = 0;

    if (!CHECK_OK(pt_device_model_open(device, o->audio, o->text, in->n, &m, &t->err))) return;
    PT_GOLDEN_FOREACH(i, item, index, is_audio ? "audio" : "text") {
        if (is_audio && !*pt_golden_get_string(item, "features")) continue;
        pt_golden_trace w = pt_golden_trace_init(t, model, item);
        const pt_forward_hook hook = {compare_step, &w};
        float raw[N_PROJECTED];
        if (!run(t, m, o, in, is_audio, k, 1, raw, w.stages ? &hook : NULL)) break;
        memcpy(in->raw[k], raw, sizeof raw);
        w.n_compared += w.stages && is_audio; /* the batch norm is part of a kernel */
        pt_golden_trace_finish(
            &w, item, is_audio && o->config.audio.fusion ? "embedding_notlonger" : "embedding",
            raw);
        k++;
    }
    CHECK_INT(k, in->n);
    /* The reference has no work-groups: a batch costs time there and shows nothing. */
    if (*pt_device_tile_name(device) && run(t, m, o, in, is_audio, 0, in->n, together[0], NULL))
        CHECK(memcmp(together, in->raw, in->n * sizeof together[0]) == 0);
    pt_device_model_close(&m);
}

static void read_items(pt_test *t, const opened *o, const char *model, const json_t *index,
                       bool is_audio, items *in) {
    const size_t h = o->config.text.hidden;
    in->values = calloc((size_t)N_MAX * (is_audio ? N_FEATURES : 77 * h) + h, sizeof(float));
    if (!in->values) abort();
    PT_GOLDEN_FOREACH(i, item, index, is_audio ? "audio" : "text") {
        if (in->n == N_MAX || (is_audio && !*pt_golden_get_string(item, "features"))) continue;
        if (is_audio) {
            pt_npy features = {0};
            if (pt_golden_read_array(t, model, item, "features", &features))
                memcpy(in->values + in->n * N_FEATURES, features.values,
                       N_FEATURES * sizeof(float));
            pt_npy_release(&features);
        } else {
            size_t n;
            int32_t *ids = pt_golden_read_ids(t, item, "ids", &n);
            float *tokens = in->values + (size_t)in->starts[in->n] * h;
            pt_text_tower_embed_tokens(o->text, ids, n, tokens, tokens + n * h);
            in->starts[in->n + 1] = in->starts[in->n] + (int32_t)n;
            free(ids);
        }
        in->n++;
    }
}

/* One model on the reference and on all devices of the machine. */
static void check_model(pt_test *t, const char *model) {
    json_t *index = pt_golden_open_index(t, model);
    pt_cl_api api;
    pt_cl_device *listed = NULL;
    size_t n_listed = 0;
    opened o;

    if (pt_cl_api_open(NULL, &api, &t->err) != PATINA_OK ||
        pt_cl_devices_list(&api, &listed, &n_listed, &t->err) != PATINA_OK)
        printf("note: the plain C reference alone: %s\n", t->err.message);
    for (int is_audio = 0; is_audio < 2 && model_open(t, model, &o); is_audio++) {
        items in = {0};
        read_items(t, &o, model, index, is_audio, &in);
        static float expected[N_MAX][N_PROJECTED];
        for (size_t d = 0; in.n > 0 && d <= n_listed; d++) {
            const pt_device_options options = {.attention = o.attention};
            pt_device *device = NULL;
            if (!CHECK_OK(d == 0 ? pt_device_open_reference(&device, &t->err)
                                 : pt_device_open_opencl(&api, &listed[d - 1], &options, &device,
                                                         &t->err)))
                continue;
            check_list(t, device, &o, model, index, is_audio, &in);
            if (d == 0) memcpy(expected, in.raw, sizeof expected);
            CHECK(memcmp(expected, in.raw, in.n * sizeof expected[0]) == 0);
            pt_device_close(&device);
        }
        free(in.values);
        model_close(&o);
    }
    free(listed);
    json_decref(index);
}

TEST(device_model, mini) {
    check_model(t, pt_test_golden_path("clap/mini"));
}

TEST(device_model, tiny) {
    const char *model = pt_test_shared_path("clap/tiny");
    if (!model) SKIP("no shared folder with clap/tiny");
    check_model(t, model);
}

TEST(device_model, fused) {
    check_model(t, pt_test_golden_path("clap/tiny_fused"));
}
