/* SPDX-License-Identifier: MIT */
/* partial_rows.h - the rows of an entry that is not complete, for one that takes long
 *
 *     OUT/.patina/000000012345.rows
 *
 * The journal has complete entries only. One of many variants can take hours, so its worker appends
 * rows here from time to time, and the next process begins after them. Each record has a CRC-32 and
 * the key of run and entry; what follows the last intact one is ignored and overwritten. Processes
 * that make the same entry may overwrite each other's records, which then are made again.
 */

#ifndef PATINA_DATASET_PARTIAL_ROWS_H
#define PATINA_DATASET_PARTIAL_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/hash.h"
#include "base/strbuf.h"
#include "dataset/schema.h"
#include "fs/path.h"

#define PT_PARTIAL_ROWS_SUFFIX ".rows"

/** A file, and how much of it is valid. */
typedef struct pt_partial_rows {
    pt_path path;
    char key[PT_SHA256_HEX_SIZE]; /* of all that identifies the run and the entry */
    uint64_t n_bytes;
    size_t n_rows, n_text;
} pt_partial_rows;

/**
 * Reads the rows of a file with this key, and their lines of provenance. No file, one that cannot
 * be read, or with another key, has none.
 *
 * path  another one than partial->path: the rows of another folder, which are appended again
 * rows  to be freed by the caller, NULL for none
 * text  empty; receives the lines
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_partial_rows_read(pt_partial_rows *partial, const char *path, pt_row **rows,
                                   size_t *n_rows, pt_strbuf *text, patina_error *err);

/**
 * Appends those of n_rows rows and n_text bytes of provenance that the file does not have, and
 * flushes it.
 *
 * Errors  PATINA_EIO     not if the folder is gone: another process has finished the set
 *         PATINA_ENOMEM
 */
patina_status pt_partial_rows_append(pt_partial_rows *partial, const pt_row *rows, size_t n_rows,
                                     const char *text, size_t n_text, patina_error *err);

/** Removes the file, if it has any rows: the entry is complete. */
void pt_partial_rows_remove(pt_partial_rows *partial);

#endif /* PATINA_DATASET_PARTIAL_ROWS_H */
