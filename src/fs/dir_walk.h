/* SPDX-License-Identifier: MIT */
/* dir_walk.h - the audio files below a folder */

#ifndef PATINA_FS_DIR_WALK_H
#define PATINA_FS_DIR_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

#define PT_DIR_WALK_DEPTH_MAX 64 /* folders in folders */

/** Paths below the root, with '/', sorted by their bytes. Zero it to start. */
typedef struct pt_dir_walk {
    const char **paths;
    size_t n_paths;
    pt_strbuf text; /* what they point to */
} pt_dir_walk;

/**
 * Lists what is named like audio (pt_path_is_audio) and is no folder, whatever else it may be:
 * opening it will tell. Names that begin with a dot are passed over, folders too. Symbolic links
 * are followed; a folder that a link makes its own ancestor is not entered again.
 *
 * max_depth  folders below the root that are entered; 0: none, at most PT_DIR_WALK_DEPTH_MAX
 *
 * Errors  PATINA_EIO      a folder cannot be read
 *         PATINA_EFORMAT  folders nested deeper than PT_DIR_WALK_DEPTH_MAX
 */
patina_status pt_dir_walk_list_audio(pt_dir_walk *walk, const char *root, unsigned max_depth,
                                     patina_error *err);

/**
 * As pt_dir_walk_list_audio, of names that end with one of these extensions (".tar", in lower case, a list
 * that NULL ends).
 *
 * max_paths  ends the walk as soon as so many are found; 0: all
 */
patina_status pt_dir_walk_list(pt_dir_walk *walk, const char *root, unsigned max_depth,
                               const char *const *extensions, size_t max_paths, patina_error *err);
void pt_dir_walk_release(pt_dir_walk *walk);

#endif /* PATINA_FS_DIR_WALK_H */
