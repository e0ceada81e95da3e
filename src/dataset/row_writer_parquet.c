/* SPDX-License-Identifier: MIT */
/* row_writer_parquet.c - rows as Apache Parquet */

#include "dataset/row_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "dataset/arrow_schema.h"
#include "dataset/parquet_writer.h"
#include "fs/atomic_file.h"

typedef struct parquet_row_writer {
    pt_row_writer base;
    pt_parquet_writer *parquet;
    pt_parquet_column columns[PT_N_COLUMNS + 1];
    bool with_id;
} parquet_row_writer;

static void parquet_close(pt_row_writer *writer) {
    pt_parquet_writer_close(&((parquet_row_writer *)writer)->parquet);
    free(writer);
}

static patina_status parquet_open(const char *path, const pt_key_value *metadata, size_t n_metadata,
                                  bool with_id, pt_row_writer **writer, patina_error *err) {
    parquet_row_writer *rows = calloc(1, sizeof *rows);

    if (!rows) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
    rows->base.kind = &pt_row_writer_parquet;
    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        rows->columns[c] =
            (pt_parquet_column){.name = pt_columns[c].name, .n_values = pt_columns[c].n_values};
    rows->columns[PT_N_COLUMNS] =
        (pt_parquet_column){.name = PT_ID_COLUMN, .type = PT_VALUE_TEXT, .n_values = 1};
    rows->with_id = with_id;
    const patina_status status =
        pt_parquet_writer_open(path, rows->columns, PT_N_COLUMNS + with_id,
                               with_id ? pt_arrow_schema_with_id : pt_arrow_schema, metadata,
                               n_metadata, &rows->parquet, err);
    if (status == PATINA_OK)
        *writer = &rows->base;
    else
        free(rows);
    return status;
}

static patina_status parquet_write(pt_row_writer *writer, const pt_row *row, const char *id,
                                   patina_error *err) {
    const parquet_row_writer *rows = (parquet_row_writer *)writer;
    pt_parquet_writer *parquet = rows->parquet;

    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        pt_parquet_writer_add(parquet, c, pt_column_values(&pt_columns[c], row), 0);
    if (rows->with_id) pt_parquet_writer_add(parquet, PT_N_COLUMNS, id, strlen(id));
    return pt_parquet_writer_end_row(parquet, err);
}

static patina_status parquet_finish(pt_row_writer *writer, patina_error *err) {
    return pt_parquet_writer_finish(((parquet_row_writer *)writer)->parquet, err);
}

static const pt_atomic_file *parquet_file(const pt_row_writer *writer) {
    return pt_parquet_writer_file(((const parquet_row_writer *)writer)->parquet);
}

const pt_row_writer_backend pt_row_writer_parquet = {
    .name = "parquet",
    .suffix = ".parquet",
    .open = parquet_open,
    .write = parquet_write,
    .finish = parquet_finish,
    .close = parquet_close,
    .file = parquet_file,
};
