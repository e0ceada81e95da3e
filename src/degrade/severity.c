/* SPDX-License-Identifier: MIT */
/* severity.c - the values of the severities light, medium and heavy, and the list of all settings
 *
 * A severity is a position in every range of the suite, on the scale of the draw and towards the
 * end with more damage: 20 % for light, 50 % for medium, 85 % for heavy. A setting without such an
 * end (a delay, a frequency) takes the middle of its range, a choice its most likely value.
 */

#include "base/json_writer.h"
#include "base/strbuf.h"
#include "degrade/effect_config.h"

static const struct {
    const char *name;
    double position; /* in a range, towards the end with more damage */
} severities[PATINA_SEVERITY_COUNT] = {
    [PATINA_SEVERITY_LIGHT] = {"light", 0.20},
    [PATINA_SEVERITY_MEDIUM] = {"medium", 0.50},
    [PATINA_SEVERITY_HEAVY] = {"heavy", 0.85},
};

const char *patina_severity_name(patina_severity severity) {
    return (size_t)severity < PATINA_SEVERITY_COUNT ? severities[severity].name : "unknown";
}

/* The first choice of the largest weight. */
static size_t most_likely_choice(const pt_setting *setting, const double *v) {
    size_t best = 0;
    for (size_t w = 1; w < pt_setting_choice_count(setting); w++)
        if (v[w] > v[best]) best = w;
    return best;
}

double pt_setting_at_severity(const pt_setting *setting, const double *v,
                              patina_severity severity) {
    const double position = severities[severity].position;
    const double u = setting->worse == PT_WORSE_HIGHER  ? position
                     : setting->worse == PT_WORSE_LOWER ? 1.0 - position
                                                        : 0.5;
    switch (setting->distribution) {
    case PT_DIST_UNIFORM:
        return pt_draw_uniform(u, v[0], v[1]);
    case PT_DIST_LOG_UNIFORM:
        return pt_draw_log_uniform(u, v[0], v[1]);
    case PT_DIST_BERNOULLI:
        return v[0] >= 0.5 ? 1.0 : 0.0;
    case PT_DIST_CATEGORICAL:
        return (double)most_likely_choice(setting, v);
    case PT_DIST_NONE:
    default:
        return 0.0;
    }
}

/* ---- as text ---- */

/* Four digits: a position in a range is rarely a round number. */
static void add_number(pt_strbuf *out, double value) {
    pt_strbuf_printf(out, "%.4g", value);
}

static void add_severity_value(pt_strbuf *out, const pt_setting *setting, const double *v,
                               patina_severity s) {
    if (setting->distribution == PT_DIST_CATEGORICAL)
        pt_strbuf_append(out, setting->choice[(size_t)pt_setting_at_severity(setting, v, s)]);
    else
        add_number(out, pt_setting_at_severity(setting, v, s));
}

/* "200 to 500, log-uniform", "hard (0.6) or tanh (0.4)", "with probability 0.75" */
static void add_distribution(pt_strbuf *out, const pt_setting *setting, const double *v) {
    const size_t n = pt_setting_choice_count(setting);
    switch (setting->distribution) {
    case PT_DIST_CATEGORICAL:
        for (size_t w = 0; w < n; w++) {
            pt_strbuf_printf(out, "%s%s (",
                             w == 0      ? ""
                             : w + 1 < n ? ", "
                                         : " or ",
                             setting->choice[w]);
            pt_strbuf_printf(out, "%.3g)", v[w]);
        }
        break;
    case PT_DIST_BERNOULLI:
        pt_strbuf_append(out, "with probability ");
        add_number(out, v[0]);
        break;
    case PT_DIST_UNIFORM:
    case PT_DIST_LOG_UNIFORM:
    case PT_DIST_NONE:
    default:
        add_number(out, v[0]);
        pt_strbuf_append(out, " to ");
        add_number(out, v[1]);
        pt_strbuf_printf(out, ", %s", pt_distribution_name(setting->distribution));
        break;
    }
}

/* The values of light, medium and heavy; one value if they are equal. */
static void add_severities(pt_strbuf *out, const pt_setting *setting, const double *v) {
    if (setting->distribution == PT_DIST_CATEGORICAL ||
        setting->distribution == PT_DIST_BERNOULLI || setting->worse == PT_WORSE_NEITHER) {
        pt_strbuf_append(out, "always ");
        if (setting->distribution == PT_DIST_BERNOULLI)
            pt_strbuf_append(out, pt_setting_at_severity(setting, v, PATINA_SEVERITY_LIGHT) != 0.0
                                      ? "yes"
                                      : "no");
        else
            add_severity_value(out, setting, v, PATINA_SEVERITY_LIGHT);
        return;
    }
    for (size_t s = 0; s < PATINA_SEVERITY_COUNT; s++) {
        pt_strbuf_printf(out, "%s%s ", s ? ", " : "", severities[s].name);
        add_severity_value(out, setting, v, (patina_severity)s);
    }
}

char *patina_effects_describe(const patina_effect_config *config) {
    pt_strbuf out = {0};
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        const pt_effect *effect = pt_effects[e];
        pt_strbuf_printf(&out, "%s%s: %s; in ", e ? "\n" : "", effect->name, effect->summary);
        add_number(&out, 100.0 * config->probability[e]);
        pt_strbuf_append(&out, " % of degraded rows\n");
        for (size_t i = 0; effect->setting[i].distribution != PT_DIST_NONE; i++) {
            const pt_setting *setting = &effect->setting[i];
            const double *v = config->setting[e][i];
            pt_strbuf_printf(&out, "  %-17s %s\n      ", setting->name, setting->summary);
            add_distribution(&out, setting, v);
            pt_strbuf_append(&out, "; ");
            add_severities(&out, setting, v);
            pt_strbuf_append(&out, "\n");
        }
    }
    return pt_strbuf_detach(&out);
}

/* ---- as JSON ---- */

static void distribution_to_json(pt_strbuf *out, const pt_setting *setting, const double *v) {
    pt_strbuf_printf(out, "\"law\": \"%s\", ", pt_distribution_name(setting->distribution));
    if (setting->distribution == PT_DIST_CATEGORICAL) {
        for (size_t w = 0; w < pt_setting_choice_count(setting); w++) {
            pt_strbuf_printf(out, "%s\"%s\": ", w ? ", " : "\"words\": {", setting->choice[w]);
            pt_json_write_shortest(out, v[w]);
        }
        pt_strbuf_append(out, "}");
    } else if (setting->distribution == PT_DIST_BERNOULLI) {
        pt_strbuf_append(out, "\"share\": ");
        pt_json_write_shortest(out, v[0]);
    } else {
        pt_strbuf_append(out, "\"range\": [");
        pt_json_write_shortest(out, v[0]);
        pt_strbuf_append(out, ", ");
        pt_json_write_shortest(out, v[1]);
        pt_strbuf_append(out, "]");
    }
}

static void setting_spec_to_json(pt_strbuf *out, const pt_setting *setting, const double *v) {
    pt_strbuf_printf(out, "{\"name\": \"%s\", \"summary\": \"%s\", ", setting->name,
                     setting->summary);
    distribution_to_json(out, setting, v);
    for (size_t s = 0; s < PATINA_SEVERITY_COUNT; s++) {
        pt_strbuf_printf(out, ", \"%s\": ", severities[s].name);
        if (setting->distribution == PT_DIST_CATEGORICAL)
            pt_json_write_string(
                out,
                setting->choice[(size_t)pt_setting_at_severity(setting, v, (patina_severity)s)]);
        else
            pt_json_write_shortest(out, pt_setting_at_severity(setting, v, (patina_severity)s));
    }
    pt_strbuf_append(out, "}");
}

char *patina_effects_to_json(const patina_effect_config *config) {
    pt_strbuf out = {0};
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        const pt_effect *effect = pt_effects[e];
        pt_strbuf_printf(&out, "%s\n  {\"name\": \"%s\", \"summary\": \"%s\", \"probability\": ",
                         e ? "," : "[", effect->name, effect->summary);
        pt_json_write_shortest(&out, config->probability[e]);
        pt_strbuf_append(&out, ", \"parameters\": [");
        for (size_t i = 0; effect->setting[i].distribution != PT_DIST_NONE; i++) {
            pt_strbuf_append(&out, i ? ",\n    " : "\n    ");
            setting_spec_to_json(&out, &effect->setting[i], config->setting[e][i]);
        }
        pt_strbuf_append(&out, "\n  ]}");
    }
    pt_strbuf_append(&out, "\n]\n");
    return pt_strbuf_detach(&out);
}
