/* SPDX-License-Identifier: MIT */
/* temp_file.h - unnamed temporary files, for data that do not fit into memory */

#ifndef PATINA_FS_TEMP_FILE_H
#define PATINA_FS_TEMP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/**
 * Creates an unlinked file in $TMPDIR or /tmp; in memory where neither can be written. It ends with
 * its last descriptor.
 *
 * Errors  PATINA_EIO
 */
patina_status pt_temp_file_create(int *fd, patina_error *err);

/** Writes all bytes at an offset. Errors  PATINA_EIO, which names TMPDIR */
patina_status pt_temp_file_write_at(int fd, uint64_t offset, const void *bytes, size_t n,
                                    patina_error *err);

/** The error after a failed write, from errno. */
patina_status pt_temp_file_fail_write(patina_error *err);

#endif /* PATINA_FS_TEMP_FILE_H */
