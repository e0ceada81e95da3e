/* SPDX-License-Identifier: MIT */
/* part_reader.c - reads the rows of a part, from Parquet or JSON Lines
 *
 * Parts rewritten by another program (compressed, with optional fields) are read as well, as long
 * as they have the same columns.
 */

#include "dataset/part_reader.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/json_load.h"
#include "base/strbuf.h"
#include "parquet/column_reader.h"
#include "parquet/file_metadata.h"

#define LINE_MAX_BYTES (1U << 20) /* a row has 13 kB */
#define BLOCK_BYTES    (1U << 16)

struct pt_part_reader {
    char *path;
    pt_byte_source bytes;
    uint64_t n_read; /* rows */

    pt_parquet *parquet; /* NULL: JSON Lines */
    pt_parquet_column_reader *columns[PT_N_COLUMNS];
    pt_parquet_column_reader *id_column; /* NULL: none */
    bool has_id;
    pt_strbuf id;    /* of the last row */
    size_t group;    /* the next one to read */
    uint64_t n_left; /* rows of the current group */

    uint64_t offset; /* of the next block in the file */
    pt_strbuf text;  /* read; not yet parsed from `at` on */
    size_t at;
};

/* ---- Parquet */

static patina_status fail_columns(const pt_parquet *file, patina_error *err) {
    pt_strbuf names = {0};
    pt_parquet_append_column_names(file, &names);
    pt_fail(err, PATINA_EFORMAT, "not a part of a data set: its columns are %s",
            names.failed ? "" : names.text);
    pt_strbuf_release(&names);
    return PATINA_EFORMAT;
}

static patina_status open_parquet(pt_part_reader *part, patina_error *err) {
    PT_TRY(pt_parquet_open(&part->bytes, &part->parquet, err));
    const pt_parquet *file = part->parquet;

    const size_t id = pt_parquet_find_child(file, 0, PT_ID_COLUMN);
    part->has_id = id != PT_PARQUET_NONE;
    if (file->fields[0].n_children != PT_N_COLUMNS + (size_t)part->has_id)
        return fail_columns(file, err);
    if (part->has_id) {
        const pt_parquet_field *f = &file->fields[id];
        if (f->leaf == PT_PARQUET_NONE || f->type != PT_PARQUET_BYTE_ARRAY || f->max_repetition > 0)
            return pt_fail(err, PATINA_EFORMAT, "column '" PT_ID_COLUMN "' is not text");
        PT_TRY(pt_parquet_column_reader_open(file, f->leaf, &part->id_column, err));
    }
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        const size_t field = pt_parquet_find_child(file, 0, pt_columns[c].name);
        if (field == PT_PARQUET_NONE) return fail_columns(file, err);
        const size_t leaf = pt_parquet_find_single_leaf(file, field);
        const pt_parquet_field *values =
            leaf == PT_PARQUET_NONE ? NULL : &file->fields[file->leaves[leaf]];
        if (!values || values->type != PT_PARQUET_FLOAT ||
            values->max_repetition != (pt_columns[c].n_values > 1))
            return pt_fail(err, PATINA_EFORMAT, "column '%s' is not a %s", pt_columns[c].name,
                           pt_columns[c].n_values > 1 ? "list of 32-bit floats" : "32-bit float");
        PT_TRY(pt_parquet_column_reader_open(file, leaf, &part->columns[c], err));
    }
    return PATINA_OK;
}

/** One row's values of a column. */
static patina_status read_values(pt_parquet_column_reader *from, const pt_column *column,
                                 float *values, patina_error *err) {
    bool continues = true;

    for (size_t i = 0; i < column->n_values && continues; i++) {
        pt_parquet_slot slot;
        PT_TRY(pt_parquet_column_reader_next(from, &slot, err));
        PT_TRY(pt_parquet_column_reader_has_more_items(from, &continues, err));
        if (!continues && i + 1 < column->n_values)
            return pt_fail(err, PATINA_EFORMAT, "column '%s': a list of %zu values instead of %zu",
                           column->name, slot.is_item ? i + 1 : 0, column->n_values);
        if (!slot.present)
            return pt_fail(err, PATINA_EFORMAT, "column '%s': value %zu is null", column->name, i);
        values[i] = slot.value.f32;
    }
    if (continues)
        return pt_fail(err, PATINA_EFORMAT, "column '%s': a list of more than %zu values",
                       column->name, column->n_values);
    return PATINA_OK;
}

static patina_status set_id(pt_part_reader *part, const char *text, size_t n, patina_error *err) {
    if (!text || n == 0 || memchr(text, '\0', n))
        return pt_fail(err, PATINA_EFORMAT, "column '" PT_ID_COLUMN "': no text");
    pt_strbuf_clear(&part->id);
    pt_strbuf_append_bytes(&part->id, text, n);
    return part->id.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory") : PATINA_OK;
}

static patina_status read_id(pt_part_reader *part, patina_error *err) {
    pt_parquet_slot slot;
    PT_TRY(pt_parquet_column_reader_next(part->id_column, &slot, err));
    return set_id(part, slot.present ? (const char *)slot.value.text.bytes : NULL,
                  slot.present ? slot.value.text.n : 0, err);
}

static patina_status next_parquet_row(pt_part_reader *part, pt_row *row, bool *end,
                                      patina_error *err) {
    const pt_parquet *file = part->parquet;

    while (part->n_left == 0) {
        if (part->group == file->n_groups) {
            *end = true;
            return PATINA_OK;
        }
        for (size_t c = 0; c < PT_N_COLUMNS; c++)
            pt_parquet_column_reader_seek_group(part->columns[c], part->group);
        if (part->id_column) pt_parquet_column_reader_seek_group(part->id_column, part->group);
        part->n_left = file->groups[part->group++].n_rows;
    }
    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        PT_TRY(read_values(part->columns[c], &pt_columns[c],
                           pt_column_values_mutable(&pt_columns[c], row), err));
    part->n_left--;
    return part->id_column ? read_id(part, err) : PATINA_OK;
}

/* ---- JSON Lines */

/** The next line, without its end; NULL after the last. */
static patina_status next_line(pt_part_reader *part, const char **line, size_t *n,
                               patina_error *err) {
    size_t searched = part->at;
    char *feed = NULL;

    while (!(feed = part->text.length > searched
                        ? memchr(part->text.text + searched, '\n', part->text.length - searched)
                        : NULL)) {
        char block[BLOCK_BYTES];
        if (part->text.length - part->at > LINE_MAX_BYTES)
            return pt_fail(err, PATINA_EFORMAT, "it is longer than %u bytes", LINE_MAX_BYTES);
        const int64_t got = pt_byte_source_read_at(&part->bytes, part->offset, block, sizeof block);
        if (got < 0) return pt_fail(err, PATINA_EIO, "cannot be read: %s", strerrordesc_np(errno));
        if (got == 0 && part->text.length == part->at) {
            *line = NULL;
            return PATINA_OK;
        }
        if (got == 0)
            return pt_fail(err, PATINA_EFORMAT, "it is truncated: the end of line is missing");
        if (part->at > 0) { /* drop the parsed lines */
            memmove(part->text.text, part->text.text + part->at, part->text.length - part->at);
            part->text.length -= part->at;
            part->at = 0;
        }
        searched = part->text.length;
        pt_strbuf_append_bytes(&part->text, block, (size_t)got);
        if (part->text.failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        part->offset += (uint64_t)got;
    }
    *line = part->text.text + part->at;
    *n = (size_t)(feed - *line);
    part->at += *n + 1;
    return PATINA_OK;
}

static patina_status parse_number(const json_t *value, const pt_column *column, size_t i,
                                  float *into, patina_error *err) {
    if (!json_is_number(value))
        return pt_fail(err, PATINA_EFORMAT, "column '%s': value %zu is not a number", column->name,
                       i);
    *into = (float)json_number_value(value);
    return PATINA_OK;
}

static patina_status parse_column(const json_t *object, const pt_column *column, float *values,
                                  patina_error *err) {
    const json_t *value = json_object_get(object, column->name);

    if (!value) return pt_fail(err, PATINA_EFORMAT, "column '%s' is missing", column->name);
    if (column->n_values == 1) return parse_number(value, column, 0, values, err);
    if (!json_is_array(value))
        return pt_fail(err, PATINA_EFORMAT, "column '%s' is not a list", column->name);
    if (json_array_size(value) != column->n_values)
        return pt_fail(err, PATINA_EFORMAT, "column '%s': a list of %zu values instead of %zu",
                       column->name, json_array_size(value), column->n_values);
    for (size_t i = 0; i < column->n_values; i++)
        PT_TRY(parse_number(json_array_get(value, i), column, i, &values[i], err));
    return PATINA_OK;
}

static patina_status next_jsonl_row(pt_part_reader *part, pt_row *row, bool *end,
                                    patina_error *err) {
    const char *line = NULL;
    size_t n = 0;
    patina_status status = PATINA_OK;

    PT_TRY(next_line(part, &line, &n, err));
    *end = !line;
    if (!line) return PATINA_OK;
    json_t *object = pt_json_load(line, n, JSON_REJECT_DUPLICATES, NULL);
    const json_t *id = json_object_get(object, PT_ID_COLUMN);
    if (!json_is_object(object))
        status = pt_json_fail(err, "the line is not a JSON object");
    else if (json_object_size(object) != PT_N_COLUMNS + (id != NULL))
        status = pt_fail(err, PATINA_EFORMAT, "it has %zu columns instead of %d",
                         json_object_size(object), PT_N_COLUMNS);
    else if (part->n_read > 0 && part->has_id != (id != NULL))
        status = pt_fail(err, PATINA_EFORMAT, "only some lines have the column '" PT_ID_COLUMN "'");
    part->has_id = id != NULL;
    if (status == PATINA_OK && id)
        status = set_id(part, json_string_value(id), json_string_length(id), err);
    for (size_t c = 0; status == PATINA_OK && c < PT_N_COLUMNS; c++)
        status = parse_column(object, &pt_columns[c], pt_column_values_mutable(&pt_columns[c], row),
                              err);
    json_decref(object);
    return status;
}

/* ---- both */

static bool has_suffix(const char *path, const char *suffix) {
    const size_t n = strlen(path), n_suffix = strlen(suffix);
    return n >= n_suffix && strcmp(path + n - n_suffix, suffix) == 0;
}

patina_status pt_part_reader_open(const char *path, pt_part_reader **part, patina_error *err) {
    const bool lines = has_suffix(path, pt_row_writer_jsonl.suffix);
    pt_part_reader *p = NULL;
    patina_status status = PATINA_OK;

    if (!lines && !has_suffix(path, pt_row_writer_parquet.suffix))
        return pt_fail(err, PATINA_EFORMAT, "file '%s': its name ends neither in '%s' nor in '%s'",
                       path, pt_row_writer_parquet.suffix, pt_row_writer_jsonl.suffix);
    if (!(p = calloc(1, sizeof *p)) || !(p->path = strdup(path))) {
        status = pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
        goto done;
    }
    status = pt_byte_source_open_file(path, &p->bytes, err);
    if (status != PATINA_OK) {
        if (status == PATINA_REJECT_MISSING)
            status = pt_fail(err, PATINA_EIO, "file '%s': not found", path);
        goto done;
    }
    if (!lines) status = open_parquet(p, err);
    if (status != PATINA_OK) {
        pt_error_add_context(err, "file '%s'", path);
        goto done;
    }
    *part = p;
    p = NULL;
done:
    pt_part_reader_close(&p);
    return status;
}

void pt_part_reader_close(pt_part_reader **part) {
    pt_part_reader *p = *part;
    if (!p) return;
    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        pt_parquet_column_reader_close(&p->columns[c]);
    pt_parquet_column_reader_close(&p->id_column);
    pt_strbuf_release(&p->id);
    pt_parquet_close(&p->parquet);
    pt_byte_source_close(&p->bytes);
    pt_strbuf_release(&p->text);
    free(p->path);
    free(p);
    *part = NULL;
}

const char *pt_part_reader_id(const pt_part_reader *part) {
    return part->has_id ? part->id.text : NULL;
}

const char *pt_part_reader_find_key_value(const pt_part_reader *part, const char *key) {
    return part->parquet ? pt_parquet_find_key_value(part->parquet, key) : NULL;
}

patina_status pt_part_reader_next(pt_part_reader *part, pt_row *row, bool *end, patina_error *err) {
    pt_row next;
    bool at_end = false;
    patina_status status = part->parquet ? next_parquet_row(part, &next, &at_end, err)
                                         : next_jsonl_row(part, &next, &at_end, err);

    if (status == PATINA_OK && !at_end && pt_row_check_finite(&next, err) != PATINA_OK) {
        status = PATINA_EFORMAT;
        if (err) err->status = status;
    }
    if (status != PATINA_OK) {
        pt_error_add_context(err, "file '%s': row %llu", part->path,
                             (unsigned long long)part->n_read);
        return status;
    }
    *end = at_end;
    if (at_end) return PATINA_OK;
    *row = next;
    part->n_read++;
    return PATINA_OK;
}
