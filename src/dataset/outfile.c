/* SPDX-License-Identifier: MIT */
/* outfile.c - temporary name, fsync, rename, fsync of the folder
 *
 * Both flushes are needed: without the first a crash may leave the final name on an empty file,
 * without the second the name itself may be lost.
 */

#include "dataset/outfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define BUFFER_BYTES (1U << 20)

struct pt_outfile {
    char *path;
    char *tmp; /* NULL when path is written in place */
    int fd;    /* -1 once closed */
    int fault; /* errno of the first failure */
    bool committed;
    unsigned char *buffer; /* [BUFFER_BYTES] */
    size_t n_buffered;
    uint64_t offset; /* with what is buffered */
    pt_sha256 hash;
    char sha256[PT_SHA256_HEX]; /* once committed */
};

static pt_status fail(const char *path, const char *what, int why, pt_error *err) {
    return pt_fail(err, PT_EIO, "file '%s': cannot be %s: %s", path, what, strerror(why));
}

/* Remembers a failed write, so that the file can never be committed. */
static pt_status write_failed(pt_outfile *file, pt_error *err) {
    if (!file->fault) file->fault = errno ? errno : EIO;
    return fail(file->path, "written", file->fault, err);
}

static bool is_device(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

static pt_status open_descriptor(pt_outfile *file, pt_error *err) {
    struct stat info;

    if (stat(file->path, &info) == 0 && S_ISDIR(info.st_mode))
        return fail(file->path, "created", EISDIR, err);
    if (file->tmp) {
        /* O_EXCL after unlink: a link that lies there is replaced, never written through. */
        if (unlink(file->tmp) != 0 && errno != ENOENT)
            return fail(file->path, "created", errno, err);
        file->fd = open(file->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } else {
        file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
    }
    if (file->fd < 0) return fail(file->path, "created", errno, err);
    return PT_OK;
}

pt_status pt_outfile_open(const char *path, pt_outfile **file, pt_error *err) {
    pt_outfile *opened = calloc(1, sizeof *opened);
    pt_status status = PT_ENOMEM;

    if (!opened) goto done;
    opened->fd = -1;
    pt_sha256_init(&opened->hash);
    opened->path = strdup(path);
    opened->buffer = malloc(BUFFER_BYTES);
    if (!opened->path || !opened->buffer) goto done;
    if (!is_device(path) && asprintf(&opened->tmp, "%s.tmp", path) < 0) {
        opened->tmp = NULL; /* its value is not defined after a failure */
        goto done;
    }
    status = open_descriptor(opened, err);
    if (status != PT_OK) goto done;
    *file = opened;
    opened = NULL;
done:
    if (status == PT_ENOMEM) pt_fail(err, status, "file '%s': out of memory", path);
    pt_outfile_close(&opened);
    return status;
}

static pt_status write_through(pt_outfile *file, const unsigned char *bytes, size_t n,
                               pt_error *err) {
    while (n > 0) {
        const ssize_t written = write(file->fd, bytes, n);
        if (written < 0 && errno == EINTR) continue;
        if (written == 0) errno = ENOSPC; /* POSIX allows it for no reason but room */
        if (written <= 0) return write_failed(file, err);
        bytes += written;
        n -= (size_t)written;
    }
    return PT_OK;
}

static pt_status flush(pt_outfile *file, pt_error *err) {
    const size_t n = file->n_buffered;
    file->n_buffered = 0;
    return write_through(file, file->buffer, n, err);
}

pt_status pt_outfile_write(pt_outfile *file, const void *bytes, size_t n, pt_error *err) {
    assert(file->fd >= 0);
    if (file->fault) return write_failed(file, err);
    file->offset += n;
    if (n > 0) pt_sha256_add(&file->hash, bytes, n);
    if (n > BUFFER_BYTES - file->n_buffered) PT_TRY(flush(file, err));
    if (n >= BUFFER_BYTES) return write_through(file, bytes, n, err);
    if (n > 0) memcpy(file->buffer + file->n_buffered, bytes, n);
    file->n_buffered += n;
    return PT_OK;
}

pt_status pt_outfile_write_floats(pt_outfile *file, const float *values, size_t n, pt_error *err) {
    _Static_assert(sizeof(float) == 4 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
                   "floats in memory are what the files hold");
    return pt_outfile_write(file, values, n * sizeof *values, err);
}

uint64_t pt_outfile_offset(const pt_outfile *file) {
    return file->offset;
}

pt_status pt_outfile_flush_folder(const char *folder, pt_error *err) {
    pt_status status = PT_OK;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* EINVAL: a file system that has no such flush; EACCES: a folder that one may write to but not
     * list. Neither makes the file any less complete. */
    if (fd < 0 && errno != EACCES) status = fail(folder, "made to last", errno, err);
    if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL)
        status = fail(folder, "made to last", errno, err);
    if (fd >= 0) close(fd);
    return status;
}

/* A rename is on the disk once the folder that holds the name is. */
static pt_status flush_folder_of(const char *path, pt_error *err) {
    const char *slash = strrchr(path, '/');
    const size_t n = slash == path ? 1 : (size_t)(slash ? slash - path : 1);
    char *folder = strndup(slash ? path : ".", n);

    if (!folder) return pt_fail(err, PT_ENOMEM, "file '%s': out of memory", path);
    const pt_status status = pt_outfile_flush_folder(folder, err);
    free(folder);
    return status;
}

pt_status pt_outfile_commit(pt_outfile *file, pt_error *err) {
    assert(file->fd >= 0 && !file->committed);
    if (file->fault) return write_failed(file, err);
    PT_TRY(flush(file, err));
    if (file->tmp && fsync(file->fd) != 0) return write_failed(file, err);
    const int fd = file->fd;
    file->fd = -1;
    if (close(fd) != 0) return write_failed(file, err); /* network file systems report here */
    if (file->tmp) PT_TRY(pt_outfile_rename(file->tmp, file->path, err));
    pt_sha256_finish(&file->hash, file->sha256);
    file->committed = true;
    return PT_OK;
}

const char *pt_outfile_sha256(const pt_outfile *file) {
    assert(file->committed);
    return file->sha256;
}

void pt_outfile_close(pt_outfile **file) {
    pt_outfile *closed = *file;

    if (!closed) return;
    *file = NULL;
    if (closed->fd >= 0) close(closed->fd);
    if (closed->tmp && !closed->committed) unlink(closed->tmp);
    free(closed->path);
    free(closed->tmp);
    free(closed->buffer);
    free(closed);
}

pt_status pt_outfile_rename(const char *from, const char *to, pt_error *err) {
    if (rename(from, to) != 0)
        return pt_fail(err, PT_EIO, "file '%s': cannot be renamed to '%s': %s", from, to,
                       strerror(errno));
    return flush_folder_of(to, err);
}

pt_status pt_outfile_write_text(const char *path, const char *text, pt_error *err) {
    pt_outfile *file = NULL;
    pt_status status = pt_outfile_open(path, &file, err);

    if (status == PT_OK) status = pt_outfile_write(file, text, strlen(text), err);
    if (status == PT_OK) status = pt_outfile_commit(file, err);
    pt_outfile_close(&file);
    return status;
}
