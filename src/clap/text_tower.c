/* SPDX-License-Identifier: MIT */
/* text_tower.c - RoBERTa text encoder with projection
 *
 *     ids [T] -> word + type + position, layer norm [T, h] -> layers -> first token, tanh [h]
 *         -> projection [512]
 *
 * A layer is attention and an MLP, each with a residual connection and a layer norm (post-norm).
 * All but attention runs over the tokens of all captions at once. Of the last layer only the first
 * token of each caption is used, so the other tokens are dropped after its attention.
 *
 * Equals transformers' ClapModel.get_text_features before normalisation. Sources: Devlin et al.,
 * "BERT", NAACL 2019; Liu et al., "RoBERTa", 2019, whose positions start after the padding id.
 */

#include "clap/text_tower.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "clap/scratch_layout.h"
#include "clap/text_tower_weights.h"

#define PREFIX "text_model."

/* --- opening ------------------------------------------------------------------------------- */

static patina_status load_layer(pt_weight_loader *weights, const pt_text_config *c, size_t index,
                                pt_text_layer *l) {
    static const char *const qkv[] = {"attention.self.query", "attention.self.key",
                                      "attention.self.value"};
    const size_t h = c->hidden, f = c->intermediate;
    char prefix[96];

    snprintf(prefix, sizeof prefix, PREFIX "encoder.layer.%zu.", index);
    PT_TRY(pt_weight_load_stacked_linear(weights, prefix, qkv, 3, h, h, true, &l->qkv));
    PT_TRY(
        pt_weight_load_linear(weights, prefix, "attention.output.dense", h, h, true, &l->project));
    PT_TRY(pt_weight_load_layer_norm(weights, prefix, "attention.output.LayerNorm", h,
                                     &l->attention_norm));
    PT_TRY(pt_weight_load_linear(weights, prefix, "intermediate.dense", f, h, true, &l->fc1));
    PT_TRY(pt_weight_load_linear(weights, prefix, "output.dense", h, f, true, &l->fc2));
    return pt_weight_load_layer_norm(weights, prefix, "output.LayerNorm", h, &l->mlp_norm);
}

static patina_status load_embeddings(pt_weight_loader *weights, pt_text_tower *tower) {
    const char *const prefix = PREFIX "embeddings.";
    const pt_text_config *c = &tower->config;
    const size_t words[] = {c->vocab_size, c->hidden};
    const size_t positions[] = {c->max_positions, c->hidden};
    const size_t types[] = {c->n_types, c->hidden};
    float *staged, *type;

    PT_TRY(pt_weight_load_raw(weights, prefix, "word_embeddings.weight", 2, words, &tower->words));
    PT_TRY(pt_weight_load_raw(weights, prefix, "position_embeddings.weight", 2, positions,
                              &tower->positions));
    PT_TRY(
        pt_weight_loader_stage(weights, prefix, "token_type_embeddings.weight", 2, types, &staged));
    type = pt_weight_loader_alloc(weights, c->hidden, sizeof *type);
    if (type) memcpy(type, staged, c->hidden * sizeof *type);
    tower->type = type;
    return pt_weight_load_layer_norm(weights, prefix, "LayerNorm", c->hidden,
                                     &tower->embeddings_norm);
}

static patina_status load_tower(pt_weight_loader *weights, void *opened) {
    pt_text_tower *tower = opened;
    const pt_text_config *c = &tower->config;
    const size_t h = c->hidden, n = tower->n_projected;

    PT_TRY(load_embeddings(weights, tower));
    tower->layers = pt_weight_loader_alloc(weights, c->n_layers, sizeof *tower->layers);
    for (size_t i = 0; i < c->n_layers; i++) {
        pt_text_layer unused;
        PT_TRY(load_layer(weights, c, i, tower->layers ? &tower->layers[i] : &unused));
    }
    PT_TRY(pt_weight_load_linear(weights, PREFIX, "pooler.dense", h, h, true, &tower->pooler));
    PT_TRY(pt_weight_load_linear(weights, "text_projection.", "linear1", n, h, true,
                                 &tower->project[0]));
    return pt_weight_load_linear(weights, "text_projection.", "linear2", n, n, true,
                                 &tower->project[1]);
}

patina_status pt_text_tower_open(const pt_clap_config *config, const pt_checkpoint *file,
                                 const pt_nn_ops *ops, pt_text_tower **tower, patina_error *err) {
    pt_text_tower *t = calloc(1, sizeof *t);
    if (!t) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    t->config = config->text;
    t->n_projected = config->projection_dim;
    t->ops = ops;

    const patina_status status = pt_weight_loader_run(file, ops, load_tower, t, &t->memory, err);
    if (status == PATINA_OK)
        *tower = t;
    else
        pt_text_tower_close(&t);
    return status;
}

void pt_text_tower_close(pt_text_tower **tower) {
    if (!*tower) return;
    free((*tower)->memory.data);
    free(*tower);
    *tower = NULL;
}

size_t pt_text_tower_max_ids(const pt_text_tower *tower) {
    return tower->config.max_positions - (size_t)tower->config.pad_id - 1;
}

/* --- running ------------------------------------------------------------------------------- */

/* Buffers of a run. T: tokens of all captions; unsigned char: operands of matrix products. */
typedef struct workspace {
    float *tokens;         /* [T, h] */
    unsigned char *input;  /* [T, h]: tokens as operands, or output of attention */
    unsigned char *wide;   /* [T, 3h] or [T, intermediate] */
    void *scratch;         /* of the attention kernel */
    float *position;       /* [h] */
    float *pooled;         /* [n_captions, h] */
    unsigned char *hidden; /* [n_captions, n_projected] */
} workspace;

static workspace workspace_layout(const pt_text_tower *tower, size_t n_captions, size_t n_ids,
                                  pt_scratch_layout *layout) {
    const pt_text_config *c = &tower->config;
    const size_t h = c->hidden, n_wide = 3 * h > c->intermediate ? 3 * h : c->intermediate;
    const size_t operand = tower->ops->operand_size;
    return (workspace){
        .tokens = pt_scratch_alloc(layout, n_ids * h, sizeof(float)),
        .input = pt_scratch_alloc(layout, n_ids * h, operand),
        .wide = pt_scratch_alloc(layout, n_ids * n_wide, operand),
        .scratch =
            pt_scratch_alloc(layout, tower->ops->attention_scratch(n_ids, h / c->n_heads), 1),
        .position = pt_scratch_alloc(layout, h, sizeof(float)),
        .pooled = pt_scratch_alloc(layout, n_captions * h, sizeof(float)),
        .hidden = pt_scratch_alloc(layout, n_captions * tower->n_projected, operand),
    };
}

size_t pt_text_tower_scratch_size(const pt_text_tower *tower, size_t n_captions, size_t n_ids) {
    pt_scratch_layout sizes = {0};
    (void)workspace_layout(tower, n_captions, n_ids, &sizes);
    return sizes.used;
}

/* Padding tokens in a text are not counted as positions. */
void pt_text_tower_embed_tokens(const pt_text_tower *tower, const int32_t *ids, size_t n,
                                float *tokens, float *row) {
    const size_t h = tower->config.hidden, pad = (size_t)tower->config.pad_id;
    size_t last_position = pad;

    for (size_t i = 0; i < n; i++, tokens += h) {
        const size_t id = (size_t)ids[i];
        assert(ids[i] >= 0 && id < tower->config.vocab_size);
        pt_tensor_read(&tower->words, id * h, h, tokens);
        pt_tensor_read(&tower->positions, (id == pad ? pad : ++last_position) * h, h, row);
        for (size_t j = 0; j < h; j++)
            tokens[j] = tokens[j] + tower->type[j] + row[j];
    }
}

/* Attention within each caption: qkv in w->wide [T, 3h], output in w->input. */
static void attend(const pt_text_tower *tower, const size_t *lengths, size_t n_captions,
                   workspace *w) {
    const size_t h = tower->config.hidden, head_dim = h / tower->config.n_heads;
    const size_t row = h * tower->ops->operand_size; /* bytes */
    size_t first = 0;

    for (size_t i = 0; i < n_captions; first += lengths[i++]) {
        const unsigned char *qkv = w->wide + first * 3 * row;
        tower->ops->attention(&(pt_nn_attention){
            .n_tokens = lengths[i],
            .n_heads = tower->config.n_heads,
            .head_dim = head_dim,
            .q = qkv,
            .k = qkv + row,
            .v = qkv + 2 * row,
            .ld = 3 * h,
            .scale = 1.0f / sqrtf((float)head_dim),
            .out = w->input + first * row,
            .ld_out = h,
            .scratch = w->scratch,
        });
    }
}

/* Moves the rows of first tokens, `size` bytes each, to the front. */
static void gather_first_tokens(void *rows, size_t size, const size_t *lengths, size_t n_captions) {
    unsigned char *to = rows;
    for (size_t i = 0, first = 0; i < n_captions; first += lengths[i++])
        memmove(to + i * size, to + first * size, size);
}

/* Output in w->tokens, and as operands in w->input; after the last layer one token per caption. */
static void run_layer(const pt_text_tower *tower, size_t index, const size_t *lengths,
                      size_t n_captions, size_t n_ids, workspace *w, const pt_forward_hook *hook) {
    const pt_nn_ops *ops = tower->ops;
    const pt_text_layer *l = &tower->layers[index];
    const size_t h = tower->config.hidden, f = tower->config.intermediate;
    const float eps = tower->config.layer_norm_eps;
    const bool last = index + 1 == tower->config.n_layers;
    size_t n = n_ids;

    ops->linear(&l->qkv, w->input, h, n, PT_NN_OPERAND, w->wide, 3 * h);
    attend(tower, lengths, n_captions, w);
    if (last) {
        gather_first_tokens(w->input, h * ops->operand_size, lengths, n_captions);
        gather_first_tokens(w->tokens, h * sizeof *w->tokens, lengths, n_captions);
        n = n_captions;
    }
    ops->linear(&l->project, w->input, h, n, PT_NN_ADD, w->tokens, h);
    ops->layer_norm(w->tokens, n, h, l->attention_norm.gain, l->attention_norm.shift, eps,
                    w->tokens, w->input);
    pt_forward_hook_call(hook, last ? "last attention" : "attention", index, 0, w->tokens, n * h);

    ops->linear(&l->fc1, w->input, h, n, PT_NN_GELU, w->wide, f);
    ops->linear(&l->fc2, w->wide, f, n, PT_NN_ADD, w->tokens, h);
    ops->layer_norm(w->tokens, n, h, l->mlp_norm.gain, l->mlp_norm.shift, eps, w->tokens, w->input);
    pt_forward_hook_call(hook, last ? "last layer" : "layer", index, 0, w->tokens, n * h);
}

/* Pooler and projection of the first tokens, operands in w->input [n_captions, h]. */
static void pool(const pt_text_tower *tower, size_t n_captions, float *raw, workspace *w,
                 const pt_forward_hook *hook) {
    const pt_nn_ops *ops = tower->ops;
    const size_t h = tower->config.hidden, n = tower->n_projected;

    ops->linear(&tower->pooler, w->input, h, n_captions, PT_NN_STORE, w->pooled, h);
    for (size_t j = 0; j < n_captions * h; j++)
        w->pooled[j] = tanhf(w->pooled[j]);
    pt_forward_hook_call(hook, "pooler", 0, 0, w->pooled, n_captions * h);

    ops->to_operands(w->pooled, n_captions * h, w->input);
    ops->linear(&tower->project[0], w->input, h, n_captions, PT_NN_RELU, w->hidden, n);
    ops->linear(&tower->project[1], w->hidden, n, n_captions, PT_NN_STORE, raw, n);
}

void pt_text_tower_run(const pt_text_tower *tower, const int32_t *ids, const size_t *lengths,
                       size_t n_captions, float *raw, void *scratch, const pt_forward_hook *hook) {
    const size_t h = tower->config.hidden;
    pt_scratch_layout layout = {scratch, 0};
    size_t n_ids = 0;

    for (size_t i = 0; i < n_captions; i++) {
        assert(lengths[i] >= 1 && lengths[i] <= pt_text_tower_max_ids(tower));
        n_ids += lengths[i];
    }
    workspace w = workspace_layout(tower, n_captions, n_ids, &layout);

    for (size_t i = 0, first = 0; i < n_captions; first += lengths[i++])
        pt_text_tower_embed_tokens(tower, ids + first, lengths[i], w.tokens + first * h,
                                   w.position);
    tower->ops->layer_norm(w.tokens, n_ids, h, tower->embeddings_norm.gain,
                           tower->embeddings_norm.shift, tower->config.layer_norm_eps, w.tokens,
                           w.input);
    pt_forward_hook_call(hook, "embeddings", 0, 0, w.tokens, n_ids * h);
    for (size_t i = 0; i < tower->config.n_layers; i++)
        run_layer(tower, i, lengths, n_captions, n_ids, &w, hook);
    pool(tower, n_captions, raw, &w, hook);
}
