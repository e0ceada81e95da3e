/* SPDX-License-Identifier: MIT */
/* sound.c - the walk for sound in memory */

#include <patina/sound.h>

#include "audio/excerpt.h"
#include "pipeline/way.h"

pt_status pt_sound_measure(const pt_meter *meter, const pt_audio *sound, pt_targets *targets,
                           pt_error *err) {
    pt_excerpt excerpt;
    pt_arena arena;
    pt_arena_init(&arena);
    pt_status status = pt_excerpt_take_whole(sound, &excerpt, &arena, err);
    if (status == PT_OK)
        status = pt_targets_measure(meter, sound, excerpt.mix, excerpt.n_mix, targets, &arena, err);
    pt_arena_release(&arena);
    return status;
}

static pt_status degrade(const pt_way *way, const pt_suite *suite, const pt_audio *sound,
                         pt_degraded *degraded, pt_error *err) {
    pt_rng draw;
    pt_excerpt excerpt;
    pt_arena arena;
    pt_arena_init(&arena);
    pt_status status = pt_excerpt_take(sound, pt_way_cut(way, &draw), &excerpt, &arena, err);
    if (status == PT_OK) status = pt_way_degrade(way, suite, &excerpt, degraded, &arena, err);
    pt_arena_release(&arena);
    return status;
}

pt_status pt_sound_degrade(const pt_suite *suite, const pt_audio *sound, uint64_t seed,
                           const char *entry, uint32_t variant, pt_order order,
                           pt_degraded *degraded, pt_error *err) {
    const pt_way drawn = {.seed = seed, .entry = entry, .variant = variant, .order = order};
    return degrade(&drawn, suite, sound, degraded, err);
}

pt_status pt_sound_replay(const pt_suite *suite, const pt_audio *sound, const pt_recipe *recipe,
                          pt_degraded *degraded, pt_error *err) {
    const pt_way replayed = pt_way_of_recipe(recipe);
    return degrade(&replayed, suite, sound, degraded, err);
}

pt_status pt_sound_embed(const pt_clap *clap, const pt_audio *sound, uint64_t start,
                         float embedding[PT_EMBEDDING], pt_arena *scratch, pt_error *err) {
    const pt_cut cut = {.start = start, .frames = PT_TO_THE_END};
    const pt_arena_mark mark = pt_arena_here(scratch);
    pt_excerpt excerpt;
    pt_status status = pt_excerpt_take(sound, cut, &excerpt, scratch, err);
    if (status == PT_OK) status = pt_excerpt_check_finite(&excerpt, err);
    if (status == PT_OK)
        status = pt_clap_embed_audio(clap, excerpt.mix, excerpt.n_mix, embedding, scratch, err);
    pt_arena_rewind(scratch, mark);
    return status;
}
