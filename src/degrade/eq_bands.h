/* SPDX-License-Identifier: MIT */
/* eq_bands.h - a list of Audio EQ Cookbook biquads, for the effects that are equalisers */

#ifndef PATINA_DEGRADE_EQ_BANDS_H
#define PATINA_DEGRADE_EQ_BANDS_H

#include "degrade/effect.h"

enum { PT_EQ_BAND_KIND, PT_EQ_BAND_F0, PT_EQ_BAND_Q, PT_EQ_BAND_GAIN_DB }; /* values of a band */
enum { PT_EQ_BAND_PEAK, PT_EQ_BAND_LOWPASS, PT_EQ_BAND_HIGHSHELF };        /* kinds */

/* Limits of a band, for suites and recipes. */
#define PT_EQ_BAND_F0_LIMITS      1, 23999
#define PT_EQ_BAND_Q_LIMITS       0.01, 1000
#define PT_EQ_BAND_GAIN_DB_LIMITS -60, 60

#define PT_EQ_BAND_VALUES                                                                          \
    {                                                                                              \
        [PT_EQ_BAND_KIND] = PT_DEFINE_CHOICE("kind", "peak", "lowpass", "highshelf"),              \
        [PT_EQ_BAND_F0] = PT_DEFINE_REAL("f0", PT_EQ_BAND_F0_LIMITS),                              \
        [PT_EQ_BAND_Q] = PT_DEFINE_REAL("q", PT_EQ_BAND_Q_LIMITS),                                 \
        [PT_EQ_BAND_GAIN_DB] =                                                                     \
            PT_DEFINE_REAL_IF(1U << PT_EQ_BAND_PEAK | 1U << PT_EQ_BAND_HIGHSHELF, "gain_db",       \
                              PT_EQ_BAND_GAIN_DB_LIMITS),                                          \
    }

void pt_eq_band_set(pt_stage *stage, size_t item, int kind, double f0_hz, double q, double gain_db);

/** describe_stage of such an effect. */
void pt_eq_bands_describe(const pt_stage *stage, pt_strbuf *out);

/** biquads of such an effect: the bands in series. */
size_t pt_eq_bands_biquads(const pt_stage *stage, pt_biquad section[PT_ITEMS_MAX]);

#endif /* PATINA_DEGRADE_EQ_BANDS_H */
