/* SPDX-License-Identifier: MIT */
/* clip.c - hard or soft clipping, like that of an overdriven converter or preamplifier
 *
 * The threshold is the level that a drawn share of the samples reaches, so quiet and loud excerpts
 * clip alike. It is at least 1/20 of the peak, so that a mostly silent excerpt does not become a
 * square wave. Soft clipping, T tanh(x / T), has its threshold T raised by a drawn factor, the
 * drive, so that it can be mild. There is no oversampling, because a converter aliases too, and no
 * make-up gain.
 */

#include <math.h>
#include <string.h>

#include "degrade/effect.h"
#include "dsp/dsp_ops.h"
#include "dsp/stats.h"

enum { KIND, FRACTION, DRIVE }; /* values, and settings */
enum { HARD, TANH };

#define FRACTION_LIMITS 1e-6, 0.999
#define DRIVE_LIMITS    0.01, 100
#define FLOOR           0.05 /* of the peak */

#define DIGIT_BITS 16
#define N_DIGITS   (1 << DIGIT_BITS)

/* The digit of the k-th smallest number, from 0, given the count of each digit; *k becomes its rank
 * among the numbers with this digit. */
static uint32_t radix_select_digit(const uint32_t *count, size_t *k) {
    uint32_t digit = 0;
    while (*k >= count[digit])
        *k -= count[digit++];
    return digit;
}

/*
 * The k-th smallest |x|, from 0, and max|x|, by radix selection: the leading digits are counted,
 * and only the numbers with the digit of the k-th remain, digit by digit. The time hardly depends
 * on the data, and there is no pivot to choose.
 *
 * candidates  room for n numbers
 */
static float kth_smallest(const float *x, size_t n, size_t k, uint32_t *candidates, uint32_t *count,
                          float *peak) {
    int shift = 32 - DIGIT_BITS;
    memset(count, 0, N_DIGITS * sizeof *count);
    *peak = 0.0F;
    for (size_t first = 0; first < n; first += PT_BLOCK_SIZE) {
        const size_t length = pt_block_length(first, n);
        *peak = fmaxf(*peak, pt_stats_peak(x + first, length));
        for (size_t i = first; i < first + length; i++) {
            uint32_t bits; /* of non-negative numbers: in the order of the values */
            memcpy(&bits, &x[i], sizeof bits);
            count[(bits & INT32_MAX) >> shift]++;
        }
    }
    uint32_t digit = radix_select_digit(count, &k);
    size_t n_candidates =
        pt_dsp_ops_get_best()->select_magnitudes(x, n, (unsigned)shift, digit, candidates);

    while ((shift -= DIGIT_BITS) >= 0) {
        n = n_candidates;
        memset(count, 0, N_DIGITS * sizeof *count);
        for (size_t i = 0; i < n; i++)
            count[candidates[i] >> shift & (N_DIGITS - 1)]++;
        digit = radix_select_digit(count, &k);
        n_candidates = 0;
        for (size_t i = 0; i < n; i++) {
            candidates[n_candidates] = candidates[i]; /* overwritten unless it matches */
            n_candidates += (candidates[n_candidates] >> shift & (N_DIGITS - 1)) == digit;
        }
    }
    float result; /* all remaining candidates are equal */
    memcpy(&result, candidates, sizeof result);
    return result;
}

_Static_assert(PT_WORK_BYTES((size_t)0) >= N_DIGITS * sizeof(uint32_t),
               "work has room for the counts beside the samples");

/* The threshold: the ceil((1 - fraction) n)-th smallest |x|, counted from 1, times the drive. */
static void clip_analyse(const pt_stage *stage, const float *x, size_t n, void *work,
                         patina_stage_stats *stats) {
    const double fraction = stage->value[0][FRACTION];
    const double rank = ceil((1.0 - fraction) * (double)n); /* 0 < fraction < 1: it is 1 to n */
    uint32_t *candidates = work;
    float peak;
    const double level =
        (double)kth_smallest(x, n, (size_t)rank - 1, candidates, candidates + n, &peak);
    const double threshold = fmax(level, FLOOR * (double)peak);
    if (stage->value[0][KIND] == TANH)
        stats->threshold = threshold * stage->value[0][DRIVE];
    else
        stats->threshold = (double)(float)threshold; /* samples have exactly this value */
}

static void clip_process(const pt_stage *stage, const float *x, size_t n, float *y,
                         const patina_stage_stats *stats) {
    const double level = stats->threshold;
    if (!(level > 0.0)) /* digital silence */
        memcpy(y, x, n * sizeof *y);
    else if (stage->value[0][KIND] == HARD)
        pt_dsp_ops_get_best()->hard_clip(x, n, (float)level, y);
    else
        pt_dsp_ops_get_best()->soft_clip(x, n, level, y);
}

static double clip_severity_value(const pt_stage *stage) {
    return stage->value[0][FRACTION];
}

static void clip_describe(const pt_stage *stage, pt_strbuf *out) {
    const double *value = stage->value[0];
    pt_strbuf_printf(out, "%s clipping of the loudest %.2g %% of the samples",
                     value[KIND] == HARD ? "hard" : "soft", 100.0 * value[FRACTION]);
    if (value[KIND] == TANH && value[DRIVE] != 1.0)
        pt_strbuf_printf(out, ", with %.2g times the threshold", value[DRIVE]);
}

const pt_effect pt_effect_clip = {
    .name = "clip",
    .summary = "clipping of the loudest samples",
    .stream = 5,
    .plan = 4,
    .probability = 0.5,
    .effect_class = PT_EFFECT_NONLINEAR,
    .setting =
        {
            [KIND] = PT_SETTING_CHOICE2("kind", "shape of the curve", "hard", 0.6, "tanh", 0.4),
            [FRACTION] =
                PT_SETTING_LOG_UNIFORM("fraction", "share of the samples that reach the threshold",
                                       PT_WORSE_HIGHER, 0.005, 0.25, FRACTION_LIMITS),
            [DRIVE] = PT_SETTING_LOG_UNIFORM("drive", "factor of the threshold of soft clipping",
                                             PT_WORSE_LOWER, 1, 6, DRIVE_LIMITS),
        },
    .value =
        {
            [KIND] = PT_DEFINE_CHOICE("kind", "hard", "tanh"),
            [FRACTION] = PT_DEFINE_REAL("fraction", FRACTION_LIMITS),
            [DRIVE] = PT_DEFINE_REAL_IF_OR(1U << TANH, 1.0, "drive", DRIVE_LIMITS),
        },
    .primary = FRACTION,
    .severity_value = clip_severity_value,
    .describe_stage = clip_describe,
    .analyse = clip_analyse,
    .process = clip_process,
};
