/* SPDX-License-Identifier: MIT */
/* file_metadata.h - Parquet file metadata: schema, row groups, column chunks
 *
 *   PAR1 | row group: column chunk: page page ... | ... | footer | length of footer | PAR1
 *
 * Columns are the leaves of a tree of fields. A row has any number of values of a column (a list)
 * or one; levels encode which of the fields above a value are present:
 *
 *   definition level   number of optional and repeated fields present on the path to the leaf
 *   repetition level   0: the value begins a row; 1: it continues the list
 *
 * Lengths and offsets are checked against the file when it is opened. Encodings and codecs are
 * checked only for columns that are read (pt_parquet_check_supported).
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

/* The converted types that readers distinguish. */
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
    size_t leaf;          /* index of the column, from 0; PT_PARQUET_NONE: a group */
    pt_parquet_type type; /* of a leaf */
    int converted;        /* ConvertedType of parquet.thrift */
    unsigned max_definition, max_repetition;
    unsigned item_definition; /* from this definition level on, the list has an item here */
} pt_parquet_field;

/** A column's values in one row group. */
typedef struct pt_parquet_column_chunk {
    uint64_t start, n_bytes; /* its pages, within the file */
    uint64_t n_values;       /* with nulls */
    int codec;
    uint32_t encodings;  /* one bit for each */
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
    char *text; /* storage of names, keys and values */
    pt_parquet_column_chunk *chunks;
} pt_parquet;

/**
 * Reads the footer. bytes must outlive the file.
 *
 * Errors  PATINA_EIO      cannot be read
 *         PATINA_EFORMAT  not a Parquet file, or damaged
 */
patina_status pt_parquet_open(const pt_byte_source *bytes, pt_parquet **file, patina_error *err);
void pt_parquet_close(pt_parquet **file);

/** The child of a field (0: the root) with this name; PT_PARQUET_NONE where there is none. */
size_t pt_parquet_find_child(const pt_parquet *file, size_t parent, const char *name);

/**
 * The only leaf below a field, possibly the field itself: a value, or a list of values in any of
 * the common forms. PT_PARQUET_NONE when there are several, or nested lists.
 */
size_t pt_parquet_find_single_leaf(const pt_parquet *file, size_t field);

/** Whether a column can be read in all row groups; PATINA_EFORMAT names the reason if not. */
patina_status pt_parquet_check_supported(const pt_parquet *file, size_t leaf, patina_error *err);

/** The value of a key of the file's metadata; NULL where there is none. */
const char *pt_parquet_find_key_value(const pt_parquet *file, const char *key);

/** Appends the names of the fields below the root: "'a', 'b' and 'c'". */
void pt_parquet_append_column_names(const pt_parquet *file, pt_strbuf *text);

/** Appends the path of a field, "audio.bytes", shortened where it is very long. */
void pt_parquet_append_field_path(const pt_parquet *file, size_t field, pt_strbuf *text);

#endif /* PATINA_PARQUET_FILE_METADATA_H */
