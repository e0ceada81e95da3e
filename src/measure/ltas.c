/* SPDX-License-Identifier: MIT */
/* ltas.c - the long-term average spectrum in 64 sixth-octave bands
 *
 * One transform computes two frames: that of hops 0 to 3 and that of hops 1 to 4.
 */

#include "measure/ltas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "dsp/denormal.h"
#include "dsp/stats.h"

#define BIN_HZ ((double)PATINA_RATE_HZ / PT_LTAS_FRAME)
#define WINDOW_GAIN                                                                                \
    1.5 /* sum of the squared Hann windows of the four frames that contain a sample */

double patina_ltas_edge_hz(size_t b) {
    return pow(10.0, 1.15 + 0.05 * (double)b);
}

/* Bin k covers [(k - 1/2) D, (k + 1/2) D]; the first and last bin of a band have weights. */
static pt_ltas_band band_between(double low_hz, double high_hz) {
    const double low = low_hz / BIN_HZ + 0.5, high = high_hz / BIN_HZ + 0.5;
    const double first = floor(low), last = floor(high);
    return (pt_ltas_band){(size_t)first, (size_t)last, first + 1.0 - low, high - last};
}

patina_status patina_meter_open(patina_meter **out, patina_error *err) {
    patina_meter *meter = calloc(1, sizeof *meter);
    pt_welch_plan *spectrum = aligned_alloc(64, sizeof *spectrum);
    if (!meter || !spectrum) {
        free(meter);
        free(spectrum);
        return pt_fail(err, PATINA_ENOMEM, "out of memory for a meter");
    }
    pt_welch_plan_init(spectrum);
    meter->ops = pt_dsp_ops_get_best();
    meter->spectrum = spectrum;
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        meter->band[b] = band_between(patina_ltas_edge_hz(b), patina_ltas_edge_hz(b + 1));
    *out = meter;
    return PATINA_OK;
}

void patina_meter_close(patina_meter **meter) {
    if (!meter || !*meter) return;
    free((*meter)->spectrum);
    free(*meter);
    *meter = NULL;
}

void pt_ltas_init(pt_ltas *ltas, const patina_meter *meter, double mean,
                  pt_ltas_workspace *workspace) {
    *ltas = (pt_ltas){.meter = meter, .mean = mean, .workspace = workspace, .n_hops = 3};
    for (size_t h = 0; h < 5; h++)
        ltas->hop[h] = workspace->hop[h];
    memset(workspace->hop, 0, 3 * sizeof workspace->hop[0]);
    memset(&workspace->power, 0, sizeof workspace->power);
}

/* Adds a hop of n samples, padded with zeros. Every second hop completes a pair of frames. */
static void add_hop(pt_ltas *ltas, const float *x, size_t n) {
    pt_welch_pack_quarter(x, n, ltas->mean, ltas->hop[ltas->n_hops++]);
    if (ltas->n_hops < 5) return;

    const float *const quarter[5] = {ltas->hop[0], ltas->hop[1], ltas->hop[2], ltas->hop[3],
                                     ltas->hop[4]};
    ltas->meter->ops->welch_accumulate(ltas->meter->spectrum, quarter, &ltas->workspace->pair,
                                       &ltas->workspace->power);
    for (size_t h = 0; h < 3; h++) { /* the two oldest to the end */
        float *hop = ltas->hop[h + 2];
        ltas->hop[h + 2] = ltas->hop[h];
        ltas->hop[h] = hop;
    }
    ltas->n_hops = 3;
}

void pt_ltas_add(pt_ltas *ltas, const float *x, size_t n_samples) {
    float *hop_buffer = ltas->workspace->hop_buffer;
    ltas->n_samples += n_samples;
    while (n_samples > 0) {
        const size_t room = PT_LTAS_HOP - ltas->n_filled;
        const size_t n = n_samples < room ? n_samples : room;
        if (n == PT_LTAS_HOP) {
            add_hop(ltas, x, n); /* in place */
        } else {
            memcpy(hop_buffer + ltas->n_filled, x, n * sizeof *x);
            ltas->n_filled += n;
            if (n == room) {
                add_hop(ltas, hop_buffer, PT_LTAS_HOP);
                ltas->n_filled = 0;
            }
        }
        x += n;
        n_samples -= n;
    }
}

const double *pt_ltas_finish(pt_ltas *ltas) {
    double *bins = ltas->workspace->bins;
    if (ltas->n_filled > 0) add_hop(ltas, ltas->workspace->hop_buffer, ltas->n_filled);
    ltas->n_filled = 0;

    /* Three more frames overlap the signal. If their number is then odd, the second frame of the
     * last pair is four hops of zeros. */
    for (size_t h = 0; h < 3 || ltas->n_hops != 3; h++)
        add_hop(ltas, ltas->workspace->hop_buffer, 0);
    pt_welch_get_bins(&ltas->workspace->power, bins);

    /* Both halves of the spectrum but for the two bins that have no mirror image. */
    const double scale = 1.0 / (WINDOW_GAIN * (double)ltas->n_samples * PT_LTAS_FRAME);
    for (size_t k = 0; k < PT_LTAS_BINS; k++)
        bins[k] *= k == 0 || k == PT_LTAS_BINS - 1 ? scale : 2.0 * scale;
    return bins;
}

void pt_ltas_levels(const patina_meter *meter, const double *power, unsigned source_rate_hz,
                    double levels[PATINA_LTAS_BANDS]) {
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        const pt_ltas_band *band = &meter->band[b];
        double sum = band->first_weight * power[band->first];
        for (size_t k = band->first + 1; k < band->last; k++)
            sum += power[k];
        sum += band->last_weight * power[band->last];

        const bool empty = patina_ltas_edge_hz(b) >= 0.5 * source_rate_hz;
        const double level = sum > 0.0 ? 10.0 * log10(2.0 * sum) : PATINA_LTAS_FLOOR;
        levels[b] = empty || level < PATINA_LTAS_FLOOR ? PATINA_LTAS_FLOOR : level;
    }
}

patina_status patina_ltas_measure(const patina_meter *meter, const float *x, size_t n_samples,
                                  unsigned source_rate_hz, double levels[PATINA_LTAS_BANDS],
                                  pt_arena *scratch, patina_error *err) {
    if (n_samples == 0)
        return pt_fail(err, PATINA_ERANGE, "the spectrum of 0 samples is not defined");
    if (!pt_stats_all_finite(x, n_samples))
        return pt_fail(err, PATINA_REJECT_NONFINITE, "the samples contain a NaN or an infinity");

    pt_scratch memory;
    pt_ltas_workspace *workspace =
        pt_arena_alloc(pt_scratch_begin(&memory, scratch), sizeof *workspace);
    if (!workspace) {
        pt_scratch_end(&memory);
        return pt_fail(err, PATINA_ENOMEM, "out of memory for a spectrum");
    }
    const unsigned mode = pt_denormals_flush();
    pt_ltas ltas;
    pt_ltas_init(&ltas, meter, pt_stats_mean(x, n_samples), workspace);
    pt_ltas_add(&ltas, x, n_samples);
    pt_ltas_levels(meter, pt_ltas_finish(&ltas), source_rate_hz, levels);
    pt_denormals_restore(mode);
    pt_scratch_end(&memory);
    return PATINA_OK;
}
