/* SPDX-License-Identifier: MIT */
/* clip_index.h - which audio file below a folder belongs to a YouTube id, or to a name in a table */

#ifndef PATINA_CORPUS_CLIP_INDEX_H
#define PATINA_CORPUS_CLIP_INDEX_H

#include <stddef.h>

#include <patina/status.h>

#include "fs/dir_walk.h"

#define PT_CLIP_INDEX_DEPTH 2 /* folders below the root: train/, audio/train/ */

/** The audio files of a folder and of those in it, by stem. Zero it to start. */
typedef struct pt_clip_index {
    pt_dir_walk walk;
    struct pt_clip_stem *names; /* sorted by stem, then path */
    size_t n_names;
} pt_clip_index;

/** Lists them once. Errors  PATINA_EIO  a folder cannot be read */
patina_status pt_clip_index_open(pt_clip_index *clips, const char *root, patina_error *err);
void pt_clip_index_close(pt_clip_index *clips);

/**
 * The path below the root of an entry's clip, or NULL. The first of these forms that is there, with
 * any extension of audio; of several files of one form the one whose path comes first by its bytes:
 *
 *     <id>_<start>   <id>   Y<id>   Y<id>_<start>   <row>   <id>_<start>_<end>
 *
 * In the last form the numbers may have decimals ("30.000_40.000"); start is compared as a number.
 *
 * id     n_id bytes, without a NUL
 * rows   audiocap_ids of the entry's rows, each ended by a NUL, an empty one behind the last
 */
const char *pt_clip_index_find_youtube(const pt_clip_index *clips, const char *id, size_t n_id,
                                       const char *start, const char *rows);

/**
 * The path below the root of the file that a table calls `name`, or NULL: the same name in the root
 * or in a folder, else the same with another extension of audio, or with one where name has none.
 * Folders that name itself has ("fold1/x.wav") have to be there.
 *
 * table  file name of the table: of several such files one comes first that lies in a folder whose
 *        name the table's holds ("evaluation" of clotho_captions_evaluation.csv), then the one
 *        whose path comes first by its bytes
 */
const char *pt_clip_index_find_file(const pt_clip_index *clips, const char *name,
                                    const char *table);

#endif /* PATINA_CORPUS_CLIP_INDEX_H */
