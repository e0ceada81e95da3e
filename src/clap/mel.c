/* SPDX-License-Identifier: MIT */
/* mel.c - samples to the log-mel picture that the audio tower looks at
 *
 *     clip -> padded to 10 s -> reflected by half a frame at both ends -> Hann frames -> DFT
 *          -> power -> mel sums -> dB
 *
 * Equals transformers' ClapFeatureExtractor: float64 throughout, but for the real and imaginary
 * parts, which it stores as float32 before the power is taken, and for the result.
 */

#include "clap/mel.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clap/carve.h"
#include "dsp/dsp_ops.h"
#include "dsp/fft.h"

#define POWER_FLOOR 1e-10 /* -100 dB */

typedef struct filter {
    size_t first, n; /* bins with a weight above zero */
} filter;

struct pt_mel {
    pt_extractor_config config;
    size_t n_bins;   /* n_fft / 2 + 1 */
    size_t last_bin; /* 1 + the highest bin that a band reads, if only to take it times zero */
    const pt_dsp_ops *ops;
    pt_fft *fft;
    double *window;  /* [n_fft] */
    filter *filters; /* [n_mels] */
    pt_band *bands;  /* [n_mels]: the same for the kernels, filled up with zeros to eights */
    double *weights; /* of all bands */
};

/* Hz to mel and back. Slaney: linear to 1 kHz, then a factor of 6.4 every 27 mel (M. Slaney,
 * "Auditory Toolbox", 1998); HTK: O'Shaughnessy's formula (The HTK Book, section 5.4). */

static const double slaney_hz_per_mel = 200.0 / 3.0;
static const double slaney_log_hz = 1000.0, slaney_log_mel = 15.0;

static double mel_of_hz(pt_mel_scale scale, double hz) {
    if (scale == PT_MEL_HTK) return 2595.0 * log10(1.0 + hz / 700.0);
    if (hz < slaney_log_hz) return hz / slaney_hz_per_mel;
    return slaney_log_mel + 27.0 / log(6.4) * log(hz / slaney_log_hz);
}

static double hz_of_mel(pt_mel_scale scale, double mel) {
    if (scale == PT_MEL_HTK) return 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
    if (mel < slaney_log_mel) return mel * slaney_hz_per_mel;
    return slaney_log_hz * exp(log(6.4) / 27.0 * (mel - slaney_log_mel));
}

/* Triangle m of edges low, centre and high, in Hz, at frequency f. */
static double triangle(double f, double low, double centre, double high) {
    return fmax(0.0, fmin((f - low) / (centre - low), (high - f) / (high - centre)));
}

/* Finds the bins of filter m, and their weights unless that is NULL. */
static filter filter_build(const pt_mel *mel, size_t m, double *weights) {
    const pt_extractor_config *c = &mel->config;
    const double lowest = mel_of_hz(c->scale, c->f_min_hz);
    const double step = (mel_of_hz(c->scale, c->f_max_hz) - lowest) / (double)(c->n_mels + 1);
    double edge[3]; /* in Hz, of n_mels + 2 that are equally spaced in mel */
    for (size_t i = 0; i < 3; i++)
        edge[i] = hz_of_mel(c->scale, lowest + step * (double)(m + i));
    /* Slaney's triangles have one area, HTK's one height. */
    const double gain = c->scale == PT_MEL_SLANEY ? 2.0 / (edge[2] - edge[0]) : 1.0;

    filter f = {0, 0};
    for (size_t k = 0; k < mel->n_bins; k++) {
        const double hz = (double)c->rate_hz / 2.0 * (double)k / (double)(mel->n_bins - 1);
        const double weight = gain * triangle(hz, edge[0], edge[1], edge[2]);
        if (weight <= 0.0) continue;
        if (f.n == 0) f.first = k;
        if (weights) weights[f.n] = weight;
        f.n++;
    }
    return f;
}

static size_t in_eights(size_t n) {
    return (n + 7) / 8 * 8;
}

static pt_status filters_build(pt_mel *mel, pt_error *err) {
    const size_t n_mels = mel->config.n_mels;
    size_t n_weights = 0;

    mel->filters = calloc(n_mels, sizeof *mel->filters);
    mel->bands = calloc(n_mels, sizeof *mel->bands);
    if (!mel->filters || !mel->bands)
        return pt_fail(err, PT_ENOMEM, "out of memory for the mel filters");
    for (size_t m = 0; m < n_mels; m++) {
        mel->filters[m] = filter_build(mel, m, NULL);
        n_weights += in_eights(mel->filters[m].n);
    }
    mel->weights = calloc(n_weights + 1, sizeof *mel->weights);
    if (!mel->weights) return pt_fail(err, PT_ENOMEM, "out of memory for the mel filters");
    double *weights = mel->weights;
    for (size_t m = 0; m < n_mels; m++) {
        const filter f = filter_build(mel, m, weights);
        mel->bands[m] = (pt_band){weights, f.first, in_eights(f.n)};
        weights += in_eights(f.n);
        if (f.first + in_eights(f.n) > mel->last_bin) mel->last_bin = f.first + in_eights(f.n);
    }
    return PT_OK;
}

static pt_status config_check(const pt_extractor_config *c, pt_error *err) {
    if (c->n_fft < 2 || c->n_fft % 2 || c->hop == 0 || c->n_mels == 0 || c->rate_hz == 0)
        return pt_fail(err, PT_EFORMAT, "preprocessor: frame of %zu, hop of %zu, %zu bands, %zu Hz",
                       c->n_fft, c->hop, c->n_mels, c->rate_hz);
    if (c->n_samples <= c->n_fft / 2) /* else there is nothing to reflect */
        return pt_fail(err, PT_EFORMAT, "preprocessor: %zu samples are too few for frames of %zu",
                       c->n_samples, c->n_fft);
    if (!(c->f_min_hz >= 0.0 && c->f_min_hz < c->f_max_hz && isfinite(c->f_max_hz)))
        return pt_fail(err, PT_EFORMAT, "preprocessor: no mel band between %g and %g Hz",
                       c->f_min_hz, c->f_max_hz);
    return PT_OK;
}

pt_status pt_mel_open(const pt_extractor_config *config, pt_mel **mel, pt_error *err) {
    PT_TRY(config_check(config, err));

    const size_t n_fft = config->n_fft;
    pt_status status = PT_OK;
    pt_mel *m = calloc(1, sizeof *m);
    if (!m) return pt_fail(err, PT_ENOMEM, "out of memory");
    m->config = *config;
    m->ops = pt_dsp_ops_best();
    m->n_bins = n_fft / 2 + 1;
    m->window = calloc(n_fft, sizeof *m->window);
    if (!m->window) {
        status = pt_fail(err, PT_ENOMEM, "out of memory for the mel window");
        goto done;
    }
    for (size_t i = 0; i < n_fft; i++) /* periodic Hann */
        m->window[i] = 0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)n_fft);
    status = pt_fft_open(n_fft, &m->fft, err);
    if (status == PT_OK) status = filters_build(m, err);

done:
    if (status == PT_OK)
        *mel = m;
    else
        pt_mel_close(&m);
    return status;
}

void pt_mel_close(pt_mel **mel) {
    if (!*mel) return;
    pt_fft_close(&(*mel)->fft);
    free((*mel)->window);
    free((*mel)->filters);
    free((*mel)->bands);
    free((*mel)->weights);
    free(*mel);
    *mel = NULL;
}

size_t pt_mel_frames(const pt_mel *mel) {
    return 1 + mel->config.n_samples / mel->config.hop;
}

const double *pt_mel_filter(const pt_mel *mel, size_t m, size_t *first, size_t *n) {
    *first = mel->filters[m].first;
    *n = mel->filters[m].n;
    return mel->bands[m].weights;
}

/* What pt_mel_features computes in. */
typedef struct workspace {
    double *frame;    /* [n_fft] */
    double *spectrum; /* [n_bins] pairs */
    double *power;    /* [max(n_bins, last_bin)] */
    double *sums;     /* [n_mels] */
    float *clip;      /* [n_samples + n_fft]: padded, and half a frame more at both ends */
} workspace;

static size_t power_size(const pt_mel *mel) {
    return mel->last_bin > mel->n_bins ? mel->last_bin : mel->n_bins;
}

static workspace workspace_carve(const pt_mel *mel, pt_carver *carver) {
    return (workspace){
        .frame = pt_carve(carver, mel->config.n_fft, sizeof(double)),
        .spectrum = pt_carve(carver, 2 * mel->n_bins, sizeof(double)),
        .power = pt_carve(carver, power_size(mel), sizeof(double)),
        .sums = pt_carve(carver, mel->config.n_mels, sizeof(double)),
        .clip = pt_carve(carver, mel->config.n_samples + mel->config.n_fft, sizeof(float)),
    };
}

size_t pt_mel_scratch_size(const pt_mel *mel) {
    pt_carver sizes = {0};
    (void)workspace_carve(mel, &sizes);
    return sizes.used;
}

/* Fills clip [length] from x [n], n <= length, as the extractor does with shorter clips. */
static void pad(pt_padding padding, const float *x, size_t n, float *clip, size_t length) {
    size_t n_copies = 1, filled = 0;
    if (padding == PT_PAD_REPEATPAD) n_copies = length / n;
    if (padding == PT_PAD_REPEAT) n_copies = length / n + 1;
    for (; n_copies > 0 && filled < length; n_copies--) {
        const size_t n_copied = n < length - filled ? n : length - filled;
        memcpy(clip + filled, x, n_copied * sizeof *clip);
        filled += n_copied;
    }
    memset(clip + filled, 0, (length - filled) * sizeof *clip);
}

/* Mirrors clip [length], length > half, at its first and last sample, which are not repeated. */
static void reflect(float *clip, size_t length, size_t half) {
    for (size_t i = 1; i <= half; i++) {
        clip[-(ptrdiff_t)i] = clip[i];
        clip[length - 1 + i] = clip[length - 1 - i];
    }
}

/* One frame of samples x [n_fft] to decibels [n_mels]. */
static void frame_features(const pt_mel *mel, const float *x, float *decibels, const workspace *w) {
    const pt_dsp_ops *ops = mel->ops;
    ops->window(x, mel->window, mel->config.n_fft, w->frame);
    pt_fft_forward(mel->fft, w->frame, w->spectrum);
    ops->power_of_floats(w->spectrum, mel->n_bins, w->power); /* as the reference rounds them */
    ops->bands(mel->bands, mel->config.n_mels, w->power, w->sums);
    for (size_t m = 0; m < mel->config.n_mels; m++)
        w->sums[m] = w->sums[m] > POWER_FLOOR ? w->sums[m] : POWER_FLOOR;
    ops->decibels(w->sums, mel->config.n_mels, decibels);
}

void pt_mel_features(const pt_mel *mel, const float *x, size_t n_samples, float *features,
                     void *scratch) {
    const pt_extractor_config *c = &mel->config;
    const size_t n_frames = pt_mel_frames(mel), half = c->n_fft / 2;
    pt_carver carver = {scratch, 0};
    const workspace w = workspace_carve(mel, &carver);

    assert(n_samples >= 1 && n_samples <= c->n_samples);
    for (size_t k = mel->n_bins; k < power_size(mel); k++)
        w.power[k] = 0.0;
    pad(c->padding, x, n_samples, w.clip + half, c->n_samples);
    reflect(w.clip + half, c->n_samples, half);
    for (size_t t = 0; t < n_frames; t++)
        frame_features(mel, w.clip + t * c->hop, features + t * c->n_mels, &w);
}
