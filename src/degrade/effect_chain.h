/* SPDX-License-Identifier: MIT */
/* effect_chain.h - a drawn chain, and the signals that ride through it */

#ifndef PATINA_DEGRADE_EFFECT_CHAIN_H
#define PATINA_DEGRADE_EFFECT_CHAIN_H

#include <jansson.h>

#include "base/arena.h"
#include "degrade/effect_config.h"

struct patina_effect_chain {
    size_t n_stages;
    pt_stage stage[PATINA_STAGES_MAX];
};

/** What patina_effect_chain_from_json does, for JSON that is parsed already. */
patina_status pt_effect_chain_from_json_value(const json_t *json, patina_effect_chain *chain,
                                              patina_error *err);

/**
 * Three parts and their sum: degraded = signal + noise + distortion at every point of a chain.
 * A part that is NULL is zero; while both are, degraded is signal itself, the same memory.
 */
typedef struct pt_stems {
    double *degraded, *signal, *noise, *distortion; /* [n] */
    size_t n;
    double *free_buffer[4]; /* [n] each: of five buffers, those that are none of the above */
    size_t n_free_buffers;
    void *work; /* for effects, PT_WORK_BYTES */
    size_t fft_size;
    const pt_irfft_plan *irfft;
} pt_stems;

/**
 * Takes x through all stages, before output gain and rounding. The ride lies in scratch.
 *
 * noise   the stream of random samples
 * damage  out: stage and n_stages
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_effect_chain_render_stems(const patina_effect_config *config,
                                           const patina_effect_chain *chain, const pt_rng *noise,
                                           const float *x, size_t n, pt_stems *stems,
                                           patina_degrade_stats *stats, pt_arena *scratch,
                                           patina_error *err);

#endif /* PATINA_DEGRADE_EFFECT_CHAIN_H */
