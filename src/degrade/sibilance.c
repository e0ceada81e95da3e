/* SPDX-License-Identifier: MIT */
/* sibilance.c - narrow boosts where an s hisses, as of a harsh microphone or a bad exciter */

#include "degrade/bands.h"

enum { BANDS, F0_HZ, Q, FIRST_DB, OTHER_DB }; /* settings */

static void sibilance_draw(const pt_drawing *drawing, pt_stage *stage) {
    stage->n_items = 1 + (size_t)pt_drawing_take(drawing, BANDS, 0);
    for (size_t i = 0; i < stage->n_items; i++) {
        const double f0_hz = pt_drawing_take(drawing, F0_HZ, 1 + 3 * i);
        const double q = pt_drawing_take(drawing, Q, 2 + 3 * i);
        const double gain_db = pt_drawing_take(drawing, i == 0 ? FIRST_DB : OTHER_DB, 3 + 3 * i);
        pt_band_set(stage, i, PT_BAND_PEAK, f0_hz, q, gain_db);
    }
}

static double sibilance_extent(const pt_stage *stage) {
    return stage->value[0][PT_BAND_GAIN_DB];
}

const pt_effect pt_effect_sibilance = {
    .name = "sibilance",
    .summary = "one to three narrow boosts in the treble",
    .stream = PT_STREAM_SIBILANCE,
    .plan = 6,
    .nature = PT_FILTER,
    .list = "bands",
    .setting =
        {
            [BANDS] = PT_PICK3("bands", "number of boosts", "1", 0.5, "2", 0.3, "3", 0.2),
            [F0_HZ] =
                PT_UNIFORM("f0_hz", "centre of a boost", PT_NEITHER, 5000, 8000, PT_BAND_F0_LIMITS),
            [Q] = PT_LOG("q", "Q of a boost", PT_LOWER, 4, 12, PT_BAND_Q_LIMITS),
            [FIRST_DB] = PT_UNIFORM("first_db", "gain of the first boost", PT_HIGHER, 6, 18,
                                    PT_BAND_GAIN_DB_LIMITS),
            [OTHER_DB] = PT_UNIFORM("other_db", "gain of the boosts after it", PT_HIGHER, 3, 9,
                                    PT_BAND_GAIN_DB_LIMITS),
        },
    .value = PT_BAND_VALUES,
    .main = FIRST_DB,
    .extent = sibilance_extent,
    .tell = pt_bands_tell,
    .draw = sibilance_draw,
    .filter = pt_bands_filter,
};
