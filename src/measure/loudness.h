/* SPDX-License-Identifier: MIT */
/* loudness.h - integrated loudness of a sound that arrives in pieces
 *
 * Memory grows by one number a 100 ms of sound, about 1 MB an hour.
 */

#ifndef PATINA_MEASURE_LOUDNESS_H
#define PATINA_MEASURE_LOUDNESS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

typedef struct pt_loudness_meter pt_loudness_meter;

/** Frames of a gating block: 4 floor((rate + 5) / 10), 400 ms. */
uint64_t pt_loudness_block(unsigned rate_hz);

/** PT_REJECT_UNSUPPORTED where rate or channels are out of range. */
pt_status pt_loudness_meter_open(unsigned rate_hz, unsigned n_channels, pt_loudness_meter **meter,
                                 pt_error *err);
void pt_loudness_meter_close(pt_loudness_meter **meter);

/** samples [n_frames, n_channels] in WAVE order, all finite. */
pt_status pt_loudness_meter_add(pt_loudness_meter *meter, const float *samples, size_t n_frames,
                                pt_error *err);

/** LUFS of all that was added; PT_LUFS_FLOOR when no block passes the gate. */
pt_status pt_loudness_meter_value(const pt_loudness_meter *meter, double *lufs, pt_error *err);

/** Writes libebur128's version, "1.2.6", to text. */
void pt_loudness_library(char *text, size_t n);

#endif /* PATINA_MEASURE_LOUDNESS_H */
