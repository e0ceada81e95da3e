/* SPDX-License-Identifier: MIT */
/* path_glob.c - glob(3) with functions of our own for folders and files (GLOB_ALTDIRFUNC) */

#include "fs/path_glob.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/retry.h"
#include "fs/path.h"

/* glob(3) passes nothing of the caller's to these functions. */
static _Thread_local int fault;

/** Keeps the first fault of the machine. errno is preserved. */
static void record(int error) {
    const bool is_fault = !pt_errno_is_denied(error) && pt_errno_is_machine_fault(error);
    if (is_fault && fault == 0) fault = error;
    errno = error;
}

static void *open_folder(const char *path) {
    unsigned n = 0;
    DIR *folder;
    while (!(folder = opendir(path)) && !pt_errno_is_denied(errno) &&
           pt_retry_after_fault(&n, errno))
        ;
    if (!folder) record(errno);
    return folder;
}

static struct dirent *read_folder(void *folder) {
    errno = 0;
    struct dirent *item = readdir(folder);
    if (!item && errno != 0 && fault == 0) fault = errno;
    return item;
}

static void close_folder(void *folder) {
    closedir(folder);
}

static int examine(int (*call)(const char *, struct stat *), const char *path, struct stat *info) {
    const int error = pt_path_examine(call, path, info);
    if (error != 0) record(error);
    return error == 0 ? 0 : -1;
}

static int stat_file(const char *path, struct stat *info) {
    return examine(stat, path, info);
}

static int lstat_file(const char *path, struct stat *info) {
    return examine(lstat, path, info);
}

patina_status pt_path_glob(const char *pattern, int flags, glob_t *found, patina_error *err) {
    *found = (glob_t){.gl_opendir = open_folder,
                      .gl_readdir = read_folder,
                      .gl_closedir = close_folder,
                      .gl_stat = stat_file,
                      .gl_lstat = lstat_file};
    fault = 0;
    const int result = glob(pattern, flags | GLOB_ALTDIRFUNC, NULL, found);
    if (result == GLOB_ABORTED && fault == 0) fault = errno; /* GLOB_ERR */
    if (result == GLOB_NOSPACE || fault == ENOMEM)
        return pt_fail(err, PATINA_ENOMEM, "pattern '%s': out of memory", pattern);
    if (fault != 0)
        return pt_fail(err, PATINA_EIO, "the folders of '%s' cannot be read: %s", pattern,
                       strerrordesc_np(fault));
    return PATINA_OK;
}
