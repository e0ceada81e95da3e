/* SPDX-License-Identifier: MIT */
/* model_info.c - identifies a model: hashes, layout, parameters
 *
 * The model hash is the SHA-256 of five pairs of strings (pt_sha256_update_string): "weights",
 * "config", "preprocessor", "vocabulary" and "merges", in this order, each followed by the hash of
 * the file in hexadecimal, "" for a missing file.
 */

#include <patina/clap.h>

#include <stdio.h>
#include <string.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "clap/model_files.h"
#include "clap/tensor_check.h"

#define HASH_CHUNK_BYTES ((size_t)16 << 20)

/* ------------------------------------------------------------------- layouts */

/* Shapes of LAION's checkpoints on the Hugging Face hub; all have RoBERTa-base as text tower. */
static const struct {
    const char *name;
    bool fusion;
    size_t width, depths[4];
} layouts[] = {
    {"htsat-unfused", false, 96, {2, 2, 6, 2}},
    {"htsat-fused", true, 96, {2, 2, 6, 2}},
    {"larger", false, 128, {2, 2, 12, 2}},
};

static const char *layout_name(const pt_clap_config *config) {
    static const size_t heads[4] = {4, 8, 16, 32};
    const pt_text_config *text = &config->text;
    const pt_audio_config *audio = &config->audio;

    if (text->hidden != 768 || text->n_layers != 12 || text->n_heads != 12 ||
        text->intermediate != 3072 || text->vocab_size != 50265 || audio->n_stages != 4 ||
        memcmp(audio->n_heads, heads, sizeof heads) != 0)
        return "other";
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (audio->fusion == layouts[i].fusion && audio->width == layouts[i].width &&
            memcmp(audio->depths, layouts[i].depths, sizeof layouts[i].depths) == 0)
            return layouts[i].name;
    return "other";
}

/* Untrained fixtures of this project that were made before their metadata said so. */
static const char *const untrained[] = {
    "828576011f81a452c8ee84422dfb3488baeb5f91679e368b45e9ac154baa6a4a", /* mini */
    "b83240cebde89d1c3c87ac65c278a0e8ef140ffa227d14b60caeb46dc71f3c42", /* tiny */
    "01ae4a3cc979890e7118def282e727a143d4ceef666fe57d7d96bcdc880b95fe", /* tiny_fused */
    "c590d7f48e374ddbc30596ae289c4e58cb50f48245f018b0c2743ea79abd5b4d", /* htsat-unfused, f32 */
    "031da93451076a71c554b924becbf83107364837fa9eafc94bf7f9bb9df6d52e", /* htsat-unfused, f16 */
    "e9ac91b3f79e442ea1d0069829f679b1bd89541b038cc591e8fa8eda4185e49c", /* htsat-fused, f32 */
    "ad997c45c5647542bf8e33460f3bcd6b5ca1bb1dd612f56dc186f4b09a6f5fd3", /* larger, bf16 */
};

static bool is_untrained(const pt_checkpoint *file, const char *sha256) {
    const char *says = pt_checkpoint_metadata(file, "untrained");

    if (says && strcmp(says, "true") == 0) return true;
    for (size_t i = 0; i < sizeof untrained / sizeof untrained[0]; i++)
        if (strcmp(sha256, untrained[i]) == 0) return true;
    return false;
}

/* ------------------------------------------------------------------- weights */

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static void count_tensors(const pt_checkpoint *file, patina_clap_info *info) {
    static const char *const dtypes[] = {
        [PT_DTYPE_F32] = "f32", [PT_DTYPE_F16] = "f16", [PT_DTYPE_BF16] = "bf16"};

    for (size_t i = 0; i < pt_checkpoint_count(file); i++) {
        const pt_tensor *tensor = pt_checkpoint_at(file, i);
        if (tensor->dtype == PT_DTYPE_OTHER) continue;
        const char *dtype = dtypes[tensor->dtype];
        info->dtype = !info->dtype || strcmp(info->dtype, dtype) == 0 ? dtype : "mixed";
        info->n_tensors++;
        info->n_parameters += tensor->n_values;
        if (starts_with(tensor->name, "audio_")) info->n_parameters_audio += tensor->n_values;
        if (starts_with(tensor->name, "text_")) info->n_parameters_text += tensor->n_values;
    }
}

static void hash_weights_file(const pt_checkpoint *file, patina_clap_info *info) {
    size_t size;
    const unsigned char *bytes = pt_checkpoint_bytes(file, &size);
    pt_sha256 hash;

    /* Pages are dropped from the map, which would otherwise set the peak memory of the run. */
    pt_sha256_init(&hash);
    for (size_t at = 0; at < size; at += HASH_CHUNK_BYTES) {
        pt_sha256_update(&hash, bytes + at,
                         size - at < HASH_CHUNK_BYTES ? size - at : HASH_CHUNK_BYTES);
        pt_checkpoint_drop_pages(file);
    }
    pt_sha256_finish(&hash, info->weights_sha256);
    info->n_bytes = size;
}

static patina_status read_weights(const pt_model_files *model, patina_clap_info *info,
                                  patina_error *err) {
    const char *path = pt_checkpoint_path(model->weights), *slash = strrchr(path, '/');

    PT_TRY(pt_clap_tensors_check(&model->config, model->weights, PATINA_CLAP_BOTH, err));
    count_tensors(model->weights, info);
    hash_weights_file(model->weights, info);
    info->untrained = is_untrained(model->weights, info->weights_sha256);
    info->format = pt_checkpoint_format_name(model->weights);
    info->laion_keys = pt_checkpoint_is_laion(model->weights);
    info->config_inferred = model->builtin_config != NULL;
    snprintf(info->weights_file, sizeof info->weights_file, "%s", slash ? slash + 1 : path);
    return PATINA_OK;
}

/* --------------------------------------------------------------- other files */

/* The hash of a file, "" if it is missing. */
static patina_status hash_file(const char *dir, const char *name, char hex[PT_SHA256_HEX_SIZE],
                               patina_error *err) {
    pt_byte_source bytes = {0};
    pt_strbuf path = {0};
    pt_sha256 hash;
    char buffer[1 << 14];
    uint64_t at = 0;
    int64_t n = 0;
    patina_status status = PATINA_OK;

    pt_strbuf_printf(&path, "%s/%s", dir, name);
    if (path.failed) return pt_fail(err, PATINA_ENOMEM, "folder '%s': out of memory", dir);
    status = pt_byte_source_open_file(path.text, &bytes, err);
    if (status == PATINA_REJECT_MISSING) {
        hex[0] = '\0';
        status = PATINA_OK;
        if (err) *err = (patina_error){0};
        goto done;
    }
    if (status != PATINA_OK) goto done;

    pt_sha256_init(&hash);
    while ((n = pt_byte_source_read_at(&bytes, at, buffer, sizeof buffer)) > 0) {
        pt_sha256_update(&hash, buffer, (size_t)n);
        at += (uint64_t)n;
    }
    if (n < 0) status = pt_fail(err, PATINA_EIO, "file '%s': cannot be read", path.text);
    pt_sha256_finish(&hash, hex);
done:
    pt_byte_source_close(&bytes);
    pt_strbuf_release(&path);
    return status;
}

static patina_status hash_files(const char *dir, patina_clap_info *info, patina_error *err) {
    const struct {
        const char *name, *file;
        char *hex;
    } files[] = {
        {"weights", NULL, info->weights_sha256},
        {"config", "config.json", info->config_sha256},
        {"preprocessor", "preprocessor_config.json", info->preprocessor_sha256},
        {"vocabulary", "vocab.json", info->vocabulary_sha256},
        {"merges", "merges.txt", info->merges_sha256},
    };
    pt_sha256 hash;

    pt_sha256_init(&hash);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i].file) PT_TRY(hash_file(dir, files[i].file, files[i].hex, err));
        pt_sha256_update_string(&hash, files[i].name);
        pt_sha256_update_string(&hash, files[i].hex);
    }
    pt_sha256_finish(&hash, info->model_sha256);
    return PATINA_OK;
}

/* A folder may lack files of one of the towers; those that exist must be valid. */
static patina_status check_other_files(pt_model_files *model, const patina_clap_info *info,
                                       patina_error *err) {
    pt_tokenizer *tokenizer = NULL;

    if (info->preprocessor_sha256[0] != '\0') PT_TRY(pt_model_files_read_extractor(model, err));
    if (info->vocabulary_sha256[0] != '\0' || info->merges_sha256[0] != '\0')
        PT_TRY(pt_model_files_open_tokenizer(model, &tokenizer, err));
    pt_tokenizer_close(&tokenizer);
    return PATINA_OK;
}

static void copy_shapes(const pt_clap_config *config, patina_clap_info *info) {
    info->layout = layout_name(config);
    info->fused = config->audio.fusion;
    info->text_hidden = (unsigned)config->text.hidden;
    info->text_layers = (unsigned)config->text.n_layers;
    info->text_heads = (unsigned)config->text.n_heads;
    info->text_intermediate = (unsigned)config->text.intermediate;
    info->text_vocabulary = (unsigned)config->text.vocab_size;
    info->audio_width = (unsigned)config->audio.width;
    info->audio_stages = (unsigned)config->audio.n_stages;
    for (size_t s = 0; s < config->audio.n_stages; s++) {
        info->audio_depths[s] = (unsigned)config->audio.depths[s];
        info->audio_heads[s] = (unsigned)config->audio.n_heads[s];
    }
}

patina_status patina_clap_info_read(const char *path, patina_clap_info *info, patina_error *err) {
    patina_clap_info read = {0};
    pt_model_files model = {0};

    PT_TRY(pt_model_files_open(path, &model, err));
    copy_shapes(&model.config, &read);
    patina_status status = read_weights(&model, &read, err);
    if (status == PATINA_OK) status = hash_files(model.folder, &read, err);
    if (status == PATINA_OK) status = check_other_files(&model, &read, err);
    if (status == PATINA_OK) *info = read;
    pt_model_files_release(&model);
    return status;
}
