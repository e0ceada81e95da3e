/* SPDX-License-Identifier: MIT */
/* entry_merge.h - adds a row to the entry of its id */

#ifndef PATINA_CORPUS_ENTRY_MERGE_H
#define PATINA_CORPUS_ENTRY_MERGE_H

#include <stdbool.h>

#include "corpus/corpus_iterator.h"

/**
 * Moves the captions of a row to the entry. Those of a row that is rejected, or names other seconds
 * of the recording, become faults; where the entry itself is rejected, the audio of the row is
 * taken. With audio, the same applies where the audio differs or is not found. row is released.
 *
 * n_text  bytes of captions merged so far, 0 at first; over PT_TEXT_MAX further captions are
 * dropped
 */
patina_status pt_entry_merge_row(pt_entry *entry, pt_entry *row, bool with_audio, size_t *n_text,
                                 patina_error *err);

#endif /* PATINA_CORPUS_ENTRY_MERGE_H */
