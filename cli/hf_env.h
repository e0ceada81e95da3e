/* SPDX-License-Identifier: MIT */
/* hf_env.h - Hugging Face environment variables, and resolution of --model
 *
 * The variables have the meaning that huggingface_hub gives them; the first one set wins:
 *
 *     cache         HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub,
 *                   XDG_CACHE_HOME/huggingface/hub, ~/.cache/huggingface/hub
 *     token         HF_TOKEN, HUGGING_FACE_HUB_TOKEN, the file HF_TOKEN_PATH, the file
 *                   HF_HOME/token; files only without HF_HUB_DISABLE_IMPLICIT_TOKEN
 *     endpoint      HF_ENDPOINT
 *     offline       HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE: 1, ON, YES or TRUE
 *     timeout       HF_HUB_DOWNLOAD_TIMEOUT, in seconds without data
 *     certificates  SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE; else those of the system;
 *                   else PATINA_CERTIFI, which the Python package sets to those of certifi
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
    unsigned timeout_s; /* 0: the default */
} pt_cli_hf_env;

/** Reads the environment; PATINA_EIO for a token file that exists and cannot be read. */
patina_status pt_cli_hf_env_read(pt_cli_hf_env *hub, patina_error *err);
void pt_cli_hf_env_release(pt_cli_hf_env *hub);

/**
 * The folder or file of a --model: an existing path is used as it is, and the name of a model of
 * the hub is looked up in the cache. Nothing is downloaded.
 *
 * path     out: the caller frees it
 *
 * Errors   PATINA_EIO  there is no such path, and the cache has no such model
 */
patina_status pt_cli_model_resolve(const char *model, char **path, patina_error *err);

/**
 * The path of a --corpus value: `hf://datasets/OWNER/NAME[@REV][/PATH][,OPTIONS]` is looked up in
 * the cache, where 'patina fetch dataset' downloads it; any other value is returned unchanged.
 *
 * path     out: the caller frees it
 *
 * Errors   PATINA_EUSAGE  not a name of a data set
 *          PATINA_EIO     the cache has no such data set
 */
patina_status pt_cli_corpus_resolve(const char *corpus, char **path, patina_error *err);

#endif /* PATINA_CLI_HF_ENV_H */
