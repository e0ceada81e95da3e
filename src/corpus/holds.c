/* SPDX-License-Identifier: MIT */
/* holds.c - a walk that ends at the first find */

#include "corpus/holds.h"

#include "corpus/walk.h"

bool pt_folder_holds(const char *path, const char *const *extensions) {
    pt_walk walk = {0};
    const pt_status status = pt_walk_read_named(&walk, path, PT_HOLDS_DEPTH, extensions, 1, NULL);
    const bool holds = status == PT_OK && walk.n_paths > 0;
    pt_walk_release(&walk);
    return holds;
}
