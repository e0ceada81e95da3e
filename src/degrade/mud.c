/* SPDX-License-Identifier: MIT */
/* mud.c - a low-mid boost and a treble roll-off, like those of a covered microphone or a small
 * room */

#include <math.h>

#include "degrade/eq_bands.h"

/* Settings. The two kinds of roll-off share the draw of their frequency. */
enum { BOOST_HZ, BOOST_DB, BOOST_Q, ROLL_OFF, LOWPASS_HZ, HIGHSHELF_HZ, CUT_DB };
enum { LOWPASS, HIGHSHELF };

static void mud_draw(const pt_draw_ctx *ctx, pt_stage *stage) {
    const double f0_hz = pt_setting_draw(ctx, BOOST_HZ, 0);
    const double gain_db = pt_setting_draw(ctx, BOOST_DB, 1);
    const double q = pt_setting_draw(ctx, BOOST_Q, 2);

    stage->n_items = 2;
    pt_eq_band_set(stage, 0, PT_EQ_BAND_PEAK, f0_hz, q, gain_db);
    if ((int)pt_setting_draw(ctx, ROLL_OFF, 3) == LOWPASS)
        pt_eq_band_set(stage, 1, PT_EQ_BAND_LOWPASS, pt_setting_draw(ctx, LOWPASS_HZ, 4), M_SQRT1_2,
                       0.0);
    else
        pt_eq_band_set(stage, 1, PT_EQ_BAND_HIGHSHELF, pt_setting_draw(ctx, HIGHSHELF_HZ, 4),
                       M_SQRT1_2, -pt_setting_draw(ctx, CUT_DB, 5));
}

static double mud_severity_value(const pt_stage *stage) {
    return stage->value[0][PT_EQ_BAND_GAIN_DB];
}

const pt_effect pt_effect_mud = {
    .name = "mud",
    .summary = "a low-mid boost and a treble roll-off",
    .stream = 4,
    .plan = 3,
    .probability = 0.5,
    .effect_class = PT_EFFECT_FILTER,
    .list_name = "bands",
    .setting =
        {
            [BOOST_HZ] = PT_SETTING_LOG_UNIFORM("boost_hz", "centre of the boost", PT_WORSE_NEITHER,
                                                200, 500, PT_EQ_BAND_F0_LIMITS),
            [BOOST_DB] = PT_SETTING_UNIFORM("boost_db", "gain of the boost", PT_WORSE_HIGHER, 6, 18,
                                            PT_EQ_BAND_GAIN_DB_LIMITS),
            [BOOST_Q] = PT_SETTING_LOG_UNIFORM("boost_q", "Q of the boost", PT_WORSE_LOWER, 0.5,
                                               1.5, PT_EQ_BAND_Q_LIMITS),
            [ROLL_OFF] = PT_SETTING_CHOICE2("roll_off", "kind of the roll-off", "lowpass", 0.7,
                                            "highshelf", 0.3),
            [LOWPASS_HZ] = PT_SETTING_LOG_UNIFORM("lowpass_hz", "corner of a low-pass",
                                                  PT_WORSE_LOWER, 2000, 8000, PT_EQ_BAND_F0_LIMITS),
            [HIGHSHELF_HZ] =
                PT_SETTING_LOG_UNIFORM("highshelf_hz", "mid frequency of a high shelf",
                                       PT_WORSE_LOWER, 2000, 6000, PT_EQ_BAND_F0_LIMITS),
            [CUT_DB] = PT_SETTING_UNIFORM("highshelf_cut_db", "attenuation of a high shelf",
                                          PT_WORSE_HIGHER, 9, 24, PT_EQ_BAND_GAIN_DB_LIMITS),
        },
    .value = PT_EQ_BAND_VALUES,
    .primary = BOOST_DB,
    .severity_value = mud_severity_value,
    .describe_stage = pt_eq_bands_describe,
    .draw = mud_draw,
    .biquads = pt_eq_bands_biquads,
};
