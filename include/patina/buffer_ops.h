/* SPDX-License-Identifier: MIT */
/* buffer_ops.h - the walk of file_ops.h for sound in memory: measure, degrade, embed
 *
 * A sound that a file was decoded to gives the bits that the file gives. It is the whole recording:
 * windows are cut here, as of a file.
 */

#ifndef PATINA_BUFFER_OPS_H
#define PATINA_BUFFER_OPS_H

#include <stdint.h>

#include <patina/audio.h>
#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/file_ops.h>
#include <patina/measure.h>
#include <patina/provenance.h>
#include <patina/scratch.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Measures a sound of any length; takes memory for its mono mix.
 *
 * Errors   PATINA_REJECT_UNSUPPORTED, _TOO_SHORT, _NONFINITE, _SILENT
 */
PATINA_API patina_status patina_buffer_measure(const patina_meter *meter, const patina_audio *sound,
                                               patina_targets *targets, patina_error *err);

/**
 * Draws (seed, entry, variant) for the sound as generate would, and applies it.
 *
 * degraded  out: patina_degraded_release it
 *
 * Errors    PATINA_REJECT_UNSUPPORTED, _TOO_SHORT, _NONFINITE, _SILENT
 *           PATINA_ERANGE  seed or variant
 */
PATINA_API patina_status patina_buffer_degrade(const patina_effect_config *suite,
                                               const patina_audio *sound, uint64_t seed,
                                               const char *entry, uint32_t variant,
                                               patina_effect_order order, patina_degraded *degraded,
                                               patina_error *err);

/**
 * Replays a recipe on the recording that it was made from.
 *
 * Errors   as above, and
 *          PATINA_EFORMAT  rate, channels or length are not the recipe's
 *          PATINA_ERANGE   the recipe's window begins behind the end
 */
PATINA_API patina_status patina_buffer_replay(const patina_effect_config *suite,
                                              const patina_audio *sound,
                                              const patina_recipe *recipe,
                                              patina_degraded *degraded, patina_error *err);

/**
 * Embeds the first 10 s from frame start on; one sample is enough.
 *
 * scratch  what was taken from it is given back on return
 *
 * Errors   PATINA_REJECT_UNSUPPORTED, _NONFINITE, and _TOO_SHORT where there is no frame at all
 *          PATINA_ERANGE  start lies behind the end; and those of patina_clap_embed_audio
 */
PATINA_API patina_status patina_buffer_embed(const patina_clap *clap, const patina_audio *sound,
                                             uint64_t start, float embedding[PATINA_EMBEDDING_SIZE],
                                             patina_arena *scratch, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_BUFFER_OPS_H */
