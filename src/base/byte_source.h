/* SPDX-License-Identifier: MIT */
/* byte_source.h - a file's bytes, wherever they lie: a file, or memory filled from an archive */

#ifndef PATINA_BASE_BYTE_SOURCE_H
#define PATINA_BASE_BYTE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/**
 * Random access to size bytes. Read-only and owned by one thread at a time.
 */
typedef struct pt_byte_source {
    const void *memory; /* the bytes, unless they are a file's */
    bool is_file;
    int fd;
    uint64_t base; /* offset in the file or memory of byte 0 */
    uint64_t size;
} pt_byte_source;

/** Up to n bytes from offset: their number, less than n only at the end; -1 on an I/O error. */
int64_t pt_byte_source_read_at(const pt_byte_source *bytes, uint64_t offset, void *buffer,
                               size_t n);

/** Opens a regular file. PATINA_REJECT_MISSING when there is none, PATINA_EIO when it cannot be read. */
patina_status pt_byte_source_open_file(const char *path, pt_byte_source *bytes, patina_error *err);

/** Memory that outlives bytes; data may be NULL when size is 0. */
void pt_byte_source_from_memory(const void *data, size_t size, pt_byte_source *bytes);

/** The size bytes from offset on, cut at the end of bytes; valid as long as bytes, and not closed. */
pt_byte_source pt_byte_source_slice(const pt_byte_source *bytes, uint64_t offset, uint64_t size);

/** Closes what bytes holds and zeroes it; a zeroed one is accepted. */
void pt_byte_source_close(pt_byte_source *bytes);

/**
 * A whole small file as a NUL-terminated string that the caller frees (the NUL is not counted).
 *
 * Errors   PATINA_EIO      cannot be opened or read
 *          PATINA_ERANGE   over max_bytes
 */
patina_status pt_file_read_all(const char *path, size_t max_bytes, char **text, size_t *n_bytes,
                               patina_error *err);

#endif /* PATINA_BASE_BYTE_SOURCE_H */
