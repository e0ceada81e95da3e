/* SPDX-License-Identifier: MIT */
/* entry_merge.h - adds a row to the entry of its id */

#ifndef PATINA_CORPUS_ENTRY_MERGE_H
#define PATINA_CORPUS_ENTRY_MERGE_H

#include <stdbool.h>

#include "corpus/corpus_iterator.h"

/**
 * Moves the captions of a row to the entry. With audio, captions of a row whose audio differs or is
 * not found become faults; where the audio of the entry itself is not found, that of the row is
 * taken. row is released.
 *
 * n_text  bytes of captions merged so far, 0 at first; over PT_TEXT_MAX further captions are
 * dropped
 */
patina_status pt_entry_merge_row(pt_entry *entry, pt_entry *row, bool with_audio, size_t *n_text,
                                 patina_error *err);

#endif /* PATINA_CORPUS_ENTRY_MERGE_H */
