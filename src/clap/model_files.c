/* SPDX-License-Identifier: MIT */
/* model_files.c - the files of a model: configuration, weights, tokenizer */

#include "clap/model_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "clap/tensor_check.h"

/* Configurations that .pt files of LAION lack, from the folders of the same models on the Hugging
 * Face hub. A fused model has the tensors of an unfused one and more, so it is tried first. */
struct pt_builtin_config {
    const char *config, *preprocessor;
};

static const pt_builtin_config builtin_configs[] = {
    {"{\"audio_config\": {\"enable_fusion\": true}}",
     "{\"truncation\": \"fusion\", \"frequency_min\": 50}"},
    {"{}", "{\"truncation\": \"rand_trunc\", \"frequency_min\": 50}"},
    {"{\"audio_config\": {\"patch_embeds_hidden_size\": 128, \"hidden_size\": 1024,"
     " \"depths\": [2, 2, 12, 2]}}",
     "{\"truncation\": \"rand_trunc\", \"frequency_min\": 50}"},
};

/* Whether a folder has an entry of this name; a dangling link counts, and so does one that cannot
 * be examined: opening it gives the error. */
static bool path_exists(const char *folder, const char *name) {
    struct stat info;
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0) return true;
    const bool found = lstat(path, &info) == 0 || !pt_errno_is_missing(errno);
    free(path);
    return found;
}

/* The folder itself, or the folder of a file. */
static char *model_dir(const char *path, const struct stat *info) {
    const char *slash = strrchr(path, '/');

    if (S_ISDIR(info->st_mode)) return strdup(path);
    if (!slash) return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Detects the published model from its tensors. */
static patina_status detect_config(pt_model_files *model, patina_error *err) {
    for (size_t i = 0; i < sizeof builtin_configs / sizeof builtin_configs[0]; i++) {
        const char *text = builtin_configs[i].config;
        PT_TRY(pt_clap_config_parse("config.json", text, strlen(text), &model->config, err));
        if (pt_clap_tensors_check(&model->config, model->weights, PATINA_CLAP_BOTH, NULL) !=
            PATINA_OK)
            continue;
        model->builtin_config = &builtin_configs[i];
        return PATINA_OK;
    }
    return pt_fail(err, PATINA_EFORMAT,
                   "file '%s': its tensors match none of LAION's published models, and there is no "
                   "'config.json' beside it",
                   pt_checkpoint_path(model->weights));
}

/* Without config.json only files of LAION are supported; for others it is reported as missing,
 * unless the weights cannot be opened either. */
static patina_status open_without_config(const char *path, pt_model_files *model,
                                         patina_error *err) {
    const patina_status status = pt_checkpoint_open_model(path, &model->weights, err);

    if (status == PATINA_OK && pt_checkpoint_is_laion(model->weights))
        return detect_config(model, err);
    if (status == PATINA_OK) return pt_clap_config_read(model->folder, &model->config, err);
    return status;
}

patina_status pt_model_files_open(const char *path, pt_model_files *model, patina_error *err) {
    struct stat info;
    patina_status status = PATINA_OK;

    if (stat(path, &info) != 0)
        return pt_fail(err, PATINA_EIO, "model '%s': %s", path,
                       errno == ENOENT ? "no such folder or file" : strerror(errno));
    pt_model_files opened = {.folder = model_dir(path, &info)};
    if (!opened.folder) return pt_fail(err, PATINA_ENOMEM, "model '%s': out of memory", path);
    if (path_exists(opened.folder, "config.json")) {
        status = pt_clap_config_read(opened.folder, &opened.config, err);
        if (status == PATINA_OK) status = pt_checkpoint_open_model(path, &opened.weights, err);
    } else {
        status = open_without_config(path, &opened, err);
    }
    if (status == PATINA_OK)
        *model = opened;
    else
        pt_model_files_release(&opened);
    return status;
}

void pt_model_files_release(pt_model_files *model) {
    pt_checkpoint_close(&model->weights);
    free(model->folder);
    *model = (pt_model_files){0};
}

patina_status pt_model_files_read_extractor(pt_model_files *model, patina_error *err) {
    static const char name[] = "preprocessor_config.json";
    if (!model->builtin_config || path_exists(model->folder, name))
        return pt_feature_extractor_config_read(model->folder, &model->config, err);
    const char *text = model->builtin_config->preprocessor;
    return pt_feature_extractor_config_parse(name, text, strlen(text), &model->config, err);
}

patina_status pt_model_files_open_tokenizer(const pt_model_files *model, pt_tokenizer **tokenizer,
                                            patina_error *err) {
    const bool vocab = path_exists(model->folder, "vocab.json");
    const bool merges = path_exists(model->folder, "merges.txt");

    if (model->builtin_config && !(vocab && merges))
        return pt_fail(
            err, PATINA_EIO,
            "folder '%s': %s not found; a '.pt' file has no vocabulary: add the files of "
            "laion/clap-htsat-unfused on the Hugging Face hub (RoBERTa)",
            model->folder,
            vocab    ? "'merges.txt'"
            : merges ? "'vocab.json'"
                     : "'vocab.json' and 'merges.txt'");
    return pt_tokenizer_open(model->folder, model->config.text.vocab_size, tokenizer, err);
}
