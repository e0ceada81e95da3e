/* SPDX-License-Identifier: MIT */
/* sibilance.c - narrow boosts in the range of s sounds, like those of a harsh microphone */

#include "degrade/eq_bands.h"

enum { BANDS, F0_HZ, Q, FIRST_DB, OTHER_DB }; /* settings */

static void sibilance_draw(const pt_draw_ctx *ctx, pt_stage *stage) {
    stage->n_items = 1 + (size_t)pt_setting_draw(ctx, BANDS, 0);
    for (size_t i = 0; i < stage->n_items; i++) {
        const double f0_hz = pt_setting_draw(ctx, F0_HZ, 1 + 3 * i);
        const double q = pt_setting_draw(ctx, Q, 2 + 3 * i);
        const double gain_db = pt_setting_draw(ctx, i == 0 ? FIRST_DB : OTHER_DB, 3 + 3 * i);
        pt_eq_band_set(stage, i, PT_EQ_BAND_PEAK, f0_hz, q, gain_db);
    }
}

static double sibilance_severity_value(const pt_stage *stage) {
    return stage->value[0][PT_EQ_BAND_GAIN_DB];
}

const pt_effect pt_effect_sibilance = {
    .name = "sibilance",
    .summary = "one to three narrow boosts in the treble",
    .stream = 7,
    .plan = 6,
    .probability = 0.5,
    .effect_class = PT_EFFECT_FILTER,
    .list_name = "bands",
    .setting =
        {
            [BANDS] = PT_SETTING_CHOICE3("bands", "number of boosts", "1", 0.5, "2", 0.3, "3", 0.2),
            [F0_HZ] = PT_SETTING_UNIFORM("f0_hz", "centre of a boost", PT_WORSE_NEITHER, 5000, 8000,
                                         PT_EQ_BAND_F0_LIMITS),
            [Q] = PT_SETTING_LOG_UNIFORM("q", "Q of a boost", PT_WORSE_LOWER, 4, 12,
                                         PT_EQ_BAND_Q_LIMITS),
            [FIRST_DB] = PT_SETTING_UNIFORM("first_db", "gain of the first boost", PT_WORSE_HIGHER,
                                            6, 18, PT_EQ_BAND_GAIN_DB_LIMITS),
            [OTHER_DB] = PT_SETTING_UNIFORM("other_db", "gain of the other boosts", PT_WORSE_HIGHER,
                                            3, 9, PT_EQ_BAND_GAIN_DB_LIMITS),
        },
    .value = PT_EQ_BAND_VALUES,
    .primary = FIRST_DB,
    .severity_value = sibilance_severity_value,
    .describe_stage = pt_eq_bands_describe,
    .draw = sibilance_draw,
    .biquads = pt_eq_bands_biquads,
};
