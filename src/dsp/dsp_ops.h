/* SPDX-License-Identifier: MIT */
/* dsp_ops.h - the kernel table of this room: what is worth doing with wide vectors
 *
 * One table an instruction set, all compiled from one source: the same operations in the same order
 * on the same lanes, however many of them a register holds, and no fused multiply-add. So the
 * tables differ in speed alone and give the same bits; who needs one takes the best there is.
 */

#ifndef PATINA_DSP_OPS_H
#define PATINA_DSP_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/isa.h>

#include "dsp/cascade.h"
#include "dsp/pair_spectrum.h"

/** What one pass over samples finds. */
typedef struct pt_survey {
    double energy, energy_about; /* sum x^2, sum (x - centre)^2: the bits of stats.h */
    float peak;                  /* max|x|, if all are finite */
    bool finite;                 /* whether all are */
    uint32_t n_crossings;        /* neighbours of which one is under -1e-10 */
} pt_survey;

typedef struct pt_dsp_ops {
    pt_isa isa;

    /* x [n], n from 1 to 2^31. */
    void (*survey)(const float *x, size_t n, double centre, pt_survey *found);

    /* x [8, n] to double and transposed: y [n, 8], aligned to 64. */
    void (*transpose8)(const float *x, size_t n, double *y);

    /* sum y^2 of a block of 8 L samples; sample i of segment s is x[i * stride + s], x aligned to
     * 64, stride a multiple of 8. Moves state on. */
    double (*cascade_energy)(const pt_cascade *cascade, const double *x, size_t stride,
                             double state[4]);

    /* Adds |Z|^2 of two windowed frames: one spans the first four quarters, the other the last
     * four. quarter [5][PT_PAIR_N / 4], each aligned to 64. */
    void (*pair_spectrum)(const pt_pair_spectrum *plan, const double *const quarter[5],
                          pt_pair_work *work, pt_pair_power *power);
} pt_dsp_ops;

/** The threshold of a survey's crossings, as librosa has it: zeros, and what rounding makes of
 * them, are not negative. 1e-10F lies over 1e-10, so a float is under -1e-10 where it is -1e-10F or
 * less.
 */
static inline bool pt_is_negative(float v) {
    return v <= -1e-10F;
}

/** The best table for this machine. */
const pt_dsp_ops *pt_dsp_ops_best(void);

/** The table of an instruction set, which must be one that pt_isa_parse accepts here. */
const pt_dsp_ops *pt_dsp_ops_of(pt_isa isa);

#endif /* PATINA_DSP_OPS_H */
