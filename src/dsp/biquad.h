/* SPDX-License-Identifier: MIT */
/* biquad.h - second-order sections of the Audio EQ Cookbook, and cascades of them
 *
 * Source: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients",
 * W3C Working Group Note, 2021.
 *
 * A recursive filter depends on its last output, so a block is divided into segments that are
 * filtered in parallel, one per lane, as in iir_energy.h: the final state of each segment with zero
 * initial state is a sum of independent products, a scan over these gives the initial states, and
 * then the filter runs over all segments.
 */

#ifndef PATINA_DSP_BIQUAD_H
#define PATINA_DSP_BIQUAD_H

#include <stddef.h>

#include "dsp/stats.h"

typedef enum pt_biquad_kind {
    PT_BIQUAD_PEAKING,
    PT_BIQUAD_LOWPASS,
    PT_BIQUAD_HIGHSHELF
} pt_biquad_kind;

/** H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2) */
typedef struct pt_biquad {
    double b0, b1, b2, a1, a2;
} pt_biquad;

/**
 * Designs a section. 0 < f0_hz < rate_hz / 2, q > 0. A low-pass ignores gain_db. The gain of a
 * peaking filter is that at f0, the gain of a shelf that far above f0; at f0 a shelf has half of it
 * (in dB).
 */
pt_biquad pt_biquad_design(pt_biquad_kind kind, double rate_hz, double f0_hz, double q,
                           double gain_db);

/**
 * Filters x [n] by sections in series to y, which may be x: transposed direct form II in double,
 * zero initial state, output of length n. What one section passes to the next is rounded to float
 * only after every eighth. Adds the output to moments, unless that is NULL.
 */
void pt_biquad_run(const pt_biquad *section, size_t n_sections, const float *x, size_t n, float *y,
                   pt_moments *moments);

/* ---- tables of pt_dsp_ops.biquad_cascade ---- */

#define PT_BIQUAD_SEGMENTS       32
#define PT_BIQUAD_SEGMENT_LENGTH 64 /* of a segment */
#define PT_BIQUAD_BLOCK          (PT_BIQUAD_SEGMENTS * PT_BIQUAD_SEGMENT_LENGTH)

typedef struct pt_biquad_plan {
    pt_biquad section;
    double transition[2][2]; /* [j]: states after a segment of zeros, from the j-th unit state */
    double response[PT_BIQUAD_SEGMENT_LENGTH][2]; /* [i]: final states of a 1 at sample i */
} pt_biquad_plan;

void pt_biquad_plan_init(pt_biquad_plan *plan, const pt_biquad *section);

#endif /* PATINA_DSP_BIQUAD_H */
