/* SPDX-License-Identifier: MIT */
/* test_irfft.c - the inverse real FFT against its definition and against a plain FFT */

#include "test.h"

#include <stdlib.h>

#include "dsp/dsp_ops.h"
#include "reference_fft.h"
#include "stimulus.h"

static void *alloc_aligned(size_t n_bytes) {
    void *p = aligned_alloc(64, (n_bytes + 63) / 64 * 64);
    if (!p) exit(2);
    return p;
}

/* Random bins; the first and the last are real. */
static float *spectrum_new(size_t n, uint32_t seed) {
    float *spectrum = alloc_aligned((n + 2) * sizeof *spectrum);
    for (size_t i = 0; i < n + 2; i++)
        spectrum[i] = (float)stimulus_next_random(&seed);
    spectrum[1] = spectrum[n + 1] = 0.0F;
    return spectrum;
}

/* sum_k X_k exp(2 pi j i k / n) over all n bins */
static double sample_by_definition(const float *spectrum, size_t n, size_t i) {
    double sum = (double)spectrum[0] + (double)(i % 2 == 0 ? spectrum[n] : -spectrum[n]);
    for (size_t k = 1; k < n / 2; k++) {
        const double angle = 2.0 * M_PI * (double)(i * k % n) / (double)n;
        sum +=
            2.0 * ((double)spectrum[2 * k] * cos(angle) - (double)spectrum[2 * k + 1] * sin(angle));
    }
    return sum;
}

/* Samples have an rms of sqrt(2 n / 3), 590 at the greatest length; the error of a transform in
 * float is at most 2e-6 of that, and that of a wrong bin about 1. */
TEST(irfft, equals_the_definition) {
    pt_irfft_plan *plan = alloc_aligned(sizeof *plan);
    pt_irfft_plan_init(plan);
    for (size_t n = PT_IRFFT_N_MIN; n <= PT_IRFFT_N_MAX; n *= 2) {
        float *spectrum = spectrum_new(n, 7), *x = alloc_aligned(n * sizeof *x);
        void *workspace = alloc_aligned(PT_IRFFT_WORKSPACE_SIZE(n));
        const size_t samples[] = {0,    1,    2,         3,     15,        16,
                                  1023, 1024, n / 2 - 1, n / 2, n / 2 + 1, n - 1};
        pt_dsp_ops_get_best()->irfft(plan, n, spectrum, workspace, x);
        for (size_t s = 0; s < sizeof samples / sizeof *samples; s++)
            CHECK_NEAR((double)x[samples[s]], sample_by_definition(spectrum, n, samples[s]), 1e-3);
        free(spectrum);
        free(x);
        free(workspace);
    }
    free(plan);
}

/* Every sample: a forward transform restores the bins, times n. The error of the transform in
 * float is about 6e-8 sqrt(log2 n) of bins of about 1. */
TEST(irfft, forward_transform_restores_the_bins) {
    pt_irfft_plan *plan = alloc_aligned(sizeof *plan);
    pt_irfft_plan_init(plan);
    for (size_t n = PT_IRFFT_N_MIN; n <= PT_IRFFT_N_MAX; n *= 2) {
        float *spectrum = spectrum_new(n, 11), *x = alloc_aligned(n * sizeof *x);
        double *wide = alloc_aligned(n * sizeof *wide),
               *back = alloc_aligned((n + 2) * sizeof *back);
        void *workspace = alloc_aligned(PT_IRFFT_WORKSPACE_SIZE(n));
        double worst = 0.0;
        pt_dsp_ops_get_best()->irfft(plan, n, spectrum, workspace, x);
        for (size_t i = 0; i < n; i++)
            wide[i] = (double)x[i];
        reference_rfft(wide, n, back);
        for (size_t i = 0; i < n + 2; i++)
            worst = fmax(worst, fabs(back[i] / (double)n - (double)spectrum[i]));
        CHECK_NEAR(worst, 0.0, 1e-6);
        free(spectrum);
        free(back);
        free(wide);
        free(x);
        free(workspace);
    }
    free(plan);
}

/* All instruction sets, and samples written over the spectrum. */
TEST(irfft, every_instruction_set_gives_the_same_bits) {
    pt_irfft_plan *plan = alloc_aligned(sizeof *plan);
    pt_irfft_plan_init(plan);
    for (size_t n = PT_IRFFT_N_MIN; n <= PT_IRFFT_N_MAX; n *= 2) {
        float *spectrum = spectrum_new(n, 5), *x = alloc_aligned(n * sizeof *x);
        float *in_place = alloc_aligned((n + 2) * sizeof *in_place);
        void *workspace = alloc_aligned(PT_IRFFT_WORKSPACE_SIZE(n));
        pt_dsp_ops_get(PATINA_ISA_C)->irfft(plan, n, spectrum, workspace, x);
        for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
            memcpy(in_place, spectrum, (n + 2) * sizeof *in_place);
            memset(workspace, 0xFF, PT_IRFFT_WORKSPACE_SIZE(n));
            pt_dsp_ops_get((patina_isa)isa)->irfft(plan, n, in_place, workspace, in_place);
            CHECK(memcmp(in_place, x, n * sizeof *x) == 0);
        }
        free(spectrum);
        free(x);
        free(in_place);
        free(workspace);
    }
    free(plan);
}
