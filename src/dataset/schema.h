/* SPDX-License-Identifier: MIT */
/* schema.h - rows and their columns, generated from the list in columns.h */

#ifndef PATINA_DATASET_SCHEMA_H
#define PATINA_DATASET_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/generate.h>
#include <patina/measure.h>
#include <patina/status.h>

#include "dataset/columns.h"

#define PT_FUSED_STATE_DIM (2 * PATINA_EMBEDDING_SIZE) /* caption, then degraded audio */

#define PT_SCALAR_MEMBER(name, ...)       float name;
#define PT_LIST_MEMBER(name, length, ...) float name[length];
typedef struct pt_row {
    PT_COLUMNS(PT_SCALAR_MEMBER, PT_LIST_MEMBER)
} pt_row;

#define PT_COLUMN_INDEX(name, ...) PT_COLUMN_##name,
enum { PT_COLUMNS(PT_COLUMN_INDEX, PT_COLUMN_INDEX) PT_N_COLUMNS };

/** One value of a column. */
typedef struct pt_column_value {
    const char *title; /* "crest factor"; NULL: no statistics of it are shown */
    const char *unit;  /* "" where there is none */
    int decimals;
    float min, max; /* both valid */
} pt_column_value;

/** What the values of a row are computed from, embeddings apart. */
typedef struct pt_row_source {
    const patina_targets *targets;
    const patina_degrade_stats *degrade;
    patina_loudness_source loudness;
    double purity_cap; /* upper end of input_purity, dB */
} pt_row_source;

typedef struct pt_column {
    const char *name;
    size_t n_values; /* floats a row; 1 is a scalar, more are a list of this fixed length */
    size_t offset;   /* of the first float in pt_row */
    const char *unit, *meaning;
    void (*fill)(const pt_row_source *source, float *values); /* may be NULL */
    const pt_column_value *value;
    size_t n_described; /* entries of value: 1 for all values alike, or n_values */
} pt_column;

/** Text, after the others in sets that have it: `entry` of provenance. */
#define PT_ID_COLUMN  "id"
#define PT_ID_MEANING "id of the entry, `entry` of provenance"

/** Whether a set with these settings has the column. */
bool pt_settings_have_id(const json_t *settings);

/** In the order of the file. */
extern const pt_column pt_columns[PT_N_COLUMNS];

/** [column->n_values], in a row */
const float *pt_column_values(const pt_column *column, const pt_row *row);
float *pt_column_values_mutable(const pt_column *column, pt_row *row);

/** Returns the meaning of a column in a set with this purity cap; to be freed. NULL: out of
 * memory. */
char *pt_column_describe(const pt_column *column, double purity_cap);

/** Returns the purity cap of a set with these settings. Sets of version 0.1 have no such setting;
 * their cap is PATINA_PURITY_MAX. */
double pt_settings_purity_cap(const json_t *settings);

/** Sets every column that has a fill function. */
void pt_row_fill(pt_row *row, const pt_row_source *source);

/** PATINA_ERANGE names the column that contains a NaN or Inf. */
patina_status pt_row_check_finite(const pt_row *row, patina_error *err);

/**
 * Whether a row is valid: all values finite and in range, both embeddings of length 1. The check
 * before a row is written, and that of patina_dataset_verify.
 *
 * Errors  PATINA_ERANGE  names the column and the value, or the CLAP tower
 */
patina_status pt_row_check(const pt_row *row, patina_error *err);

#endif /* PATINA_DATASET_SCHEMA_H */
