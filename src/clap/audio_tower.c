/* SPDX-License-Identifier: MIT */
/* audio_tower.c - HTSAT audio encoder (Swin transformer) with projection
 *
 *     features [1001, 64] -> batch norm per mel band -> time resized to 1024 -> image [256, 256]
 *         -> patches [4096, c] -> stages of blocks on [R * R, d] tokens, each stage followed by
 *            merging 2 x 2 tokens (R halves, d doubles) -> norm -> mean -> projection [512]
 *
 * A block attends within windows of 8 x 8 tokens, every other block within windows shifted by half
 * of that. The windows of a block are independent: each is copied out, run through the whole block
 * while it is in cache, and copied back.
 *
 * Equals transformers' ClapModel.get_audio_features up to the norm. Sources: Chen et al., "HTS-AT",
 * ICASSP 2022; Liu et al., "Swin Transformer", ICCV 2021; Wu et al., "Large-scale contrastive
 * language-audio pretraining", ICASSP 2023; Dai et al., "Attentional feature fusion", WACV 2021.
 */

#include "clap/audio_tower.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "clap/audio_tower_weights.h"
#include "clap/scratch_layout.h"

#define MASK_VALUE         -100.0f
#define WINDOW_MAX         16  /* published models: 8 */
#define GRID_MAX           256 /* published models: 64 */
#define FUSION_CHANNELS    4
#define FUSION_WIDTH_RATIO 3  /* patches of channels 1 to 3 are this much wider */
#define MERGE_BATCH_ROWS   64 /* minimum of merged tokens per matrix product */
#define PREFIX             "audio_model.audio_encoder."

/* Position of a shifted window; at an edge it wraps around to the opposite edge of the image. */
enum { EDGE_NONE = 0, EDGE_BOTTOM = 1, EDGE_RIGHT = 2 };

/* --- opening ------------------------------------------------------------------------------- */

/* The bias of each pair of tokens, from a table [(2 window - 1)^2, n_heads] by relative
 * position. */
static const float *expand_position_bias(pt_weight_loader *weights, const float *table,
                                         size_t window, size_t n_heads) {
    const size_t n = window * window;
    float *bias = pt_weight_loader_alloc(weights, n_heads * n * n, sizeof *bias);
    if (!bias) return NULL;
    for (size_t h = 0; h < n_heads; h++)
        for (size_t q = 0; q < n; q++)
            for (size_t k = 0; k < n; k++) {
                const size_t down = q / window + window - 1 - k / window;
                const size_t across = q % window + window - 1 - k % window;
                bias[(h * n + q) * n + k] = table[(down * (2 * window - 1) + across) * n_heads + h];
            }
    return bias;
}

static patina_status load_block(pt_weight_loader *weights, const pt_audio_tower *tower,
                                const pt_audio_stage *s, const char *prefix, pt_audio_block *b) {
    static const char *const qkv[] = {"attention.self.query", "attention.self.key",
                                      "attention.self.value"};
    const size_t d = s->width, hidden = tower->config.mlp_ratio * d;
    const size_t window = tower->config.window;
    const size_t table_dims[] = {(2 * window - 1) * (2 * window - 1), s->n_heads};
    float *table;

    PT_TRY(pt_weight_load_layer_norm(weights, prefix, "layernorm_before", d, &b->before));
    PT_TRY(pt_weight_load_stacked_linear(weights, prefix, qkv, 3, d, d, tower->config.qkv_bias,
                                         &b->qkv));
    PT_TRY(
        pt_weight_load_linear(weights, prefix, "attention.output.dense", d, d, true, &b->project));
    PT_TRY(pt_weight_load_layer_norm(weights, prefix, "layernorm_after", d, &b->after));
    PT_TRY(pt_weight_load_linear(weights, prefix, "intermediate.dense", hidden, d, true, &b->fc1));
    PT_TRY(pt_weight_load_linear(weights, prefix, "output.dense", d, hidden, true, &b->fc2));
    PT_TRY(pt_weight_loader_stage(weights, prefix, "attention.self.relative_position_bias_table", 2,
                                  table_dims, &table));
    b->bias = expand_position_bias(weights, table, window, s->n_heads);
    return PATINA_OK;
}

static patina_status load_stage(pt_weight_loader *weights, const pt_audio_tower *tower,
                                size_t index, pt_audio_stage *s) {
    const size_t d = s->width;
    char prefix[96];

    s->blocks = pt_weight_loader_alloc(weights, s->depth, sizeof *s->blocks);
    for (size_t b = 0; b < s->depth; b++) {
        pt_audio_block unused;
        snprintf(prefix, sizeof prefix, PREFIX "layers.%zu.blocks.%zu.", index, b);
        PT_TRY(load_block(weights, tower, s, prefix, s->blocks ? &s->blocks[b] : &unused));
    }
    if (index + 1 == tower->config.n_stages) return PATINA_OK;

    snprintf(prefix, sizeof prefix, PREFIX "layers.%zu.downsample.", index);
    PT_TRY(pt_weight_load_layer_norm(weights, prefix, "norm", 4 * d, &s->merge));
    return pt_weight_load_linear(weights, prefix, "reduction", 2 * d, 4 * d, false, &s->reduction);
}

/* Masks attention between tokens of a shifted window that are not neighbours in the image: at an
 * edge, the first rows (columns) are at the end of the image and the rest at its beginning. */
static void build_masks(pt_weight_loader *weights, pt_audio_tower *tower) {
    const size_t window = tower->config.window, n = window * window;
    const size_t kept = window - window / 2; /* rows before the edge */

    for (int edge = EDGE_BOTTOM; edge <= (EDGE_BOTTOM | EDGE_RIGHT); edge++) {
        float *mask = pt_weight_loader_alloc(weights, n * n, sizeof *mask);
        tower->masks[edge] = mask;
        for (size_t q = 0; mask && q < n; q++)
            for (size_t k = 0; k < n; k++) {
                const bool below = (q / window < kept) != (k / window < kept);
                const bool beside = (q % window < kept) != (k % window < kept);
                const bool apart =
                    (below && (edge & EDGE_BOTTOM)) || (beside && (edge & EDGE_RIGHT));
                mask[q * n + k] = apart ? MASK_VALUE : 0.0f;
            }
    }
}

/* Cubic convolution with a = -0.75 (R. Keys, 1981): near for |t| <= 1, far for 1 < |t| < 2. */
static float cubic_near(float t) {
    return (1.25f * t - 2.25f) * t * t + 1.0f;
}

static float cubic_far(float t) {
    return ((-0.75f * t + 3.75f) * t - 6.0f) * t + 3.0f;
}

/* Bicubic, align_corners. Positions in float32, as in the reference: double would change the image
 * by up to 2e-4. Frames outside are clamped. */
static void build_resize(pt_weight_loader *weights, pt_audio_tower *tower) {
    const size_t n_out = tower->config.spec_size * tower->freq_ratio, n_in = tower->n_frames;
    pt_resize_tap *taps = pt_weight_loader_alloc(weights, n_out, sizeof *taps);
    const float ratio = (float)(n_in - 1) / (float)(n_out - 1);

    tower->resize = taps;
    for (size_t i = 0; taps && i < n_out; i++) {
        const float position = ratio * (float)i;
        const float whole = floorf(position), t = position - whole;
        const float weights_of[] = {cubic_far(t + 1.0f), cubic_near(t), cubic_near(1.0f - t),
                                    cubic_far(1.0f - t + 1.0f)};
        for (size_t k = 0; k < 4; k++) {
            const ptrdiff_t frame = (ptrdiff_t)whole + (ptrdiff_t)k - 1;
            const ptrdiff_t last = (ptrdiff_t)n_in - 1;
            taps[i].frame[k] = (uint32_t)(frame < 0 ? 0 : frame > last ? last : frame);
            taps[i].weight[k] = weights_of[k];
        }
    }
}

static patina_status load_fusion(pt_weight_loader *weights, pt_audio_tower *tower) {
    const pt_audio_config *c = &tower->config;
    const char *const prefix = PREFIX "patch_embed.";
    const size_t embed[] = {c->width, 1, c->patch, FUSION_WIDTH_RATIO * c->patch};
    const size_t in[] = {tower->fusion.inter_channels, c->width, 1, 1};
    const size_t out[] = {c->width, tower->fusion.inter_channels, 1, 1};
    pt_audio_fusion *f = &tower->fusion;

    PT_TRY(pt_weight_load_conv(weights, prefix, "mel_conv2d", NULL, embed, &f->embed));
    PT_TRY(pt_weight_load_conv(weights, prefix, "fusion_model.local_att.0",
                               "fusion_model.local_att.1", in, &f->local[0]));
    PT_TRY(pt_weight_load_conv(weights, prefix, "fusion_model.local_att.3",
                               "fusion_model.local_att.4", out, &f->local[1]));
    PT_TRY(pt_weight_load_conv(weights, prefix, "fusion_model.global_att.1",
                               "fusion_model.global_att.2", in, &f->global[0]));
    return pt_weight_load_conv(weights, prefix, "fusion_model.global_att.4",
                               "fusion_model.global_att.5", out, &f->global[1]);
}

static patina_status load_tower(pt_weight_loader *weights, void *opened) {
    pt_audio_tower *tower = opened;
    const pt_audio_config *c = &tower->config;
    const size_t patch[] = {c->width, 1, c->patch, c->patch};
    const size_t last_width = tower->stages[c->n_stages - 1].width, n = tower->n_projected;

    PT_TRY(pt_weight_load_batch_norm(weights, PREFIX, "batch_norm", c->n_mels, &tower->batch_norm));
    PT_TRY(
        pt_weight_load_conv(weights, PREFIX, "patch_embed.proj", NULL, patch, &tower->patch_embed));
    if (c->patch_norm)
        PT_TRY(pt_weight_load_layer_norm(weights, PREFIX, "patch_embed.norm", c->width,
                                         &tower->patch_norm));
    if (c->fusion) PT_TRY(load_fusion(weights, tower));
    for (size_t s = 0; s < c->n_stages; s++)
        PT_TRY(load_stage(weights, tower, s, &tower->stages[s]));
    PT_TRY(pt_weight_load_layer_norm(weights, PREFIX, "norm", last_width, &tower->final_norm));
    PT_TRY(pt_weight_load_linear(weights, "audio_projection.", "linear1", n, last_width, true,
                                 &tower->project[0]));
    PT_TRY(pt_weight_load_linear(weights, "audio_projection.", "linear2", n, n, true,
                                 &tower->project[1]));
    build_masks(weights, tower);
    build_resize(weights, tower);
    return PATINA_OK;
}

/* Sizes that follow from the configuration, which config.h has validated. Only windows and grid
 * need limits here: memory grows with the fourth power of the window, independent of the file
 * size. */
static patina_status init_shapes(pt_audio_tower *tower, patina_error *err) {
    const pt_audio_config *c = &tower->config;

    tower->freq_ratio = c->spec_size / c->n_mels;
    tower->grid = c->spec_size / c->patch;
    assert(tower->n_frames >= 2 && tower->n_frames <= c->spec_size * tower->freq_ratio);
    if (c->window > WINDOW_MAX || tower->grid > GRID_MAX)
        return pt_fail(
            err, PATINA_EFORMAT,
            "audio_config requires windows of %zu x %zu in %zu x %zu patches; the limits "
            "are %d and %d",
            c->window, c->window, tower->grid, tower->grid, WINDOW_MAX, GRID_MAX);
    tower->fusion.inter_channels = c->width / c->aff_block_r;

    size_t side = tower->grid, width = c->width;
    for (size_t i = 0; i < c->n_stages; i++) {
        pt_audio_stage *s = &tower->stages[i];
        s->side = side;
        s->width = width;
        s->depth = c->depths[i];
        s->n_heads = c->n_heads[i];
        s->shift = s->side > c->window ? c->window / 2 : 0;
        assert(side % c->window == 0 && width % s->n_heads == 0);
        side /= 2;
        width *= 2;
    }
    return PATINA_OK;
}

patina_status pt_audio_tower_open(const pt_clap_config *config, size_t n_frames,
                                  const pt_checkpoint *file, const pt_nn_ops *ops,
                                  pt_audio_tower **tower, patina_error *err) {
    pt_audio_tower *t = calloc(1, sizeof *t);
    if (!t) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    t->config = config->audio;
    t->n_frames = n_frames;
    t->n_projected = config->projection_dim;
    t->ops = ops;

    patina_status status = init_shapes(t, err);
    if (status == PATINA_OK)
        status = pt_weight_loader_run(file, ops, load_tower, t, &t->memory, err);
    if (status == PATINA_OK)
        *tower = t;
    else
        pt_audio_tower_close(&t);
    return status;
}

void pt_audio_tower_close(pt_audio_tower **tower) {
    if (!*tower) return;
    free((*tower)->memory.data);
    free(*tower);
    *tower = NULL;
}

/* --- running ------------------------------------------------------------------------------- */

/* Buffers of a run. n: tokens of a window; d, R: of the stage. unsigned char: operands of matrix
 * products. */
typedef struct workspace {
    float *tokens;         /* [R * R, d] of the current stage */
    float *normed;         /* [n_frames, n_mels] */
    float *image;          /* [spec_size, spec_size] */
    unsigned char *pixels; /* the same as operands */
    float *rows;           /* [n, d]: tokens of the current window, or [n, 4d] before merging */
    unsigned char *input;  /* [n, d], [n, 4d]: layer norm of rows, then output of attention */
    unsigned char *wide;   /* [n, 3d] or [n, mlp_ratio * d]; patches of a row of the grid */
    void *scratch;         /* of the attention kernel */
    float *parts;          /* [R * R, c] of the first stage: channels 1 to 3 of a fused model */
    float *local;          /* [grid, c]: local weights of their fusion */
    float *pooled;         /* [d] of the last stage, or [c]: global weights of the fusion */
    unsigned char *hidden; /* [n_projected] */
} workspace;

/* Rows of the merged image per matrix product; not for the last stage. */
static size_t merge_batch_rows(const pt_audio_stage *s) {
    const size_t n = s->side / 2, wanted = (MERGE_BATCH_ROWS + n - 1) / n;
    return wanted < n ? wanted : n;
}

static size_t max_size(size_t a, size_t b) {
    return a > b ? a : b;
}

static workspace workspace_layout(const pt_audio_tower *tower, pt_scratch_layout *layout) {
    const pt_audio_config *c = &tower->config;
    const size_t window = c->window * c->window, n_tokens = tower->grid * tower->grid;
    const size_t last_width = tower->stages[c->n_stages - 1].width;
    const size_t operand = tower->ops->operand_size, n_fused = c->fusion ? tower->grid : 0;
    /* The patch embedding works in rows of the grid: patches in wide, tokens in rows and input. */
    const size_t patch = FUSION_WIDTH_RATIO * c->patch * c->patch;
    size_t rows = tower->grid * c->width, wide = tower->grid * max_size(c->width, patch);
    size_t scratch = 0;

    for (size_t i = 0; i < c->n_stages; i++) {
        const pt_audio_stage *s = &tower->stages[i];
        const size_t n = window * s->width;
        rows = max_size(rows, n);
        if (i + 1 < c->n_stages)
            rows = max_size(rows, merge_batch_rows(s) * (s->side / 2) * 4 * s->width);
        wide = max_size(wide, n * max_size(3, c->mlp_ratio));
        scratch = max_size(scratch, tower->ops->attention_scratch(window, s->width / s->n_heads));
    }
    return (workspace){
        .tokens = pt_scratch_alloc(layout, n_tokens * c->width, sizeof(float)),
        .normed = pt_scratch_alloc(layout, tower->n_frames * c->n_mels, sizeof(float)),
        .image = pt_scratch_alloc(layout, c->spec_size * c->spec_size, sizeof(float)),
        .pixels = pt_scratch_alloc(layout, c->spec_size * c->spec_size, operand),
        .rows = pt_scratch_alloc(layout, rows, sizeof(float)),
        .input = pt_scratch_alloc(layout, rows, operand),
        .wide = pt_scratch_alloc(layout, wide, operand),
        .scratch = pt_scratch_alloc(layout, scratch, 1),
        .parts = pt_scratch_alloc(layout, n_fused * tower->grid * c->width, sizeof(float)),
        .local = pt_scratch_alloc(layout, n_fused * c->width, sizeof(float)),
        .pooled = pt_scratch_alloc(layout, max_size(last_width, c->width), sizeof(float)),
        .hidden = pt_scratch_alloc(layout, tower->n_projected, operand),
    };
}

size_t pt_audio_tower_scratch_size(const pt_audio_tower *tower) {
    pt_scratch_layout sizes = {0};
    (void)workspace_layout(tower, &sizes);
    return sizes.used;
}

/* features [n_frames, n_mels] to the image: batch norm per mel band, resize in time, and fold: row
 * n_mels * r + m, column t of the image is mel band m at time spec_size * r + t. */
static void build_image(const pt_audio_tower *tower, const float *features, workspace *w) {
    const size_t size = tower->config.spec_size, n_mels = tower->config.n_mels;
    const pt_batch_norm_weights *norm = &tower->batch_norm;

    for (size_t t = 0; t < tower->n_frames; t++)
        for (size_t m = 0; m < n_mels; m++)
            w->normed[t * n_mels + m] =
                (features[t * n_mels + m] - norm->mean[m]) * norm->scale[m] + norm->shift[m];

    for (size_t t = 0; t < size * tower->freq_ratio; t++) {
        const pt_resize_tap *tap = &tower->resize[t];
        const float *frame[4];
        for (size_t k = 0; k < 4; k++)
            frame[k] = w->normed + tap->frame[k] * n_mels;
        float *column = w->image + t / size * n_mels * size + t % size;
        for (size_t m = 0; m < n_mels; m++)
            column[m * size] = tap->weight[0] * frame[0][m] + tap->weight[1] * frame[1][m] +
                               tap->weight[2] * frame[2][m] + tap->weight[3] * frame[3][m];
    }
    tower->ops->to_operands(w->image, size * size, w->pixels);
}

/* A convolution whose kernels [patch, width] do not overlap, on one row of patches of the image:
 * n tokens to y [n, c]. */
static void embed_patches(const pt_audio_tower *tower, const pt_nn_linear *map, size_t patch_row,
                          size_t width, size_t n, float *y, workspace *w) {
    const size_t patch = tower->config.patch, size = tower->config.spec_size;
    const size_t operand = tower->ops->operand_size;
    const unsigned char *pixels = w->pixels + patch_row * patch * size * operand;

    for (size_t i = 0; i < n; i++)
        for (size_t row = 0; row < patch; row++)
            memcpy(w->wide + (i * patch + row) * width * operand,
                   pixels + (row * size + i * width) * operand, width * operand);
    tower->ops->linear(map, w->wide, patch * width, n, PT_NN_STORE, y, tower->config.width);
}

/* Two 1x1 convolutions with a ReLU between: x [n, c] to y [n, c]. */
static void fusion_branch(const pt_audio_tower *tower, const pt_nn_linear branch[2], const float *x,
                          size_t n, float *y, workspace *w) {
    const size_t c = tower->config.width, inter_channels = tower->fusion.inter_channels;
    tower->ops->to_operands(x, n * c, w->input);
    tower->ops->linear(&branch[0], w->input, c, n, PT_NN_RELU, w->wide, inter_channels);
    tower->ops->linear(&branch[1], w->wide, inter_channels, n, PT_NN_STORE, y, c);
}

/* Mixes the tokens g of the whole clip with those l of its parts (w->parts) by learned weights:
 * g = 2 g f + 2 l (1 - f), f = sigmoid(local(g + l) + global(mean of g + l)). */
static void fuse(const pt_audio_tower *tower, workspace *w) {
    const size_t c = tower->config.width, n = tower->grid, n_tokens = n * n;
    float *sum = w->rows, *local = w->local, *global = w->pooled;

    for (size_t j = 0; j < c; j++) {
        double mean = 0.0;
        for (size_t i = 0; i < n_tokens; i++)
            mean += w->tokens[i * c + j] + w->parts[i * c + j];
        sum[j] = (float)(mean / (double)n_tokens);
    }
    fusion_branch(tower, tower->fusion.global, sum, 1, global, w);

    for (size_t i = 0; i < n_tokens; i += n) {
        float *g = w->tokens + i * c, *l = w->parts + i * c;
        for (size_t j = 0; j < n * c; j++)
            sum[j] = g[j] + l[j];
        fusion_branch(tower, tower->fusion.local, sum, n, local, w);
        for (size_t j = 0; j < n * c; j++) {
            const float f = 1.0f / (1.0f + expf(-(local[j] + global[j % c])));
            g[j] = 2.0f * g[j] * f + 2.0f * l[j] * (1.0f - f);
        }
    }
}

/* features [n_channels, n_frames, n_mels] to tokens [grid * grid, c] */
static void embed_image(const pt_audio_tower *tower, const float *features, size_t n_channels,
                        workspace *w, const pt_forward_hook *hook) {
    const pt_audio_config *c = &tower->config;
    const size_t n = tower->grid, n_features = tower->n_frames * c->n_mels;

    build_image(tower, features, w);
    pt_forward_hook_call(hook, "batch_norm", 0, 0, w->normed, n_features);
    pt_forward_hook_call(hook, "image", 0, 0, w->image, c->spec_size * c->spec_size);
    for (size_t row = 0; row < n; row++)
        embed_patches(tower, &tower->patch_embed, row, c->patch, n, w->tokens + row * n * c->width,
                      w);

    if (n_channels > 1) { /* parts side by side; the rest of a row is zero */
        const size_t n_part = n / FUSION_WIDTH_RATIO;
        memset(w->parts, 0, n * n * c->width * sizeof *w->parts);
        for (size_t part = 0; part + 1 < n_channels; part++) {
            build_image(tower, features + (part + 1) * n_features, w);
            for (size_t row = 0; row < n; row++)
                embed_patches(tower, &tower->fusion.embed, row, FUSION_WIDTH_RATIO * c->patch,
                              n_part, w->parts + (row * n + part * n_part) * c->width, w);
        }
        fuse(tower, w);
    }
    if (c->patch_norm)
        tower->ops->layer_norm(w->tokens, n * n, c->width, tower->patch_norm.gain,
                               tower->patch_norm.shift, PT_AUDIO_NORM_EPS, w->tokens, NULL);
    pt_forward_hook_call(hook, "patch_embed", 0, 0, w->tokens, n * n * c->width);
}

/* Copies the tokens of a window from the image to rows [window^2, d], or back. */
static void copy_window(const pt_audio_tower *tower, const pt_audio_stage *s, size_t shift,
                        size_t index, float *tokens, float *rows, bool back) {
    const size_t window = tower->config.window, d = s->width, n_across = s->side / window;
    const size_t top = index / n_across * window + shift;
    const size_t left = index % n_across * window + shift;

    for (size_t i = 0; i < window; i++)
        for (size_t j = 0; j < window; j++, rows += d) {
            const size_t y = (top + i) % s->side, x = (left + j) % s->side;
            float *token = tokens + (y * s->side + x) * d;
            if (back)
                memcpy(token, rows, d * sizeof *rows);
            else
                memcpy(rows, token, d * sizeof *rows);
        }
}

/* Attention of a window: qkv in w->wide [n, 3d], output in w->input. */
static void attend(const pt_audio_tower *tower, const pt_audio_stage *s, const pt_audio_block *b,
                   int edge, workspace *w) {
    const size_t d = s->width, head_dim = d / s->n_heads, operand = tower->ops->operand_size;

    tower->ops->attention(&(pt_nn_attention){
        .n_tokens = tower->config.window * tower->config.window,
        .n_heads = s->n_heads,
        .head_dim = head_dim,
        .q = w->wide,
        .k = w->wide + d * operand,
        .v = w->wide + 2 * d * operand,
        .ld = 3 * d,
        .scale = 1.0f / sqrtf((float)head_dim),
        .bias = b->bias,
        .mask = tower->masks[edge],
        .out = w->input,
        .ld_out = d,
        .scratch = w->scratch,
    });
}

/* Runs a window through a block, in place. Several windows at a time would load weights less often,
 * which gains nothing with weights in L3 and costs 1 to 8 % where activations exceed L2 (measured
 * on Zen 4). */
static void run_window(const pt_audio_tower *tower, const pt_audio_stage *s,
                       const pt_audio_block *b, size_t shift, size_t index, workspace *w) {
    const pt_nn_ops *ops = tower->ops;
    const float eps = tower->config.layer_norm_eps;
    const size_t d = s->width, n = tower->config.window * tower->config.window;
    const size_t n_hidden = b->fc1.n_out, n_across = s->side / tower->config.window;
    int edge = EDGE_NONE;

    if (shift && index / n_across == n_across - 1) edge |= EDGE_BOTTOM;
    if (shift && index % n_across == n_across - 1) edge |= EDGE_RIGHT;
    copy_window(tower, s, shift, index, w->tokens, w->rows, false);

    ops->layer_norm(w->rows, n, d, b->before.gain, b->before.shift, eps, NULL, w->input);
    ops->linear(&b->qkv, w->input, d, n, PT_NN_OPERAND, w->wide, 3 * d);
    attend(tower, s, b, edge, w);
    ops->linear(&b->project, w->input, d, n, PT_NN_ADD, w->rows, d);

    ops->layer_norm(w->rows, n, d, b->after.gain, b->after.shift, eps, NULL, w->input);
    ops->linear(&b->fc1, w->input, d, n, PT_NN_GELU, w->wide, n_hidden);
    ops->linear(&b->fc2, w->wide, n_hidden, n, PT_NN_ADD, w->rows, d);

    copy_window(tower, s, shift, index, w->tokens, w->rows, true);
}

static void run_block(const pt_audio_tower *tower, const pt_audio_stage *s, size_t index,
                      workspace *w) {
    const size_t n_across = s->side / tower->config.window;
    const size_t shift = index % 2 ? s->shift : 0;

    for (size_t i = 0; i < n_across * n_across; i++)
        run_window(tower, s, &s->blocks[index], shift, i, w);
}

/* Patch merging, tokens [R * R, d] to [R/2 * R/2, 2d]: concatenates 2 x 2 tokens, layer norm,
 * linear. In place: the output of some rows ends before the input of the next ones begins. */
static void merge_patches(const pt_audio_tower *tower, const pt_audio_stage *s, workspace *w) {
    const size_t d = s->width, side = s->side, n = side / 2, step = merge_batch_rows(s);

    for (size_t top = 0; top < n; top += step) {
        const size_t n_merged = (top + step < n ? step : n - top) * n;
        for (size_t i = 0; i < n_merged; i++)
            for (size_t k = 0; k < 4; k++) { /* (0, 0), (1, 0), (0, 1), (1, 1) */
                const size_t y = 2 * (top + i / n) + k % 2, x = 2 * (i % n) + k / 2;
                memcpy(w->rows + (4 * i + k) * d, w->tokens + (y * side + x) * d,
                       d * sizeof(float));
            }
        tower->ops->layer_norm(w->rows, n_merged, 4 * d, s->merge.gain, s->merge.shift,
                               PT_AUDIO_NORM_EPS, NULL, w->input);
        tower->ops->linear(&s->reduction, w->input, 4 * d, n_merged, PT_NN_STORE,
                           w->tokens + top * n * 2 * d, 2 * d);
    }
}

/* Final norm, mean over all tokens (the reference sorts them by frequency first, which does not
 * change the mean) and projection. */
static void pool(const pt_audio_tower *tower, float *raw, workspace *w,
                 const pt_forward_hook *hook) {
    const pt_audio_stage *s = &tower->stages[tower->config.n_stages - 1];
    const size_t d = s->width, n_tokens = s->side * s->side;

    tower->ops->layer_norm(w->tokens, n_tokens, d, tower->final_norm.gain, tower->final_norm.shift,
                           PT_AUDIO_NORM_EPS, w->tokens, NULL);
    pt_forward_hook_call(hook, "final_norm", 0, 0, w->tokens, n_tokens * d);
    for (size_t j = 0; j < d; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < n_tokens; i++)
            sum += w->tokens[i * d + j];
        w->pooled[j] = (float)(sum / (double)n_tokens);
    }
    pt_forward_hook_call(hook, "pooled", 0, 0, w->pooled, d);
    tower->ops->to_operands(w->pooled, d, w->input);
    tower->ops->linear(&tower->project[0], w->input, d, 1, PT_NN_RELU, w->hidden,
                       tower->n_projected);
    tower->ops->linear(&tower->project[1], w->hidden, tower->n_projected, 1, PT_NN_STORE, raw,
                       tower->n_projected);
}

void pt_audio_tower_run(const pt_audio_tower *tower, const float *features, size_t n_channels,
                        float *raw, void *scratch, const pt_forward_hook *hook) {
    pt_scratch_layout layout = {scratch, 0};
    workspace w = workspace_layout(tower, &layout);

    assert(n_channels == 1 || (n_channels == FUSION_CHANNELS && tower->config.fusion));
    embed_image(tower, features, n_channels, &w, hook);
    for (size_t i = 0; i < tower->config.n_stages; i++) {
        const pt_audio_stage *s = &tower->stages[i];
        size_t n_values = s->side * s->side * s->width;
        for (size_t b = 0; b < s->depth; b++) {
            run_block(tower, s, b, &w);
            pt_forward_hook_call(hook, "block", i, b, w.tokens, n_values);
        }
        if (i + 1 < tower->config.n_stages) {
            merge_patches(tower, s, &w);
            n_values /= 2;
        }
        pt_forward_hook_call(hook, "stage", i, 0, w.tokens, n_values);
    }
    pool(tower, raw, &w, hook);
}
