/* SPDX-License-Identifier: MIT */
/* test_text_tower.c - token ids to projections, step by step, against transformers' ClapModel */

#include "clap/text_tower.h"

#include <stdlib.h>

#include "clap_golden.h"
#include "test.h"
#include "tower_checks.h"

#define N_PROJECTED 512
#define N_TOGETHER  8

typedef struct opened {
    pt_clap_config config;
    pt_checkpoint *file;
    pt_text_tower *tower;
} opened;

static bool tower_open(pt_test *t, const char *model, patina_isa isa, opened *o) {
    *o = (opened){0};
    return CHECK_OK(pt_clap_config_read(model, &o->config, &t->err)) &&
           CHECK_OK(pt_checkpoint_open_model(model, &o->file, &t->err)) &&
           CHECK_OK(pt_text_tower_open(
               &o->config, o->file, pt_nn_ops_get(isa, PATINA_PRECISION_F32), &o->tower, &t->err));
}

static void tower_close(opened *o) {
    pt_text_tower_close(&o->tower);
    pt_checkpoint_close(&o->file);
}

static void run(const opened *o, const int32_t *ids, const size_t *lengths, size_t n_captions,
                float *raw, const pt_forward_hook *tap) {
    size_t n_ids = 0;
    for (size_t i = 0; i < n_captions; i++)
        n_ids += lengths[i];
    void *scratch = aligned_alloc(64, pt_text_tower_scratch_size(o->tower, n_captions, n_ids));
    if (!scratch) abort();
    pt_text_tower_run(o->tower, ids, lengths, n_captions, raw, scratch, tap);
    free(scratch);
}

/* Names of the goldens for the outputs of the hook. */
static void compare_step(void *context, const char *what, size_t i, size_t j, const float *values,
                         size_t n) {
    char name[64] = "";
    (void)j;
    if (strcmp(what, "embeddings") == 0) snprintf(name, sizeof name, "t0_embeddings");
    if (strcmp(what, "attention") == 0) snprintf(name, sizeof name, "t1_layer%zu_attn", i);
    if (strcmp(what, "layer") == 0) snprintf(name, sizeof name, "t2_layer%zu", i);
    if (strcmp(what, "last attention") == 0) snprintf(name, sizeof name, "t1_layer%zu_attn", i);
    if (strcmp(what, "last layer") == 0) snprintf(name, sizeof name, "t2_layer%zu", i);
    if (strcmp(what, "pooler") == 0) snprintf(name, sizeof name, "t3_pooler");

    /* The goldens have all tokens of the last layer, the tower only the first. */
    if (strncmp(what, "last", 4) == 0)
        pt_golden_trace_compare_prefix(context, name, values, n);
    else
        pt_golden_trace_compare(context, name, values, n);
}

static void check_ids(pt_test *t, const opened *o, const char *model, const json_t *item,
                      const char *ids_member, const char *member) {
    pt_golden_trace w = pt_golden_trace_init(t, model, item);
    const pt_forward_hook tap = {compare_step, &w};
    float raw[N_PROJECTED];
    size_t n_ids;
    int32_t *ids = pt_golden_read_ids(t, item, ids_member, &n_ids);

    run(o, ids, &n_ids, 1, raw, w.stages ? &tap : NULL);
    pt_golden_trace_finish(&w, item, member, raw);
    free(ids);
}

static void check_model(pt_test *t, const char *model) {
    json_t *index = pt_golden_open_index(t, model);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
        opened o;
        if (tower_open(t, model, (patina_isa)isa, &o)) PT_GOLDEN_FOREACH(i, item, index, "text") {
                check_ids(t, &o, model, item, "ids", "embedding");
                if (json_object_get(item, "ids_512"))
                    check_ids(t, &o, model, item, "ids_512", "embedding_512");
            }
        tower_close(&o);
    }
    json_decref(index);
}

TEST(text_tower, mini) {
    check_model(t, pt_test_golden_path("clap/mini"));
}

TEST(text_tower, tiny) {
    const char *model = pt_test_shared_path("clap/tiny");
    if (!model) SKIP("no shared folder with clap/tiny");
    check_model(t, model);
}

/* Captions that are computed together are bit-identical to those computed alone. */
TEST(text_tower, captions_are_independent) {
    const char *model = pt_test_golden_path("clap/mini");
    json_t *index = pt_golden_open_index(t, model);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
        int32_t together[N_TOGETHER * 77];
        size_t lengths[N_TOGETHER], n = 0, n_ids = 0;
        float raw[N_TOGETHER * N_PROJECTED], alone[N_PROJECTED];
        opened o;
        if (tower_open(t, model, (patina_isa)isa, &o)) {
            PT_GOLDEN_FOREACH(i, item, index, "text") {
                if (n == N_TOGETHER) continue;
                int32_t *ids = pt_golden_read_ids(t, item, "ids", &lengths[n]);
                memcpy(together + n_ids, ids, lengths[n] * sizeof *ids);
                n_ids += lengths[n++];
                free(ids);
            }
            run(&o, together, lengths, n, raw, NULL);
            const int32_t *ids = together;
            for (size_t i = 0; i < n; ids += lengths[i++]) {
                run(&o, ids, &lengths[i], 1, alone, NULL);
                CHECK(memcmp(alone, raw + i * N_PROJECTED, sizeof alone) == 0);
            }
        }
        tower_close(&o);
    }
    json_decref(index);
}

/* Opens and closes; only the status counts. */
typedef struct attempt {
    pt_test *t;
    const pt_clap_config *config;
} attempt;

static patina_status try_open(void *context, const pt_checkpoint *file, patina_error *err) {
    const attempt *a = context;
    pt_test *t = a->t;
    pt_text_tower *tower = NULL;
    const patina_status status = pt_text_tower_open(
        a->config, file, pt_nn_ops_get(PATINA_ISA_C, PATINA_PRECISION_F32), &tower, err);
    CHECK((tower == NULL) == (status != PATINA_OK));
    pt_text_tower_close(&tower);
    return status;
}

TEST(text_tower, every_tensor_is_required) {
    opened o;
    if (tower_open(t, pt_test_golden_path("clap/mini"), PATINA_ISA_C, &o)) {
        attempt a = {t, &o.config};
        pt_check_required_tensors(t, o.file, &(pt_tower_opener){"text", &a, try_open});
    }
    tower_close(&o);
}

TEST(text_tower, shapes_are_checked) {
    static const char *const names[] = {
        "text_model.embeddings.word_embeddings.weight",
        "text_model.embeddings.position_embeddings.weight",
        "text_model.embeddings.token_type_embeddings.weight",
        "text_model.encoder.layer.2.attention.self.value.bias",
        "text_model.encoder.layer.0.output.dense.weight",
        "text_projection.linear1.weight",
    };
    opened o;
    if (tower_open(t, pt_test_golden_path("clap/mini"), PATINA_ISA_C, &o)) {
        attempt a = {t, &o.config};
        pt_check_tensor_shapes(t, o.file, &(pt_tower_opener){"text", &a, try_open}, names,
                               sizeof names / sizeof *names);
    }
    tower_close(&o);
}
