/* SPDX-License-Identifier: MIT */
/* dir_walk.c - depth-first walk of a folder; paths are sorted afterwards, since byte order of whole
 * paths is not the order of a walk ("a-b/c" sorts before "a/b") */

#include "fs/dir_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/retry.h"
#include "fs/path.h"

/** The walk in progress. */
typedef struct tree {
    const char *root;
    unsigned max_depth;
    const char *const *extensions;
    size_t max_paths, n_found;
    pt_strbuf path; /* current path below the root */
    pt_strbuf *text;
    int *error;
    struct {
        dev_t device;
        ino_t file;
    } ancestors[PT_DIR_WALK_DEPTH_MAX + 1];
} tree;

static patina_status unreadable(const tree *t, int why, patina_error *err) {
    *t->error = why;
    const char *below = t->path.length > 0 ? t->path.text : "";
    return pt_fail(err, PATINA_EIO, "folder '%s%s%s' cannot be read: %s", t->root,
                   below[0] ? "/" : "", below, strerrordesc_np(why));
}

/* A dangling link is a file, so that its entry is rejected as missing. */
static patina_status is_folder(const tree *t, int folder_fd, const struct dirent *item, bool *yes,
                               patina_error *err) {
    struct stat info;
    unsigned n_faults = 0;
    int error;
    *yes = item->d_type == DT_DIR;
    if (item->d_type != DT_LNK && item->d_type != DT_UNKNOWN) return PATINA_OK;
    do {
        error = fstatat(folder_fd, item->d_name, &info, 0) == 0 ? 0 : errno;
        *yes = error == 0 && S_ISDIR(info.st_mode);
        if (pt_errno_is_denied(error) || pt_errno_is_missing(error)) return PATINA_OK;
    } while (pt_retry_after_fault(&n_faults, error));
    return error == 0 ? PATINA_OK : unreadable(t, error, err);
}

static bool is_own_ancestor(tree *t, int fd, unsigned depth) {
    struct stat info;
    if (fstat(fd, &info) != 0) return false;
    for (unsigned i = 0; i < depth; i++)
        if (t->ancestors[i].device == info.st_dev && t->ancestors[i].file == info.st_ino)
            return true;
    t->ancestors[depth].device = info.st_dev;
    t->ancestors[depth].file = info.st_ino;
    return false;
}

static patina_status walk_folder(tree *t, int fd, unsigned depth, patina_error *err);

/** Handles one directory entry: lists a file, enters a folder, or skips it. */
static patina_status walk_dirent(tree *t, int folder_fd, const struct dirent *item, unsigned depth,
                                 patina_error *err) {
    bool is_dir;
    PT_TRY(is_folder(t, folder_fd, item, &is_dir, err));
    if (!is_dir) {
        if (!pt_path_has_any_ext(item->d_name, t->extensions)) return PATINA_OK;
        pt_strbuf_append_bytes(t->text, t->path.text, t->path.length + 1); /* with its NUL */
        t->n_found++;
        return PATINA_OK;
    }
    if (depth == t->max_depth && depth < PT_DIR_WALK_DEPTH_MAX) return PATINA_OK;
    if (depth >= PT_DIR_WALK_DEPTH_MAX)
        return pt_fail(err, PATINA_EFORMAT, "folder '%s' has folders nested deeper than %d",
                       t->root, PT_DIR_WALK_DEPTH_MAX);
    const int fd = openat(folder_fd, item->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return unreadable(t, errno, err);
    return walk_folder(t, fd, depth + 1, err);
}

/** Takes ownership of fd. */
static patina_status walk_folder(tree *t, int fd, unsigned depth, patina_error *err) {
    const size_t length = t->path.length;
    patina_status status = PATINA_OK;
    DIR *folder;

    if (is_own_ancestor(t, fd, depth)) {
        close(fd);
        return PATINA_OK;
    }
    if (!(folder = fdopendir(fd))) {
        status = unreadable(t, errno, err);
        close(fd);
        return status;
    }
    while (status == PATINA_OK && t->n_found != t->max_paths) {
        errno = 0;
        const struct dirent *item = readdir(folder);
        if (!item) {
            if (errno != 0) status = unreadable(t, errno, err);
            break;
        }
        if (item->d_name[0] == '.') continue;
        if (length > 0) pt_strbuf_append(&t->path, "/");
        pt_strbuf_append(&t->path, item->d_name);
        if (t->path.failed || t->text->failed)
            status = pt_fail(err, PATINA_ENOMEM, "folder '%s': out of memory", t->root);
        else
            status = walk_dirent(t, dirfd(folder), item, depth, err);
        if (!t->path.failed) {
            t->path.length = length;
            t->path.text[length] = '\0';
        }
    }
    closedir(folder);
    return status;
}

static int compare_paths(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b); /* as unsigned char */
}

/** Makes the sorted array of pointers to the strings of text. */
static patina_status sort_paths(pt_dir_walk *walk, patina_error *err) {
    size_t n = 0;
    for (size_t i = 0; i < walk->text.length; i++)
        if (walk->text.text[i] == '\0') n++;
    walk->paths = malloc((n ? n : 1) * sizeof *walk->paths);
    if (!walk->paths) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const char *path = walk->text.text;
    for (size_t i = 0; i < n; i++, path += strlen(path) + 1)
        walk->paths[i] = path;
    qsort(walk->paths, n, sizeof *walk->paths, compare_paths);
    walk->n_paths = n;
    return PATINA_OK;
}

patina_status pt_dir_walk_list(pt_dir_walk *walk, const char *root, unsigned max_depth,
                               const char *const *extensions, size_t max_paths, patina_error *err) {
    tree t = {.root = root,
              .max_depth = max_depth,
              .extensions = extensions,
              .max_paths = max_paths ? max_paths : SIZE_MAX,
              .text = &walk->text,
              .error = &walk->error};
    const int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    patina_status status = fd < 0 ? unreadable(&t, errno, err) : walk_folder(&t, fd, 0, err);

    if (status == PATINA_OK && walk->text.failed)
        status = pt_fail(err, PATINA_ENOMEM, "folder '%s': out of memory", root);
    if (status == PATINA_OK) status = sort_paths(walk, err);
    pt_strbuf_release(&t.path);
    return status;
}

patina_status pt_dir_walk_list_audio(pt_dir_walk *walk, const char *root, unsigned max_depth,
                                     patina_error *err) {
    return pt_dir_walk_list(walk, root, max_depth, pt_audio_extensions, 0, err);
}

bool pt_dir_walk_has_fault(const pt_dir_walk *walk) {
    return !pt_errno_is_denied(walk->error) && pt_errno_is_machine_fault(walk->error);
}

void pt_dir_walk_release(pt_dir_walk *walk) {
    free(walk->paths);
    pt_strbuf_release(&walk->text);
    *walk = (pt_dir_walk){0};
}
