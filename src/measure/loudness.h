/* SPDX-License-Identifier: MIT */
/* loudness.h - integrated loudness of a sound that arrives in pieces */

#ifndef PATINA_MEASURE_LOUDNESS_H
#define PATINA_MEASURE_LOUDNESS_H

#include <stddef.h>

#include <patina/status.h>

#include "base/arena.h"

typedef struct pt_loudness_meter pt_loudness_meter;

/**
 * A meter that lives in the arena: it is gone when the arena is rewound, and takes more from it
 * while sound is added, one number for every 100 ms that are not silent (288 kB an hour).
 *
 * Errors   PATINA_REJECT_UNSUPPORTED  rate or channels out of range
 */
patina_status pt_loudness_meter_open(unsigned rate_hz, unsigned n_channels, pt_arena *arena,
                                     pt_loudness_meter **meter, patina_error *err);

/** samples [n_frames, n_channels] in WAVE order, all finite. However a sound is cut into pieces,
 * its loudness comes out with the same bits. */
patina_status pt_loudness_meter_add(pt_loudness_meter *meter, const float *samples, size_t n_frames,
                                    patina_error *err);

/** LUFS of all that was added; PATINA_LUFS_FLOOR when no block passes the gate. */
double pt_loudness_meter_value(const pt_loudness_meter *meter);

#endif /* PATINA_MEASURE_LOUDNESS_H */
