/* SPDX-License-Identifier: MIT */
/* buffer_ops.c - measure, degrade and embed audio in memory */

#include <patina/buffer_ops.h>

#include "audio/segment.h"
#include "base/arena.h"
#include "pipeline/degrade_request.h"

patina_status patina_buffer_measure(const patina_meter *meter, const patina_audio *audio,
                                    patina_targets *targets, patina_error *err) {
    pt_segment segment;
    pt_arena arena;
    pt_arena_init(&arena);
    patina_status status = pt_segment_from_whole_audio(audio, &segment, &arena, err);
    if (status == PATINA_OK)
        status =
            patina_targets_measure(meter, audio, segment.mix, segment.n_mix, targets, &arena, err);
    pt_arena_release(&arena);
    return status;
}

static patina_status degrade(const pt_degrade_request *request, const patina_effect_config *config,
                             const patina_audio *audio, patina_degraded *degraded,
                             patina_error *err) {
    pt_rng draw;
    pt_segment segment;
    pt_arena arena;
    pt_arena_init(&arena);
    patina_status status = pt_segment_from_audio(
        audio, pt_degrade_request_segment_spec(request, &draw), &segment, &arena, err);
    if (status == PATINA_OK)
        status = pt_degrade_request_run(request, config, &segment, degraded, &arena, err);
    pt_arena_release(&arena);
    return status;
}

patina_status patina_buffer_degrade(const patina_effect_config *config, const patina_audio *audio,
                                    uint64_t seed, const char *entry, uint32_t variant,
                                    patina_effect_order order, patina_degraded *degraded,
                                    patina_error *err) {
    const pt_degrade_request drawn = {
        .seed = seed, .entry = entry, .variant = variant, .order = order};
    return degrade(&drawn, config, audio, degraded, err);
}

patina_status patina_buffer_replay(const patina_effect_config *config, const patina_audio *audio,
                                   const patina_recipe *recipe, patina_degraded *degraded,
                                   patina_error *err) {
    const pt_degrade_request replayed = pt_degrade_request_from_recipe(recipe);
    return degrade(&replayed, config, audio, degraded, err);
}

patina_status patina_buffer_embed(const patina_clap *clap, const patina_audio *audio,
                                  uint64_t start, float embedding[PATINA_EMBEDDING_SIZE],
                                  pt_arena *scratch, patina_error *err) {
    const pt_segment_spec spec = {.start = start, .frames = PATINA_FRAMES_TO_END};
    pt_scratch memory;
    pt_arena *arena = pt_scratch_begin(&memory, scratch);
    pt_segment segment;
    patina_status status = pt_segment_from_audio(audio, spec, &segment, arena, err);
    if (status == PATINA_OK) status = pt_segment_check_finite(&segment, err);
    if (status == PATINA_OK)
        status = patina_clap_embed_audio(clap, segment.mix, segment.n_mix, embedding, arena, err);
    pt_scratch_end(&memory);
    return status;
}
