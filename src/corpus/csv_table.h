/* SPDX-License-Identifier: MIT */
/* csv_table.h - records of delimited text with a header, in bounded memory
 *
 * Fields as in RFC 4180, with any delimiter; spaces are part of them. Lines end with LF, CR LF or
 * CR; empty lines, a first line "sep=;" and lines before the header that begin with '#' are
 * skipped. If the last of these comment lines has as many fields as the first row, it is the header
 * (AudioSet), and spaces after delimiters are skipped.
 */

#ifndef PATINA_CORPUS_CSV_TABLE_H
#define PATINA_CORPUS_CSV_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"
#include "corpus/corpus_reader.h"

#define PT_CSV_COLUMNS_MAX 1024

typedef struct pt_csv_format {
    char delimiter;     /* 0: comma */
    const char *header; /* column names of a file without header, "id,label"; NULL: it has one */
    bool extra_fields;  /* further fields of a row belong to the last column */
    bool last_is_rest;  /* the last field is the rest of the line, and quotes are text */
} pt_csv_format;

/** One record, valid until the next is read. */
typedef struct pt_csv_record {
    unsigned long long line; /* where it begins, from 1 */
    char fault[128];         /* "", or why its fields cannot be used */
    size_t n_fields;         /* may be more than PT_CSV_COLUMNS_MAX, which are kept */
    pt_strbuf text;          /* the fields, each ended by a NUL that is not counted */
    size_t start[PT_CSV_COLUMNS_MAX], length[PT_CSV_COLUMNS_MAX];
} pt_csv_record;

typedef struct pt_csv_table pt_csv_table;

/**
 * Opens a table and reads its header. format may be NULL: commas, with a header.
 *
 * Errors  PATINA_EIO      cannot be read
 *         PATINA_EFORMAT  no header, or over PT_CSV_COLUMNS_MAX columns; as pt_text_source_open
 */
patina_status pt_csv_open(const char *path, const pt_csv_format *format, pt_csv_table **table,
                          patina_error *err);

/** As pt_csv_open, of the head of a file. */
patina_status pt_csv_open_head(const pt_corpus_probe *probe, const pt_csv_format *format,
                               pt_csv_table **table, patina_error *err);
void pt_csv_close(pt_csv_table **table);

const pt_csv_record *pt_csv_header(const pt_csv_table *table);

/**
 * The next record; NULL after the last. A record with a fault has another number of fields than the
 * header, or begins with an unclosed quote: then it is the last.
 */
patina_status pt_csv_next(pt_csv_table *table, const pt_csv_record **record, patina_error *err);

/** Index of the column with this name, ignoring white space around it; an exact match comes before
 * one in another case, and that before one with other separators ("File Name"). -1: none */
int pt_csv_find_column(const pt_csv_record *header, const char *name);

/** Index of the first of several names, "filename|file_name|file", that is a column; -1: none */
int pt_csv_find_first_column(const pt_csv_record *header, const char *names);

/** Field i as written, n bytes and a NUL; it may contain NULs. */
const char *pt_csv_field(const pt_csv_record *record, int i, size_t *n);

/** Field i without ASCII white space around it, n bytes: for ids and numbers, never for captions.
 */
const char *pt_csv_field_trimmed(const pt_csv_record *record, int i, size_t *n);

#endif /* PATINA_CORPUS_CSV_TABLE_H */
