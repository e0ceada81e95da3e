/* SPDX-License-Identifier: MIT */
/* degrade_request.h - how the window of one sound is degraded, wherever the sound came from */

#ifndef PATINA_PIPELINE_DEGRADE_REQUEST_H
#define PATINA_PIPELINE_DEGRADE_REQUEST_H

#include <patina/degrade.h>
#include <patina/file_ops.h>
#include <patina/provenance.h>

#include "audio/segment.h"
#include "base/arena.h"
#include "base/rng.h"

/** A chain drawn for (seed, entry, variant), one of named effects, or that of a recipe. Borrows
 * everything. */
typedef struct pt_degrade_request {
    uint64_t seed;
    const char *entry;
    uint32_t variant;
    patina_effect_order order;   /* of a chain that is drawn */
    const char *effects;         /* NULL: it is drawn */
    patina_severity severity;    /* of these effects */
    const patina_recipe *recipe; /* NULL: there is none */
} pt_degrade_request;

pt_degrade_request pt_degrade_request_from_recipe(const patina_recipe *recipe);

/** Where the window lies: as generate would draw it, or as the recipe says. *draw is what the cut
 * refers to. */
pt_segment_spec pt_degrade_request_segment_spec(const pt_degrade_request *request, pt_rng *draw);

/**
 * Degrades a segment that was cut so.
 *
 * Errors  PATINA_REJECT_...  what generate rejects
 *         PATINA_EFORMAT     the segment is not the recipe's window
 */
patina_status pt_degrade_request_run(const pt_degrade_request *request,
                                     const patina_effect_config *config, const pt_segment *segment,
                                     patina_degraded *degraded, pt_arena *arena, patina_error *err);

#endif /* PATINA_PIPELINE_DEGRADE_REQUEST_H */
