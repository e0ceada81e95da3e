/* SPDX-License-Identifier: MIT */
/* split.h - which split of the data set a clip belongs to
 *
 * Decided by what the audio file holds, not by its name, its id or its place in a manifest: all
 * rows of a clip stay together, also where it occurs under two names, and a clip keeps its split
 * whatever else comes or goes.
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
    size_t n_splits; /* 1: all is "train", unless it has another name */
} pt_splits;

/**
 * Reads "train=0.9,validation=0.05,test=0.05". NULL is "train=1".
 *
 * Errors  PATINA_EUSAGE  a name that is no word of a-z, 0-9 and '_', that begins with no letter, that
 *                    YAML takes for something else, or that comes twice; a share that is not over
 *                    0; shares that do not add up to 1
 */
patina_status pt_splits_parse(const char *text, pt_splits *splits, patina_error *err);

/**
 * Index of the clip's split: the first 53 bits of its SHA-256, as a number of [0, 1), among the
 * shares in their order.
 *
 * Errors  PATINA_REJECT_UNDECODABLE  the file cannot be read
 */
patina_status pt_splits_assign(const pt_splits *splits, const pt_byte_source *clip, size_t *index,
                               patina_error *err);

#endif /* PATINA_PIPELINE_SPLIT_H */
