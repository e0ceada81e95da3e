/* SPDX-License-Identifier: MIT */
/* noise.c - white, pink or brown noise at a drawn signal-to-noise ratio
 *
 * Pink and brown noise are drawn as a spectrum and transformed back, so the slope is exact from
 * 20 Hz to the Nyquist frequency and the noise has no period. Below 20 Hz the spectrum is flat;
 * otherwise most power of brown noise would be infrasound. The mean is removed and the power set
 * afterwards, so that the signal-to-noise ratio is exactly the drawn one over the whole excerpt,
 * silence included.
 */

#include <math.h>

#include "degrade/effect.h"
#include "dsp/dsp_ops.h"
#include "dsp/stats.h"

enum { COLOUR, SNR_DB }; /* values, and settings */
enum { WHITE, PINK, BROWN };

#define SNR_DB_LIMITS -60, 120

#define KNEE_HZ 20.0
#define CHUNK   512 /* pairs at a time */

/* Gaussian pairs first to first + n - 1 of the stream, in double: pairs [n, 2]. n is at most CHUNK,
 * first is even. */
static void gaussian_chunk(const pt_rng *rng, size_t first, size_t n, double *pairs) {
    const pt_dsp_ops *ops = pt_dsp_ops_get_best();
    uint32_t words[2 * CHUNK]; /* two pairs a block of the stream */
    ops->philox_words(rng->key, rng->counter, (uint32_t)(first / 2), (n + 1) / 2, words);
    ops->gauss_pairs(words, n, pairs);
}

static size_t chunk_length(size_t first, size_t n_pairs) {
    return n_pairs - first < CHUNK ? n_pairs - first : CHUNK;
}

/* Samples x [n]. */
static void white(const pt_rng *rng, size_t n, float *x, pt_moments *moments) {
    double pairs[2 * CHUNK];
    for (size_t first = 0; first < n; first += 2 * CHUNK) {
        const size_t length = n - first < 2 * CHUNK ? n - first : 2 * CHUNK;
        gaussian_chunk(rng, first / 2, (length + 1) / 2, pairs);
        pt_dsp_ops_get_best()->narrow(pairs, length, x + first);
        pt_moments_add(moments, x + first, length);
    }
}

/* Bins 1 .. size/2 - 1 hold (g_2k + i g_2k+1) (max(f_k, 20) / 20)^(-1/2), or ^-1 for brown: in
 * power they fall by 3 or 6 dB an octave. spectrum [size/2 + 1] pairs. */
static void coloured_spectrum(const pt_rng *rng, int colour, size_t size, float *spectrum) {
    const pt_dsp_ops *ops = pt_dsp_ops_get_best();
    double pairs[2 * CHUNK];
    const double knee = KNEE_HZ * (double)size / PATINA_RATE_HZ; /* in bins */
    const size_t flat = (size_t)knee + 1;                        /* bins */
    for (size_t first = 0; first < size / 2; first += CHUNK) {
        const size_t n = chunk_length(first, size / 2), end = first + n;
        gaussian_chunk(rng, first, n, pairs);
        ops->narrow(pairs, 2 * n, spectrum + 2 * first);
        const size_t k = first > flat ? first : flat;
        if (k < end) ops->spectral_tilt(k, end - k, knee, colour == PINK, spectrum + 2 * k);
    }
    spectrum[0] = spectrum[1] = spectrum[size] = spectrum[size + 1] = 0.0F;
}

_Static_assert(PT_WORK_BYTES(PT_IRFFT_N_MIN) >= PT_IRFFT_WORKSPACE_SIZE(PT_IRFFT_N_MIN) &&
                   PT_WORK_BYTES(PT_IRFFT_N_MAX) >= PT_IRFFT_WORKSPACE_SIZE(PT_IRFFT_N_MAX),
               "work has room for a transform");

/* Samples x [n], of fft_size + 2. */
static void coloured(const pt_additive_ctx *ctx, int colour, float *x, pt_moments *moments) {
    coloured_spectrum(ctx->noise, colour, ctx->fft_size, x);
    pt_dsp_ops_get_best()->irfft(ctx->irfft, ctx->fft_size, x, ctx->work, x);
    pt_moments_add(moments, x, ctx->n);
}

static void noise_add(const pt_stage *stage, pt_additive_ctx *ctx, patina_stage_stats *stats) {
    (void)stats;
    const double *value = stage->value[0];
    const int colour = (int)value[COLOUR];
    float *x = pt_additive_ctx_take_buffer(ctx);
    pt_moments moments = {0};
    if (colour == WHITE)
        white(ctx->noise, ctx->n, x, &moments);
    else
        coloured(ctx, colour, x, &moments);
    const double mean = pt_moments_mean(&moments), power = pt_moments_power(&moments);
    const double target_power = pt_additive_ctx_signal_power(ctx) / pow(10.0, value[SNR_DB] / 10.0);
    const double gain =
        power > 0.0 ? sqrt(target_power / power) : 0.0; /* a single sample has no AC power */
    pt_additive_ctx_add_buffer(ctx, x, &moments, gain, -gain * mean);
}

static double noise_severity_value(const pt_stage *stage) {
    return stage->value[0][SNR_DB];
}

static void noise_describe(const pt_stage *stage, pt_strbuf *out) {
    const double *value = stage->value[0];
    pt_strbuf_printf(out, "%s noise %.3g dB %s the signal",
                     pt_effect_noise.value[COLOUR].choice[(size_t)value[COLOUR]],
                     fabs(value[SNR_DB]), value[SNR_DB] < 0.0 ? "above" : "below");
}

const pt_effect pt_effect_noise = {
    .name = "noise",
    .summary = "broadband noise",
    .stream = 3,
    .plan = 2,
    .probability = 0.5,
    .effect_class = PT_EFFECT_ADDITIVE,
    .setting =
        {
            [COLOUR] = PT_SETTING_CHOICE3("colour", "spectrum of the noise", "white", 1.0 / 3.0,
                                          "pink", 1.0 / 3.0, "brown", 1.0 / 3.0),
            [SNR_DB] = PT_SETTING_UNIFORM("snr_db", "signal-to-noise ratio", PT_WORSE_LOWER, 0, 40,
                                          SNR_DB_LIMITS),
        },
    .value =
        {
            [COLOUR] = PT_DEFINE_CHOICE("colour", "white", "pink", "brown"),
            [SNR_DB] = PT_DEFINE_REAL("snr_db", SNR_DB_LIMITS),
        },
    .primary = SNR_DB,
    .severity_value = noise_severity_value,
    .describe_stage = noise_describe,
    .add = noise_add,
};
