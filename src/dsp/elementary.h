/* SPDX-License-Identifier: MIT */
/* elementary.h - tanh and Gaussian variables over buffers
 *
 * Plain arithmetic without a branch, so that the compiler works on several samples at once, and
 * the bits do not depend on the C library or on which of its variants a machine gets. In both, the
 * libraries' own logarithm, sine and tanh would take longer than all effects together.
 */

#ifndef PATINA_DSP_ELEMENTARY_H
#define PATINA_DSP_ELEMENTARY_H

#include <stddef.h>
#include <stdint.h>

/** y[i] = level tanh(x[i] / level), to 4e-16 of level; level > 0, |x| at most 300 level. x and y do
 * not overlap. */
void pt_soft_clip(const double *x, size_t n, double level, double *y);

/**
 * Standard normal variables by Box and Muller: words [n_pairs, 2] to pairs [n_pairs, 2],
 * u = (word + 1/2) / 2^32, r = sqrt(-2 ln u_0), (r cos 2 pi u_1, r sin 2 pi u_1), to 2e-15.
 */
void pt_gauss_pairs(const uint32_t *words, size_t n_pairs, double *pairs);

#endif /* PATINA_DSP_ELEMENTARY_H */
