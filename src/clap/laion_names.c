/* SPDX-License-Identifier: MIT */
/* laion_names.c - the tensors' names of LAION's own checkpoints, in Hugging Face's words
 *
 * Source: the two models' module trees (LAION-AI/CLAP; ClapModel of transformers). What only
 * training, other heads or the extractor of features use is left out: spectrogram_extractor,
 * logmel_extractor, attn_mask, tscam_conv, head, text_transform, audio_transform.
 */

#include "clap/laion_names.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BRANCH  "text_branch."
#define AUDIO_BRANCH "audio_branch."
#define AUDIO_MODEL  "audio_model.audio_encoder."

typedef struct renaming {
    const char *from, *to; /* how the rest of a name begins */
} renaming;

/* Whole names of the parts that stand beside the branches. */
static const renaming tops[] = {
    {TEXT_BRANCH, "text_model."},
    {"text_projection.0.", "text_projection.linear1."},
    {"text_projection.2.", "text_projection.linear2."},
    {"audio_projection.0.", "audio_projection.linear1."},
    {"audio_projection.2.", "audio_projection.linear2."},
    {"logit_scale_a", "logit_scale_a"},
    {"logit_scale_t", "logit_scale_t"},
    {NULL, NULL},
};

/* Behind "audio_branch.". */
static const renaming audio_parts[] = {
    {"bn0.", "batch_norm."},
    {"patch_embed.", "patch_embed."},
    {"norm.", "norm."},
    {NULL, NULL},
};

/* Behind "audio_branch.layers.S.". */
static const renaming stage_parts[] = {
    {"downsample.", "downsample."},
    {NULL, NULL},
};

/* Behind "audio_branch.layers.S.blocks.B.". */
static const renaming block_parts[] = {
    {"norm1.", "layernorm_before."},
    {"norm2.", "layernorm_after."},
    {"attn.proj.", "attention.output.dense."},
    {"attn.relative_position_bias_table", "attention.self.relative_position_bias_table"},
    {"attn.relative_position_index", "attention.self.relative_position_index"},
    {"mlp.fc1.", "intermediate.dense."},
    {"mlp.fc2.", "output.dense."},
    {NULL, NULL},
};

static const char *after(const char *text, const char *start) {
    const size_t n = strlen(start);
    return strncmp(text, start, n) == 0 ? text + n : NULL;
}

/* Digits and a dot: what follows them, or NULL. */
static const char *after_number(const char *text) {
    const size_t n = strspn(text, "0123456789");
    return n > 0 && text[n] == '.' ? text + n + 1 : NULL;
}

/* prefix, then n_kept characters of kept, then what the list makes of the rest. */
static pt_laion_fate rename_by(const renaming *list, const char *prefix, const char *kept,
                               const char *rest, char name[PT_TENSOR_NAME_MAX]) {
    for (; list->from; list++) {
        const char *tail = after(rest, list->from);
        if (!tail) continue;
        const int n = snprintf(name, PT_TENSOR_NAME_MAX, "%s%.*s%s%s", prefix, (int)(rest - kept),
                               kept, list->to, tail);
        return n < PT_TENSOR_NAME_MAX ? PT_LAION_RENAMED : PT_LAION_UNUSED;
    }
    return PT_LAION_UNUSED;
}

static pt_laion_fate split(const char *kept, const char *rest, const char *tail,
                           char names[3][PT_TENSOR_NAME_MAX]) {
    static const char *const parts[] = {"query", "key", "value"};
    for (size_t i = 0; i < 3; i++) {
        const int n = snprintf(names[i], PT_TENSOR_NAME_MAX, AUDIO_MODEL "%.*sattention.self.%s.%s",
                               (int)(rest - kept), kept, parts[i], tail);
        if (n >= PT_TENSOR_NAME_MAX) return PT_LAION_UNUSED;
    }
    return PT_LAION_SPLIT;
}

/* own: the name behind "audio_branch.". */
static pt_laion_fate rename_audio(const char *own, char names[3][PT_TENSOR_NAME_MAX]) {
    const char *stage = after(own, "layers.");
    if (!stage) return rename_by(audio_parts, AUDIO_MODEL, own, own, names[0]);

    const char *in_stage = after_number(stage);
    if (!in_stage) return PT_LAION_UNUSED;
    const char *block = after(in_stage, "blocks.");
    if (!block) return rename_by(stage_parts, AUDIO_MODEL, own, in_stage, names[0]);

    const char *in_block = after_number(block);
    if (!in_block) return PT_LAION_UNUSED;
    const char *fused = after(in_block, "attn.qkv.");
    if (fused) return split(own, in_block, fused, names);
    return rename_by(block_parts, AUDIO_MODEL, own, in_block, names[0]);
}

bool pt_laion_is(const char *name) {
    return after(name, TEXT_BRANCH) || after(name, AUDIO_BRANCH);
}

pt_laion_fate pt_laion_rename(const char *name, char names[3][PT_TENSOR_NAME_MAX]) {
    const char *audio = after(name, AUDIO_BRANCH);
    return audio ? rename_audio(audio, names) : rename_by(tops, "", name, name, names[0]);
}
