/* SPDX-License-Identifier: MIT */
/* resample.h - any rate to 48 kHz, by soxr at its HQ recipe
 *
 * Linear phase with the delay removed; ripple <= 0.02 dB to 0.9 of the lower Nyquist frequency,
 * images and aliases <= -100 dB. What comes out depends on the samples alone: however a signal is
 * cut into pieces, the pieces that come out make up what pt_resampler_run gives, bit for bit.
 */

#ifndef PATINA_DSP_RESAMPLE_H
#define PATINA_DSP_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

typedef struct pt_resampler pt_resampler;

/** Samples at 48 kHz that n at rate_hz (>= 1) become: floor(n * 48000 / rate_hz + 1/2); where that
 * exceeds 64 bits, UINT64_MAX. */
uint64_t pt_resampled_length(uint64_t n, unsigned rate_hz);

/** Mono, from rate_hz (4000 to 384000) to 48 kHz; equal rates pass samples through bit for bit. */
patina_status pt_resampler_open(unsigned rate_hz, pt_resampler **resampler, patina_error *err);
void pt_resampler_close(pt_resampler **resampler);

/** Forgets the past, so that the next signal comes out as from a new one. */
patina_status pt_resampler_reset(pt_resampler *resampler, patina_error *err);

/** Room that a call of pt_resampler_process with n_in samples may need at most. */
size_t pt_resampler_bound(const pt_resampler *resampler, size_t n_in);

/** The next n_in samples of a signal; *n_out get the samples that are ready, to bound(n_in). */
patina_status pt_resampler_process(pt_resampler *resampler, const float *in, size_t n_in,
                                   float *out, size_t *n_out, patina_error *err);

/**
 * After the last sample: up to `room` more; call until *n_out is 0. Then exactly
 * pt_resampled_length(all added) have come out. Adding more needs a reset.
 */
patina_status pt_resampler_drain(pt_resampler *resampler, float *out, size_t room, size_t *n_out,
                                 patina_error *err);

/** One whole signal: out [pt_resampled_length(n_in, rate)], cut or zero-padded to that. Forgets
 * what was added before, and itself afterwards. */
patina_status pt_resampler_run(pt_resampler *resampler, const float *in, size_t n_in, float *out,
                               patina_error *err);

/** soxr's version, as it says itself. */
const char *pt_resampler_library_version(void);

#endif /* PATINA_DSP_RESAMPLE_H */
