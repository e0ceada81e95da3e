/* SPDX-License-Identifier: MIT */
/* path_buffer.h - paths in buffers of fixed size, passed by value
 *
 * No allocation, so no path can fail to be formed. Callers bound the folder's length first.
 */

#ifndef PATINA_FS_PATH_BUFFER_H
#define PATINA_FS_PATH_BUFFER_H

#include <stdbool.h>

#include "base/error.h"

#define PT_PATH_MAX 4096 /* bytes with the final NUL, as Linux has it */

typedef struct pt_path {
    char text[PT_PATH_MAX];
} pt_path;

/** folder/<format>. The caller ensures that the result fits. */
pt_path pt_path_joinf(const char *folder, const char *format, ...) PT_PRINTF(2, 3);

/** The directory part of a path: "." where it has none, "/" for a name below the root. */
pt_path pt_path_parent(const char *path);

/** Whether a name exists, a dangling link included. */
bool pt_path_exists(const char *path);

#endif /* PATINA_FS_PATH_BUFFER_H */
