/* SPDX-License-Identifier: MIT */
/* exclude_list.h - ids of entries to exclude, from a file
 *
 * The file has one id per line; or it is a CSV with a column id, youtube_id, ytid, file_name,
 * filename, fname, audio or path; or a JSON object or list whose strings are ids, as the blacklists
 * of WavCaps.
 */

#ifndef PATINA_CORPUS_EXCLUDE_LIST_H
#define PATINA_CORPUS_EXCLUDE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

typedef struct pt_exclude_list pt_exclude_list;

/** Errors  PATINA_EIO, PATINA_EFORMAT (no ids) */
patina_status pt_exclude_list_open(const char *path, pt_exclude_list **list, patina_error *err);
void pt_exclude_list_close(pt_exclude_list **list);

/**
 * Whether an entry is in the list: by its id, by the file name of its source with or without
 * extension, or by the YouTube id in one of them ("<id>_30", "Y<id>.wav", "Title [<id>].m4a").
 */
bool pt_exclude_list_has(const pt_exclude_list *list, const char *id, const char *source);

/** The YouTube id in a name, 11 bytes of it; NULL where it has none. */
const char *pt_youtube_id_find(const char *name);

#endif /* PATINA_CORPUS_EXCLUDE_LIST_H */
