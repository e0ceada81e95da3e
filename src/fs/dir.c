/* SPDX-License-Identifier: MIT */
/* dir.c - mkdir, rename, fsync and recursive removal of folders */

#include "fs/dir.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "fs/path.h"

#define DEPTH_MAX   3   /* a work folder, its chunks, their files */
#define BLOCK_BYTES 512 /* of st_blocks */

patina_status pt_dir_create(const char *path, bool *made, patina_error *err) {
    struct stat info;

    if (made) *made = false;
    if (mkdir(path, 0777) == 0) {
        if (made) *made = true;
        return PATINA_OK;
    }
    const int why = errno;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return PATINA_OK;
    if (why == EEXIST) return pt_fail(err, PATINA_EUSAGE, "'%s' is a file", path);
    return pt_fail(err, PATINA_EIO, "folder '%s': cannot be created: %s", path, strerror(why));
}

patina_status pt_dir_create_all(const char *path, bool *made, patina_error *err) {
    char parent[PT_PATH_MAX];
    const size_t n = strlen(path);

    assert(n < sizeof parent);
    for (size_t i = 1; i < n; i++) {
        if (path[i] != '/') continue;
        memcpy(parent, path, i);
        parent[i] = '\0';
        PT_TRY(pt_dir_create(parent, NULL, err));
    }
    return pt_dir_create(path, made, err);
}

const char *pt_dir_next(DIR *dir, int *why) {
    const struct dirent *item;
    do {
        errno = 0;
        item = readdir(dir);
    } while (item && (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0));
    *why = item ? 0 : errno;
    return item ? item->d_name : NULL;
}

/* Depth is bounded. rmdir and unlink act on a link itself. */
static void remove_tree(const char *path, unsigned depth) {
    if (unlink(path) == 0 || (errno != EISDIR && errno != EPERM)) return;
    DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
    const char *name;
    int why;
    while (dir && (name = pt_dir_next(dir, &why))) {
        const pt_path child = pt_path_joinf(path, "%s", name);
        remove_tree(child.text, depth + 1);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

void pt_dir_remove_all(const char *path, const char *first) {
    if (first) {
        const pt_path file = pt_path_joinf(path, "%s", first);
        unlink(file.text);
    }
    remove_tree(path, 0);
}

static uint64_t disk_bytes(const char *path, unsigned depth) {
    struct stat info;
    const char *name;
    int why;
    if (lstat(path, &info) != 0) return 0;
    uint64_t n_bytes = (uint64_t)info.st_blocks * BLOCK_BYTES;
    DIR *dir = S_ISDIR(info.st_mode) && depth < DEPTH_MAX ? opendir(path) : NULL;
    while (dir && (name = pt_dir_next(dir, &why))) {
        const pt_path child = pt_path_joinf(path, "%s", name);
        n_bytes += disk_bytes(child.text, depth + 1);
    }
    if (dir) closedir(dir);
    return n_bytes;
}

uint64_t pt_dir_disk_bytes(const char *path) {
    return disk_bytes(path, 0);
}

patina_status pt_dir_rename_noreplace(const char *from, const char *to, bool *done,
                                      patina_error *err) {
    *done = rename(from, to) == 0;
    if (*done) return pt_dir_sync_parent(to, err);
    if (errno == EEXIST || errno == ENOTEMPTY) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "'%s' cannot be renamed to '%s': %s", from, to,
                   strerror(errno));
}

patina_status pt_dir_sync(const char *path, patina_error *err) {
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int why = 0;

    /* EINVAL: the file system does not support it. EACCES: the folder may be written and not read.
     * Neither makes the file less complete. */
    if (fd < 0 && errno != EACCES) why = errno;
    if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL) why = errno;
    if (fd >= 0) close(fd);
    if (why == 0) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "folder '%s': cannot be flushed to disk: %s", path,
                   strerror(why));
}

patina_status pt_dir_sync_parent(const char *path, patina_error *err) {
    const pt_path parent = pt_path_parent(path);
    return pt_dir_sync(parent.text, err);
}
