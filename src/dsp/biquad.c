/* SPDX-License-Identifier: MIT */
/* biquad.c - biquad coefficients, and cascades of biquads */

#include "dsp/biquad.h"

#include <math.h>
#include <string.h>

#include "dsp/dsp_ops.h"

#define SECTIONS_PER_PASS 8 /* sections per pass over a block in cache */

pt_biquad pt_biquad_design(pt_biquad_kind kind, double rate_hz, double f0_hz, double q,
                           double gain_db) {
    const double w0 = 2.0 * M_PI * f0_hz / rate_hz;
    const double cw = cos(w0), alpha = sin(w0) / (2.0 * q), A = pow(10.0, gain_db / 40.0);
    double b0, b1, b2, a0, a1, a2;

    switch (kind) {
    case PT_BIQUAD_LOWPASS:
        b0 = b2 = (1.0 - cw) / 2.0;
        b1 = 1.0 - cw;
        a0 = 1.0 + alpha;
        a1 = -2.0 * cw;
        a2 = 1.0 - alpha;
        break;
    case PT_BIQUAD_HIGHSHELF: {
        const double root = 2.0 * sqrt(A) * alpha;
        b0 = A * ((A + 1.0) + (A - 1.0) * cw + root);
        b1 = -2.0 * A * ((A - 1.0) + (A + 1.0) * cw);
        b2 = A * ((A + 1.0) + (A - 1.0) * cw - root);
        a0 = (A + 1.0) - (A - 1.0) * cw + root;
        a1 = 2.0 * ((A - 1.0) - (A + 1.0) * cw);
        a2 = (A + 1.0) - (A - 1.0) * cw - root;
        break;
    }
    case PT_BIQUAD_PEAKING:
    default:
        b0 = 1.0 + alpha * A;
        b1 = a1 = -2.0 * cw;
        b2 = 1.0 - alpha * A;
        a0 = 1.0 + alpha / A;
        a2 = 1.0 - alpha / A;
        break;
    }
    return (pt_biquad){b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0};
}

static double step(const pt_biquad *q, double x, double state[2]) {
    const double y = q->b0 * x + state[0];
    state[0] = (q->b1 * x + state[1]) - q->a1 * y;
    state[1] = q->b2 * x - q->a2 * y;
    return y;
}

void pt_biquad_plan_init(pt_biquad_plan *plan, const pt_biquad *section) {
    *plan = (pt_biquad_plan){.section = *section, .transition = {{1.0, 0.0}, {0.0, 1.0}}};
    double state[2] = {0};
    step(section, 1.0, state);
    for (size_t i = PT_BIQUAD_SEGMENT_LENGTH; i-- > 0;) {
        memcpy(plan->response[i], state, sizeof state);
        step(section, 0.0, state);
    }
    for (size_t i = 0; i < PT_BIQUAD_SEGMENT_LENGTH; i++)
        for (size_t j = 0; j < 2; j++)
            step(section, 0.0, plan->transition[j]);
}

static void run_sections(const pt_biquad *section, size_t n_sections, const float *x, size_t n,
                         float *y, pt_moments *moments) {
    _Alignas(64) double lanes[PT_BIQUAD_BLOCK];
    const pt_dsp_ops *ops = pt_dsp_ops_get_best();
    pt_biquad_plan plan[SECTIONS_PER_PASS];
    double state[SECTIONS_PER_PASS][2] = {{0}};
    for (size_t s = 0; s < n_sections; s++)
        pt_biquad_plan_init(&plan[s], &section[s]);

    const size_t whole = n - n % PT_BIQUAD_BLOCK;
    for (size_t i = 0; i < whole; i += PT_BIQUAD_BLOCK) {
        ops->biquad_cascade(plan, n_sections, x + i, lanes, state, y + i);
        if (moments) pt_moments_add(moments, y + i, PT_BIQUAD_BLOCK);
    }
    for (size_t i = whole; i < n; i++) {
        double v = (double)x[i];
        for (size_t s = 0; s < n_sections; s++)
            v = step(&section[s], v, state[s]);
        y[i] = (float)v;
    }
    if (moments) pt_moments_add(moments, y + whole, n - whole);
}

void pt_biquad_run(const pt_biquad *section, size_t n_sections, const float *x, size_t n, float *y,
                   pt_moments *moments) {
    for (; n_sections > SECTIONS_PER_PASS; n_sections -= SECTIONS_PER_PASS) {
        run_sections(section, SECTIONS_PER_PASS, x, n, y, NULL);
        section += SECTIONS_PER_PASS;
        x = y;
    }
    run_sections(section, n_sections, x, n, y, moments);
}
