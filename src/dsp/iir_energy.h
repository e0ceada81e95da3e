/* SPDX-License-Identifier: MIT */
/* iir_energy.h - how much energy a second-order filter and a high-pass behind it let through
 *
 * A recursion waits for its own last output: one sample after the other costs the latency of a
 * multiplication and an addition each, however wide the vectors are. So a block of 8 L samples is
 * cut into eight segments of L that are filtered side by side, one a lane. For that, each must know
 * the state in which its predecessor ends. A filter being linear, that state is
 *
 *     transition * (the state in which it began) + sum_i response[i] x[i]
 *
 * where the sum, what the samples leave behind if the filter is at rest before them, is a matter of
 * L independent products. Hence two passes: the sums of all eight segments, a walk over the eight
 * states, and the filter itself. That is half as much arithmetic again, and no waiting.
 */

#ifndef PATINA_DSP_IIR_ENERGY_H
#define PATINA_DSP_IIR_ENERGY_H

#include <stddef.h>

#define PT_IIR_ENERGY_SEGMENTS   8
#define PT_IIR_ENERGY_LENGTH_MAX 128 /* of a segment: then the table stays in the first cache */

/** (1 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2); a gain is the caller's. */
typedef struct pt_iir_section {
    double b1, b2, a1, a2;
} pt_iir_section;

/* The filter in transposed direct form II, without its direct path:
 *
 *     u = x + p,   p <- (c1 x + p2) - a1 p,   p2 <- c2 x - a2 p       c1 = b1 - a1, c2 = b2 - a2
 *
 * The high-pass, (1 - z^-1)^2 over its own 1 + a1 z^-1 + a2 z^-2, in the same form with s for the
 * sum of its two states:
 *
 *     y = u + q,   q <- (s - h u) - k q,      s <- s - g y            h = 2 + a1, k = 1 + a1,
 *                                                                     g = 1 + a1 + a2
 *
 * Of a constant, q is the negative and s nothing, so it vanishes exactly. The states themselves
 * would be two large numbers, and what rounding does to their small sum comes out of a double pole
 * near 1 many thousand times as large. */
typedef struct pt_iir_energy_plan {
    double c1, c2, a1, a2, h, k, g;
    size_t length;           /* L, samples in a segment */
    double transition[4][4]; /* [j]: (p, p2, q, s) after L zeros, from the j-th unit state */
    double response[PT_IIR_ENERGY_LENGTH_MAX][4]; /* [i]: at the end of L, of a 1 as sample i */
} pt_iir_energy_plan;

/** b1 = -2 and b2 = 1 in high_pass; length 1 to PT_IIR_ENERGY_LENGTH_MAX. */
void pt_iir_energy_plan_init(pt_iir_energy_plan *plan, const pt_iir_section *filter,
                             const pt_iir_section *high_pass, size_t length);

/** sum y^2 of n samples, stride apart, one after the other; moves state (p, p2, q, s) on. For
 * what is left over at the end of blocks, which pt_dsp_ops.iir_energy takes. */
double pt_iir_energy_scalar(const pt_iir_energy_plan *plan, const float *x, size_t stride, size_t n,
                            double state[4]);

#endif /* PATINA_DSP_IIR_ENERGY_H */
