/* SPDX-License-Identifier: MIT */
/* tensors.c - the layout of Hugging Face's ClapModel, name by name
 *
 * h text width, f text feed-forward width, d = c0 << s width of audio stage s, P projection.
 * The logit scales play no part in embeddings; integer buffers are recomputed. Neither is asked
 * for.
 */

#include "clap/tensors.h"

#include <stdarg.h>
#include <stdio.h>

#define AUDIO "audio_model.audio_encoder."

/* The first fault stays in status, and nothing is looked up after it. */
typedef struct walk {
    const pt_checkpoint *file;
    pt_status status;
    pt_error *err;
} walk;

PT_PRINTF(4, 5)
static void need(walk *w, size_t n_dims, const size_t *dims, const char *format, ...) {
    const pt_tensor *tensor;
    char name[256];
    va_list args;

    if (w->status != PT_OK) return;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    w->status = pt_checkpoint_find(w->file, name, n_dims, dims, &tensor, w->err);
}

static void need_matrix(walk *w, const char *prefix, const char *name, size_t rows,
                        size_t columns) {
    need(w, 2, (size_t[]){rows, columns}, "%s%s", prefix, name);
}

/* A linear layer: weight [n_out, n_in], bias [n_out]. */
static void need_linear(walk *w, const char *prefix, const char *name, size_t n_out, size_t n_in,
                        bool bias) {
    need(w, 2, (size_t[]){n_out, n_in}, "%s%s.weight", prefix, name);
    if (bias) need(w, 1, &n_out, "%s%s.bias", prefix, name);
}

/* A convolution: weight [n_out, n_in, height, width], bias [n_out]. */
static void need_conv(walk *w, const char *prefix, const char *name, size_t n_out, size_t n_in,
                      size_t height, size_t width) {
    need(w, 4, (size_t[]){n_out, n_in, height, width}, "%s%s.weight", prefix, name);
    need(w, 1, &n_out, "%s%s.bias", prefix, name);
}

static void need_norm(walk *w, const char *prefix, const char *name, size_t n) {
    need(w, 1, &n, "%s%s.weight", prefix, name);
    need(w, 1, &n, "%s%s.bias", prefix, name);
}

static void need_batch_norm(walk *w, const char *prefix, const char *name, size_t n) {
    need_norm(w, prefix, name, n);
    need(w, 1, &n, "%s%s.running_mean", prefix, name);
    need(w, 1, &n, "%s%s.running_var", prefix, name);
}

static void need_attention(walk *w, const char *prefix, size_t width, bool qkv_bias) {
    need_linear(w, prefix, "attention.self.query", width, width, qkv_bias);
    need_linear(w, prefix, "attention.self.key", width, width, qkv_bias);
    need_linear(w, prefix, "attention.self.value", width, width, qkv_bias);
    need_linear(w, prefix, "attention.output.dense", width, width, true);
}

static void need_projection(walk *w, const char *prefix, size_t width, size_t n_out) {
    need_linear(w, prefix, "linear1", n_out, width, true);
    need_linear(w, prefix, "linear2", n_out, n_out, true);
}

static void walk_text(walk *w, const pt_text_config *text, size_t n_projection) {
    static const char embeddings[] = "text_model.embeddings.";
    const size_t h = text->hidden, f = text->intermediate;
    char layer[64];

    need_matrix(w, embeddings, "word_embeddings.weight", text->vocab_size, h);
    need_matrix(w, embeddings, "position_embeddings.weight", text->max_positions, h);
    need_matrix(w, embeddings, "token_type_embeddings.weight", text->n_types, h);
    need_norm(w, embeddings, "LayerNorm", h);
    for (size_t i = 0; i < text->n_layers; i++) {
        snprintf(layer, sizeof layer, "text_model.encoder.layer.%zu.", i);
        need_attention(w, layer, h, true);
        need_norm(w, layer, "attention.output.LayerNorm", h);
        need_linear(w, layer, "intermediate.dense", f, h, true);
        need_linear(w, layer, "output.dense", h, f, true);
        need_norm(w, layer, "output.LayerNorm", h);
    }
    need_linear(w, "text_model.", "pooler.dense", h, h, true);
    need_projection(w, "text_projection.", h, n_projection);
}

/* A fused model runs as "not longer", but one without its fusion weights is not whole. */
static void walk_fusion(walk *w, const pt_audio_config *audio) {
    static const char patch_embed[] = AUDIO "patch_embed.";
    static const char fusion[] = AUDIO "patch_embed.fusion_model.";
    const size_t c0 = audio->width, middle = c0 / audio->aff_block_r;

    need_conv(w, patch_embed, "mel_conv2d", c0, 1, audio->patch, 3 * audio->patch);
    need_conv(w, fusion, "local_att.0", middle, c0, 1, 1);
    need_batch_norm(w, fusion, "local_att.1", middle);
    need_conv(w, fusion, "local_att.3", c0, middle, 1, 1);
    need_batch_norm(w, fusion, "local_att.4", c0);
    need_conv(w, fusion, "global_att.1", middle, c0, 1, 1);
    need_batch_norm(w, fusion, "global_att.2", middle);
    need_conv(w, fusion, "global_att.4", c0, middle, 1, 1);
    need_batch_norm(w, fusion, "global_att.5", c0);
}

static void walk_block(walk *w, const pt_audio_config *audio, size_t stage, const char *block) {
    const size_t d = audio->width << stage, f = audio->mlp_ratio * d;
    const size_t side = 2 * audio->window - 1;

    need_norm(w, block, "layernorm_before", d);
    need_matrix(w, block, "attention.self.relative_position_bias_table", side * side,
                audio->n_heads[stage]);
    need_attention(w, block, d, audio->qkv_bias);
    need_norm(w, block, "layernorm_after", d);
    need_linear(w, block, "intermediate.dense", f, d, true);
    need_linear(w, block, "output.dense", d, f, true);
}

static void walk_audio(walk *w, const pt_audio_config *audio, size_t n_projection) {
    const size_t last = audio->width << (audio->n_stages - 1);
    char prefix[96];

    need_batch_norm(w, AUDIO, "batch_norm", audio->n_mels);
    need_conv(w, AUDIO, "patch_embed.proj", audio->width, 1, audio->patch, audio->patch);
    if (audio->patch_norm) need_norm(w, AUDIO, "patch_embed.norm", audio->width);
    if (audio->fusion) walk_fusion(w, audio);
    for (size_t s = 0; s < audio->n_stages; s++) {
        const size_t d = audio->width << s;
        for (size_t b = 0; b < audio->depths[s]; b++) {
            snprintf(prefix, sizeof prefix, AUDIO "layers.%zu.blocks.%zu.", s, b);
            walk_block(w, audio, s, prefix);
        }
        if (s + 1 == audio->n_stages) break;
        snprintf(prefix, sizeof prefix, AUDIO "layers.%zu.downsample.", s);
        need_norm(w, prefix, "norm", 4 * d);
        need_linear(w, prefix, "reduction", 2 * d, 4 * d, false);
    }
    need_norm(w, AUDIO, "norm", last);
    need_projection(w, "audio_projection.", last, n_projection);
}

pt_status pt_clap_tensors_check(const pt_clap_config *config, const pt_checkpoint *file,
                                pt_clap_parts parts, pt_error *err) {
    walk w = {file, PT_OK, err};

    if (parts & PT_CLAP_TEXT) walk_text(&w, &config->text, config->projection_dim);
    if (parts & PT_CLAP_AUDIO) walk_audio(&w, &config->audio, config->projection_dim);
    return w.status;
}
