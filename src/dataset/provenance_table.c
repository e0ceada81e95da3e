/* SPDX-License-Identifier: MIT */
/* provenance_table.c - provenance lines as Parquet or as JSON Lines of a fixed schema */

#include "dataset/provenance_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/json_dump.h"
#include "base/json_load.h"
#include "base/json_writer.h"
#include "dataset/parquet_writer.h"
#include "fs/atomic_file.h"

static const char window[] = "window";

/* The members of a line, in its order. A text column of a member that is not a string contains its
 * JSON. */
const pt_parquet_column pt_provenance_columns[] = {
    {NULL, "entry", PT_VALUE_TEXT, 1, true},      {NULL, "source", PT_VALUE_TEXT, 1, true},
    {NULL, "caption", PT_VALUE_TEXT, 1, true},    {NULL, "caption_index", PT_VALUE_I64, 1, true},
    {NULL, "seed", PT_VALUE_I64, 1, true},        {NULL, "variant", PT_VALUE_I64, 1, true},
    {window, "start", PT_VALUE_I64, 1, true},     {window, "frames", PT_VALUE_I64, 1, true},
    {window, "rate_hz", PT_VALUE_I64, 1, true},   {window, "channels", PT_VALUE_I64, 1, true},
    {NULL, "chain", PT_VALUE_TEXT, 1, true},      {NULL, "stages", PT_VALUE_TEXT, 1, true},
    {NULL, "output_gain", PT_VALUE_F64, 1, true}, {NULL, "purity_db", PT_VALUE_F64, 1, true},
    {NULL, "snr_db", PT_VALUE_F64, 1, true},      {NULL, "sdr_db", PT_VALUE_F64, 1, true},
    {NULL, "lufs_source", PT_VALUE_F64, 1, true}, {NULL, "lufs_mono", PT_VALUE_F64, 1, true},
    {NULL, "other", PT_VALUE_TEXT, 1, true}, /* remaining members */
};
enum {
    N_COLUMNS = sizeof pt_provenance_columns / sizeof *pt_provenance_columns,
    ENTRY = 0,
    SOURCE = 1,
    OTHER = N_COLUMNS - 1
};

const size_t pt_n_provenance_columns = N_COLUMNS;

#define JSON_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) /* exact */

/* One row: a value for each column, taken out of the parsed line. */
typedef struct table_row {
    json_t *members[N_COLUMNS]; /* owned; NULL: null */
    char *texts[N_COLUMNS];     /* owned; of text columns whose member is not a string */
} table_row;

static void release_row(table_row *row) {
    for (size_t c = 0; c < N_COLUMNS; c++) {
        json_decref(row->members[c]);
        free(row->texts[c]);
    }
    *row = (table_row){0};
}

static bool has_type(const json_t *member, pt_parquet_value type) {
    if (type == PT_VALUE_I64) return json_is_integer(member);
    if (type == PT_VALUE_F64) return json_is_number(member);
    return member && !json_is_null(member);
}

/* Whether a struct has all its columns. */
static bool has_struct(const json_t *line, const char *group) {
    for (size_t c = 0; c < N_COLUMNS; c++)
        if (pt_provenance_columns[c].group == group &&
            !has_type(json_object_get(json_object_get(line, group), pt_provenance_columns[c].name),
                      pt_provenance_columns[c].type))
            return false;
    return true;
}

/* Members of another type than expected stay in the line, and come to `other`. */
static void take_members(json_t *line, table_row *row) {
    const bool has_window = has_struct(line, window);
    for (size_t c = 0; c < OTHER; c++) {
        const pt_parquet_column *column = &pt_provenance_columns[c];
        json_t *object = column->group ? json_object_get(line, column->group) : line;
        json_t *member = json_object_get(object, column->name);
        if (!has_type(member, column->type) || (column->group && !has_window)) continue;
        row->members[c] = json_incref(member);
        json_object_del(object, column->name);
    }
    if (json_object_size(json_object_get(line, window)) == 0) json_object_del(line, window);
    if (json_object_size(line) > 0) row->members[OTHER] = json_incref(line);
}

static patina_status fill_texts(table_row *row, patina_error *err) {
    for (size_t c = 0; c < N_COLUMNS; c++) {
        const json_t *member = row->members[c];
        if (!member || pt_provenance_columns[c].type != PT_VALUE_TEXT || json_is_string(member))
            continue;
        row->texts[c] = pt_json_dump(member, JSON_FLAGS);
        if (!row->texts[c]) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    return PATINA_OK;
}

static const char *row_text(const table_row *row, size_t c) {
    return row->texts[c] ? row->texts[c] : json_string_value(row->members[c]);
}

/* ---------------------------------------------------------------- formats */

static patina_status write_parquet_row(pt_parquet_writer *parquet, const table_row *row,
                                       patina_error *err) {
    for (size_t c = 0; c < N_COLUMNS; c++) {
        const json_t *member = row->members[c];
        const double real = json_number_value(member);
        const int64_t integer = json_integer_value(member);
        const char *text = row_text(row, c);
        const void *value = pt_provenance_columns[c].type == PT_VALUE_TEXT ? (const void *)text
                            : pt_provenance_columns[c].type == PT_VALUE_F64
                                ? (const void *)&real
                                : (const void *)&integer;
        pt_parquet_writer_add(parquet, c, member ? value : NULL, text ? strlen(text) : 0);
    }
    return pt_parquet_writer_end_row(parquet, err);
}

static void append_value(pt_strbuf *out, const table_row *row, size_t c) {
    const json_t *member = row->members[c];
    if (pt_provenance_columns[c].type == PT_VALUE_TEXT)
        pt_json_write_string(out, member ? row_text(row, c) : NULL);
    else if (!member)
        pt_strbuf_append(out, "null");
    else if (pt_provenance_columns[c].type == PT_VALUE_F64)
        pt_json_write_real(out, json_number_value(member), DBL_DECIMAL_DIG);
    else
        pt_strbuf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(member));
}

static patina_status write_json_row(pt_atomic_file *file, pt_strbuf *out, const table_row *row,
                                    patina_error *err) {
    const char *group = NULL;

    pt_strbuf_clear(out);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        const bool enters =
            pt_provenance_columns[c].group && pt_provenance_columns[c].group != group;
        if (group && pt_provenance_columns[c].group != group) pt_strbuf_append(out, "}");
        pt_strbuf_append(out, c == 0 ? "{" : ", ");
        if (enters) pt_strbuf_printf(out, "\"%s\": {", pt_provenance_columns[c].group);
        group = pt_provenance_columns[c].group;
        pt_strbuf_printf(out, "\"%s\": ", pt_provenance_columns[c].name);
        append_value(out, row, c);
    }
    pt_strbuf_append(out, "}\n");
    if (out->failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    return pt_atomic_file_write(file, out->text, out->length, err);
}

/* ---------------------------------------------------------------- files */

typedef struct table_writer {
    pt_parquet_writer *parquet; /* or */
    pt_atomic_file *json;
    pt_strbuf text; /* a line of JSON */
    pt_id_set *recordings;
    uint64_t n_new; /* recordings that were not in the set */
} table_writer;

static patina_status count_recording(table_writer *writer, const table_row *row,
                                     patina_error *err) {
    const char *name = row_text(row, row->members[SOURCE] ? SOURCE : ENTRY);
    bool repeated = false;
    if (!name) return PATINA_OK;
    PT_TRY(pt_id_set_add(writer->recordings, name, &repeated, err));
    writer->n_new += !repeated;
    return PATINA_OK;
}

static patina_status write_row(table_writer *writer, const char *text, size_t n,
                               patina_error *err) {
    json_error_t error = {0};
    json_t *line = pt_json_load(text, n, JSON_REJECT_DUPLICATES, &error);
    table_row row = {0};
    patina_status status = PATINA_OK;

    if (json_is_object(line))
        take_members(line, &row);
    else if (!line && json_error_code(&error) == json_error_out_of_memory)
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK) status = fill_texts(&row, err);
    if (status == PATINA_OK)
        status = writer->parquet ? write_parquet_row(writer->parquet, &row, err)
                                 : write_json_row(writer->json, &writer->text, &row, err);
    if (status == PATINA_OK) status = count_recording(writer, &row, err);
    release_row(&row);
    json_decref(line);
    return status;
}

static patina_status write_rows(table_writer *writer, FILE *lines, const char *path,
                                patina_error *err) {
    char *line = NULL;
    size_t capacity = 0;
    patina_status status = PATINA_OK;
    for (ssize_t n; status == PATINA_OK && (n = getline(&line, &capacity, lines)) > 0;)
        status = write_row(writer, line, (size_t)n, err);
    if (status == PATINA_OK && !feof(lines)) /* getline also fails without memory */
        status = pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path, strerror(errno));
    free(line);
    return status;
}

patina_status pt_provenance_table_write(const char *lines_path, const char *path,
                                        const char *suffix, const pt_key_value *metadata,
                                        size_t n_metadata, pt_id_set *recordings,
                                        pt_file_digest *digest, uint64_t *n_recordings,
                                        patina_error *err) {
    const bool is_parquet = strcmp(suffix, pt_row_writer_parquet.suffix) == 0;
    table_writer writer = {.recordings = recordings};
    FILE *lines = fopen(lines_path, "re");

    if (!lines)
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be opened: %s", lines_path,
                       strerror(errno));
    patina_status status =
        is_parquet ? pt_parquet_writer_open(path, pt_provenance_columns, N_COLUMNS, NULL, metadata,
                                            n_metadata, &writer.parquet, err)
                   : pt_atomic_file_open(path, &writer.json, err);
    if (status == PATINA_OK) status = write_rows(&writer, lines, lines_path, err);
    if (status == PATINA_OK)
        status = is_parquet ? pt_parquet_writer_finish(writer.parquet, err)
                            : pt_atomic_file_commit(writer.json, err);
    if (status == PATINA_OK) {
        const pt_atomic_file *file =
            is_parquet ? pt_parquet_writer_file(writer.parquet) : writer.json;
        digest->n_bytes = pt_atomic_file_offset(file);
        memcpy(digest->sha256, pt_atomic_file_sha256(file), PT_SHA256_HEX_SIZE);
        *n_recordings += writer.n_new;
    }
    pt_parquet_writer_close(&writer.parquet);
    pt_atomic_file_close(&writer.json);
    pt_strbuf_release(&writer.text);
    fclose(lines);
    return status;
}
