/* SPDX-License-Identifier: MIT */
/* stimulus.h - test signals */

#ifndef PATINA_TEST_STIMULUS_H
#define PATINA_TEST_STIMULUS_H

#include <stddef.h>
#include <stdint.h>

/** n floats, zeroed; ends the program if memory is exhausted. */
float *stimulus_alloc(size_t n);

/** Adds amplitude * sin(2 pi frequency i / rate + phase) to x[i * stride], i < n. */
void stimulus_add_sine(float *x, size_t n, size_t stride, double rate_hz, double frequency_hz,
                       double amplitude, double phase);

/** Adds white noise, uniform in [-amplitude, amplitude). */
void stimulus_add_noise(float *x, size_t n, double amplitude, uint32_t seed);

/** A number in [-1, 1) of a linear congruential generator (that of the golden generator). */
double stimulus_next_random(uint32_t *state);

/** max|x|; the samples are finite. */
float stimulus_peak(const float *x, size_t n);

#endif /* PATINA_TEST_STIMULUS_H */
