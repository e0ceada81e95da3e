/* SPDX-License-Identifier: MIT */
/* comb.c - one to three early reflections, like those of a wall or a table near the microphone
 *
 *     y[n] = (x[n] + sum_i g_i x[n - D_i]) / sqrt(1 + sum_i g_i^2)
 *
 * One tap with g > 0 has notches at (2m + 1) 24000 / D Hz, with g < 0 at m 48000 / D Hz, each
 * 20 log10((1 + g) / (1 - g)) dB below the peaks beside them.
 */

#include <math.h>

#include "degrade/effect.h"
#include "dsp/dsp_ops.h"

enum { DELAY, GAIN };                    /* values of a tap */
enum { TAPS, DELAY_MS, SIZE, POSITIVE }; /* settings */

static void comb_draw(const pt_draw_ctx *ctx, pt_stage *stage) {
    stage->n_items = 1 + (size_t)pt_setting_draw(ctx, TAPS, 0);
    for (size_t i = 0; i < stage->n_items; i++) {
        const double delay_ms = pt_setting_draw(ctx, DELAY_MS, 1 + 3 * i);
        const double size = pt_setting_draw(ctx, SIZE, 2 + 3 * i);
        const bool positive = pt_setting_draw(ctx, POSITIVE, 3 + 3 * i) != 0.0;
        stage->value[i][DELAY] = floor(48.0 * delay_ms + 0.5);
        stage->value[i][GAIN] = positive ? size : -size;
    }
}

static void comb_filter(const pt_stage *stage, const float *x, size_t n, float *y) {
    size_t delay[PT_ITEMS_MAX], longest = 0;
    float gain[PT_ITEMS_MAX];
    double sum = 1.0;
    for (size_t i = 0; i < stage->n_items; i++) {
        delay[i] = (size_t)stage->value[i][DELAY];
        gain[i] = (float)stage->value[i][GAIN];
        sum += stage->value[i][GAIN] * stage->value[i][GAIN];
        longest = delay[i] > longest ? delay[i] : longest;
    }
    const float norm = (float)(1.0 / sqrt(sum));

    /* From the last sample to the first, so that y may be x. */
    const size_t head = longest < n ? longest : n;
    pt_dsp_ops_get_best()->delayed_sum(x + head, n - head, delay, gain, stage->n_items, norm,
                                       y + head);
    for (size_t k = head; k-- > 0;) { /* samples before the signal are 0 */
        float delayed = x[k];
        for (size_t i = 0; i < stage->n_items; i++)
            if (k >= delay[i]) delayed += gain[i] * x[k - delay[i]];
        y[k] = norm * delayed;
    }
}

static double comb_severity_value(const pt_stage *stage) {
    return fabs(stage->value[0][GAIN]);
}

static void comb_describe(const pt_stage *stage, pt_strbuf *out) {
    for (size_t i = 0; i < stage->n_items; i++) {
        const double gain = stage->value[i][GAIN];
        pt_strbuf_printf(out, "%s after %.3g ms at %.2f of the direct sound%s",
                         i == 0 ? "a reflection" : ", another", stage->value[i][DELAY] / 48.0,
                         fabs(gain), gain < 0.0 ? ", inverted" : "");
    }
}

const pt_effect pt_effect_comb = {
    .name = "comb",
    .summary = "one to three early reflections",
    .stream = 6,
    .plan = 5,
    .probability = 0.5,
    .effect_class = PT_EFFECT_FILTER,
    .list_name = "taps",
    .setting =
        {
            [TAPS] =
                PT_SETTING_CHOICE3("taps", "number of reflections", "1", 0.6, "2", 0.25, "3", 0.15),
            [DELAY_MS] = PT_SETTING_LOG_UNIFORM("delay_ms", "delay of a reflection",
                                                PT_WORSE_NEITHER, 1, 10, 0.02, 1000),
            [SIZE] =
                PT_SETTING_UNIFORM("size", "amplitude of a reflection relative to the direct sound",
                                   PT_WORSE_HIGHER, 0.5, 0.95, 0, 10),
            [POSITIVE] = PT_SETTING_PROBABILITY("positive",
                                                "share of reflections that are not inverted", 0.75),
        },
    .value =
        {
            [DELAY] = PT_DEFINE_INTEGER("delay", 1, PATINA_WINDOW_FRAMES),
            [GAIN] = PT_DEFINE_REAL("gain", -10, 10),
        },
    .primary = SIZE,
    .severity_value = comb_severity_value,
    .describe_stage = comb_describe,
    .draw = comb_draw,
    .filter = comb_filter,
};
