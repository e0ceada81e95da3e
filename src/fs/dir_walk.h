/* SPDX-License-Identifier: MIT */
/* dir_walk.h - recursive listing of files by extension */

#ifndef PATINA_FS_DIR_WALK_H
#define PATINA_FS_DIR_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

#define PT_DIR_WALK_DEPTH_MAX 64 /* folders in folders */

/* Folders that are entered again, through links. */
#define PT_DIR_WALK_REPEATS_MAX (1U << 18)

/** Paths relative to the root, sorted by their bytes. Zero it to start. */
typedef struct pt_dir_walk {
    const char **paths;
    size_t n_paths;
    pt_strbuf text; /* storage of the paths */
    int error;      /* errno value of a folder that could not be read */
} pt_dir_walk;

/**
 * Lists everything with an audio extension (pt_path_is_audio) that is not a folder. Names that
 * begin with a dot are skipped, folders too. Symbolic links are followed; a link to an ancestor
 * folder is not entered again.
 *
 * max_depth  levels of subfolders to enter, 0 to PT_DIR_WALK_DEPTH_MAX
 *
 * Errors  PATINA_EIO      a folder cannot be read
 *         PATINA_EFORMAT  folders nested deeper than PT_DIR_WALK_DEPTH_MAX, or more than
 *                         PT_DIR_WALK_REPEATS_MAX folders entered again
 */
patina_status pt_dir_walk_list_audio(pt_dir_walk *walk, const char *root, unsigned max_depth,
                                     patina_error *err);

/**
 * As pt_dir_walk_list_audio, for names with one of these extensions.
 *
 * extensions  lower case with the dot (".tar"); NULL ends the list
 * max_paths   stop after this many; 0: list all
 */
patina_status pt_dir_walk_list(pt_dir_walk *walk, const char *root, unsigned max_depth,
                               const char *const *extensions, size_t max_paths, patina_error *err);

/** Whether the walk ended because of a fault of the machine: not because a folder does not exist,
 * is a file, or may not be read by this process. */
bool pt_dir_walk_has_fault(const pt_dir_walk *walk);

void pt_dir_walk_release(pt_dir_walk *walk);

#endif /* PATINA_FS_DIR_WALK_H */
