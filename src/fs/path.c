/* SPDX-License-Identifier: MIT */
/* path.c - path manipulation; the last functions access the file system */

#include "fs/path.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/retry.h"
#include "base/strbuf.h"
#include "base/utf8.h"

const char *const pt_audio_extensions[] = {
    ".wav",  ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au",  ".snd",
    ".flac", ".ogg",  ".oga", ".opus", ".mp3", ".mp2", ".mp1",  ".mpga", ".m4a", ".m4b", ".mp4",
    ".aac",  ".webm", ".mka", ".weba", ".wma", ".ac3", ".amr",  ".ape",  ".wv",  NULL};

bool pt_path_has_any_ext(const char *name, const char *const *extensions) {
    for (; *extensions; extensions++)
        if (pt_path_has_ext(name, *extensions)) return true;
    return false;
}

bool pt_path_is_audio(const char *name) {
    const char *dot = strrchr(name, '.'); /* lists have millions of names without one */
    return dot && pt_path_has_any_ext(dot > name ? dot - 1 : dot, pt_audio_extensions);
}

size_t pt_path_stem_length(const char *path) {
    const char *name = pt_path_basename(path);
    const char *dot = strrchr(name, '.');
    return dot && dot > name ? (size_t)(dot - path) : strlen(path);
}

char *pt_path_join(const char *folder, const char *name) {
    pt_strbuf path = {0};
    if (name[0] != '/') {
        pt_strbuf_append(&path, folder);
        if (path.length > 0 && path.text[path.length - 1] != '/') pt_strbuf_append(&path, "/");
    }
    pt_strbuf_append(&path, name);
    return pt_strbuf_detach(&path);
}

char *pt_path_dirname(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return pt_text_dup(".", 1);
    return pt_text_dup(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *pt_path_basename(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *pt_path_relative_to(const char *path, const char *folder) {
    size_t n = folder ? strlen(folder) : 0;
    while (n > 0 && folder[n - 1] == '/')
        n--;
    if (!folder || strncmp(path, folder, n) != 0 || path[n] != '/') return NULL;
    while (path[n] == '/')
        n++;
    return path[n] ? path + n : NULL;
}

bool pt_path_has_ext(const char *path, const char *extension) {
    const size_t n = strlen(path), n_extension = strlen(extension);
    if (n <= n_extension) return false;
    for (size_t i = 0; i < n_extension; i++) { /* not by locale */
        const char c = path[n - n_extension + i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != extension[i]) return false;
    }
    return true;
}

pt_path pt_path_joinf(const char *folder, const char *format, ...) {
    pt_path path;
    int n = snprintf(path.text, sizeof path.text, "%s/", folder);
    assert(n > 0 && (size_t)n < sizeof path.text);
    va_list args;
    va_start(args, format);
    n += vsnprintf(path.text + n, sizeof path.text - (size_t)n, format, args);
    va_end(args);
    assert((size_t)n < sizeof path.text);
    return path;
}

pt_path pt_path_parent(const char *path) {
    pt_path parent = {.text = "."};
    const char *slash = strrchr(path, '/');
    if (slash) {
        const size_t n = slash == path ? 1 : (size_t)(slash - path);
        assert(n < sizeof parent.text);
        memcpy(parent.text, path, n);
        parent.text[n] = '\0';
    }
    return parent;
}

int pt_path_examine(int (*call)(const char *, struct stat *), const char *path, struct stat *info) {
    unsigned n_faults = 0;
    int error;
    do
        error = call(path, info) == 0 ? 0 : errno;
    while (error != 0 && !pt_errno_is_denied(error) && pt_retry_after_fault(&n_faults, error));
    return error;
}

bool pt_path_exists(const char *path) {
    struct stat info;
    return pt_path_examine(lstat, path, &info) == 0;
}

static patina_status fail_to_examine(const char *path, int error, patina_error *err) {
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be examined: %s", path,
                   strerrordesc_np(error));
}

/* As pt_path_find, but it is an error as well that this process may not reach the path. */
static patina_status examine(int (*call)(const char *, struct stat *), const char *path,
                             bool *exists, struct stat *info, patina_error *err) {
    const int error = pt_path_examine(call, path, info);
    *exists = error == 0;
    return error == 0 || pt_errno_is_missing(error) ? PATINA_OK : fail_to_examine(path, error, err);
}

patina_status pt_path_check_exists(const char *path, bool *exists, patina_error *err) {
    struct stat unused;
    return examine(lstat, path, exists, &unused, err);
}

patina_status pt_path_find(const char *path, bool *exists, struct stat *info, patina_error *err) {
    struct stat unused;
    const int error = pt_path_examine(stat, path, info ? info : &unused);
    *exists = error == 0;
    return error == 0 || pt_errno_is_denied(error) || pt_errno_is_missing(error)
               ? PATINA_OK
               : fail_to_examine(path, error, err);
}

bool pt_path_may_exist(const char *path) {
    struct stat unused;
    return !pt_errno_is_missing(pt_path_examine(stat, path, &unused));
}

patina_status pt_path_is_same(const char *a, const char *b, bool *is_same, patina_error *err) {
    struct stat one, other;
    bool has_a, has_b;
    PT_TRY(examine(stat, a, &has_a, &one, err));
    PT_TRY(examine(stat, b, &has_b, &other, err));
    *is_same = has_a && has_b && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
    return PATINA_OK;
}
