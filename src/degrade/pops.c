/* SPDX-License-Identifier: MIT */
/* pops.c - the same click or boop once a second, like that of a clock slip in a digital link
 *
 * A click is a step up and back, a boop a short damped tone. The level is relative to the loudest
 * sample at the stage's input, so that pops are audible in quiet and loud excerpts alike.
 */

#include <math.h>

#include "degrade/effect.h"
#include "dsp/stats.h"

enum { SHAPE, OFFSET, LEVEL_DB, POLARITY, WIDTH, FREQ }; /* values */
enum { CLICK, BOOP };
enum { KINDS, LEVELS_DB, POSITIVE, CLICK_MS, BOOP_MS, BOOP_HZ }; /* settings */

#define LEVEL_DB_LIMITS -120, 60
#define WIDTH_MS_LIMITS 0.001, 1000 /* at most up to the next pop */
#define FREQ_LIMITS     1, 23999

#define PERIOD 48000 /* samples, exactly one second */
#define DECAY  5.0   /* a boop decays by exp(-5), 43 dB, over its width */

static void pops_draw(const pt_draw_ctx *ctx, pt_stage *stage) {
    double *value = stage->value[0];
    const size_t n_offsets = ctx->n_samples < PERIOD ? ctx->n_samples : PERIOD;
    const int shape = (int)pt_setting_draw(ctx, KINDS, 0);
    const double width_ms = pt_setting_draw(ctx, shape == CLICK ? CLICK_MS : BOOP_MS, 4);

    stage->n_items = 1;
    value[SHAPE] = shape;
    value[OFFSET] = floor(pt_rng_uniform(&ctx->rng, 1) * (double)n_offsets);
    value[LEVEL_DB] = pt_setting_draw(ctx, LEVELS_DB, 2);
    value[POLARITY] = pt_setting_draw(ctx, POSITIVE, 3) != 0.0 ? 1.0 : -1.0;
    value[WIDTH] = fmax(1.0, floor(48.0 * width_ms + 0.5));
    if (shape == BOOP) value[FREQ] = pt_setting_draw(ctx, BOOP_HZ, 5);
}

/* One pop, truncated to length samples. */
static void synthesize_pop(const double *value, double amplitude, float *waveform, size_t length) {
    for (size_t i = 0; i < length; i++) {
        const double k = (double)i;
        waveform[i] = (float)(value[SHAPE] == CLICK
                                  ? amplitude
                                  : amplitude * sin(2.0 * M_PI * value[FREQ] * k / PATINA_RATE_HZ) *
                                        exp(-DECAY * k / value[WIDTH]));
    }
}

/* The first pop is truncated least, so the others are copies of it. */
static void pops_add(const pt_stage *stage, pt_additive_ctx *ctx, patina_stage_stats *stats) {
    const double *value = stage->value[0];
    const size_t width = (size_t)value[WIDTH]; /* <= PERIOD, for which there is room in work */
    const double amplitude =
        (double)pt_additive_ctx_peak(ctx) * pow(10.0, value[LEVEL_DB] / 20.0) * value[POLARITY];
    float *waveform = ctx->work;

    stats->count = 0;
    for (size_t start = (size_t)value[OFFSET]; start < ctx->n; start += PERIOD) {
        const size_t length = width < ctx->n - start ? width : ctx->n - start;
        if (stats->count++ == 0) synthesize_pop(value, amplitude, waveform, length);
        pt_additive_ctx_add(ctx, start, waveform, length);
    }
}

static double pops_severity_value(const pt_stage *stage) {
    return stage->value[0][LEVEL_DB];
}

static void pops_describe(const pt_stage *stage, pt_strbuf *out) {
    const double *value = stage->value[0];
    pt_strbuf_printf(out, "a %s of %.2g ms", value[SHAPE] == CLICK ? "click" : "boop",
                     value[WIDTH] / 48.0);
    if (value[SHAPE] == BOOP) pt_strbuf_printf(out, " at %.0f Hz", value[FREQ]);
    pt_strbuf_printf(out, " once a second, %.2g dB %s the loudest sample", fabs(value[LEVEL_DB]),
                     value[LEVEL_DB] < 0.0 ? "below" : "above");
}

const pt_effect pt_effect_pops = {
    .name = "pops",
    .summary = "a click or a boop once a second",
    .stream = 2,
    .plan = 1,
    .probability = 0.5,
    .effect_class = PT_EFFECT_ADDITIVE,
    .has_count = true,
    .setting =
        {
            [KINDS] = PT_SETTING_CHOICE2("shape", "shape of the pops", "click", 0.5, "boop", 0.5),
            [LEVELS_DB] = PT_SETTING_UNIFORM("level_db", "level relative to the loudest sample",
                                             PT_WORSE_HIGHER, -18, 3, LEVEL_DB_LIMITS),
            [POSITIVE] =
                PT_SETTING_PROBABILITY("positive", "share of pops with positive polarity", 0.5),
            [CLICK_MS] = PT_SETTING_LOG_UNIFORM("click_ms", "width of a click", PT_WORSE_HIGHER,
                                                1.0 / 48.0, 5, WIDTH_MS_LIMITS),
            [BOOP_MS] = PT_SETTING_UNIFORM("boop_ms", "width of a boop", PT_WORSE_HIGHER, 5, 30,
                                           WIDTH_MS_LIMITS),
            [BOOP_HZ] = PT_SETTING_LOG_UNIFORM("boop_hz", "frequency of a boop", PT_WORSE_NEITHER,
                                               50, 1000, FREQ_LIMITS),
        },
    .value =
        {
            [SHAPE] = PT_DEFINE_CHOICE("shape", "click", "boop"),
            [OFFSET] = PT_DEFINE_INTEGER("offset", 0, PATINA_WINDOW_FRAMES),
            [LEVEL_DB] = PT_DEFINE_REAL("level_db", LEVEL_DB_LIMITS),
            [POLARITY] = PT_DEFINE_SIGN("polarity"),
            [WIDTH] = PT_DEFINE_INTEGER("width", 1, PERIOD),
            [FREQ] = PT_DEFINE_REAL_IF(1U << BOOP, "freq", FREQ_LIMITS),
        },
    .primary = LEVELS_DB,
    .severity_value = pops_severity_value,
    .describe_stage = pops_describe,
    .draw = pops_draw,
    .add = pops_add,
};
