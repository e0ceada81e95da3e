/* SPDX-License-Identifier: MIT */
/* dir.h - creation, removal, renaming and flushing of folders */

#ifndef PATINA_FS_DIR_H
#define PATINA_FS_DIR_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

/**
 * Creates a folder. An existing folder is not an error.
 *
 * made    out, may be NULL: whether this call created it
 *
 * Errors  PATINA_EUSAGE  a file has the name
 *         PATINA_EIO
 */
patina_status pt_dir_create(const char *path, bool *made, patina_error *err);

/** Creates a folder with its parents. made, errors: as above, of the last one. */
patina_status pt_dir_create_all(const char *path, bool *made, patina_error *err);

/**
 * Removes a folder with all that it contains, as far as permissions allow. Symbolic links are
 * removed, never followed.
 *
 * first   name of a file in the folder that is unlinked before everything else; NULL for none
 */
void pt_dir_remove_all(const char *path, const char *first);

/** Bytes on disk of a folder with all that it contains; links are not followed. */
uint64_t pt_dir_disk_bytes(const char *path);

/**
 * Renames a folder or file and flushes the new parent folder. *done is false, and the status
 * PATINA_OK, when `to` is a folder that is not empty.
 */
patina_status pt_dir_rename_noreplace(const char *from, const char *to, bool *done,
                                      patina_error *err);

/**
 * The next name of an open folder, "." and ".." left out; NULL after the last one.
 *
 * why     out: 0, or the errno of a failed read, which also gives NULL
 */
const char *pt_dir_next(DIR *dir, int *why);

/** Flushes the entries of a folder: names that were created in it or renamed survive a crash. */
patina_status pt_dir_sync(const char *path, patina_error *err);

/** Flushes the folder that contains a path. */
patina_status pt_dir_sync_parent(const char *path, patina_error *err);

#endif /* PATINA_FS_DIR_H */
