/* SPDX-License-Identifier: MIT */
/* test_biquad.c - biquads against the analogue prototypes of the Audio EQ Cookbook
 *
 * The reference is the analogue prototype at the frequency that the bilinear transform maps to; it
 * shares no coefficient with biquad.c.
 */

#include "test.h"

#include <complex.h>
#include <stdlib.h>

#include "dsp/biquad.h"
#include "reference_fft.h"

#define RATE 48000.0

/* H(s) of the cookbook, s = j tan(w/2) / tan(w0/2) */
static double prototype_db(pt_biquad_kind kind, double f0, double q, double gain_db, double f) {
    const double A = pow(10.0, gain_db / 40.0);
    const double complex s = I * tan(M_PI * f / RATE) / tan(M_PI * f0 / RATE);
    double complex h = 0.0;
    switch (kind) {
    case PT_BIQUAD_PEAKING:
        h = (s * s + s * (A / q) + 1.0) / (s * s + s / (A * q) + 1.0);
        break;
    case PT_BIQUAD_LOWPASS:
        h = 1.0 / (s * s + s / q + 1.0);
        break;
    case PT_BIQUAD_HIGHSHELF:
        h = A * (A * s * s + sqrt(A) / q * s + 1.0) / (s * s + sqrt(A) / q * s + A);
        break;
    }
    return 20.0 * log10(cabs(h));
}

static const struct {
    pt_biquad_kind kind;
    double f0, q, gain_db;
} cases[] = {
    {PT_BIQUAD_PEAKING, 200.0, 0.5, 18.0},           {PT_BIQUAD_PEAKING, 500.0, 1.5, 6.0},
    {PT_BIQUAD_PEAKING, 5000.0, 12.0, 18.0},         {PT_BIQUAD_PEAKING, 8000.0, 4.0, -9.0},
    {PT_BIQUAD_LOWPASS, 2000.0, M_SQRT1_2, 0},       {PT_BIQUAD_LOWPASS, 8000.0, M_SQRT1_2, 0},
    {PT_BIQUAD_HIGHSHELF, 2000.0, M_SQRT1_2, -24.0}, {PT_BIQUAD_HIGHSHELF, 6000.0, M_SQRT1_2, -9.0},
    {PT_BIQUAD_HIGHSHELF, 4000.0, M_SQRT1_2, 12.0},
};

/* The impulse response of the slowest case (200 Hz, Q 0.5, +18 dB) falls by e in 90 samples, so
 * 65536 contain all of it. Its samples are rounded to float: 3e-8 of each, whose sum over the
 * response, of energy 0.1 in the low-pass at 2 kHz, is 1e-8 against the smallest |H| here, -60 dB,
 * or 1e-5 of it: 1e-4 dB. The limit of the definitions is 0.1 dB. */
TEST(biquad, response_equals_the_prototype) {
    enum { N = 65536 };
    float *y = aligned_alloc(64, N * sizeof *y);
    double *x = aligned_alloc(64, N * sizeof *x);
    double *spectrum = aligned_alloc(64, (N + 8) * sizeof *spectrum);
    REQUIRE(x && y && spectrum);

    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const pt_biquad section =
            pt_biquad_design(cases[c].kind, RATE, cases[c].f0, cases[c].q, cases[c].gain_db);
        memset(y, 0, N * sizeof *y);
        y[0] = 1.0F;
        pt_biquad_run(&section, 1, y, N, y, NULL);
        for (size_t i = 0; i < N; i++)
            x[i] = (double)y[i];
        reference_rfft(x, N, spectrum);
        double worst = 0.0;
        for (size_t k = 1; k < N / 2; k++) {
            const double f = RATE * (double)k / N;
            if (f < 20.0 || f > 20000.0) continue;
            const double level = 20.0 * log10(hypot(spectrum[2 * k], spectrum[2 * k + 1]));
            const double wanted =
                prototype_db(cases[c].kind, cases[c].f0, cases[c].q, cases[c].gain_db, f);
            worst = fmax(worst, fabs(level - wanted));
        }
        CHECK_NEAR(worst, 0.0, 1e-4);
    }
    free(x);
    free(y);
    free(spectrum);
}

/* |H| at z = exp(jw) from the coefficients, in dB. */
static double level_db(const pt_biquad *q, double f) {
    const double complex z = cexp(-2.0 * M_PI * I * f / RATE);
    return 20.0 *
           log10(cabs((q->b0 + q->b1 * z + q->b2 * z * z) / (1.0 + q->a1 * z + q->a2 * z * z)));
}

TEST(biquad, gain_at_dc_f0_and_nyquist) {
    const pt_biquad peak = pt_biquad_design(PT_BIQUAD_PEAKING, RATE, 300.0, 0.8, 12.0);
    CHECK_NEAR(level_db(&peak, 300.0), 12.0, 1e-9);
    CHECK_NEAR(level_db(&peak, 0.0), 0.0, 1e-9);
    CHECK_NEAR(level_db(&peak, 24000.0), 0.0, 1e-9);

    const pt_biquad low = pt_biquad_design(PT_BIQUAD_LOWPASS, RATE, 3000.0, M_SQRT1_2, 0.0);
    CHECK_NEAR(level_db(&low, 0.0), 0.0, 1e-9);
    CHECK_NEAR(level_db(&low, 3000.0), 10.0 * log10(0.5), 1e-9); /* Butterworth */
    CHECK(level_db(&low, 23999.9) < -100.0);

    const pt_biquad shelf = pt_biquad_design(PT_BIQUAD_HIGHSHELF, RATE, 4000.0, M_SQRT1_2, -18.0);
    CHECK_NEAR(level_db(&shelf, 0.0), 0.0, 1e-9);
    CHECK_NEAR(level_db(&shelf, 4000.0), -9.0, 1e-9);
    CHECK_NEAR(level_db(&shelf, 24000.0), -18.0, 1e-9);
}

TEST(biquad, bandwidth_of_a_peak) {
    /* At the edges, which are Q wide in tan(w/2), a peak has half of its gain in dB. */
    const double f0 = 300.0, q = 8.0, half = 1.0 / (2.0 * q);
    const double warped = tan(M_PI * f0 / RATE) * (sqrt(1.0 + half * half) + half);
    const pt_biquad peak = pt_biquad_design(PT_BIQUAD_PEAKING, RATE, f0, q, 10.0);
    CHECK_NEAR(level_db(&peak, atan(warped) * RATE / M_PI), 5.0, 1e-9);
}

/* The difference equation in long double, from x [n] to y, which may be x. */
static void reference_run(const pt_biquad *q, const long double *x, size_t n, long double *y) {
    long double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (size_t i = 0; i < n; i++) {
        const long double now = x[i];
        const long double v = q->b0 * now + q->b1 * x1 + q->b2 * x2 - q->a1 * y1 - q->a2 * y2;
        x2 = x1, x1 = now, y2 = y1, y1 = v;
        y[i] = v;
    }
}

/* The largest difference beyond half a float step. */
static double worst_difference(const float *y, const long double *wanted, size_t n) {
    double worst = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double step = (double)nextafterf(fabsf(y[i]), INFINITY) - (double)fabsf(y[i]);
        worst = fmax(worst, (double)fabsl((long double)y[i] - wanted[i]) - 0.5 * step);
    }
    return worst;
}

/* A cascade, in place and not, against sections one after the other in long double: sections pass
 * doubles to the next, so what is left is a rounding to float. Beyond eight sections a second
 * rounding passes through up to two of these filters. */
TEST(biquad, cascade_equals_single_sections) {
    enum { N = PT_BIQUAD_BLOCK + 1000, SECTIONS = 10 };
    static float x[N], y[N];
    static long double wanted[N];
    pt_biquad section[SECTIONS];
    for (size_t s = 0; s < SECTIONS; s++)
        section[s] = pt_biquad_design((pt_biquad_kind)(s % 3), RATE, 500.0 * (double)(s + 1),
                                      0.5 + (double)s, 6.0);
    for (size_t n_sections = 0; n_sections <= SECTIONS; n_sections++) {
        double peak = 0.0;
        for (size_t i = 0; i < N; i++)
            wanted[i] = (long double)(x[i] = sinf((float)(i * i)));
        for (size_t s = 0; s < n_sections; s++)
            reference_run(&section[s], wanted, N, wanted);
        for (size_t i = 0; i < N; i++)
            peak = fmax(peak, (double)fabsl(wanted[i]));
        pt_biquad_run(section, n_sections, x, N, y, NULL);
        CHECK(worst_difference(y, wanted, N) <= (n_sections > 8 ? 1e-6 : 1e-10) * peak);
        pt_biquad_run(section, n_sections, x, N, x, NULL);
        CHECK(memcmp(x, y, sizeof x) == 0);
    }
}

/* Segments against one sample after the other. The poles amplify rounding of the states: at 20 Hz
 * it accumulates over 1 / w0 = 380 samples, at 8 kHz over those of Q 12; so 1e-11 of a response
 * that is at most 8 times the input. */
TEST(biquad, segments_equal_the_difference_equation) {
    enum { N = 3 * PT_BIQUAD_BLOCK + 77 };
    static float x[N], y[N];
    static long double wanted[N];
    for (size_t i = 0; i < N; i++)
        x[i] = sinf((float)(i * i)) + 0.25F;
    for (size_t c = 0; c < sizeof cases / sizeof *cases + 1; c++) {
        const pt_biquad q = c > 0 ? pt_biquad_design(cases[c - 1].kind, RATE, cases[c - 1].f0,
                                                     cases[c - 1].q, cases[c - 1].gain_db)
                                  : pt_biquad_design(PT_BIQUAD_PEAKING, RATE, 20.0, 5.0, 12.0);
        for (size_t i = 0; i < N; i++)
            wanted[i] = (long double)x[i];
        reference_run(&q, wanted, N, wanted);
        pt_biquad_run(&q, 1, x, N, y, NULL);
        CHECK(worst_difference(y, wanted, N) <= 1e-11);
    }
}

TEST(biquad, first_samples_equal_the_difference_equation) {
    const pt_biquad q = {0.5, 0.25, -0.125, -1.0, 0.5};
    float x[4] = {1.0F, 0.0F, 2.0F, 0.0F};
    /* y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]; all exact in binary */
    const double y[4] = {0.5, 0.75, 1.375, 1.5};
    pt_biquad_run(&q, 1, x, 4, x, NULL);
    for (size_t i = 0; i < 4; i++)
        CHECK_NEAR(x[i], y[i], 0.0);
    pt_biquad_run(&q, 1, x, 0, x, NULL); /* nothing to do */
    CHECK_NEAR(x[0], 0.5, 0.0);
}
