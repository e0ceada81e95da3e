/* SPDX-License-Identifier: MIT */
/* dir_walk.c - depth-first walk of a folder; paths are sorted afterwards, since byte order of whole
 * paths is not the order of a walk ("a-b/c" sorts before "a/b") */

#include "fs/dir_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/id_set.h"
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
    pt_id_set *entered; /* folders, by device and inode */
    unsigned n_repeats; /* folders that were entered again */
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

static bool is_own_ancestor(tree *t, const struct stat *info, unsigned depth) {
    for (unsigned i = 0; i < depth; i++)
        if (t->ancestors[i].device == info->st_dev && t->ancestors[i].file == info->st_ino)
            return true;
    t->ancestors[depth].device = info->st_dev;
    t->ancestors[depth].file = info->st_ino;
    return false;
}

/** Two links in each folder of a chain of n are 2^n paths. */
static patina_status count_repeats(tree *t, const struct stat *info, patina_error *err) {
    char id[64];
    bool is_repeated;
    snprintf(id, sizeof id, "%ju %ju", (uintmax_t)info->st_dev, (uintmax_t)info->st_ino);
    if (!t->entered) PT_TRY(pt_id_set_open(&t->entered, err));
    PT_TRY(pt_id_set_add(t->entered, id, &is_repeated, err));
    t->n_repeats += is_repeated;
    if (t->n_repeats <= PT_DIR_WALK_REPEATS_MAX) return PATINA_OK;
    return pt_fail(err, PATINA_EFORMAT,
                   "folder '%s': links lead to the same folders more than %u times", t->root,
                   PT_DIR_WALK_REPEATS_MAX);
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
    if (fd >= 0) return walk_folder(t, fd, depth + 1, err);
    /* It was removed meanwhile, or is the folder of the file system's own recovery. */
    const bool is_none = pt_errno_is_missing(errno) ||
                         (pt_errno_is_denied(errno) && strcmp(item->d_name, "lost+found") == 0);
    return is_none ? PATINA_OK : unreadable(t, errno, err);
}

/** Takes ownership of fd. */
static patina_status walk_folder(tree *t, int fd, unsigned depth, patina_error *err) {
    const size_t length = t->path.length;
    struct stat info;
    DIR *folder = NULL;
    patina_status status = fstat(fd, &info) == 0 ? PATINA_OK : unreadable(t, errno, err);
    const bool is_cycle = status == PATINA_OK && is_own_ancestor(t, &info, depth);

    if (status == PATINA_OK && !is_cycle) status = count_repeats(t, &info, err);
    if (status == PATINA_OK && !is_cycle && !(folder = fdopendir(fd)))
        status = unreadable(t, errno, err);
    if (!folder) {
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
    pt_id_set_close(&t.entered);
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
