/* SPDX-License-Identifier: MIT */
/* bytes.h - a file's bytes, wherever they lie: a file, or memory filled from an archive */

#ifndef PATINA_BASE_BYTES_H
#define PATINA_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/**
 * Random access to size bytes. Read-only and owned by one thread at a time.
 */
typedef struct pt_bytes {
    const void *memory; /* the bytes, unless they are a file's */
    bool is_file;
    int fd;
    uint64_t size;
} pt_bytes;

/** Up to n bytes from offset: their number, less than n only at the end; -1 on an I/O error. */
int64_t pt_bytes_read_at(const pt_bytes *bytes, uint64_t offset, void *buffer, size_t n);

/** Opens a regular file. PT_REJECT_MISSING when there is none, PT_EIO when it cannot be read. */
pt_status pt_bytes_open_file(const char *path, pt_bytes *bytes, pt_error *err);

/** Memory that outlives bytes; data may be NULL when size is 0. */
void pt_bytes_of_memory(const void *data, size_t size, pt_bytes *bytes);

/** Closes what bytes holds and zeroes it; a zeroed one is accepted. */
void pt_bytes_release(pt_bytes *bytes);

/**
 * A whole small file as a NUL-terminated string that the caller frees (the NUL is not counted).
 *
 * Errors   PT_EIO      cannot be opened or read
 *          PT_ERANGE   over max_bytes
 */
pt_status pt_file_read_all(const char *path, size_t max_bytes, char **text, size_t *n_bytes,
                           pt_error *err);

#endif /* PATINA_BASE_BYTES_H */
