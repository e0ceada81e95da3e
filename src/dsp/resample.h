/* SPDX-License-Identifier: MIT */
/* resample.h - resampling to 48 kHz, by a polyphase filter (polyphase.h) or by soxr (HQ)
 *
 * Linear phase with the delay removed; ripple <= 0.02 dB to 0.9 of the lower Nyquist frequency,
 * images and aliases <= -100 dB. Lower rates whose ratio to 48 kHz has small numbers (44.1, 32, 24,
 * 22.05, 16, 12, 11.025, 8 kHz and others) take the polyphase filter. The output does not depend on
 * how the input is divided into calls: it equals that of pt_resampler_run bit for bit.
 */

#ifndef PATINA_DSP_RESAMPLE_H
#define PATINA_DSP_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

typedef struct pt_resampler pt_resampler;

/** Number of samples at 48 kHz of n samples at rate_hz (>= 1): floor(n * 48000 / rate_hz + 1/2), or
 * UINT64_MAX on overflow. */
uint64_t pt_resampled_length(uint64_t n, unsigned rate_hz);

typedef enum pt_resampler_kind {
    PT_RESAMPLER_BEST, /* the polyphase filter where it supports the ratio */
    PT_RESAMPLER_SOXR  /* for every rate, as in version 0.1 */
} pt_resampler_kind;

/** Mono, from rate_hz (4000 to 384000) to 48 kHz; at equal rates samples are copied. */
patina_status pt_resampler_open(unsigned rate_hz, pt_resampler_kind kind, pt_resampler **resampler,
                                patina_error *err);
void pt_resampler_close(pt_resampler **resampler);

/** Resets the state for a new signal. */
patina_status pt_resampler_reset(pt_resampler *resampler, patina_error *err);

/** Maximum number of output samples of pt_resampler_process with n_in samples; the polyphase filter
 * gives blocks of up to a fifth of a second. */
size_t pt_resampler_bound(const pt_resampler *resampler, size_t n_in);

/** Processes the next n_in samples; *n_out is the number of output samples, up to bound(n_in). */
patina_status pt_resampler_process(pt_resampler *resampler, const float *in, size_t n_in,
                                   float *out, size_t *n_out, patina_error *err);

/**
 * After the last sample: outputs up to `room` more samples; call until *n_out is 0. The total
 * output then has pt_resampled_length(total input) samples. Requires a reset before more input.
 */
patina_status pt_resampler_drain(pt_resampler *resampler, float *out, size_t room, size_t *n_out,
                                 patina_error *err);

/** Resamples a whole signal: out [pt_resampled_length(n_in, rate)], truncated or zero-padded.
 * Resets the state before and after. */
patina_status pt_resampler_run(pt_resampler *resampler, const float *in, size_t n_in, float *out,
                               patina_error *err);

/** The version of soxr at run time. */
const char *pt_resampler_library_version(void);

#endif /* PATINA_DSP_RESAMPLE_H */
