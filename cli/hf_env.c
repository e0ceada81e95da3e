/* SPDX-License-Identifier: MIT */
/* hf_env.c - Hugging Face environment variables, and resolution of --model */

#include "hf_env.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <patina/file_ops.h>
#include <patina/hub.h>

#include "base/error.h"
#include "fs/path.h"
#include "fs/text_file.h"
#include "hub/dataset_path.h"

/* Certificate bundles of Linux distributions. The path built into libcurl is that of the build
 * system; the libcurl of the wheel has none. */
static const char *const ca_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Arch, Alpine */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, Red Hat */
    "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* newer Fedora */
    "/etc/ssl/cert.pem",                                 /* BSD */
};

/* A variable, or NULL when it is absent or empty. */
static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *first_set_variable(const char *a, const char *b, const char *c) {
    const char *value = variable(a);
    if (!value && b) value = variable(b);
    if (!value && c) value = variable(c);
    return value;
}

static bool is_true(const char *value) {
    static const char *const words[] = {"1", "ON", "YES", "TRUE"};
    for (size_t i = 0; value && i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(value, words[i]) == 0) return true;
    return false;
}

/* "<a>/<b>", or a alone; NULL: out of memory. A leading "~" is the user's home folder. */
static char *join(const char *a, const char *b) {
    const char *home = "";
    char *path = NULL;

    if (a[0] == '~' && (a[1] == '/' || a[1] == '\0')) {
        const char *value_set = variable("HOME");
        /* cppcheck-suppress getpwuidCalled; there is one thread */
        const struct passwd *user = value_set ? NULL : getpwuid(getuid());
        home = value_set ? value_set : user ? user->pw_dir : "/";
        a++;
    }
    return asprintf(&path, "%s%s%s%s", home, a, b ? "/" : "", b ? b : "") < 0 ? NULL : path;
}

/* A path below HF_HOME or its default. */
static char *hf_home_path(const char *what) {
    const char *home = variable("HF_HOME"), *xdg = variable("XDG_CACHE_HOME");
    char *path = NULL, *base = NULL;

    if (home) return join(home, what);
    base = join(xdg ? xdg : "~/.cache", "huggingface");
    if (base) path = join(base, what);
    free(base);
    return path;
}

static char *read_cache(void) {
    const char *value_set = first_set_variable("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", NULL);
    return value_set ? join(value_set, NULL) : hf_home_path("hub");
}

/* Without the line ends and blanks of a pasted token; NULL when nothing is left. */
static char *trimmed(const char *text) {
    text += strspn(text, " \t\r\n");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    return n ? strndup(text, n) : NULL;
}

static patina_status read_token(char **token, patina_error *err) {
    const char *value_set = first_set_variable("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", NULL);
    const char *file = variable("HF_TOKEN_PATH");
    char *path = NULL, *text = NULL;
    bool exists = false;

    if (value_set) *token = trimmed(value_set);
    if (value_set || is_true(variable("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return PATINA_OK;
    path = file ? join(file, NULL) : hf_home_path("token");
    if (!path) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    patina_status status = pt_path_find(path, &exists, NULL, err);
    if (exists) status = pt_text_read(path, &text, err);
    if (status == PATINA_OK && text) *token = trimmed(text);
    free(text);
    free(path);
    return status;
}

static const char *read_ca_file(void) {
    const char *value_set =
        first_set_variable("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE");
    if (value_set) return value_set;
    for (size_t i = 0; i < sizeof ca_files / sizeof ca_files[0]; i++)
        if (access(ca_files[i], R_OK) == 0) return ca_files[i];
    return variable("PATINA_CERTIFI");
}

patina_status pt_cli_hf_env_read(pt_cli_hf_env *hub, patina_error *err) {
    const char *timeout = variable("HF_HUB_DOWNLOAD_TIMEOUT");
    const unsigned long seconds = timeout ? strtoul(timeout, NULL, 10) : 0;
    pt_cli_hf_env read = {
        .cache = read_cache(),
        .endpoint = variable("HF_ENDPOINT"),
        .ca_file = read_ca_file(),
        .offline = is_true(first_set_variable("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", NULL)),
        .timeout_s = seconds <= 86400 ? (unsigned)seconds : 86400,
    };
    patina_status status = read.cache ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    if (status == PATINA_OK) status = read_token(&read.token, err);
    if (status == PATINA_OK)
        *hub = read;
    else
        pt_cli_hf_env_release(&read);
    return status;
}

void pt_cli_hf_env_release(pt_cli_hf_env *hub) {
    free(hub->cache);
    free(hub->token);
    *hub = (pt_cli_hf_env){0};
}

/* Whether a name has the extension of a weights file, which no model of the hub has. */
static bool is_file_name(const char *model) {
    static const char *const ends[] = {".pt", ".bin", ".safetensors", ".pth", ".ckpt"};
    const size_t n = strlen(model);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t n_end = strlen(ends[i]);
        if (n > n_end && strcmp(model + n - n_end, ends[i]) == 0) return true;
    }
    return false;
}

patina_status pt_cli_model_resolve(const char *model, char **path, patina_error *err) {
    bool is_path = !patina_hub_is_name(model) || is_file_name(model);

    if (!is_path) PT_TRY(pt_path_check_exists(model, &is_path, err));
    if (is_path) {
        *path = strdup(model); /* its reader reports what is wrong with it */
        return *path ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    char *cache = read_cache();
    if (!cache) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const patina_status status = patina_hub_find(cache, model, path, err);
    free(cache);
    if (status != PATINA_OK) pt_error_add_context(err, "model '%s'", model);
    return status;
}

patina_status pt_cli_hub_cache_find(char **cache, patina_error *err) {
    *cache = read_cache();
    return *cache ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

patina_status pt_cli_corpus_resolve(const char *corpus, char **path, patina_error *err) {
    char *cache = read_cache();
    if (!cache) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const patina_status status = pt_dataset_path_resolve(cache, corpus, path, err);
    free(cache);
    return status;
}
