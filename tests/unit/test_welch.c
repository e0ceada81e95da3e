/* SPDX-License-Identifier: MIT */
/* test_welch.c - Welch spectra against plain transforms of the two frames */

#include "test.h"

#include <stdlib.h>

#include "dsp/dsp_ops.h"
#include "dsp/welch.h"
#include "reference_fft.h"
#include "stimulus.h"

#define N       PT_WELCH_N_FFT
#define QUARTER (N / 4)

static void *alloc_aligned(size_t n_bytes) {
    void *p = aligned_alloc(64, (n_bytes + 63) / 64 * 64);
    if (!p) exit(2);
    memset(p, 0, n_bytes);
    return p;
}

/* Adds |X_k|^2 of the Hann-windowed frame to sum. */
static void add_reference(const float *x, double mean, double *frame, double *spectrum,
                          double *sum) {
    for (size_t i = 0; i < N; i++)
        frame[i] = ((double)x[i] - mean) * (0.5 - 0.5 * cos(2.0 * M_PI * (double)i / N));
    reference_rfft(frame, N, spectrum);
    for (size_t k = 0; k <= N / 2; k++)
        sum[k] += spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
}

/* Every bin of the sum over two pairs. The error of the transforms in float is about
 * 6e-8 sqrt(log2 N) / 2 of the root of the largest |X_k|^2; that of a bin itself may be 0. */
TEST(welch, equals_the_sum_of_both_spectra) {
    const double mean = 0.05;
    pt_welch_plan *plan = alloc_aligned(sizeof *plan);
    pt_welch_workspace *work = alloc_aligned(sizeof *work);
    pt_welch_power *power = alloc_aligned(sizeof *power);
    float *quarters = alloc_aligned(6 * QUARTER * sizeof *quarters);
    double *frame = alloc_aligned(N * sizeof *frame),
           *spectrum = alloc_aligned((N + 2) * sizeof *spectrum);
    double *expected = alloc_aligned((N / 2 + 1) * sizeof *expected);
    double *bins = alloc_aligned((N / 2 + 1) * sizeof *bins);
    float *x = stimulus_alloc(6 * QUARTER);

    stimulus_add_noise(x, 6 * QUARTER, 0.1, 3);
    stimulus_add_sine(x, 6 * QUARTER, 1, 48000.0, 1234.5, 0.9, 0.3);
    for (size_t i = 0; i < QUARTER; i++) /* the first frame is much the louder one */
        x[i] *= 30.0F;
    for (size_t f = 0; f < 3; f++)
        add_reference(x + f * QUARTER, mean, frame, spectrum, expected);
    add_reference(x + QUARTER, mean, frame, spectrum, expected); /* in both pairs */
    double largest = 0.0;
    for (size_t k = 0; k <= N / 2; k++)
        largest = fmax(largest, expected[k]);

    pt_welch_plan_init(plan);
    const float *quarter[6];
    for (size_t q = 0; q < 6; q++) {
        pt_welch_pack_quarter(x + q * QUARTER, QUARTER, mean, quarters + q * QUARTER);
        quarter[q] = quarters + q * QUARTER;
    }
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
        memset(power, 0, sizeof *power);
        pt_dsp_ops_get((patina_isa)isa)->welch_accumulate(plan, quarter, work, power);
        pt_dsp_ops_get((patina_isa)isa)->welch_accumulate(plan, quarter + 1, work, power);
        pt_welch_get_bins(power, bins);
        double worst = 0.0;
        for (size_t k = 0; k <= N / 2; k++)
            worst = fmax(worst, fabs(bins[k] - expected[k]) / sqrt(largest * (expected[k] + 1e-9)));
        CHECK_NEAR(worst, 0.0, 3e-7);
    }
    free(plan), free(work), free(power), free(quarters), free(frame), free(spectrum);
    free(expected), free(bins), free(x);
}

/* A quarter that ends early is filled with zeros, not with minus the mean; no samples after its end
 * are read. */
TEST(welch, zero_padding_of_quarters) {
    static const size_t lengths[] = {0, 1, 15, 16, 17, 255, 256, 257, 4000, QUARTER};
    float *quarter = alloc_aligned(QUARTER * sizeof *quarter);
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        const size_t n = lengths[l];
        float *x = malloc(n * sizeof *x + 1);
        REQUIRE(x != NULL);
        for (size_t i = 0; i < n; i++)
            x[i] = (float)i + 2.0F;
        pt_welch_pack_quarter(x, n, 1.0, quarter);
        size_t n_wrong = 0;
        for (size_t i = 0; i < QUARTER; i++) { /* sample 256 i + 16 g + l at [g, i, l] */
            const size_t place = (i % 256 / 16 * 32 + i / 256) * 16 + i % 16;
            n_wrong += quarter[place] != (i < n ? PT_WELCH_SCALE * ((float)i + 1.0F) : 0.0F);
        }
        CHECK_INT(n_wrong, 0);
        free(x);
    }
    free(quarter);
}
