/* SPDX-License-Identifier: MIT */
/* config.h - config.json and preprocessor_config.json, with every default filled in */

#ifndef PATINA_CLAP_CONFIG_H
#define PATINA_CLAP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#define PT_CLAP_STAGES_MAX 8

/* What a read config promises, so that nothing below has to check it again: every size is at least
 * 1 and at most 65536 (the vocabulary 2^20, layers and depths 256, mlp_ratio 64); heads divide
 * their width; ids are below vocab_size; max_positions holds a caption of PATINA_CAPTION_TOKENS_MAX behind
 * pad_id; the image of spec_size / patch tokens a side is cut into whole windows in every stage;
 * n_mels divides spec_size. */

typedef struct pt_text_config {
    size_t vocab_size, hidden, n_layers, n_heads, intermediate, max_positions, n_types;
    float layer_norm_eps;
    int pad_id, bos_id, eos_id;
} pt_text_config;

typedef struct pt_audio_config {
    size_t width; /* patch_embeds_hidden_size: channels of stage 0; stage s has width << s */
    size_t n_stages;
    size_t depths[PT_CLAP_STAGES_MAX], n_heads[PT_CLAP_STAGES_MAX];
    size_t window, spec_size, n_mels, patch, aff_block_r;
    size_t mlp_ratio;
    float layer_norm_eps;
    bool qkv_bias, patch_norm, fusion;
} pt_audio_config;

typedef enum pt_mel_scale { PT_MEL_SLANEY, PT_MEL_HTK } pt_mel_scale;
typedef enum pt_padding { PT_PAD_REPEATPAD, PT_PAD_REPEAT, PT_PAD_ZEROS } pt_padding;

typedef struct pt_feature_extractor_config {
    size_t n_fft, hop, n_mels, rate_hz, n_samples; /* 1024, 480, 64, 48000, 480000 */
    double f_min_hz, f_max_hz;
    pt_mel_scale scale; /* HTK for truncation "fusion", Slaney otherwise */
    pt_padding padding;
} pt_feature_extractor_config;

typedef struct pt_clap_config {
    pt_text_config text;
    pt_audio_config audio;
    size_t projection_dim;
    pt_feature_extractor_config extractor; /* only after pt_feature_extractor_config_read */
} pt_clap_config;

/**
 * Reads DIR/config.json; absent and null members have ClapConfig's defaults. What the towers do
 * not compute (another activation, patch stride, fusion type ...) is an error that names the
 * member, so that no model is ever run as if it were another. projection_dim and
 * projection_hidden_act count at the top level only: the reference pushes them down from there.
 *
 * Errors  PATINA_EIO      absent or unreadable
 *         PATINA_EFORMAT  names the file and the member
 */
patina_status pt_clap_config_read(const char *dir, pt_clap_config *config, patina_error *err);

/**
 * Reads DIR/preprocessor_config.json into config->extractor, with the same strictness: patina
 * computes 1024-point frames every 480 samples of 10 s at 48 kHz, as all published models do.
 */
patina_status pt_feature_extractor_config_read(const char *dir, pt_clap_config *config,
                                               patina_error *err);

/** The same from n bytes of text; file is the name that errors give it. */
patina_status pt_clap_config_parse(const char *file, const char *text, size_t n,
                                   pt_clap_config *config, patina_error *err);
patina_status pt_feature_extractor_config_parse(const char *file, const char *text, size_t n,
                                                pt_clap_config *config, patina_error *err);

#endif /* PATINA_CLAP_CONFIG_H */
