/* SPDX-License-Identifier: MIT */
/* targets.h - the targets of a source whose channel positions are known */

#ifndef PATINA_MEASURE_TARGETS_H
#define PATINA_MEASURE_TARGETS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/measure.h>

#include "base/arena.h"

/**
 * The targets of one window: pt_targets_begin, then all blocks of the source, then pt_targets_end
 * with the whole mix. The stream is in the arena and needs no close. Same bits as
 * patina_targets_measure.
 *
 * channel_mask  positions of the channels (audio/channel_mask.h); 0: not known
 */
patina_status pt_targets_begin(const patina_meter *meter, unsigned rate_hz, unsigned n_channels,
                               uint64_t channel_mask, pt_arena *arena,
                               patina_targets_stream **stream, patina_error *err);
patina_status pt_targets_end(patina_targets_stream *stream, const float *mix, size_t n_mix,
                             patina_targets *targets, patina_error *err);

/** patina_targets_stream_open, with the positions of the channels. */
patina_status pt_targets_stream_open(const patina_meter *meter, unsigned rate_hz,
                                     unsigned n_channels, uint64_t channel_mask, double mix_mean,
                                     patina_targets_stream **stream, patina_error *err);

#endif /* PATINA_MEASURE_TARGETS_H */
