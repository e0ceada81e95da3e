/* SPDX-License-Identifier: MIT */
/* measure.h - the physical targets of a sound, and the purity of a degraded one */

#ifndef PATINA_MEASURE_H
#define PATINA_MEASURE_H

#include <stddef.h>

#include <patina/audio.h>
#include <patina/scratch.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_LTAS_BANDS    64
#define PATINA_LTAS_FLOOR    (-120.0) /* dBFS; exactly this where a source holds nothing */
#define PATINA_LUFS_FLOOR    (-70.0)  /* LUFS; when no block passes the absolute gate */
#define PATINA_PURITY_MIN    (-30.0)  /* dB */
#define PATINA_PURITY_MAX    60.0     /* dB; the value of what is pure */
#define PATINA_SILENCE_POWER 1e-10    /* AC power; below it an excerpt is rejected as silent */

/** What is measured of a pristine excerpt. */
typedef struct patina_targets {
    double ltas[PATINA_LTAS_BANDS]; /* dBFS in each sixth-octave band */
    double lufs_source;             /* LUFS of the source's own channels and rate */
    double lufs_mono;               /* LUFS of the 48 kHz mix */
    double crest_db;                /* sample peak over rms */
    double zcr;                     /* zero crossings a sample, 0 to 1 */
} patina_targets;

/**
 * The tables that measuring needs; made once, read-only afterwards and shared by all threads.
 */
typedef struct patina_meter patina_meter;

PATINA_API patina_status patina_meter_open(patina_meter **meter, patina_error *err);
PATINA_API void patina_meter_close(patina_meter **meter);

/** Edge b (0 to 64) of the LTAS bands in Hz: 10^(1.15 + 0.05 b), 14.1 Hz to 22.4 kHz. */
PATINA_API double patina_ltas_edge_hz(size_t b);

/**
 * Long-term average spectrum of a mono 48 kHz excerpt of any length >= 1.
 *
 * x               [n_samples], full scale 1.0
 * source_rate_hz  bands from half of it upwards are set to PATINA_LTAS_FLOOR
 * ltas            out, [64] dBFS: 0 dB is the power of a full-scale sine; never under PATINA_LTAS_FLOOR
 *
 * Errors  PATINA_ERANGE            no sample at all
 *         PATINA_REJECT_NONFINITE  a NaN or Inf among the samples
 * Source  IEC 61260-1:2014 bands, AES17 reference; estimator: docs/MEASURES.md
 */
PATINA_API patina_status patina_ltas_measure(const patina_meter *meter, const float *x,
                                             size_t n_samples, unsigned source_rate_hz,
                                             double ltas[PATINA_LTAS_BANDS], patina_arena *scratch,
                                             patina_error *err);

/**
 * Integrated loudness with absolute and relative gating.
 *
 * audio    1 to 64 channels in WAVE order, 4 to 384 kHz
 * lufs     out, LUFS; PATINA_LUFS_FLOOR when no block passes the gate
 *
 * Errors   PATINA_REJECT_TOO_SHORT    shorter than one 400 ms block
 *          PATINA_REJECT_UNSUPPORTED  channels or rate out of range
 *          PATINA_REJECT_NONFINITE    a NaN or Inf among the samples
 * Source   ITU-R BS.1770-5, EBU R 128: 400 ms blocks, 75 % overlap
 */
PATINA_API patina_status patina_loudness_measure(const patina_audio *audio, double *lufs,
                                                 patina_error *err);

/** Crest factor in dB, 0 for digital silence; DC is part of it. n_samples >= 1. */
PATINA_API double patina_crest_factor_db(const float *x, size_t n_samples);

/** Zero-crossing rate, 0 to 1: pairs of neighbours with one under -1e-10; 0 for one sample. */
PATINA_API double patina_zero_crossing_rate(const float *x, size_t n_samples);

/** AC power: mean square about the mean. n_samples >= 1. */
PATINA_API double patina_ac_power(const float *x, size_t n_samples);

/**
 * 10 log10(signal / rest), clamped to PATINA_PURITY_MIN .. PATINA_PURITY_MAX. A signal of 0 gives the
 * minimum, whatever the rest; then a rest of 0 gives the maximum.
 */
PATINA_API double patina_purity_db(double signal_power, double rest_power);

/**
 * All targets of one excerpt.
 *
 * source  the source's own channels and rate
 * mix     [n_mix], the 48 kHz mono mix of the same excerpt
 *
 * Errors  PATINA_REJECT_UNSUPPORTED  channels or rate out of range; then, in this order,
 *         PATINA_REJECT_TOO_SHORT, PATINA_REJECT_NONFINITE, PATINA_REJECT_SILENT as for a stream
 */
PATINA_API patina_status patina_targets_measure(const patina_meter *meter,
                                                const patina_audio *source, const float *mix,
                                                size_t n_mix, patina_targets *targets,
                                                patina_arena *scratch, patina_error *err);

/**
 * The same targets of a sound that arrives in pieces, in bounded memory (a megabyte, and some for
 * each hour): the bits of one go, however it is cut. The mean that LTAS leaves out must be known
 * beforehand, so a first pass over the mix measures it.
 */
typedef struct patina_targets_stream patina_targets_stream;

/**
 * rate_hz, n_channels  of the source
 * mix_mean             arithmetic mean of the whole 48 kHz mix
 *
 * Errors   PATINA_REJECT_UNSUPPORTED  channels or rate out of range
 */
PATINA_API patina_status patina_targets_stream_open(const patina_meter *meter, unsigned rate_hz,
                                                    unsigned n_channels, double mix_mean,
                                                    patina_targets_stream **stream,
                                                    patina_error *err);

/** Adds source frames (for lufs_source). PATINA_ERANGE unless rate and channels are those given at
 * opening. */
PATINA_API patina_status patina_targets_stream_add_source(patina_targets_stream *stream,
                                                          const patina_audio *audio,
                                                          patina_error *err);

/** Adds samples of the 48 kHz mix (for everything else). */
PATINA_API patina_status patina_targets_stream_add_mix(patina_targets_stream *stream,
                                                       const float *x, size_t n_samples,
                                                       patina_error *err);

/**
 * Ends the sound: once, and then the stream can only be closed.
 *
 * Errors, judged in this order
 *          PATINA_REJECT_TOO_SHORT   under one 400 ms block of source frames
 *          PATINA_REJECT_NONFINITE   a NaN or Inf was added
 *          PATINA_ERANGE             source frames without any mix
 *          PATINA_REJECT_SILENT      AC power of the mix under PATINA_SILENCE_POWER
 */
PATINA_API patina_status patina_targets_stream_finish(patina_targets_stream *stream,
                                                      patina_targets *targets, patina_error *err);
PATINA_API void patina_targets_stream_close(patina_targets_stream **stream);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_MEASURE_H */
