/* SPDX-License-Identifier: MIT */
/* ltas.c - the long-term average spectrum in 64 sixth-octave bands
 *
 * One real transform a hop: two frames packed into a complex one were slower with FFTW's estimated
 * plans (228 us against twice 94).
 */

#include "measure/ltas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/denormal.h"
#include "dsp/stats.h"

#define BIN_HZ      ((double)PT_RATE_HZ / PT_LTAS_FRAME)
#define WINDOW_GAIN 1.5 /* sum of the squared Hann windows of four frames, at every sample */

_Static_assert(PT_LTAS_HOPS == 4, "WINDOW_GAIN is 3/8 a frame");

double pt_ltas_edge_hz(size_t b) {
    return pow(10.0, 1.15 + 0.05 * (double)b);
}

/* Bin k stands for [(k - 1/2) D, (k + 1/2) D]; the edges cut the first and the last bin. */
static pt_ltas_band band_between(double low_hz, double high_hz) {
    const double low = low_hz / BIN_HZ + 0.5, high = high_hz / BIN_HZ + 0.5;
    const double first = floor(low), last = floor(high);
    return (pt_ltas_band){(size_t)first, (size_t)last, first + 1.0 - low, high - last};
}

pt_status pt_meter_open(pt_meter **out, pt_error *err) {
    pt_status status = PT_OK;
    pt_meter *meter = calloc(1, sizeof *meter);
    if (!meter) return pt_fail(err, PT_ENOMEM, "no memory for a meter");

    status = pt_fft_open(PT_LTAS_FRAME, &meter->fft, err);
    if (status != PT_OK) goto done;
    meter->window = aligned_alloc(64, PT_LTAS_FRAME * sizeof *meter->window);
    if (!meter->window) {
        status = pt_fail(err, PT_ENOMEM, "no memory for a meter");
        goto done;
    }
    for (size_t i = 0; i < PT_LTAS_FRAME; i++)
        meter->window[i] = 0.5 - 0.5 * cos(2.0 * M_PI * (double)i / PT_LTAS_FRAME);
    for (size_t b = 0; b < PT_LTAS_BANDS; b++)
        meter->band[b] = band_between(pt_ltas_edge_hz(b), pt_ltas_edge_hz(b + 1));
    *out = meter;
    meter = NULL;
done:
    pt_meter_close(&meter);
    return status;
}

void pt_meter_close(pt_meter **meter) {
    if (!meter || !*meter) return;
    pt_fft_close(&(*meter)->fft);
    free((*meter)->window);
    free(*meter);
    *meter = NULL;
}

void pt_ltas_begin(pt_ltas *ltas, const pt_meter *meter, double mean, double *workspace) {
    *ltas = (pt_ltas){.meter = meter, .mean = mean};
    memset(workspace, 0, PT_LTAS_WORKSPACE * sizeof *workspace);
    for (size_t h = 0; h < PT_LTAS_HOPS; h++)
        ltas->hop[h] = workspace + h * PT_LTAS_HOP;
    ltas->frame = workspace + PT_LTAS_FRAME;
    ltas->spectrum = workspace + 2 * PT_LTAS_FRAME;
    ltas->power = ltas->spectrum + PT_LTAS_FRAME + 8;
}

/* Takes the frame that ends with the last hop into the sum, and makes the oldest hop the last. */
static void frame_end(pt_ltas *ltas) {
    const double *window = ltas->meter->window;
    double *frame = ltas->frame, *spectrum = ltas->spectrum, *power = ltas->power;

    for (size_t h = 0; h < PT_LTAS_HOPS; h++) {
        const double *hop = ltas->hop[h];
        for (size_t i = 0; i < PT_LTAS_HOP; i++)
            frame[h * PT_LTAS_HOP + i] = window[h * PT_LTAS_HOP + i] * hop[i];
    }
    pt_fft_forward(ltas->meter->fft, frame, spectrum);
    for (size_t k = 0; k < PT_LTAS_BINS; k++)
        power[k] += spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];

    double *oldest = ltas->hop[0];
    memmove(ltas->hop, ltas->hop + 1, (PT_LTAS_HOPS - 1) * sizeof *ltas->hop);
    ltas->hop[PT_LTAS_HOPS - 1] = oldest;
    ltas->n_filled = 0;
}

void pt_ltas_add(pt_ltas *ltas, const float *x, size_t n_samples) {
    ltas->n_samples += n_samples;
    while (n_samples > 0) {
        double *last = ltas->hop[PT_LTAS_HOPS - 1] + ltas->n_filled;
        const size_t room = PT_LTAS_HOP - ltas->n_filled;
        const size_t n = n_samples < room ? n_samples : room;
        for (size_t i = 0; i < n; i++)
            last[i] = (double)x[i] - ltas->mean;
        x += n;
        n_samples -= n;
        ltas->n_filled += n;
        if (ltas->n_filled == PT_LTAS_HOP) frame_end(ltas);
    }
}

static void frame_end_with_zeros(pt_ltas *ltas) {
    memset(ltas->hop[PT_LTAS_HOPS - 1] + ltas->n_filled, 0,
           (PT_LTAS_HOP - ltas->n_filled) * sizeof(double));
    frame_end(ltas);
}

const double *pt_ltas_finish(pt_ltas *ltas) {
    if (ltas->n_filled > 0) frame_end_with_zeros(ltas);
    for (size_t h = 0; h < PT_LTAS_HOPS - 1; h++)
        frame_end_with_zeros(ltas);

    /* Both halves of the spectrum but for the two bins that have no mirror image. */
    const double scale = 1.0 / (WINDOW_GAIN * (double)ltas->n_samples * PT_LTAS_FRAME);
    for (size_t k = 0; k < PT_LTAS_BINS; k++)
        ltas->power[k] *= k == 0 || k == PT_LTAS_BINS - 1 ? scale : 2.0 * scale;
    return ltas->power;
}

void pt_ltas_levels(const pt_meter *meter, const double *power, unsigned source_rate_hz,
                    double levels[PT_LTAS_BANDS]) {
    for (size_t b = 0; b < PT_LTAS_BANDS; b++) {
        const pt_ltas_band *band = &meter->band[b];
        double sum = band->first_share * power[band->first];
        for (size_t k = band->first + 1; k < band->last; k++)
            sum += power[k];
        sum += band->last_share * power[band->last];

        const bool empty = pt_ltas_edge_hz(b) >= 0.5 * source_rate_hz;
        const double level = sum > 0.0 ? 10.0 * log10(2.0 * sum) : PT_LTAS_FLOOR;
        levels[b] = empty || level < PT_LTAS_FLOOR ? PT_LTAS_FLOOR : level;
    }
}

pt_status pt_ltas_measure(const pt_meter *meter, const float *x, size_t n_samples,
                          unsigned source_rate_hz, double levels[PT_LTAS_BANDS], pt_arena *scratch,
                          pt_error *err) {
    if (n_samples == 0) return pt_fail(err, PT_ERANGE, "no samples to take a spectrum of");
    if (!pt_stats_finite(x, n_samples))
        return pt_fail(err, PT_REJECT_NONFINITE, "a NaN or an infinity among the samples");

    const pt_arena_mark mark = pt_arena_here(scratch);
    double *workspace = pt_arena_take_array(scratch, PT_LTAS_WORKSPACE, sizeof *workspace);
    if (!workspace) return pt_fail(err, PT_ENOMEM, "no memory for a spectrum");

    const unsigned mode = pt_denormals_flush();
    pt_ltas ltas;
    pt_ltas_begin(&ltas, meter, pt_stats_mean(x, n_samples), workspace);
    pt_ltas_add(&ltas, x, n_samples);
    pt_ltas_levels(meter, pt_ltas_finish(&ltas), source_rate_hz, levels);
    pt_denormals_restore(mode);
    pt_arena_rewind(scratch, mark);
    return PT_OK;
}
