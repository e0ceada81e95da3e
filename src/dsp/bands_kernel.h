/* SPDX-License-Identifier: MIT */
/* bands_kernel.h - a frame of samples to the energies of a filter bank; a part of dsp_kernels.h */

static void window(const float *restrict x, const double *restrict weights, size_t n,
                   double *restrict frame) {
    for (size_t i = 0; i < n; i++)
        frame[i] = (double)x[i] * weights[i];
}

static void power_of_floats(const double *restrict spectrum, size_t n, double *restrict power) {
    for (size_t k = 0; k < n; k++) {
        const double re = (float)spectrum[2 * k], im = (float)spectrum[2 * k + 1];
        power[k] = re * re + im * im;
    }
}

static void bands(const pt_band *band, size_t n_bands, const double *x, double *sums) {
    for (size_t b = 0; b < n_bands; b++) {
        const double *in = x + band[b].first, *weights = band[b].weights;
        double lane[LANES] = {0};
        for (size_t k = 0; k < band[b].n; k += LANES)
            for (size_t l = 0; l < LANES; l++)
                lane[l] += weights[k + l] * in[k + l];
        sums[b] = lanes_sum(lane);
    }
}
