/* SPDX-License-Identifier: MIT */
/* loudness.c - integrated loudness of ITU-R BS.1770-5, with both gates
 *
 *   frames -> hops of 100 ms -> K-weighting -> energy of a hop -> block of four -> history -> LUFS
 *
 * A complete hop is filtered in runs of the SIMD kernel; the rest of it sample by sample. The
 * result does not depend on how the frames are split into calls.
 */

#include "measure/loudness.h"

#include <math.h>
#include <string.h>

#include <patina/measure.h>

#include "base/arena.h"
#include "base/audio_format.h"
#include "base/error.h"
#include "base/loudness_block.h"
#include "dsp/denormal.h"
#include "dsp/dsp_ops.h"
#include "dsp/iir_energy.h"
#include "dsp/stats.h"

#define DEFAULT_CHANNELS_MAX 6    /* without positions, further channels are ignored */
#define BLOCK_HOPS           4    /* 400 ms, 75 % overlap */
#define PAGE_BLOCKS          1022 /* a page of history takes 8 KiB with its header */

/* 10^((L + 0.691) / 10): the mean square of L LUFS (BS.1770, formula 2). */
#define GATE_ABSOLUTE 1.1724653045822981e-7 /* -70 LUFS */
#define GATE_RELATIVE 0.1                   /* -10 LU */

/* Mean squares of the blocks above the absolute gate, newest page first. */
typedef struct page {
    struct page *prev;
    size_t n;
    double block[PAGE_BLOCKS];
} page;

struct pt_loudness_meter {
    pt_arena *arena;
    const pt_dsp_ops *ops;
    unsigned n_channels, n_weighted;
    size_t hop, n_runs; /* frames in a hop, and runs of 8 L frames in it */
    double *weight;     /* [n_weighted], energy of a channel in a hop -> mean square of a block */
    pt_iir_energy_plan k_weighting;
    double (*state)[4]; /* [n_weighted] */
    float *frames;      /* [hop, n_weighted], being filled */
    size_t n_filled;
    double *lanes;             /* [L, n_weighted, 8], a run of a hop */
    double energy[BLOCK_HOPS]; /* of the last hops, weighted */
    uint64_t n_hops;
    page *history;
};

/* BS.1770-5, annex 1, table 3; the layout follows from the number of channels. */
static double default_weight(unsigned c, unsigned n_weighted) {
    static const double weights[DEFAULT_CHANNELS_MAX + 1][DEFAULT_CHANNELS_MAX] = {
        [1] = {1.0},
        [2] = {1.0, 1.0},
        [3] = {1.0, 1.0, 1.0},
        [4] = {1.0, 1.0, 1.41, 1.41},
        [5] = {1.0, 1.0, 1.0, 1.41, 1.41},
        [6] = {1.0, 1.0, 1.0, 0.0, 1.41, 1.41},
    };
    return weights[n_weighted][c];
}

/* BS.1770-5, annex 3: 1.41 from 60 to 120 degrees of azimuth at ear height, else 1; no LFE. Bits as
 * in audio/channel_mask.h. Back channels are at 110 degrees where there are no side channels, else
 * at 135. */
static double position_weight(unsigned bit, uint64_t mask) {
    const uint64_t lfe = (uint64_t)1 << 3 | (uint64_t)1 << 35, back = 3U << 4, side = 3U << 9,
                   wide = (uint64_t)15 << 31; /* wide and direct surround */
    const uint64_t position = (uint64_t)1 << bit;
    if (position & lfe) return 0.0;
    if (position & (side | wide)) return 1.41;
    return position & back && !(mask & side) ? 1.41 : 1.0;
}

/* Weight of channel c of n_weighted; mask has n_weighted bits, or is 0. */
static double channel_weight(unsigned c, unsigned n_weighted, uint64_t mask) {
    if (!mask) return default_weight(c, n_weighted);
    unsigned bit = 0;
    for (unsigned n = 0;; bit++)
        if (mask >> bit & 1 && n++ == c) break;
    return position_weight(bit, mask);
}

/* The tabulated 48 kHz filters as analogue prototypes, mapped to any rate by the bilinear
 * transform. Returns the gain, which the sections do not include. */
static double k_weighting(unsigned rate_hz, pt_iir_section *shelf, pt_iir_section *high_pass) {
    const double shelf_q = 0.7071752369554196, high_pass_q = 0.5003270373238773;
    const double vh = pow(10.0, 3.999843853973347 / 20.0), vb = pow(vh, 0.4996667741545416);

    double k = tan(M_PI * 1681.974450955533 / rate_hz), k_q = k / shelf_q, kk = k * k;
    const double a0 = 1.0 + k_q + kk, b0 = vh + vb * k_q + kk;
    *shelf = (pt_iir_section){.b1 = 2.0 * (kk - vh) / b0,
                              .b2 = (vh - vb * k_q + kk) / b0,
                              .a1 = 2.0 * (kk - 1.0) / a0,
                              .a2 = (1.0 - k_q + kk) / a0};

    k = tan(M_PI * 38.13547087602444 / rate_hz), k_q = k / high_pass_q, kk = k * k;
    *high_pass = (pt_iir_section){.b1 = -2.0,
                                  .b2 = 1.0,
                                  .a1 = 2.0 * (kk - 1.0) / (1.0 + k_q + kk),
                                  .a2 = (1.0 - k_q + kk) / (1.0 + k_q + kk)};
    return b0 / a0;
}

patina_status pt_loudness_meter_open(unsigned rate_hz, unsigned n_channels, uint64_t channel_mask,
                                     pt_arena *arena, pt_loudness_meter **out, patina_error *err) {
    PT_TRY(pt_audio_format_check(rate_hz, n_channels, err));

    const size_t hop = (size_t)pt_loudness_hop_frames(rate_hz);
    const size_t run_max = PT_IIR_ENERGY_SEGMENTS * PT_IIR_ENERGY_LENGTH_MAX;
    const size_t n_runs = (hop + run_max - 1) / run_max;
    const size_t length = hop / n_runs / PT_IIR_ENERGY_SEGMENTS; /* at 4 kHz still 50 */
    const uint64_t mask =
        (unsigned)__builtin_popcountll(channel_mask) == n_channels ? channel_mask : 0;
    const unsigned n_weighted =
        mask || n_channels < DEFAULT_CHANNELS_MAX ? n_channels : DEFAULT_CHANNELS_MAX;

    pt_loudness_meter *meter = pt_arena_calloc(arena, 1, sizeof *meter);
    float *frames = pt_arena_alloc_array(arena, hop * n_weighted, sizeof *frames);
    double *lanes =
        pt_arena_alloc_array(arena, PT_IIR_ENERGY_SEGMENTS * length * n_weighted, sizeof *lanes);
    double *weight = pt_arena_alloc_array(arena, n_weighted, sizeof *weight);
    double(*state)[4] = pt_arena_calloc(arena, n_weighted, sizeof *state);
    if (!meter || !frames || !lanes || !weight || !state)
        return pt_fail(err, PATINA_ENOMEM, "out of memory for a loudness meter");

    pt_iir_section shelf, high_pass;
    const double gain = k_weighting(rate_hz, &shelf, &high_pass);
    pt_iir_energy_plan_init(&meter->k_weighting, &shelf, &high_pass, length);
    for (unsigned c = 0; c < n_weighted; c++)
        weight[c] = channel_weight(c, n_weighted, mask) * gain * gain /
                    (double)pt_loudness_block_frames(rate_hz);
    meter->arena = arena;
    meter->ops = pt_dsp_ops_get_best();
    meter->n_channels = n_channels;
    meter->n_weighted = n_weighted;
    meter->hop = hop;
    meter->n_runs = n_runs;
    meter->weight = weight;
    meter->state = state;
    meter->frames = frames;
    meter->lanes = lanes;
    *out = meter;
    return PATINA_OK;
}

/* Sum over the channels of weight times energy. frames [hop, n_weighted]. */
static double hop_energy(pt_loudness_meter *meter, const float *frames) {
    const size_t length = meter->k_weighting.length, n_weighted = meter->n_weighted;
    const size_t run = PT_IIR_ENERGY_SEGMENTS * length,
                 lane_stride = PT_IIR_ENERGY_SEGMENTS * n_weighted;
    double sum = 0.0;

    for (size_t r = 0; r < meter->n_runs; r++) {
        meter->ops->transpose8(frames, length * n_weighted, meter->lanes);
        for (size_t c = 0; c < n_weighted; c++)
            if (meter->weight[c] > 0.0)
                sum += meter->weight[c] *
                       meter->ops->iir_energy(&meter->k_weighting,
                                              meter->lanes + c * PT_IIR_ENERGY_SEGMENTS,
                                              lane_stride, meter->state[c]);
        frames += run * n_weighted;
    }
    const size_t n_left = meter->hop - meter->n_runs * run;
    for (size_t c = 0; c < n_weighted; c++)
        sum += meter->weight[c] * pt_iir_energy_scalar(&meter->k_weighting, frames + c, n_weighted,
                                                       n_left, meter->state[c]);
    return sum;
}

static patina_status process_hop(pt_loudness_meter *meter, const float *frames, patina_error *err) {
    const double *energy = meter->energy;
    meter->energy[meter->n_hops++ % BLOCK_HOPS] = hop_energy(meter, frames);
    const double block = (energy[0] + energy[1]) + (energy[2] + energy[3]);
    if (meter->n_hops < BLOCK_HOPS || block < GATE_ABSOLUTE) return PATINA_OK;

    if (!meter->history || meter->history->n == PAGE_BLOCKS) {
        page *newest = pt_arena_alloc(meter->arena, sizeof *newest);
        if (!newest)
            return pt_fail(err, PATINA_ENOMEM, "out of memory for another block of loudness");
        newest->prev = meter->history;
        newest->n = 0;
        meter->history = newest;
    }
    meter->history->block[meter->history->n++] = block;
    return PATINA_OK;
}

/* The first n_weighted channels of every frame. */
static void buffer_frames(pt_loudness_meter *meter, const float *samples, size_t n) {
    const size_t n_weighted = meter->n_weighted, n_channels = meter->n_channels;
    float *out = meter->frames + meter->n_filled * n_weighted;
    if (n_channels == n_weighted)
        memcpy(out, samples, n * n_weighted * sizeof *out);
    else
        for (size_t i = 0; i < n; i++)
            memcpy(out + i * n_weighted, samples + i * n_channels, n_weighted * sizeof *out);
    meter->n_filled += n;
}

patina_status pt_loudness_meter_add(pt_loudness_meter *meter, const float *samples, size_t n_frames,
                                    patina_error *err) {
    while (n_frames > 0) {
        const size_t room = meter->hop - meter->n_filled;
        const size_t n = n_frames < room ? n_frames : room;
        if (n == meter->hop && meter->n_channels == meter->n_weighted) {
            PT_TRY(process_hop(meter, samples, err)); /* in place */
        } else {
            buffer_frames(meter, samples, n);
            if (n == room) {
                meter->n_filled = 0;
                PT_TRY(process_hop(meter, meter->frames, err));
            }
        }
        samples += n * meter->n_channels;
        n_frames -= n;
    }
    return PATINA_OK;
}

/* The mean of the blocks that pass a gate; 0 if there is none. */
static double gated_mean(const pt_loudness_meter *meter, double gate) {
    double sum = 0.0;
    uint64_t n = 0;
    for (const page *p = meter->history; p; p = p->prev)
        for (size_t i = 0; i < p->n; i++)
            if (p->block[i] >= gate) {
                sum += p->block[i];
                n++;
            }
    return n ? sum / (double)n : 0.0;
}

double pt_loudness_meter_value(const pt_loudness_meter *meter) {
    const double relative_gate = GATE_RELATIVE * gated_mean(meter, GATE_ABSOLUTE);
    const double mean = gated_mean(meter, relative_gate);
    const double lufs = mean > 0.0 ? -0.691 + 10.0 * log10(mean) : PATINA_LUFS_FLOOR;
    return lufs > PATINA_LUFS_FLOOR ? lufs : PATINA_LUFS_FLOOR;
}

static patina_status measure(const patina_audio *audio, pt_arena *arena, double *lufs,
                             patina_error *err) {
    pt_loudness_meter *meter = NULL;
    PT_TRY(pt_loudness_meter_open(audio->rate_hz, audio->n_channels, 0, arena, &meter, err));
    if (audio->n_frames < pt_loudness_block_frames(audio->rate_hz))
        return pt_fail(err, PATINA_REJECT_TOO_SHORT,
                       "%zu frames at %u Hz are shorter than a loudness block of 400 ms",
                       audio->n_frames, audio->rate_hz);
    for (size_t i = 0; i < audio->n_frames; i += meter->hop) { /* read from memory once */
        const size_t n = audio->n_frames - i < meter->hop ? audio->n_frames - i : meter->hop;
        const float *samples = audio->samples + i * audio->n_channels;
        if (!pt_stats_all_finite(samples, n * audio->n_channels))
            return pt_fail(err, PATINA_REJECT_NONFINITE,
                           "the samples contain a NaN or an infinity");
        PT_TRY(pt_loudness_meter_add(meter, samples, n, err));
    }
    *lufs = pt_loudness_meter_value(meter);
    return PATINA_OK;
}

patina_status patina_loudness_measure(const patina_audio *audio, double *lufs, patina_error *err) {
    const unsigned mode = pt_denormals_flush();
    pt_arena arena;
    pt_arena_init(&arena);
    const patina_status status = measure(audio, &arena, lufs, err);
    pt_arena_release(&arena);
    pt_denormals_restore(mode);
    return status;
}
