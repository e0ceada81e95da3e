/* SPDX-License-Identifier: MIT */
/* split_by_sound.h - splits in which clips of one sound are together, whatever their coding
 *
 * All clips are decoded once, and pairs of one sound found (audio/sound_match.h). Clips that pairs
 * connect are in the split that the content of the first of them decides.
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
