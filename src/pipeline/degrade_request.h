/* SPDX-License-Identifier: MIT */
/* degrade_request.h - parameters of one degradation: drawn, named effects, or replayed from a
 * recipe */

#ifndef PATINA_PIPELINE_DEGRADE_REQUEST_H
#define PATINA_PIPELINE_DEGRADE_REQUEST_H

#include <patina/degrade.h>
#include <patina/file_ops.h>
#include <patina/provenance.h>

#include "audio/segment.h"
#include "base/arena.h"
#include "base/rng.h"

/** Drawn from (seed, entry, variant), named effects, or a recipe. All pointers are borrowed. */
typedef struct pt_degrade_request {
    uint64_t seed;
    const char *entry;
    uint32_t variant;
    patina_effect_order order;   /* of a drawn chain */
    const char *effects;         /* names, or NULL */
    patina_severity severity;    /* of named effects */
    const patina_recipe *recipe; /* or NULL */
} pt_degrade_request;

pt_degrade_request pt_degrade_request_from_recipe(const patina_recipe *recipe);

/** Returns the position of the window: drawn as in generate, or from the recipe. The result points
 * to *draw. */
pt_segment_spec pt_degrade_request_segment_spec(const pt_degrade_request *request, pt_rng *draw);

/**
 * Degrades a segment that was cut at pt_degrade_request_segment_spec().
 *
 * Errors  PATINA_REJECT_...  as in generate
 *         PATINA_EFORMAT     the segment is not the recipe's window
 */
patina_status pt_degrade_request_run(const pt_degrade_request *request,
                                     const patina_effect_config *config, const pt_segment *segment,
                                     patina_degraded *degraded, pt_arena *arena, patina_error *err);

#endif /* PATINA_PIPELINE_DEGRADE_REQUEST_H */
