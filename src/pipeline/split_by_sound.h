/* SPDX-License-Identifier: MIT */
/* split_by_sound.h - splits that keep clips with the same sound together, whatever their encoding
 *
 * All clips are decoded once to find pairs with the same sound (audio/sound_match.h). Clips that
 * pairs connect form a group, which is in the split of its first clip. An entry whose sound could
 * not be read has PT_SPLIT_UNKNOWN and gets no rows.
 */

#ifndef PATINA_PIPELINE_SPLIT_BY_SOUND_H
#define PATINA_PIPELINE_SPLIT_BY_SOUND_H

#include "pipeline/plan.h"

/**
 * Sets plan->split. Call it after pt_plan_scan_corpus; the corpora have to be rewound after it.
 * Needs 200 bytes of memory for each entry.
 *
 * Errors  those of the corpora; PATINA_ECANCELLED, PATINA_ENOMEM
 */
patina_status pt_plan_split_by_sound(pt_plan *plan, uint64_t *n_pairs, patina_error *err);

#endif /* PATINA_PIPELINE_SPLIT_BY_SOUND_H */
