/* SPDX-License-Identifier: MIT */
/* effect_config.h - the settings of all effects, and the tables of the noise transform */

#ifndef PATINA_DEGRADE_EFFECT_CONFIG_H
#define PATINA_DEGRADE_EFFECT_CONFIG_H

#include "degrade/effect.h"

_Static_assert(PT_IRFFT_N_MAX >= PATINA_WINDOW_FRAMES, "noise of a whole window is one transform");

struct patina_effect_config {
    double clean;                      /* share of rows without an effect */
    double count[PT_EFFECT_COUNT + 1]; /* weights of 0, 1, .. effects in a row; all 0: not used */
    double probability[PT_EFFECT_COUNT];
    double setting[PT_EFFECT_COUNT][PT_SETTINGS_MAX][PT_CHOICES_MAX];
    pt_irfft_plan irfft;
};

/** The settings that patina_effect_config_open reads, without the tables of the transform. */
patina_status pt_effect_config_parse(const char *json, patina_effect_config *config,
                                     patina_error *err);

/** The number of choices of a categorical setting, and the name of a distribution. */
size_t pt_setting_choice_count(const pt_setting *setting);
const char *pt_distribution_name(pt_distribution distribution);

/** The value of a setting at a severity; v as in patina_effect_config. */
double pt_setting_at_severity(const pt_setting *setting, const double *v, patina_severity severity);

/** All names, for messages: "comb, mud, ..." */
const char *pt_effect_list_names(void);

/** Whether the suite draws the number of effects, with weights of this sum; 0: it does not. */
double pt_effect_config_count_sum(const patina_effect_config *config);

/** The effect of this name, NULL if there is none. */
const pt_effect *pt_effect_find(const char *name);

#endif /* PATINA_DEGRADE_EFFECT_CONFIG_H */
