/* SPDX-License-Identifier: MIT */
/* eq_bands.c - a cascade of biquads */

#include "degrade/eq_bands.h"

#include <math.h>

static const pt_biquad_kind section_kind[] = {[PT_EQ_BAND_PEAK] = PT_BIQUAD_PEAKING,
                                              [PT_EQ_BAND_LOWPASS] = PT_BIQUAD_LOWPASS,
                                              [PT_EQ_BAND_HIGHSHELF] = PT_BIQUAD_HIGHSHELF};

void pt_eq_band_set(pt_stage *stage, size_t item, int kind, double f0_hz, double q,
                    double gain_db) {
    double *value = stage->value[item];
    value[PT_EQ_BAND_KIND] = kind;
    value[PT_EQ_BAND_F0] = f0_hz;
    value[PT_EQ_BAND_Q] = q;
    value[PT_EQ_BAND_GAIN_DB] = gain_db;
}

void pt_eq_bands_describe(const pt_stage *stage, pt_strbuf *out) {
    for (size_t i = 0; i < stage->n_items; i++) {
        const double *value = stage->value[i], gain_db = value[PT_EQ_BAND_GAIN_DB];
        const int kind = (int)value[PT_EQ_BAND_KIND];
        pt_strbuf_append(out, i ? ", " : "");
        if (kind == PT_EQ_BAND_LOWPASS)
            pt_strbuf_printf(out, "low-pass at %.0f Hz", value[PT_EQ_BAND_F0]);
        else
            pt_strbuf_printf(out, "%.3g dB %s %s %.0f Hz", fabs(gain_db),
                             gain_db < 0.0 ? "cut" : "boost",
                             kind == PT_EQ_BAND_PEAK ? "at" : "above", value[PT_EQ_BAND_F0]);
    }
}

size_t pt_eq_bands_biquads(const pt_stage *stage, pt_biquad section[PT_ITEMS_MAX]) {
    for (size_t i = 0; i < stage->n_items; i++) {
        const double *value = stage->value[i];
        section[i] =
            pt_biquad_design(section_kind[(size_t)value[PT_EQ_BAND_KIND]], PATINA_RATE_HZ,
                             value[PT_EQ_BAND_F0], value[PT_EQ_BAND_Q], value[PT_EQ_BAND_GAIN_DB]);
    }
    return stage->n_items;
}
