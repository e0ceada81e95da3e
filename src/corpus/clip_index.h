/* SPDX-License-Identifier: MIT */
/* clip_index.h - lookup of audio files below a folder by file name or YouTube id */

#ifndef PATINA_CORPUS_CLIP_INDEX_H
#define PATINA_CORPUS_CLIP_INDEX_H

#include <stddef.h>

#include <patina/status.h>

#include "fs/dir_walk.h"

#define PT_CLIP_INDEX_SHALLOW 2 /* levels of folders whose files come before deeper ones */

/** The audio files below a folder, by stem. Zero it to start. */
typedef struct pt_clip_index {
    pt_dir_walk walk;
    struct pt_clip_stem *names; /* sorted by stem, then shallow before deep, then path */
    size_t n_names;
    const struct pt_clip_stem **shared; /* stems of several files, each by its folders */
    size_t n_shared;
    struct pt_clip_id *ids; /* YouTube ids at the end of a name: "Title [<id>]", "Title-<id>" */
    size_t n_ids;
} pt_clip_index;

/** Lists them once. Errors  PATINA_EIO  a folder cannot be read */
patina_status pt_clip_index_open(pt_clip_index *clips, const char *root, patina_error *err);
void pt_clip_index_close(pt_clip_index *clips);

/**
 * The path of the clip of a YouTube id, relative to the root, or NULL. The first of these forms
 * that exists, with any extension of audio:
 *
 *     <id>_<start>   <id>   Y<id>   Y<id>_<start>   <row>
 *     <id>_<start>_<end>   <id>_<start>-<end>   <id>_<start>, each also with Y in front
 *     Title [<id>]   Title-<id>   [<id>]-[<start>-<end>]
 *
 * In the second line numbers are compared by value: 30, 30.0, 30.000 and 000030 are the same, and
 * with an end 30000 and 40000 are milliseconds. Of several files of one form, one at most two
 * folders deep comes first, then the one whose path comes first by its bytes.
 *
 * id     [n_id] bytes, without a NUL
 * start  in seconds, as in the table; NULL: any start
 * rows   further names of the clip, each followed by a NUL, an empty one after the last
 */
const char *pt_clip_index_find_youtube(const pt_clip_index *clips, const char *id, size_t n_id,
                                       const char *start, const char *rows);

/**
 * The path of the file with a name, relative to the root, or NULL: the name as a path, else the
 * same name in the root or in a folder, else with another extension of audio, or with one where the
 * name has none. "./" in front is ignored. Folders in the name must exist ("fold1/x.wav"; of
 * several such folders the one in the root comes first). Where nothing is found, these
 * are tried: NFC and NFD of the name, a number with other zeros in front, or with the user and name
 * that Freesound adds to it ("123__user__rain.wav"), the last folders of a
 * path of another machine, '/' for '\\', and the name in lower and in upper case.
 *
 * table  file name of the table: of several files one comes first that is in a folder whose name
 *        is part of it ("evaluation" of clotho_captions_evaluation.csv)
 */
const char *pt_clip_index_find_file(const pt_clip_index *clips, const char *name,
                                    const char *table);

#endif /* PATINA_CORPUS_CLIP_INDEX_H */
