/* SPDX-License-Identifier: MIT */
/* dynamics.h - crest factor and zero-crossing rate of a signal in blocks */

#ifndef PATINA_MEASURE_DYNAMICS_H
#define PATINA_MEASURE_DYNAMICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Set mean and zero the rest to start. */
typedef struct pt_dynamics {
    double mean;              /* of the whole signal, for ac_energy; set by the caller */
    double energy, ac_energy; /* sum of x^2, DC included, and of (x - mean)^2 */
    float peak;               /* max|x| */
    bool nonfinite;           /* a NaN or Inf occurred; the other members are not valid then */
    bool negative;            /* sign of the last sample */
    uint64_t n_samples, n_zero_crossings;
} pt_dynamics;

/** Block size of the public functions; blocks of this size give the same bits. */
#define PT_DYNAMICS_CHUNK 8192

void pt_dynamics_add(pt_dynamics *dynamics, const float *x, size_t n_samples);
double pt_dynamics_crest_db(const pt_dynamics *dynamics);
double pt_dynamics_zcr(const pt_dynamics *dynamics);

#endif /* PATINA_MEASURE_DYNAMICS_H */
