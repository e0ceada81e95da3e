/* SPDX-License-Identifier: MIT */
/* same_sound.h - pairs of clips of a data set whose sound is the same up to lossy coding
 *
 * Clips are compared by their fingerprints, where provenance has them, and otherwise by target_ltas
 * of their first window. See audio/sound_match.h.
 */

#ifndef PATINA_REPORT_SAME_SOUND_H
#define PATINA_REPORT_SAME_SOUND_H

#include <jansson.h>

#include <patina/inspect.h>

#include "audio/sound_match.h"
#include "dataset/schema.h"
#include "report/dataset_reader.h"

/** One sound for each entry, at its first row. Zero it to start. */
typedef struct pt_sound_list {
    pt_sound *sounds;  /* [n]; index is the row */
    uint16_t *splits;  /* [n], index into the splits of the set */
    uint64_t *entries; /* [n], hash of the id */
    size_t n, capacity;
} pt_sound_list;

/** Adds a row: only the first of an entry counts. Rows come in order. Errors  PATINA_ENOMEM */
patina_status pt_sound_list_add(pt_sound_list *list, uint64_t row_number, size_t split,
                                const pt_row *row, const json_t *provenance, patina_error *err);

/**
 * Fills in the pairs of stats.
 *
 * Errors  PATINA_ENOMEM, those of the reader
 */
patina_status pt_sound_list_find_pairs(pt_sound_list *list, const char *out,
                                       patina_inspection *stats, patina_error *err);
void pt_sound_list_release(pt_sound_list *list);

void pt_sound_pairs_release(patina_sound_pair *pairs, size_t n_pairs);

#endif /* PATINA_REPORT_SAME_SOUND_H */
