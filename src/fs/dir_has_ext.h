/* SPDX-License-Identifier: MIT */
/* dir_has_ext.h - whether a folder holds files of some kind, for readers to know their corpus by */

#ifndef PATINA_FS_DIR_HAS_EXT_H
#define PATINA_FS_DIR_HAS_EXT_H

#include <stdbool.h>

#define PT_DIR_HAS_EXT_DEPTH 8 /* folders below the folder that are entered */

/**
 * Whether a file below path ends with one of these extensions (".tar", in lower case, a list that
 * NULL ends), whatever the case of its name. Names that begin with a dot are passed over. False for
 * a folder that cannot be read: opening it will tell.
 */
bool pt_dir_has_ext(const char *path, const char *const *extensions);

#endif /* PATINA_FS_DIR_HAS_EXT_H */
