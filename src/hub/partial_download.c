/* SPDX-License-Identifier: MIT */
/* partial_download.c - locks, appends to and renames a partial download
 *
 * The lock only saves work. If two processes get it, as on some network file systems, both write
 * the same bytes to the same offsets of one file: writes are positional, and a file is never
 * truncated but replaced by an empty one.
 */

#include "hub/partial_download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "fs/dir.h"
#include "fs/write_at.h"

#define LOCK_POLL_NS     100000000L /* interval of polling a lock */
#define UNIQUE_NAMES_MAX 1000       /* left by earlier processes of this number */
#define LOCK_MODE        0664       /* as huggingface_hub: users of a group share a cache */

/* Preserves errno. */
static patina_status io_error(const pt_path *path, const char *what, patina_error *err) {
    const int why = errno ? errno : EIO;
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be %s: %s%s", path->text, what,
                   strerror(why),
                   why == EROFS || why == EACCES ? " (set HF_HOME to a folder that can be written)"
                   : why == ENOSPC || why == EDQUOT ? " (make room, or set HF_HOME to another disk)"
                                                    : "");
}

/* ---------------------------------------------------------------- the lock */

/* Whether the locked file is the one that has the name now: it may have been removed and created
 * again. */
static bool is_current(int fd, const pt_path *path) {
    struct stat held, named;
    return fstat(fd, &held) == 0 && lstat(path->text, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

typedef enum lock_result { LOCK_ACQUIRED, LOCK_HELD, LOCK_UNSUPPORTED } lock_result;

static lock_result try_lock(const pt_path *path, int *lock) {
    const int fd =
        open(path->text, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, LOCK_MODE);
    if (fd < 0) return LOCK_UNSUPPORTED;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (is_current(fd, path)) {
            *lock = fd;
            return LOCK_ACQUIRED;
        }
        close(fd);
        return LOCK_HELD;
    }
    const int why = errno;
    close(fd);
    return why == EWOULDBLOCK || why == EACCES || why == EINTR ? LOCK_HELD : LOCK_UNSUPPORTED;
}

/* ---------------------------------------------------------------- the file */

/* Opens the partial file; flags may require a new one. */
static patina_status open_file(pt_partial_download *partial, int flags, patina_error *err) {
    struct stat info;
    partial->fd = open(partial->path.text,
                       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
    if (partial->fd < 0) return io_error(&partial->path, "created", err);
    if (fstat(partial->fd, &info) != 0) return io_error(&partial->path, "created", err);
    if (!S_ISREG(info.st_mode))
        return pt_fail(err, PATINA_EIO, "file '%s': is not a regular file; remove it",
                       partial->path.text);
    partial->n_bytes = (uint64_t)info.st_size;
    return PATINA_OK;
}

/* Without locks: a unique name, also among processes of this number on other machines. */
static patina_status open_unique(const pt_hub_cache_entry *entry, const char *etag,
                                 pt_partial_download *partial, patina_error *err) {
    for (unsigned i = 0;; i++) {
        partial->path = pt_path_joinf(entry->folder.text, "blobs/%s.patina-%ld-%u.incomplete", etag,
                                      (long)getpid(), i);
        const patina_status status = open_file(partial, O_EXCL, err);
        if (status == PATINA_OK || partial->fd >= 0 || errno != EEXIST || i == UNIQUE_NAMES_MAX)
            return status;
    }
}

static patina_status open_locked(const pt_hub_cache_entry *entry, const char *etag, uint64_t size,
                                 const pt_partial_download_wait *wait, pt_partial_download *partial,
                                 bool *complete, patina_error *err) {
    const pt_path lock = pt_path_joinf(entry->locks.text, "%s.lock", etag);
    const struct timespec moment = {.tv_nsec = LOCK_POLL_NS};
    bool waited = false;
    lock_result locked;

    while ((locked = try_lock(&lock, &partial->lock)) == LOCK_HELD) {
        if (wait->stop && atomic_load(wait->stop))
            return pt_fail(err, PATINA_ECANCELLED, "stopped");
        if (!waited && wait->on_wait) wait->on_wait(wait->context);
        waited = true;
        nanosleep(&moment, NULL);
    }
    *complete = pt_hub_blob_is_complete(entry, etag, size);
    if (*complete) return PATINA_OK;
    return locked == LOCK_ACQUIRED ? open_file(partial, 0, err)
                                   : open_unique(entry, etag, partial, err);
}

patina_status pt_partial_download_open(const pt_hub_cache_entry *entry, const char *etag,
                                       uint64_t size, const pt_partial_download_wait *wait,
                                       pt_partial_download *partial, bool *complete,
                                       patina_error *err) {
    const pt_path blobs = pt_path_joinf(entry->folder.text, "blobs");

    *partial = (pt_partial_download){.fd = -1, .lock = -1};
    partial->blob = pt_path_joinf(blobs.text, "%s", etag);
    partial->path = pt_path_joinf(blobs.text, "%s.incomplete", etag);
    *complete = false;
    PT_TRY(pt_hub_make_dirs(blobs.text, err));
    (void)pt_hub_make_dirs(entry->locks.text, NULL); /* on failure, no locks */
    const patina_status status = open_locked(entry, etag, size, wait, partial, complete, err);
    if (status != PATINA_OK || *complete) pt_partial_download_close(partial);
    return status;
}

patina_status pt_partial_download_write(pt_partial_download *partial, const void *bytes, size_t n,
                                        patina_error *err) {
    const size_t written = pt_write_at(partial->fd, partial->n_bytes, bytes, n);
    partial->n_bytes += written;
    return written == n ? PATINA_OK : io_error(&partial->path, "written", err);
}

patina_status pt_partial_download_restart(pt_partial_download *partial, patina_error *err) {
    pt_partial_download_discard(partial);
    return open_file(partial, O_EXCL, err);
}

patina_status pt_partial_download_commit(pt_partial_download *partial, patina_error *err) {
    struct stat info;
    if (fsync(partial->fd) != 0) return io_error(&partial->path, "written", err);
    if (rename(partial->path.text, partial->blob.text) != 0) {
        const int why = errno;
        /* without locks another process may have completed it */
        if (why == ENOENT && stat(partial->blob.text, &info) == 0) return PATINA_OK;
        errno = why;
        return io_error(&partial->blob, "created", err);
    }
    (void)pt_dir_sync_parent(partial->blob.text, NULL);
    return PATINA_OK;
}

void pt_partial_download_discard(pt_partial_download *partial) {
    if (partial->fd < 0) return;
    unlink(partial->path.text);
    close(partial->fd);
    partial->fd = -1;
    partial->n_bytes = 0;
}

void pt_partial_download_close(pt_partial_download *partial) {
    /* a unique name would not be found by a later download */
    if (partial->lock < 0 && partial->fd >= 0) unlink(partial->path.text);
    if (partial->fd >= 0) close(partial->fd);
    if (partial->lock >= 0) close(partial->lock);
    partial->fd = partial->lock = -1;
}
