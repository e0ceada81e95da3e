/* SPDX-License-Identifier: MIT */
/* biquad.c - cookbook coefficients, and cascades that run up to three sections at a time
 *
 * A section waits for its own last output: three additions and products in a row, whatever the
 * machine. Sections that run side by side wait together, so three cost little more than one.
 */

#include "dsp/biquad.h"

#include <math.h>

#define ABREAST 3 /* sections that run side by side */

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
    case PT_BIQUAD_PEAK:
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

/* n_sections is a constant wherever this is called, so the inner loop unrolls into registers. */
static inline __attribute__((always_inline)) void run(const pt_biquad *section, size_t n_sections,
                                                      double *x, size_t n) {
    pt_biquad q[ABREAST];
    double z1[ABREAST] = {0}, z2[ABREAST] = {0};
    for (size_t s = 0; s < n_sections; s++)
        q[s] = section[s];

    for (size_t i = 0; i < n; i++) {
        double v = x[i];
        for (size_t s = 0; s < n_sections; s++) {
            const double y = q[s].b0 * v + z1[s];
            z1[s] = (q[s].b1 * v + z2[s]) - q[s].a1 * y; /* what waits for y comes last */
            z2[s] = q[s].b2 * v - q[s].a2 * y;
            v = y;
        }
        x[i] = v;
    }
}

void pt_biquad_run(const pt_biquad *section, size_t n_sections, double *x, size_t n) {
    for (; n_sections >= ABREAST; section += ABREAST, n_sections -= ABREAST)
        run(section, ABREAST, x, n);
    if (n_sections == 2) run(section, 2, x, n);
    if (n_sections == 1) run(section, 1, x, n);
}
