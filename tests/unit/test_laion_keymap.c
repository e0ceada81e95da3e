/* SPDX-License-Identifier: MIT */
/* test_laion_keymap.c - tensor names of LAION checkpoints */

#include "test.h"

#include "weights/laion_keymap.h"

/* Both columns from the module trees of the two models. */
static const struct {
    const char *laion, *hugging_face;
} renamed[] = {
    {"logit_scale_a", "logit_scale_a"},
    {"logit_scale_t", "logit_scale_t"},
    {"text_branch.embeddings.word_embeddings.weight",
     "text_model.embeddings.word_embeddings.weight"},
    {"text_branch.embeddings.LayerNorm.bias", "text_model.embeddings.LayerNorm.bias"},
    {"text_branch.encoder.layer.11.attention.self.query.weight",
     "text_model.encoder.layer.11.attention.self.query.weight"},
    {"text_branch.pooler.dense.bias", "text_model.pooler.dense.bias"},
    {"text_projection.0.weight", "text_projection.linear1.weight"},
    {"text_projection.2.bias", "text_projection.linear2.bias"},
    {"audio_projection.0.bias", "audio_projection.linear1.bias"},
    {"audio_projection.2.weight", "audio_projection.linear2.weight"},
    {"audio_branch.bn0.running_mean", "audio_model.audio_encoder.batch_norm.running_mean"},
    {"audio_branch.patch_embed.proj.weight", "audio_model.audio_encoder.patch_embed.proj.weight"},
    {"audio_branch.patch_embed.norm.bias", "audio_model.audio_encoder.patch_embed.norm.bias"},
    {"audio_branch.patch_embed.mel_conv2d.weight",
     "audio_model.audio_encoder.patch_embed.mel_conv2d.weight"},
    {"audio_branch.patch_embed.fusion_model.local_att.4.running_var",
     "audio_model.audio_encoder.patch_embed.fusion_model.local_att.4.running_var"},
    {"audio_branch.norm.weight", "audio_model.audio_encoder.norm.weight"},
    {"audio_branch.layers.2.downsample.norm.bias",
     "audio_model.audio_encoder.layers.2.downsample.norm.bias"},
    {"audio_branch.layers.0.downsample.reduction.weight",
     "audio_model.audio_encoder.layers.0.downsample.reduction.weight"},
    {"audio_branch.layers.2.blocks.11.norm1.weight",
     "audio_model.audio_encoder.layers.2.blocks.11.layernorm_before.weight"},
    {"audio_branch.layers.0.blocks.0.norm2.bias",
     "audio_model.audio_encoder.layers.0.blocks.0.layernorm_after.bias"},
    {"audio_branch.layers.3.blocks.1.attn.proj.weight",
     "audio_model.audio_encoder.layers.3.blocks.1.attention.output.dense.weight"},
    {"audio_branch.layers.3.blocks.1.attn.relative_position_bias_table",
     "audio_model.audio_encoder.layers.3.blocks.1.attention.self.relative_position_bias_table"},
    {"audio_branch.layers.3.blocks.1.attn.relative_position_index",
     "audio_model.audio_encoder.layers.3.blocks.1.attention.self.relative_position_index"},
    {"audio_branch.layers.1.blocks.0.mlp.fc1.weight",
     "audio_model.audio_encoder.layers.1.blocks.0.intermediate.dense.weight"},
    {"audio_branch.layers.1.blocks.0.mlp.fc2.bias",
     "audio_model.audio_encoder.layers.1.blocks.0.output.dense.bias"},
};

TEST(laion_keymap, renamed) {
    char names[3][PT_TENSOR_NAME_MAX];
    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++) {
        names[0][0] = '\0';
        CHECK_INT(pt_laion_keymap_apply(renamed[i].laion, names), PT_LAION_KEY_RENAMED);
        CHECK_STR(names[0], renamed[i].hugging_face);
    }
}

TEST(laion_keymap, split) {
    char names[3][PT_TENSOR_NAME_MAX];
    CHECK_INT(pt_laion_keymap_apply("audio_branch.layers.2.blocks.10.attn.qkv.bias", names),
              PT_LAION_KEY_SPLIT);
    CHECK_STR(names[0], "audio_model.audio_encoder.layers.2.blocks.10.attention.self.query.bias");
    CHECK_STR(names[1], "audio_model.audio_encoder.layers.2.blocks.10.attention.self.key.bias");
    CHECK_STR(names[2], "audio_model.audio_encoder.layers.2.blocks.10.attention.self.value.bias");
}

TEST(laion_keymap, unused) {
    static const char *const unused[] = {
        "",
        "audio_branch.",
        "audio_branch.spectrogram_extractor.stft.conv_real.weight",
        "audio_branch.logmel_extractor.melW",
        "audio_branch.layers.0.blocks.1.attn_mask",
        "audio_branch.tscam_conv.weight",
        "audio_branch.head.bias",
        "text_transform.sequential.0.weight",
        "audio_transform.sequential.3.bias",
        "audio_branch.layers.",
        "audio_branch.layers.x.blocks.0.norm1.weight",
        "audio_branch.layers.0",
        "audio_branch.layers.0.blocks..norm1.weight",
        "audio_branch.layers.0.blocks.1",
        "audio_projection.1.weight",
        "text_model.pooler.dense.bias",
    };
    char names[3][PT_TENSOR_NAME_MAX];
    for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++)
        CHECK_INT(pt_laion_keymap_apply(unused[i], names), PT_LAION_KEY_UNUSED);
}

TEST(laion_keymap, names_are_not_truncated) {
    char name[PT_TENSOR_NAME_MAX] = "text_branch.", names[3][PT_TENSOR_NAME_MAX];
    const size_t n_kept = strlen("text_model."), n_start = strlen(name);
    memset(name + n_start, 'x', sizeof name - n_start - 1);
    CHECK_INT(pt_laion_keymap_apply(name, names),
              PT_LAION_KEY_RENAMED); /* one shorter than before */
    CHECK_INT(strlen(names[0]), sizeof name - 1 - n_start + n_kept);

    const int n = snprintf(name, sizeof name, "audio_branch.layers.0.blocks.1.attn.qkv.");
    memset(name + n, 'x', sizeof name - (size_t)n - 1);
    CHECK_INT(pt_laion_keymap_apply(name, names), PT_LAION_KEY_UNUSED);
    memcpy(name, "audio_branch.layers.0.blocks.1.mlp.fc1..", 40);
    CHECK_INT(pt_laion_keymap_apply(name, names), PT_LAION_KEY_UNUSED);
}

TEST(laion_keymap, recognised) {
    CHECK(pt_laion_keymap_detect("text_branch.pooler.dense.bias"));
    CHECK(pt_laion_keymap_detect("audio_branch.bn0.weight"));
    CHECK(!pt_laion_keymap_detect("logit_scale_a"));
    CHECK(!pt_laion_keymap_detect("text_model.pooler.dense.bias"));
    CHECK(!pt_laion_keymap_detect("my.audio_branch.bn0.weight"));
}
