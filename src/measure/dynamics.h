/* SPDX-License-Identifier: MIT */
/* dynamics.h - what crest factor and zero-crossing rate are made of, for a sound in pieces */

#ifndef PATINA_MEASURE_DYNAMICS_H
#define PATINA_MEASURE_DYNAMICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zero it to start, all but the mean. */
typedef struct pt_dynamics {
    double mean;              /* of the whole signal, for ac_energy; given by the user */
    double energy, ac_energy; /* sum of x^2, DC included, and of (x - mean)^2 */
    float peak;               /* max|x| */
    bool nonfinite;           /* a NaN or Inf came; then nothing else means anything */
    bool negative;            /* the last sample was */
    uint64_t n_samples, n_zero_crossings;
} pt_dynamics;

/** Samples that the public functions add at a time; pieces of this size give the same bits. */
#define PT_DYNAMICS_CHUNK 8192

void pt_dynamics_add(pt_dynamics *dynamics, const float *x, size_t n_samples);
double pt_dynamics_crest_db(const pt_dynamics *dynamics);
double pt_dynamics_zcr(const pt_dynamics *dynamics);

#endif /* PATINA_MEASURE_DYNAMICS_H */
