/* SPDX-License-Identifier: MIT */
/* mel.c - log-mel spectrogram of transformers' ClapFeatureExtractor
 *
 *     clip -> padded to 10 s -> reflected by half a frame at both ends -> Hann frames -> DFT
 *          -> power -> mel filters -> dB
 *
 * Computed in float64 except for the DFT, whose real and imaginary parts the reference rounds to
 * float32, and for the result.
 */

#include "clap/mel.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "clap/scratch_layout.h"
#include "dsp/dsp_ops.h"

#define POWER_FLOOR 1e-10 /* -100 dB */

struct pt_mel {
    pt_feature_extractor_config config;
    size_t n_bins;      /* n_fft / 2 + 1 */
    size_t n_used_bins; /* 1 + the highest bin with a nonzero weight */
    const pt_dsp_ops *ops;
    pt_stft_plan *frames;
    pt_filterbank_row *bands; /* [n_mels] */
    double *weights;          /* of all bands */
};

/* Hz to mel and back. Slaney: linear to 1 kHz, then a factor of 6.4 every 27 mel (M. Slaney,
 * "Auditory Toolbox", 1998); HTK: O'Shaughnessy's formula (The HTK Book, section 5.4). */

static const double slaney_hz_per_mel = 200.0 / 3.0;
static const double slaney_log_hz = 1000.0, slaney_log_mel = 15.0;

static double hz_to_mel(pt_mel_scale scale, double hz) {
    if (scale == PT_MEL_HTK) return 2595.0 * log10(1.0 + hz / 700.0);
    if (hz < slaney_log_hz) return hz / slaney_hz_per_mel;
    return slaney_log_mel + 27.0 / log(6.4) * log(hz / slaney_log_hz);
}

static double mel_to_hz(pt_mel_scale scale, double mel) {
    if (scale == PT_MEL_HTK) return 700.0 * (pow(10.0, mel / 2595.0) - 1.0);
    if (mel < slaney_log_mel) return mel * slaney_hz_per_mel;
    return slaney_log_hz * exp(log(6.4) / 27.0 * (mel - slaney_log_mel));
}

/* Triangle m of edges low, centre and high, in Hz, at frequency f. */
static double triangle_weight(double f, double low, double centre, double high) {
    return fmax(0.0, fmin((f - low) / (centre - low), (high - f) / (high - centre)));
}

/* The bins of filter m, and their weights unless that is NULL. */
static pt_filterbank_row filter_build(const pt_mel *mel, size_t m, double *weights) {
    const pt_feature_extractor_config *c = &mel->config;
    const double lowest = hz_to_mel(c->scale, c->f_min_hz);
    const double step = (hz_to_mel(c->scale, c->f_max_hz) - lowest) / (double)(c->n_mels + 1);
    double edge[3]; /* in Hz; n_mels + 2 edges are equally spaced in mel */
    for (size_t i = 0; i < 3; i++)
        edge[i] = mel_to_hz(c->scale, lowest + step * (double)(m + i));
    /* Slaney: triangles of equal area; HTK: of equal height. */
    const double gain = c->scale == PT_MEL_SLANEY ? 2.0 / (edge[2] - edge[0]) : 1.0;

    pt_filterbank_row f = {weights, 0, 0}; /* bins with a positive weight */
    for (size_t k = 0; k < mel->n_bins; k++) {
        const double hz = (double)c->rate_hz / 2.0 * (double)k / (double)(mel->n_bins - 1);
        const double weight = gain * triangle_weight(hz, edge[0], edge[1], edge[2]);
        if (weight <= 0.0) continue;
        if (f.n == 0) f.first = k;
        if (weights) weights[f.n] = weight;
        f.n++;
    }
    return f;
}

static patina_status filters_build(pt_mel *mel, patina_error *err) {
    const size_t n_mels = mel->config.n_mels;
    size_t n_weights = 0;

    mel->bands = calloc(n_mels, sizeof *mel->bands);
    if (!mel->bands) return pt_fail(err, PATINA_ENOMEM, "out of memory for the mel filters");
    for (size_t m = 0; m < n_mels; m++)
        n_weights += filter_build(mel, m, NULL).n;
    mel->weights = calloc(n_weights + 1, sizeof *mel->weights);
    if (!mel->weights) return pt_fail(err, PATINA_ENOMEM, "out of memory for the mel filters");
    double *weights = mel->weights;
    for (size_t m = 0; m < n_mels; m++) {
        mel->bands[m] = filter_build(mel, m, weights);
        weights += mel->bands[m].n;
        const size_t end = mel->bands[m].first + mel->bands[m].n;
        if (end > mel->n_used_bins) mel->n_used_bins = end;
    }
    return PATINA_OK;
}

static patina_status config_check(const pt_feature_extractor_config *c, patina_error *err) {
    if (c->n_fft != PT_STFT_N_FFT || c->hop == 0 || c->n_mels == 0 || c->rate_hz == 0)
        return pt_fail(
            err, PATINA_EFORMAT,
            "preprocessor: invalid combination of frame %zu, hop %zu, %zu bands and %zu Hz",
            c->n_fft, c->hop, c->n_mels, c->rate_hz);
    if (c->n_samples <= c->n_fft / 2) /* reflection needs more samples than it adds */
        return pt_fail(err, PATINA_EFORMAT,
                       "preprocessor: %zu samples are fewer than frames of %zu require",
                       c->n_samples, c->n_fft);
    if (!(c->f_min_hz >= 0.0 && c->f_min_hz < c->f_max_hz && isfinite(c->f_max_hz)))
        return pt_fail(err, PATINA_EFORMAT, "preprocessor: invalid frequency range, %g to %g Hz",
                       c->f_min_hz, c->f_max_hz);
    return PATINA_OK;
}

patina_status pt_mel_open(const pt_feature_extractor_config *config, pt_mel **mel,
                          patina_error *err) {
    PT_TRY(config_check(config, err));

    patina_status status = PATINA_OK;
    pt_mel *m = calloc(1, sizeof *m);
    if (!m) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    m->config = *config;
    m->ops = pt_dsp_ops_get_best();
    m->n_bins = PT_STFT_BINS;
    m->frames = malloc(sizeof *m->frames);
    if (!m->frames) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory for the mel frames");
        goto done;
    }
    pt_stft_plan_init(m->frames);
    status = filters_build(m, err);

done:
    if (status == PATINA_OK)
        *mel = m;
    else
        pt_mel_close(&m);
    return status;
}

void pt_mel_close(pt_mel **mel) {
    if (!*mel) return;
    free((*mel)->frames);
    free((*mel)->bands);
    free((*mel)->weights);
    free(*mel);
    *mel = NULL;
}

size_t pt_mel_n_frames(const pt_mel *mel) {
    return 1 + mel->config.n_samples / mel->config.hop;
}

const double *pt_mel_filter(const pt_mel *mel, size_t m, size_t *first, size_t *n) {
    *first = mel->bands[m].first;
    *n = mel->bands[m].n;
    return mel->bands[m].weights;
}

/* Buffers of pt_mel_features. */
typedef struct workspace {
    pt_stft_workspace *frames;
    double *power;   /* [n_used_bins, PT_STFT_BATCH] */
    double *sums;    /* [n_mels, PT_STFT_BATCH] */
    float *decibels; /* [n_mels, PT_STFT_BATCH] */
    float *span;     /* [span_size] */
} workspace;

/* Samples of a batch of frames. */
static size_t span_size(const pt_mel *mel) {
    return mel->config.n_fft + (PT_STFT_BATCH - 1) * mel->config.hop;
}

static workspace workspace_layout(const pt_mel *mel, pt_scratch_layout *layout) {
    return (workspace){
        .frames = pt_scratch_alloc(layout, 1, sizeof(pt_stft_workspace)),
        .power = pt_scratch_alloc(layout, mel->n_used_bins * PT_STFT_BATCH, sizeof(double)),
        .sums = pt_scratch_alloc(layout, mel->config.n_mels * PT_STFT_BATCH, sizeof(double)),
        .decibels = pt_scratch_alloc(layout, mel->config.n_mels * PT_STFT_BATCH, sizeof(float)),
        .span = pt_scratch_alloc(layout, span_size(mel), sizeof(float)),
    };
}

size_t pt_mel_scratch_size(const pt_mel *mel) {
    pt_scratch_layout sizes = {0};
    (void)workspace_layout(mel, &sizes);
    return sizes.used;
}

/* Samples first .. first + n - 1 of x [length], n_samples of it given and the rest padded, with
 * half a frame reflected at both ends and zeros after them; the first and last sample are not
 * repeated. first may be negative. */
static void load_span(const pt_mel *mel, const float *x, size_t n_samples, ptrdiff_t first,
                      size_t n, float *out) {
    const ptrdiff_t length = (ptrdiff_t)mel->config.n_samples;
    const ptrdiff_t half = (ptrdiff_t)mel->config.n_fft / 2, last = length - 1;
    size_t n_given = n_samples; /* and their copies */
    if (mel->config.padding == PT_PAD_REPEATPAD) n_given *= mel->config.n_samples / n_samples;
    if (mel->config.padding == PT_PAD_REPEAT) n_given = mel->config.n_samples;
    for (size_t i = 0; i < n;) {
        const ptrdiff_t at = first + (ptrdiff_t)i;
        const bool is_inside = at >= 0 && at <= last;
        const size_t source = (size_t)(at < 0 ? -at : at > last ? 2 * last - at : at);
        size_t run = 1;
        if (at > last + half || source >= n_given) {
            out[i] = 0.0F;
        } else if (!is_inside) {
            out[i] = x[source % n_samples];
        } else {
            const size_t offset = source % n_samples, left = n_given - source;
            run = n_samples - offset < n - i ? n_samples - offset : n - i;
            run = run < left ? run : left;
            memcpy(out + i, x + offset, run * sizeof *out);
        }
        i += run;
    }
}

/* n of PT_STFT_BATCH frames of samples x to decibels [n, n_mels]. */
static void compute_frames(const pt_mel *mel, const float *x, size_t n, float *features,
                           const workspace *w) {
    const pt_dsp_ops *ops = mel->ops;
    const size_t n_mels = mel->config.n_mels;
    ops->stft_power(mel->frames, x, mel->config.hop, mel->n_used_bins, w->frames, w->power);
    ops->filterbank(mel->bands, n_mels, w->power, w->sums);
    for (size_t i = 0; i < n_mels * PT_STFT_BATCH; i++)
        w->sums[i] = w->sums[i] > POWER_FLOOR ? w->sums[i] : POWER_FLOOR;
    ops->power_to_db(w->sums, n_mels * PT_STFT_BATCH, w->decibels);
    for (size_t f = 0; f < n; f++)
        for (size_t m = 0; m < n_mels; m++)
            features[f * n_mels + m] = w->decibels[m * PT_STFT_BATCH + f];
}

void pt_mel_features(const pt_mel *mel, const float *x, size_t n_samples, float *features,
                     void *scratch) {
    const pt_feature_extractor_config *c = &mel->config;
    const size_t n_frames = pt_mel_n_frames(mel);
    pt_scratch_layout layout = {scratch, 0};
    const workspace w = workspace_layout(mel, &layout);

    assert(n_samples >= 1 && n_samples <= c->n_samples);
    for (size_t t = 0; t < n_frames; t += PT_STFT_BATCH) {
        const size_t n = n_frames - t < PT_STFT_BATCH ? n_frames - t : PT_STFT_BATCH;
        const ptrdiff_t first = (ptrdiff_t)(t * c->hop) - (ptrdiff_t)(c->n_fft / 2);
        const bool is_inside = first >= 0 && (size_t)first + span_size(mel) <= n_samples;
        if (!is_inside) load_span(mel, x, n_samples, first, span_size(mel), w.span);
        compute_frames(mel, is_inside ? x + first : w.span, n, features + t * c->n_mels, &w);
    }
}
