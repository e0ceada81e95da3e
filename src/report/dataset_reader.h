/* SPDX-License-Identifier: MIT */
/* dataset_reader.h - reads a finished data set row by row, with provenance
 *
 *     OUT/dataset.json              -> dataset_json
 *     OUT/data/<split>-*            -> rows              \  in parallel, by file name
 *     OUT/provenance/<split>-*      -> provenance lines  /
 */

#ifndef PATINA_REPORT_DATASET_READER_H
#define PATINA_REPORT_DATASET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <patina/status.h>

#include "corpus/line_reader.h"
#include "dataset/part_reader.h"

typedef struct pt_dataset_reader_part {
    char *name;  /* "train-00000-of-00002.parquet" */
    char *split; /* "train" */
    char *data, *provenance;
    uint64_t n_bytes; /* of the data file */
} pt_dataset_reader_part;

/** Zero it to start. */
typedef struct pt_dataset_reader {
    char *out;
    char *dataset_json_text; /* dataset.json verbatim */
    json_t *dataset_json;
    pt_dataset_reader_part *part; /* [n_parts], by name */
    size_t n_parts;

    size_t part_index; /* the part being read, which rows and lines have open */
    pt_part_reader *rows;
    pt_line_reader lines;
    uint64_t row_in_part, n_read; /* rows read, of this part and in total */
} pt_dataset_reader;

/**
 * Errors  PATINA_EIO      there is no such folder, or a file cannot be read
 *         PATINA_EFORMAT  not a data set, not finished, or the files do not match dataset.json
 */
patina_status pt_dataset_reader_open(const char *out, pt_dataset_reader *reader, patina_error *err);
void pt_dataset_reader_release(pt_dataset_reader *reader);

/**
 * Reads the next row and its provenance line, which is valid until the next call. After the last
 * row *end is set. reader->part_index (from 0) and reader->row_in_part (from 1) locate the row.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT  damaged, or data/ and provenance/ differ in length
 */
patina_status pt_dataset_reader_next(pt_dataset_reader *reader, pt_row *row, const char **line,
                                     bool *end, patina_error *err);

/**
 * Reads row n in the order of pt_dataset_reader_next. Call it first after opening.
 *
 * Errors  PATINA_ERANGE  the set has fewer rows
 */
patina_status pt_dataset_reader_read_row(pt_dataset_reader *reader, uint64_t n, pt_row *row,
                                         const char **line, patina_error *err);

/** Reads the provenance lines of several rows (ascending) without the data files. Call it first
 * after opening. The caller frees each line. */
patina_status pt_dataset_reader_read_provenance(pt_dataset_reader *reader, const uint64_t *rows,
                                                size_t n_rows, char **lines, patina_error *err);

#endif /* PATINA_REPORT_DATASET_READER_H */
