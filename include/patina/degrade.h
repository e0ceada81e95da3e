/* SPDX-License-Identifier: MIT */
/* degrade.h - the degradation suite: six effects, drawn from a seed, replayable from a recipe */

#ifndef PATINA_DEGRADE_H
#define PATINA_DEGRADE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/scratch.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_SEED_MAX INT64_MAX /* so that every JSON reader keeps a seed exact as an integer */

typedef enum patina_effect_order {
    PATINA_EFFECT_ORDER_PHYSICAL, /* comb, mud, sibilance, noise, clip, pops: room to converter */
    PATINA_EFFECT_ORDER_RANDOM    /* shuffled for every row */
} patina_effect_order;

/**
 * Ranges, probabilities, the share of clean rows, and the tables of the noise transform. Opened
 * once, read-only afterwards and shared by all threads.
 */
typedef struct patina_effect_config patina_effect_config;

/**
 * json    the text of a suite file, or NULL for the defaults: one object with `clean`, the share of
 *         rows without any effect, and one object an effect with its `probability` and its
 *         settings, as patina_effect_config_to_json writes them. A range is [low, high], weights are an object
 *         with every word of the setting and need not add up to 1. Members that are absent keep
 *         their default; an unknown member, a wrong type or a range outside what an effect can do
 *         is an error that names it.
 *
 * Errors  PATINA_EFORMAT
 */
PATINA_API patina_status patina_effect_config_open(const char *json, patina_effect_config **suite,
                                                   patina_error *err);
PATINA_API void patina_effect_config_close(patina_effect_config **suite);

/**
 * The complete suite as JSON (indented), which patina_effect_config_open reads back to the same suite, bit for
 * bit; the caller frees it. NULL when memory runs out, as from every function that prints.
 */
PATINA_API char *patina_effect_config_to_json(const patina_effect_config *suite);

/** What every member of a suite means, its unit, limits and default, as lines of text; the caller
 * frees it. */
PATINA_API char *patina_effect_config_describe(void);

/** How bad, in a word: fixed places in the ranges of a suite, see docs/MEASURES.md. */
typedef enum patina_severity {
    PATINA_SEVERITY_LIGHT,
    PATINA_SEVERITY_MEDIUM,
    PATINA_SEVERITY_HEAVY,
    PATINA_SEVERITY_COUNT
} patina_severity;

/** "light", "medium", "heavy"; never NULL. */
PATINA_API const char *patina_severity_name(patina_severity severity);

/**
 * The effects, what a suite draws for each from which range, and what every severity takes, as
 * lines of text or as a JSON array (indented); the caller frees it.
 */
PATINA_API char *patina_effects_describe(const patina_effect_config *suite);
PATINA_API char *patina_effects_to_json(const patina_effect_config *suite);

/** Drawn effects in the order in which they are applied; no effect at all is a clean row. */
typedef struct patina_effect_chain patina_effect_chain;

/**
 * Draws the chain of one row from (seed, entry id, variant) alone.
 *
 * seed       to PATINA_SEED_MAX
 * variant    to 2^24 - 1
 * n_samples  of the excerpt at 48 kHz, 1 to 480000; places of pops depend on it
 *
 * Errors  PATINA_ERANGE
 */
PATINA_API patina_status patina_effect_chain_draw(const patina_effect_config *suite, uint64_t seed,
                                                  const char *entry, uint32_t variant,
                                                  patina_effect_order order, size_t n_samples,
                                                  patina_effect_chain **chain, patina_error *err);

/**
 * The chain of effects that are named, at one severity: nothing is drawn but where pops fall, and
 * that from (seed, entry id, variant) as ever.
 *
 * effects    names with commas between, each at most once, applied in this order
 * n_samples  as for patina_effect_chain_draw
 *
 * Errors  PATINA_EUSAGE  names the word that is no effect, or comes twice
 *         PATINA_ERANGE
 */
PATINA_API patina_status patina_effect_chain_from_names(
    const patina_effect_config *suite, const char *effects, patina_severity severity, uint64_t seed,
    const char *entry, uint32_t variant, size_t n_samples, patina_effect_chain **chain,
    patina_error *err);

/**
 * Reads a `chain` array of a recipe: the drawn values under the names that patina_effect_chain_to_json writes.
 * An effect may occur more than once, up to 16 stages. Members that a stage has besides are
 * ignored, so a chain to which derived values were added serves too.
 *
 * Errors  PATINA_EFORMAT  names the stage and the member that is absent or out of range
 */
PATINA_API patina_status patina_effect_chain_from_json(const char *json,
                                                       patina_effect_chain **chain,
                                                       patina_error *err);
PATINA_API void patina_effect_chain_close(patina_effect_chain **chain);

/** The chain as a JSON array on one line, reals with 17 significant digits; the caller frees it. */
PATINA_API char *patina_effect_chain_to_json(const patina_effect_chain *chain);

/** The chain for people, a phrase a stage on a line of its own: "noise: pink noise 20 dB below the
 * signal"; empty for a clean row. The caller frees it. */
PATINA_API char *patina_effect_chain_describe(const patina_effect_chain *chain);

#define PATINA_STAGES_MAX 16

/** What one stage derived from the samples. */
typedef struct patina_stage_stats {
    const char *effect;   /* its name */
    double threshold;     /* clip only */
    double bussgang_gain; /* clip only */
    size_t count;         /* pops only */
} patina_stage_stats;

/** What applying a chain gave besides the samples. */
typedef struct patina_degrade_stats {
    double signal_power;     /* AC power of what the linear part makes of the pristine */
    double noise_power;      /* of what was added */
    double distortion_power; /* of what is nonlinear */
    double rest_power;       /* of noise and distortion together */
    double output_gain;      /* at most 1: keeps |degraded| <= 0.999 */
    patina_stage_stats stage[PATINA_STAGES_MAX];
    size_t n_stages;
} patina_degrade_stats;

/**
 * Degrades an excerpt. Depends on its arguments only: the noise comes from (seed, entry, variant).
 * The powers are those of what is written, output gain included.
 *
 * x         [n_samples] mono, 48 kHz, 1 to 480000 samples
 * degraded  out, [n_samples]; not x itself
 * damage    out; NULL if not wanted
 * scratch   what was taken from it is given back on return
 *
 * Errors  PATINA_ERANGE            seed, variant or n_samples
 *         PATINA_EFORMAT           a recipe's gains are so large that samples overflow
 *         PATINA_REJECT_NONFINITE  a NaN or an infinity in x
 */
PATINA_API patina_status patina_effect_chain_apply(const patina_effect_config *suite,
                                                   const patina_effect_chain *chain, uint64_t seed,
                                                   const char *entry, uint32_t variant,
                                                   const float *x, size_t n_samples,
                                                   float *degraded, patina_degrade_stats *damage,
                                                   patina_arena *scratch, patina_error *err);

/** The `stages` array of provenance on one line: what was derived; the caller frees it. */
PATINA_API char *patina_degrade_stats_to_json(const patina_degrade_stats *damage);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_DEGRADE_H */
