/* SPDX-License-Identifier: MIT */
/**
 * @file provenance.h
 * @brief Provenance of a row, and recipes.
 *
 * A line of a provenance file, the object that `patina degrade` prints and a recipe have the same
 * form; docs/DATASET.md describes it. All functions are safe from any thread.
 *
 * @code
 * const char *json = "{\"entry\": \"clip.wav\", \"seed\": 1, \"variant\": 0, \"chain\": [], "
 *                    "\"window\": {\"start\": 0, \"frames\": 48000, \"rate_hz\": 48000, "
 *                    "\"channels\": 1}}";
 * patina_error err = {PATINA_OK, ""};
 * patina_recipe recipe;
 * if (patina_recipe_from_json(json, &recipe, &err) == PATINA_OK) {
 *     printf("%s, seed %llu\n", recipe.entry, (unsigned long long)recipe.seed);
 *     patina_recipe_release(&recipe);
 * }
 * @endcode
 */

#ifndef PATINA_PROVENANCE_H
#define PATINA_PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/measure.h>
#include <patina/memory.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Provenance of one row; borrowed. Members that are unknown are omitted from the JSON. */
typedef struct patina_provenance {
    const char *entry;     /**< id of the entry, which all draws depend on */
    const char *source;    /**< relative path of the audio; NULL: omitted */
    const char *corpus;    /**< name of its corpus, of several; NULL: omitted */
    const char *caption;   /**< NULL: omitted, with caption_index */
    size_t caption_index;  /**< in the entry's list of captions, from 0 */
    uint64_t seed;         /**< 0 to PATINA_SEED_MAX */
    uint32_t variant;      /**< caption_index * variants + k */
    patina_window window;  /**< window of the source */
    uint32_t window_index; /**< number of the window of the recording, from 0; omitted for 0 */
    unsigned n_streams;    /**< audio streams in the file, of which the default one is used; omitted
                                  up to 1 */
    bool has_named_start;  /**< the window is in the seconds that the corpus names */
    double named_start_s;  /**< the first of them */
    const char *fingerprint_json; /**< of the whole sound, a JSON object; NULL: omitted */
    double level_gain_db;         /**< gain of the window before all else; 0: omitted */
    const char *chain_json;       /**< from patina_effect_chain_to_json() */
    const char *stages_json; /**< from patina_degrade_stats_to_json(); NULL: omitted, with the five
                                  numbers that follow */
    double output_gain;      /**< at most 1 */
    double purity_db;        /**< signal over noise and distortion */
    double snr_db;           /**< signal over noise */
    double sdr_db;           /**< signal over distortion */
    double purity_cap;       /**< upper end of purity_db */
    bool has_loudness;       /**< false: the two loudnesses are omitted */
    double lufs_source;      /**< loudness of the source's channels */
    double lufs_mono;        /**< loudness of the mono mix */
    const patina_source_quality *quality; /**< of the source; NULL: omitted */
} patina_provenance;

/**
 * Returns the object on one line without a line end. Released with patina_free(). NULL: out of
 * memory.
 */
PATINA_API char *patina_provenance_to_json(const patina_provenance *provenance);

/** A parsed recipe. Owns its strings; patina_recipe_release() releases it. */
typedef struct patina_recipe {
    char *entry;          /**< id of the entry */
    uint64_t seed;        /**< 0 to PATINA_SEED_MAX */
    uint32_t variant;     /**< 0 to 2^24 - 1 */
    patina_window window; /**< window of the source */
    char *chain_json;     /**< for patina_effect_chain_from_json() */
    double level_gain_db; /**< gain of the window before the chain, dB */
    double purity_cap;    /**< upper end of purity_db, dB */
    bool made_by_0_1;     /**< a line of version 0.1, which resampled in another way */
} patina_recipe;

/**
 * Parses a recipe. `entry`, `seed`, `variant`, `window` {start, frames, rate_hz, channels} and
 * `chain` are required. `level_gain_db` is 0 where it is absent. `purity_cap` is then 50, or 60
 * where `purity_db` is over 50, as in lines of version 0.1. A line with `purity_db` and without
 * `purity_cap` was made by 0.1. Other members are ignored.
 *
 * - `recipe`: out; patina_recipe_release() releases it
 *
 * Errors: PATINA_EFORMAT, the message names the member; PATINA_ENOMEM.
 */
PATINA_API patina_status patina_recipe_from_json(const char *json, patina_recipe *recipe,
                                                 patina_error *err);

/** Releases the members and zeroes the struct. A zeroed struct is accepted. */
PATINA_API void patina_recipe_release(patina_recipe *recipe);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_PROVENANCE_H */
