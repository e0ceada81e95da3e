/* SPDX-License-Identifier: MIT */
/* model.c - the files of a model: its weights, and what says how to read them */

#include "clap/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clap/tensors.h"

/* What LAION's files do not hold, as it stands in the folders of the same models on the hub. A
 * fused model has the tensors of an unfused one and more, so it is asked for first. */
struct pt_published_model {
    const char *config, *preprocessor;
};

static const pt_published_model published[] = {
    {"{\"audio_config\": {\"enable_fusion\": true}}",
     "{\"truncation\": \"fusion\", \"frequency_min\": 50}"},
    {"{}", "{\"truncation\": \"rand_trunc\", \"frequency_min\": 50}"},
    {"{\"audio_config\": {\"patch_embeds_hidden_size\": 128, \"hidden_size\": 1024,"
     " \"depths\": [2, 2, 12, 2]}}",
     "{\"truncation\": \"rand_trunc\", \"frequency_min\": 50}"},
};

/* Whether a folder has an entry of this name, be it a link to nothing. */
static bool has_entry(const char *folder, const char *name) {
    struct stat info;
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0) return false;
    const bool found = lstat(path, &info) == 0;
    free(path);
    return found;
}

/* The folder itself, or that of a file. */
static char *folder_of(const char *path, const struct stat *info) {
    const char *slash = strrchr(path, '/');

    if (S_ISDIR(info->st_mode)) return strdup(path);
    if (!slash) return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The published model whose tensors these are. */
static pt_status recognise(pt_model *model, pt_error *err) {
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        const char *text = published[i].config;
        PT_TRY(pt_clap_config_parse("config.json", text, strlen(text), &model->config, err));
        if (pt_clap_tensors_check(&model->config, model->weights, PT_CLAP_BOTH, NULL) != PT_OK)
            continue;
        model->published = &published[i];
        return PT_OK;
    }
    return pt_fail(err, PT_EFORMAT,
                   "file '%s': is none of LAION's published models by its tensors, and there is no "
                   "'config.json' beside it",
                   pt_checkpoint_path(model->weights));
}

/* Without a config.json only LAION's own files will do; of others its absence is the fault. */
static pt_status open_without_config(const char *path, pt_model *model, pt_error *err) {
    const pt_status status = pt_checkpoint_open_model(path, &model->weights, err);

    if (status == PT_OK && pt_checkpoint_is_laion(model->weights)) return recognise(model, err);
    if (status == PT_OK || status == PT_EIO)
        return pt_clap_config_read(model->folder, &model->config, err);
    return status;
}

pt_status pt_model_open(const char *path, pt_model *model, pt_error *err) {
    struct stat info;
    pt_status status = PT_OK;

    if (stat(path, &info) != 0)
        return pt_fail(err, PT_EIO, "model '%s': %s", path,
                       errno == ENOENT ? "no such folder or file" : strerror(errno));
    pt_model opened = {.folder = folder_of(path, &info)};
    if (!opened.folder) return pt_fail(err, PT_ENOMEM, "model '%s': out of memory", path);
    if (has_entry(opened.folder, "config.json")) {
        status = pt_clap_config_read(opened.folder, &opened.config, err);
        if (status == PT_OK) status = pt_checkpoint_open_model(path, &opened.weights, err);
    } else {
        status = open_without_config(path, &opened, err);
    }
    if (status == PT_OK)
        *model = opened;
    else
        pt_model_release(&opened);
    return status;
}

void pt_model_release(pt_model *model) {
    pt_checkpoint_close(&model->weights);
    free(model->folder);
    *model = (pt_model){0};
}

pt_status pt_model_read_extractor(pt_model *model, pt_error *err) {
    static const char name[] = "preprocessor_config.json";
    if (!model->published || has_entry(model->folder, name))
        return pt_extractor_config_read(model->folder, &model->config, err);
    const char *text = model->published->preprocessor;
    return pt_extractor_config_parse(name, text, strlen(text), &model->config, err);
}

pt_status pt_model_open_tokenizer(const pt_model *model, pt_tokenizer **tokenizer, pt_error *err) {
    const bool vocab = has_entry(model->folder, "vocab.json");
    const bool merges = has_entry(model->folder, "merges.txt");

    if (model->published && !(vocab && merges))
        return pt_fail(
            err, PT_EIO,
            "folder '%s': %s not found; a '.pt' file has no vocabulary: put beside it "
            "that of laion/clap-htsat-unfused on the Hugging Face hub, which is RoBERTa's",
            model->folder,
            vocab    ? "'merges.txt'"
            : merges ? "'vocab.json'"
                     : "'vocab.json' and 'merges.txt'");
    return pt_tokenizer_open(model->folder, model->config.text.vocab_size, tokenizer, err);
}
