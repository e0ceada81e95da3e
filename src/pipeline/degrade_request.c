/* SPDX-License-Identifier: MIT */
/* degrade_request.c - builds and applies the chain of one window, and makes its provenance */

#include "pipeline/degrade_request.h"

#include <stdlib.h>

#include <patina/measure.h>

#include "base/arena.h"
#include "base/error.h"
#include "pipeline/provenance_fill.h"

pt_degrade_request pt_degrade_request_from_recipe(const patina_recipe *recipe) {
    return (pt_degrade_request){
        .seed = recipe->seed, .entry = recipe->entry, .variant = recipe->variant, .recipe = recipe};
}

pt_segment_spec pt_degrade_request_segment_spec(const pt_degrade_request *request, pt_rng *draw) {
    if (request->recipe)
        return (pt_segment_spec){.start = request->recipe->window.start,
                                 .frames = request->recipe->window.frames,
                                 .resampler = request->recipe->made_by_0_1 ? PT_RESAMPLER_SOXR
                                                                           : PT_RESAMPLER_BEST};
    *draw = pt_rng_make(request->seed, request->entry, 0, PT_RNG_STREAM_WINDOW);
    return (pt_segment_spec){.rng = draw};
}

static patina_status build_chain(const patina_effect_config *config,
                                 const pt_degrade_request *request, size_t n_samples,
                                 patina_effect_chain **chain, patina_error *err) {
    if (request->recipe)
        return patina_effect_chain_from_json(request->recipe->chain_json, chain, err);
    if (request->effects)
        return patina_effect_chain_from_names(config, request->effects, request->severity,
                                              request->seed, request->entry, request->variant,
                                              n_samples, chain, err);
    return patina_effect_chain_draw(config, request->seed, request->entry, request->variant,
                                    request->order, n_samples, chain, err);
}

static patina_status apply(const patina_effect_config *config, const patina_effect_chain *chain,
                           const pt_degrade_request *request, const pt_segment *segment,
                           patina_degraded *degraded, pt_arena *arena, patina_error *err) {
    const patina_provenance known = {.entry = request->entry,
                                     .seed = request->seed,
                                     .variant = request->variant,
                                     .window = segment->window,
                                     .n_streams = segment->n_streams,
                                     .level_gain_db =
                                         request->recipe ? request->recipe->level_gain_db : 0.0};
    const double purity_cap =
        request->recipe ? request->recipe->purity_cap : PATINA_PURITY_CAP_DEFAULT;
    patina_degrade_stats stats;
    char *json = NULL;
    float *samples = malloc(segment->n_mix * sizeof *samples);

    if (!samples) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    patina_status status =
        patina_effect_chain_apply(config, chain, request->seed, request->entry, request->variant,
                                  segment->mix, segment->n_mix, samples, &stats, arena, err);
    if (status == PATINA_OK &&
        !(json = pt_provenance_fill_to_json(known, chain, &stats, purity_cap)))
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK)
        *degraded = (patina_degraded){samples, segment->n_mix, json};
    else
        free(samples);
    return status;
}

patina_status pt_degrade_request_run(const pt_degrade_request *request,
                                     const patina_effect_config *config, const pt_segment *segment,
                                     patina_degraded *degraded, pt_arena *arena,
                                     patina_error *err) {
    patina_effect_chain *chain = NULL;
    pt_segment at_level = *segment;

    if (request->recipe) PT_TRY(pt_window_check(&segment->window, &request->recipe->window, err));
    if (request->recipe && request->recipe->level_gain_db != 0.0)
        PT_TRY(pt_segment_change_level(segment, request->recipe->level_gain_db, &at_level, arena,
                                       err));
    PT_TRY(pt_segment_check(&at_level, err));
    PT_TRY(build_chain(config, request, at_level.n_mix, &chain, err));
    const patina_status status = apply(config, chain, request, &at_level, degraded, arena, err);
    patina_effect_chain_close(&chain);
    return status;
}
