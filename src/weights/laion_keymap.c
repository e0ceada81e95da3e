/* SPDX-License-Identifier: MIT */
/* laion_keymap.c - maps tensor names of LAION checkpoints to those of Hugging Face's ClapModel
 *
 * Source: the module trees of both models (LAION-AI/CLAP; ClapModel of transformers). Omitted are
 * tensors of training, of other heads and of the feature extractor: spectrogram_extractor,
 * logmel_extractor, attn_mask, tscam_conv, head, text_transform, audio_transform.
 */

#include "weights/laion_keymap.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BRANCH  "text_branch."
#define AUDIO_BRANCH "audio_branch."
#define AUDIO_MODEL  "audio_model.audio_encoder."

typedef struct key_rule {
    const char *from, *to; /* prefix of the remaining name, and its replacement */
} key_rule;

/* Names outside of the audio branch. */
static const key_rule top_rules[] = {
    {TEXT_BRANCH, "text_model."},
    {"text_projection.0.", "text_projection.linear1."},
    {"text_projection.2.", "text_projection.linear2."},
    {"audio_projection.0.", "audio_projection.linear1."},
    {"audio_projection.2.", "audio_projection.linear2."},
    {"logit_scale_a", "logit_scale_a"},
    {"logit_scale_t", "logit_scale_t"},
    {NULL, NULL},
};

/* After "audio_branch.". */
static const key_rule audio_rules[] = {
    {"bn0.", "batch_norm."},
    {"patch_embed.", "patch_embed."},
    {"norm.", "norm."},
    {NULL, NULL},
};

/* After "audio_branch.layers.S.". */
static const key_rule stage_rules[] = {
    {"downsample.", "downsample."},
    {NULL, NULL},
};

/* After "audio_branch.layers.S.blocks.B.". */
static const key_rule block_rules[] = {
    {"norm1.", "layernorm_before."},
    {"norm2.", "layernorm_after."},
    {"attn.proj.", "attention.output.dense."},
    {"attn.relative_position_bias_table", "attention.self.relative_position_bias_table"},
    {"attn.relative_position_index", "attention.self.relative_position_index"},
    {"mlp.fc1.", "intermediate.dense."},
    {"mlp.fc2.", "output.dense."},
    {NULL, NULL},
};

static const char *skip_prefix(const char *text, const char *start) {
    const size_t n = strlen(start);
    return strncmp(text, start, n) == 0 ? text + n : NULL;
}

/* The text after digits and a dot, or NULL. */
static const char *skip_number(const char *text) {
    const size_t n = strspn(text, "0123456789");
    return n > 0 && text[n] == '.' ? text + n + 1 : NULL;
}

/* prefix, then the text from kept to rest unchanged, then rest as mapped by the list. */
static pt_laion_key_action apply_rules(const key_rule *list, const char *prefix, const char *kept,
                                       const char *rest, char name[PT_TENSOR_NAME_MAX]) {
    for (; list->from; list++) {
        const char *tail = skip_prefix(rest, list->from);
        if (!tail) continue;
        const int n = snprintf(name, PT_TENSOR_NAME_MAX, "%s%.*s%s%s", prefix, (int)(rest - kept),
                               kept, list->to, tail);
        return n < PT_TENSOR_NAME_MAX ? PT_LAION_KEY_RENAMED : PT_LAION_KEY_UNUSED;
    }
    return PT_LAION_KEY_UNUSED;
}

static pt_laion_key_action split_qkv(const char *kept, const char *rest, const char *tail,
                                     char names[3][PT_TENSOR_NAME_MAX]) {
    static const char *const parts[] = {"query", "key", "value"};
    for (size_t i = 0; i < 3; i++) {
        const int n = snprintf(names[i], PT_TENSOR_NAME_MAX, AUDIO_MODEL "%.*sattention.self.%s.%s",
                               (int)(rest - kept), kept, parts[i], tail);
        if (n >= PT_TENSOR_NAME_MAX) return PT_LAION_KEY_UNUSED;
    }
    return PT_LAION_KEY_SPLIT;
}

/* own: the name after "audio_branch.". */
static pt_laion_key_action map_audio_key(const char *own, char names[3][PT_TENSOR_NAME_MAX]) {
    const char *stage = skip_prefix(own, "layers.");
    if (!stage) return apply_rules(audio_rules, AUDIO_MODEL, own, own, names[0]);

    const char *in_stage = skip_number(stage);
    if (!in_stage) return PT_LAION_KEY_UNUSED;
    const char *block = skip_prefix(in_stage, "blocks.");
    if (!block) return apply_rules(stage_rules, AUDIO_MODEL, own, in_stage, names[0]);

    const char *in_block = skip_number(block);
    if (!in_block) return PT_LAION_KEY_UNUSED;
    const char *fused = skip_prefix(in_block, "attn.qkv.");
    if (fused) return split_qkv(own, in_block, fused, names);
    return apply_rules(block_rules, AUDIO_MODEL, own, in_block, names[0]);
}

bool pt_laion_keymap_detect(const char *name) {
    return skip_prefix(name, TEXT_BRANCH) || skip_prefix(name, AUDIO_BRANCH);
}

pt_laion_key_action pt_laion_keymap_apply(const char *name, char names[3][PT_TENSOR_NAME_MAX]) {
    const char *audio = skip_prefix(name, AUDIO_BRANCH);
    return audio ? map_audio_key(audio, names) : apply_rules(top_rules, "", name, name, names[0]);
}
