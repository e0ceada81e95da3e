/* SPDX-License-Identifier: MIT */
/* suite.h - what a suite holds: the settings of every effect, and transform plans */

#ifndef PATINA_DEGRADE_SUITE_H
#define PATINA_DEGRADE_SUITE_H

#include "degrade/effect.h"

#define PT_SUITE_FFT_MIN 65536
#define PT_SUITE_FFTS    4 /* 65536 to 524288, the first that holds PT_WINDOW_FRAMES */

struct pt_suite {
    double clean; /* share of rows without an effect */
    double probability[PT_EFFECTS];
    double setting[PT_EFFECTS][PT_SETTINGS_MAX][PT_WORDS_MAX];
    pt_fft *fft[PT_SUITE_FFTS];
};

/** The settings of a suite as pt_suite_open reads them, without the transforms. */
pt_status pt_suite_read(const char *json, pt_suite *suite, pt_error *err);

/** How many words a setting of weights has, and what a law is called in print. */
size_t pt_setting_words(const pt_setting *setting);
const char *pt_law_name(pt_law law);

/** What a setting with the values v comes to at a severity. */
double pt_setting_at(const pt_setting *setting, const double *v, pt_severity severity);

#define PT_EFFECT_LIST 64

/** All names, for messages: "comb, mud, ..." */
const char *pt_effect_list(char text[PT_EFFECT_LIST]);

/** The effect of this name, NULL if there is none. */
const pt_effect *pt_effect_find(const char *name);

#endif /* PATINA_DEGRADE_SUITE_H */
