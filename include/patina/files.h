/* SPDX-License-Identifier: MIT */
/* files.h - the same walk for single files: measure, degrade, embed
 *
 * All of these decode, mix and resample exactly as pt_generate does.
 */

#ifndef PATINA_FILES_H
#define PATINA_FILES_H

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

#define PT_TO_THE_END UINT64_MAX /* as a number of frames */

/**
 * Measures a file, or a part of it, of any length in bounded memory.
 *
 * start, frames  in source frames; PT_TO_THE_END for the rest of the file
 * window         out: what was measured, and the file's rate and channels
 *
 * Errors   PT_REJECT_...  as generate would reject it
 *          PT_ERANGE      the part does not lie inside the file
 */
PT_API pt_status pt_file_measure(const pt_meter *meter, const char *path, uint64_t start,
                                 uint64_t frames, pt_window *window, pt_targets *targets,
                                 pt_error *err);

/** A degraded excerpt and its provenance; owns all it points to. */
typedef struct pt_degraded {
    float *samples; /* [n_samples], 48 kHz mono */
    size_t n_samples;
    char *provenance_json; /* one object on one line; serves as a recipe */
} pt_degraded;

/**
 * Draws (seed, entry, variant) for the file as generate would, and applies it.
 *
 * Errors   PT_REJECT_...  what generate rejects
 */
PT_API pt_status pt_file_degrade(const pt_suite *suite, const char *path, uint64_t seed,
                                 const char *entry, uint32_t variant, pt_order order,
                                 pt_degraded *degraded, pt_error *err);

/**
 * Takes the window that generate would, and damages it with the effects that are named, as
 * pt_chain_choose has it.
 *
 * Errors   PT_REJECT_...  what generate rejects
 *          PT_EUSAGE      a word that is no effect
 */
PT_API pt_status pt_file_degrade_with(const pt_suite *suite, const char *path, const char *effects,
                                      pt_severity severity, uint64_t seed, const char *entry,
                                      uint32_t variant, pt_degraded *degraded, pt_error *err);

/**
 * Replays a recipe on the file it was made from.
 *
 * Errors   PT_REJECT_...  what generate rejects
 *          PT_EFORMAT     the file's rate, channels or length are not the recipe's
 */
PT_API pt_status pt_file_replay(const pt_suite *suite, const char *path, const pt_recipe *recipe,
                                pt_degraded *degraded, pt_error *err);
PT_API void pt_degraded_release(pt_degraded *degraded);

/**
 * Embeds the first 10 s of a file from frame start on; one sample is enough.
 *
 * Errors   PT_REJECT_UNDECODABLE, _TRUNCATED, _UNSUPPORTED, _NONFINITE, _MISSING
 *          PT_ERANGE  start lies behind the file's end
 */
PT_API pt_status pt_file_embed(const pt_clap *clap, const char *path, uint64_t start,
                               float embedding[PT_EMBEDDING], pt_arena *scratch, pt_error *err);

/** A caption, or an audio file and the frame from which on it is heard. */
typedef struct pt_embed_input {
    const char *text; /* the caption, UTF-8; or the file */
    bool is_audio;
    uint64_t start;
} pt_embed_input;

/**
 * Embeds many, with the bits that each has by itself: captions a few at a time, and all of it on
 * several threads.
 *
 * threads     0: all usable CPUs
 * embeddings  out, [n_inputs, 512] in the order of inputs, of arbitrary content after an error
 *
 * Errors   of the first that cannot be embedded, as of pt_clap_embed_text and pt_file_embed
 */
PT_API pt_status pt_embed_all(const pt_clap *clap, const pt_embed_input *inputs, size_t n_inputs,
                              unsigned threads, float *embeddings, pt_error *err);

/** Writes [n_rows, n_columns] float32 as NumPy's .npy 1.0; appears under path when complete. */
PT_API pt_status pt_npy_write(const char *path, const float *values, size_t n_rows,
                              size_t n_columns, pt_error *err);

/** Writes a 48 kHz mono 32-bit float WAV; appears under path when complete. */
PT_API pt_status pt_wav_write(const char *path, const float *samples, size_t n_samples,
                              pt_error *err);

/** Reads a small text file (suite, recipe); the caller frees it. PT_EIO names the file. */
PT_API pt_status pt_text_read(const char *path, char **text, pt_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_FILES_H */
