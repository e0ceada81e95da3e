/* SPDX-License-Identifier: MIT */
/* hf_env.h - what the environment says about the Hugging Face hub, and what --model means
 *
 * The variables are those of huggingface_hub, read as it reads them:
 *
 *     HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE   the cache; else
 *     HF_HOME                               it is hub/ in there; else
 *     XDG_CACHE_HOME                        huggingface/hub/ in there; else
 * ~/.cache/huggingface/hub HF_TOKEN, HUGGING_FACE_HUB_TOKEN      the token; else the file
 * HF_TOKEN_PATH or HF_HOME/token, unless HF_HUB_DISABLE_IMPLICIT_TOKEN is set HF_ENDPOINT another
 * hub than huggingface.co HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE  1, ON, YES or TRUE: nobody is asked
 *     HF_HUB_DOWNLOAD_TIMEOUT               seconds without bytes
 *     SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE   certificates to trust
 */

#ifndef PATINA_CLI_HF_ENV_H
#define PATINA_CLI_HF_ENV_H

#include <stdbool.h>

#include <patina/status.h>

typedef struct pt_cli_hf_env {
    char *cache;
    char *token; /* or NULL */
    const char *endpoint, *ca_file;
    bool offline;
    unsigned timeout_s; /* 0: not said */
} pt_cli_hf_env;

/** Reads the environment; PATINA_EIO for a token file that is there and cannot be read. */
patina_status pt_cli_hf_env_read(pt_cli_hf_env *hub, patina_error *err);
void pt_cli_hf_env_release(pt_cli_hf_env *hub);

/** What every command offers that needs a model. */
#define PT_CLI_MODEL_OPTION                                                                        \
    {                                                                                              \
        .name = "model", .kind = PT_CLI_TEXT, .argument = "MODEL", .required = true,               \
        .help = "a CLAP model: a folder as Hugging Face stores it, a .pt file, or a name such as " \
                "laion/clap-htsat-unfused that 'patina model fetch' (or Python) has fetched"       \
    }

/**
 * The folder or file that a --model stands for: what exists is taken as it is, and a name of the
 * hub is looked up in the cache. Nothing is fetched.
 *
 * path     out: the caller frees it
 *
 * Errors   PATINA_EIO  there is no such file, and the cache has no such model; says what to do
 */
patina_status pt_cli_model_resolve(const char *model, char **path, patina_error *err);

#endif /* PATINA_CLI_HF_ENV_H */
