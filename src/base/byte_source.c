/* SPDX-License-Identifier: MIT */
/* byte_source.c - reads with pread: an I/O error is a return value; with mmap it would be SIGBUS */

#include "base/byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/retry.h"

/** Files of sysfs are regular, and have 4096 bytes of which fewer can be read. No block of them is
 * on a disk, as of files that are one hole, whose last byte can be read. */
static bool has_its_size(int fd, const struct stat *info) {
    char last;
    return info->st_blocks > 0 || info->st_size == 0 || pread(fd, &last, 1, info->st_size - 1) != 0;
}

int pt_byte_source_open(const char *path, pt_byte_source *bytes) {
    struct stat info;
    unsigned n_interrupts = 0;
    int fd;

    if (stat(path, &info) != 0) return errno;
    if (!S_ISREG(info.st_mode))
        return PT_NOT_A_REGULAR_FILE; /* opening a device may do something */
    do                                /* O_NONBLOCK: opening a FIFO must not block. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (fd < 0 && pt_is_interrupted(&n_interrupts));
    if (fd < 0) return errno;
    const int error = fstat(fd, &info) != 0                              ? errno
                      : S_ISREG(info.st_mode) && has_its_size(fd, &info) ? 0
                                                                         : PT_NOT_A_REGULAR_FILE;
    if (error != 0) {
        close(fd);
        return error;
    }
    *bytes = (pt_byte_source){.is_file = true, .fd = fd, .size = (uint64_t)info.st_size};
    return 0;
}

bool pt_errno_is_missing(int error) {
    return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

bool pt_errno_is_denied(int error) {
    return error == EACCES || error == EPERM;
}

bool pt_errno_is_machine_fault(int error) {
    return error > 0 && !pt_errno_is_missing(error) && error != EISDIR && error != ENXIO;
}

patina_status pt_byte_source_open_file(const char *path, pt_byte_source *bytes, patina_error *err) {
    unsigned n_faults = 0;
    int error;

    do
        error = pt_byte_source_open(path, bytes);
    while (pt_retry_after_fault(&n_faults, error));
    if (error == 0) return PATINA_OK;
    errno = error == PT_NOT_A_REGULAR_FILE ? 0 : error;
    if (pt_errno_is_missing(error))
        return pt_fail(err, PATINA_REJECT_MISSING, "file '%s': not found", path);
    if (error == PT_NOT_A_REGULAR_FILE)
        return pt_fail(err, PATINA_EIO, "file '%s': not a regular file", path);
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be opened: %s", path, strerror(error));
}

void pt_byte_source_from_memory(const void *data, size_t size, pt_byte_source *bytes) {
    *bytes = (pt_byte_source){.memory = data, .size = size};
}

pt_byte_source pt_byte_source_slice(const pt_byte_source *bytes, uint64_t offset, uint64_t size) {
    pt_byte_source slice = *bytes;
    if (offset > bytes->size) offset = bytes->size;
    slice.base += offset;
    slice.size = size < bytes->size - offset ? size : bytes->size - offset;
    return slice;
}

int64_t pt_byte_source_read_at(const pt_byte_source *bytes, uint64_t offset, void *buffer,
                               size_t n) {
    if (offset >= bytes->size) return 0;
    if (n > bytes->size - offset) n = (size_t)(bytes->size - offset);
    if (!bytes->is_file) {
        memcpy(buffer, (const char *)bytes->memory + bytes->base + offset, n);
        return (int64_t)n;
    }
    size_t done = 0;
    unsigned n_interrupts = 0, n_faults = 0;
    while (done < n) {
        const ssize_t got =
            pread(bytes->fd, (char *)buffer + done, n - done, (off_t)(bytes->base + offset + done));
        if (got < 0 && pt_is_interrupted(&n_interrupts)) continue;
        if (got < 0 && !bytes->fault && pt_retry_after_fault(&n_faults, errno)) continue;
        if (got < 0) {
            if (bytes->fault && bytes->fault->error == 0) bytes->fault->error = errno;
            return -1;
        }
        if (got == 0 && !bytes->fault) { /* it became shorter: not its end */
            errno = EIO;
            return -1;
        }
        if (got == 0) {
            bytes->fault->has_shrunk = true;
            break;
        }
        done += (size_t)got;
    }
    return (int64_t)done;
}

void pt_byte_source_close(pt_byte_source *bytes) {
    if (bytes->is_file) close(bytes->fd);
    *bytes = (pt_byte_source){0};
}

patina_status pt_file_read_all(const char *path, size_t max_bytes, char **text, size_t *n_bytes,
                               patina_error *err) {
    pt_byte_source bytes = {0};
    char *buffer = NULL;
    patina_status status = pt_byte_source_open_file(path, &bytes, err);

    if (status == PATINA_REJECT_MISSING)
        return pt_fail(err, PATINA_EIO, "file '%s': not found", path);
    if (status != PATINA_OK) return status;
    if (bytes.size > max_bytes) {
        status = pt_fail(err, PATINA_ERANGE, "file '%s': has %llu bytes; the limit is %zu", path,
                         (unsigned long long)bytes.size, max_bytes);
        goto done;
    }
    buffer = malloc((size_t)bytes.size + 1);
    if (!buffer) {
        status = pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
        goto done;
    }
    const int64_t got = pt_byte_source_read_at(&bytes, 0, buffer, (size_t)bytes.size);
    if (got < 0) {
        status = pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path, strerror(errno));
        goto done;
    }
    buffer[got] = '\0';
    *text = buffer;
    *n_bytes = (size_t)got;
    buffer = NULL;
done:
    free(buffer);
    pt_byte_source_close(&bytes);
    return status;
}
