/* SPDX-License-Identifier: MIT */
/* dir_has_ext.c - searches a folder until the first match */

#include "fs/dir_has_ext.h"

#include "base/fault_notes.h"
#include "fs/dir_walk.h"

bool pt_dir_has_ext(const char *path, const char *const *extensions) {
    pt_dir_walk walk = {0};
    const patina_status status =
        pt_dir_walk_list(&walk, path, PT_DIR_HAS_EXT_DEPTH, extensions, 1, NULL);
    const bool has_match = status == PATINA_OK && walk.n_paths > 0;
    if (pt_dir_walk_has_fault(&walk)) pt_fault_note(walk.error);
    pt_dir_walk_release(&walk);
    return has_match;
}
