/* SPDX-License-Identifier: MIT */
/* atomic_file.h - files that appear under their name only when complete
 *
 * Written under `<path>.tmp`, flushed to the disk, renamed, and the folder flushed. A path that
 * names a device or a pipe (/dev/null, /dev/stdout) is written in place: there is nothing to
 * rename. Every error is PATINA_EIO, a sentence with the path and the system's reason.
 */

#ifndef PATINA_FS_ATOMIC_FILE_H
#define PATINA_FS_ATOMIC_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

typedef struct pt_atomic_file pt_atomic_file;

/** Opens `<path>.tmp`, replacing one that an earlier run left. */
patina_status pt_atomic_file_open(const char *path, pt_atomic_file **file, patina_error *err);

/** Buffered; a full disk is PATINA_EIO here or at commit. After a failure every later call fails. */
patina_status pt_atomic_file_write(pt_atomic_file *file, const void *bytes, size_t n,
                                   patina_error *err);

/** Writes n floats as little-endian IEEE 754, the form of every format written here. */
patina_status pt_atomic_file_write_floats(pt_atomic_file *file, const float *values, size_t n,
                                          patina_error *err);

/** Bytes written so far. */
uint64_t pt_atomic_file_offset(const pt_atomic_file *file);

/** Flushes, renames to path, flushes the folder. The file is still to be closed. */
patina_status pt_atomic_file_commit(pt_atomic_file *file, patina_error *err);

/** SHA-256 in hexadecimal of all that was written; after the commit, until the file is closed. */
const char *pt_atomic_file_sha256(const pt_atomic_file *file);

/** Releases; without a commit before, the temporary file is removed. */
void pt_atomic_file_close(pt_atomic_file **file);

/** Renames a complete file and flushes the folder. */
patina_status pt_atomic_file_rename(const char *from, const char *to, patina_error *err);

/** A whole text in one go: open, write, commit, close. */
patina_status pt_atomic_file_write_text(const char *path, const char *text, patina_error *err);

#endif /* PATINA_FS_ATOMIC_FILE_H */
