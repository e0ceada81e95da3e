/* SPDX-License-Identifier: MIT */
/* byte_source.h - random access to the bytes of a file, or of an archive member in memory */

#ifndef PATINA_BASE_BYTE_SOURCE_H
#define PATINA_BASE_BYTE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/**
 * First fault of the machine while a source was read. Decoders see a failed read as damaged data;
 * the caller that opened the source checks this to tell them apart.
 */
typedef struct pt_byte_fault {
    int error;       /* errno of the first failed read; 0: none */
    bool has_shrunk; /* the file ended before its size at opening */
} pt_byte_fault;

/** Random access to size bytes. One thread at a time. */
typedef struct pt_byte_source {
    const void *memory; /* the bytes, unless is_file */
    bool is_file;
    int fd;
    uint64_t base; /* offset in the file or memory of byte 0 */
    uint64_t size;
    pt_byte_fault *fault; /* set by reads, whose caller repeats them; NULL: repeated here */
} pt_byte_source;

/** Reads up to n bytes at offset. Returns their number, less than n only at the end; -1: I/O
 * error. */
int64_t pt_byte_source_read_at(const pt_byte_source *bytes, uint64_t offset, void *buffer,
                               size_t n);

/** pt_byte_source_open: the path is not a regular file. */
#define PT_NOT_A_REGULAR_FILE (-1)

/** Opens a regular file. Returns 0, an errno value, or PT_NOT_A_REGULAR_FILE. */
int pt_byte_source_open(const char *path, pt_byte_source *bytes);

/** Returns whether an errno value means that a file does not exist. */
bool pt_errno_is_missing(int error);

/** Returns whether an errno value means that the user may not do it: EACCES or EPERM. */
bool pt_errno_is_denied(int error);

/**
 * Returns whether an errno value is a fault of the machine or its settings, which may pass, and not
 * a property of the file: EIO, ESTALE, ENOMEM, EMFILE, EACCES and all others, except those of
 * pt_errno_is_missing, EISDIR and ENXIO (a socket).
 */
bool pt_errno_is_machine_fault(int error);

/** Opens a regular file, if necessary after several attempts (retry.h). Errors:
 * PATINA_REJECT_MISSING if it does not exist, PATINA_EIO. errno has the reason; 0: not a regular
 * file. */
patina_status pt_byte_source_open_file(const char *path, pt_byte_source *bytes, patina_error *err);

/** Reads from memory, which must outlive bytes. data may be NULL if size is 0. */
void pt_byte_source_from_memory(const void *data, size_t size, pt_byte_source *bytes);

/** The size bytes from offset on, cut at the end of bytes; valid as long as bytes, and not
 * closed. */
pt_byte_source pt_byte_source_slice(const pt_byte_source *bytes, uint64_t offset, uint64_t size);

/** Closes the file and zeroes the struct. A zeroed struct is accepted. */
void pt_byte_source_close(pt_byte_source *bytes);

/**
 * Reads a small file into a NUL-terminated buffer, which the caller frees. n_bytes excludes the
 * NUL.
 *
 * Errors   PATINA_EIO      cannot be opened or read
 *          PATINA_ERANGE   larger than max_bytes
 */
patina_status pt_file_read_all(const char *path, size_t max_bytes, char **text, size_t *n_bytes,
                               patina_error *err);

#endif /* PATINA_BASE_BYTE_SOURCE_H */
