/* SPDX-License-Identifier: MIT */
/* outfile.h - files that appear under their name only when complete
 *
 * Written under `<path>.tmp`, flushed to the disk, renamed, and the folder flushed. A path that
 * names a device or a pipe (/dev/null, /dev/stdout) is written in place: there is nothing to
 * rename. Every error is PT_EIO, a sentence with the path and the system's reason.
 */

#ifndef PATINA_DATASET_OUTFILE_H
#define PATINA_DATASET_OUTFILE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

typedef struct pt_outfile pt_outfile;

/** Opens `<path>.tmp`, replacing one that an earlier run left. */
pt_status pt_outfile_open(const char *path, pt_outfile **file, pt_error *err);

/** Buffered; a full disk is PT_EIO here or at commit. After a failure every later call fails. */
pt_status pt_outfile_write(pt_outfile *file, const void *bytes, size_t n, pt_error *err);

/** Writes n floats as little-endian IEEE 754, the form of every format written here. */
pt_status pt_outfile_write_floats(pt_outfile *file, const float *values, size_t n, pt_error *err);

/** Bytes written so far. */
uint64_t pt_outfile_offset(const pt_outfile *file);

/** Flushes, renames to path, flushes the folder. The file is still to be closed. */
pt_status pt_outfile_commit(pt_outfile *file, pt_error *err);

/** SHA-256 in hexadecimal of all that was written; after the commit, until the file is closed. */
const char *pt_outfile_sha256(const pt_outfile *file);

/** Releases; without a commit before, the temporary file is removed. */
void pt_outfile_close(pt_outfile **file);

/** Renames a complete file and flushes the folder. */
pt_status pt_outfile_rename(const char *from, const char *to, pt_error *err);

/** Flushes the names that a folder holds: what was renamed into it or out of it lasts. */
pt_status pt_outfile_flush_folder(const char *folder, pt_error *err);

/** A whole text in one go: open, write, commit, close. */
pt_status pt_outfile_write_text(const char *path, const char *text, pt_error *err);

#endif /* PATINA_DATASET_OUTFILE_H */
