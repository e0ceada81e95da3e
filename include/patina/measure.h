/* SPDX-License-Identifier: MIT */
/* measure.h - the physical targets of a sound, and the purity of a degraded one */

#ifndef PATINA_MEASURE_H
#define PATINA_MEASURE_H

#include <stddef.h>

#include <patina/arena.h>
#include <patina/audio.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PT_LTAS_BANDS    64
#define PT_LTAS_FLOOR    (-120.0) /* dBFS; exactly this where a source holds nothing */
#define PT_LUFS_FLOOR    (-70.0)  /* LUFS; when no block passes the absolute gate */
#define PT_PURITY_MIN    (-30.0)  /* dB */
#define PT_PURITY_MAX    60.0     /* dB; the value of what is pure */
#define PT_SILENCE_POWER 1e-10    /* AC power; below it an excerpt is rejected as silent */

/** What is measured of a pristine excerpt. */
typedef struct pt_targets {
    double ltas[PT_LTAS_BANDS]; /* dBFS in each sixth-octave band */
    double lufs_source;         /* LUFS of the source's own channels and rate */
    double lufs_mono;           /* LUFS of the 48 kHz mix */
    double crest_db;            /* sample peak over rms */
    double zcr;                 /* zero crossings a sample, 0 to 1 */
} pt_targets;

/**
 * The tables that measuring needs; made once, read-only afterwards and shared by all threads.
 */
typedef struct pt_meter pt_meter;

PT_API pt_status pt_meter_open(pt_meter **meter, pt_error *err);
PT_API void pt_meter_close(pt_meter **meter);

/** Edge b (0 to 64) of the LTAS bands in Hz: 10^(1.15 + 0.05 b), 14.1 Hz to 22.4 kHz. */
PT_API double pt_ltas_edge_hz(size_t b);

/**
 * Long-term average spectrum of a mono 48 kHz excerpt of any length >= 1.
 *
 * x               [n_samples], full scale 1.0
 * source_rate_hz  bands from half of it upwards are set to PT_LTAS_FLOOR
 * ltas            out, [64] dBFS: 0 dB is the power of a full-scale sine; never under PT_LTAS_FLOOR
 *
 * Errors  PT_ERANGE            no sample at all
 *         PT_REJECT_NONFINITE  a NaN or Inf among the samples
 * Source  IEC 61260-1:2014 bands, AES17 reference; estimator: docs/MEASURES.md
 */
PT_API pt_status pt_ltas_measure(const pt_meter *meter, const float *x, size_t n_samples,
                                 unsigned source_rate_hz, double ltas[PT_LTAS_BANDS],
                                 pt_arena *scratch, pt_error *err);

/**
 * Integrated loudness with absolute and relative gating.
 *
 * audio    1 to 64 channels in WAVE order, 4 to 384 kHz
 * lufs     out, LUFS; PT_LUFS_FLOOR when no block passes the gate
 *
 * Errors   PT_REJECT_TOO_SHORT    shorter than one 400 ms block
 *          PT_REJECT_UNSUPPORTED  channels or rate out of range
 *          PT_REJECT_NONFINITE    a NaN or Inf among the samples
 * Source   ITU-R BS.1770-5, EBU R 128: 400 ms blocks, 75 % overlap
 */
PT_API pt_status pt_loudness_measure(const pt_audio *audio, double *lufs, pt_error *err);

/** Crest factor in dB, 0 for digital silence; DC is part of it. n_samples >= 1. */
PT_API double pt_crest_db(const float *x, size_t n_samples);

/** Zero-crossing rate, 0 to 1: pairs of neighbours with one under -1e-10; 0 for one sample. */
PT_API double pt_zcr(const float *x, size_t n_samples);

/** AC power: mean square about the mean. n_samples >= 1. */
PT_API double pt_power(const float *x, size_t n_samples);

/**
 * 10 log10(signal / rest), clamped to PT_PURITY_MIN .. PT_PURITY_MAX. A signal of 0 gives the
 * minimum, whatever the rest; then a rest of 0 gives the maximum.
 */
PT_API double pt_purity_db(double signal_power, double rest_power);

/**
 * All targets of one excerpt.
 *
 * source  the source's own channels and rate
 * mix     [n_mix], the 48 kHz mono mix of the same excerpt
 *
 * Errors  PT_REJECT_UNSUPPORTED  channels or rate out of range; then, in this order,
 *         PT_REJECT_TOO_SHORT, PT_REJECT_NONFINITE, PT_REJECT_SILENT as for a stream
 */
PT_API pt_status pt_targets_measure(const pt_meter *meter, const pt_audio *source, const float *mix,
                                    size_t n_mix, pt_targets *targets, pt_arena *scratch,
                                    pt_error *err);

/**
 * The same targets of a sound that arrives in pieces, in bounded memory (a megabyte, and some for
 * each hour): the bits of one go, however it is cut. The mean that LTAS leaves out must be known
 * beforehand, so a first pass over the mix measures it.
 */
typedef struct pt_targets_stream pt_targets_stream;

/**
 * rate_hz, n_channels  of the source
 * mix_mean             arithmetic mean of the whole 48 kHz mix
 *
 * Errors   PT_REJECT_UNSUPPORTED  channels or rate out of range
 */
PT_API pt_status pt_targets_stream_open(const pt_meter *meter, unsigned rate_hz,
                                        unsigned n_channels, double mix_mean,
                                        pt_targets_stream **stream, pt_error *err);

/** Adds source frames (for lufs_source). PT_ERANGE unless rate and channels are those given at
 * opening. */
PT_API pt_status pt_targets_stream_add_source(pt_targets_stream *stream, const pt_audio *audio,
                                              pt_error *err);

/** Adds samples of the 48 kHz mix (for everything else). */
PT_API pt_status pt_targets_stream_add_mix(pt_targets_stream *stream, const float *x,
                                           size_t n_samples, pt_error *err);

/**
 * Ends the sound: once, and then the stream can only be closed.
 *
 * Errors, judged in this order
 *          PT_REJECT_TOO_SHORT   under one 400 ms block of source frames
 *          PT_REJECT_NONFINITE   a NaN or Inf was added
 *          PT_ERANGE             source frames without any mix
 *          PT_REJECT_SILENT      AC power of the mix under PT_SILENCE_POWER
 */
PT_API pt_status pt_targets_stream_finish(pt_targets_stream *stream, pt_targets *targets,
                                          pt_error *err);
PT_API void pt_targets_stream_close(pt_targets_stream **stream);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_MEASURE_H */
