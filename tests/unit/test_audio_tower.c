/* SPDX-License-Identifier: MIT */
/* test_audio_tower.c - features to projections, step by step, against transformers' ClapModel */

#include "clap/audio_tower.h"

#include <stdlib.h>

#include "clap/mel.h"
#include "clap_golden.h"
#include "test.h"
#include "tower_checks.h"

#define N_PROJECTED 512
#define N_FRAMES    1001

typedef struct opened {
    pt_clap_config config;
    pt_checkpoint *file;
    pt_audio_tower *tower;
    void *scratch;
} opened;

static bool tower_open(pt_test *t, const char *model, patina_isa isa, opened *o) {
    *o = (opened){0};
    if (!CHECK_OK(pt_clap_config_read(model, &o->config, &t->err)) ||
        !CHECK_OK(pt_checkpoint_open_model(model, &o->file, &t->err)) ||
        !CHECK_OK(pt_audio_tower_open(&o->config, N_FRAMES, o->file,
                                      pt_nn_ops_get(isa, PATINA_PRECISION_F32), &o->tower,
                                      &t->err)))
        return false;
    o->scratch = aligned_alloc(64, pt_audio_tower_scratch_size(o->tower));
    if (!o->scratch) abort();
    return true;
}

static void tower_close(opened *o) {
    pt_audio_tower_close(&o->tower);
    pt_checkpoint_close(&o->file);
    free(o->scratch);
}

/* Names of the goldens for the outputs of the hook. */
static void compare_step(void *context, const char *what, size_t i, size_t j, const float *values,
                         size_t n) {
    char name[64] = "";
    if (strcmp(what, "batch_norm") == 0) snprintf(name, sizeof name, "a0_batchnorm");
    if (strcmp(what, "image") == 0) snprintf(name, sizeof name, "a1_image");
    if (strcmp(what, "patch_embed") == 0) snprintf(name, sizeof name, "a2_patch_embed");
    if (strcmp(what, "block") == 0) snprintf(name, sizeof name, "a3_stage%zu_block%zu", i, j);
    if (strcmp(what, "stage") == 0) snprintf(name, sizeof name, "a4_stage%zu_out", i);
    if (strcmp(what, "final_norm") == 0) snprintf(name, sizeof name, "a5_final_norm");
    if (strcmp(what, "pooled") == 0) snprintf(name, sizeof name, "a6_pooled");

    pt_golden_trace_compare(context, name, values, n);
}

/* Runs features through the tower and compares the result with the embedding of the item and with
 * its steps, if there are any. */
static void check_item(pt_test *t, const opened *o, const char *model, const json_t *item,
                       const float *features, size_t n_channels, const char *member) {
    pt_golden_trace w = pt_golden_trace_init(t, model, item);
    const pt_forward_hook tap = {compare_step, &w};
    float raw[N_PROJECTED];

    pt_audio_tower_run(o->tower, features, n_channels, raw, o->scratch, w.stages ? &tap : NULL);
    pt_golden_trace_finish(&w, item, member, raw);
}

static void check_model(pt_test *t, const char *model) {
    json_t *index = pt_golden_open_index(t, model);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
        opened o;
        if (tower_open(t, model, (patina_isa)isa, &o)) PT_GOLDEN_FOREACH(i, item, index, "audio") {
                pt_npy features = {0};
                if (pt_golden_read_array(t, model, item, "features", &features))
                    check_item(t, &o, model, item, features.values, 1, "embedding");
                pt_npy_release(&features);
            }
        tower_close(&o);
    }
    json_decref(index);
}

TEST(audio_tower, mini) {
    check_model(t, pt_test_golden_path("clap/mini"));
}

TEST(audio_tower, tiny) {
    const char *model = pt_test_shared_path("clap/tiny");
    if (!model) SKIP("no shared folder with clap/tiny");
    check_model(t, model);
}

/* Four channels of features: the golden's, or where it has none (a clip a little longer than 10 s
 * that still has 1001 frames) four times those of the whole clip. */
static float *fused_features(pt_test *t, const char *model, const json_t *item) {
    const size_t n = N_FRAMES * 64;
    pt_npy array = {0};
    float *features = calloc(4 * n, sizeof *features);
    if (!features) abort();
    if (*pt_golden_get_string(item, "features")) {
        if (pt_golden_read_array(t, model, item, "features", &array) &&
            CHECK(array.n_values == 4 * n))
            memcpy(features, array.values, 4 * n * sizeof *features);
    } else if (pt_golden_read_array(t, model, item, "samples_file", &array)) {
        pt_clap_config config = {0};
        pt_mel *mel = NULL;
        CHECK_OK(pt_clap_config_read(model, &config, &t->err));
        CHECK_OK(pt_feature_extractor_config_read(model, &config, &t->err));
        config.extractor.n_samples = pt_golden_get_size(item, "samples");
        if (CHECK_OK(pt_mel_open(&config.extractor, &mel, &t->err)) &&
            CHECK(pt_mel_n_frames(mel) == N_FRAMES)) {
            void *scratch = aligned_alloc(64, pt_mel_scratch_size(mel));
            if (!scratch) abort();
            pt_mel_features(mel, array.values, config.extractor.n_samples, features, scratch);
            for (size_t c = 1; c < 4; c++)
                memcpy(features + c * n, features, n * sizeof *features);
            free(scratch);
        }
        pt_mel_close(&mel);
    }
    pt_npy_release(&array);
    return features;
}

/* The fused model uses channel 0 alone, or mixes the other three in. */
TEST(audio_tower, fused) {
    const char *model = pt_test_golden_path("clap/tiny_fused");
    json_t *index = pt_golden_open_index(t, model);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
        opened o;
        if (tower_open(t, model, (patina_isa)isa, &o)) PT_GOLDEN_FOREACH(i, item, index, "audio") {
                float *features = fused_features(t, model, item);
                check_item(t, &o, model, item, features, 1, "embedding_notlonger");
                check_item(t, &o, model, item, features, 4, "embedding_longer");
                free(features);
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
    pt_audio_tower *tower = NULL;
    const patina_status status = pt_audio_tower_open(
        a->config, N_FRAMES, file, pt_nn_ops_get(PATINA_ISA_C, PATINA_PRECISION_F32), &tower, err);
    CHECK((tower == NULL) == (status != PATINA_OK));
    pt_audio_tower_close(&tower);
    return status;
}

TEST(audio_tower, every_tensor_is_required) {
    const char *const models[] = {"clap/mini", "clap/tiny_fused"};
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        opened o;
        if (tower_open(t, pt_test_golden_path(models[m]), PATINA_ISA_C, &o)) {
            attempt a = {t, &o.config};
            pt_check_required_tensors(t, o.file, &(pt_tower_opener){"audio", &a, try_open});
        }
        tower_close(&o);
    }
}

TEST(audio_tower, shapes_are_checked) {
    static const char *const names[] = {
        "audio_model.audio_encoder.batch_norm.running_var",
        "audio_model.audio_encoder.patch_embed.mel_conv2d.weight",
        "audio_model.audio_encoder.layers.1.blocks.1.attention.self.key.weight",
        "audio_model.audio_encoder.layers.3.blocks.0.attention.self.relative_position_bias_table",
        "audio_model.audio_encoder.layers.0.downsample.norm.bias",
        "audio_projection.linear2.bias",
    };
    opened o;
    if (tower_open(t, pt_test_golden_path("clap/tiny_fused"), PATINA_ISA_C, &o)) {
        attempt a = {t, &o.config};
        pt_check_tensor_shapes(t, o.file, &(pt_tower_opener){"audio", &a, try_open}, names,
                               sizeof names / sizeof *names);
    }
    tower_close(&o);
}
