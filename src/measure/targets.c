/* SPDX-License-Identifier: MIT */
/* targets.c - all targets of one signal, from a buffer or from a stream
 *
 *   source frames ------------------> loudness (source)
 *   48 kHz mix -> hops of 8192 -+---> loudness (mono)
 *                               +---> crest, zero crossings, AC power
 *                               +---> LTAS
 *   both, and the spectrum ---------> quality of the source
 *
 * A buffer is processed like a stream, in the same hops, so both give the same bits.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patina/measure.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/loudness_block.h"
#include "dsp/denormal.h"
#include "dsp/stats.h"
#include "measure/dynamics.h"
#include "measure/loudness.h"
#include "measure/ltas.h"
#include "measure/source_quality.h"
#include "measure/targets.h"

#define HOP         PT_LTAS_HOP
#define ARENA_BYTES ((size_t)5 << 19) /* 2.5 MB, not all of it used */

_Static_assert(HOP == PT_DYNAMICS_CHUNK, "patina_crest_factor_db gives the same bits as a stream");

struct patina_targets_stream {
    const patina_meter *meter;
    unsigned rate_hz, n_channels;
    pt_loudness_meter *source, *mono;
    pt_ltas ltas;
    pt_ltas_workspace *workspace;
    pt_dynamics dynamics;
    pt_source_quality quality;
    bool finite; /* no NaN or Inf so far; nothing is measured after one */
    uint64_t n_source, n_mix;
    float hop[HOP];     /* of the mix */
    size_t n_filled;    /* of hop */
    pt_arena own_arena; /* of an opened stream; a buffer uses the arena of its caller */
};

static patina_status stream_init(patina_targets_stream *stream, const patina_meter *meter,
                                 unsigned rate_hz, unsigned n_channels, uint64_t channel_mask,
                                 pt_arena *arena, patina_error *err) {
    stream->workspace = pt_arena_alloc(arena, sizeof *stream->workspace);
    if (!stream->workspace) return pt_fail(err, PATINA_ENOMEM, "out of memory to measure targets");
    PT_TRY(pt_loudness_meter_open(rate_hz, n_channels, channel_mask, arena, &stream->source, err));
    PT_TRY(pt_loudness_meter_open(PATINA_RATE_HZ, 1, 0, arena, &stream->mono, err));
    PT_TRY(pt_source_quality_init(&stream->quality, rate_hz, n_channels, arena, err));
    stream->meter = meter;
    stream->rate_hz = rate_hz;
    stream->n_channels = n_channels;
    stream->finite = true;
    return PATINA_OK;
}

/* Before the first sample of the mix. */
static void set_mix_mean(patina_targets_stream *stream, double mean) {
    pt_ltas_init(&stream->ltas, stream->meter, mean, stream->workspace);
    stream->quality.mean = mean;
    stream->dynamics.mean = mean;
    stream->finite = stream->finite && isfinite(mean);
}

/* In blocks of a hop of the loudness, which are read from memory once. */
static patina_status add_source(patina_targets_stream *stream, const float *samples,
                                size_t n_frames, patina_error *err) {
    const size_t hop = (size_t)pt_loudness_hop_frames(stream->rate_hz);
    stream->n_source += n_frames;
    for (size_t i = 0; i < n_frames; i += hop) {
        const float *block = samples + i * stream->n_channels;
        const size_t n = n_frames - i < hop ? n_frames - i : hop;
        stream->finite = stream->finite && pt_source_quality_add_source(&stream->quality, block, n);
        if (!stream->finite) return PATINA_OK;
        PT_TRY(pt_loudness_meter_add(stream->source, block, n, err));
    }
    return PATINA_OK;
}

/* One hop of the mix; only the last one can be shorter. */
static patina_status add_hop(patina_targets_stream *stream, const float *x, size_t n,
                             patina_error *err) {
    stream->n_mix += n;
    pt_dynamics_add(&stream->dynamics, x, n);
    stream->finite = stream->finite && !stream->dynamics.nonfinite;
    if (!stream->finite) return PATINA_OK;
    pt_ltas_add(&stream->ltas, x, n);
    pt_source_quality_add_mix(&stream->quality, x, n);
    return pt_loudness_meter_add(stream->mono, x, n, err);
}

static patina_status add_mix(patina_targets_stream *stream, const float *x, size_t n,
                             patina_error *err) {
    while (n > 0) {
        size_t taken = HOP;
        if (stream->n_filled == 0 && n >= HOP) {
            PT_TRY(add_hop(stream, x, HOP, err));
        } else {
            const size_t room = HOP - stream->n_filled;
            taken = n < room ? n : room;
            memcpy(stream->hop + stream->n_filled, x, taken * sizeof *x);
            stream->n_filled += taken;
            if (stream->n_filled == HOP) {
                stream->n_filled = 0;
                PT_TRY(add_hop(stream, stream->hop, HOP, err));
            }
        }
        x += taken;
        n -= taken;
    }
    return PATINA_OK;
}

static patina_status validate(const patina_targets_stream *stream, patina_error *err) {
    const uint64_t block = pt_loudness_block_frames(stream->rate_hz);
    if (stream->n_source < block)
        return pt_fail(err, PATINA_REJECT_TOO_SHORT,
                       "%llu frames at %u Hz are shorter than a loudness block of 400 ms",
                       (unsigned long long)stream->n_source, stream->rate_hz);
    if (!stream->finite)
        return pt_fail(err, PATINA_REJECT_NONFINITE, "the samples contain a NaN or an infinity");
    if (stream->n_mix == 0)
        return pt_fail(err, PATINA_ERANGE, "the 48 kHz mix of the source is missing");
    if (stream->dynamics.ac_energy / (double)stream->n_mix < PATINA_SILENCE_POWER)
        return pt_fail(err, PATINA_REJECT_SILENT,
                       "silent: the AC power is below -100 dB re full scale");
    return PATINA_OK;
}

/* At an odd rate, the mix of a source of one block can be some samples short of a block (19198 of
 * 19200 samples from 8001 Hz). They are added as silence, an error below 0.005 dB. */
static patina_status pad_to_block(patina_targets_stream *stream, patina_error *err) {
    static const float zero = 0.0F;
    for (uint64_t n = stream->n_mix; n < pt_loudness_block_frames(PATINA_RATE_HZ); n++)
        PT_TRY(pt_loudness_meter_add(stream->mono, &zero, 1, err));
    return PATINA_OK;
}

static patina_status stream_finish(patina_targets_stream *stream, patina_targets *targets,
                                   patina_error *err) {
    if (stream->n_filled > 0) PT_TRY(add_hop(stream, stream->hop, stream->n_filled, err));
    stream->n_filled = 0;
    PT_TRY(validate(stream, err));

    patina_targets result;
    PT_TRY(pad_to_block(stream, err));
    result.lufs_source = pt_loudness_meter_value(stream->source);
    result.lufs_mono = pt_loudness_meter_value(stream->mono);
    const double *power = pt_ltas_finish(&stream->ltas);
    pt_ltas_levels(stream->meter, power, stream->rate_hz, result.ltas);
    pt_source_quality_finish(&stream->quality, power, &result.quality);
    result.crest_db = pt_dynamics_crest_db(&stream->dynamics);
    result.zcr = pt_dynamics_zcr(&stream->dynamics);
    *targets = result;
    return PATINA_OK;
}

patina_status pt_targets_stream_open(const patina_meter *meter, unsigned rate_hz,
                                     unsigned n_channels, uint64_t channel_mask, double mix_mean,
                                     patina_targets_stream **out, patina_error *err) {
    patina_targets_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return pt_fail(err, PATINA_ENOMEM, "out of memory to measure targets");
    pt_arena_init(&stream->own_arena);
    /* Reserves one arena block for some hours of audio. */
    if (pt_arena_alloc(&stream->own_arena, ARENA_BYTES)) pt_arena_reset(&stream->own_arena);
    const patina_status status =
        stream_init(stream, meter, rate_hz, n_channels, channel_mask, &stream->own_arena, err);
    if (status != PATINA_OK) {
        patina_targets_stream_close(&stream);
        return status;
    }
    set_mix_mean(stream, mix_mean);
    *out = stream;
    return PATINA_OK;
}

patina_status patina_targets_stream_open(const patina_meter *meter, unsigned rate_hz,
                                         unsigned n_channels, double mix_mean,
                                         patina_targets_stream **stream, patina_error *err) {
    return pt_targets_stream_open(meter, rate_hz, n_channels, 0, mix_mean, stream, err);
}

void patina_targets_stream_close(patina_targets_stream **stream) {
    if (!stream || !*stream) return;
    pt_arena_release(&(*stream)->own_arena);
    free(*stream);
    *stream = NULL;
}

patina_status patina_targets_stream_add_source(patina_targets_stream *stream,
                                               const patina_audio *audio, patina_error *err) {
    if (audio->rate_hz != stream->rate_hz || audio->n_channels != stream->n_channels)
        return pt_fail(err, PATINA_ERANGE,
                       "%u channels at %u Hz do not continue %u channels at %u Hz",
                       audio->n_channels, audio->rate_hz, stream->n_channels, stream->rate_hz);
    const unsigned mode = pt_denormals_flush();
    const patina_status status = add_source(stream, audio->samples, audio->n_frames, err);
    pt_denormals_restore(mode);
    return status;
}

patina_status patina_targets_stream_add_mix(patina_targets_stream *stream, const float *x,
                                            size_t n_samples, patina_error *err) {
    const unsigned mode = pt_denormals_flush();
    const patina_status status = add_mix(stream, x, n_samples, err);
    pt_denormals_restore(mode);
    return status;
}

patina_status patina_targets_stream_finish(patina_targets_stream *stream, patina_targets *targets,
                                           patina_error *err) {
    const unsigned mode = pt_denormals_flush();
    const patina_status status = stream_finish(stream, targets, err);
    pt_denormals_restore(mode);
    return status;
}

patina_status pt_targets_begin(const patina_meter *meter, unsigned rate_hz, unsigned n_channels,
                               uint64_t channel_mask, pt_arena *arena, patina_targets_stream **out,
                               patina_error *err) {
    patina_targets_stream *stream = pt_arena_calloc(arena, 1, sizeof *stream);
    if (!stream) return pt_fail(err, PATINA_ENOMEM, "out of memory for the targets");
    PT_TRY(stream_init(stream, meter, rate_hz, n_channels, channel_mask, arena, err));
    *out = stream;
    return PATINA_OK;
}

patina_status pt_targets_end(patina_targets_stream *stream, const float *mix, size_t n_mix,
                             patina_targets *targets, patina_error *err) {
    const unsigned mode = pt_denormals_flush();
    set_mix_mean(stream, n_mix > 0 ? pt_stats_mean(mix, n_mix) : 0.0);
    patina_status status = add_mix(stream, mix, n_mix, err);
    if (status == PATINA_OK) status = stream_finish(stream, targets, err);
    pt_denormals_restore(mode);
    return status;
}

patina_status patina_targets_measure(const patina_meter *meter, const patina_audio *source,
                                     const float *mix, size_t n_mix, patina_targets *targets,
                                     pt_arena *scratch, patina_error *err) {
    pt_scratch memory;
    patina_targets_stream *stream = NULL;
    patina_status status = pt_targets_begin(meter, source->rate_hz, source->n_channels, 0,
                                            pt_scratch_begin(&memory, scratch), &stream, err);
    if (status == PATINA_OK) status = patina_targets_stream_add_source(stream, source, err);
    if (status == PATINA_OK) status = pt_targets_end(stream, mix, n_mix, targets, err);
    pt_scratch_end(&memory);
    return status;
}
