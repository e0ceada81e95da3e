/* SPDX-License-Identifier: MIT */
/* clip.c - hard or soft clipping, as of a converter or a preamplifier driven too far
 *
 * The threshold is the level that a drawn share of the samples reaches, so a quiet excerpt clips
 * as hard as a loud one; it is no lower than 1/20 of the peak, so a mostly silent excerpt is not
 * turned into a square wave. No oversampling: aliases are part of the damage a converter does.
 * No make-up gain.
 */

#include <math.h>
#include <string.h>

#include "degrade/effect.h"
#include "dsp/dsp_ops.h"

enum { KIND, FRACTION }; /* values, and settings */
enum { HARD, TANH };

#define FRACTION_LIMITS 1e-6, 0.999
#define FLOOR           0.05 /* of the peak */

#define DIGIT_BITS 16
#define N_DIGITS   (1 << DIGIT_BITS)

/*
 * The k-th smallest of v [n], 0-based; v is destroyed. Counts leading digits and keeps what has
 * that of the sought one, digit by digit: the time depends on nothing but n, and there is no pivot
 * to choose. What is not negative is ordered by its bits as by its value.
 */
static double kth_smallest(uint64_t *v, size_t n, size_t k, uint32_t *count) {
    for (int shift = 64 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        memset(count, 0, N_DIGITS * sizeof *count);
        for (size_t i = 0; i < n; i++)
            count[v[i] >> shift & (N_DIGITS - 1)]++;

        uint64_t digit = 0;
        while (k >= count[digit])
            k -= count[digit++];

        size_t kept = 0;
        for (size_t i = 0; i < n; i++) {
            const uint64_t one = v[i];
            v[kept] = one; /* overwritten by the next unless it counts */
            kept += (one >> shift & (N_DIGITS - 1)) == digit;
        }
        n = kept;
    }
    double result; /* all that is left is equal */
    memcpy(&result, v, sizeof result);
    return result;
}

/* The ceil((1 - fraction) n)-th smallest |x|, counted from 1. work: n doubles and N_DIGITS counts.
 */
static double threshold(const double *x, size_t n, double fraction, void *work) {
    uint64_t *bits = work;
    double peak = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double size = fabs(x[i]);
        peak = size > peak ? size : peak;
        memcpy(&bits[i], &size, sizeof size);
    }
    const double rank = ceil((1.0 - fraction) * (double)n); /* 0 < fraction < 1: it is 1 to n */
    const double level = kth_smallest(bits, n, (size_t)rank - 1, (uint32_t *)(bits + n));
    return fmax(level, FLOOR * peak);
}

_Static_assert(PT_WORK_BYTES(65536) >= 65536 * sizeof(double) + N_DIGITS * sizeof(uint32_t),
               "work holds the samples and the counts");

static void clip_shape(const pt_stage *stage, const double *x, size_t n, double *y, void *work,
                       pt_stage_damage *damage) {
    const double *value = stage->value[0];
    const double level = threshold(x, n, value[FRACTION], work);
    damage->threshold = level;

    if (!(level > 0.0)) /* digital silence */
        memcpy(y, x, n * sizeof *y);
    else if (value[KIND] == HARD)
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] > level ? level : x[i] < -level ? -level : x[i];
    else
        pt_dsp_ops_best()->soft_clip(x, n, level, y); /* |x| <= level / FLOOR */
}

static double clip_extent(const pt_stage *stage) {
    return stage->value[0][FRACTION];
}

static void clip_tell(const pt_stage *stage, pt_str *out) {
    const double *value = stage->value[0];
    pt_str_printf(out, "%s clipping of the loudest %.2g %% of the samples",
                  value[KIND] == HARD ? "hard" : "soft", 100.0 * value[FRACTION]);
}

const pt_effect pt_effect_clip = {
    .name = "clip",
    .summary = "clip the loudest share of the samples",
    .stream = PT_STREAM_CLIP,
    .plan = 4,
    .nature = PT_NONLINEAR,
    .setting =
        {
            [KIND] = PT_PICK2("kind", "shape of the curve", "hard", 0.6, "tanh", 0.4),
            [FRACTION] = PT_LOG("fraction", "share of the samples that reach the threshold",
                                PT_HIGHER, 0.005, 0.25, FRACTION_LIMITS),
        },
    .value =
        {
            [KIND] = PT_WORDS("kind", "hard", "tanh"),
            [FRACTION] = PT_REAL("fraction", FRACTION_LIMITS),
        },
    .main = FRACTION,
    .extent = clip_extent,
    .tell = clip_tell,
    .shape = clip_shape,
};
