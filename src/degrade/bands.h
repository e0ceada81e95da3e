/* SPDX-License-Identifier: MIT */
/* bands.h - what the effects that are equalisers share: a list of cookbook sections */

#ifndef PATINA_DEGRADE_BANDS_H
#define PATINA_DEGRADE_BANDS_H

#include "degrade/effect.h"

enum { PT_BAND_KIND, PT_BAND_F0, PT_BAND_Q, PT_BAND_GAIN_DB }; /* values of a band */
enum { PT_BAND_PEAK, PT_BAND_LOWPASS, PT_BAND_HIGHSHELF };     /* kinds */

/* What a band can do, for suites and recipes alike. */
#define PT_BAND_F0_LIMITS      1, 23999
#define PT_BAND_Q_LIMITS       0.01, 1000
#define PT_BAND_GAIN_DB_LIMITS -60, 60

#define PT_BAND_VALUES                                                                             \
    {                                                                                              \
        [PT_BAND_KIND] = PT_WORDS("kind", "peak", "lowpass", "highshelf"),                         \
        [PT_BAND_F0] = PT_REAL("f0", PT_BAND_F0_LIMITS),                                           \
        [PT_BAND_Q] = PT_REAL("q", PT_BAND_Q_LIMITS),                                              \
        [PT_BAND_GAIN_DB] = PT_REAL_WITH(1U << PT_BAND_PEAK | 1U << PT_BAND_HIGHSHELF, "gain_db",  \
                                         PT_BAND_GAIN_DB_LIMITS),                                  \
    }

void pt_band_set(pt_stage *stage, size_t item, int kind, double f0_hz, double q, double gain_db);

/** The bands in words. */
void pt_bands_tell(const pt_stage *stage, pt_str *out);

/** The bands in series. */
void pt_bands_filter(const pt_stage *stage, double *x, size_t n);

#endif /* PATINA_DEGRADE_BANDS_H */
