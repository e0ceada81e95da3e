/* SPDX-License-Identifier: MIT */
/* file_metadata.h - what a Parquet file says of itself: its columns, and where their values lie
 *
 *   PAR1 | row group: column chunk: page page ... | ... | footer | length of footer | PAR1
 *
 * Columns are the leaves of a tree of fields. A row has any number of values of a column (a list)
 * or one; levels tell which of the fields above a value were there:
 *
 *   definition level   how many optional and repeated fields on the way to the leaf are there
 *   repetition level   0: a value begins a row; 1: it is a further one of the list
 *
 * All lengths and places are checked against the file when it is opened; what a column is coded and
 * compressed with only when it is asked for (pt_parquet_check_supported), so that one that nobody reads
 * may be anything.
 *
 * Source   Apache Parquet format 2.11: parquet.thrift
 */

#ifndef PATINA_PARQUET_FILE_METADATA_H
#define PATINA_PARQUET_FILE_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/byte_source.h"
#include "base/strbuf.h"

#define PT_PARQUET_FOOTER_MAX (256U << 20) /* bytes */
#define PT_PARQUET_DEPTH_MAX  32           /* fields within fields */
#define PT_PARQUET_NONE       SIZE_MAX

typedef enum pt_parquet_type {
    PT_PARQUET_BOOLEAN,
    PT_PARQUET_INT32,
    PT_PARQUET_INT64,
    PT_PARQUET_INT96,
    PT_PARQUET_FLOAT,
    PT_PARQUET_DOUBLE,
    PT_PARQUET_BYTE_ARRAY,
    PT_PARQUET_FIXED_LEN_BYTE_ARRAY
} pt_parquet_type;

/* Of a field's converted type, what readers have to tell apart. */
#define PT_PARQUET_CONVERTED_NONE (-1)
#define PT_PARQUET_UINT_8         11
#define PT_PARQUET_UINT_64        14
#define PT_PARQUET_INT_8          15
#define PT_PARQUET_INT_64         18

/** A field of the schema. Descendants follow their parent, depth first. */
typedef struct pt_parquet_field {
    const char *name; /* UTF-8 */
    size_t parent;    /* index of the field above it */
    size_t n_children;
    size_t leaf;          /* which column it is, from 0; PT_PARQUET_NONE: a group */
    pt_parquet_type type; /* of a leaf */
    int converted;        /* what the values mean, as a number of parquet.thrift */
    unsigned max_definition, max_repetition;
    unsigned item_definition; /* from this definition level on, the list has an item here */
} pt_parquet_field;

/** A column's values in one row group. */
typedef struct pt_parquet_column_chunk {
    uint64_t start, n_bytes; /* its pages, within the file */
    uint64_t n_values;       /* nulls count */
    int codec;
    uint32_t encodings;  /* a bit each */
    bool is_unavailable; /* in another file, or encrypted: start and n_bytes mean nothing */
} pt_parquet_column_chunk;

typedef struct pt_parquet_row_group {
    uint64_t n_rows;
    const pt_parquet_column_chunk *chunks; /* [n_leaves] */
} pt_parquet_row_group;

typedef struct pt_parquet_key_value {
    const char *key, *value;
} pt_parquet_key_value;

typedef struct pt_parquet {
    const pt_byte_source *bytes;
    pt_parquet_field *fields; /* the first is the root */
    size_t n_fields, n_leaves;
    size_t *leaves; /* [n_leaves] fields */
    pt_parquet_row_group *groups;
    size_t n_groups;
    uint64_t n_rows;
    pt_parquet_key_value *keys;
    size_t n_keys;
    char *text; /* that names, keys and values point to */
    pt_parquet_column_chunk *chunks;
} pt_parquet;

/**
 * Reads the footer. bytes has to outlive the file.
 *
 * Errors  PATINA_EIO      cannot be read
 *         PATINA_EFORMAT  no Parquet file, or a damaged one
 */
patina_status pt_parquet_open(const pt_byte_source *bytes, pt_parquet **file, patina_error *err);
void pt_parquet_close(pt_parquet **file);

/** The child of a field (0: the root) with this name; PT_PARQUET_NONE where there is none. */
size_t pt_parquet_find_child(const pt_parquet *file, size_t parent, const char *name);

/**
 * The only leaf below a field, which may be the field itself: a value, or a list of values in any
 * of the forms that writers give it. PT_PARQUET_NONE where there are several, or lists in lists.
 */
size_t pt_parquet_find_single_leaf(const pt_parquet *file, size_t field);

/** Whether a column can be read in all row groups; PATINA_EFORMAT says what is in the way. */
patina_status pt_parquet_check_supported(const pt_parquet *file, size_t leaf, patina_error *err);

/** The value of a key of the file's metadata; NULL where there is none. */
const char *pt_parquet_find_key_value(const pt_parquet *file, const char *key);

/** Adds "'a', 'b' and 'c'": the fields below the root. */
void pt_parquet_append_column_names(const pt_parquet *file, pt_strbuf *text);

/** Adds a field's path, "audio.bytes", shortened where it is very long. */
void pt_parquet_append_field_path(const pt_parquet *file, size_t field, pt_strbuf *text);

#endif /* PATINA_PARQUET_FILE_METADATA_H */
