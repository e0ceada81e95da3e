/* SPDX-License-Identifier: MIT */
/* file_ops.h - the same walk for single files: measure, degrade, embed
 *
 * All of these decode, mix and resample exactly as patina_generate does.
 */

#ifndef PATINA_FILE_OPS_H
#define PATINA_FILE_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/measure.h>
#include <patina/provenance.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_FRAMES_TO_END UINT64_MAX /* as a number of frames */

/**
 * Measures a file, or a part of it, of any length in bounded memory.
 *
 * start, frames  in source frames; PATINA_FRAMES_TO_END for the rest of the file
 * window         out: what was measured, and the file's rate and channels
 *
 * Errors   PATINA_REJECT_...  as generate would reject it
 *          PATINA_ERANGE      the part does not lie inside the file
 */
PATINA_API patina_status patina_file_measure(const patina_meter *meter, const char *path,
                                             uint64_t start, uint64_t frames, patina_window *window,
                                             patina_targets *targets, patina_error *err);

/** A degraded excerpt and its provenance; owns all it points to. */
typedef struct patina_degraded {
    float *samples; /* [n_samples], 48 kHz mono */
    size_t n_samples;
    char *provenance_json; /* one object on one line; serves as a recipe */
} patina_degraded;

/**
 * Draws (seed, entry, variant) for the file as generate would, and applies it.
 *
 * Errors   PATINA_REJECT_...  what generate rejects
 */
PATINA_API patina_status patina_file_degrade(const patina_effect_config *suite, const char *path,
                                             uint64_t seed, const char *entry, uint32_t variant,
                                             patina_effect_order order, patina_degraded *degraded,
                                             patina_error *err);

/**
 * Takes the window that generate would, and damages it with the effects that are named, as
 * patina_effect_chain_from_names has it.
 *
 * Errors   PATINA_REJECT_...  what generate rejects
 *          PATINA_EUSAGE      a word that is no effect
 */
PATINA_API patina_status patina_file_degrade_from_names(const patina_effect_config *suite,
                                                        const char *path, const char *effects,
                                                        patina_severity severity, uint64_t seed,
                                                        const char *entry, uint32_t variant,
                                                        patina_degraded *degraded,
                                                        patina_error *err);

/**
 * Replays a recipe on the file it was made from.
 *
 * Errors   PATINA_REJECT_...  what generate rejects
 *          PATINA_EFORMAT     the file's rate, channels or length are not the recipe's
 */
PATINA_API patina_status patina_file_replay(const patina_effect_config *suite, const char *path,
                                            const patina_recipe *recipe, patina_degraded *degraded,
                                            patina_error *err);
PATINA_API void patina_degraded_release(patina_degraded *degraded);

/**
 * Embeds the first 10 s of a file from frame start on; one sample is enough.
 *
 * Errors   PATINA_REJECT_UNDECODABLE, _TRUNCATED, _UNSUPPORTED, _NONFINITE, _MISSING
 *          PATINA_ERANGE  start lies behind the file's end
 */
PATINA_API patina_status patina_file_embed(const patina_clap *clap, const char *path,
                                           uint64_t start, float embedding[PATINA_EMBEDDING_SIZE],
                                           patina_arena *scratch, patina_error *err);

/** A caption, or an audio file and the frame from which on it is heard. */
typedef struct patina_embed_input {
    const char *text; /* the caption, UTF-8; or the file */
    bool is_audio;
    uint64_t start;
} patina_embed_input;

/**
 * Embeds many, with the bits that each has by itself: captions a few at a time, and all of it on
 * several threads.
 *
 * threads     0: all usable CPUs
 * embeddings  out, [n_inputs, 512] in the order of inputs, of arbitrary content after an error
 *
 * Errors   of the first that cannot be embedded, as of patina_clap_embed_text and patina_file_embed
 */
PATINA_API patina_status patina_embed_batch(const patina_clap *clap,
                                            const patina_embed_input *inputs, size_t n_inputs,
                                            unsigned threads, float *embeddings, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_FILE_OPS_H */
