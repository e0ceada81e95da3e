/* SPDX-License-Identifier: MIT */
/* file_list.h - the files that a corpus path names: one, those of a folder, or those of a pattern
 *
 * A pattern has groups in braces (brace_expand.h), which must all exist, and the wildcards of
 * glob(3): * ? [...].
 */

#ifndef PATINA_CORPUS_FILE_LIST_H
#define PATINA_CORPUS_FILE_LIST_H

#include <stdbool.h>

#include <patina/status.h>

#include "fs/dir_walk.h"

/** Zero it to start. */
typedef struct pt_file_list {
    char *root;     /* folder that the paths are relative to */
    pt_dir_walk of; /* of.paths: in the order of the pattern; of a folder, sorted by bytes */
} pt_file_list;

/** Whether a path that does not exist is a pattern. */
bool pt_file_list_is_pattern(const char *path);

/**
 * Lists the files.
 *
 * extensions  of files of a folder; NULL ends the list
 * split       only paths of this split ("train"); NULL: all
 *
 * Errors  PATINA_EIO      a folder cannot be read, or a file of a pattern does not exist
 *         PATINA_EFORMAT  no file, or none of the split
 */
patina_status pt_file_list_open(pt_file_list *list, const char *path, const char *const *extensions,
                                const char *split, patina_error *err);
void pt_file_list_close(pt_file_list *list);

/**
 * As pt_file_list_open. Where no file belongs to the split, all are listed and *in_rows is set: the
 * rows have a column of splits, or the caller fails with pt_file_list_fail_split.
 */
patina_status pt_file_list_open_split(pt_file_list *list, const char *path,
                                      const char *const *extensions, const char *split,
                                      bool *in_rows, patina_error *err);
patina_status pt_file_list_fail_split(const pt_file_list *list, const char *split,
                                      patina_error *err);

#define PT_SPLITS_MAX 8

/** The splits that a column of rows names. Zero it to start. */
typedef struct pt_split_filter {
    const char *wanted; /* borrowed; NULL: all */
    char seen[PT_SPLITS_MAX][24];
    size_t n_seen;
} pt_split_filter;

/** Whether a row of this split is used; "val", "valid", "dev" ... are equal to "validation". */
bool pt_split_filter_accepts(pt_split_filter *filter, const char *split, size_t n);

/** The split in a path, as the Hugging Face hub detects it: the word train, test, validation,
 * valid, val, dev or eval in the file name or a folder, between separators; NULL: none. Static
 * text, one of "train", "test" and "validation". */
const char *pt_file_list_split_of(const char *path);

/** The names of the splits of a list with several, as "test, train"; empty otherwise. */
void pt_file_list_describe_splits(const pt_file_list *list, char *text, size_t size);

#endif /* PATINA_CORPUS_FILE_LIST_H */
