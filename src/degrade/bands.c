/* SPDX-License-Identifier: MIT */
/* bands.c - a stage's bands as a cascade of biquads */

#include "degrade/bands.h"

#include <math.h>

#include "dsp/biquad.h"

static const pt_biquad_kind section_kind[] = {[PT_BAND_PEAK] = PT_BIQUAD_PEAK,
                                              [PT_BAND_LOWPASS] = PT_BIQUAD_LOWPASS,
                                              [PT_BAND_HIGHSHELF] = PT_BIQUAD_HIGHSHELF};

void pt_band_set(pt_stage *stage, size_t item, int kind, double f0_hz, double q, double gain_db) {
    double *value = stage->value[item];
    value[PT_BAND_KIND] = kind;
    value[PT_BAND_F0] = f0_hz;
    value[PT_BAND_Q] = q;
    value[PT_BAND_GAIN_DB] = gain_db;
}

void pt_bands_tell(const pt_stage *stage, pt_str *out) {
    for (size_t i = 0; i < stage->n_items; i++) {
        const double *value = stage->value[i], gain_db = value[PT_BAND_GAIN_DB];
        const int kind = (int)value[PT_BAND_KIND];
        pt_str_add(out, i ? ", " : "");
        if (kind == PT_BAND_LOWPASS)
            pt_str_printf(out, "low-pass at %.0f Hz", value[PT_BAND_F0]);
        else
            pt_str_printf(out, "%.3g dB %s %s %.0f Hz", fabs(gain_db),
                          gain_db < 0.0 ? "less" : "more",
                          kind == PT_BAND_PEAK ? "around" : "above", value[PT_BAND_F0]);
    }
}

void pt_bands_filter(const pt_stage *stage, double *x, size_t n) {
    pt_biquad section[PT_ITEMS_MAX];
    for (size_t i = 0; i < stage->n_items; i++) {
        const double *value = stage->value[i];
        section[i] = pt_biquad_design(section_kind[(size_t)value[PT_BAND_KIND]], PT_RATE_HZ,
                                      value[PT_BAND_F0], value[PT_BAND_Q], value[PT_BAND_GAIN_DB]);
    }
    pt_biquad_run(section, stage->n_items, x, n);
}
