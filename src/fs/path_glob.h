/* SPDX-License-Identifier: MIT */
/* path_glob.h - glob(3) that reports faults of the machine
 *
 * glob(3) ends a folder where readdir fails, and leaves out a path whose stat fails, so that a fault
 * looks like fewer files.
 */

#ifndef PATINA_FS_PATH_GLOB_H
#define PATINA_FS_PATH_GLOB_H

#include <glob.h>

#include <patina/status.h>

/**
 * Finds the paths that match a pattern, sorted. None: PATINA_OK and found->gl_pathc == 0.
 *
 * flags  0, or GLOB_ERR: a folder that the user may not read is an error; else it is left out
 * found  the caller calls globfree, also after an error
 *
 * Errors  PATINA_EIO, PATINA_ENOMEM. Thread-safe.
 */
patina_status pt_path_glob(const char *pattern, int flags, glob_t *found, patina_error *err);

#endif /* PATINA_FS_PATH_GLOB_H */
