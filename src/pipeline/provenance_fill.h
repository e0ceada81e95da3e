/* SPDX-License-Identifier: MIT */
/* provenance_fill.h - adds the chain and its measurements to provenance */

#ifndef PATINA_PIPELINE_PROVENANCE_FILL_H
#define PATINA_PIPELINE_PROVENANCE_FILL_H

#include <patina/degrade.h>
#include <patina/provenance.h>

/**
 * Returns the provenance of a degraded window on one line, without a line end; the caller frees it.
 * NULL: out of memory.
 *
 * known  all members that do not follow from chain and stats; the others are overwritten
 */
char *pt_provenance_fill_to_json(patina_provenance known, const patina_effect_chain *chain,
                                 const patina_degrade_stats *stats);

#endif /* PATINA_PIPELINE_PROVENANCE_FILL_H */
