/* SPDX-License-Identifier: MIT */
/* row_writer_jsonl.c - JSON Lines: one object per row, for inspection and small sets
 *
 * Nine significant digits restore every float exactly. Three times the size of Parquet and slow to
 * read. The format has no metadata; dataset.json has it.
 */

#include "base/error.h"
#include "dataset/row_writer.h"

#include <stdlib.h>

#include "base/json_writer.h"
#include "base/strbuf.h"
#include "fs/atomic_file.h"

typedef struct jsonl_writer {
    pt_row_writer base;
    pt_atomic_file *file;
    pt_strbuf line; /* one row; memory is reused */
} jsonl_writer;

static void jsonl_close(pt_row_writer *writer) {
    jsonl_writer *jsonl = (jsonl_writer *)writer;
    pt_atomic_file_close(&jsonl->file);
    pt_strbuf_release(&jsonl->line);
    free(jsonl);
}

static patina_status jsonl_open(const char *path, const pt_key_value *metadata, size_t n_metadata,
                                bool with_id, pt_row_writer **writer, patina_error *err) {
    (void)metadata, (void)n_metadata, (void)with_id; /* a row is written with its id */
    jsonl_writer *jsonl = calloc(1, sizeof *jsonl);
    if (!jsonl) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
    jsonl->base.kind = &pt_row_writer_jsonl;
    const patina_status status = pt_atomic_file_open(path, &jsonl->file, err);
    if (status == PATINA_OK)
        *writer = &jsonl->base;
    else
        jsonl_close(&jsonl->base);
    return status;
}

static void add_column(pt_strbuf *line, const pt_column *column, const float *values) {
    pt_strbuf_printf(line, "\"%s\": ", column->name);
    if (column->n_values > 1) pt_strbuf_append(line, "[");
    for (size_t i = 0; i < column->n_values; i++) {
        if (i > 0) pt_strbuf_append(line, ", ");
        pt_json_write_real(line, (double)values[i], FLT_DECIMAL_DIG);
    }
    if (column->n_values > 1) pt_strbuf_append(line, "]");
}

static patina_status jsonl_write(pt_row_writer *writer, const pt_row *row, const char *id,
                                 patina_error *err) {
    jsonl_writer *jsonl = (jsonl_writer *)writer;
    pt_strbuf *line = &jsonl->line;

    pt_strbuf_clear(line);
    for (size_t i = 0; i < PT_N_COLUMNS; i++) {
        pt_strbuf_append(line, i == 0 ? "{" : ", ");
        add_column(line, &pt_columns[i], pt_column_values(&pt_columns[i], row));
    }
    if (id) {
        pt_strbuf_append(line, ", \"" PT_ID_COLUMN "\": ");
        pt_json_write_string(line, id);
    }
    pt_strbuf_append(line, "}\n");
    if (line->failed) return pt_fail(err, PATINA_ENOMEM, "out of memory for a line of JSON");
    return pt_atomic_file_write(jsonl->file, line->text, line->length, err);
}

static patina_status jsonl_finish(pt_row_writer *writer, patina_error *err) {
    return pt_atomic_file_commit(((jsonl_writer *)writer)->file, err);
}

static const pt_atomic_file *jsonl_file(const pt_row_writer *writer) {
    return ((const jsonl_writer *)writer)->file;
}

const pt_row_writer_backend pt_row_writer_jsonl = {
    .name = "jsonl",
    .suffix = ".jsonl",
    .open = jsonl_open,
    .write = jsonl_write,
    .finish = jsonl_finish,
    .close = jsonl_close,
    .file = jsonl_file,
};
