/* SPDX-License-Identifier: MIT */
/* effect_chain.h - a chain of effects, and the stems that it processes */

#ifndef PATINA_DEGRADE_EFFECT_CHAIN_H
#define PATINA_DEGRADE_EFFECT_CHAIN_H

#include <stdbool.h>

#include <jansson.h>

#include "base/arena.h"
#include "degrade/effect_config.h"
#include "dsp/stats.h"

struct patina_effect_chain {
    size_t n_stages;
    pt_stage stage[PATINA_STAGES_MAX];
};

/** patina_effect_chain_from_json for parsed JSON. */
patina_status pt_effect_chain_from_json_value(const json_t *json, patina_effect_chain *chain,
                                              patina_error *err);

/**
 * Three stems and their sum: degraded = signal + noise + distortion at every point of a chain.
 * noise is NULL while it is zero. Within a chain, gains are applied where samples are next written:
 * the signal is signal_gain signal[i], the noise noise_gain noise[i] + noise_offset. The signal is
 * the input until a filter changes it. One of four that follows from the others is not stored:
 * degraded is NULL where it is the sum of the stems, distortion where it is zero or, with
 * has_distortion, what the others leave of degraded.
 *
 * Samples are float, which halves the memory traffic of 10 s in double. Each operation on them
 * rounds to 2^-24 of a sample: the sum of the stems is off by about -140 dB, far below the noise
 * and distortion that purity_db, at most 60, can show. Gains, powers and filter states are double.
 */
typedef struct pt_stems {
    float *degraded, *noise, *distortion; /* [n]; degraded is in output */
    float *output;                        /* [n], of the caller */
    const float *signal;                  /* [n] */
    float *own_signal;                    /* its buffer, NULL while it is the input */
    bool has_distortion;
    double signal_gain, noise_gain, noise_offset;
    /* of the arrays, without gains; n is 0, and the peak negative, where they are not known */
    pt_moments signal_moments, noise_moments;
    float degraded_peak;
    size_t n;
    float *free_buffer[4]; /* the unused ones of four buffers, [fft_size + 2] each */
    size_t n_free_buffers;
    void *work; /* for effects, PT_WORK_BYTES */
    size_t fft_size;
    const pt_irfft_plan *irfft;
} pt_stems;

/** Scratch memory of patina_effect_chain_apply for n samples. */
size_t pt_effect_chain_scratch_size(size_t n);

/**
 * Applies all stages to x, without output gain and rounding. The stems are allocated from scratch
 * and complete: degraded is stored, no gain is left to apply.
 *
 * noise  the stream of noise samples
 * stats  out: stage and n_stages
 *
 * Errors  PATINA_ENOMEM, PATINA_REJECT_NONFINITE
 */
patina_status pt_effect_chain_render_stems(const patina_effect_config *config,
                                           const patina_effect_chain *chain, const pt_rng *noise,
                                           const float *x, size_t n, pt_stems *stems,
                                           patina_degrade_stats *stats, pt_arena *scratch,
                                           patina_error *err);

#endif /* PATINA_DEGRADE_EFFECT_CHAIN_H */
