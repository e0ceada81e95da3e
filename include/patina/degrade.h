/* SPDX-License-Identifier: MIT */
/**
 * @file degrade.h
 * @brief Degradation of audio: effects that are drawn from a seed or replayed from a recipe.
 *
 * A patina_effect_config has the ranges and probabilities, a patina_effect_chain the drawn effects
 * of one row. docs/MEASURES.md, sections 7 and 8, defines effects and draws. Most programs use
 * patina_file_degrade() or patina_buffer_degrade() instead, which draw the window too.
 *
 * Drawing, reading, applying and converting to text are safe from any thread.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_effect_config *config = NULL;
 * patina_effect_chain *chain = NULL;
 * if (patina_effect_config_open(NULL, &config, &err) == PATINA_OK &&
 *     patina_effect_chain_draw(config, 1, "clip.wav", 0, PATINA_EFFECT_ORDER_PHYSICAL, 480000,
 *                              &chain, &err) == PATINA_OK) {
 *     char *words = patina_effect_chain_describe(chain);
 *     if (words) puts(words);
 *     patina_free(words);
 * }
 * patina_effect_chain_close(&chain);
 * patina_effect_config_close(&config);
 * @endcode
 */

#ifndef PATINA_DEGRADE_H
#define PATINA_DEGRADE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/memory.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest seed: every JSON reader keeps it exact as an integer. */
#define PATINA_SEED_MAX INT64_MAX

/** Order in which the effects of a chain are applied. */
typedef enum patina_effect_order {
    PATINA_EFFECT_ORDER_PHYSICAL, /**< comb, mud, sibilance, noise, clip, pops: room to converter */
    PATINA_EFFECT_ORDER_RANDOM    /**< shuffled for each row */
} patina_effect_order;

/**
 * Ranges, probabilities and the share of clean rows, with the tables of the noise transform.
 * Read-only after opening: any number of threads may share one.
 */
typedef struct patina_effect_config patina_effect_config;

/**
 * Opens a degradation configuration.
 *
 * - `json`: the text of a configuration file, or NULL for the defaults: an object with `clean`, the
 *   share of rows without effects, and one object for each effect with its `probability` and
 *   settings, as patina_effect_config_to_json() writes them. A range is [low, high]; weights are an
 *   object with all names of the setting and need not sum to 1. Missing members keep their default.
 * - `config`: out; patina_effect_config_close() releases it
 *
 * Errors: PATINA_EFORMAT for an unknown member, a wrong type or a range outside the limits of the
 * effect, the message names it; PATINA_ENOMEM. Safe from any thread.
 */
PATINA_API patina_status patina_effect_config_open(const char *json, patina_effect_config **config,
                                                   patina_error *err);

/** Closes a configuration and sets *config to NULL. A NULL *config is accepted. */
PATINA_API void patina_effect_config_close(patina_effect_config **config);

/**
 * Returns the complete configuration as indented JSON; patina_effect_config_open() reads it back
 * unchanged, bit for bit. Released with patina_free(). NULL: out of memory.
 */
PATINA_API char *patina_effect_config_to_json(const patina_effect_config *config);

/**
 * Returns the meaning, unit, limits and default of each member of a configuration as lines of text.
 * Released with patina_free(). NULL: out of memory.
 */
PATINA_API char *patina_effect_config_describe(void);

/** Severity of a named effect: fixed positions in the ranges of a configuration,
 * docs/MEASURES.md. */
typedef enum patina_severity {
    PATINA_SEVERITY_LIGHT,
    PATINA_SEVERITY_MEDIUM,
    PATINA_SEVERITY_HEAVY,
    PATINA_SEVERITY_COUNT
} patina_severity;

/** Returns "light", "medium" or "heavy"; "unknown" for other numbers. Static, never NULL. */
PATINA_API const char *patina_severity_name(patina_severity severity);

/**
 * Returns the effects, the range of each drawn value and the values of each severity, as lines of
 * text. Released with patina_free(). NULL: out of memory.
 */
PATINA_API char *patina_effects_describe(const patina_effect_config *config);

/**
 * Returns the content of patina_effects_describe() as an indented JSON array. Released with
 * patina_free(). NULL: out of memory.
 */
PATINA_API char *patina_effects_to_json(const patina_effect_config *config);

/** Drawn effects in the order in which they are applied. A chain without effects is a clean row. */
typedef struct patina_effect_chain patina_effect_chain;

/**
 * Draws the chain of one row. It depends on the arguments only.
 *
 * - `seed`: 0 to PATINA_SEED_MAX
 * - `entry`: the id of the entry
 * - `variant`: 0 to 2^24 - 1
 * - `n_samples`: length of the window at 48 kHz, 1 to 480000; positions of pops depend on it
 * - `chain`: out; patina_effect_chain_close() releases it
 *
 * Errors: PATINA_ERANGE, PATINA_ENOMEM.
 */
PATINA_API patina_status patina_effect_chain_draw(const patina_effect_config *config, uint64_t seed,
                                                  const char *entry, uint32_t variant,
                                                  patina_effect_order order, size_t n_samples,
                                                  patina_effect_chain **chain, patina_error *err);

/**
 * Makes a chain of named effects at one severity. Only the positions of pops are drawn, from
 * (seed, entry, variant).
 *
 * - `effects`: names separated by commas, each at most once, applied in this order
 * - `seed`, `entry`, `variant`, `n_samples`, `chain`: as for patina_effect_chain_draw()
 *
 * Errors: PATINA_EUSAGE for an unknown or repeated name, the message contains it; PATINA_ERANGE;
 * PATINA_ENOMEM.
 */
PATINA_API patina_status patina_effect_chain_from_names(
    const patina_effect_config *config, const char *effects, patina_severity severity,
    uint64_t seed, const char *entry, uint32_t variant, size_t n_samples,
    patina_effect_chain **chain, patina_error *err);

/**
 * Parses the `chain` array of a recipe. An effect may occur more than once, up to PATINA_STAGES_MAX
 * stages. Additional members of a stage are ignored, so a chain with derived values is accepted.
 *
 * - `chain`: out; patina_effect_chain_close() releases it
 *
 * Errors: PATINA_EFORMAT, the message names the stage and the member that is missing or out of
 * range; PATINA_ENOMEM.
 */
PATINA_API patina_status patina_effect_chain_from_json(const char *json,
                                                       patina_effect_chain **chain,
                                                       patina_error *err);

/** Closes a chain and sets *chain to NULL. A NULL *chain is accepted. */
PATINA_API void patina_effect_chain_close(patina_effect_chain **chain);

/**
 * Returns the chain as a JSON array on one line, numbers with 17 significant digits. Released with
 * patina_free(). NULL: out of memory.
 */
PATINA_API char *patina_effect_chain_to_json(const patina_effect_chain *chain);

/**
 * Returns one line of text for each stage: "noise: pink noise 20 dB below the signal"; "" for a
 * clean row. Released with patina_free(). NULL: out of memory.
 */
PATINA_API char *patina_effect_chain_describe(const patina_effect_chain *chain);

/** Stages of a chain. */
#define PATINA_STAGES_MAX 16

/** Values that one stage derived from the samples. */
typedef struct patina_stage_stats {
    const char *effect;   /**< its name; static */
    double threshold;     /**< clip only: threshold */
    double bussgang_gain; /**< clip only: linear gain in the sense of Bussgang's theorem */
    size_t count;         /**< pops only: number of pops */
} patina_stage_stats;

/** Measurements of a degraded window. Powers are AC powers of the output, output gain included. */
typedef struct patina_degrade_stats {
    double signal_power;     /**< the pristine signal after the linear effects */
    double noise_power;      /**< the added noise and pops */
    double distortion_power; /**< the nonlinear distortion */
    double rest_power;       /**< noise and distortion together */
    double output_gain;      /**< at most 1, keeps |degraded| <= 0.999 */
    patina_stage_stats stage[PATINA_STAGES_MAX]; /**< [n_stages] */
    size_t n_stages;                             /**< stages of the chain */
} patina_degrade_stats;

/**
 * Applies a chain to a window. The result depends on the arguments only; noise is drawn from
 * (seed, entry, variant).
 *
 * - `seed`, `entry`, `variant`: as for patina_effect_chain_draw()
 * - `x`: [n_samples] mono at 48 kHz, 1 to 480000 samples
 * - `degraded`: out, [n_samples]; must not overlap `x`; undefined after an error
 * - `stats`: out; may be NULL
 * - `scratch`: may be NULL
 *
 * Errors: PATINA_ERANGE for seed, variant or n_samples; PATINA_EFORMAT where the gains of a recipe
 * overflow; PATINA_REJECT_NONFINITE for a NaN or an infinity in `x`; PATINA_ENOMEM.
 */
PATINA_API patina_status patina_effect_chain_apply(const patina_effect_config *config,
                                                   const patina_effect_chain *chain, uint64_t seed,
                                                   const char *entry, uint32_t variant,
                                                   const float *x, size_t n_samples,
                                                   float *degraded, patina_degrade_stats *stats,
                                                   patina_arena *scratch, patina_error *err);

/**
 * Returns the derived values of the stages as a JSON array on one line, the `stages` member of
 * provenance. Released with patina_free(). NULL: out of memory.
 */
PATINA_API char *patina_degrade_stats_to_json(const patina_degrade_stats *stats);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_DEGRADE_H */
