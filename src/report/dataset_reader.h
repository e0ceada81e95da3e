/* SPDX-License-Identifier: MIT */
/* dataset_reader.h - a finished data set, read back row by row with its provenance
 *
 *     OUT/dataset.json              -> the dataset_json
 *     OUT/data/<split>-*            -> rows        \  side by side, in the order of the names
 *     OUT/provenance/<split>-*      -> their lines /
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
    uint64_t n_bytes; /* of the rows' file */
} pt_dataset_reader_part;

/** Zero it to start. */
typedef struct pt_dataset_reader {
    char *out;
    char *dataset_json_text; /* dataset.json as it stands */
    json_t *dataset_json;
    pt_dataset_reader_part *part; /* [n_parts], by name */
    size_t n_parts;

    size_t part_index; /* the part being read; rows and lines are open where it is */
    pt_part_reader *rows;
    pt_line_reader lines;
    uint64_t row_in_part, n_read; /* rows so far, of this part and in all */
} pt_dataset_reader;

/**
 * Errors  PATINA_EIO      there is no such folder, or a file cannot be read
 *         PATINA_EFORMAT  it holds no data set, an unfinished one, or other files than it speaks of
 */
patina_status pt_dataset_reader_open(const char *out, pt_dataset_reader *reader, patina_error *err);
void pt_dataset_reader_release(pt_dataset_reader *reader);

/**
 * The next row and its line of provenance, which is valid until the next call; *end is set instead
 * after the last. reader->part_index and reader->row_in_part say which row of which part it was, from 0 and from 1.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT  damaged, or as many rows as lines there are not
 */
patina_status pt_dataset_reader_next(pt_dataset_reader *reader, pt_row *row, const char **line,
                                     bool *end, patina_error *err);

/**
 * Row n in the order of pt_dataset_reader_next, in a set that nothing was read from yet.
 *
 * Errors  PATINA_ERANGE  there are not so many
 */
patina_status pt_dataset_reader_read_row(pt_dataset_reader *reader, uint64_t n, pt_row *row,
                                         const char **line, patina_error *err);

/** The provenance lines of several rows (ascending) of a set that nothing was read from yet; the
 * caller frees each. Data files are not looked at. */
patina_status pt_dataset_reader_read_provenance(pt_dataset_reader *reader, const uint64_t *rows,
                                                size_t n_rows, char **lines, patina_error *err);

#endif /* PATINA_REPORT_DATASET_READER_H */
