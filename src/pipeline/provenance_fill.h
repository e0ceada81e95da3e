/* SPDX-License-Identifier: MIT */
/* provenance_fill.h - what applying a chain gave, as provenance tells it */

#ifndef PATINA_PIPELINE_PROVENANCE_FILL_H
#define PATINA_PIPELINE_PROVENANCE_FILL_H

#include <patina/degrade.h>
#include <patina/provenance.h>

/**
 * The provenance of a degraded excerpt on one line, without a line end; the caller frees it. NULL
 * when memory runs out.
 *
 * known  all that does not follow from chain and damage; what does is overwritten here
 */
char *pt_provenance_fill_to_json(patina_provenance known, const patina_effect_chain *chain,
                                 const patina_degrade_stats *damage);

#endif /* PATINA_PIPELINE_PROVENANCE_FILL_H */
