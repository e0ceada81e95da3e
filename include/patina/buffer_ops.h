/* SPDX-License-Identifier: MIT */
/**
 * @file buffer_ops.h
 * @brief Measure, degrade and embed audio in memory.
 *
 * The same operations as in file_ops.h for samples that are already decoded: the samples of a
 * decoded file give the results of the file, bit for bit. The buffer is the whole recording;
 * windows are cut from it as from a file.
 *
 * All functions are safe from any thread.
 *
 * @code
 * static float samples[48000];
 * for (int i = 0; i < 48000; i++)
 *     samples[i] = (float)(i % 100) / 100.0F - 0.5F;
 * const patina_audio sound = {samples, 48000, 1, 48000};
 * patina_error err = {PATINA_OK, ""};
 * patina_meter *meter = NULL;
 * patina_targets targets;
 * if (patina_meter_open(&meter, &err) == PATINA_OK &&
 *     patina_buffer_measure(meter, &sound, &targets, &err) == PATINA_OK)
 *     printf("%.1f LUFS, crest factor %.1f dB\n", targets.lufs_source, targets.crest_db);
 * patina_meter_close(&meter);
 * @endcode
 */

#ifndef PATINA_BUFFER_OPS_H
#define PATINA_BUFFER_OPS_H

#include <stdint.h>

#include <patina/audio.h>
#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/file_ops.h>
#include <patina/measure.h>
#include <patina/memory.h>
#include <patina/provenance.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Measures audio of any length. Allocates memory for its mono mix.
 *
 * - `targets`: out
 *
 * Errors: PATINA_REJECT_UNSUPPORTED, PATINA_REJECT_TOO_SHORT, PATINA_REJECT_NONFINITE,
 * PATINA_REJECT_SILENT, PATINA_ENOMEM.
 */
PATINA_API patina_status patina_buffer_measure(const patina_meter *meter, const patina_audio *audio,
                                               patina_targets *targets, patina_error *err);

/**
 * Draws the window and the effects for (seed, entry, variant) as patina_generate() does, and
 * applies them.
 *
 * - `seed`: 0 to PATINA_SEED_MAX
 * - `entry`: the id that selects the draws
 * - `variant`: 0 to 2^24 - 1
 * - `degraded`: out; patina_degraded_release() releases it
 *
 * Errors: those of patina_buffer_measure(); PATINA_ERANGE for seed or variant.
 */
PATINA_API patina_status patina_buffer_degrade(const patina_effect_config *config,
                                               const patina_audio *audio, uint64_t seed,
                                               const char *entry, uint32_t variant,
                                               patina_effect_order order, patina_degraded *degraded,
                                               patina_error *err);

/**
 * Replays a recipe on the recording that it was made from.
 *
 * - `degraded`: out; patina_degraded_release() releases it
 *
 * Errors: those of patina_buffer_degrade(); PATINA_EFORMAT where rate, channels or length differ
 * from the recipe; PATINA_ERANGE where the recipe's window starts after the end.
 */
PATINA_API patina_status patina_buffer_replay(const patina_effect_config *config,
                                              const patina_audio *audio,
                                              const patina_recipe *recipe,
                                              patina_degraded *degraded, patina_error *err);

/**
 * Embeds at most 10 s of audio; one frame is enough.
 *
 * - `start`: first frame
 * - `embedding`: out, [512], Euclidean length 1
 * - `scratch`: may be NULL
 *
 * Errors: PATINA_REJECT_UNSUPPORTED, PATINA_REJECT_NONFINITE, PATINA_REJECT_TOO_SHORT for 0 frames;
 * PATINA_ERANGE where `start` is after the end; those of patina_clap_embed_audio().
 */
PATINA_API patina_status patina_buffer_embed(const patina_clap *clap, const patina_audio *audio,
                                             uint64_t start, float embedding[PATINA_EMBEDDING_SIZE],
                                             patina_arena *scratch, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_BUFFER_OPS_H */
