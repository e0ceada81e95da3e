/* SPDX-License-Identifier: MIT */
/* severity.c - what "light", "medium" and "heavy" make of each setting, and all settings in print
 *
 * A severity is a place in every range of the suite, counted towards what is worse along the scale
 * of the draw: 20 % of the way for light, 50 % for medium, 85 % for heavy. What is neither better
 * nor worse (a delay, a pitch) stays in the middle; words and numbers of things take the likeliest.
 */

#include "base/json_text.h"
#include "base/str.h"
#include "degrade/suite.h"

static const struct {
    const char *name;
    double place; /* in a range, towards the worse end */
} severities[PT_SEVERITY_COUNT] = {
    [PT_SEVERITY_LIGHT] = {"light", 0.20},
    [PT_SEVERITY_MEDIUM] = {"medium", 0.50},
    [PT_SEVERITY_HEAVY] = {"heavy", 0.85},
};

const char *pt_severity_name(pt_severity severity) {
    return (size_t)severity < PT_SEVERITY_COUNT ? severities[severity].name : "unknown";
}

/* The first of the greatest weights. */
static size_t likeliest(const pt_setting *setting, const double *v) {
    size_t best = 0;
    for (size_t w = 1; w < pt_setting_words(setting); w++)
        if (v[w] > v[best]) best = w;
    return best;
}

double pt_setting_at(const pt_setting *setting, const double *v, pt_severity severity) {
    const double place = severities[severity].place;
    const double u = setting->worse == PT_HIGHER  ? place
                     : setting->worse == PT_LOWER ? 1.0 - place
                                                  : 0.5;
    switch (setting->law) {
    case PT_LAW_UNIFORM:
        return pt_draw_uniform(u, v[0], v[1]);
    case PT_LAW_LOG:
        return pt_draw_log(u, v[0], v[1]);
    case PT_LAW_SHARE:
        return v[0] >= 0.5 ? 1.0 : 0.0;
    case PT_LAW_PICK:
        return (double)likeliest(setting, v);
    case PT_LAW_NONE:
    default:
        return 0.0;
    }
}

/* ---- what there is, for people ---- */

/* A number of four digits at most: what a place in a range comes to need not be a round one. */
static void add_number(pt_str *out, double value) {
    pt_str_printf(out, "%.4g", value);
}

static void add_taken(pt_str *out, const pt_setting *setting, const double *v, pt_severity s) {
    if (setting->law == PT_LAW_PICK)
        pt_str_add(out, setting->word[(size_t)pt_setting_at(setting, v, s)]);
    else
        add_number(out, pt_setting_at(setting, v, s));
}

/* "200 to 500, log-uniform", "hard (0.6) or tanh (0.4)", "with probability 0.75" */
static void add_range(pt_str *out, const pt_setting *setting, const double *v) {
    const size_t n = pt_setting_words(setting);
    switch (setting->law) {
    case PT_LAW_PICK:
        for (size_t w = 0; w < n; w++) {
            pt_str_printf(out, "%s%s (", w == 0 ? "" : w + 1 < n ? ", " : " or ", setting->word[w]);
            pt_str_printf(out, "%.3g)", v[w]);
        }
        break;
    case PT_LAW_SHARE:
        pt_str_add(out, "with probability ");
        add_number(out, v[0]);
        break;
    case PT_LAW_UNIFORM:
    case PT_LAW_LOG:
    case PT_LAW_NONE:
    default:
        add_number(out, v[0]);
        pt_str_add(out, " to ");
        add_number(out, v[1]);
        pt_str_printf(out, ", %s", pt_law_name(setting->law));
        break;
    }
}

/* What light, medium and heavy take; one value where all take the same. */
static void add_severities(pt_str *out, const pt_setting *setting, const double *v) {
    if (setting->law == PT_LAW_PICK || setting->law == PT_LAW_SHARE ||
        setting->worse == PT_NEITHER) {
        pt_str_add(out, "always ");
        if (setting->law == PT_LAW_SHARE)
            pt_str_add(out, pt_setting_at(setting, v, PT_SEVERITY_LIGHT) != 0.0 ? "yes" : "no");
        else
            add_taken(out, setting, v, PT_SEVERITY_LIGHT);
        return;
    }
    for (size_t s = 0; s < PT_SEVERITY_COUNT; s++) {
        pt_str_printf(out, "%s%s ", s ? ", " : "", severities[s].name);
        add_taken(out, setting, v, (pt_severity)s);
    }
}

char *pt_effects_describe(const pt_suite *suite) {
    pt_str out = {0};
    for (size_t e = 0; e < PT_EFFECTS; e++) {
        const pt_effect *effect = pt_effects[e];
        pt_str_printf(&out, "%s%s: %s; in ", e ? "\n" : "", effect->name, effect->summary);
        add_number(&out, 100.0 * suite->probability[e]);
        pt_str_add(&out, " % of the damaged rows\n");
        for (size_t i = 0; effect->setting[i].law != PT_LAW_NONE; i++) {
            const pt_setting *setting = &effect->setting[i];
            const double *v = suite->setting[e][i];
            pt_str_printf(&out, "  %-17s %s\n      ", setting->name, setting->summary);
            add_range(&out, setting, v);
            pt_str_add(&out, "; ");
            add_severities(&out, setting, v);
            pt_str_add(&out, "\n");
        }
    }
    return pt_str_steal(&out);
}

/* ---- and for programs ---- */

static void print_drawn(pt_str *out, const pt_setting *setting, const double *v) {
    pt_str_printf(out, "\"law\": \"%s\", ", pt_law_name(setting->law));
    if (setting->law == PT_LAW_PICK) {
        for (size_t w = 0; w < pt_setting_words(setting); w++) {
            pt_str_printf(out, "%s\"%s\": ", w ? ", " : "\"words\": {", setting->word[w]);
            pt_json_add_shortest(out, v[w]);
        }
        pt_str_add(out, "}");
    } else if (setting->law == PT_LAW_SHARE) {
        pt_str_add(out, "\"share\": ");
        pt_json_add_shortest(out, v[0]);
    } else {
        pt_str_add(out, "\"range\": [");
        pt_json_add_shortest(out, v[0]);
        pt_str_add(out, ", ");
        pt_json_add_shortest(out, v[1]);
        pt_str_add(out, "]");
    }
}

static void print_parameter(pt_str *out, const pt_setting *setting, const double *v) {
    pt_str_printf(out, "{\"name\": \"%s\", \"summary\": \"%s\", ", setting->name, setting->summary);
    print_drawn(out, setting, v);
    for (size_t s = 0; s < PT_SEVERITY_COUNT; s++) {
        pt_str_printf(out, ", \"%s\": ", severities[s].name);
        if (setting->law == PT_LAW_PICK)
            pt_json_add_string(out,
                               setting->word[(size_t)pt_setting_at(setting, v, (pt_severity)s)]);
        else
            pt_json_add_shortest(out, pt_setting_at(setting, v, (pt_severity)s));
    }
    pt_str_add(out, "}");
}

char *pt_effects_print(const pt_suite *suite) {
    pt_str out = {0};
    for (size_t e = 0; e < PT_EFFECTS; e++) {
        const pt_effect *effect = pt_effects[e];
        pt_str_printf(&out, "%s\n  {\"name\": \"%s\", \"summary\": \"%s\", \"probability\": ",
                      e ? "," : "[", effect->name, effect->summary);
        pt_json_add_shortest(&out, suite->probability[e]);
        pt_str_add(&out, ", \"parameters\": [");
        for (size_t i = 0; effect->setting[i].law != PT_LAW_NONE; i++) {
            pt_str_add(&out, i ? ",\n    " : "\n    ");
            print_parameter(&out, &effect->setting[i], suite->setting[e][i]);
        }
        pt_str_add(&out, "\n  ]}");
    }
    pt_str_add(&out, "\n]\n");
    return pt_str_steal(&out);
}
