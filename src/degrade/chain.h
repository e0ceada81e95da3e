/* SPDX-License-Identifier: MIT */
/* chain.h - a drawn chain, and the signals that ride through it */

#ifndef PATINA_DEGRADE_CHAIN_H
#define PATINA_DEGRADE_CHAIN_H

#include <jansson.h>

#include "degrade/suite.h"

struct pt_chain {
    size_t n_stages;
    pt_stage stage[PT_STAGES_MAX];
};

/** What pt_chain_parse does, for JSON that is parsed already. */
pt_status pt_chain_read(const json_t *json, pt_chain *chain, pt_error *err);

/**
 * Three parts and their sum: degraded = signal + noise + distortion at every point of a chain.
 * A part that is NULL is zero; while both are, degraded is signal itself, the same memory.
 */
typedef struct pt_ride {
    double *degraded, *signal, *noise, *distortion; /* [n] */
    size_t n;
    double *spare[4]; /* [n] each: of five buffers, those that are none of the above */
    size_t n_spare;
    void *work; /* for effects, PT_WORK_BYTES */
    size_t fft_size;
    const pt_fft *fft;
} pt_ride;

/**
 * Takes x through all stages, before output gain and rounding. The ride lies in scratch.
 *
 * noise   the stream of random samples
 * damage  out: stage and n_stages
 *
 * Errors  PT_ENOMEM
 */
pt_status pt_chain_ride(const pt_suite *suite, const pt_chain *chain, const pt_rng *noise,
                        const float *x, size_t n, pt_ride *ride, pt_damage *damage,
                        pt_arena *scratch, pt_error *err);

#endif /* PATINA_DEGRADE_CHAIN_H */
