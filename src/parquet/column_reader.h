/* SPDX-License-Identifier: MIT */
/* column_reader.h - the values of one column, in the order of the rows, with one page in memory at
 * a time
 *
 * Supported: PLAIN and dictionary encoding of BYTE_ARRAY, INT32, INT64, FLOAT and DOUBLE, data
 * pages of both versions. All reading calls return PATINA_EIO, PATINA_ENOMEM or, for damaged data,
 * PATINA_EFORMAT; the sentence names the column. After an error a row group can be started, or the
 * rest of the page skipped.
 */

#ifndef PATINA_PARQUET_COLUMN_READER_H
#define PATINA_PARQUET_COLUMN_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "parquet/file_metadata.h"

/** One value, or null. A list gives one slot for each item, or one when it is empty or null. */
typedef struct pt_parquet_slot {
    bool begins_row;
    bool is_item; /* of a list, possibly null; always true for other columns */
    bool present; /* not null: the member of the column's type holds the value */
    union {
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
        struct {
            const unsigned char *bytes; /* until the next call */
            size_t n;
        } text; /* BYTE_ARRAY */
    } value;
} pt_parquet_slot;

typedef struct pt_parquet_column_reader pt_parquet_column_reader;

/**
 * leaf: 0 to file->n_leaves - 1. Nothing is read before pt_parquet_column_reader_seek_group.
 *
 * Errors  PATINA_EFORMAT  an encoding, codec, type or encryption that is not supported, in any row
 *                         group
 */
patina_status pt_parquet_column_reader_open(const pt_parquet *file, size_t leaf,
                                            pt_parquet_column_reader **column, patina_error *err);
void pt_parquet_column_reader_close(pt_parquet_column_reader **column);

/** Goes to the first row of a row group. */
void pt_parquet_column_reader_seek_group(pt_parquet_column_reader *column, size_t group);

/** The next slot. PATINA_EFORMAT after the last one of the row group. */
patina_status pt_parquet_column_reader_next(pt_parquet_column_reader *column, pt_parquet_slot *slot,
                                            patina_error *err);

/** Whether the next slot belongs to the row of the last one; false at the end of the group. */
patina_status pt_parquet_column_reader_has_more_items(pt_parquet_column_reader *column,
                                                      bool *continues, patina_error *err);

/** Skips n rows of a column that is not a list. Skipped pages are not read. */
patina_status pt_parquet_column_reader_skip(pt_parquet_column_reader *column, uint64_t n,
                                            patina_error *err);

/**
 * After PATINA_EFORMAT in a column that is not a list: skips the rest of the damaged page and
 * returns the next row of the group. The row does not advance when the next page cannot be found.
 */
uint64_t pt_parquet_column_reader_skip_page(pt_parquet_column_reader *column);

#endif /* PATINA_PARQUET_COLUMN_READER_H */
