/* SPDX-License-Identifier: MIT */
/* quality_stats.h - statistics of source_quality in provenance lines */

#ifndef PATINA_REPORT_QUALITY_STATS_H
#define PATINA_REPORT_QUALITY_STATS_H

#include <jansson.h>
#include <patina/inspect.h>

#include "report/quantiles.h"

#define PT_QUALITY_SCALARS 6

/** Zero it to start. */
typedef struct pt_quality_stats {
    pt_float_array value[PT_QUALITY_SCALARS];
} pt_quality_stats;

/** Sets stats->quality. PATINA_ENOMEM. */
patina_status pt_quality_stats_open(patina_inspection *stats, patina_error *err);

/** Adds a line of provenance; one without the member, of an older version, is skipped. */
patina_status pt_quality_stats_add(pt_quality_stats *quality, const json_t *line,
                                   patina_inspection *stats, patina_error *err);

void pt_quality_stats_finish(pt_quality_stats *quality, patina_inspection *stats);
void pt_quality_stats_release(pt_quality_stats *quality);

#endif /* PATINA_REPORT_QUALITY_STATS_H */
