/* SPDX-License-Identifier: MIT */
/* csv_table.h - a CSV with a header, record by record, in memory that does not grow with it
 *
 * Fields are those of RFC 4180, spaces and all; lines end in LF, CR LF or CR, empty ones are passed
 * over, and a byte order mark before the first is left out.
 */

#ifndef PATINA_CORPUS_CSV_TABLE_H
#define PATINA_CORPUS_CSV_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"
#include "corpus/corpus_reader.h"

#define PT_CSV_COLUMNS_MAX 64

/** One record, the table's own until the next is asked for. */
typedef struct pt_csv_record {
    unsigned long long line; /* where it begins, from 1 */
    char fault[128];         /* "", or why its fields are not to be used */
    size_t n_fields;         /* may be more than PT_CSV_COLUMNS_MAX, which are kept */
    pt_strbuf text;          /* the fields, each ended by a NUL that is not counted */
    size_t start[PT_CSV_COLUMNS_MAX], length[PT_CSV_COLUMNS_MAX];
} pt_csv_record;

typedef struct pt_csv_table pt_csv_table;

/**
 * Opens a table and reads its header.
 *
 * Errors  PATINA_EIO      cannot be read
 *         PATINA_EFORMAT  no header, or over PT_CSV_COLUMNS_MAX columns
 */
patina_status pt_csv_open(const char *path, pt_csv_table **table, patina_error *err);
void pt_csv_close(pt_csv_table **table);

const pt_csv_record *pt_csv_header(const pt_csv_table *table);

/**
 * The next record; NULL after the last. A record with a fault has not as many fields as the header,
 * or is what was left behind a quote that nobody closed: then it is the last.
 */
patina_status pt_csv_next(pt_csv_table *table, const pt_csv_record **record, patina_error *err);

/** The header of what may be a table; NULL if it is none, or memory ran out. For readers that
 * recognise a file; pt_csv_record_free frees it. */
pt_csv_record *pt_csv_probe_header(const pt_corpus_probe *probe);
void pt_csv_record_free(pt_csv_record *header);

/** Number of the column with this name, white space around it left out; -1 if there is none. */
int pt_csv_find_column(const pt_csv_record *header, const char *name);

/** pt_csv_find_column of the first of these names that is a column; a NULL ends them. */
int pt_csv_find_first_column(const pt_csv_record *header, const char *const *names);

/** Field i as it stands, n bytes and a NUL; it may hold NULs. */
const char *pt_csv_field(const pt_csv_record *record, int i, size_t *n);

/** Field i without ASCII white space around it, n bytes: for ids and numbers, never for captions.
 */
const char *pt_csv_field_trimmed(const pt_csv_record *record, int i, size_t *n);

#endif /* PATINA_CORPUS_CSV_TABLE_H */
