/* SPDX-License-Identifier: MIT */
/* dsp_ops.h - dispatch table of the signal processing kernels
 *
 * One table per instruction set, compiled from one source: the same operations in the same order on
 * the same eight lanes for any register width, without fused multiply-add. The tables differ in
 * speed only and give the same bits.
 */

#ifndef PATINA_DSP_DSP_OPS_H
#define PATINA_DSP_DSP_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/cpu.h>

#include "dsp/biquad.h"
#include "dsp/iir_energy.h"
#include "dsp/irfft.h"
#include "dsp/polyphase.h"
#include "dsp/stft.h"
#include "dsp/welch.h"

/** One row of a filter bank: sum of weights[k] x[first + k], k < n. */
typedef struct pt_filterbank_row {
    const double *weights; /* [n] */
    size_t first, n;
} pt_filterbank_row;

/** Statistics of samples, in one pass. */
typedef struct pt_sample_stats {
    double energy, energy_about; /* sum x^2, sum (x - centre)^2 */
    float peak;                  /* max|x|, valid if all are finite */
    bool finite;                 /* all samples are finite */
    uint32_t n_zero_crossings;   /* pairs of neighbours of which one is below -1e-10 */
} pt_sample_stats;

typedef struct pt_dsp_ops {
    patina_isa isa;

    /* x [n], n from 1 to 2^31. */
    void (*sample_stats)(const float *x, size_t n, double centre, pt_sample_stats *stats);

    /* Largest and lowest sample of each channel of x [n_frames, n_channels]: high, at least 0, and
     * low, at most 0, [n_channels] each. One of them is a NaN or an infinity if x has one. */
    void (*extremes)(const float *x, size_t n_frames, size_t n_channels, float *high, float *low);

    /* x [8, n] to double and transposed: y [n, 8], aligned to 64. */
    void (*transpose8)(const float *x, size_t n, double *y);

    /* sum y^2 of a block of 8 L samples; sample i of segment s is x[i * stride + s], x aligned to
     * 64, stride a multiple of 8. Updates state. */
    double (*iir_energy)(const pt_iir_energy_plan *plan, const double *x, size_t stride,
                         double state[4]);

    /* Biquads in series on a block x [PT_BIQUAD_BLOCK] to y, which may be x; updates their states.
     * lanes [PT_BIQUAD_BLOCK] is aligned to 64. */
    void (*biquad_cascade)(const pt_biquad_plan *plan, size_t n_sections, const float *x,
                           double *lanes, double (*state)[2], float *y);

    /* Adds |Z|^2 of two windowed frames: one spans the first four quarters, the other the last
     * four. quarter [5][PT_WELCH_N_FFT / 4], each aligned to 64. */
    void (*welch_accumulate)(const pt_welch_plan *plan, const float *const quarter[5],
                             pt_welch_workspace *work, pt_welch_power *power);

    /* Inverse real FFT, unscaled: spectrum [n/2 + 1] pairs (re, im) to x [n], which may be the same
     * memory. n is a power of two from PT_IRFFT_N_MIN to PT_IRFFT_N_MAX; bins 0 and n/2 are real.
     * workspace: PT_IRFFT_WORKSPACE_SIZE(n) bytes, aligned to 64. */
    void (*irfft)(const pt_irfft_plan *plan, size_t n, const float *spectrum, void *workspace,
                  float *x);

    /* Resamples a block: x [pt_polyphase_n_read], from PT_RESAMPLE_HALF - 1 samples before it, to
     * out [pt_polyphase_block_out]. rows [pt_polyphase_n_rows][PT_POLYPHASE_LANES], aligned to 64.
     */
    void (*polyphase)(const pt_polyphase_plan *plan, const float *x, float *rows, float *out);

    /* The sums of stats.h. */
    double (*sum)(const float *x, size_t n);
    void (*moments)(const float *x, size_t n, double origin, double *sum, double *squares);
    double (*sum_products_about)(const float *x, const float *y, size_t n, double centre_x,
                                 double centre_y);
    float (*peak)(const float *x, size_t n);

    /* y[i] = (float)x[i] */
    void (*narrow)(const double *x, size_t n, float *y);

    /* y[i] = gain_a a[i] + (gain_b b[i] + offset_b); y may be a or b. */
    void (*mix)(const float *a, float gain_a, const float *b, float gain_b, float offset_b,
                size_t n, float *y);

    /* y[i] = x[i] limited to -level .. level. */
    void (*hard_clip)(const float *x, size_t n, float level, float *y);

    /* The bits of those |x[i]| whose bits, shifted right, are `digit`, in order; returns their
     * number. selected has room for n. */
    size_t (*select_magnitudes)(const float *x, size_t n, unsigned shift, uint32_t digit,
                                uint32_t *selected);

    /* y[i] = norm (x[i] + sum of gain[t] x[i - delay[t]]); delays are at least 1, samples before x
     * are read as far as the longest delay, and y may be x. */
    void (*delayed_sum)(const float *x, size_t n, const size_t *delay, const float *gain,
                        size_t n_taps, float norm, float *y);

    /* y[i] = level tanh(x[i] / level), to 4e-16 of level and rounded; level > 0, |x| at most 300
     * level. x and y do not overlap. */
    void (*soft_clip)(const float *x, size_t n, double level, float *y);

    /* Blocks first_block to first_block + n_blocks - 1 of a random stream, as pt_rng_uniform of
     * base/rng.h gives them: words [n_blocks, 4]. */
    void (*philox_words)(const uint32_t key[2], const uint32_t counter[3], uint32_t first_block,
                         size_t n_blocks, uint32_t *words);

    /* Standard normal variables by Box and Muller: words [n_pairs, 2] to pairs [n_pairs, 2],
     * u = (word + 1/2) / 2^32, r = sqrt(-2 ln u_0), (r cos 2 pi u_1, r sin 2 pi u_1), to 2e-15. */
    void (*gauss_pairs)(const uint32_t *words, size_t n_pairs, double *pairs);

    /* Multiplies pair p by knee / (first + p), or by its square root; first from 1 and
     * first + n_pairs to 2^24, up to where integers are exact floats. */
    void (*spectral_tilt)(size_t first, size_t n_pairs, double knee, bool use_sqrt, float *pairs);

    /* Power spectra of 16 frames, hop apart: power [n_bins][16], n_bins at most PT_STFT_BINS and
     * power aligned to 64. Real and imaginary parts are rounded to float before they are squared.
     */
    void (*stft_power)(const pt_stft_plan *plan, const float *x, size_t hop, size_t n_bins,
                       pt_stft_workspace *work, double *power);

    /* Applies a filter bank to them: sums [n_bands][16], aligned to 64. */
    void (*filterbank)(const pt_filterbank_row *filterbank, size_t n_bands, const double *power,
                       double *sums);

    /* 10 log10 of power, which is positive and not denormal, to 1e-13 and then rounded. */
    void (*power_to_db)(const double *power, size_t n, float *db);
} pt_dsp_ops;

/** The threshold of zero crossings, that of librosa: zeros and rounding errors count as positive.
 * -1e-10F is the greatest float below -1e-10. */
static inline bool pt_is_negative(float v) {
    return v <= -1e-10F;
}

/** The table of the best instruction set of this machine. */
const pt_dsp_ops *pt_dsp_ops_get_best(void);

/** The table of an instruction set that this machine has (patina_isa_detect or below). */
const pt_dsp_ops *pt_dsp_ops_get(patina_isa isa);

#endif /* PATINA_DSP_DSP_OPS_H */
