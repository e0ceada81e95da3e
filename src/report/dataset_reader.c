/* SPDX-License-Identifier: MIT */
/* dataset_reader.c - lists and checks the files of a finished data set, and reads its rows */

#include "report/dataset_reader.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/json_load.h"
#include "dataset/output_dir.h"
#include "fs/dir.h"
#include "fs/path.h"

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* ---------------------------------------------------------------- dataset.json */

static patina_status missing_dataset_json(const char *given, patina_error *err) {
    char out[PT_OUTPUT_PATH_MAX + 1];
    pt_output_state state;
    PT_TRY(pt_output_dir_normalize(given, out, err));
    PT_TRY(pt_output_dir_require_run(out, false, &state, err));
    return pt_output_dir_fail_unfinished(out, err);
}

static patina_status read_dataset_json(pt_dataset_reader *reader, patina_error *err) {
    json_error_t where;
    size_t n;
    char *path = pt_path_join(reader->out, PT_DATASET_FILE);
    if (!path) return out_of_memory(err);
    bool exists = false;
    patina_status status = pt_path_check_exists(path, &exists, err);
    if (status == PATINA_OK && !exists)
        status = missing_dataset_json(reader->out, err);
    else if (status == PATINA_OK)
        status =
            pt_file_read_all(path, PT_DATASET_FILE_MAX_BYTES, &reader->dataset_json_text, &n, err);
    if (status == PATINA_OK) {
        reader->dataset_json =
            pt_json_load_text(reader->dataset_json_text, JSON_REJECT_DUPLICATES, &where);
        if (!reader->dataset_json)
            status = pt_json_fail(err, "file '%s': line %d: %s", path, where.line, where.text);
        else if (!json_is_object(reader->dataset_json))
            status = pt_fail(err, PATINA_EFORMAT, "file '%s': is not a JSON object", path);
    }
    free(path);
    return status;
}

/* ---------------------------------------------------------------- parts */

/* Length of "train" in "train-00000-of-00002.parquet"; 0 if the name is not that of a part. */
static size_t split_length(const char *name) {
    const char *dot = strrchr(name, '.');
    unsigned part, parts;
    int used = 0;
    if (!dot || (strcmp(dot, ".parquet") != 0 && strcmp(dot, ".jsonl") != 0)) return 0;
    for (const char *dash = strchr(name, '-'); dash; dash = strchr(dash + 1, '-'))
        if (sscanf(dash, "-%9u-of-%9u%n", &part, &parts, &used) == 2 && dash + used == dot)
            return (size_t)(dash - name);
    return 0;
}

static patina_status fill_part(const pt_dataset_reader *reader, const char *name, size_t n_split,
                               pt_dataset_reader_part *part, patina_error *err) {
    struct stat info;
    char *data = pt_path_join(reader->out, "data"),
         *provenance = pt_path_join(reader->out, "provenance");
    char *provenance_name = NULL; /* the same name with .jsonl */
    const size_t n_stem = (size_t)(strrchr(name, '.') - name);

    part->name = strdup(name);
    part->split = strndup(name, n_split);
    if (data) part->data = pt_path_join(data, name);
    if (asprintf(&provenance_name, "%.*s.jsonl", (int)n_stem, name) < 0) provenance_name = NULL;
    if (provenance && provenance_name) part->provenance = pt_path_join(provenance, provenance_name);
    free(data);
    free(provenance);
    free(provenance_name);
    if (!part->name || !part->split || !part->data || !part->provenance) return out_of_memory(err);
    if (stat(part->data, &info) != 0)
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", part->data,
                       strerror(errno));
    part->n_bytes = (uint64_t)info.st_size;
    return PATINA_OK;
}

static patina_status add_part(pt_dataset_reader *reader, const char *name, size_t n_split,
                              patina_error *err) {
    pt_dataset_reader_part *grown = realloc(reader->part, (reader->n_parts + 1) * sizeof *grown);
    if (!grown) return out_of_memory(err);
    reader->part = grown;
    grown[reader->n_parts] = (pt_dataset_reader_part){0};
    return fill_part(reader, name, n_split, &grown[reader->n_parts++], err);
}

static int compare_part_names(const void *a, const void *b) {
    return strcmp(((const pt_dataset_reader_part *)a)->name,
                  ((const pt_dataset_reader_part *)b)->name);
}

static patina_status list_parts(pt_dataset_reader *reader, patina_error *err) {
    char *folder = pt_path_join(reader->out, "data");
    if (!folder) return out_of_memory(err);
    patina_status status = PATINA_OK;
    DIR *dir = opendir(folder);
    const char *name;
    int why = errno;
    while (dir && status == PATINA_OK && (name = pt_dir_next(dir, &why))) {
        const size_t n_split = split_length(name);
        if (n_split > 0 && name[0] != '.') status = add_part(reader, name, n_split, err);
    }
    if (status == PATINA_OK && why != 0 && (dir || why != ENOENT)) /* no folder: no rows */
        status = pt_fail(err, PATINA_EIO, "folder '%s': cannot be read: %s", folder, strerror(why));
    if (dir) closedir(dir);
    if (reader->n_parts > 0)
        qsort(reader->part, reader->n_parts, sizeof *reader->part, compare_part_names);
    free(folder);

    const json_t *parts = json_object_get(reader->dataset_json, "parts");
    if (status == PATINA_OK && json_is_integer(parts) &&
        (uint64_t)json_integer_value(parts) != reader->n_parts)
        return pt_fail(err, PATINA_EFORMAT,
                       "'%s' is damaged: dataset.json lists %" PRIu64
                       " data files, but data/ has %zu",
                       reader->out, (uint64_t)json_integer_value(parts), reader->n_parts);
    return status;
}

patina_status pt_dataset_reader_open(const char *out, pt_dataset_reader *reader,
                                     patina_error *err) {
    reader->out = strdup(out);
    if (!reader->out) return out_of_memory(err);
    PT_TRY(read_dataset_json(reader, err));
    return list_parts(reader, err);
}

static void close_part(pt_dataset_reader *reader) {
    pt_part_reader_close(&reader->rows);
    pt_line_reader_close(&reader->lines);
    reader->lines = (pt_line_reader){0};
}

void pt_dataset_reader_release(pt_dataset_reader *reader) {
    close_part(reader);
    for (size_t i = 0; i < reader->n_parts; i++) {
        free(reader->part[i].name);
        free(reader->part[i].split);
        free(reader->part[i].data);
        free(reader->part[i].provenance);
    }
    free(reader->part);
    free(reader->out);
    free(reader->dataset_json_text);
    json_decref(reader->dataset_json);
    *reader = (pt_dataset_reader){0};
}

/* ---------------------------------------------------------------- rows */

static patina_status next_line(pt_dataset_reader *reader, bool *end, patina_error *err) {
    bool too_long = false;
    PT_TRY(pt_line_reader_next(&reader->lines, &too_long, end, err));
    if (too_long)
        return pt_fail(err, PATINA_EFORMAT, "file '%s': line %" PRIu64 " is longer than %u bytes",
                       reader->part[reader->part_index].provenance, reader->lines.number,
                       PT_TEXT_MAX);
    return PATINA_OK;
}

static patina_status row_count_mismatch(const pt_dataset_reader *reader, const char *more,
                                        const char *less, patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT, "file '%s': row %" PRIu64 " is in %s but not in %s",
                   reader->part[reader->part_index].data, reader->row_in_part + 1, more, less);
}

/* *end: of this part. */
static patina_status next_in_part(pt_dataset_reader *reader, pt_row *row, bool *end,
                                  patina_error *err) {
    bool no_line = false;
    const pt_dataset_reader_part *part = &reader->part[reader->part_index];
    if (!reader->rows) {
        PT_TRY(pt_part_reader_open(part->data, &reader->rows, err));
        PT_TRY(pt_line_reader_open(&reader->lines, part->provenance, err));
        reader->row_in_part = 0;
    }
    PT_TRY(pt_part_reader_next(reader->rows, row, end, err));
    PT_TRY(next_line(reader, &no_line, err));
    if (*end && !no_line) return row_count_mismatch(reader, "provenance/", "data/", err);
    if (!*end && no_line) return row_count_mismatch(reader, "data/", "provenance/", err);
    if (*end) return PATINA_OK;
    reader->row_in_part++;
    reader->n_read++;
    return PATINA_OK;
}

patina_status pt_dataset_reader_next(pt_dataset_reader *reader, pt_row *row, const char **line,
                                     bool *end, patina_error *err) {
    *end = false;
    while (reader->part_index < reader->n_parts) {
        PT_TRY(next_in_part(reader, row, end, err));
        if (!*end) {
            *line = reader->lines.line.text;
            return PATINA_OK;
        }
        close_part(reader);
        reader->part_index++;
    }
    *end = true;
    const json_t *rows = json_object_get(reader->dataset_json, "rows");
    if (json_is_integer(rows) && (uint64_t)json_integer_value(rows) != reader->n_read)
        return pt_fail(err, PATINA_EFORMAT,
                       "'%s' is damaged: dataset.json lists %" PRIu64
                       " rows, but its files have %" PRIu64,
                       reader->out, (uint64_t)json_integer_value(rows), reader->n_read);
    return PATINA_OK;
}

/* Counts the provenance lines of part reader->part_index. */
static patina_status count_lines(pt_dataset_reader *reader, uint64_t *n, patina_error *err) {
    bool end = false;
    PT_TRY(pt_line_reader_open(&reader->lines, reader->part[reader->part_index].provenance, err));
    for (*n = 0; !end; *n += !end)
        PT_TRY(next_line(reader, &end, err));
    close_part(reader);
    return PATINA_OK;
}

patina_status pt_dataset_reader_read_row(pt_dataset_reader *reader, uint64_t n, pt_row *row,
                                         const char **line, patina_error *err) {
    uint64_t before = 0, here = 0;
    bool end = false;
    for (reader->part_index = 0; reader->part_index < reader->n_parts; reader->part_index++) {
        PT_TRY(count_lines(reader, &here, err));
        if (n < before + here) break;
        before += here;
    }
    if (reader->part_index == reader->n_parts)
        return pt_fail(err, PATINA_ERANGE,
                       "'%s' has %" PRIu64 " rows, counted from 0; row %" PRIu64 " does not exist",
                       reader->out, before, n);
    for (uint64_t i = before; i <= n && !end; i++)
        PT_TRY(next_in_part(reader, row, &end, err));
    if (end) return row_count_mismatch(reader, "provenance/", "data/", err);
    *line = reader->lines.line.text;
    return PATINA_OK;
}

patina_status pt_dataset_reader_read_provenance(pt_dataset_reader *reader, const uint64_t *rows,
                                                size_t n_rows, char **lines, patina_error *err) {
    uint64_t at = 0;
    size_t found = 0;
    for (reader->part_index = 0; reader->part_index < reader->n_parts && found < n_rows;
         reader->part_index++) {
        bool end = false;
        PT_TRY(
            pt_line_reader_open(&reader->lines, reader->part[reader->part_index].provenance, err));
        while (found < n_rows) {
            PT_TRY(next_line(reader, &end, err));
            if (end) break;
            if (at++ != rows[found]) continue;
            lines[found] = strdup(reader->lines.line.text);
            if (!lines[found++]) return out_of_memory(err);
        }
        close_part(reader);
    }
    return found == n_rows
               ? PATINA_OK
               : pt_fail(err, PATINA_EFORMAT, "'%s' changed while it was read", reader->out);
}
