/* SPDX-License-Identifier: MIT */
/* tar.h - the files in a tar, one after another */

#ifndef PATINA_CORPUS_TAR_H
#define PATINA_CORPUS_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/** What names a tar: .tar .tar.gz .tgz .tar.zst .tzst; NULL ends them. */
extern const char *const pt_tar_extensions[];

/**
 * A tar of any kind (old, POSIX with its extended headers, GNU), as it is or packed by gzip or
 * Zstandard, which is read once from front to back in little memory. Used by one thread at a time.
 */
typedef struct pt_tar pt_tar;

typedef struct pt_tar_member {
    const char *name; /* as written, with its folders, in any encoding; until the next call */
    uint64_t size;
} pt_tar_member;

/**
 * Sentences of this and the calls below do not name the tar.
 *
 * Errors   PATINA_REJECT_MISSING      there is no such file
 *          PATINA_REJECT_UNDECODABLE  it is no file, or cannot be opened
 */
patina_status pt_tar_open(const char *path, pt_tar **tar, patina_error *err);
void pt_tar_close(pt_tar **tar);

/**
 * The next regular file; *end is set instead after the last, however often. Folders, links and
 * devices are passed over. The one before is to be read or skipped first. Blocks of zeros end no
 * tar while more follows: several that were appended to each other are read all.
 *
 * Errors   PATINA_REJECT_UNDECODABLE  no tar, one that is cut off, or damaged: nothing more can be read
 *          PATINA_EIO                 the disk failed
 */
patina_status pt_tar_next(pt_tar *tar, pt_tar_member *member, bool *end, patina_error *err);

/**
 * A member's bytes and a NUL behind them, to be freed by the caller. Their memory grows with what
 * is there, whatever size is claimed. Errors as above.
 */
patina_status pt_tar_read(pt_tar *tar, const pt_tar_member *member, char **bytes,
                          patina_error *err);

/** Passes over a member, by a seek where the tar is not packed. Fails just where reading would. */
patina_status pt_tar_skip(pt_tar *tar, patina_error *err);

#endif /* PATINA_CORPUS_TAR_H */
