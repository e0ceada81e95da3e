/* SPDX-License-Identifier: MIT */
/* parquet_writer.c - Apache Parquet
 *
 *   PAR1 | row group: column chunk: page page ... | ... | footer | length of footer | PAR1
 *
 * A column chunk is one column of a row group; chunks follow each other. The first column of the
 * rows is 94 % of a row: if it has a fixed size, its pages are written when they are full, and only
 * the other columns are buffered until the end of the group (2.2 MB).
 *
 * Plain encoding without dictionary or compression: the values do not compress, and this form is
 * the fastest for every reader. A list has the format's three levels,
 *
 *   required group fused_state (LIST) { repeated group list { required float element } }
 *
 * so every value has definition level 1 and repetition level 0 (first of its row) or 1. Parquet has
 * no lists of fixed length; Arrow's readers take the length from the key ARROW:schema. A column
 * that may be null has definition level 0 or 1; in a struct it is the struct that may be null.
 *
 * Source   Apache Parquet format 2.11: parquet.thrift, Encodings.md, LogicalTypes.md
 */

#include "dataset/parquet_writer.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "base/error.h"
#include "fs/atomic_file.h"
#include "parquet/thrift_writer.h"

#define GROUP_ROWS 8192       /* at most; 36 MB */
#define PAGE_BYTES (1U << 20) /* of values, at most, of columns of a fixed size */

/* Names and numbers of parquet.thrift. */
enum { TYPE_INT64 = 2, TYPE_FLOAT = 4, TYPE_DOUBLE = 5, TYPE_BYTE_ARRAY = 6 };
enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };
enum { CONVERTED_UTF8 = 0, CONVERTED_LIST = 3 };
enum { LOGICAL_STRING = 1, LOGICAL_LIST = 3 };
enum { ENCODING_PLAIN = 0, ENCODING_RLE = 3 };
enum { CODEC_UNCOMPRESSED = 0 };
enum { PAGE_DATA = 0 };

static const char magic[4] = {'P', 'A', 'R', '1'};

/* n_bytes is 0 for a text, whose bytes follow their length. */
static const struct {
    int32_t type;
    size_t n_bytes;
} types[] = {[PT_VALUE_F32] = {TYPE_FLOAT, sizeof(float)},
             [PT_VALUE_F64] = {TYPE_DOUBLE, sizeof(double)},
             [PT_VALUE_I64] = {TYPE_INT64, sizeof(int64_t)},
             [PT_VALUE_TEXT] = {TYPE_BYTE_ARRAY, 0}};

/* A column chunk, for the footer. */
typedef struct chunk {
    uint64_t offset, n_bytes; /* of its pages with their headers */
    float min, max;
} chunk;

typedef struct row_group {
    uint32_t n_rows;
    chunk *chunk; /* [n_columns] */
} row_group;

/* Rows not yet written to a page. */
typedef struct column_buffer {
    pt_strbuf values;
    uint32_t *ends;         /* [GROUP_ROWS] of each row in values; NULL for a fixed size */
    unsigned char *present; /* [GROUP_ROWS]; NULL unless optional */
    uint32_t n_rows;
} column_buffer;

struct pt_parquet_writer {
    pt_atomic_file *file;
    const pt_parquet_column *columns;
    size_t n_columns;
    pt_strbuf keys; /* KeyValue structs, encoded for the footer */
    size_t n_keys;
    column_buffer *buffers; /* [n_columns] */
    row_group *groups;      /* the last one is being filled */
    size_t n_groups;
    pt_strbuf scratch;
};

static bool is_list(const pt_parquet_column *column) {
    return column->n_values > 1;
}

static size_t row_bytes(const pt_parquet_column *column) {
    return column->n_values * types[column->type].n_bytes;
}

/* Rows whose values fill a page. */
static uint32_t page_rows(const pt_parquet_column *column) {
    const size_t rows = row_bytes(column) ? PAGE_BYTES / row_bytes(column) : GROUP_ROWS;
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

static void add_optional_levels(pt_strbuf *out, const unsigned char *present, uint32_t n_rows) {
    pt_strbuf runs = {0};

    for (uint32_t row = 0, n; row < n_rows; row += n) {
        for (n = 1; row + n < n_rows && present[row + n] == present[row];)
            n++;
        add_run(&runs, n, (char)present[row]);
    }
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

/* Offset of a buffered row in the column's values; nulls have no bytes. */
static size_t row_offset(const pt_parquet_writer *writer, size_t c, uint32_t row) {
    const column_buffer *buffer = &writer->buffers[c];
    if (!buffer->ends) return row * row_bytes(&writer->columns[c]);
    return row > 0 ? buffer->ends[row - 1] : 0;
}

/* Writes n_rows buffered rows from `first` on. */
static patina_status write_page(pt_parquet_writer *writer, size_t c, uint32_t first,
                                uint32_t n_rows, patina_error *err) {
    const pt_parquet_column *column = &writer->columns[c];
    const column_buffer *buffer = &writer->buffers[c];
    const size_t begin = row_offset(writer, c, first),
                 n_bytes = row_offset(writer, c, first + n_rows) - begin;
    chunk *into = &writer->groups[writer->n_groups - 1].chunk[c];
    const uint64_t start = pt_atomic_file_offset(writer->file);
    pt_strbuf *levels = &writer->scratch, header = {0};
    patina_status status = PATINA_OK;

    pt_strbuf_clear(levels);
    if (is_list(column)) add_list_levels(levels, column->n_values, n_rows);
    if (column->optional) add_optional_levels(levels, buffer->present + first, n_rows);
    add_page_header(&header, levels->length + n_bytes, column->n_values * n_rows);
    if (levels->failed || header.failed || levels->length + n_bytes > INT32_MAX)
        status = pt_fail(err, PATINA_ENOMEM, "out of memory for a page of '%s'", column->name);
    if (status == PATINA_OK)
        status = pt_atomic_file_write(writer->file, header.text, header.length, err);
    if (status == PATINA_OK)
        status = pt_atomic_file_write(writer->file, levels->text, levels->length, err);
    if (status == PATINA_OK)
        status = pt_atomic_file_write(writer->file, buffer->values.text + begin, n_bytes, err);
    pt_strbuf_release(&header);
    if (into->n_bytes == 0) into->offset = start;
    into->n_bytes += pt_atomic_file_offset(writer->file) - start;
    return status;
}

static bool has_statistics(const pt_parquet_column *column) {
    return !is_list(column) && column->type == PT_VALUE_F32 && !column->optional;
}

/* The format requires -0 for a zero minimum and +0 for a zero maximum, since readers may compare
 * either way. */
static void compute_min_max(const column_buffer *buffer, chunk *into) {
    float value;
    for (uint32_t i = 0; i < buffer->n_rows; i++) {
        memcpy(&value, buffer->values.text + i * sizeof value, sizeof value);
        if (i == 0 || value < into->min) into->min = value;
        if (i == 0 || value > into->max) into->max = value;
    }
    if (into->min == 0.0F) into->min = -0.0F;
    if (into->max == 0.0F) into->max = 0.0F;
}

/* Writes the buffered rows of a column. */
static patina_status flush_column(pt_parquet_writer *writer, size_t c, patina_error *err) {
    const pt_parquet_column *column = &writer->columns[c];
    column_buffer *buffer = &writer->buffers[c];
    const uint32_t n_rows = buffer->n_rows, step = page_rows(column);

    if (buffer->values.failed)
        return pt_fail(err, PATINA_ENOMEM, "out of memory for column '%s'", column->name);
    if (has_statistics(column))
        compute_min_max(buffer, &writer->groups[writer->n_groups - 1].chunk[c]);
    for (uint32_t row = 0; row < n_rows; row += step)
        PT_TRY(write_page(writer, c, row, n_rows - row < step ? n_rows - row : step, err));
    buffer->n_rows = 0;
    pt_strbuf_clear(&buffer->values);
    return PATINA_OK;
}

static patina_status flush_group(pt_parquet_writer *writer, patina_error *err) {
    for (size_t c = 0; c < writer->n_columns; c++)
        if (writer->buffers[c].n_rows > 0) PT_TRY(flush_column(writer, c, err));
    return PATINA_OK;
}

/* Starts a row group if the current one is full. */
static patina_status ensure_row_group(pt_parquet_writer *writer, patina_error *err) {
    if (writer->n_groups > 0 && writer->groups[writer->n_groups - 1].n_rows < GROUP_ROWS)
        return PATINA_OK;
    PT_TRY(flush_group(writer, err));
    row_group *groups = realloc(writer->groups, (writer->n_groups + 1) * sizeof *groups);
    if (groups) writer->groups = groups;
    chunk *chunks = groups ? calloc(writer->n_columns, sizeof *chunks) : NULL;
    if (!chunks) return pt_fail(err, PATINA_ENOMEM, "out of memory for a row group");
    groups[writer->n_groups++] = (row_group){.chunk = chunks};
    return PATINA_OK;
}

void pt_parquet_writer_add(pt_parquet_writer *writer, size_t c, const void *value, size_t n_bytes) {
    const pt_parquet_column *column = &writer->columns[c];
    column_buffer *buffer = &writer->buffers[c];
    const uint32_t row = buffer->n_rows;

    assert(value || column->optional);
    if (buffer->present) buffer->present[row] = value != NULL;
    if (value && column->type == PT_VALUE_TEXT) add_u32(&buffer->values, (uint32_t)n_bytes);
    if (value)
        pt_strbuf_append_bytes(&buffer->values, value,
                               column->type == PT_VALUE_TEXT ? n_bytes : row_bytes(column));
    if (buffer->values.length > UINT32_MAX / 2) buffer->values.failed = true;
    if (buffer->ends) buffer->ends[row] = (uint32_t)buffer->values.length;
    buffer->n_rows++;
}

patina_status pt_parquet_writer_end_row(pt_parquet_writer *writer, patina_error *err) {
    const pt_parquet_column *first = &writer->columns[0];
    row_group *group = &writer->groups[writer->n_groups - 1];

    group->n_rows++;
    if (row_bytes(first) > 0 && writer->buffers[0].n_rows == page_rows(first))
        PT_TRY(flush_column(writer, 0, err));
    return ensure_row_group(writer, err);
}

/* ---------------------------------------------------------------- footer */

/* Converted types are for readers that are older than logical types, which are a union. */
static void add_logical_type(pt_thrift_writer *thrift, int converted, int logical) {
    pt_thrift_write_i32(thrift, 6, converted);
    pt_thrift_write_struct_field(thrift, 10);
    pt_thrift_write_struct_field(thrift, logical);
    pt_thrift_write_struct_end(thrift);
    pt_thrift_write_struct_end(thrift);
}

static void add_group_element(pt_thrift_writer *thrift, const char *name, int repetition,
                              size_t n_children, bool list) {
    pt_thrift_write_struct_begin(thrift);
    if (repetition >= 0) pt_thrift_write_i32(thrift, 3, repetition);
    pt_thrift_write_string(thrift, 4, name);
    pt_thrift_write_i32(thrift, 5, (int32_t)n_children);
    if (list) add_logical_type(thrift, CONVERTED_LIST, LOGICAL_LIST);
    pt_thrift_write_struct_end(thrift);
}

static void add_leaf_element(pt_thrift_writer *thrift, const char *name,
                             const pt_parquet_column *column) {
    pt_thrift_write_struct_begin(thrift);
    pt_thrift_write_i32(thrift, 1, types[column->type].type);
    pt_thrift_write_i32(thrift, 3, column->optional && !column->group ? OPTIONAL : REQUIRED);
    pt_thrift_write_string(thrift, 4, name);
    if (column->type == PT_VALUE_TEXT) add_logical_type(thrift, CONVERTED_UTF8, LOGICAL_STRING);
    pt_thrift_write_struct_end(thrift);
}

/* Columns of the struct that begins with column c; 0: it begins none. */
static size_t group_size(const pt_parquet_writer *writer, size_t c) {
    const char *group = writer->columns[c].group;
    size_t n = 0;
    if (!group || (c > 0 && writer->columns[c - 1].group == group)) return 0;
    while (c + n < writer->n_columns && writer->columns[c + n].group == group)
        n++;
    return n;
}

static void add_schema(pt_thrift_writer *thrift, const pt_parquet_writer *writer) {
    size_t n_elements = 1, n_top = 0;

    for (size_t c = 0; c < writer->n_columns; c++) {
        const size_t n_group = group_size(writer, c);
        n_elements += (is_list(&writer->columns[c]) ? 3 : 1) + (n_group > 0);
        n_top += !writer->columns[c].group || n_group > 0;
    }
    pt_thrift_write_list_header(thrift, 2, PT_THRIFT_STRUCT, n_elements);
    add_group_element(thrift, "schema", -1, n_top, false);
    for (size_t c = 0; c < writer->n_columns; c++) {
        const pt_parquet_column *column = &writer->columns[c];
        if (group_size(writer, c) > 0)
            add_group_element(thrift, column->group, column->optional ? OPTIONAL : REQUIRED,
                              group_size(writer, c), false);
        if (is_list(column)) {
            add_group_element(thrift, column->name, REQUIRED, 1, true);
            add_group_element(thrift, "list", REPEATED, 1, false);
        }
        add_leaf_element(thrift, is_list(column) ? "element" : column->name, column);
    }
}

static void add_statistics(pt_thrift_writer *thrift, const chunk *of) {
    pt_thrift_write_struct_field(thrift, 12);
    pt_thrift_write_i64(thrift, 3, 0); /* null_count */
    pt_thrift_write_binary(thrift, 5, &of->max, sizeof of->max);
    pt_thrift_write_binary(thrift, 6, &of->min, sizeof of->min);
    pt_thrift_write_struct_end(thrift);
}

static void add_path(pt_thrift_writer *thrift, const pt_parquet_column *column) {
    const size_t n = 1 + (column->group != NULL) + (is_list(column) ? 2 : 0);
    pt_thrift_write_list_header(thrift, 3, PT_THRIFT_BINARY, n);
    if (column->group) pt_thrift_write_item_string(thrift, column->group);
    pt_thrift_write_item_string(thrift, column->name);
    if (!is_list(column)) return;
    pt_thrift_write_item_string(thrift, "list");
    pt_thrift_write_item_string(thrift, "element");
}

static void add_chunk(pt_thrift_writer *thrift, const pt_parquet_column *column, const chunk *of,
                      uint32_t n_rows) {
    pt_thrift_write_struct_begin(thrift);
    pt_thrift_write_i64(thrift, 2, 0); /* file_offset: no column metadata outside the footer */
    pt_thrift_write_struct_field(thrift, 3); /* meta_data */
    pt_thrift_write_i32(thrift, 1, types[column->type].type);
    pt_thrift_write_list_header(thrift, 2, PT_THRIFT_I32, 2);
    pt_thrift_write_item_i32(thrift, ENCODING_PLAIN);
    pt_thrift_write_item_i32(thrift, ENCODING_RLE); /* of levels; readers in Java require it */
    add_path(thrift, column);
    pt_thrift_write_i32(thrift, 4, CODEC_UNCOMPRESSED);
    pt_thrift_write_i64(thrift, 5, (int64_t)(column->n_values * n_rows));
    pt_thrift_write_i64(thrift, 6, (int64_t)of->n_bytes); /* uncompressed, with page headers */
    pt_thrift_write_i64(thrift, 7, (int64_t)of->n_bytes); /* compressed */
    pt_thrift_write_i64(thrift, 9, (int64_t)of->offset);  /* of the first data page */
    if (has_statistics(column)) add_statistics(thrift, of);
    pt_thrift_write_struct_end(thrift);
    pt_thrift_write_struct_end(thrift);
}

static void add_row_group(pt_thrift_writer *thrift, const pt_parquet_writer *writer, size_t g) {
    const row_group *group = &writer->groups[g];
    int64_t n_bytes = 0;

    pt_thrift_write_struct_begin(thrift);
    pt_thrift_write_list_header(thrift, 1, PT_THRIFT_STRUCT, writer->n_columns);
    for (size_t c = 0; c < writer->n_columns; c++) {
        add_chunk(thrift, &writer->columns[c], &group->chunk[c], group->n_rows);
        n_bytes += (int64_t)group->chunk[c].n_bytes;
    }
    pt_thrift_write_i64(thrift, 2, n_bytes); /* uncompressed */
    pt_thrift_write_i64(thrift, 3, group->n_rows);
    pt_thrift_write_i64(thrift, 5, (int64_t)group->chunk[0].offset);
    pt_thrift_write_i64(thrift, 6, n_bytes); /* compressed */
    /* an optional 16-bit member */
    if (g <= INT16_MAX) pt_thrift_write_i16(thrift, 7, (int16_t)g);
    pt_thrift_write_struct_end(thrift);
}

static void add_footer(pt_strbuf *out, const pt_parquet_writer *writer) {
    pt_thrift_writer thrift = {.out = out};
    int64_t n_rows = 0;

    for (size_t g = 0; g < writer->n_groups; g++)
        n_rows += writer->groups[g].n_rows;
    pt_thrift_write_struct_begin(&thrift);
    pt_thrift_write_i32(&thrift, 1, 1); /* version: every reader supports 1 */
    add_schema(&thrift, writer);
    pt_thrift_write_i64(&thrift, 3, n_rows);
    pt_thrift_write_list_header(&thrift, 4, PT_THRIFT_STRUCT, writer->n_groups);
    for (size_t g = 0; g < writer->n_groups; g++)
        add_row_group(&thrift, writer, g);
    pt_thrift_write_list_header(&thrift, 5, PT_THRIFT_STRUCT, writer->n_keys);
    pt_strbuf_append_bytes(out, writer->keys.text, writer->keys.length);
    /* created_by: older readers in Java ignore statistics unless it names a build */
    pt_strbuf by = {0};
    pt_strbuf_printf(&by, "patina version %s (build %s)", patina_version(), patina_version());
    pt_thrift_write_string(&thrift, 6, by.failed ? "" : by.text);
    out->failed = out->failed || by.failed;
    pt_strbuf_release(&by);
    pt_thrift_write_list_header(&thrift, 7, PT_THRIFT_STRUCT,
                                writer->n_columns); /* column_orders, unions: */
    for (size_t c = 0; c < writer->n_columns; c++) {
        pt_thrift_write_struct_begin(&thrift);
        pt_thrift_write_struct_field(&thrift,
                                     1); /* TYPE_ORDER; without it readers ignore min_value */
        pt_thrift_write_struct_end(&thrift);
        pt_thrift_write_struct_end(&thrift);
    }
    pt_thrift_write_struct_end(&thrift);
}

patina_status pt_parquet_writer_finish(pt_parquet_writer *writer, patina_error *err) {
    pt_strbuf *footer = &writer->scratch;

    PT_TRY(flush_group(writer, err));
    if (writer->groups[writer->n_groups - 1].n_rows == 0)
        free(writer->groups[--writer->n_groups].chunk);
    pt_strbuf_clear(footer);
    add_footer(footer, writer);
    if (footer->failed || footer->length > INT32_MAX)
        return pt_fail(err, PATINA_ENOMEM, "out of memory for a Parquet footer");
    add_u32(footer, (uint32_t)footer->length);
    pt_strbuf_append_bytes(footer, magic, sizeof magic);
    if (footer->failed) return pt_fail(err, PATINA_ENOMEM, "out of memory for a Parquet footer");
    PT_TRY(pt_atomic_file_write(writer->file, footer->text, footer->length, err));
    return pt_atomic_file_commit(writer->file, err);
}

/* ---------------------------------------------------------------- opening and closing */

void pt_parquet_writer_close(pt_parquet_writer **writer) {
    pt_parquet_writer *w = *writer;
    if (!w) return;
    pt_atomic_file_close(&w->file);
    pt_strbuf_release(&w->keys);
    pt_strbuf_release(&w->scratch);
    for (size_t c = 0; w->buffers && c < w->n_columns; c++) {
        pt_strbuf_release(&w->buffers[c].values);
        free(w->buffers[c].ends);
        free(w->buffers[c].present);
    }
    for (size_t g = 0; g < w->n_groups; g++)
        free(w->groups[g].chunk);
    free(w->buffers);
    free(w->groups);
    free(w);
    *writer = NULL;
}

static void add_key(pt_parquet_writer *writer, const char *key, const char *value) {
    pt_thrift_writer thrift = {.out = &writer->keys};

    pt_thrift_write_struct_begin(&thrift);
    pt_thrift_write_string(&thrift, 1, key);
    pt_thrift_write_string(&thrift, 2, value);
    pt_thrift_write_struct_end(&thrift);
    writer->n_keys++;
}

static bool alloc_buffers(pt_parquet_writer *writer) {
    writer->buffers = calloc(writer->n_columns, sizeof *writer->buffers);
    for (size_t c = 0; writer->buffers && c < writer->n_columns; c++) {
        const pt_parquet_column *column = &writer->columns[c];
        column_buffer *buffer = &writer->buffers[c];
        const bool varies = column->optional || row_bytes(column) == 0;
        if (varies && !(buffer->ends = malloc(GROUP_ROWS * sizeof *buffer->ends))) return false;
        if (column->optional && !(buffer->present = malloc(GROUP_ROWS))) return false;
    }
    return writer->buffers && !writer->keys.failed;
}

patina_status pt_parquet_writer_open(const char *path, const pt_parquet_column *columns,
                                     size_t n_columns, const char *arrow_schema,
                                     const pt_key_value *metadata, size_t n_metadata,
                                     pt_parquet_writer **writer, patina_error *err) {
    pt_parquet_writer *w = calloc(1, sizeof *w);
    patina_status status = PATINA_OK;

    _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values in memory are in the file");
    if (!w) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
    w->columns = columns;
    w->n_columns = n_columns;
    if (arrow_schema) add_key(w, "ARROW:schema", arrow_schema);
    for (size_t i = 0; i < n_metadata; i++)
        add_key(w, metadata[i].key, metadata[i].value);
    if (!alloc_buffers(w)) status = pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
    if (status == PATINA_OK) status = ensure_row_group(w, err);
    if (status == PATINA_OK) status = pt_atomic_file_open(path, &w->file, err);
    if (status == PATINA_OK) status = pt_atomic_file_write(w->file, magic, sizeof magic, err);
    if (status == PATINA_OK)
        *writer = w;
    else
        pt_parquet_writer_close(&w);
    return status;
}

const struct pt_atomic_file *pt_parquet_writer_file(const pt_parquet_writer *writer) {
    return writer->file;
}
