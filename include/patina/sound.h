/* SPDX-License-Identifier: MIT */
/* sound.h - the walk of files.h for sound in memory: measure, degrade, embed
 *
 * A sound that a file was decoded to gives the bits that the file gives. It is the whole recording:
 * windows are cut here, as of a file.
 */

#ifndef PATINA_SOUND_H
#define PATINA_SOUND_H

#include <stdint.h>

#include <patina/arena.h>
#include <patina/audio.h>
#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/files.h>
#include <patina/measure.h>
#include <patina/provenance.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Measures a sound of any length; takes memory for its mono mix.
 *
 * Errors   PT_REJECT_UNSUPPORTED, _TOO_SHORT, _NONFINITE, _SILENT
 */
PT_API pt_status pt_sound_measure(const pt_meter *meter, const pt_audio *sound, pt_targets *targets,
                                  pt_error *err);

/**
 * Draws (seed, entry, variant) for the sound as generate would, and applies it.
 *
 * degraded  out: pt_degraded_release it
 *
 * Errors    PT_REJECT_UNSUPPORTED, _TOO_SHORT, _NONFINITE, _SILENT
 *           PT_ERANGE  seed or variant
 */
PT_API pt_status pt_sound_degrade(const pt_suite *suite, const pt_audio *sound, uint64_t seed,
                                  const char *entry, uint32_t variant, pt_order order,
                                  pt_degraded *degraded, pt_error *err);

/**
 * Replays a recipe on the recording that it was made from.
 *
 * Errors   as above, and
 *          PT_EFORMAT  rate, channels or length are not the recipe's
 *          PT_ERANGE   the recipe's window begins behind the end
 */
PT_API pt_status pt_sound_replay(const pt_suite *suite, const pt_audio *sound,
                                 const pt_recipe *recipe, pt_degraded *degraded, pt_error *err);

/**
 * Embeds the first 10 s from frame start on; one sample is enough.
 *
 * scratch  what was taken from it is given back on return
 *
 * Errors   PT_REJECT_UNSUPPORTED, _NONFINITE, and _TOO_SHORT where there is no frame at all
 *          PT_ERANGE  start lies behind the end; and those of pt_clap_embed_audio
 */
PT_API pt_status pt_sound_embed(const pt_clap *clap, const pt_audio *sound, uint64_t start,
                                float embedding[PT_EMBEDDING], pt_arena *scratch, pt_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_SOUND_H */
