/* SPDX-License-Identifier: MIT */
/* text_file.h - small text files that the user names: configurations, recipes */

#ifndef PATINA_FS_TEXT_FILE_H
#define PATINA_FS_TEXT_FILE_H

#include <stddef.h>

#include <patina/status.h>

/** Reads a text file of at most 16 MiB, or a pipe. *text is to be freed. Errors name the file. */
patina_status pt_text_read(const char *path, char **text, patina_error *err);

#endif /* PATINA_FS_TEXT_FILE_H */
