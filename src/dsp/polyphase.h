/* SPDX-License-Identifier: MIT */
/* polyphase.h - resampling by a ratio of small numbers, l samples for m of the input, l > m
 *
 * Sample j is the sum of x[i] h(j m / l - i), with h from resample_filter.h, which takes l phases
 * of it. A block is divided into 16 segments of whole periods, one per lane, which therefore have
 * the same phases: a coefficient is broadcast, and no sum crosses lanes. Four samples, a tile, are
 * computed together, because they share most of their input.
 *
 * Each sample is summed in the order of its input, in float, without fused multiply-add: the same
 * bits for any vector width.
 */

#ifndef PATINA_DSP_POLYPHASE_H
#define PATINA_DSP_POLYPHASE_H

#include <stddef.h>
#include <stdint.h>

#include "dsp/resample_filter.h"

#define PT_POLYPHASE_LANES      16
#define PT_POLYPHASE_TILE       4
#define PT_POLYPHASE_PERIOD_MAX 640 /* samples of the output */
#define PT_POLYPHASE_TILES_MAX  (PT_POLYPHASE_PERIOD_MAX / PT_POLYPHASE_TILE)

#define PT_POLYPHASE_TAPS (2 * PT_RESAMPLE_HALF)

/** The samples of a tile start at most 3 apart, because m < l. */
#define PT_POLYPHASE_ROWS (PT_POLYPHASE_TAPS + PT_POLYPHASE_TILE - 1)

typedef struct pt_polyphase_plan {
    size_t n_in, n_out;        /* samples of a segment */
    size_t period_in, n_tiles; /* a period of the input, and tiles of the output in it */
    uint16_t first[PT_POLYPHASE_TILES_MAX]; /* input of a tile, from the start of the period */
    float coefficient[][PT_POLYPHASE_ROWS][PT_POLYPHASE_TILE]; /* [n_tiles] */
} pt_polyphase_plan;

/** Bytes of a plan, or 0 if there is none; l and m have no common divisor. */
size_t pt_polyphase_plan_size(unsigned l, unsigned m);

void pt_polyphase_plan_init(pt_polyphase_plan *plan, unsigned l, unsigned m);

/** Samples of input and output of a block. */
static inline size_t pt_polyphase_block_in(const pt_polyphase_plan *plan) {
    return PT_POLYPHASE_LANES * plan->n_in;
}

static inline size_t pt_polyphase_block_out(const pt_polyphase_plan *plan) {
    return PT_POLYPHASE_LANES * plan->n_out;
}

/** Samples of a segment with those around it that its output depends on, a multiple of 8. */
static inline size_t pt_polyphase_n_rows(const pt_polyphase_plan *plan) {
    return (plan->n_in + PT_POLYPHASE_ROWS + 7) / 8 * 8;
}

/** Samples that a block reads: PT_RESAMPLE_HALF - 1 before it, its own, and later ones. */
static inline size_t pt_polyphase_n_read(const pt_polyphase_plan *plan) {
    return (PT_POLYPHASE_LANES - 1) * plan->n_in + pt_polyphase_n_rows(plan);
}

#endif /* PATINA_DSP_POLYPHASE_H */
