/* SPDX-License-Identifier: MIT */
/* tensor_check.c - names and shapes of the tensors of Hugging Face's ClapModel
 *
 * h: text width, f: feed-forward width, d = c0 << s: width of audio stage s. Logit scales and
 * integer buffers are not needed for embeddings and not checked.
 */

#include "clap/tensor_check.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

#define AUDIO_PREFIX "audio_model.audio_encoder."

/* Keeps the first error in status and ignores later calls. */
typedef struct tensor_checker {
    const pt_checkpoint *file;
    patina_status status;
    patina_error *err;
} tensor_checker;

PT_PRINTF(4, 5)
static void require(tensor_checker *w, size_t n_dims, const size_t *dims, const char *format, ...) {
    const pt_tensor *tensor;
    char name[256];
    va_list args;

    if (w->status != PATINA_OK) return;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    w->status = pt_checkpoint_find(w->file, name, n_dims, dims, &tensor, w->err);
}

static void require_matrix(tensor_checker *w, const char *prefix, const char *name, size_t rows,
                           size_t columns) {
    require(w, 2, (size_t[]){rows, columns}, "%s%s", prefix, name);
}

/* A linear layer: weight [n_out, n_in], bias [n_out]. */
static void require_linear(tensor_checker *w, const char *prefix, const char *name, size_t n_out,
                           size_t n_in, bool bias) {
    require(w, 2, (size_t[]){n_out, n_in}, "%s%s.weight", prefix, name);
    if (bias) require(w, 1, &n_out, "%s%s.bias", prefix, name);
}

/* A convolution: weight [n_out, n_in, height, width], bias [n_out]. */
static void require_conv(tensor_checker *w, const char *prefix, const char *name, size_t n_out,
                         size_t n_in, size_t height, size_t width) {
    require(w, 4, (size_t[]){n_out, n_in, height, width}, "%s%s.weight", prefix, name);
    require(w, 1, &n_out, "%s%s.bias", prefix, name);
}

static void require_norm(tensor_checker *w, const char *prefix, const char *name, size_t n) {
    require(w, 1, &n, "%s%s.weight", prefix, name);
    require(w, 1, &n, "%s%s.bias", prefix, name);
}

static void require_batch_norm(tensor_checker *w, const char *prefix, const char *name, size_t n) {
    require_norm(w, prefix, name, n);
    require(w, 1, &n, "%s%s.running_mean", prefix, name);
    require(w, 1, &n, "%s%s.running_var", prefix, name);
}

static void require_attention(tensor_checker *w, const char *prefix, size_t width, bool qkv_bias) {
    require_linear(w, prefix, "attention.self.query", width, width, qkv_bias);
    require_linear(w, prefix, "attention.self.key", width, width, qkv_bias);
    require_linear(w, prefix, "attention.self.value", width, width, qkv_bias);
    require_linear(w, prefix, "attention.output.dense", width, width, true);
}

static void require_projection(tensor_checker *w, const char *prefix, size_t width, size_t n_out) {
    require_linear(w, prefix, "linear1", n_out, width, true);
    require_linear(w, prefix, "linear2", n_out, n_out, true);
}

static void check_text(tensor_checker *w, const pt_text_config *text, size_t n_projection) {
    static const char embeddings[] = "text_model.embeddings.";
    const size_t h = text->hidden, f = text->intermediate;
    char layer[64];

    require_matrix(w, embeddings, "word_embeddings.weight", text->vocab_size, h);
    require_matrix(w, embeddings, "position_embeddings.weight", text->max_positions, h);
    require_matrix(w, embeddings, "token_type_embeddings.weight", text->n_types, h);
    require_norm(w, embeddings, "LayerNorm", h);
    for (size_t i = 0; i < text->n_layers; i++) {
        snprintf(layer, sizeof layer, "text_model.encoder.layer.%zu.", i);
        require_attention(w, layer, h, true);
        require_norm(w, layer, "attention.output.LayerNorm", h);
        require_linear(w, layer, "intermediate.dense", f, h, true);
        require_linear(w, layer, "output.dense", h, f, true);
        require_norm(w, layer, "output.LayerNorm", h);
    }
    require_linear(w, "text_model.", "pooler.dense", h, h, true);
    require_projection(w, "text_projection.", h, n_projection);
}

/* A fused model runs with is_longer false, but must have its fusion weights. */
static void check_fusion(tensor_checker *w, const pt_audio_config *audio) {
    static const char patch_embed[] = AUDIO_PREFIX "patch_embed.";
    static const char fusion[] = AUDIO_PREFIX "patch_embed.fusion_model.";
    const size_t c0 = audio->width, middle = c0 / audio->aff_block_r;

    require_conv(w, patch_embed, "mel_conv2d", c0, 1, audio->patch, 3 * audio->patch);
    require_conv(w, fusion, "local_att.0", middle, c0, 1, 1);
    require_batch_norm(w, fusion, "local_att.1", middle);
    require_conv(w, fusion, "local_att.3", c0, middle, 1, 1);
    require_batch_norm(w, fusion, "local_att.4", c0);
    require_conv(w, fusion, "global_att.1", middle, c0, 1, 1);
    require_batch_norm(w, fusion, "global_att.2", middle);
    require_conv(w, fusion, "global_att.4", c0, middle, 1, 1);
    require_batch_norm(w, fusion, "global_att.5", c0);
}

static void check_block(tensor_checker *w, const pt_audio_config *audio, size_t stage,
                        const char *block) {
    const size_t d = audio->width << stage, f = audio->mlp_ratio * d;
    const size_t side = 2 * audio->window - 1;

    require_norm(w, block, "layernorm_before", d);
    require_matrix(w, block, "attention.self.relative_position_bias_table", side * side,
                   audio->n_heads[stage]);
    require_attention(w, block, d, audio->qkv_bias);
    require_norm(w, block, "layernorm_after", d);
    require_linear(w, block, "intermediate.dense", f, d, true);
    require_linear(w, block, "output.dense", d, f, true);
}

static void check_audio(tensor_checker *w, const pt_audio_config *audio, size_t n_projection) {
    const size_t last = audio->width << (audio->n_stages - 1);
    char prefix[96];

    require_batch_norm(w, AUDIO_PREFIX, "batch_norm", audio->n_mels);
    require_conv(w, AUDIO_PREFIX, "patch_embed.proj", audio->width, 1, audio->patch, audio->patch);
    if (audio->patch_norm) require_norm(w, AUDIO_PREFIX, "patch_embed.norm", audio->width);
    if (audio->fusion) check_fusion(w, audio);
    for (size_t s = 0; s < audio->n_stages; s++) {
        const size_t d = audio->width << s;
        for (size_t b = 0; b < audio->depths[s]; b++) {
            snprintf(prefix, sizeof prefix, AUDIO_PREFIX "layers.%zu.blocks.%zu.", s, b);
            check_block(w, audio, s, prefix);
        }
        if (s + 1 == audio->n_stages) break;
        snprintf(prefix, sizeof prefix, AUDIO_PREFIX "layers.%zu.downsample.", s);
        require_norm(w, prefix, "norm", 4 * d);
        require_linear(w, prefix, "reduction", 2 * d, 4 * d, false);
    }
    require_norm(w, AUDIO_PREFIX, "norm", last);
    require_projection(w, "audio_projection.", last, n_projection);
}

patina_status pt_clap_tensors_check(const pt_clap_config *config, const pt_checkpoint *file,
                                    patina_clap_parts parts, patina_error *err) {
    tensor_checker w = {file, PATINA_OK, err};

    if (parts & PATINA_CLAP_TEXT) check_text(&w, &config->text, config->projection_dim);
    if (parts & PATINA_CLAP_AUDIO) check_audio(&w, &config->audio, config->projection_dim);
    return w.status;
}
