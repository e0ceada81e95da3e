/* SPDX-License-Identifier: MIT */
/* audio_finder.c - decides by the first names whether paths of a list are used as written */

#include "corpus/audio_finder.h"

#include <stdlib.h>

#include "base/error.h"
#include "fs/path.h"

#define N_TRIED 16 /* names whose path is checked */

/** Whether the path exists as written. */
static patina_status try_direct(pt_audio_finder *f, const char *root, const char *name,
                                patina_error *err) {
    char *path = pt_path_join(root, name);
    if (!path) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const patina_status status = pt_path_find(path, &f->is_direct, NULL, err);
    f->n_missed += !f->is_direct;
    free(path);
    return status;
}

patina_status pt_audio_finder_list(pt_audio_finder *f, const char *root, patina_error *err) {
    if (f->is_listed) return PATINA_OK;
    f->is_listed = true;
    patina_error cause = {0};
    const patina_status status = pt_clip_index_open(&f->clips, root, &cause);
    const bool is_fault = status == PATINA_ENOMEM || pt_dir_walk_has_fault(&f->clips.walk);
    if (status != PATINA_OK) pt_clip_index_close(&f->clips); /* paths as written */
    return is_fault ? pt_fail(err, status, "%s", cause.message) : PATINA_OK;
}

patina_status pt_audio_finder_find(pt_audio_finder *f, const char *root, const char *name,
                                   const char *table, const char **path, patina_error *err) {
    *path = name;
    if (!f->is_direct && f->n_missed < N_TRIED) PT_TRY(try_direct(f, root, name, err));
    if (f->is_direct) return PATINA_OK;
    PT_TRY(pt_audio_finder_list(f, root, err));
    const char *found = pt_clip_index_find_file(&f->clips, name, table);
    if (found) *path = found;
    return PATINA_OK;
}

void pt_audio_finder_close(pt_audio_finder *f) {
    pt_clip_index_close(&f->clips);
    *f = (pt_audio_finder){0};
}
