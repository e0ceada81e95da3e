/* SPDX-License-Identifier: MIT */
/* tar.h - sequential reader of the files in a tar archive */

#ifndef PATINA_CORPUS_TAR_H
#define PATINA_CORPUS_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/** Extensions of tar files: .tar .tar.gz .tgz .tar.zst .tzst; NULL ends them. */
extern const char *const pt_tar_extensions[];

/**
 * A tar (old, POSIX with extended headers, GNU), plain or compressed by gzip or Zstandard, read
 * once from front to back. Not thread-safe.
 */
typedef struct pt_tar pt_tar;

typedef struct pt_tar_member {
    const char *name; /* as written, with directories, in any encoding; valid until the next call */
    uint64_t size;
} pt_tar_member;

/**
 * Messages of this call and the calls below do not contain the name of the tar.
 *
 * Errors   PATINA_REJECT_MISSING      no such file
 *          PATINA_REJECT_UNDECODABLE  not a regular file, or cannot be opened
 */
patina_status pt_tar_open(const char *path, pt_tar **tar, patina_error *err);
void pt_tar_close(pt_tar **tar);

/**
 * The next regular file; *end is set after the last, and again by later calls. Directories, links
 * and devices are skipped. Read or skip the current member first. Concatenated tars are read to the
 * end: blocks of zeros do not end the archive while data follow.
 *
 * Errors   PATINA_REJECT_UNDECODABLE  not a tar, truncated or damaged; no more can be read
 *          PATINA_ETEMPORARY                 a read failed
 */
patina_status pt_tar_next(pt_tar *tar, pt_tar_member *member, bool *end, patina_error *err);

/**
 * The data of the current member, followed by a NUL; to be freed. Memory grows with the data that
 * are present and not with the declared size. Errors as above.
 */
patina_status pt_tar_read(pt_tar *tar, const pt_tar_member *member, char **bytes,
                          patina_error *err);

/** The same, into an unlinked file of member->size bytes, which the caller closes. */
patina_status pt_tar_read_to_file(pt_tar *tar, const pt_tar_member *member, int *fd,
                                  patina_error *err);

/** Skips the current member, by a seek if the tar is not compressed. Fails where reading would. */
patina_status pt_tar_skip(pt_tar *tar, patina_error *err);

#endif /* PATINA_CORPUS_TAR_H */
