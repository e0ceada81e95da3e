/* SPDX-License-Identifier: MIT */
/* test_iir_energy.c - filter energies against the difference equations in long double */

#include "test.h"

#include <stdlib.h>

#include "dsp/dsp_ops.h"
#include "dsp/iir_energy.h"
#include "stimulus.h"

#define SEGMENTS PT_IIR_ENERGY_SEGMENTS

typedef struct direct_form {
    long double b[3], a[3], x1, x2, y1, y2;
} direct_form;

static long double direct_next(direct_form *f, long double x) {
    const long double y =
        f->b[0] * x + f->b[1] * f->x1 + f->b[2] * f->x2 - f->a[1] * f->y1 - f->a[2] * f->y2;
    f->x2 = f->x1, f->x1 = x;
    f->y2 = f->y1, f->y1 = y;
    return y;
}

static direct_form direct_form_of(const pt_iir_section *s) {
    return (direct_form){
        .b = {1.0L, (long double)s->b1, (long double)s->b2},
        .a = {1.0L, (long double)s->a1, (long double)s->a2},
    };
}

/* A shelf with poles and zeros near the centre of the unit circle, and a high-pass whose double
 * pole has distance `distance` from 1: 0.06 is that of the K-weighting at 4 kHz, 0.0006 at 384 kHz.
 * */
static pt_iir_section shelf(void) {
    return (pt_iir_section){.b1 = -1.753, .b2 = 0.781, .a1 = -1.691, .a2 = 0.732};
}

static pt_iir_section high_pass(double distance) {
    return (pt_iir_section){.b1 = -2.0,
                            .b2 = 1.0,
                            .a1 = -2.0 + 2.0 * distance,
                            .a2 = (1.0 - distance) * (1.0 - distance)};
}

/* sum y^2 of every run of x, by blocks of the kernel and a remainder, against the equations; the
 * first n_settle runs are filtered but not compared. */
static void check_energies(pt_test *t, const pt_dsp_ops *ops, double distance, const float *x,
                           size_t length, size_t n_runs, size_t n_settle, double tolerance) {
    enum { REST = 7 };
    static double lanes[SEGMENTS * PT_IIR_ENERGY_LENGTH_MAX] __attribute__((aligned(64)));
    const pt_iir_section first = shelf(), second = high_pass(distance);
    direct_form f1 = direct_form_of(&first), f2 = direct_form_of(&second);
    double state[4] = {0};
    pt_iir_energy_plan cascade;
    pt_iir_energy_plan_init(&cascade, &first, &second, length);
    for (size_t r = 0; r < n_runs; r++) {
        ops->transpose8(x, length, lanes);
        const double block = ops->iir_energy(&cascade, lanes, SEGMENTS, state);
        const double rest = pt_iir_energy_scalar(&cascade, x + SEGMENTS * length, 1, REST, state);
        long double expected[2] = {0};
        for (size_t i = 0; i < SEGMENTS * length + REST; i++) {
            const long double y = direct_next(&f2, direct_next(&f1, (long double)x[i]));
            expected[i >= SEGMENTS * length] += y * y;
        }
        x += SEGMENTS * length + REST;
        if (r < n_settle) continue;
        CHECK_NEAR(block / (double)expected[0], 1.0, tolerance);
        CHECK_NEAR(rest / (double)expected[1], 1.0, tolerance);
    }
}

/* The limit is 1e-9. Half an ulp, 1.1e-16, at each of a thousand steps, of either sign: 4e-15; and
 * the high-pass amplifies errors of its state by sqrt(1 / (2 distance)), 29 at the highest rate. */
TEST(iir_energy, energies_of_noise_at_any_length_and_pole) {
    static const size_t lengths[] = {1, 2, 3, 50, 110, PT_IIR_ENERGY_LENGTH_MAX};
    static const double distances[] = {0.06, 0.005, 0.0006};
    enum { RUNS = 5, N = RUNS * (SEGMENTS * PT_IIR_ENERGY_LENGTH_MAX + 7) };
    float *x = stimulus_alloc(N);
    stimulus_add_noise(x, N, 0.7, 5);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
            for (size_t d = 0; d < 3; d++)
                check_energies(t, pt_dsp_ops_get((patina_isa)isa), distances[d], x, lengths[l],
                               RUNS, 0, 1e-13);
    free(x);
}

/* Noise 80 dB below a constant that has lasted a second: the remainder of the constant must be
 * negligible. A rounding of the constant, amplified 29 times, is 3e-11 of the noise. */
TEST(iir_energy, constants_are_removed) {
    static const double distances[] = {0.06, 0.005, 0.0006};
    enum { LENGTH = 128, RUNS = 60, N = RUNS * (SEGMENTS * LENGTH + 7) };
    float *x = stimulus_alloc(N);
    for (size_t i = 0; i < N; i++)
        x[i] = 1.0F;
    stimulus_add_noise(x, N, 1e-4, 6);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        for (size_t d = 0; d < 3; d++)
            check_energies(t, pt_dsp_ops_get((patina_isa)isa), distances[d], x, LENGTH, RUNS,
                           RUNS - 5, 1e-10);
    free(x);
}

/* Channels that are filtered together give the results of each alone. */
TEST(iir_energy, one_of_three_channels) {
    enum { LENGTH = 20, N = SEGMENTS * LENGTH };
    static double alone[N] __attribute__((aligned(64))), among[3 * N] __attribute__((aligned(64)));
    const pt_dsp_ops *ops = pt_dsp_ops_get_best();
    const pt_iir_section first = shelf(), second = high_pass(0.005);
    float *x = stimulus_alloc(N), *frames = stimulus_alloc(3 * N);
    pt_iir_energy_plan cascade;
    pt_iir_energy_plan_init(&cascade, &first, &second, LENGTH);
    stimulus_add_noise(x, N, 0.7, 7);
    stimulus_add_noise(frames, 3 * N, 0.7, 8);
    for (size_t i = 0; i < N; i++)
        frames[3 * i + 1] = x[i];
    ops->transpose8(x, LENGTH, alone);
    ops->transpose8(frames, 3 * LENGTH, among);
    double state[2][4] = {{0}};
    for (size_t r = 0; r < 2; r++)
        CHECK_NEAR(ops->iir_energy(&cascade, alone, SEGMENTS, state[0]),
                   ops->iir_energy(&cascade, among + SEGMENTS, 3 * SEGMENTS, state[1]), 0.0);
    CHECK(memcmp(state[0], state[1], sizeof state[0]) == 0);
    CHECK_NEAR(pt_iir_energy_scalar(&cascade, x, 1, N, state[0]),
               pt_iir_energy_scalar(&cascade, frames + 1, 3, N, state[1]), 0.0);
    free(x);
    free(frames);
}
