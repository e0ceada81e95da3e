/* SPDX-License-Identifier: MIT */
/**
 * @file measure.h
 * @brief Physical targets of audio (spectrum, loudness, dynamics) and purity of degraded audio.
 *
 * docs/MEASURES.md defines the measures. All functions are safe from any thread, except that a
 * patina_targets_stream belongs to one thread at a time.
 *
 * @code
 * static float x[96000];
 * for (int i = 0; i < 96000; i++)
 *     x[i] = i % 48 < 24 ? 0.5F : -0.5F;
 * const patina_audio audio = {x, 96000, 1, PATINA_RATE_HZ};
 * patina_error err = {PATINA_OK, ""};
 * double lufs;
 * if (patina_loudness_measure(&audio, &lufs, &err) == PATINA_OK)
 *     printf("%.1f LUFS, crest factor %.1f dB\n", lufs, patina_crest_factor_db(x, 96000));
 * @endcode
 */

#ifndef PATINA_MEASURE_H
#define PATINA_MEASURE_H

#include <stddef.h>

#include <patina/audio.h>
#include <patina/memory.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_LTAS_BANDS    64       /**< sixth-octave bands */
#define PATINA_LTAS_FLOOR    (-120.0) /**< dBFS; the value of an empty band */
#define PATINA_LUFS_FLOOR    (-70.0)  /**< LUFS; if no block passes the absolute gate */
#define PATINA_PURITY_MIN    (-30.0)  /**< dB */
#define PATINA_PURITY_MAX    60.0     /**< dB; the largest purity cap */
#define PATINA_SILENCE_POWER 1e-10    /**< AC power below which audio is rejected as silent */

/** Quality of a source; docs/MEASURES.md, section 10, has the definitions. */
typedef struct patina_source_quality {
    double bandwidth_hz; /**< where the spectrum of the mix ends, at most half the source's rate */
    double peak_dbfs;    /**< largest sample of any channel, dB; full scale is 0 */
    double peak_share;   /**< share of the samples at the peak of their channel, 0 to 1 */
    double noise_floor_dbfs; /**< level that 5 % of the frames of 20 ms are under, -120 and up */
    double silent_share;     /**< share of the frames under -60 dBFS, 0 to 1 */
    uint64_t flat_run;       /**< longest run of equal samples at the peak of a channel */
    const char *codec;       /**< "pcm", "flac", "mp3" ...; static; NULL: samples without a file */
    uint32_t bits;           /**< of a sample; 0: of a lossy codec, or not known */
    uint32_t is_lossy;       /**< 1: the codec is lossy */
} patina_source_quality;

/**
 * Returns the members as a JSON object on one line; without a codec, those of the codec are
 * omitted. Released with patina_free(). NULL: out of memory.
 */
PATINA_API char *patina_source_quality_to_json(const patina_source_quality *quality);

/** Measures of pristine audio. */
typedef struct patina_targets {
    double ltas[PATINA_LTAS_BANDS]; /**< level of each sixth-octave band, dBFS */
    double lufs_source;             /**< loudness of the source's channels at its rate, LUFS */
    double lufs_mono;               /**< loudness of the mono mix at 48 kHz, LUFS */
    double crest_db;                /**< sample peak over RMS, dB */
    double zcr;                     /**< zero crossings for each sample, 0 to 1 */
    patina_source_quality quality;  /**< of the source */
} patina_targets;

/** Tables of the measures. Read-only after opening: any number of threads may share one. */
typedef struct patina_meter patina_meter;

/**
 * Makes the tables.
 *
 * - `meter`: out; patina_meter_close() releases it
 *
 * Errors: PATINA_ENOMEM.
 */
PATINA_API patina_status patina_meter_open(patina_meter **meter, patina_error *err);

/** Releases the tables and sets *meter to NULL. A NULL *meter is accepted. */
PATINA_API void patina_meter_close(patina_meter **meter);

/** Returns edge b (0 to 64) of the LTAS bands in Hz: 10^(1.15 + 0.05 b), 14.1 Hz to 22.4 kHz. */
PATINA_API double patina_ltas_edge_hz(size_t b);

/**
 * Measures the long-term average spectrum (LTAS) of mono audio at 48 kHz.
 *
 * - `x`: [n_samples], full scale 1.0, at least 1 sample
 * - `source_rate_hz`: bands from half of it upwards are set to PATINA_LTAS_FLOOR
 * - `ltas`: out, [64] dBFS; 0 dB is the power of a full-scale sine; at least PATINA_LTAS_FLOOR
 * - `scratch`: may be NULL
 *
 * Errors: PATINA_ERANGE for 0 samples; PATINA_REJECT_NONFINITE for a NaN or an infinity;
 * PATINA_ENOMEM.
 *
 * Sources: IEC 61260-1:2014 for bands, AES17 for the reference level.
 */
PATINA_API patina_status patina_ltas_measure(const patina_meter *meter, const float *x,
                                             size_t n_samples, unsigned source_rate_hz,
                                             double ltas[PATINA_LTAS_BANDS], patina_arena *scratch,
                                             patina_error *err);

/**
 * Measures integrated loudness with absolute and relative gating. The number of channels determines
 * their weights: 3 L R C, 4 L R Ls Rs, 5 L R C Ls Rs, 6 or more L R C LFE Ls Rs and ignored ones.
 *
 * - `audio`: any number of frames from one block on
 * - `lufs`: out, LUFS; PATINA_LUFS_FLOOR if no block passes the gate
 *
 * Errors: PATINA_REJECT_TOO_SHORT for less than one block of 400 ms; PATINA_REJECT_UNSUPPORTED for
 * channels or rate; PATINA_REJECT_NONFINITE for a NaN or an infinity; PATINA_ENOMEM.
 *
 * Sources: ITU-R BS.1770-5, EBU R 128: blocks of 400 ms with 75 % overlap.
 */
PATINA_API patina_status patina_loudness_measure(const patina_audio *audio, double *lufs,
                                                 patina_error *err);

/**
 * Returns the crest factor in dB: the sample peak over the RMS level, DC included; 0 for digital
 * silence.
 *
 * - `x`: [n_samples], at least 1 sample, all finite
 */
PATINA_API double patina_crest_factor_db(const float *x, size_t n_samples);

/**
 * Returns the zero-crossing rate, 0 to 1: the share of adjacent pairs of samples of which exactly
 * one is below -1e-10; 0 for one sample.
 *
 * - `x`: [n_samples], at least 1 sample, all finite
 */
PATINA_API double patina_zero_crossing_rate(const float *x, size_t n_samples);

/**
 * Returns the AC power: the mean square about the mean. A full-scale sine has 0.5.
 *
 * - `x`: [n_samples], at least 1 sample, all finite
 */
PATINA_API double patina_ac_power(const float *x, size_t n_samples);

/** Default of the purity cap, the upper end of input_purity and the value of undegraded audio;
 * dB. */
#define PATINA_PURITY_CAP_DEFAULT 50.0
/** Smallest purity cap, dB. */
#define PATINA_PURITY_CAP_MIN 20.0
/** Greatest range of the level jitter of generate, dB. */
#define PATINA_LEVEL_JITTER_MAX 40.0

/**
 * Returns the purity of degraded audio: 10 log10(signal / rest) in dB, limited to the range from
 * PATINA_PURITY_MIN to PATINA_PURITY_MAX. A signal power of 0 gives the minimum; otherwise a rest
 * power of 0 gives the maximum. The purity of a row is the smaller of this and the purity cap of
 * the data set.
 *
 * - `signal_power`, `rest_power`: AC powers, at least 0, as in patina_degrade_stats
 */
PATINA_API double patina_purity_db(double signal_power, double rest_power);

/**
 * Measures all targets of a window.
 *
 * - `source`: the window with the source's channels and rate
 * - `mix`: [n_mix], its mono mix at 48 kHz
 * - `targets`: out
 * - `scratch`: may be NULL
 *
 * Errors, checked in this order: PATINA_REJECT_UNSUPPORTED for channels or rate; those of
 * patina_targets_stream_finish(); PATINA_ENOMEM.
 */
PATINA_API patina_status patina_targets_measure(const patina_meter *meter,
                                                const patina_audio *source, const float *mix,
                                                size_t n_mix, patina_targets *targets,
                                                patina_arena *scratch, patina_error *err);

/**
 * Measures the same targets block by block, in bounded memory (a megabyte, and a little for each
 * hour). The result does not depend on the size of the blocks, bit for bit. LTAS removes the mean,
 * so the mean of the whole mix must be known before: a first pass over the mix computes it.
 */
typedef struct patina_targets_stream patina_targets_stream;

/**
 * Starts a measurement.
 *
 * - `rate_hz`, `n_channels`: of the source
 * - `mix_mean`: arithmetic mean of the whole mono mix at 48 kHz
 * - `stream`: out; patina_targets_stream_close() releases it
 *
 * Errors: PATINA_REJECT_UNSUPPORTED for channels or rate; PATINA_ENOMEM.
 */
PATINA_API patina_status patina_targets_stream_open(const patina_meter *meter, unsigned rate_hz,
                                                    unsigned n_channels, double mix_mean,
                                                    patina_targets_stream **stream,
                                                    patina_error *err);

/**
 * Adds frames of the source, which lufs_source is measured from.
 *
 * Errors: PATINA_ERANGE where rate or channels differ from those at opening; PATINA_ENOMEM.
 */
PATINA_API patina_status patina_targets_stream_add_source(patina_targets_stream *stream,
                                                          const patina_audio *audio,
                                                          patina_error *err);

/**
 * Adds samples of the mono mix at 48 kHz, which all other targets are measured from.
 *
 * - `x`: [n_samples], full scale 1.0; 0 samples are valid
 *
 * Errors: PATINA_ENOMEM.
 */
PATINA_API patina_status patina_targets_stream_add_mix(patina_targets_stream *stream,
                                                       const float *x, size_t n_samples,
                                                       patina_error *err);

/**
 * Ends the measurement. May be called once; afterwards the stream can only be closed.
 *
 * - `targets`: out
 *
 * Errors, checked in this order: PATINA_REJECT_TOO_SHORT for less than one block of 400 ms of
 * source frames; PATINA_REJECT_NONFINITE where a NaN or an infinity was added; PATINA_ERANGE for
 * source frames without a mix; PATINA_REJECT_SILENT for an AC power of the mix below
 * PATINA_SILENCE_POWER.
 */
PATINA_API patina_status patina_targets_stream_finish(patina_targets_stream *stream,
                                                      patina_targets *targets, patina_error *err);

/** Releases the stream and sets *stream to NULL. A NULL *stream is accepted. */
PATINA_API void patina_targets_stream_close(patina_targets_stream **stream);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_MEASURE_H */
