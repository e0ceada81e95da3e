/* SPDX-License-Identifier: MIT */
/* parquet_writer.h - writes an Apache Parquet file of a given table of columns
 *
 * A row is one call of pt_parquet_writer_add for each column, in order, and one of
 * pt_parquet_writer_end_row.
 */

#ifndef PATINA_DATASET_PARQUET_WRITER_H
#define PATINA_DATASET_PARQUET_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "dataset/row_writer.h"

typedef enum pt_parquet_value {
    PT_VALUE_F32,
    PT_VALUE_F64,
    PT_VALUE_I64,
    PT_VALUE_TEXT
} pt_parquet_value;

typedef struct pt_parquet_column {
    const char *group; /* the struct that contains it, or NULL; its columns are consecutive */
    const char *name;
    pt_parquet_value type;
    size_t n_values; /* 1; more are a list of this fixed length, of floats */
    bool optional;   /* may be null; never a list; columns of a struct are null together */
} pt_parquet_column;

typedef struct pt_parquet_writer pt_parquet_writer;

/**
 * Opens a file, which appears under its path when it is finished.
 *
 * columns       [n_columns], borrowed until the writer is closed
 * arrow_schema  value of the key ARROW:schema; NULL: none
 */
patina_status pt_parquet_writer_open(const char *path, const pt_parquet_column *columns,
                                     size_t n_columns, const char *arrow_schema,
                                     const pt_key_value *metadata, size_t n_metadata,
                                     pt_parquet_writer **writer, patina_error *err);

/**
 * Adds the value of column c in the current row: n_values floats, a double, an int64_t, or the
 * n_bytes of a text, which other types ignore. NULL is null, in an optional column.
 */
void pt_parquet_writer_add(pt_parquet_writer *writer, size_t c, const void *value, size_t n_bytes);

/** Errors  PATINA_EIO, PATINA_ENOMEM */
patina_status pt_parquet_writer_end_row(pt_parquet_writer *writer, patina_error *err);
patina_status pt_parquet_writer_finish(pt_parquet_writer *writer, patina_error *err);

/** For size and hash; owned by the writer. */
const struct pt_atomic_file *pt_parquet_writer_file(const pt_parquet_writer *writer);

/** Releases. A file that was not finished is removed. */
void pt_parquet_writer_close(pt_parquet_writer **writer);

#endif /* PATINA_DATASET_PARQUET_WRITER_H */
