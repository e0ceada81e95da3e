/* SPDX-License-Identifier: MIT */
/* config.c - parsers of config.json and preprocessor_config.json
 *
 * Each member is read with its default and its range. The reader keeps the first error and ignores
 * later reads, so that the lists below need no error handling.
 *
 * Defaults: ClapTextConfig, ClapAudioConfig, ClapConfig and ClapFeatureExtractor of transformers
 * 5.23. Published files may list only what differs from them.
 */

#include "clap/config.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <patina/clap.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/json_load.h"

#define CONFIG_MAX_BYTES (1U << 20) /* published files have under 10 kB */
#define SIZE_LIMIT       65536U     /* of a dimension: products of three are below 2^64 */

typedef struct reader {
    const char *file;
    const char *section;  /* "" or "text_config." */
    const json_t *object; /* NULL: no members */
    patina_status status;
    patina_error *err;
} reader;

/* ------------------------------------------------------------------ members */

/* The value of a member; NULL if it is missing or null, or after an error. */
static const json_t *member(const reader *r, const char *name) {
    const json_t *value = r->status == PATINA_OK ? json_object_get(r->object, name) : NULL;
    return json_is_null(value) ? NULL : value;
}

static void member_error(reader *r, const char *name, const char *what) {
    if (r->status == PATINA_OK)
        r->status = pt_fail(r->err, PATINA_EFORMAT, "file '%s': member '%s%s' %s", r->file,
                            r->section, name, what);
}

static size_t read_size(reader *r, const char *name, const json_t *value, size_t low, size_t high) {
    const json_int_t i = json_integer_value(value);

    if (json_is_integer(value) && i >= 0 && (uintmax_t)i >= low && (uintmax_t)i <= high)
        return (size_t)i;
    if (r->status == PATINA_OK)
        r->status = pt_fail(r->err, PATINA_EFORMAT,
                            "file '%s': member '%s%s' must be an integer from %zu to %zu", r->file,
                            r->section, name, low, high);
    return low;
}

static size_t get_size(reader *r, const char *name, size_t fallback, size_t low, size_t high) {
    const json_t *value = member(r, name);
    return value ? read_size(r, name, value, low, high) : fallback;
}

static double get_real(reader *r, const char *name, double fallback, double low, double high) {
    const json_t *value = member(r, name);
    const double x = value ? json_number_value(value) : fallback;

    if (!value || (json_is_number(value) && x >= low && x <= high)) return x;
    if (r->status == PATINA_OK)
        r->status = pt_fail(r->err, PATINA_EFORMAT,
                            "file '%s': member '%s%s' must be a number from %g to %g", r->file,
                            r->section, name, low, high);
    return fallback;
}

static bool get_bool(reader *r, const char *name, bool fallback) {
    const json_t *value = member(r, name);

    if (value && !json_is_boolean(value)) member_error(r, name, "must be true or false");
    return value ? json_is_true(value) : fallback;
}

/* A string; any other type is an error. */
static const char *get_string(reader *r, const char *name, const char *fallback) {
    const json_t *value = member(r, name);

    if (value && !json_is_string(value)) member_error(r, name, "must be a string");
    return json_is_string(value) ? json_string_value(value) : fallback;
}

/* Members of which only one value is supported. */
static void require_string(reader *r, const char *name, const char *only) {
    const char *value = get_string(r, name, only);

    if (strcmp(value, only) != 0 && r->status == PATINA_OK)
        r->status = pt_fail(r->err, PATINA_EFORMAT,
                            "file '%s': member '%s%s' is '%.60s'; only '%s' is supported", r->file,
                            r->section, name, value, only);
}

static void require_bool(reader *r, const char *name, bool only) {
    if (get_bool(r, name, only) != only)
        member_error(r, name,
                     only ? "is false; only true is supported"
                          : "is true; only false is supported");
}

static void require_number(reader *r, const char *name, double only) {
    const json_t *value = member(r, name);

    if (value && !(json_is_number(value) && json_number_value(value) == only) &&
        r->status == PATINA_OK)
        r->status = pt_fail(r->err, PATINA_EFORMAT,
                            "file '%s': member '%s%s' must be %.0f; other values are not supported",
                            r->file, r->section, name, only);
}

/* A square size, as a number or a list of two equal numbers. */
static size_t get_square(reader *r, const char *name, size_t fallback, size_t high) {
    const json_t *value = member(r, name);
    size_t side[2];

    if (!value) return fallback;
    if (!json_is_array(value)) return read_size(r, name, value, 1, high);
    if (json_array_size(value) != 2) {
        member_error(r, name, "must be an integer or a list of two");
        return fallback;
    }
    for (size_t i = 0; i < 2; i++)
        side[i] = read_size(r, name, json_array_get(value, i), 1, high);
    if (side[0] != side[1])
        member_error(r, name, "has two different sides; only squares are supported");
    return side[0];
}

/* A list of 1 to PT_CLAP_STAGES_MAX sizes; returns their number. */
static size_t get_stages(reader *r, const char *name, const size_t *fallback, size_t high,
                         size_t *values) {
    const json_t *list = member(r, name);
    const size_t n = list ? json_array_size(list) : 4;

    if (!list) {
        memcpy(values, fallback, 4 * sizeof *values);
    } else if (n < 1 || n > PT_CLAP_STAGES_MAX) { /* not a list: size 0 */
        member_error(r, name, "must be a list of 1 to 8 integers");
        return 1;
    }
    for (size_t i = 0; list && i < n; i++)
        values[i] = read_size(r, name, json_array_get(list, i), 1, high);
    return n;
}

static reader get_section(reader *r, const char *name, const char *prefix) {
    const json_t *object = member(r, name);

    if (object && !json_is_object(object)) member_error(r, name, "must be an object");
    return (reader){r->file, prefix, object, r->status, r->err};
}

/* -------------------------------------------------------------- config.json */

static void read_text(reader *r, pt_text_config *text) {
    require_string(r, "model_type", "clap_text_model");
    text->vocab_size = get_size(r, "vocab_size", 50265, 1, 1U << 20);
    text->hidden = get_size(r, "hidden_size", 768, 1, SIZE_LIMIT);
    text->n_layers = get_size(r, "num_hidden_layers", 12, 1, 256);
    text->n_heads = get_size(r, "num_attention_heads", 12, 1, SIZE_LIMIT);
    text->intermediate = get_size(r, "intermediate_size", 3072, 1, SIZE_LIMIT);
    text->max_positions = get_size(r, "max_position_embeddings", 514, 1, SIZE_LIMIT);
    text->n_types = get_size(r, "type_vocab_size", 1, 1, SIZE_LIMIT);
    text->layer_norm_eps = (float)get_real(r, "layer_norm_eps", 1e-12, 1e-30, 1.0);
    const size_t last_id = text->vocab_size - 1;
    text->pad_id = (int)get_size(r, "pad_token_id", 1, 0, last_id);
    text->bos_id = (int)get_size(r, "bos_token_id", 0, 0, last_id);
    text->eos_id = (int)get_size(r, "eos_token_id", 2, 0, last_id);
    /* Defaults may exceed last_id too. */
    if ((size_t)text->pad_id > last_id || (size_t)text->bos_id > last_id ||
        (size_t)text->eos_id > last_id)
        member_error(r, "vocab_size", "is too small for the ids of padding, beginning and end");
    require_string(r, "hidden_act", "gelu");
    require_string(r, "position_embedding_type", "absolute");
    require_bool(r, "is_decoder", false); /* causal attention */

    if (text->hidden % text->n_heads != 0)
        member_error(r, "num_attention_heads", "does not divide hidden_size");
    /* Token i has position pad_id + 1 + i. */
    if ((size_t)text->pad_id + 1 + PATINA_CAPTION_TOKENS_MAX > text->max_positions)
        member_error(r, "max_position_embeddings", "is too small for captions of 77 tokens");
}

static void check_stages(reader *r, const pt_audio_config *audio, size_t hidden) {
    const size_t last = audio->n_stages - 1;
    const size_t grid = audio->spec_size / audio->patch; /* tokens per side in stage 0 */

    if (hidden != audio->width << last)
        member_error(r, "hidden_size", "is not patch_embeds_hidden_size * 2^(stages - 1)");
    for (size_t s = 0; s <= last; s++)
        if ((audio->width << s) % audio->n_heads[s] != 0)
            member_error(r, "num_attention_heads", "does not divide the width of every stage");
    if (audio->spec_size % audio->patch != 0)
        member_error(r, "patch_size", "does not divide spec_size");
    if (audio->spec_size % audio->n_mels != 0)
        member_error(r, "num_mel_bins", "does not divide spec_size");
    if (grid % (audio->window << last) != 0)
        member_error(r, "window_size",
                     "does not divide the image of every stage into whole windows");
}

static void read_audio(reader *r, pt_audio_config *audio) {
    static const size_t depths[4] = {2, 2, 6, 2}, heads[4] = {4, 8, 16, 32};

    require_string(r, "model_type", "clap_audio_model");
    audio->width = get_size(r, "patch_embeds_hidden_size", 96, 1, SIZE_LIMIT);
    audio->n_stages = get_stages(r, "depths", depths, 256, audio->depths);
    if (get_stages(r, "num_attention_heads", heads, SIZE_LIMIT, audio->n_heads) != audio->n_stages)
        member_error(r, "num_attention_heads", "must have as many elements as depths");
    const size_t hidden = get_size(r, "hidden_size", 768, 1, SIZE_LIMIT);
    audio->window = get_size(r, "window_size", 8, 1, 256);
    audio->spec_size = get_size(r, "spec_size", 256, 1, 4096);
    audio->n_mels = get_size(r, "num_mel_bins", 64, 1, 4096);
    audio->patch = get_square(r, "patch_size", 4, 4096);
    if (get_square(r, "patch_stride", 4, 4096) != audio->patch)
        member_error(r, "patch_stride",
                     "differs from patch_size; overlapping patches are not supported");
    audio->mlp_ratio = (size_t)get_real(r, "mlp_ratio", 4.0, 1.0, 64.0);
    if (get_real(r, "mlp_ratio", 4.0, 1.0, 64.0) != (double)audio->mlp_ratio)
        member_error(r, "mlp_ratio", "must be an integer");
    audio->layer_norm_eps = (float)get_real(r, "layer_norm_eps", 1e-5, 1e-30, 1.0);
    audio->qkv_bias = get_bool(r, "qkv_bias", true);
    audio->patch_norm = get_bool(r, "enable_patch_layer_norm", true);
    audio->fusion = get_bool(r, "enable_fusion", false);
    audio->aff_block_r = get_size(r, "aff_block_r", 4, 1, SIZE_LIMIT);
    require_string(r, "hidden_act", "gelu");
    require_number(r, "patch_embed_input_channels", 1);
    require_bool(r, "flatten_patch_embeds", true);

    if (audio->fusion && member(r, "fusion_type"))
        member_error(r, "fusion_type", "must be null; other fusion types are not supported");
    if (audio->fusion && audio->aff_block_r > audio->width)
        member_error(r, "aff_block_r", "is greater than patch_embeds_hidden_size");
    if (r->status == PATINA_OK) check_stages(r, audio, hidden);
}

/* Parses a JSON object; the caller releases it. */
static patina_status parse_object(const char *file, const char *text, size_t n, json_t **root,
                                  patina_error *err) {
    json_error_t at;
    json_t *value = n > 0 ? pt_json_load(text, n, 0, &at) : NULL;

    if (n == 0) return pt_fail(err, PATINA_EFORMAT, "file '%s': is empty", file);
    if (!value)
        return pt_json_fail(err, "file '%s': line %d: not JSON: %s", file, at.line, at.text);
    if (!json_is_object(value)) {
        json_decref(value);
        return pt_fail(err, PATINA_EFORMAT, "file '%s': must contain a JSON object", file);
    }
    *root = value;
    return PATINA_OK;
}

patina_status pt_clap_config_parse(const char *file, const char *text, size_t n,
                                   pt_clap_config *config, patina_error *err) {
    pt_clap_config read = {0};
    json_t *root = NULL;
    PT_TRY(parse_object(file, text, n, &root, err));

    reader top = {file, "", root, PATINA_OK, err};
    require_string(&top, "model_type", "clap");
    read.projection_dim = get_size(&top, "projection_dim", PATINA_EMBEDDING_SIZE, 1, SIZE_LIMIT);
    if (read.projection_dim != PATINA_EMBEDDING_SIZE)
        member_error(&top, "projection_dim", "must be 512, the size of an embedding in a row");
    require_string(&top, "projection_hidden_act", "relu");

    reader text_section = get_section(&top, "text_config", "text_config.");
    read_text(&text_section, &read.text);
    top.status = text_section.status;
    reader audio_section = get_section(&top, "audio_config", "audio_config.");
    read_audio(&audio_section, &read.audio);

    if (audio_section.status == PATINA_OK) *config = read;
    json_decref(root);
    return audio_section.status;
}

/* ------------------------------------------------- preprocessor_config.json */

static void read_extractor(reader *r, const pt_audio_config *audio,
                           pt_feature_extractor_config *extractor) {
    static const char *const paddings[] = {
        [PT_PAD_REPEATPAD] = "repeatpad", [PT_PAD_REPEAT] = "repeat", [PT_PAD_ZEROS] = "pad"};

    *extractor = (pt_feature_extractor_config){
        .n_fft = 1024, .hop = 480, .n_mels = audio->n_mels, .rate_hz = 48000, .n_samples = 480000};
    require_string(r, "feature_extractor_type", "ClapFeatureExtractor");
    require_number(r, "sampling_rate", 48000);
    require_number(r, "fft_window_size", 1024);
    require_number(r, "n_fft",
                   1024); /* this, max_length_s and nb_max_samples follow from the others */
    require_number(r, "hop_length", 480);
    require_number(r, "max_length_s", 10);
    require_number(r, "nb_max_samples", 480000);
    if (get_size(r, "feature_size", 64, 1, 4096) != audio->n_mels)
        member_error(r, "feature_size", "differs from num_mel_bins of config.json");
    if (member(r, "top_db"))
        member_error(r, "top_db", "must be null; a dynamic range limit is not supported");

    extractor->f_min_hz = get_real(r, "frequency_min", 0.0, 0.0, 24000.0);
    extractor->f_max_hz = get_real(r, "frequency_max", 14000.0, 0.0, 24000.0);
    if (!(extractor->f_min_hz < extractor->f_max_hz))
        member_error(r, "frequency_min", "is not below frequency_max");

    const char *truncation = get_string(r, "truncation", "fusion");
    const bool fusion = strcmp(truncation, "fusion") == 0;
    if (!fusion && strcmp(truncation, "rand_trunc") != 0)
        member_error(r, "truncation", "must be 'fusion' or 'rand_trunc'");
    if (fusion != audio->fusion)
        member_error(r, "truncation",
                     fusion ? "is 'fusion', but config.json has enable_fusion false"
                            : "is 'rand_trunc', but config.json has enable_fusion true");
    extractor->scale = fusion ? PT_MEL_HTK : PT_MEL_SLANEY;

    const char *padding = get_string(r, "padding", "repeatpad");
    size_t p = 0;
    while (p < 3 && strcmp(padding, paddings[p]) != 0)
        p++;
    if (p == 3) member_error(r, "padding", "must be 'repeatpad', 'repeat' or 'pad'");
    extractor->padding = (pt_padding)p;

    /* The image holds spec_size / n_mels segments of spec_size frames. */
    if (1 + extractor->n_samples / extractor->hop >
        audio->spec_size * (audio->spec_size / audio->n_mels))
        member_error(r, "max_length_s",
                     "gives more frames than the image of spec_size in config.json holds");
}

patina_status pt_feature_extractor_config_parse(const char *file, const char *text, size_t n,
                                                pt_clap_config *config, patina_error *err) {
    pt_feature_extractor_config read = {0};
    json_t *root = NULL;
    PT_TRY(parse_object(file, text, n, &root, err));

    reader top = {file, "", root, PATINA_OK, err};
    read_extractor(&top, &config->audio, &read);
    if (top.status == PATINA_OK) config->extractor = read;
    json_decref(root);
    return top.status;
}

/* -------------------------------------------------------------------- files */

typedef patina_status parser(const char *file, const char *text, size_t n, pt_clap_config *config,
                             patina_error *err);

static patina_status read_file(const char *dir, const char *name, parser *parse,
                               pt_clap_config *config, patina_error *err) {
    char *path = NULL, *text = NULL;
    size_t n = 0;
    patina_status status = PATINA_ENOMEM;

    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return pt_fail(err, PATINA_ENOMEM, "file '%s/%s': out of memory", dir, name);
    status = pt_file_read_all(path, CONFIG_MAX_BYTES, &text, &n, err);
    if (status == PATINA_ERANGE) { /* too large for a configuration */
        status = PATINA_EFORMAT;
        if (err) err->status = status;
    }
    if (status == PATINA_OK) status = parse(path, text, n, config, err);
    free(text);
    free(path);
    return status;
}

patina_status pt_clap_config_read(const char *dir, pt_clap_config *config, patina_error *err) {
    return read_file(dir, "config.json", pt_clap_config_parse, config, err);
}

patina_status pt_feature_extractor_config_read(const char *dir, pt_clap_config *config,
                                               patina_error *err) {
    return read_file(dir, "preprocessor_config.json", pt_feature_extractor_config_parse, config,
                     err);
}
