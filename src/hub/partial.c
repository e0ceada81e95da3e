/* SPDX-License-Identifier: MIT */
/* partial.c - lock, grow, rename
 *
 * The lock saves work and no more. Where it is granted to two processes after all, as some network
 * file systems do, both write the same bytes to the same places of one file: bytes go where they
 * belong by their offset, and a file is never shortened but replaced by an empty one.
 */

#include "hub/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AGAIN_NS 100000000L /* how often it is asked for a lock that another process holds */
#define OWN_MAX       1000       /* names of one process that earlier ones may have left */
#define LOCK_MODE     0664       /* huggingface_hub's: users of a group share a cache */

/* Leaves errno as it was. */
static pt_status fail(const pt_hub_path *path, const char *what, pt_error *err) {
    const int why = errno ? errno : EIO;
    return pt_fail(err, PT_EIO, "file '%s': cannot be %s: %s%s", path->text, what, strerror(why),
                   why == EROFS || why == EACCES ? " (set HF_HOME to a folder that can be written)"
                   : why == ENOSPC || why == EDQUOT ? " (make room, or set HF_HOME to another disk)"
                                                    : "");
}

/* ---------------------------------------------------------------- the lock */

/* Whether the lock that was got is that of the file that has the name now: one that was removed
 * and made again has another. */
static bool is_current(int fd, const pt_hub_path *path) {
    struct stat held, named;
    return fstat(fd, &held) == 0 && lstat(path->text, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

typedef enum turn { OURS, ANOTHERS, NO_LOCKS } turn;

static turn ask_for_lock(const pt_hub_path *path, int *lock) {
    const int fd =
        open(path->text, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, LOCK_MODE);
    if (fd < 0) return NO_LOCKS;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (is_current(fd, path)) {
            *lock = fd;
            return OURS;
        }
        close(fd);
        return ANOTHERS;
    }
    const int why = errno;
    close(fd);
    return why == EWOULDBLOCK || why == EACCES || why == EINTR ? ANOTHERS : NO_LOCKS;
}

/* ---------------------------------------------------------------- the file */

/* Opens what there is under the name; flags say whether it has to be new. */
static pt_status open_file(pt_partial *partial, int flags, pt_error *err) {
    struct stat info;
    partial->fd = open(partial->path.text,
                       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
    if (partial->fd < 0) return fail(&partial->path, "created", err);
    if (fstat(partial->fd, &info) != 0) return fail(&partial->path, "created", err);
    if (!S_ISREG(info.st_mode))
        return pt_fail(err, PT_EIO, "file '%s': is not a regular file; remove it",
                       partial->path.text);
    partial->n_bytes = (uint64_t)info.st_size;
    return PT_OK;
}

/* Without locks: a name that nobody else uses, be it a process of this number on another machine.
 */
static pt_status open_own(const pt_hub_place *place, const char *etag, pt_partial *partial,
                          pt_error *err) {
    for (unsigned i = 0;; i++) {
        partial->path = pt_hub_path_below(place->folder.text, "blobs/%s.patina-%ld-%u.incomplete",
                                          etag, (long)getpid(), i);
        const pt_status status = open_file(partial, O_EXCL, err);
        if (status == PT_OK || partial->fd >= 0 || errno != EEXIST || i == OWN_MAX) return status;
    }
}

static pt_status open_under_lock(const pt_hub_place *place, const char *etag, uint64_t size,
                                 const pt_partial_wait *wait, pt_partial *partial, bool *whole,
                                 pt_error *err) {
    const pt_hub_path lock = pt_hub_path_below(place->locks.text, "%s.lock", etag);
    const struct timespec moment = {.tv_nsec = LOOK_AGAIN_NS};
    bool waited = false;
    turn whose;

    while ((whose = ask_for_lock(&lock, &partial->lock)) == ANOTHERS) {
        if (wait->stop && atomic_load(wait->stop)) return pt_fail(err, PT_ECANCELLED, "stopped");
        if (!waited && wait->on_wait) wait->on_wait(wait->context);
        waited = true;
        nanosleep(&moment, NULL);
    }
    *whole = pt_hub_blob_is_whole(place, etag, size);
    if (*whole) return PT_OK;
    return whose == OURS ? open_file(partial, 0, err) : open_own(place, etag, partial, err);
}

pt_status pt_partial_open(const pt_hub_place *place, const char *etag, uint64_t size,
                          const pt_partial_wait *wait, pt_partial *partial, bool *whole,
                          pt_error *err) {
    const pt_hub_path blobs = pt_hub_path_below(place->folder.text, "blobs");

    *partial = (pt_partial){.fd = -1, .lock = -1};
    partial->blob = pt_hub_path_below(blobs.text, "%s", etag);
    partial->path = pt_hub_path_below(blobs.text, "%s.incomplete", etag);
    *whole = false;
    PT_TRY(pt_hub_make_folders(blobs.text, err));
    (void)pt_hub_make_folders(place->locks.text, NULL); /* without it there are no locks */
    const pt_status status = open_under_lock(place, etag, size, wait, partial, whole, err);
    if (status != PT_OK || *whole) pt_partial_close(partial);
    return status;
}

pt_status pt_partial_write(pt_partial *partial, const void *bytes, size_t n, pt_error *err) {
    const char *from = bytes;
    while (n > 0) {
        errno = 0;
        const ssize_t written = pwrite(partial->fd, from, n, (off_t)partial->n_bytes);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return fail(&partial->path, "written", err);
        from += written;
        n -= (size_t)written;
        partial->n_bytes += (uint64_t)written;
    }
    return PT_OK;
}

pt_status pt_partial_restart(pt_partial *partial, pt_error *err) {
    pt_partial_discard(partial);
    return open_file(partial, O_EXCL, err);
}

pt_status pt_partial_publish(pt_partial *partial, pt_error *err) {
    struct stat info;
    if (fsync(partial->fd) != 0) return fail(&partial->path, "written", err);
    if (rename(partial->path.text, partial->blob.text) != 0) {
        const int why = errno;
        /* where locks are not kept, another fetch may have been faster */
        if (why == ENOENT && stat(partial->blob.text, &info) == 0) return PT_OK;
        errno = why;
        return fail(&partial->blob, "created", err);
    }
    pt_hub_flush_folder_of(partial->blob.text);
    return PT_OK;
}

void pt_partial_discard(pt_partial *partial) {
    if (partial->fd < 0) return;
    unlink(partial->path.text);
    close(partial->fd);
    partial->fd = -1;
    partial->n_bytes = 0;
}

void pt_partial_close(pt_partial *partial) {
    /* a name that no later fetch would look for */
    if (partial->lock < 0 && partial->fd >= 0) unlink(partial->path.text);
    if (partial->fd >= 0) close(partial->fd);
    if (partial->lock >= 0) close(partial->lock);
    partial->fd = partial->lock = -1;
}
