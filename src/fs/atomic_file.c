/* SPDX-License-Identifier: MIT */
/* atomic_file.c - atomic write: temporary name, fsync, rename, fsync of the folder
 *
 * Both flushes are needed: without the first a crash may leave an empty file under the final name,
 * without the second the name may be lost.
 */

#include "fs/atomic_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "fs/dir.h"

#define BUFFER_BYTES (1U << 20)

struct pt_atomic_file {
    char *path;
    char *tmp;       /* NULL when path is written in place */
    int fd;          /* -1 once closed */
    int first_errno; /* errno of the first failure */
    bool committed;
    unsigned char *buffer; /* [BUFFER_BYTES] */
    size_t n_buffered;
    uint64_t offset; /* buffered bytes included */
    pt_sha256 hash;
    char sha256[PT_SHA256_HEX_SIZE]; /* once committed */
};

static patina_status fail(const char *path, const char *what, int why, patina_error *err) {
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be %s: %s", path, what, strerror(why));
}

/* Remembers a failed write, so that the file cannot be committed. */
static patina_status write_failed(pt_atomic_file *file, patina_error *err) {
    if (!file->first_errno) file->first_errno = errno ? errno : EIO;
    return fail(file->path, "written", file->first_errno, err);
}

static bool is_device(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

static patina_status open_descriptor(pt_atomic_file *file, patina_error *err) {
    struct stat info;

    if (stat(file->path, &info) == 0 && S_ISDIR(info.st_mode))
        return fail(file->path, "created", EISDIR, err);
    if (file->tmp) {
        /* O_EXCL after unlink: an existing link is replaced, never followed. */
        if (unlink(file->tmp) != 0 && errno != ENOENT)
            return fail(file->path, "created", errno, err);
        file->fd = open(file->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } else {
        file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
    }
    if (file->fd < 0) return fail(file->path, "created", errno, err);
    return PATINA_OK;
}

patina_status pt_atomic_file_open(const char *path, pt_atomic_file **file, patina_error *err) {
    pt_atomic_file *opened = calloc(1, sizeof *opened);
    patina_status status = PATINA_ENOMEM;

    if (!opened) goto done;
    opened->fd = -1;
    pt_sha256_init(&opened->hash);
    opened->path = strdup(path);
    opened->buffer = malloc(BUFFER_BYTES);
    if (!opened->path || !opened->buffer) goto done;
    if (!is_device(path) && asprintf(&opened->tmp, "%s.tmp", path) < 0) {
        opened->tmp = NULL; /* undefined after a failure */
        goto done;
    }
    status = open_descriptor(opened, err);
    if (status != PATINA_OK) goto done;
    *file = opened;
    opened = NULL;
done:
    if (status == PATINA_ENOMEM) pt_fail(err, status, "file '%s': out of memory", path);
    pt_atomic_file_close(&opened);
    return status;
}

static patina_status write_through(pt_atomic_file *file, const unsigned char *bytes, size_t n,
                                   patina_error *err) {
    unsigned n_interrupts = 0;
    while (n > 0) {
        const ssize_t written = write(file->fd, bytes, n);
        if (written < 0 && pt_is_interrupted(&n_interrupts)) continue;
        if (written == 0) errno = ENOSPC; /* the only case that POSIX allows */
        if (written <= 0) return write_failed(file, err);
        bytes += written;
        n -= (size_t)written;
    }
    return PATINA_OK;
}

static patina_status flush(pt_atomic_file *file, patina_error *err) {
    const size_t n = file->n_buffered;
    file->n_buffered = 0;
    return write_through(file, file->buffer, n, err);
}

patina_status pt_atomic_file_write(pt_atomic_file *file, const void *bytes, size_t n,
                                   patina_error *err) {
    assert(file->fd >= 0);
    if (file->first_errno) return write_failed(file, err);
    file->offset += n;
    if (n > 0) pt_sha256_update(&file->hash, bytes, n);
    if (n > BUFFER_BYTES - file->n_buffered) PT_TRY(flush(file, err));
    if (n >= BUFFER_BYTES) return write_through(file, bytes, n, err);
    if (n > 0) memcpy(file->buffer + file->n_buffered, bytes, n);
    file->n_buffered += n;
    return PATINA_OK;
}

patina_status pt_atomic_file_write_floats(pt_atomic_file *file, const float *values, size_t n,
                                          patina_error *err) {
    _Static_assert(sizeof(float) == 4 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
                   "floats in memory are what the files hold");
    return pt_atomic_file_write(file, values, n * sizeof *values, err);
}

uint64_t pt_atomic_file_offset(const pt_atomic_file *file) {
    return file->offset;
}

/* Renames the file and flushes the folder. A new file is removed again if that fails: an error
 * means that it was not written. One that replaced another stays, since the other is gone. */
static patina_status publish(pt_atomic_file *file, patina_error *err) {
    struct stat info;
    const bool is_new = lstat(file->path, &info) != 0 && errno == ENOENT;
    if (rename(file->tmp, file->path) != 0)
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be renamed to '%s': %s", file->tmp,
                       file->path, strerror(errno));
    const patina_status status = pt_dir_sync_parent(file->path, err);
    if (status != PATINA_OK && is_new) unlink(file->path);
    return status;
}

patina_status pt_atomic_file_commit(pt_atomic_file *file, patina_error *err) {
    assert(file->fd >= 0 && !file->committed);
    if (file->first_errno) return write_failed(file, err);
    PT_TRY(flush(file, err));
    if (file->tmp && fsync(file->fd) != 0) return write_failed(file, err);
    const int fd = file->fd;
    file->fd = -1;
    if (close(fd) != 0) return write_failed(file, err); /* network file systems report here */
    if (file->tmp) PT_TRY(publish(file, err));
    pt_sha256_finish(&file->hash, file->sha256);
    file->committed = true;
    return PATINA_OK;
}

const char *pt_atomic_file_sha256(const pt_atomic_file *file) {
    assert(file->committed);
    return file->sha256;
}

void pt_atomic_file_close(pt_atomic_file **file) {
    pt_atomic_file *closed = *file;

    if (!closed) return;
    *file = NULL;
    if (closed->fd >= 0) close(closed->fd);
    if (closed->tmp && !closed->committed) unlink(closed->tmp);
    free(closed->path);
    free(closed->tmp);
    free(closed->buffer);
    free(closed);
}

patina_status pt_atomic_file_rename(const char *from, const char *to, patina_error *err) {
    if (rename(from, to) != 0)
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be renamed to '%s': %s", from, to,
                       strerror(errno));
    return pt_dir_sync_parent(to, err);
}

patina_status pt_atomic_file_write_text(const char *path, const char *text, patina_error *err) {
    pt_atomic_file *file = NULL;
    patina_status status = pt_atomic_file_open(path, &file, err);

    if (status == PATINA_OK) status = pt_atomic_file_write(file, text, strlen(text), err);
    if (status == PATINA_OK) status = pt_atomic_file_commit(file, err);
    pt_atomic_file_close(&file);
    return status;
}
