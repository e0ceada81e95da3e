/* SPDX-License-Identifier: MIT */
/* atomic_file.h - atomic writes: a file gets its name when it is complete
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

/** Opens `<path>.tmp`, replacing an existing one. */
patina_status pt_atomic_file_open(const char *path, pt_atomic_file **file, patina_error *err);

/** Buffered: a full disk gives PATINA_EIO here or at commit. After a failure all later calls
 * fail. */
patina_status pt_atomic_file_write(pt_atomic_file *file, const void *bytes, size_t n,
                                   patina_error *err);

/** Writes n floats as little-endian IEEE 754. */
patina_status pt_atomic_file_write_floats(pt_atomic_file *file, const float *values, size_t n,
                                          patina_error *err);

/** Number of bytes written, buffered ones included. */
uint64_t pt_atomic_file_offset(const pt_atomic_file *file);

/** Flushes the file, renames it to path, and flushes the folder. pt_atomic_file_close still
 * follows. */
patina_status pt_atomic_file_commit(pt_atomic_file *file, patina_error *err);

/** SHA-256 of the content in hexadecimal; valid from commit until close. */
const char *pt_atomic_file_sha256(const pt_atomic_file *file);

/** Releases. Without a commit, the temporary file is removed. */
void pt_atomic_file_close(pt_atomic_file **file);

/** Renames a complete file and flushes the folder. */
patina_status pt_atomic_file_rename(const char *from, const char *to, patina_error *err);

/** Writes a whole text: open, write, commit, close. */
patina_status pt_atomic_file_write_text(const char *path, const char *text, patina_error *err);

#endif /* PATINA_FS_ATOMIC_FILE_H */
