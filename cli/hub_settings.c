/* SPDX-License-Identifier: MIT */
/* hub_settings.c - the hub's variables, and models by name */

#include "hub_settings.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/files.h>
#include <patina/hub.h>

/* Where systems keep the certificates that they trust. libcurl knows the place of the system that
 * it was built on, which need not be this one when the program came as a wheel. */
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

static const char *first_of(const char *a, const char *b, const char *c) {
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

/* "<a>/<b>", or a alone; NULL when memory runs out. "~" at its start is the user's home. */
static char *join(const char *a, const char *b) {
    const char *home = "";
    char *path = NULL;

    if (a[0] == '~' && (a[1] == '/' || a[1] == '\0')) {
        const char *said = variable("HOME");
        /* cppcheck-suppress getpwuidCalled; there is one thread */
        const struct passwd *user = said ? NULL : getpwuid(getuid());
        home = said ? said : user ? user->pw_dir : "/";
        a++;
    }
    return asprintf(&path, "%s%s%s%s", home, a, b ? "/" : "", b ? b : "") < 0 ? NULL : path;
}

/* HF_HOME or what stands for it, with something below it. */
static char *below_home(const char *what) {
    const char *home = variable("HF_HOME"), *xdg = variable("XDG_CACHE_HOME");
    char *path = NULL, *base = NULL;

    if (home) return join(home, what);
    base = join(xdg ? xdg : "~/.cache", "huggingface");
    if (base) path = join(base, what);
    free(base);
    return path;
}

static char *read_cache(void) {
    const char *said = first_of("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", NULL);
    return said ? join(said, NULL) : below_home("hub");
}

/* Copied tokens have line ends and blanks around them; NULL when nothing is left. */
static char *trimmed(const char *text) {
    text += strspn(text, " \t\r\n");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    return n ? strndup(text, n) : NULL;
}

static pt_status read_token(char **token, pt_error *err) {
    const char *said = first_of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", NULL);
    const char *file = variable("HF_TOKEN_PATH");
    char *path = NULL, *text = NULL;
    struct stat info;
    pt_status status = PT_OK;

    if (said) *token = trimmed(said);
    if (said || is_true(variable("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return PT_OK;
    path = file ? join(file, NULL) : below_home("token");
    if (!path) return pt_fail(err, PT_ENOMEM, "out of memory");
    if (stat(path, &info) == 0) status = pt_text_read(path, &text, err);
    if (status == PT_OK && text) *token = trimmed(text);
    free(text);
    free(path);
    return status;
}

static const char *read_ca_file(void) {
    const char *said = first_of("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE");
    if (said) return said;
    for (size_t i = 0; i < sizeof ca_files / sizeof ca_files[0]; i++)
        if (access(ca_files[i], R_OK) == 0) return ca_files[i];
    return NULL;
}

pt_status pt_cli_hub_read(pt_cli_hub *hub, pt_error *err) {
    const char *timeout = variable("HF_HUB_DOWNLOAD_TIMEOUT");
    const unsigned long seconds = timeout ? strtoul(timeout, NULL, 10) : 0;
    pt_cli_hub read = {
        .cache = read_cache(),
        .endpoint = variable("HF_ENDPOINT"),
        .ca_file = read_ca_file(),
        .offline = is_true(first_of("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", NULL)),
        .timeout_s = seconds <= 86400 ? (unsigned)seconds : 86400,
    };
    pt_status status = read.cache ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");

    if (status == PT_OK) status = read_token(&read.token, err);
    if (status == PT_OK)
        *hub = read;
    else
        pt_cli_hub_release(&read);
    return status;
}

void pt_cli_hub_release(pt_cli_hub *hub) {
    free(hub->cache);
    free(hub->token);
    *hub = (pt_cli_hub){0};
}

/* A file of weights by its ending, which nobody would take for a model's name. */
static bool is_file_name(const char *model) {
    static const char *const ends[] = {".pt", ".bin", ".safetensors", ".pth", ".ckpt"};
    const size_t n = strlen(model);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t n_end = strlen(ends[i]);
        if (n > n_end && strcmp(model + n - n_end, ends[i]) == 0) return true;
    }
    return false;
}

pt_status pt_cli_model_path(const char *model, char **path, pt_error *err) {
    struct stat info;

    if (lstat(model, &info) == 0 || !pt_hub_is_name(model) || is_file_name(model)) {
        *path = strdup(model); /* what is wrong with it, its reader says */
        return *path ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");
    }
    char *cache = read_cache();
    if (!cache) return pt_fail(err, PT_ENOMEM, "out of memory");
    const pt_status status = pt_hub_find(cache, model, path, err);
    free(cache);
    if (status != PT_OK) pt_error_in(err, "model '%s'", model);
    return status;
}
