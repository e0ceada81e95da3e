/* SPDX-License-Identifier: MIT */
/* stimulus.c - sines and noise, computed in double and rounded once */

#include "stimulus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

float *stimulus_alloc(size_t n) {
    float *x = calloc(n ? n : 1, sizeof *x);
    if (!x) {
        perror("stimulus_alloc");
        exit(2);
    }
    return x;
}

void stimulus_add_sine(float *x, size_t n, size_t stride, double rate_hz, double frequency_hz,
                       double amplitude, double phase) {
    for (size_t i = 0; i < n; i++)
        x[i * stride] +=
            (float)(amplitude * sin(2.0 * M_PI * frequency_hz * (double)i / rate_hz + phase));
}

double stimulus_next_random(uint32_t *state) {
    *state = 1664525U * *state + 1013904223U;
    return *state / 2147483648.0 - 1.0;
}

void stimulus_add_noise(float *x, size_t n, double amplitude, uint32_t seed) {
    for (size_t i = 0; i < n; i++)
        x[i] += (float)(amplitude * stimulus_next_random(&seed));
}

float stimulus_peak(const float *x, size_t n) {
    float peak = 0.0F;
    for (size_t i = 0; i < n; i++)
        peak = fmaxf(peak, fabsf(x[i]));
    return peak;
}
