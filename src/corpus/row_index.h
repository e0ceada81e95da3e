/* SPDX-License-Identifier: MIT */
/* row_index.h - index of the rows of a corpus by id
 *
 * Built by a first pass over all rows. In memory: 128 bits of the SHA-256 of each id and a slot of
 * a hash table while it is built (at most 56 bytes a row), then a bit a row and 16 bytes for each
 * row whose id occurred before. Such rows are written to an unlinked temporary file ($TMPDIR or
 * /tmp), to be read again where the first row of their id is.
 */

#ifndef PATINA_CORPUS_ROW_INDEX_H
#define PATINA_CORPUS_ROW_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "corpus/corpus_iterator.h"

typedef struct pt_row_index pt_row_index;

patina_status pt_row_index_open(pt_row_index **index, patina_error *err);
void pt_row_index_close(pt_row_index **index);

/** Adds the next row; one without id is never merged. Errors  PATINA_EIO  the temporary file */
patina_status pt_row_index_add(pt_row_index *index, const pt_entry *row, patina_error *err);

bool pt_row_index_is_empty(const pt_row_index *index);

/** Ends the first pass. */
patina_status pt_row_index_finish(pt_row_index *index, patina_error *err);

/** Whether the id of row number `row` (from 0) occurs in an earlier row. */
bool pt_row_index_is_later(const pt_row_index *index, uint64_t row);

/**
 * The next later row with the id of row `first`; *some is false after the last. Values of `first`
 * must not decrease between calls. The entry has no audio; it is to be released.
 */
patina_status pt_row_index_next(pt_row_index *index, uint64_t first, pt_entry *row, bool *some,
                                patina_error *err);

/** Restarts pt_row_index_next at the first row. */
void pt_row_index_rewind(pt_row_index *index);

#endif /* PATINA_CORPUS_ROW_INDEX_H */
