/* SPDX-License-Identifier: MIT */
/* effect_config.h - what a suite holds: the settings of every effect, and the tables of the noise transform */

#ifndef PATINA_DEGRADE_EFFECT_CONFIG_H
#define PATINA_DEGRADE_EFFECT_CONFIG_H

#include "degrade/effect.h"

_Static_assert(PT_IRFFT_N_MAX >= PATINA_WINDOW_FRAMES, "noise of a whole window is one transform");

struct patina_effect_config {
    double clean; /* share of rows without an effect */
    double probability[PT_EFFECT_COUNT];
    double setting[PT_EFFECT_COUNT][PT_SETTINGS_MAX][PT_CHOICES_MAX];
    pt_irfft_plan irfft;
};

/** The settings of a suite as patina_effect_config_open reads them, without the transforms. */
patina_status pt_effect_config_parse(const char *json, patina_effect_config *config,
                                     patina_error *err);

/** How many words a setting of weights has, and what a law is called in print. */
size_t pt_setting_choice_count(const pt_setting *setting);
const char *pt_distribution_name(pt_distribution distribution);

/** What a setting with the values v comes to at a severity. */
double pt_setting_at_severity(const pt_setting *setting, const double *v, patina_severity severity);

/** All names, for messages: "comb, mud, ..." */
const char *pt_effect_list_names(void);

/** The effect of this name, NULL if there is none. */
const pt_effect *pt_effect_find(const char *name);

#endif /* PATINA_DEGRADE_EFFECT_CONFIG_H */
