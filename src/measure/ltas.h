/* SPDX-License-Identifier: MIT */
/* ltas.h - estimator of the long-term average spectrum of a stream of samples
 *
 * samples - mean -> hops of 8192 -> frames of 32768 (Hann) -> |X|^2, summed -> P_k -> 64 levels
 *
 * The signal is extended by zeros on both sides, so that every sample is in exactly four frames
 * whose squared windows add up to 1.5, and the sum of P_k is the AC power of the signal.
 */

#ifndef PATINA_MEASURE_LTAS_H
#define PATINA_MEASURE_LTAS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/measure.h>

#include "dsp/dsp_ops.h"
#include "dsp/welch.h"

#define PT_LTAS_FRAME PT_WELCH_N_FFT
#define PT_LTAS_HOP   (PT_LTAS_FRAME / 4) /* a quarter, so two frames in a row span five */
#define PT_LTAS_BINS  (PT_LTAS_FRAME / 2 + 1)

/** The bins of a band; the first and the last one are weighted. */
typedef struct pt_ltas_band {
    size_t first, last; /* first < last: no band is narrower than a bin */
    double first_weight, last_weight;
} pt_ltas_band;

struct patina_meter {
    const pt_dsp_ops *ops;
    pt_welch_plan *spectrum;
    pt_ltas_band band[PATINA_LTAS_BANDS];
};

/** Scratch memory of an estimator: 0.9 MB. */
typedef struct pt_ltas_workspace {
    _Alignas(64) float hop[5][PT_LTAS_HOP]; /* packed by pt_welch_pack_quarter */
    pt_welch_workspace pair;
    pt_welch_power power;
    double bins[PT_LTAS_BINS];
    float hop_buffer[PT_LTAS_HOP];
} pt_ltas_workspace;

typedef struct pt_ltas {
    const patina_meter *meter;
    double mean;
    pt_ltas_workspace *workspace;
    float *hop[5];   /* oldest first; hops before the signal are zeros */
    size_t n_hops;   /* in hop */
    size_t n_filled; /* of hop_buffer */
    uint64_t n_samples;
} pt_ltas;

/** mean is subtracted from every sample; the caller owns the workspace. */
void pt_ltas_init(pt_ltas *ltas, const patina_meter *meter, double mean,
                  pt_ltas_workspace *workspace);

/** The result has the same bits for every division of the signal into calls. */
void pt_ltas_add(pt_ltas *ltas, const float *x, size_t n_samples);

/** Ends the signal of at least one sample. Returns P_k, [PT_LTAS_BINS], in the workspace. */
const double *pt_ltas_finish(pt_ltas *ltas);

/** Converts P_k to the levels of the bands in dBFS. */
void pt_ltas_levels(const patina_meter *meter, const double *power, unsigned source_rate_hz,
                    double levels[PATINA_LTAS_BANDS]);

#endif /* PATINA_MEASURE_LTAS_H */
