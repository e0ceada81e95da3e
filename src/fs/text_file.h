/* SPDX-License-Identifier: MIT */
/* text_file.h - small text files that the user names: configurations, recipes */

#ifndef PATINA_FS_TEXT_FILE_H
#define PATINA_FS_TEXT_FILE_H

#include <stddef.h>

#include <patina/status.h>

/** Reads a small text file (suite, recipe); the caller frees it. PATINA_EIO names the file. */
patina_status pt_text_read(const char *path, char **text, patina_error *err);

#endif /* PATINA_FS_TEXT_FILE_H */
