/* SPDX-License-Identifier: MIT */
/* temp_dir.h - temporary folders with unique names, and removal of abandoned ones
 *
 * The name is `<prefix>.<boot id>.<pid namespace>.<pid>.<random number>.tmp`. Processes on several
 * machines may create them in one shared folder. A folder is abandoned
 *
 *   - when its process ran under this boot of this kernel, in this pid namespace, and has ended;
 *   - or when nothing in it was modified for PT_TEMP_DIR_MAX_AGE_S, by the clock of the file
 *     system. Process numbers of other machines, and of earlier boots, mean nothing here.
 */

#ifndef PATINA_FS_TEMP_DIR_H
#define PATINA_FS_TEMP_DIR_H

#include <stdbool.h>

#include <patina/status.h>

#include "fs/path.h"

#define PT_TEMP_DIR_MAX_AGE_S (24 * 60 * 60)

/** Creates an empty folder below parent with a name of its own. */
patina_status pt_temp_dir_create(const char *parent, const char *prefix, pt_path *folder,
                                 patina_error *err);

/** Whether a name has the form of a temporary folder's. */
bool pt_temp_dir_is_name(const char *name);

/**
 * Removes temporary folders below parent whose names begin with prefix.
 *
 * first   file that pt_dir_remove_all unlinks before the others; NULL for none
 * all     not only abandoned ones
 */
void pt_temp_dir_remove_stale(const char *parent, const char *prefix, const char *first, bool all);

#endif /* PATINA_FS_TEMP_DIR_H */
