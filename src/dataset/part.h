/* SPDX-License-Identifier: MIT */
/* part.h - the rows of one part file, read back */

#ifndef PATINA_DATASET_PART_H
#define PATINA_DATASET_PART_H

#include <stdbool.h>

#include <patina/status.h>

#include "dataset/sink.h"

typedef struct pt_part pt_part;

/**
 * Opens a part that patina wrote, in Parquet or in JSON Lines, as its name says.
 *
 * Errors  PT_EIO      cannot be opened or read
 *         PT_EFORMAT  it is damaged, or its columns are not the five of a row
 */
pt_status pt_part_open(const char *path, pt_part **part, pt_error *err);
void pt_part_close(pt_part **part);

/** What the file says of a key (PT_KEY_...); NULL where it says nothing, as JSON Lines never does.
 */
const char *pt_part_metadata(const pt_part *part, const char *key);

/**
 * The next row; *end is set instead after the last.
 *
 * Errors  PT_EIO, PT_EFORMAT  damaged; a number that is not finite; a list of another length
 */
pt_status pt_part_next(pt_part *part, pt_row *row, bool *end, pt_error *err);

#endif /* PATINA_DATASET_PART_H */
