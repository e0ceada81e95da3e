/* SPDX-License-Identifier: MIT */
/* path.h - path manipulation: join, directory and base name, extension, stem
 *
 * Paths are allocated strings or, where no allocation may fail, buffers of fixed size (pt_path). */

#ifndef PATINA_FS_PATH_H
#define PATINA_FS_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"

/** "folder/name", or name alone where it is absolute. To be freed; NULL when memory runs out. */
char *pt_path_join(const char *folder, const char *name);

/** The directory part of a path, "." where it has none. To be freed; NULL when memory runs out. */
char *pt_path_dirname(const char *path);

/** The last component of a path; points into it. */
const char *pt_path_basename(const char *path);

/** The part of a path below a folder, which may be NULL; NULL where it is not below it. */
const char *pt_path_relative_to(const char *path, const char *folder);

/** Length of a path without the extension of its last component. */
size_t pt_path_stem_length(const char *path);

/** Whether a name ends with an extension, in upper or lower case; extension is lower case with its
 * dot (".jsonl"). */
bool pt_path_has_ext(const char *path, const char *extension);

/** As pt_path_has_ext, of a list of extensions that ends with NULL. */
bool pt_path_has_any_ext(const char *path, const char *const *extensions);

/** Extensions of audio files; NULL ends them. Includes some that no decoder may read, so that such
 * files are rejected and not passed over in silence. */
extern const char *const pt_audio_extensions[];

/** Whether a name has one of pt_audio_extensions, in upper or lower case. */
bool pt_path_is_audio(const char *name);

#define PT_PATH_MAX 4096 /* bytes with the final NUL, as Linux has it */

/** A path in a buffer, passed by value. */
typedef struct pt_path {
    char text[PT_PATH_MAX];
} pt_path;

/** folder/<format>. The caller ensures that the result fits. */
pt_path pt_path_joinf(const char *folder, const char *format, ...) PT_PRINTF(2, 3);

/** The directory part of a path: "." where it has none, "/" for a name below the root. */
pt_path pt_path_parent(const char *path);

/** stat or lstat, repeated after a fault of the machine that may pass. Returns 0 or errno. */
int pt_path_examine(int (*call)(const char *, struct stat *), const char *path, struct stat *info);

/** Whether a name exists, a dangling link included. False if that cannot be found out: only for
 * where no statement about the data depends on it. */
bool pt_path_exists(const char *path);

/**
 * The same; a fault of the machine is an error.
 *
 * Errors  PATINA_EIO  any error but that the name does not exist
 */
patina_status pt_path_check_exists(const char *path, bool *exists, patina_error *err);

/**
 * Finds out whether a path leads to something. Where the answer decides what is read, a fault of
 * the machine must not look like a missing file: it is repeated, then an error. What this process
 * may not reach (EACCES, EPERM) does not exist for it.
 *
 * info  may be NULL
 *
 * Errors  PATINA_EIO  a fault of the machine
 */
patina_status pt_path_find(const char *path, bool *exists, struct stat *info, patina_error *err);

/** False if a path leads to nothing; true also for what cannot be examined or may not be reached,
 * of which opening it then says why. For the last place in which a file is looked for. */
bool pt_path_may_exist(const char *path);

/**
 * Whether two paths are of one existing file or folder.
 *
 * Errors  PATINA_EIO  any error but that one does not exist
 */
patina_status pt_path_is_same(const char *a, const char *b, bool *is_same, patina_error *err);

#endif /* PATINA_FS_PATH_H */
