/* SPDX-License-Identifier: MIT */
/* row_writer_parquet.c - Apache Parquet
 *
 *   PAR1 | row group: column chunk: page page ... | ... | footer | length of footer | PAR1
 *
 * A column chunk is one column of a row group; chunks follow each other. The first column is 94 %
 * of a row: its pages are written when they are full, and only the other columns are buffered until
 * the end of the group (2.2 MB).
 *
 * Plain encoding without dictionary or compression: the values do not compress, and this form is
 * the fastest for every reader. A list has the format's three levels,
 *
 *   required group fused_state (LIST) { repeated group list { required float element } }
 *
 * so every value has definition level 1 and repetition level 0 (first of its row) or 1. Parquet has
 * no lists of fixed length; Arrow's readers take the length from the key ARROW:schema.
 *
 * Source   Apache Parquet format 2.11: parquet.thrift, Encodings.md, LogicalTypes.md
 */

#include "base/error.h"
#include "dataset/row_writer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "dataset/arrow_schema.h"
#include "fs/atomic_file.h"
#include "parquet/thrift_writer.h"

#define GROUP_ROWS 8192       /* at most; 36 MB */
#define PAGE_BYTES (1U << 20) /* of values, at most */

/* Names and numbers of parquet.thrift. */
enum { TYPE_FLOAT = 4 };
enum { REQUIRED = 0, REPEATED = 2 };
enum { CONVERTED_LIST = 3 };
enum { ENCODING_PLAIN = 0, ENCODING_RLE = 3 };
enum { CODEC_UNCOMPRESSED = 0 };
enum { PAGE_DATA = 0 };

static const char magic[4] = {'P', 'A', 'R', '1'};

/* A column chunk, for the footer. */
typedef struct chunk {
    uint64_t offset, n_bytes; /* of its pages with their headers */
    float min, max;
} chunk;

typedef struct row_group {
    uint32_t n_rows;
    chunk chunk[PT_N_COLUMNS];
} row_group;

typedef struct parquet_writer {
    pt_row_writer base;
    pt_atomic_file *file;
    pt_strbuf keys; /* KeyValue structs, encoded for the footer */
    size_t n_keys;
    float *values[PT_N_COLUMNS];     /* rows not yet written to a page */
    uint32_t n_rows[PT_N_COLUMNS];   /* of these */
    uint32_t capacity[PT_N_COLUMNS]; /* rows: a page of the first column, a group of the others */
    row_group *groups;               /* the last one is being filled */
    size_t n_groups;
    pt_strbuf scratch;
} parquet_writer;

static bool is_list(const pt_column *column) {
    return column->n_values > 1;
}

/* Rows whose values fill a page. */
static uint32_t page_rows(const pt_column *column) {
    const size_t rows = PAGE_BYTES / (column->n_values * sizeof(float));
    return rows < GROUP_ROWS ? (uint32_t)rows : GROUP_ROWS;
}

static void add_u32(pt_strbuf *out, uint32_t value) {
    const unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
                                    (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
    pt_strbuf_append_bytes(out, bytes, sizeof bytes);
}

/* A run of n equal levels of one bit. */
static void add_run(pt_strbuf *out, uint64_t n, char level) {
    pt_varint_write(out, n << 1);
    pt_strbuf_append_bytes(out, &level, 1);
}

static void add_levels(pt_strbuf *out, const pt_strbuf *runs) {
    add_u32(out, (uint32_t)runs->length);
    pt_strbuf_append_bytes(out, runs->text, runs->length);
}

/* Repetition levels, then definition levels, each preceded by its length. */
static void add_list_levels(pt_strbuf *out, size_t n_values, uint32_t n_rows) {
    pt_strbuf runs = {0};

    for (uint32_t row = 0; row < n_rows; row++) {
        add_run(&runs, 1, 0);
        add_run(&runs, n_values - 1, 1);
    }
    add_levels(out, &runs);
    pt_strbuf_clear(&runs);
    add_run(&runs, (uint64_t)n_values * n_rows, 1);
    add_levels(out, &runs);
    out->failed = out->failed || runs.failed;
    pt_strbuf_release(&runs);
}

static void add_page_header(pt_strbuf *out, size_t n_bytes, size_t n_values) {
    pt_thrift_writer thrift = {.out = out};

    pt_thrift_write_struct_begin(&thrift);
    pt_thrift_write_i32(&thrift, 1, PAGE_DATA);
    pt_thrift_write_i32(&thrift, 2, (int32_t)n_bytes); /* uncompressed */
    pt_thrift_write_i32(&thrift, 3, (int32_t)n_bytes); /* compressed */
    pt_thrift_write_struct_field(&thrift, 5);          /* data_page_header */
    pt_thrift_write_i32(&thrift, 1, (int32_t)n_values);
    pt_thrift_write_i32(&thrift, 2, ENCODING_PLAIN);
    pt_thrift_write_i32(&thrift, 3, ENCODING_RLE); /* of definition levels */
    pt_thrift_write_i32(&thrift, 4, ENCODING_RLE); /* of repetition levels */
    pt_thrift_write_struct_end(&thrift);
    pt_thrift_write_struct_end(&thrift);
}

/* values: [n_rows, column->n_values] */
static patina_status write_page(parquet_writer *writer, size_t c, const float *values,
                                uint32_t n_rows, patina_error *err) {
    const pt_column *column = &pt_columns[c];
    const size_t n_values = column->n_values * n_rows;
    chunk *into = &writer->groups[writer->n_groups - 1].chunk[c];
    const uint64_t start = pt_atomic_file_offset(writer->file);
    pt_strbuf *levels = &writer->scratch, header = {0};
    patina_status status = PATINA_OK;

    pt_strbuf_clear(levels);
    if (is_list(column)) add_list_levels(levels, column->n_values, n_rows);
    add_page_header(&header, levels->length + n_values * sizeof *values, n_values);
    if (levels->failed || header.failed)
        status = pt_fail(err, PATINA_ENOMEM, "out of memory for a page of '%s'", column->name);
    if (status == PATINA_OK)
        status = pt_atomic_file_write(writer->file, header.text, header.length, err);
    if (status == PATINA_OK)
        status = pt_atomic_file_write(writer->file, levels->text, levels->length, err);
    if (status == PATINA_OK)
        status = pt_atomic_file_write_floats(writer->file, values, n_values, err);
    pt_strbuf_release(&header);
    if (into->n_bytes == 0) into->offset = start;
    into->n_bytes += pt_atomic_file_offset(writer->file) - start;
    return status;
}

/* For scalars only. The format requires -0 for a zero minimum and +0 for a zero maximum,
 * since readers may compare either way. */
static void compute_min_max(const float *values, uint32_t n_rows, chunk *into) {
    into->min = into->max = values[0];
    for (uint32_t i = 1; i < n_rows; i++) {
        if (values[i] < into->min) into->min = values[i];
        if (values[i] > into->max) into->max = values[i];
    }
    if (into->min == 0.0F) into->min = -0.0F;
    if (into->max == 0.0F) into->max = 0.0F;
}

/* Writes the buffered rows of a column. */
static patina_status flush_column(parquet_writer *writer, size_t c, patina_error *err) {
    const pt_column *column = &pt_columns[c];
    const uint32_t n_rows = writer->n_rows[c], step = page_rows(column);

    if (!is_list(column))
        compute_min_max(writer->values[c], n_rows, &writer->groups[writer->n_groups - 1].chunk[c]);
    for (uint32_t row = 0; row < n_rows; row += step)
        PT_TRY(write_page(writer, c, writer->values[c] + row * column->n_values,
                          n_rows - row < step ? n_rows - row : step, err));
    writer->n_rows[c] = 0;
    return PATINA_OK;
}

static patina_status flush_group(parquet_writer *writer, patina_error *err) {
    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        if (writer->n_rows[c] > 0) PT_TRY(flush_column(writer, c, err));
    return PATINA_OK;
}

/* Starts a row group if the current one is full. */
static patina_status ensure_row_group(parquet_writer *writer, patina_error *err) {
    if (writer->n_groups > 0 && writer->groups[writer->n_groups - 1].n_rows < GROUP_ROWS)
        return PATINA_OK;
    PT_TRY(flush_group(writer, err));
    row_group *groups = realloc(writer->groups, (writer->n_groups + 1) * sizeof *groups);
    if (!groups) return pt_fail(err, PATINA_ENOMEM, "out of memory for a row group");
    groups[writer->n_groups++] = (row_group){0};
    writer->groups = groups;
    return PATINA_OK;
}

static patina_status parquet_write(pt_row_writer *writer, const pt_row *row, patina_error *err) {
    parquet_writer *parquet = (parquet_writer *)writer;

    PT_TRY(ensure_row_group(parquet, err));
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        const size_t n = pt_columns[c].n_values;
        memcpy(parquet->values[c] + parquet->n_rows[c] * n, pt_column_values(&pt_columns[c], row),
               n * sizeof(float));
        parquet->n_rows[c]++;
    }
    parquet->groups[parquet->n_groups - 1].n_rows++;
    if (parquet->n_rows[0] == parquet->capacity[0]) PT_TRY(flush_column(parquet, 0, err));
    return PATINA_OK;
}

/* Leaves of the schema tree have a type, groups a number of children. */
static void add_schema_element(pt_thrift_writer *thrift, const char *name, int repetition,
                               int n_children, bool list) {
    pt_thrift_write_struct_begin(thrift);
    if (n_children == 0) pt_thrift_write_i32(thrift, 1, TYPE_FLOAT);
    if (repetition >= 0) pt_thrift_write_i32(thrift, 3, repetition);
    pt_thrift_write_string(thrift, 4, name);
    if (n_children > 0) pt_thrift_write_i32(thrift, 5, n_children);
    if (list) {
        pt_thrift_write_i32(thrift, 6, CONVERTED_LIST); /* for readers older than logical types */
        pt_thrift_write_struct_field(thrift, 10);       /* logicalType, a union: */
        pt_thrift_write_struct_field(thrift, 3);        /* LIST */
        pt_thrift_write_struct_end(thrift);
        pt_thrift_write_struct_end(thrift);
    }
    pt_thrift_write_struct_end(thrift);
}

static void add_schema(pt_thrift_writer *thrift) {
    size_t n_elements = 1;

    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        n_elements += is_list(&pt_columns[c]) ? 3 : 1;
    pt_thrift_write_list_header(thrift, 2, PT_THRIFT_STRUCT, n_elements);
    add_schema_element(thrift, "schema", -1, PT_N_COLUMNS, false);
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        const bool list = is_list(&pt_columns[c]);
        add_schema_element(thrift, pt_columns[c].name, REQUIRED, list ? 1 : 0, list);
        if (!list) continue;
        add_schema_element(thrift, "list", REPEATED, 1, false);
        add_schema_element(thrift, "element", REQUIRED, 0, false);
    }
}

static void add_statistics(pt_thrift_writer *thrift, const chunk *of) {
    pt_thrift_write_struct_field(thrift, 12);
    pt_thrift_write_i64(thrift, 3, 0); /* null_count */
    pt_thrift_write_binary(thrift, 5, &of->max, sizeof of->max);
    pt_thrift_write_binary(thrift, 6, &of->min, sizeof of->min);
    pt_thrift_write_struct_end(thrift);
}

static void add_chunk(pt_thrift_writer *thrift, const pt_column *column, const chunk *of,
                      uint32_t n_rows) {
    pt_thrift_write_struct_begin(thrift);
    pt_thrift_write_i64(thrift, 2, 0); /* file_offset: no column metadata outside the footer */
    pt_thrift_write_struct_field(thrift, 3); /* meta_data */
    pt_thrift_write_i32(thrift, 1, TYPE_FLOAT);
    pt_thrift_write_list_header(thrift, 2, PT_THRIFT_I32, 2);
    pt_thrift_write_item_i32(thrift, ENCODING_PLAIN);
    pt_thrift_write_item_i32(thrift, ENCODING_RLE); /* of levels; readers in Java require it */
    pt_thrift_write_list_header(thrift, 3, PT_THRIFT_BINARY, is_list(column) ? 3 : 1);
    pt_thrift_write_item_string(thrift, column->name);
    if (is_list(column)) {
        pt_thrift_write_item_string(thrift, "list");
        pt_thrift_write_item_string(thrift, "element");
    }
    pt_thrift_write_i32(thrift, 4, CODEC_UNCOMPRESSED);
    pt_thrift_write_i64(thrift, 5, (int64_t)(column->n_values * n_rows));
    pt_thrift_write_i64(thrift, 6, (int64_t)of->n_bytes); /* uncompressed, with page headers */
    pt_thrift_write_i64(thrift, 7, (int64_t)of->n_bytes); /* compressed */
    pt_thrift_write_i64(thrift, 9, (int64_t)of->offset);  /* of the first data page */
    if (!is_list(column)) add_statistics(thrift, of);
    pt_thrift_write_struct_end(thrift);
    pt_thrift_write_struct_end(thrift);
}

static void add_row_group(pt_thrift_writer *thrift, const row_group *group, size_t ordinal) {
    int64_t n_bytes = 0;

    pt_thrift_write_struct_begin(thrift);
    pt_thrift_write_list_header(thrift, 1, PT_THRIFT_STRUCT, PT_N_COLUMNS);
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        add_chunk(thrift, &pt_columns[c], &group->chunk[c], group->n_rows);
        n_bytes += (int64_t)group->chunk[c].n_bytes;
    }
    pt_thrift_write_i64(thrift, 2, n_bytes); /* uncompressed */
    pt_thrift_write_i64(thrift, 3, group->n_rows);
    pt_thrift_write_i64(thrift, 5, (int64_t)group->chunk[0].offset);
    pt_thrift_write_i64(thrift, 6, n_bytes); /* compressed */
    /* an optional 16-bit member */
    if (ordinal <= INT16_MAX) pt_thrift_write_i16(thrift, 7, (int16_t)ordinal);
    pt_thrift_write_struct_end(thrift);
}

static void add_footer(pt_strbuf *out, const parquet_writer *writer) {
    pt_thrift_writer thrift = {.out = out};
    int64_t n_rows = 0;

    for (size_t g = 0; g < writer->n_groups; g++)
        n_rows += writer->groups[g].n_rows;
    pt_thrift_write_struct_begin(&thrift);
    pt_thrift_write_i32(&thrift, 1, 1); /* version: every reader supports 1 */
    add_schema(&thrift);
    pt_thrift_write_i64(&thrift, 3, n_rows);
    pt_thrift_write_list_header(&thrift, 4, PT_THRIFT_STRUCT, writer->n_groups);
    for (size_t g = 0; g < writer->n_groups; g++)
        add_row_group(&thrift, &writer->groups[g], g);
    pt_thrift_write_list_header(&thrift, 5, PT_THRIFT_STRUCT, writer->n_keys);
    pt_strbuf_append_bytes(out, writer->keys.text, writer->keys.length);
    /* created_by: older readers in Java ignore statistics unless it names a build */
    pt_strbuf by = {0};
    pt_strbuf_printf(&by, "patina version %s (build %s)", patina_version(), patina_version());
    pt_thrift_write_string(&thrift, 6, by.failed ? "" : by.text);
    out->failed = out->failed || by.failed;
    pt_strbuf_release(&by);
    pt_thrift_write_list_header(&thrift, 7, PT_THRIFT_STRUCT,
                                PT_N_COLUMNS); /* column_orders, unions: */
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        pt_thrift_write_struct_begin(&thrift);
        pt_thrift_write_struct_field(&thrift,
                                     1); /* TYPE_ORDER; without it readers ignore min_value */
        pt_thrift_write_struct_end(&thrift);
        pt_thrift_write_struct_end(&thrift);
    }
    pt_thrift_write_struct_end(&thrift);
}

static patina_status parquet_finish(pt_row_writer *writer, patina_error *err) {
    parquet_writer *parquet = (parquet_writer *)writer;
    pt_strbuf *footer = &parquet->scratch;

    PT_TRY(flush_group(parquet, err));
    pt_strbuf_clear(footer);
    add_footer(footer, parquet);
    if (footer->failed || footer->length > INT32_MAX)
        return pt_fail(err, PATINA_ENOMEM, "out of memory for a Parquet footer");
    add_u32(footer, (uint32_t)footer->length);
    pt_strbuf_append_bytes(footer, magic, sizeof magic);
    if (footer->failed) return pt_fail(err, PATINA_ENOMEM, "out of memory for a Parquet footer");
    PT_TRY(pt_atomic_file_write(parquet->file, footer->text, footer->length, err));
    return pt_atomic_file_commit(parquet->file, err);
}

static void parquet_close(pt_row_writer *writer) {
    parquet_writer *parquet = (parquet_writer *)writer;

    pt_atomic_file_close(&parquet->file);
    pt_strbuf_release(&parquet->keys);
    pt_strbuf_release(&parquet->scratch);
    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        free(parquet->values[c]);
    free(parquet->groups);
    free(parquet);
}

static void add_key(parquet_writer *writer, const char *key, const char *value) {
    pt_thrift_writer thrift = {.out = &writer->keys};

    pt_thrift_write_struct_begin(&thrift);
    pt_thrift_write_string(&thrift, 1, key);
    pt_thrift_write_string(&thrift, 2, value);
    pt_thrift_write_struct_end(&thrift);
    writer->n_keys++;
}

static bool alloc_buffers(parquet_writer *writer) {
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        writer->capacity[c] = c == 0 ? page_rows(&pt_columns[c]) : GROUP_ROWS;
        writer->values[c] = malloc(writer->capacity[c] * pt_columns[c].n_values * sizeof(float));
        if (!writer->values[c]) return false;
    }
    return !writer->keys.failed;
}

static patina_status parquet_open(const char *path, const pt_key_value *metadata, size_t n_metadata,
                                  pt_row_writer **writer, patina_error *err) {
    parquet_writer *parquet = calloc(1, sizeof *parquet);
    patina_status status;

    if (!parquet) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
    parquet->base.kind = &pt_row_writer_parquet;
    add_key(parquet, "ARROW:schema", pt_arrow_schema);
    for (size_t i = 0; i < n_metadata; i++)
        add_key(parquet, metadata[i].key, metadata[i].value);
    if (alloc_buffers(parquet))
        status = pt_atomic_file_open(path, &parquet->file, err);
    else
        status = pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
    if (status == PATINA_OK) status = pt_atomic_file_write(parquet->file, magic, sizeof magic, err);
    if (status == PATINA_OK)
        *writer = &parquet->base;
    else
        parquet_close(&parquet->base);
    return status;
}

static const pt_atomic_file *parquet_file(const pt_row_writer *writer) {
    return ((const parquet_writer *)writer)->file;
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
