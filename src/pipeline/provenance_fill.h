/* SPDX-License-Identifier: MIT */
/* provenance_fill.h - adds the chain and its measurements to provenance */

#ifndef PATINA_PIPELINE_PROVENANCE_FILL_H
#define PATINA_PIPELINE_PROVENANCE_FILL_H

#include <patina/degrade.h>
#include <patina/measure.h>
#include <patina/provenance.h>

#include "audio/decoder.h"

/**
 * Returns the provenance of a degraded window on one line, without a line end; the caller frees it.
 * NULL: out of memory.
 *
 * known       all members that do not follow from chain and stats; the others are overwritten
 * purity_cap  upper end of purity_db
 */
char *pt_provenance_fill_to_json(patina_provenance known, const patina_effect_chain *chain,
                                 const patina_degrade_stats *stats, double purity_cap);

/** Adds how a file is coded to its quality. */
void pt_provenance_fill_codec(patina_source_quality *quality, const pt_codec_info *codec);

#endif /* PATINA_PIPELINE_PROVENANCE_FILL_H */
