/* SPDX-License-Identifier: MIT */
/* column_reader.h - the values of one column, in the order of the rows, with one page in memory at a time
 *
 * Read are PLAIN values and dictionaries of BYTE_ARRAY, INT32, INT64, FLOAT and DOUBLE, in data
 * pages of both versions. Errors of all calls that read: PATINA_EIO, PATINA_ENOMEM, and PATINA_EFORMAT for what
 * is damaged; the sentence names the column. After one a row group can be begun, or the column
 * resumed.
 */

#ifndef PATINA_PARQUET_COLUMN_READER_H
#define PATINA_PARQUET_COLUMN_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "parquet/file_metadata.h"

/** A place for a value: of a list one for each item, and one where it is empty or null. */
typedef struct pt_parquet_slot {
    bool begins_row;
    bool is_item; /* of a list, though it may be null; always of what is no list */
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
 * Errors  PATINA_EFORMAT  in some row group it is encoded, compressed or encrypted in a way, or its
 *                     values are of a type, that is not read
 */
patina_status pt_parquet_column_reader_open(const pt_parquet *file, size_t leaf,
                                            pt_parquet_column_reader **column, patina_error *err);
void pt_parquet_column_reader_close(pt_parquet_column_reader **column);

/** Goes to the first row of a row group. */
void pt_parquet_column_reader_seek_group(pt_parquet_column_reader *column, size_t group);

/** The next slot; one more than the row group holds is PATINA_EFORMAT. */
patina_status pt_parquet_column_reader_next(pt_parquet_column_reader *column, pt_parquet_slot *slot,
                                            patina_error *err);

/** Whether the next slot belongs to the row of the last one; false at the end of the group. */
patina_status pt_parquet_column_reader_has_more_items(pt_parquet_column_reader *column,
                                                      bool *continues, patina_error *err);

/** Passes over n rows of a column that is no list; pages that lie between are not even read. */
patina_status pt_parquet_column_reader_skip(pt_parquet_column_reader *column, uint64_t n,
                                            patina_error *err);

/**
 * After PATINA_EFORMAT, of a column that is no list: passes over the rest of the damaged page, and
 * gives the row of the group that comes next. That is not behind the row that was asked for where
 * there is no way to a further page.
 */
uint64_t pt_parquet_column_reader_skip_page(pt_parquet_column_reader *column);

#endif /* PATINA_PARQUET_COLUMN_READER_H */
