/* SPDX-License-Identifier: MIT */
/* source_quality.h - quality of a source: bandwidth, clipping, level, noise floor, silence
 *
 *   source frames -> peaks of each channel, and the runs of equal samples at them
 *   48 kHz mix    -> level of each frame of 20 ms -> histogram
 *   P_k of LTAS   -> bandwidth
 *
 * docs/MEASURES.md, section 10, has the definitions.
 */

#ifndef PATINA_MEASURE_SOURCE_QUALITY_H
#define PATINA_MEASURE_SOURCE_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/measure.h>

#include "base/arena.h"

#define PT_QUALITY_FRAME     960 /* samples of 48 kHz: 20 ms */
#define PT_QUALITY_LANES     8
#define PT_QUALITY_FLOOR_DB  (-120.0)
#define PT_QUALITY_BINS      2400 /* of 0.1 dB, from the floor on */
#define PT_QUALITY_SILENT_DB (-60.0)

/** The largest samples of one channel, or the smallest. */
typedef struct pt_peak_run {
    float value;
    uint64_t n_equal;      /* samples that equal it */
    uint64_t run, longest; /* of such samples in a row: up to the last sample, and in all */
} pt_peak_run;

typedef struct pt_source_quality {
    unsigned rate_hz, n_channels;
    double mean;                    /* of the mix */
    pt_peak_run *high, *low;        /* [n_channels] */
    uint64_t n_source, n_mix;       /* frames */
    float energy[PT_QUALITY_LANES]; /* of the frame that is not complete ... */
    size_t n_in_frame;              /* ... and its samples */
    uint64_t n_frames;
    uint32_t level[PT_QUALITY_BINS]; /* number of frames by level */
    float first[2], last[2];         /* samples of the mix */
} pt_source_quality;

/** The mean has to be set before the first sample of the mix. PATINA_ENOMEM. */
patina_status pt_source_quality_init(pt_source_quality *quality, unsigned rate_hz,
                                     unsigned n_channels, pt_arena *arena, patina_error *err);

/** Adds interleaved frames of the source. The result does not depend on the size of the blocks.
 * False: a sample is a NaN or an infinity, and nothing can be added or finished any more. */
bool pt_source_quality_add_source(pt_source_quality *quality, const float *samples,
                                  size_t n_frames);

/** Adds samples of the mix; blocks of other sizes may give other last bits of a level. */
void pt_source_quality_add_mix(pt_source_quality *quality, const float *x, size_t n);

/** power: P_k, [PT_LTAS_BINS]. Codec and bit depth are not set. */
void pt_source_quality_finish(pt_source_quality *quality, const double *power,
                              patina_source_quality *result);

#endif /* PATINA_MEASURE_SOURCE_QUALITY_H */
