/* SPDX-License-Identifier: MIT */
/* audio_finder.h - audio files that a list names by paths below a folder
 *
 * A path is used as written where one of the first paths exists; nothing is checked then. Otherwise
 * the files below the folder are listed once, and found as in clip_index.h: without extension, in
 * deeper folders, or by a path of another machine.
 */

#ifndef PATINA_CORPUS_AUDIO_FINDER_H
#define PATINA_CORPUS_AUDIO_FINDER_H

#include <stdbool.h>

#include <patina/status.h>

#include "corpus/clip_index.h"

/** Zero it to start. */
typedef struct pt_audio_finder {
    pt_clip_index clips;
    bool is_listed, is_direct;
    unsigned n_missed;
} pt_audio_finder;

/** Lists the files below the root, unless that is done. */
patina_status pt_audio_finder_list(pt_audio_finder *finder, const char *root, patina_error *err);

/**
 * The path of a file below the root: of the list, or `name` where nothing is found; valid until the
 * finder is closed. table: as in pt_clip_index_find_file
 */
patina_status pt_audio_finder_find(pt_audio_finder *finder, const char *root, const char *name,
                                   const char *table, const char **path, patina_error *err);
void pt_audio_finder_close(pt_audio_finder *finder);

#endif /* PATINA_CORPUS_AUDIO_FINDER_H */
