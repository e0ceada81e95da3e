/* SPDX-License-Identifier: MIT */
/* ltas.h - the long-term spectrum's estimator, for a whole signal or one that arrives in pieces
 *
 * samples - mean -> hops of 8192 -> frames of 32768 (Hann) -> |X|^2, summed -> P_k -> 64 levels
 *
 * The signal is thought of as extended by zeros on both sides, so that every sample, the first and
 * the last too, is seen by exactly four frames whose squared windows add up to 1.5: the P_k sum up
 * to the signal's AC power exactly.
 */

#ifndef PATINA_MEASURE_LTAS_H
#define PATINA_MEASURE_LTAS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/measure.h>

#include "dsp/fft.h"

#define PT_LTAS_FRAME 32768
#define PT_LTAS_HOP   8192
#define PT_LTAS_HOPS  (PT_LTAS_FRAME / PT_LTAS_HOP) /* that a frame spans */
#define PT_LTAS_BINS  (PT_LTAS_FRAME / 2 + 1)

/** The bins that a band covers, all of them whole but for the first and the last. */
typedef struct pt_ltas_band {
    size_t first, last; /* first < last: no band is narrower than a bin */
    double first_share, last_share;
} pt_ltas_band;

struct pt_meter {
    pt_fft *fft;    /* of PT_LTAS_FRAME */
    double *window; /* [PT_LTAS_FRAME], periodic Hann */
    pt_ltas_band band[PT_LTAS_BANDS];
};

typedef struct pt_ltas {
    const pt_meter *meter;
    double mean;
    double *hop[PT_LTAS_HOPS]; /* each [PT_LTAS_HOP], oldest first; the last is being filled */
    double *frame;             /* [PT_LTAS_FRAME] */
    double *spectrum;          /* [PT_LTAS_BINS] pairs */
    double *power;             /* [PT_LTAS_BINS] */
    size_t n_filled;           /* of the last hop */
    uint64_t n_samples;
} pt_ltas;

/** Doubles that an estimator works in, aligned to 64. */
#define PT_LTAS_WORKSPACE (2 * PT_LTAS_FRAME + (PT_LTAS_FRAME + 8) + (PT_LTAS_FRAME / 2 + 8))

/** mean is subtracted from every sample; workspace [PT_LTAS_WORKSPACE] is the caller's. */
void pt_ltas_begin(pt_ltas *ltas, const pt_meter *meter, double mean, double *workspace);

void pt_ltas_add(pt_ltas *ltas, const float *x, size_t n_samples);

/** Ends the signal, of one sample at least. P_k, [PT_LTAS_BINS], in the workspace. */
const double *pt_ltas_finish(pt_ltas *ltas);

/** P_k to the level of each band in dBFS. */
void pt_ltas_levels(const pt_meter *meter, const double *power, unsigned source_rate_hz,
                    double levels[PT_LTAS_BANDS]);

#endif /* PATINA_MEASURE_LTAS_H */
