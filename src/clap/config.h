/* SPDX-License-Identifier: MIT */
/* config.h - config.json and preprocessor_config.json of a model, with defaults */

#ifndef PATINA_CLAP_CONFIG_H
#define PATINA_CLAP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#define PT_CLAP_STAGES_MAX 8

/* Invariants of a parsed configuration: sizes are 1 to 65536 (vocabulary 2^20, layers and depths
 * 256, mlp_ratio 64); n_heads divides the width; ids are below vocab_size; max_positions holds
 * PATINA_CAPTION_TOKENS_MAX positions after pad_id; the windows of each stage tile its image of
 * spec_size / patch tokens per side; n_mels divides spec_size. */

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
    pt_feature_extractor_config extractor; /* set by pt_feature_extractor_config_read */
} pt_clap_config;

/**
 * Reads DIR/config.json; missing and null members have the defaults of ClapConfig. Variants that
 * the towers do not support (another activation, patch stride, fusion type ...) are errors that
 * name the member. projection_dim and projection_hidden_act are read at the top level only, as in
 * the reference.
 *
 * Errors  PATINA_EIO      missing or unreadable
 *         PATINA_EFORMAT  names the file and the member
 */
patina_status pt_clap_config_read(const char *dir, pt_clap_config *config, patina_error *err);

/**
 * Reads DIR/preprocessor_config.json into config->extractor. Supported are frames of 1024 samples
 * with a hop of 480, 10 s at 48 kHz, as in all published models; anything else is an error.
 */
patina_status pt_feature_extractor_config_read(const char *dir, pt_clap_config *config,
                                               patina_error *err);

/** The same from n bytes of text; file is used in errors. */
patina_status pt_clap_config_parse(const char *file, const char *text, size_t n,
                                   pt_clap_config *config, patina_error *err);
patina_status pt_feature_extractor_config_parse(const char *file, const char *text, size_t n,
                                                pt_clap_config *config, patina_error *err);

#endif /* PATINA_CLAP_CONFIG_H */
