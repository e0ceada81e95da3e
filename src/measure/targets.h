/* SPDX-License-Identifier: MIT */
/* targets.h - the targets of a source whose channel positions are known */

#ifndef PATINA_MEASURE_TARGETS_H
#define PATINA_MEASURE_TARGETS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/measure.h>

#include "base/arena.h"

/** patina_targets_measure, with the positions of the channels (audio/channel_mask.h); 0: not
 * known. */
patina_status pt_targets_measure(const patina_meter *meter, const patina_audio *source,
                                 uint64_t channel_mask, const float *mix, size_t n_mix,
                                 patina_targets *targets, pt_arena *scratch, patina_error *err);

/** patina_targets_stream_open, likewise. */
patina_status pt_targets_stream_open(const patina_meter *meter, unsigned rate_hz,
                                     unsigned n_channels, uint64_t channel_mask, double mix_mean,
                                     patina_targets_stream **stream, patina_error *err);

#endif /* PATINA_MEASURE_TARGETS_H */
