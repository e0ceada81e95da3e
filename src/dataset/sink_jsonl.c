/* SPDX-License-Identifier: MIT */
/* sink_jsonl.c - an object a line, for looking and for small sets
 *
 * Nine significant digits bring every float back exactly. Three times the size of Parquet and slow
 * to read; the format has no place for metadata, which dataset.json holds anyway.
 */

#include "dataset/sink.h"

#include <stdlib.h>

#include "base/json_text.h"
#include "base/str.h"
#include "dataset/outfile.h"
#include "dataset/schema.h"

typedef struct jsonl_sink {
    pt_sink base;
    pt_outfile *file;
    pt_str line; /* of one row; keeps its memory */
} jsonl_sink;

static void jsonl_close(pt_sink *sink) {
    jsonl_sink *jsonl = (jsonl_sink *)sink;
    pt_outfile_close(&jsonl->file);
    pt_str_release(&jsonl->line);
    free(jsonl);
}

static pt_status jsonl_open(const char *path, const pt_metadata *metadata, size_t n_metadata,
                            pt_sink **sink, pt_error *err) {
    (void)metadata, (void)n_metadata;
    jsonl_sink *jsonl = calloc(1, sizeof *jsonl);
    if (!jsonl) return pt_fail(err, PT_ENOMEM, "file '%s': out of memory", path);
    jsonl->base.kind = &pt_sink_jsonl;
    const pt_status status = pt_outfile_open(path, &jsonl->file, err);
    if (status == PT_OK)
        *sink = &jsonl->base;
    else
        jsonl_close(&jsonl->base);
    return status;
}

static void add_column(pt_str *line, const pt_column *column, const float *values) {
    pt_str_printf(line, "\"%s\": ", column->name);
    if (column->n_values > 1) pt_str_add(line, "[");
    for (size_t i = 0; i < column->n_values; i++) {
        if (i > 0) pt_str_add(line, ", ");
        pt_json_add_real(line, (double)values[i], PT_DIGITS_FLOAT);
    }
    if (column->n_values > 1) pt_str_add(line, "]");
}

static pt_status jsonl_write(pt_sink *sink, const pt_row *row, pt_error *err) {
    jsonl_sink *jsonl = (jsonl_sink *)sink;
    pt_str *line = &jsonl->line;

    pt_str_clear(line);
    for (size_t i = 0; i < PT_N_COLUMNS; i++) {
        pt_str_add(line, i == 0 ? "{" : ", ");
        add_column(line, &pt_columns[i], pt_column_values(&pt_columns[i], row));
    }
    pt_str_add(line, "}\n");
    if (line->failed) return pt_fail(err, PT_ENOMEM, "out of memory for a line of JSON");
    return pt_outfile_write(jsonl->file, line->text, line->length, err);
}

static pt_status jsonl_finish(pt_sink *sink, pt_error *err) {
    return pt_outfile_commit(((jsonl_sink *)sink)->file, err);
}

static const pt_outfile *jsonl_file(const pt_sink *sink) {
    return ((const jsonl_sink *)sink)->file;
}

const pt_sink_kind pt_sink_jsonl = {
    .name = "jsonl",
    .suffix = ".jsonl",
    .open = jsonl_open,
    .write = jsonl_write,
    .finish = jsonl_finish,
    .close = jsonl_close,
    .file = jsonl_file,
};
