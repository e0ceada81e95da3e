/* SPDX-License-Identifier: MIT */
/* part_reader.h - the rows of one part file, read back */

#ifndef PATINA_DATASET_PART_READER_H
#define PATINA_DATASET_PART_READER_H

#include <stdbool.h>

#include <patina/status.h>

#include "dataset/row_writer.h"

typedef struct pt_part_reader pt_part_reader;

/**
 * Opens a part that patina wrote, in Parquet or in JSON Lines, as its name says.
 *
 * Errors  PATINA_EIO      cannot be opened or read
 *         PATINA_EFORMAT  it is damaged, or its columns are not the five of a row
 */
patina_status pt_part_reader_open(const char *path, pt_part_reader **part, patina_error *err);
void pt_part_reader_close(pt_part_reader **part);

/** What the file says of a key (PT_KEY_...); NULL where it says nothing, as JSON Lines never does.
 */
const char *pt_part_reader_find_key_value(const pt_part_reader *part, const char *key);

/**
 * The next row; *end is set instead after the last.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT  damaged; a number that is not finite; a list of another length
 */
patina_status pt_part_reader_next(pt_part_reader *part, pt_row *row, bool *end, patina_error *err);

#endif /* PATINA_DATASET_PART_READER_H */
