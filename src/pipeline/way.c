/* SPDX-License-Identifier: MIT */
/* way.c - window to degraded window: check, draw or read the chain, apply it, account for it */

#include "pipeline/way.h"

#include <stdlib.h>

#include "pipeline/account.h"

pt_way pt_way_of_recipe(const pt_recipe *recipe) {
    return (pt_way){
        .seed = recipe->seed, .entry = recipe->entry, .variant = recipe->variant, .recipe = recipe};
}

pt_cut pt_way_cut(const pt_way *way, pt_rng *draw) {
    if (way->recipe)
        return (pt_cut){.start = way->recipe->window.start, .frames = way->recipe->window.frames};
    *draw = pt_rng_of(way->seed, way->entry, 0, PT_STREAM_WINDOW);
    return (pt_cut){.draw = draw};
}

static pt_status take_chain(const pt_suite *suite, const pt_way *way, size_t n_samples,
                            pt_chain **chain, pt_error *err) {
    if (way->recipe) return pt_chain_parse(way->recipe->chain_json, chain, err);
    if (way->effects)
        return pt_chain_choose(suite, way->effects, way->severity, way->seed, way->entry,
                               way->variant, n_samples, chain, err);
    return pt_chain_draw(suite, way->seed, way->entry, way->variant, way->order, n_samples, chain,
                         err);
}

static pt_status apply(const pt_suite *suite, const pt_chain *chain, const pt_way *way,
                       const pt_excerpt *excerpt, pt_degraded *degraded, pt_arena *arena,
                       pt_error *err) {
    const pt_provenance known = {
        .entry = way->entry, .seed = way->seed, .variant = way->variant, .window = excerpt->window};
    pt_damage damage;
    char *json = NULL;
    float *samples = malloc(excerpt->n_mix * sizeof *samples);

    if (!samples) return pt_fail(err, PT_ENOMEM, "out of memory");
    pt_status status = pt_chain_apply(suite, chain, way->seed, way->entry, way->variant,
                                      excerpt->mix, excerpt->n_mix, samples, &damage, arena, err);
    if (status == PT_OK && !(json = pt_account_print(known, chain, &damage)))
        status = pt_fail(err, PT_ENOMEM, "out of memory");
    if (status == PT_OK)
        *degraded = (pt_degraded){samples, excerpt->n_mix, json};
    else
        free(samples);
    return status;
}

pt_status pt_way_degrade(const pt_way *way, const pt_suite *suite, const pt_excerpt *excerpt,
                         pt_degraded *degraded, pt_arena *arena, pt_error *err) {
    pt_chain *chain = NULL;

    if (way->recipe) PT_TRY(pt_window_check(&excerpt->window, &way->recipe->window, err));
    PT_TRY(pt_excerpt_check(excerpt, err));
    PT_TRY(take_chain(suite, way, excerpt->n_mix, &chain, err));
    const pt_status status = apply(suite, chain, way, excerpt, degraded, arena, err);
    pt_chain_close(&chain);
    return status;
}
