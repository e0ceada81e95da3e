/* SPDX-License-Identifier: MIT */
/* degrade.h - the degradation suite: six effects, drawn from a seed, replayable from a recipe */

#ifndef PATINA_DEGRADE_H
#define PATINA_DEGRADE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/arena.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PT_SEED_MAX INT64_MAX /* so that every JSON reader keeps a seed exact as an integer */

typedef enum pt_order {
    PT_ORDER_PHYSICAL, /* comb, mud, sibilance, noise, clip, pops: room to converter */
    PT_ORDER_RANDOM    /* shuffled for every row */
} pt_order;

/**
 * Ranges, probabilities and the share of clean rows, and the transform plans that noise needs.
 * Opened once, read-only afterwards and shared by all threads; opening and closing are not
 * thread-safe against each other (FFTW's planner).
 */
typedef struct pt_suite pt_suite;

/**
 * json    the text of a suite file, or NULL for the defaults: one object with `clean`, the share of
 *         rows without any effect, and one object an effect with its `probability` and its
 *         settings, as pt_suite_print writes them. A range is [low, high], weights are an object
 *         with every word of the setting and need not add up to 1. Members that are absent keep
 *         their default; an unknown member, a wrong type or a range outside what an effect can do
 *         is an error that names it.
 *
 * Errors  PT_EFORMAT
 */
PT_API pt_status pt_suite_open(const char *json, pt_suite **suite, pt_error *err);
PT_API void pt_suite_close(pt_suite **suite);

/**
 * The complete suite as JSON (indented), which pt_suite_open reads back to the same suite, bit for
 * bit; the caller frees it. NULL when memory runs out, as from every function that prints.
 */
PT_API char *pt_suite_print(const pt_suite *suite);

/** What every member of a suite means, its unit, limits and default, as lines of text; the caller
 * frees it. */
PT_API char *pt_suite_describe(void);

/** How bad, in a word: fixed places in the ranges of a suite, see docs/MEASURES.md. */
typedef enum pt_severity {
    PT_SEVERITY_LIGHT,
    PT_SEVERITY_MEDIUM,
    PT_SEVERITY_HEAVY,
    PT_SEVERITY_COUNT
} pt_severity;

/** "light", "medium", "heavy"; never NULL. */
PT_API const char *pt_severity_name(pt_severity severity);

/**
 * The effects, what a suite draws for each from which range, and what every severity takes, as
 * lines of text or as a JSON array (indented); the caller frees it.
 */
PT_API char *pt_effects_describe(const pt_suite *suite);
PT_API char *pt_effects_print(const pt_suite *suite);

/** Drawn effects in the order in which they are applied; no effect at all is a clean row. */
typedef struct pt_chain pt_chain;

/**
 * Draws the chain of one row from (seed, entry id, variant) alone.
 *
 * seed       to PT_SEED_MAX
 * variant    to 2^24 - 1
 * n_samples  of the excerpt at 48 kHz, 1 to 480000; places of pops depend on it
 *
 * Errors  PT_ERANGE
 */
PT_API pt_status pt_chain_draw(const pt_suite *suite, uint64_t seed, const char *entry,
                               uint32_t variant, pt_order order, size_t n_samples, pt_chain **chain,
                               pt_error *err);

/**
 * The chain of effects that are named, at one severity: nothing is drawn but where pops fall, and
 * that from (seed, entry id, variant) as ever.
 *
 * effects    names with commas between, each at most once, applied in this order
 * n_samples  as for pt_chain_draw
 *
 * Errors  PT_EUSAGE  names the word that is no effect, or comes twice
 *         PT_ERANGE
 */
PT_API pt_status pt_chain_choose(const pt_suite *suite, const char *effects, pt_severity severity,
                                 uint64_t seed, const char *entry, uint32_t variant,
                                 size_t n_samples, pt_chain **chain, pt_error *err);

/**
 * Reads a `chain` array of a recipe: the drawn values under the names that pt_chain_print writes.
 * An effect may occur more than once, up to 16 stages. Members that a stage has besides are
 * ignored, so a chain to which derived values were added serves too.
 *
 * Errors  PT_EFORMAT  names the stage and the member that is absent or out of range
 */
PT_API pt_status pt_chain_parse(const char *json, pt_chain **chain, pt_error *err);
PT_API void pt_chain_close(pt_chain **chain);

/** The chain as a JSON array on one line, reals with 17 significant digits; the caller frees it. */
PT_API char *pt_chain_print(const pt_chain *chain);

/** The chain for people, a phrase a stage on a line of its own: "noise: pink noise 20 dB below the
 * signal"; empty for a clean row. The caller frees it. */
PT_API char *pt_chain_tell(const pt_chain *chain);

#define PT_STAGES_MAX 16

/** What one stage derived from the samples. */
typedef struct pt_stage_damage {
    const char *effect;   /* its name */
    double threshold;     /* clip only */
    double bussgang_gain; /* clip only */
    size_t count;         /* pops only */
} pt_stage_damage;

/** What applying a chain gave besides the samples. */
typedef struct pt_damage {
    double signal_power;     /* AC power of what the linear part makes of the pristine */
    double noise_power;      /* of what was added */
    double distortion_power; /* of what is nonlinear */
    double rest_power;       /* of noise and distortion together */
    double output_gain;      /* at most 1: keeps |degraded| <= 0.999 */
    pt_stage_damage stage[PT_STAGES_MAX];
    size_t n_stages;
} pt_damage;

/**
 * Degrades an excerpt. Depends on its arguments only: the noise comes from (seed, entry, variant).
 * The powers are those of what is written, output gain included.
 *
 * x         [n_samples] mono, 48 kHz, 1 to 480000 samples
 * degraded  out, [n_samples]; not x itself
 * damage    out; NULL if not wanted
 * scratch   what was taken from it is given back on return
 *
 * Errors  PT_ERANGE            seed, variant or n_samples
 *         PT_EFORMAT           a recipe's gains are so large that samples overflow
 *         PT_REJECT_NONFINITE  a NaN or an infinity in x
 */
PT_API pt_status pt_chain_apply(const pt_suite *suite, const pt_chain *chain, uint64_t seed,
                                const char *entry, uint32_t variant, const float *x,
                                size_t n_samples, float *degraded, pt_damage *damage,
                                pt_arena *scratch, pt_error *err);

/** The `stages` array of provenance on one line: what was derived; the caller frees it. */
PT_API char *pt_damage_print(const pt_damage *damage);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_DEGRADE_H */
