/* SPDX-License-Identifier: MIT */
/* targets.c - all targets of one sound, in one go or as it arrives
 *
 *   source frames ------------------> loudness (source)
 *   48 kHz mix -> hops of 8192 -+---> loudness (mono)
 *                               +---> crest, zero crossings, AC power
 *                               +---> LTAS
 *
 * One go is the same walk as pieces, and both cut the mix into the same hops, so they give the
 * same bits: what generate writes, measure confirms.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patina/measure.h>

#include "dsp/denormal.h"
#include "dsp/stats.h"
#include "measure/dynamics.h"
#include "measure/loudness.h"
#include "measure/ltas.h"

#define HOP       PT_LTAS_HOP
#define OWN_BYTES ((size_t)5 << 19) /* 2.5 MB, of which a stream touches what it needs */

_Static_assert(HOP == PT_DYNAMICS_PIECE, "so that pt_crest_db gives the bits of a stream");

struct pt_targets_stream {
    const pt_meter *meter;
    unsigned rate_hz, n_channels;
    pt_loudness_meter *source, *mono;
    pt_ltas ltas;
    pt_dynamics dynamics;
    bool finite; /* until a NaN or Inf came; nothing is measured from then on */
    uint64_t n_source, n_mix;
    float hop[HOP];  /* of the mix */
    size_t n_filled; /* of hop */
    pt_arena own;    /* of a stream that was opened; one go takes from its caller's */
};

static pt_status begin(pt_targets_stream *stream, const pt_meter *meter, unsigned rate_hz,
                       unsigned n_channels, double mix_mean, pt_arena *arena, pt_error *err) {
    pt_ltas_workspace *workspace = pt_arena_take(arena, sizeof *workspace);
    if (!workspace) return pt_fail(err, PT_ENOMEM, "no memory to measure targets");
    PT_TRY(pt_loudness_meter_open(rate_hz, n_channels, arena, &stream->source, err));
    PT_TRY(pt_loudness_meter_open(PT_RATE_HZ, 1, arena, &stream->mono, err));
    pt_ltas_begin(&stream->ltas, meter, mix_mean, workspace);
    stream->meter = meter;
    stream->rate_hz = rate_hz;
    stream->n_channels = n_channels;
    stream->dynamics.mean = mix_mean;
    stream->finite = isfinite(mix_mean);
    return PT_OK;
}

static pt_status add_source(pt_targets_stream *stream, const float *samples, size_t n_frames,
                            pt_error *err) {
    stream->n_source += n_frames;
    stream->finite = stream->finite && pt_stats_finite(samples, n_frames * stream->n_channels);
    return stream->finite ? pt_loudness_meter_add(stream->source, samples, n_frames, err) : PT_OK;
}

/* One hop of the mix; only the last may be shorter. */
static pt_status add_hop(pt_targets_stream *stream, const float *x, size_t n, pt_error *err) {
    stream->n_mix += n;
    pt_dynamics_add(&stream->dynamics, x, n);
    stream->finite = stream->finite && !stream->dynamics.nonfinite;
    if (!stream->finite) return PT_OK;
    pt_ltas_add(&stream->ltas, x, n);
    return pt_loudness_meter_add(stream->mono, x, n, err);
}

static pt_status add_mix(pt_targets_stream *stream, const float *x, size_t n, pt_error *err) {
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
    return PT_OK;
}

static pt_status judge(const pt_targets_stream *stream, pt_error *err) {
    const uint64_t block = pt_block_frames(stream->rate_hz);
    if (stream->n_source < block)
        return pt_fail(err, PT_REJECT_TOO_SHORT,
                       "%llu frames at %u Hz: shorter than a loudness block of 400 ms",
                       (unsigned long long)stream->n_source, stream->rate_hz);
    if (!stream->finite)
        return pt_fail(err, PT_REJECT_NONFINITE, "a NaN or an infinity among the samples");
    if (stream->n_mix == 0) return pt_fail(err, PT_ERANGE, "a source without its 48 kHz mix");
    if (stream->dynamics.ac_energy / (double)stream->n_mix < PT_SILENCE_POWER)
        return pt_fail(err, PT_REJECT_SILENT,
                       "silent: apart from DC its power is under -100 dB re full scale");
    return PT_OK;
}

/* A source of just one block may, at an odd rate, make a mix some samples short of one (19198 of
 * 19200 samples from 8001 Hz); as silence behind the end they cost less than 0.005 dB. */
static pt_status fill_block(pt_targets_stream *stream, pt_error *err) {
    static const float zero = 0.0F;
    for (uint64_t n = stream->n_mix; n < pt_block_frames(PT_RATE_HZ); n++)
        PT_TRY(pt_loudness_meter_add(stream->mono, &zero, 1, err));
    return PT_OK;
}

static pt_status finish(pt_targets_stream *stream, pt_targets *targets, pt_error *err) {
    if (stream->n_filled > 0) PT_TRY(add_hop(stream, stream->hop, stream->n_filled, err));
    stream->n_filled = 0;
    PT_TRY(judge(stream, err));

    pt_targets found;
    PT_TRY(fill_block(stream, err));
    found.lufs_source = pt_loudness_meter_value(stream->source);
    found.lufs_mono = pt_loudness_meter_value(stream->mono);
    pt_ltas_levels(stream->meter, pt_ltas_finish(&stream->ltas), stream->rate_hz, found.ltas);
    found.crest_db = pt_dynamics_crest_db(&stream->dynamics);
    found.zcr = pt_dynamics_zcr(&stream->dynamics);
    *targets = found;
    return PT_OK;
}

pt_status pt_targets_stream_open(const pt_meter *meter, unsigned rate_hz, unsigned n_channels,
                                 double mix_mean, pt_targets_stream **out, pt_error *err) {
    pt_targets_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return pt_fail(err, PT_ENOMEM, "no memory to measure targets");
    pt_arena_init(&stream->own);
    /* One block with room for some hours; a second one would be larger still. */
    if (pt_arena_take(&stream->own, OWN_BYTES)) pt_arena_reset(&stream->own);
    const pt_status status = begin(stream, meter, rate_hz, n_channels, mix_mean, &stream->own, err);
    if (status == PT_OK)
        *out = stream;
    else
        pt_targets_stream_close(&stream);
    return status;
}

void pt_targets_stream_close(pt_targets_stream **stream) {
    if (!stream || !*stream) return;
    pt_arena_release(&(*stream)->own);
    free(*stream);
    *stream = NULL;
}

pt_status pt_targets_stream_add_source(pt_targets_stream *stream, const pt_audio *audio,
                                       pt_error *err) {
    if (audio->rate_hz != stream->rate_hz || audio->n_channels != stream->n_channels)
        return pt_fail(err, PT_ERANGE, "%u channels at %u Hz after %u channels at %u Hz",
                       audio->n_channels, audio->rate_hz, stream->n_channels, stream->rate_hz);
    const unsigned mode = pt_denormals_flush();
    const pt_status status = add_source(stream, audio->samples, audio->n_frames, err);
    pt_denormals_restore(mode);
    return status;
}

pt_status pt_targets_stream_add_mix(pt_targets_stream *stream, const float *x, size_t n_samples,
                                    pt_error *err) {
    const unsigned mode = pt_denormals_flush();
    const pt_status status = add_mix(stream, x, n_samples, err);
    pt_denormals_restore(mode);
    return status;
}

pt_status pt_targets_stream_finish(pt_targets_stream *stream, pt_targets *targets, pt_error *err) {
    const unsigned mode = pt_denormals_flush();
    const pt_status status = finish(stream, targets, err);
    pt_denormals_restore(mode);
    return status;
}

pt_status pt_targets_measure(const pt_meter *meter, const pt_audio *source, const float *mix,
                             size_t n_mix, pt_targets *targets, pt_arena *scratch, pt_error *err) {
    const pt_arena_mark mark = pt_arena_here(scratch);
    pt_targets_stream *stream = pt_arena_take_zeroed(scratch, 1, sizeof *stream);
    if (!stream) return pt_fail(err, PT_ENOMEM, "no memory to measure targets");

    const unsigned mode = pt_denormals_flush();
    const double mean = n_mix > 0 ? pt_stats_mean(mix, n_mix) : 0.0;
    pt_status status =
        begin(stream, meter, source->rate_hz, source->n_channels, mean, scratch, err);
    if (status == PT_OK) status = add_source(stream, source->samples, source->n_frames, err);
    if (status == PT_OK) status = add_mix(stream, mix, n_mix, err);
    if (status == PT_OK) status = finish(stream, targets, err);
    pt_denormals_restore(mode);
    pt_arena_rewind(scratch, mark);
    return status;
}
