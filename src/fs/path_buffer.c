/* SPDX-License-Identifier: MIT */
/* path_buffer.c - joining and splitting paths without allocation */

#include "fs/path_buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

bool pt_path_exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}
