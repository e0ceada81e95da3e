/* SPDX-License-Identifier: MIT */
/* polyphase.c - the coefficients of a ratio */

#include "dsp/polyphase.h"

#include <string.h>

#define N_IN_MIN 128 /* of a segment: its neighbours' samples are read twice */

static size_t period_out(unsigned l) { /* the least common multiple of l and 4 */
    return l % 4 == 0 ? l : l % 2 == 0 ? 2 * l : 4 * l;
}

size_t pt_polyphase_plan_size(unsigned l, unsigned m) {
    if (m >= l || period_out(l) > PT_POLYPHASE_PERIOD_MAX) return 0;
    return sizeof(pt_polyphase_plan) +
           period_out(l) * PT_POLYPHASE_ROWS * sizeof(float); /* tiles of rows of samples */
}

/* h(s + u), 0 <= u < 1; h is symmetric. */
static double impulse_response(int s, double u) {
    const double *c = pt_resample_filter[s >= 0 ? s : -s - 1], v = s >= 0 ? u - 0.5 : 0.5 - u;
    double sum = c[PT_RESAMPLE_DEGREE];
    for (size_t d = PT_RESAMPLE_DEGREE; d-- > 0;)
        sum = sum * v + c[d];
    return sum;
}

void pt_polyphase_plan_init(pt_polyphase_plan *plan, unsigned l, unsigned m) {
    const size_t n_out = period_out(l), n_in = n_out / l * m;
    size_t n_periods = (N_IN_MIN + n_in - 1) / n_in;
    n_periods += n_periods * (n_out / PT_POLYPHASE_TILE) % 2; /* tiles in pairs, for the kernels */
    plan->n_in = n_periods * n_in;
    plan->n_out = n_periods * n_out;
    plan->period_in = n_in;
    plan->n_tiles = n_out / PT_POLYPHASE_TILE;
    memset(plan->coefficient, 0, plan->n_tiles * sizeof *plan->coefficient);
    for (size_t j = 0; j < n_out; j++) {
        const size_t tile = j / PT_POLYPHASE_TILE, i = j % PT_POLYPHASE_TILE;
        if (i == 0) plan->first[tile] = (uint16_t)(j * m / l);
        const size_t offset = j * m / l - plan->first[tile];
        const double phase = (double)(j * m % l) / l;
        for (size_t k = 0; k < PT_POLYPHASE_TAPS; k++)
            plan->coefficient[tile][offset + k][i] =
                (float)impulse_response(PT_RESAMPLE_HALF - 1 - (int)k, phase);
    }
}
