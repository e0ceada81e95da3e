/* SPDX-License-Identifier: MIT */
/* iir_energy.h - output energy of a second-order filter followed by a high-pass (K-weighting)
 *
 * A recursion depends on its last output: sample by sample it costs the latency of a multiplication
 * and an addition, for any vector width. So a block of 8 L samples is divided into eight segments
 * of L that are filtered in parallel, one per lane. Each segment needs the final state of the
 * previous one, which by linearity is
 *
 *     transition * (its initial state) + sum_i response[i] x[i]
 *
 * where the sum, the final state with zero initial state, has L independent products. Hence two
 * passes: the sums of all eight segments with a scan over the eight states, and the filter itself.
 * This adds half of the arithmetic and removes the latency.
 */

#ifndef PATINA_DSP_IIR_ENERGY_H
#define PATINA_DSP_IIR_ENERGY_H

#include <stddef.h>

#define PT_IIR_ENERGY_SEGMENTS   8
#define PT_IIR_ENERGY_LENGTH_MAX 128 /* of a segment: the table stays in the L1 cache */

/** (1 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2); the caller applies a gain. */
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
 * For a constant input q is its negative and s is 0, so the output is exactly 0. The usual states
 * would be two large numbers, and the double pole near 1 amplifies the rounding error of their
 * small sum by many thousands. */
typedef struct pt_iir_energy_plan {
    double c1, c2, a1, a2, h, k, g;
    size_t length;           /* L, samples in a segment */
    double transition[4][4]; /* [j]: (p, p2, q, s) after L zeros, from the j-th unit state */
    double response[PT_IIR_ENERGY_LENGTH_MAX][4]; /* [i]: final states of a 1 at sample i */
} pt_iir_energy_plan;

/** b1 = -2 and b2 = 1 in high_pass; length 1 to PT_IIR_ENERGY_LENGTH_MAX. */
void pt_iir_energy_plan_init(pt_iir_energy_plan *plan, const pt_iir_section *filter,
                             const pt_iir_section *high_pass, size_t length);

/** sum y^2 of n samples, stride apart, sample by sample; updates state (p, p2, q, s). For samples
 * after the last block of pt_dsp_ops.iir_energy. */
double pt_iir_energy_scalar(const pt_iir_energy_plan *plan, const float *x, size_t stride, size_t n,
                            double state[4]);

#endif /* PATINA_DSP_IIR_ENERGY_H */
