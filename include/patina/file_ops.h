/* SPDX-License-Identifier: MIT */
/**
 * @file file_ops.h
 * @brief Measure, degrade and embed single audio files.
 *
 * All functions decode, mix to mono and resample exactly as patina_generate() does, and are safe
 * from any thread. PATINA_EIO means that the machine could not open or read the file (no
 * permission, an I/O error); PATINA_REJECT_... is a statement about the content of the file.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_effect_config *config = NULL;
 * patina_degraded degraded = {NULL, 0, NULL};
 * if (patina_effect_config_open(NULL, &config, &err) == PATINA_OK &&
 *     patina_file_degrade(config, "clip.wav", 1, "clip.wav", 0, PATINA_EFFECT_ORDER_PHYSICAL,
 *                         &degraded, &err) == PATINA_OK)
 *     puts(degraded.provenance_json);
 * patina_degraded_release(&degraded);
 * patina_effect_config_close(&config);
 * @endcode
 */

#ifndef PATINA_FILE_OPS_H
#define PATINA_FILE_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/device.h>
#include <patina/measure.h>
#include <patina/memory.h>
#include <patina/provenance.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A number of frames that means: to the end of the file. */
#define PATINA_FRAMES_TO_END UINT64_MAX

/**
 * Measures a range of a file, of any length, in bounded memory.
 *
 * - `start`, `frames`: the range in frames of the source; PATINA_FRAMES_TO_END for the rest
 * - `window`: out; the range that was measured, and the file's rate and channels
 * - `targets`: out
 *
 * Errors: PATINA_REJECT_... for a file that patina_generate() would reject; PATINA_ERANGE where the
 * range is not inside the file; PATINA_ENOMEM.
 */
PATINA_API patina_status patina_file_measure(const patina_meter *meter, const char *path,
                                             uint64_t start, uint64_t frames, patina_window *window,
                                             patina_targets *targets, patina_error *err);

/** A degraded window and its provenance. Owns its members; patina_degraded_release() releases
 * it. */
typedef struct patina_degraded {
    float *samples;        /**< [n_samples], mono at 48 kHz */
    size_t n_samples;      /**< at most 480000 */
    char *provenance_json; /**< one object on one line; also a recipe for patina_file_replay() */
} patina_degraded;

/**
 * Draws the window and the effects for (seed, entry, variant) as patina_generate() does, and
 * applies them.
 *
 * - `seed`: 0 to PATINA_SEED_MAX
 * - `entry`: the id that selects the draws
 * - `variant`: 0 to 2^24 - 1
 * - `degraded`: out; patina_degraded_release() releases it
 *
 * Errors: PATINA_REJECT_... for a file that patina_generate() would reject; PATINA_ERANGE for seed
 * or variant; PATINA_ENOMEM.
 */
PATINA_API patina_status patina_file_degrade(const patina_effect_config *config, const char *path,
                                             uint64_t seed, const char *entry, uint32_t variant,
                                             patina_effect_order order, patina_degraded *degraded,
                                             patina_error *err);

/**
 * Draws the window as patina_generate() does and applies named effects, as
 * patina_effect_chain_from_names() makes them.
 *
 * - `effects`: names separated by commas
 * - `degraded`: out; patina_degraded_release() releases it
 *
 * Errors: those of patina_file_degrade(); PATINA_EUSAGE for an unknown or repeated effect.
 */
PATINA_API patina_status patina_file_degrade_from_names(const patina_effect_config *config,
                                                        const char *path, const char *effects,
                                                        patina_severity severity, uint64_t seed,
                                                        const char *entry, uint32_t variant,
                                                        patina_degraded *degraded,
                                                        patina_error *err);

/**
 * Replays a recipe on the file that it was made from.
 *
 * - `degraded`: out; patina_degraded_release() releases it
 *
 * Errors: those of patina_file_degrade(); PATINA_EFORMAT where the file's rate, channels or length
 * differ from the recipe.
 */
PATINA_API patina_status patina_file_replay(const patina_effect_config *config, const char *path,
                                            const patina_recipe *recipe, patina_degraded *degraded,
                                            patina_error *err);

/** Releases the members and zeroes the struct. A zeroed struct is accepted. */
PATINA_API void patina_degraded_release(patina_degraded *degraded);

/**
 * Embeds at most 10 s of a file; one frame is enough.
 *
 * - `start`: first frame, of the source
 * - `embedding`: out, [512], Euclidean length 1
 * - `scratch`: may be NULL
 *
 * Errors: PATINA_REJECT_UNDECODABLE, PATINA_REJECT_TRUNCATED, PATINA_REJECT_UNSUPPORTED,
 * PATINA_REJECT_NONFINITE, PATINA_REJECT_MISSING; PATINA_ERANGE where `start` is after the end;
 * those of patina_clap_embed_audio().
 */
PATINA_API patina_status patina_file_embed(const patina_clap *clap, const char *path,
                                           uint64_t start, float embedding[PATINA_EMBEDDING_SIZE],
                                           patina_arena *scratch, patina_error *err);

/** A caption, or a position in an audio file; borrowed. */
typedef struct patina_embed_input {
    const char *text; /**< the caption in UTF-8, or the path of the file; NUL-terminated */
    bool is_audio;    /**< true for a file */
    uint64_t start;   /**< first frame of a file */
} patina_embed_input;

/**
 * Embeds captions and files with several threads. Each embedding has the bits of the single call.
 *
 * - `inputs`: [n_inputs]
 * - `threads`: 0 for all usable CPUs
 * - `embeddings`: out, [n_inputs, 512] in the order of the inputs; undefined after an error
 *
 * Errors: those of patina_clap_embed_text() and patina_file_embed() for the first input that fails;
 * PATINA_EUSAGE for too many threads.
 */
PATINA_API patina_status patina_embed_batch(const patina_clap *clap,
                                            const patina_embed_input *inputs, size_t n_inputs,
                                            unsigned threads, float *embeddings, patina_error *err);

/**
 * Opens a model, embeds captions and files on devices, and closes it. Each embedding has the bits
 * that patina_generate() computes on any device.
 *
 * - `model`: as for patina_clap_open()
 * - `parts`: the parts that the inputs need
 * - others: as for patina_embed_batch()
 *
 * Errors: those of patina_clap_open() and patina_embed_batch(); PATINA_EUSAGE without such a
 * device, or where it fails the comparison with the reference; PATINA_EIO where its driver fails.
 */
PATINA_API patina_status patina_embed_batch_on_device(const char *model, patina_clap_parts parts,
                                                      const patina_device_options *device,
                                                      const patina_embed_input *inputs,
                                                      size_t n_inputs, unsigned threads,
                                                      float *embeddings, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_FILE_OPS_H */
