/* SPDX-License-Identifier: MIT */
/* biquad.h - second-order sections of the Audio EQ Cookbook, and cascades of them
 *
 * Source: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients",
 * W3C Working Group Note, 2021.
 *
 * A section waits for its own last output, so a block is cut into segments that are filtered side
 * by side, a segment a lane, as in iir_energy.h: what each leaves behind if the section is at rest
 * before it is a sum of independent products, a walk over these gives the states that the segments
 * begin in, and then the section itself runs over all of them.
 */

#ifndef PATINA_DSP_BIQUAD_H
#define PATINA_DSP_BIQUAD_H

#include <stddef.h>

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
 * 0 < f0_hz < rate_hz / 2, q > 0. A low-pass has no gain_db. The gain of a peak is reached at f0,
 * that of a shelf far above f0; at f0 a shelf has half of it (in dB).
 */
pt_biquad pt_biquad_design(pt_biquad_kind kind, double rate_hz, double f0_hz, double q,
                           double gain_db);

/**
 * One section after the other over x [n], aligned to 64, in place: transposed direct form II in
 * double, from a state of zero; what rings on after the last sample is lost. The same bits as
 * section by section.
 */
void pt_biquad_run(const pt_biquad *section, size_t n_sections, double *x, size_t n);

/* ---- what pt_dsp_ops.biquad_cascade works with ---- */

#define PT_BIQUAD_SEGMENTS       32
#define PT_BIQUAD_SEGMENT_LENGTH 64 /* of a segment */
#define PT_BIQUAD_BLOCK          (PT_BIQUAD_SEGMENTS * PT_BIQUAD_SEGMENT_LENGTH)

typedef struct pt_biquad_plan {
    pt_biquad section;
    double transition[2][2]; /* [j]: both states after a segment of zeros, from the
                                             j-th unit state */
    double response[PT_BIQUAD_SEGMENT_LENGTH]
                   [2]; /* [i]: at the end of a segment, of a 1 as sample i */
} pt_biquad_plan;

void pt_biquad_plan_init(pt_biquad_plan *plan, const pt_biquad *section);

#endif /* PATINA_DSP_BIQUAD_H */
