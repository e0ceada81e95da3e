/* SPDX-License-Identifier: MIT */
/* split.h - assignment of clips to splits
 *
 * The split depends on the bytes of the audio file only, not on its name, id or position: all rows
 * of a clip are in one split, also if the clip occurs under two names, and a clip keeps its split
 * when the corpus changes.
 */

#ifndef PATINA_PIPELINE_SPLIT_H
#define PATINA_PIPELINE_SPLIT_H

#include <stddef.h>

#include <patina/dataset.h>

#include "base/byte_source.h"

typedef struct pt_split {
    char name[PATINA_SPLIT_NAME_MAX + 1];
    double share;
} pt_split;

typedef struct pt_splits {
    pt_split split[PATINA_SPLITS_MAX];
    size_t n_splits; /* 1 if all clips are in one split */
} pt_splits;

/**
 * Parses "train=0.9,validation=0.05,test=0.05". NULL is "train=1".
 *
 * Errors  PATINA_EUSAGE  an invalid or repeated name, a share that is not above 0, or shares that
 *                        do not sum to 1
 */
patina_status pt_splits_parse(const char *text, pt_splits *splits, patina_error *err);

/**
 * Finds the index of the clip's split: the first 53 bits of its SHA-256, as a number in [0, 1),
 * compared with the cumulative shares.
 *
 * Errors  PATINA_REJECT_UNDECODABLE  the file cannot be read
 */
patina_status pt_splits_assign(const pt_splits *splits, const pt_byte_source *clip, size_t *index,
                               patina_error *err);

/** The same of a key of n bytes in place of the bytes of the file. */
size_t pt_splits_assign_key(const pt_splits *splits, const char *key, size_t n);

#endif /* PATINA_PIPELINE_SPLIT_H */
