/* SPDX-License-Identifier: MIT */
/* reference_fft.c - recursive radix-2 FFT, out of place */

#include "reference_fft.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void transform(const double *x, size_t n, size_t stride, const double complex *root,
                      double complex *out) {
    if (n == 1) {
        out[0] = x[0];
        return;
    }
    transform(x, n / 2, 2 * stride, root, out);
    transform(x + stride, n / 2, 2 * stride, root, out + n / 2);
    for (size_t k = 0; k < n / 2; k++) {
        const double complex even = out[k], odd = root[k * stride] * out[n / 2 + k];
        out[k] = even + odd;
        out[n / 2 + k] = even - odd;
    }
}

void reference_rfft(const double *x, size_t n, double *spectrum) {
    double complex *root = calloc(n / 2 + 1, sizeof *root), *out = malloc(n * sizeof *out);
    if (!root || !out) {
        perror("reference_rfft");
        exit(2);
    }
    for (size_t k = 0; k < n / 2; k++)
        root[k] = cexp(-2.0 * M_PI * I * (double)k / (double)n);
    transform(x, n, 1, root, out);
    for (size_t k = 0; k <= n / 2; k++) {
        spectrum[2 * k] = creal(out[k]);
        spectrum[2 * k + 1] = cimag(out[k]);
    }
    free(root);
    free(out);
}
