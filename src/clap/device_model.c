/* SPDX-License-Identifier: MIT */
/* device_model.c - both towers on a device
 *
 * The same steps as audio_tower.c and text_tower.c, each for all clips or captions of a batch.
 * Windows are not copied: the attention kernel finds their tokens in the image.
 */

#include "clap/device_model.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <patina/clap.h>

#include "base/error.h"
#include "clap/audio_tower_weights.h"
#include "clap/text_tower_weights.h"
#include "nn/opencl/device_math.h"

#define ALIGNMENT 64 /* of buffers in the scratch memory, in elements */

/* Scratch memory of a run, in elements; n: batch, T: tokens of all clips or captions. */
typedef struct workspace {
    size_t size;
    pt_device_span features; /* [n, n_frames, n_mels] */
    pt_device_span image;    /* [n, spec_size, spec_size] */
    pt_device_span starts;   /* [n + 1] */
    pt_device_span tokens;   /* [T, d] */
    pt_device_span input;    /* [T, d]: layer norm, then output of attention */
    pt_device_span wide;     /* [T, max(3, mlp_ratio) d]; patches; merged tokens */
    pt_device_span first;    /* [n, d]: first tokens, means */
    pt_device_span other;    /* [n, d] */
    pt_device_span hidden;   /* [n, n_projected] */
    pt_device_span raw;      /* [n, n_projected] */
} workspace;

struct pt_device_model {
    pt_device *device;
    const pt_audio_tower *audio;
    const pt_text_tower *text;
    pt_device_buffer *audio_weights, *text_weights;
    pt_device_buffer *zeros; /* bias of layers without one */
    pt_device_buffer *scratch;
    size_t batch;
};

static size_t max_size(size_t a, size_t b) {
    return a > b ? a : b;
}

/* ---- opening --------------------------------------------------------------------------------- */

patina_status pt_device_model_get_attention(const pt_clap_config *config,
                                            pt_device_attention *attention, patina_error *err) {
    const pt_audio_config *a = &config->audio;
    attention->window = a->window;
    if (a->window > PT_DEVICE_WINDOW_MAX)
        return pt_fail(err, PATINA_EUSAGE,
                       "a model with attention windows of %zu x %zu is not supported on a device; "
                       "use '--device cpu'",
                       a->window, a->window);
    for (size_t s = 0; s < a->n_stages; s++)
        PT_TRY(pt_device_attention_add_head(attention, (a->width << s) / a->n_heads[s], err));
    return pt_device_attention_add_head(attention, config->text.hidden / config->text.n_heads, err);
}

static pt_device_span take(workspace *w, const pt_device_buffer *buffer, size_t n) {
    const pt_device_span span = {buffer, w->size};
    w->size += (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return span;
}

/* The scratch memory of n clips. */
static workspace audio_workspace(const pt_device_model *m, size_t n) {
    const pt_audio_tower *t = m->audio;
    const pt_audio_config *c = &t->config;
    const size_t n_tokens = n * t->grid * t->grid, n_pixels = n * c->spec_size * c->spec_size;
    const size_t last = t->stages[c->n_stages - 1].width, patch = c->patch * c->patch;
    const size_t wide = max_size(max_size(3, c->mlp_ratio) * c->width, patch);
    const pt_device_buffer *b = m->scratch;
    workspace w = {.size = 0};

    w.features = take(&w, b, n * t->n_frames * c->n_mels);
    w.image = take(&w, b, n_pixels);
    w.tokens = take(&w, b, n_tokens * c->width);
    w.input = take(&w, b, n_tokens * c->width);
    w.wide = take(&w, b, n_tokens * wide);
    w.first = take(&w, b, n * last);
    w.hidden = take(&w, b, n * t->n_projected);
    w.raw = take(&w, b, n * t->n_projected);
    return w;
}

/* The scratch memory of n captions with n_ids tokens. */
static workspace text_workspace(const pt_device_model *m, size_t n, size_t n_ids) {
    const pt_text_config *c = &m->text->config;
    const size_t h = c->hidden;
    const pt_device_buffer *b = m->scratch;
    workspace w = {.size = 0};

    w.starts = take(&w, b, n + 1);
    w.tokens = take(&w, b, n_ids * h);
    w.input = take(&w, b, n_ids * h);
    w.wide = take(&w, b, n_ids * max_size(3 * h, c->intermediate));
    w.first = take(&w, b, n * h);
    w.other = take(&w, b, n * h);
    w.hidden = take(&w, b, n * m->text->n_projected);
    w.raw = take(&w, b, n * m->text->n_projected);
    return w;
}

static patina_status alloc_scratch(pt_device_model *m, patina_error *err) {
    for (;; m->batch /= 2) {
        const size_t n_ids = m->batch * PATINA_CAPTION_TOKENS_MAX;
        const size_t audio = m->audio ? audio_workspace(m, m->batch).size : 0;
        const size_t text = m->text ? text_workspace(m, m->batch, n_ids).size : 0;
        const patina_status status =
            pt_device_alloc(m->device, max_size(audio, text), &m->scratch, err);
        if (status != PATINA_ENOMEM || m->batch == 1) return status;
    }
}

static patina_status upload(pt_device_model *m, const float *values, size_t n,
                            pt_device_buffer **buffer, patina_error *err) {
    PT_TRY(pt_device_alloc(m->device, n, buffer, err));
    const patina_status status =
        pt_device_write(m->device, (pt_device_span){*buffer, 0}, values, n, err);
    pt_device_finish(m->device);
    return status;
}

/* The part of the block of the text tower that the device needs: not the embeddings of tokens. */
static const float *text_base(const pt_text_tower *tower) {
    return tower->type;
}

static patina_status upload_all(pt_device_model *m, patina_error *err) {
    size_t n_zeros = 1;

    if (m->audio) {
        const pt_audio_config *c = &m->audio->config;
        n_zeros = 3 * m->audio->stages[c->n_stages - 1].width;
        PT_TRY(upload(m, m->audio->memory.data, m->audio->memory.n_bytes / sizeof(float),
                      &m->audio_weights, err));
    }
    if (m->text) {
        const float *end =
            (const float *)m->text->memory.data + m->text->memory.n_bytes / sizeof(float);
        PT_TRY(upload(m, text_base(m->text), (size_t)(end - text_base(m->text)), &m->text_weights,
                      err));
    }
    float *zeros = calloc(n_zeros, sizeof *zeros);
    if (!zeros) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const patina_status status = upload(m, zeros, n_zeros, &m->zeros, err);
    free(zeros);
    return status == PATINA_OK ? alloc_scratch(m, err) : status;
}

patina_status pt_device_model_open(pt_device *device, const pt_audio_tower *audio,
                                   const pt_text_tower *text, size_t batch, pt_device_model **model,
                                   patina_error *err) {
    pt_device_model *m = calloc(1, sizeof *m);
    if (!m) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    assert(batch >= 1 && batch <= PT_DEVICE_BATCH_MAX);
    *m = (pt_device_model){.device = device, .audio = audio, .text = text, .batch = batch};
    const patina_status status = upload_all(m, err);
    if (status == PATINA_OK)
        *model = m;
    else
        pt_device_model_close(&m);
    return status;
}

void pt_device_model_close(pt_device_model **model) {
    pt_device_model *m = *model;
    if (!m) return;
    pt_device_finish(m->device);
    pt_device_free(m->device, &m->audio_weights);
    pt_device_free(m->device, &m->text_weights);
    pt_device_free(m->device, &m->zeros);
    pt_device_free(m->device, &m->scratch);
    free(m);
    *model = NULL;
}

size_t pt_device_model_batch(const pt_device_model *model) {
    return model->batch;
}

patina_status pt_device_model_halve_batch(pt_device_model *m, patina_error *err) {
    pt_device_finish(m->device);
    if (m->batch == 1)
        return pt_fail(err, PATINA_ENOMEM, "device '%s' has too little memory for one clip",
                       pt_device_name(m->device));
    pt_device_free(m->device, &m->scratch);
    m->batch /= 2;
    return alloc_scratch(m, err);
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* State of a run. */
typedef struct run {
    pt_device_model *m;
    const pt_device_buffer *weights;
    const float *base; /* of the weights in host memory */
    workspace w;
    size_t n; /* clips or captions */
    const pt_forward_hook *hook;
    patina_error *err;
} run;

static pt_device_span weights_at(const run *r, const float *values) {
    if (!values) return (pt_device_span){r->m->zeros, 0};
    return (pt_device_span){r->weights, (size_t)(values - r->base)};
}

static patina_status launch(const run *r, const pt_device_launch *l) {
    return pt_device_run(r->m->device, l, r->err);
}

static patina_status linear(const run *r, const pt_nn_linear *map, pt_device_span x, size_t n_rows,
                            int epilogue, pt_device_span y) {
    return launch(
        r, &(pt_device_launch){
               .kernel = PT_DEVICE_linear,
               .buffers = {x, weights_at(r, map->packed), weights_at(r, map->bias), y},
               .integers = {(int32_t)n_rows, (int32_t)map->n_out, (int32_t)map->n_in, epilogue}});
}

static patina_status layer_norm(const run *r, const pt_layer_norm_weights *norm, float eps,
                                pt_device_span x, size_t n_rows, size_t n, pt_device_span y) {
    return launch(r, &(pt_device_launch){
                         .kernel = PT_DEVICE_layer_norm,
                         .grid = {n_rows},
                         .buffers = {x, weights_at(r, norm->gain), weights_at(r, norm->shift), y},
                         .integers = {(int32_t)n},
                         .floats = {1.0F / (float)n, eps}});
}

static patina_status show(const run *r, const char *name, size_t i, size_t j, pt_device_span from,
                          size_t n) {
    if (!r->hook) return PATINA_OK;
    float *values = malloc(n * sizeof *values);
    if (!values) return pt_fail(r->err, PATINA_ENOMEM, "out of memory");
    const patina_status status = pt_device_read(r->m->device, from, values, n, r->err);
    if (status == PATINA_OK) pt_forward_hook_call(r->hook, name, i, j, values, n);
    free(values);
    return status;
}

/* Two linear layers with a ReLU between, and the copy to the host. */
static patina_status project(const run *r, const pt_nn_linear maps[2], pt_device_span x, float *raw,
                             pt_device_notice notice) {
    PT_TRY(linear(r, &maps[0], x, r->n, PT_DEVICE_RELU, r->w.hidden));
    PT_TRY(linear(r, &maps[1], r->w.hidden, r->n, PT_DEVICE_STORE, r->w.raw));
    return pt_device_read_async(r->m->device, r->w.raw, raw, r->n * maps[1].n_out, notice, r->err);
}

/* ---- audio ----------------------------------------------------------------------------------- */

/* Features to tokens [n * grid^2, c] */
static patina_status embed_image(const run *r, const float *features) {
    const pt_audio_tower *t = r->m->audio;
    const pt_audio_config *c = &t->config;
    const workspace *w = &r->w;
    const size_t n_pixels = r->n * c->spec_size * c->spec_size, n_tokens = r->n * t->grid * t->grid;
    const float *taps = (const float *)(const void *)t->resize;

    PT_TRY(pt_device_write(r->m->device, w->features, features, r->n * t->n_frames * c->n_mels,
                           r->err));
    PT_TRY(launch(r, &(pt_device_launch){.kernel = PT_DEVICE_image,
                                         .grid = {n_pixels},
                                         .buffers = {w->features, weights_at(r, t->batch_norm.mean),
                                                     weights_at(r, t->batch_norm.scale),
                                                     weights_at(r, t->batch_norm.shift),
                                                     weights_at(r, taps), w->image},
                                         .integers = {(int32_t)r->n, (int32_t)t->n_frames,
                                                      (int32_t)c->n_mels, (int32_t)c->spec_size}}));
    PT_TRY(show(r, "image", 0, 0, w->image, n_pixels));
    PT_TRY(launch(
        r, &(pt_device_launch){.kernel = PT_DEVICE_patches,
                               .grid = {n_pixels},
                               .buffers = {w->image, w->wide},
                               .integers = {(int32_t)r->n, (int32_t)t->grid, (int32_t)c->patch}}));
    const pt_device_span embedded = c->patch_norm ? w->input : w->tokens;
    PT_TRY(linear(r, &t->patch_embed, w->wide, n_tokens, PT_DEVICE_STORE, embedded));
    if (c->patch_norm)
        PT_TRY(layer_norm(r, &t->patch_norm, PT_AUDIO_NORM_EPS, embedded, n_tokens, c->width,
                          w->tokens));
    return show(r, "patch_embed", 0, 0, w->tokens, n_tokens * c->width);
}

static patina_status run_block(const run *r, const pt_audio_stage *s, size_t index) {
    const pt_audio_block *b = &s->blocks[index];
    const workspace *w = &r->w;
    const float eps = r->m->audio->config.layer_norm_eps;
    const size_t d = s->width, n_tokens = r->n * s->side * s->side, dim = d / s->n_heads;
    const size_t window = r->m->audio->config.window, across = s->side / window;

    PT_TRY(layer_norm(r, &b->before, eps, w->tokens, n_tokens, d, w->input));
    PT_TRY(linear(r, &b->qkv, w->input, n_tokens, PT_DEVICE_STORE, w->wide));
    PT_TRY(launch(r, &(pt_device_launch){.kernel = PT_DEVICE_window_attention,
                                         .head_dim = dim,
                                         .window = window,
                                         .grid = {across * across, s->n_heads, r->n},
                                         .buffers = {w->wide, weights_at(r, b->bias), w->input},
                                         .integers = {(int32_t)s->side, (int32_t)s->n_heads,
                                                      index % 2 ? (int32_t)s->shift : 0},
                                         .floats = {1.0F / sqrtf((float)dim)}}));
    PT_TRY(linear(r, &b->project, w->input, n_tokens, PT_DEVICE_RESIDUAL, w->tokens));

    PT_TRY(layer_norm(r, &b->after, eps, w->tokens, n_tokens, d, w->input));
    PT_TRY(linear(r, &b->fc1, w->input, n_tokens, PT_DEVICE_GELU, w->wide));
    return linear(r, &b->fc2, w->wide, n_tokens, PT_DEVICE_RESIDUAL, w->tokens);
}

static patina_status merge_patches(const run *r, const pt_audio_stage *s) {
    const workspace *w = &r->w;
    const size_t d = s->width, n_merged = r->n * s->side * s->side / 4;

    PT_TRY(
        launch(r, &(pt_device_launch){.kernel = PT_DEVICE_merge,
                                      .grid = {n_merged * 4 * d},
                                      .buffers = {w->tokens, w->wide},
                                      .integers = {(int32_t)r->n, (int32_t)s->side, (int32_t)d}}));
    PT_TRY(layer_norm(r, &s->merge, PT_AUDIO_NORM_EPS, w->wide, n_merged, 4 * d, w->input));
    return linear(r, &s->reduction, w->input, n_merged, PT_DEVICE_STORE, w->tokens);
}

static patina_status run_stages(const run *r) {
    const pt_audio_config *c = &r->m->audio->config;
    for (size_t i = 0; i < c->n_stages; i++) {
        const pt_audio_stage *s = &r->m->audio->stages[i];
        size_t n_values = r->n * s->side * s->side * s->width;
        for (size_t b = 0; b < s->depth; b++) {
            PT_TRY(run_block(r, s, b));
            PT_TRY(show(r, "block", i, b, r->w.tokens, n_values));
        }
        if (i + 1 < c->n_stages) {
            PT_TRY(merge_patches(r, s));
            n_values /= 2;
        }
        PT_TRY(show(r, "stage", i, 0, r->w.tokens, n_values));
    }
    return PATINA_OK;
}

patina_status pt_device_model_run_audio(pt_device_model *model, const float *features, size_t n,
                                        float *raw, pt_device_notice notice,
                                        const pt_forward_hook *hook, patina_error *err) {
    const pt_audio_tower *t = model->audio;
    const pt_audio_stage *s = &t->stages[t->config.n_stages - 1];
    const size_t d = s->width, n_tokens = s->side * s->side;
    const run r = {.m = model,
                   .weights = model->audio_weights,
                   .base = t->memory.data,
                   .w = audio_workspace(model, n),
                   .n = n,
                   .hook = hook,
                   .err = err};

    assert(n >= 1 && n <= model->batch);
    PT_TRY(embed_image(&r, features));
    PT_TRY(run_stages(&r));
    PT_TRY(
        layer_norm(&r, &t->final_norm, PT_AUDIO_NORM_EPS, r.w.tokens, n * n_tokens, d, r.w.input));
    PT_TRY(show(&r, "final_norm", 0, 0, r.w.input, n * n_tokens * d));
    PT_TRY(launch(&r, &(pt_device_launch){.kernel = PT_DEVICE_mean,
                                          .grid = {n * d},
                                          .buffers = {r.w.input, r.w.first},
                                          .integers = {(int32_t)n, (int32_t)n_tokens, (int32_t)d},
                                          .floats = {1.0F / (float)n_tokens}}));
    PT_TRY(show(&r, "pooled", 0, 0, r.w.first, n * d));
    return project(&r, t->project, r.w.first, raw, notice);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* The rows of first tokens. */
static patina_status gather(const run *r, pt_device_span from, size_t h, pt_device_span to) {
    return launch(r, &(pt_device_launch){.kernel = PT_DEVICE_gather,
                                         .grid = {r->n * h},
                                         .buffers = {from, r->w.starts, to},
                                         .integers = {(int32_t)r->n, (int32_t)h}});
}

/* A layer; of the last one, only the first token of each caption is needed after attention, and its
 * output is in w->other. */
static patina_status run_layer(const run *r, size_t index, size_t n_ids, size_t longest) {
    const pt_text_config *c = &r->m->text->config;
    const pt_text_layer *l = &r->m->text->layers[index];
    const workspace *w = &r->w;
    const size_t h = c->hidden, dim = h / c->n_heads;
    const bool last = index + 1 == c->n_layers;
    pt_device_span tokens = w->tokens, input = w->input;
    size_t n = n_ids;

    PT_TRY(linear(r, &l->qkv, tokens, n_ids, PT_DEVICE_STORE, w->wide));
    PT_TRY(
        launch(r, &(pt_device_launch){.kernel = PT_DEVICE_text_attention,
                                      .head_dim = dim,
                                      .grid = {(longest + PT_DEVICE_TOKENS - 1) / PT_DEVICE_TOKENS,
                                               c->n_heads, r->n},
                                      .buffers = {w->wide, w->starts, input},
                                      .integers = {(int32_t)c->n_heads},
                                      .floats = {1.0F / sqrtf((float)dim)}}));
    if (last) {
        PT_TRY(gather(r, input, h, w->first));
        PT_TRY(gather(r, tokens, h, w->other));
        input = w->first;
        tokens = w->other;
        n = r->n;
    }
    PT_TRY(linear(r, &l->project, input, n, PT_DEVICE_RESIDUAL, tokens));
    PT_TRY(layer_norm(r, &l->attention_norm, c->layer_norm_eps, tokens, n, h, tokens));
    PT_TRY(show(r, last ? "last attention" : "attention", index, 0, tokens, n * h));
    PT_TRY(linear(r, &l->fc1, tokens, n, PT_DEVICE_GELU, w->wide));
    PT_TRY(linear(r, &l->fc2, w->wide, n, PT_DEVICE_RESIDUAL, tokens));
    PT_TRY(layer_norm(r, &l->mlp_norm, c->layer_norm_eps, tokens, n, h, tokens));
    return show(r, last ? "last layer" : "layer", index, 0, tokens, n * h);
}

patina_status pt_device_model_run_text(pt_device_model *model, const float *tokens,
                                       const int32_t *starts, size_t n, float *raw,
                                       pt_device_notice notice, const pt_forward_hook *hook,
                                       patina_error *err) {
    const pt_text_tower *t = model->text;
    const size_t h = t->config.hidden, n_ids = (size_t)starts[n];
    const run r = {.m = model,
                   .weights = model->text_weights,
                   .base = text_base(t),
                   .w = text_workspace(model, n, n_ids),
                   .n = n,
                   .hook = hook,
                   .err = err};
    size_t longest = 0;

    assert(n >= 1 && n <= model->batch && n_ids <= n * PATINA_CAPTION_TOKENS_MAX);
    for (size_t i = 0; i < n; i++)
        longest = max_size(longest, (size_t)(starts[i + 1] - starts[i]));
    PT_TRY(pt_device_write(model->device, r.w.starts, starts, n + 1, err));
    PT_TRY(pt_device_write(model->device, r.w.input, tokens, n_ids * h, err));
    PT_TRY(layer_norm(&r, &t->embeddings_norm, t->config.layer_norm_eps, r.w.input, n_ids, h,
                      r.w.tokens));
    PT_TRY(show(&r, "embeddings", 0, 0, r.w.tokens, n_ids * h));
    for (size_t i = 0; i < t->config.n_layers; i++)
        PT_TRY(run_layer(&r, i, n_ids, longest));
    PT_TRY(linear(&r, &t->pooler, r.w.other, n, PT_DEVICE_TANH, r.w.first));
    PT_TRY(show(&r, "pooler", 0, 0, r.w.first, n * h));
    return project(&r, t->project, r.w.first, raw, notice);
}
