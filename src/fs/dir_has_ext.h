/* SPDX-License-Identifier: MIT */
/* dir_has_ext.h - whether a folder contains files with given extensions */

#ifndef PATINA_FS_DIR_HAS_EXT_H
#define PATINA_FS_DIR_HAS_EXT_H

#include <stdbool.h>

#define PT_DIR_HAS_EXT_DEPTH 8 /* levels of subfolders that are searched */

/**
 * Whether a file below path has one of these extensions, in upper or lower case. Names that begin
 * with a dot are skipped. A fault of the machine is noted (fault_notes.h).
 *
 * extensions  lower case with the dot (".tar"); NULL ends the list
 */
bool pt_dir_has_ext(const char *path, const char *const *extensions);

#endif /* PATINA_FS_DIR_HAS_EXT_H */
