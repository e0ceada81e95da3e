/* SPDX-License-Identifier: MIT */
/* part_reader.h - reads the rows of one part file */

#ifndef PATINA_DATASET_PART_READER_H
#define PATINA_DATASET_PART_READER_H

#include <stdbool.h>

#include <patina/status.h>

#include "dataset/row_writer.h"

typedef struct pt_part_reader pt_part_reader;

/**
 * Opens a part in Parquet or JSON Lines; the suffix of its name decides.
 *
 * Errors  PATINA_EIO      cannot be opened or read
 *         PATINA_EFORMAT  damaged, or with other columns
 */
patina_status pt_part_reader_open(const char *path, pt_part_reader **part, patina_error *err);
void pt_part_reader_close(pt_part_reader **part);

/** The id of the row that was read last, valid until the next is read; NULL: the part has no column
 * of ids. */
const char *pt_part_reader_id(const pt_part_reader *part);

/** The value of a metadata key (PT_KEY_...); NULL where the file has none. JSON Lines has none. */
const char *pt_part_reader_find_key_value(const pt_part_reader *part, const char *key);

/**
 * Reads the next row; after the last one sets *end instead.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT  damaged; a value that is not finite; a list of another length
 */
patina_status pt_part_reader_next(pt_part_reader *part, pt_row *row, bool *end, patina_error *err);

#endif /* PATINA_DATASET_PART_READER_H */
