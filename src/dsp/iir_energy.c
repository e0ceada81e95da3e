/* SPDX-License-Identifier: MIT */
/* iir_energy.c - tables of a plan, and the scalar filter */

#include "dsp/iir_energy.h"

#include <assert.h>
#include <string.h>

static inline double step(const pt_iir_energy_plan *f, double x, double state[4]) {
    const double p = state[0], q = state[2], u = x + p, y = u + q;
    state[0] = (f->c1 * x + state[1]) - f->a1 * p;
    state[1] = f->c2 * x - f->a2 * p;
    state[2] = (state[3] - f->h * u) - f->k * q;
    state[3] = state[3] - f->g * y;
    return y;
}

void pt_iir_energy_plan_init(pt_iir_energy_plan *plan, const pt_iir_section *filter,
                             const pt_iir_section *high_pass, size_t length) {
    assert(length >= 1 && length <= PT_IIR_ENERGY_LENGTH_MAX);
    assert(high_pass->b1 == -2.0 && high_pass->b2 == 1.0);
    *plan = (pt_iir_energy_plan){
        .c1 = filter->b1 - filter->a1,
        .c2 = filter->b2 - filter->a2,
        .a1 = filter->a1,
        .a2 = filter->a2,
        .h = 2.0 + high_pass->a1,
        .k = 1.0 + high_pass->a1,
        .g = (1.0 + high_pass->a1) + high_pass->a2,
        .length = length,
    };

    double state[4] = {0};
    step(plan, 1.0, state);
    for (size_t i = length; i-- > 0;) {
        memcpy(plan->response[i], state, sizeof state);
        step(plan, 0.0, state);
    }
    for (size_t j = 0; j < 4; j++) {
        double *unit = plan->transition[j];
        unit[j] = 1.0;
        for (size_t i = 0; i < length; i++)
            step(plan, 0.0, unit);
    }
}

double pt_iir_energy_scalar(const pt_iir_energy_plan *plan, const float *x, size_t stride, size_t n,
                            double state[4]) {
    double energy = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double y = step(plan, (double)x[i * stride], state);
        energy += y * y;
    }
    return energy;
}
