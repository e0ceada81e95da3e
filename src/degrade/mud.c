/* SPDX-License-Identifier: MIT */
/* mud.c - a low-mid boost and dull treble, as of a covered microphone or a small room */

#include <math.h>

#include "degrade/bands.h"

/* Settings. One draw places the roll-off whichever its kind. */
enum { BOOST_HZ, BOOST_DB, BOOST_Q, ROLL_OFF, LOWPASS_HZ, HIGHSHELF_HZ, CUT_DB };
enum { LOWPASS, HIGHSHELF };

static void mud_draw(const pt_drawing *drawing, pt_stage *stage) {
    const double f0_hz = pt_drawing_take(drawing, BOOST_HZ, 0);
    const double gain_db = pt_drawing_take(drawing, BOOST_DB, 1);
    const double q = pt_drawing_take(drawing, BOOST_Q, 2);

    stage->n_items = 2;
    pt_band_set(stage, 0, PT_BAND_PEAK, f0_hz, q, gain_db);
    if ((int)pt_drawing_take(drawing, ROLL_OFF, 3) == LOWPASS)
        pt_band_set(stage, 1, PT_BAND_LOWPASS, pt_drawing_take(drawing, LOWPASS_HZ, 4), M_SQRT1_2,
                    0.0);
    else
        pt_band_set(stage, 1, PT_BAND_HIGHSHELF, pt_drawing_take(drawing, HIGHSHELF_HZ, 4),
                    M_SQRT1_2, -pt_drawing_take(drawing, CUT_DB, 5));
}

static double mud_extent(const pt_stage *stage) {
    return stage->value[0][PT_BAND_GAIN_DB];
}

const pt_effect pt_effect_mud = {
    .name = "mud",
    .summary = "a low-mid boost and a treble roll-off",
    .stream = PT_STREAM_MUD,
    .plan = 3,
    .nature = PT_FILTER,
    .list = "bands",
    .setting =
        {
            [BOOST_HZ] =
                PT_LOG("boost_hz", "centre of the boost", PT_NEITHER, 200, 500, PT_BAND_F0_LIMITS),
            [BOOST_DB] = PT_UNIFORM("boost_db", "gain of the boost", PT_HIGHER, 6, 18,
                                    PT_BAND_GAIN_DB_LIMITS),
            [BOOST_Q] = PT_LOG("boost_q", "Q of the boost", PT_LOWER, 0.5, 1.5, PT_BAND_Q_LIMITS),
            [ROLL_OFF] =
                PT_PICK2("roll_off", "kind of the roll-off", "lowpass", 0.7, "highshelf", 0.3),
            [LOWPASS_HZ] = PT_LOG("lowpass_hz", "corner of a low-pass", PT_LOWER, 2000, 8000,
                                  PT_BAND_F0_LIMITS),
            [HIGHSHELF_HZ] = PT_LOG("highshelf_hz", "middle of a high shelf", PT_LOWER, 2000, 6000,
                                    PT_BAND_F0_LIMITS),
            [CUT_DB] = PT_UNIFORM("highshelf_cut_db", "by how much a high shelf lowers", PT_HIGHER,
                                  9, 24, PT_BAND_GAIN_DB_LIMITS),
        },
    .value = PT_BAND_VALUES,
    .main = BOOST_DB,
    .extent = mud_extent,
    .tell = pt_bands_tell,
    .draw = mud_draw,
    .filter = pt_bands_filter,
};
