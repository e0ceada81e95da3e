/* SPDX-License-Identifier: MIT */
/* set.h - a finished data set, read back row by row with its provenance
 *
 *     OUT/dataset.json              -> the account
 *     OUT/data/<split>-*            -> rows        \  side by side, in the order of the names
 *     OUT/provenance/<split>-*      -> their lines /
 */

#ifndef PATINA_REPORT_SET_H
#define PATINA_REPORT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <patina/status.h>

#include "corpus/lines.h"
#include "dataset/part.h"

typedef struct pt_set_part {
    char *name;  /* "train-00000-of-00002.parquet" */
    char *split; /* "train" */
    char *data, *provenance;
    uint64_t n_bytes; /* of the rows' file */
} pt_set_part;

/** Zero it to start. */
typedef struct pt_set {
    char *out;
    char *account_text; /* dataset.json as it stands */
    json_t *account;
    pt_set_part *part; /* [n_parts], by name */
    size_t n_parts;

    size_t at; /* the part being read; rows and lines are open where it is */
    pt_part *rows;
    pt_lines lines;
    uint64_t in_part, n_read; /* rows so far, of this part and in all */
} pt_set;

/**
 * Errors  PT_EIO      there is no such folder, or a file cannot be read
 *         PT_EFORMAT  it holds no data set, an unfinished one, or other files than it speaks of
 */
pt_status pt_set_open(const char *out, pt_set *set, pt_error *err);
void pt_set_release(pt_set *set);

/**
 * The next row and its line of provenance, which is valid until the next call; *end is set instead
 * after the last. set->at and set->in_part say which row of which part it was, from 0 and from 1.
 *
 * Errors  PT_EIO, PT_EFORMAT  damaged, or as many rows as lines there are not
 */
pt_status pt_set_next(pt_set *set, pt_row *row, const char **line, bool *end, pt_error *err);

/**
 * Row n in the order of pt_set_next, in a set that nothing was read from yet.
 *
 * Errors  PT_ERANGE  there are not so many
 */
pt_status pt_set_find(pt_set *set, uint64_t n, pt_row *row, const char **line, pt_error *err);

/** The provenance lines of several rows (ascending) of a set that nothing was read from yet; the
 * caller frees each. Data files are not looked at. */
pt_status pt_set_lines(pt_set *set, const uint64_t *rows, size_t n_rows, char **lines,
                       pt_error *err);

#endif /* PATINA_REPORT_SET_H */
