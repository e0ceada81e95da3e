/* SPDX-License-Identifier: MIT */
/* way.h - how the window of one sound is degraded, wherever the sound came from */

#ifndef PATINA_PIPELINE_WAY_H
#define PATINA_PIPELINE_WAY_H

#include <patina/degrade.h>
#include <patina/files.h>
#include <patina/provenance.h>

#include "audio/excerpt.h"
#include "base/rng.h"

/** A chain drawn for (seed, entry, variant), one of named effects, or that of a recipe. Borrows
 * everything. */
typedef struct pt_way {
    uint64_t seed;
    const char *entry;
    uint32_t variant;
    pt_order order;          /* of a chain that is drawn */
    const char *effects;     /* NULL: it is drawn */
    pt_severity severity;    /* of these effects */
    const pt_recipe *recipe; /* NULL: there is none */
} pt_way;

pt_way pt_way_of_recipe(const pt_recipe *recipe);

/** Where the window lies: as generate would draw it, or as the recipe says. *draw is what the cut
 * refers to. */
pt_cut pt_way_cut(const pt_way *way, pt_rng *draw);

/**
 * Degrades an excerpt that was cut so.
 *
 * Errors  PT_REJECT_...  what generate rejects
 *         PT_EFORMAT     the excerpt is not the recipe's window
 */
pt_status pt_way_degrade(const pt_way *way, const pt_suite *suite, const pt_excerpt *excerpt,
                         pt_degraded *degraded, pt_arena *arena, pt_error *err);

#endif /* PATINA_PIPELINE_WAY_H */
