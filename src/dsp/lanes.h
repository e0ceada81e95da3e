/* SPDX-License-Identifier: MIT */
/* lanes.h - transforms of eight signals side by side, one a lane
 *
 * Short ones, of 2^n points; they leave their bins in an order of their own. pair_spectrum.h and
 * frames.h make long ones of them.
 */

#ifndef PATINA_DSP_LANES_H
#define PATINA_DSP_LANES_H

#include <stddef.h>

#define PT_LANES 8

typedef struct pt_complex {
    double re, im;
} pt_complex;

/** A complex number in each lane. */
typedef struct pt_complex8 {
    double re[PT_LANES], im[PT_LANES];
} pt_complex8;

/** exp(-2 pi j i / n) */
pt_complex pt_lanes_root(size_t i, size_t n);

/** Where a transform of n points leaves bin k. */
size_t pt_lanes_place(size_t k, size_t n);

/** W_4q^j, its square and its cube at [q + j], j < q, for q = 1, 2, 4 .. n / 4: roots [n / 2] for
 * transforms of n points and less. */
void pt_lanes_roots(size_t n, pt_complex (*roots)[3]);

#endif /* PATINA_DSP_LANES_H */
