/* SPDX-License-Identifier: MIT */
/* loudness.h - integrated loudness of a stream of frames */

#ifndef PATINA_MEASURE_LOUDNESS_H
#define PATINA_MEASURE_LOUDNESS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/arena.h"

typedef struct pt_loudness_meter pt_loudness_meter;

/**
 * Opens a meter in the arena. It is invalid after the arena is rewound. It allocates from the arena
 * while audio is added, 8 bytes for every 100 ms above the absolute gate (288 kB an hour).
 *
 * channel_mask  positions of the channels (audio/channel_mask.h), from which BS.1770-5 weights
 *               them; 0, or another number of bits than channels: the layout follows from their
 *               number
 *
 * Errors   PATINA_REJECT_UNSUPPORTED  rate or channels out of range
 */
patina_status pt_loudness_meter_open(unsigned rate_hz, unsigned n_channels, uint64_t channel_mask,
                                     pt_arena *arena, pt_loudness_meter **meter, patina_error *err);

/** Adds finite samples [n_frames, n_channels] in WAVE order. The result has the same bits for every
 * division into calls. */
patina_status pt_loudness_meter_add(pt_loudness_meter *meter, const float *samples, size_t n_frames,
                                    patina_error *err);

/** LUFS of the audio added so far; PATINA_LUFS_FLOOR if no block passes the gate. */
double pt_loudness_meter_value(const pt_loudness_meter *meter);

#endif /* PATINA_MEASURE_LOUDNESS_H */
