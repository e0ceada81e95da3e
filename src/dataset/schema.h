/* SPDX-License-Identifier: MIT */
/* schema.h - the five columns: writers, checks and the data-set card read this one table */

#ifndef PATINA_DATASET_SCHEMA_H
#define PATINA_DATASET_SCHEMA_H

#include <stddef.h>

#include "dataset/row_writer.h"

#define PT_N_COLUMNS 5

typedef struct pt_column {
    const char *name;
    size_t n_values; /* floats a row; 1 is a scalar, more are a list of this fixed length */
    size_t offset;   /* of the first float in pt_row */
    const char *unit, *meaning;
} pt_column;

/** In the order of the file. */
extern const pt_column pt_columns[PT_N_COLUMNS];

/** [column->n_values] */
const float *pt_column_values(const pt_column *column, const pt_row *row);

/** PATINA_ERANGE names the column that holds a NaN or Inf. */
patina_status pt_row_check_finite(const pt_row *row, patina_error *err);

#endif /* PATINA_DATASET_SCHEMA_H */
