/* SPDX-License-Identifier: MIT */
/* hum.c - mains hum: a sine at a drawn level. The effect that extension.py adds to the program. */

#include <math.h>

#include "degrade/effect.h"

enum { FREQ, SNR_DB }; /* values, and settings */
enum { HZ_50, HZ_60 };

#define SNR_DB_LIMITS -60, 120

static void hum_add(const pt_stage *stage, pt_additive_ctx *ctx, patina_stage_stats *stats) {
    (void)stats;
    const double *value = stage->value[0];
    const double hz = value[FREQ] == HZ_50 ? 50.0 : 60.0;
    const double amplitude =
        sqrt(2.0 * pt_additive_ctx_signal_power(ctx) / pow(10.0, value[SNR_DB] / 10.0));
    for (size_t first = 0; first < ctx->n; first += PT_BLOCK_SIZE) {
        const size_t n = pt_block_length(first, ctx->n);
        float sine[PT_BLOCK_SIZE];
        for (size_t i = 0; i < n; i++)
            sine[i] =
                (float)(amplitude * sin(2.0 * M_PI * hz * (double)(first + i) / PATINA_RATE_HZ));
        pt_additive_ctx_add(ctx, first, sine, n);
    }
}

static double hum_severity_value(const pt_stage *stage) {
    return stage->value[0][SNR_DB];
}

static void hum_describe(const pt_stage *stage, pt_strbuf *out) {
    const double *value = stage->value[0];
    pt_strbuf_printf(out, "hum at %s Hz %.3g dB below the signal",
                     value[FREQ] == HZ_50 ? "50" : "60", value[SNR_DB]);
}

const pt_effect pt_effect_hum = {
    .name = "hum",
    .summary = "mains hum",
    .stream = 32,
    .plan = 7,
    .probability = 0,
    .effect_class = PT_EFFECT_ADDITIVE,
    .setting =
        {
            [FREQ] = PT_SETTING_CHOICE2("freq", "mains frequency in Hz", "50", 0.5, "60", 0.5),
            [SNR_DB] = PT_SETTING_UNIFORM("snr_db", "signal-to-hum ratio", PT_WORSE_LOWER, 10, 40,
                                          SNR_DB_LIMITS),
        },
    .value =
        {
            [FREQ] = PT_DEFINE_CHOICE("freq", "50", "60"),
            [SNR_DB] = PT_DEFINE_REAL("snr_db", SNR_DB_LIMITS),
        },
    .primary = SNR_DB,
    .severity_value = hum_severity_value,
    .describe_stage = hum_describe,
    .add = hum_add,
};
