/* SPDX-License-Identifier: MIT */
/* effect_config.c - the table of effects, and their settings as JSON
 *
 *     {
 *       "clean": 0.05,
 *       "count": {"0": 0.05, "1": 0.6, "2": 0.35},       weights of the number of effects, or null
 *       "comb": {
 *         "probability": 0.5,
 *         "taps": {"1": 0.6, "2": 0.25, "3": 0.15},      weights of choices
 *         "delay_ms": [1, 10],                           range
 *         "positive": 0.75                               probability
 *       }, ...
 *     }
 */

#include "degrade/effect_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/json_load.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "degrade/json_snippet.h"

#define PT_EFFECT(name) &pt_effect_##name,
const pt_effect *const pt_effects[PT_EFFECT_COUNT] = {
#include "degrade/effects.def"
};

#define CLEAN 0.05 /* share of rows without an effect */

const pt_effect *pt_effect_find(const char *name) {
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
        if (strcmp(pt_effects[e]->name, name) == 0) return pt_effects[e];
    return NULL;
}

const char *pt_effect_list_names(void) {
#define PT_EFFECT(name) ", " #name
    static const char names[] =
#include "degrade/effects.def"
        ;
    return names + sizeof ", " - 1;
}

size_t pt_setting_choice_count(const pt_setting *setting) {
    return setting->choice[2] ? 3 : 2;
}

static void set_defaults(patina_effect_config *config) {
    config->clean = CLEAN;
    memset(config->count, 0, sizeof config->count);
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        config->probability[e] = pt_effects[e]->probability;
        for (size_t i = 0; i < PT_SETTINGS_MAX; i++)
            memcpy(config->setting[e][i], pt_effects[e]->setting[i].initial,
                   sizeof config->setting[e][i]);
    }
}

/* ---- reading ---- */

#define PATH_BYTES 128

/* "member 'comb.delay_ms' must be ..., not ..." */
static patina_status invalid_member(patina_error *err, const char *path, const json_t *found,
                                    const char *rule) {
    char text[PT_JSON_SNIPPET_BYTES];
    return pt_fail(err, PATINA_EFORMAT, "member '%s' must be %s, not %s", path, rule,
                   pt_json_snippet(found, text));
}

/** -0.0 as 0.0: it would be written as the integer -0, which is read as 0. */
static double number_of(const json_t *json) {
    return json_number_value(json) + 0.0;
}

static patina_status read_share(const char *path, const json_t *json, double *share,
                                patina_error *err) {
    const double v = number_of(json);
    if (!json_is_number(json) || !(v >= 0.0 && v <= 1.0))
        return invalid_member(err, path, json, "a number from 0 to 1");
    *share = v;
    return PATINA_OK;
}

static patina_status read_range(const char *path, const json_t *json, pt_limits limits,
                                double *range, patina_error *err) {
    const json_t *low = json_array_get(json, 0), *high = json_array_get(json, 1);
    const double v[2] = {number_of(low), number_of(high)};
    if (json_array_size(json) != 2 || !json_is_number(low) || !json_is_number(high) ||
        !(v[0] >= limits.min && v[0] <= v[1] && v[1] <= limits.max)) {
        char rule[128];
        pt_snprintf(rule, sizeof rule, "[low, high] with %g <= low <= high <= %g", limits.min,
                    limits.max);
        return invalid_member(err, path, json, rule);
    }
    memcpy(range, v, sizeof v);
    return PATINA_OK;
}

static patina_status read_weights(const char *path, const json_t *json, const pt_setting *setting,
                                  double *weights, patina_error *err) {
    const size_t n = pt_setting_choice_count(setting);
    double v[PT_CHOICES_MAX] = {0}, sum = 0.0;
    bool good = json_object_size(json) == n;
    for (size_t w = 0; w < n; w++) {
        const json_t *weight = json_object_get(json, setting->choice[w]);
        v[w] = number_of(weight);
        sum += v[w];
        good = good && json_is_number(weight) && v[w] >= 0.0;
    }
    if (!good || !(sum > 0.0 && sum <= 1e6)) {
        char rule[192];
        snprintf(rule, sizeof rule,
                 "an object with a weight for each of '%s', '%s'%s%s%s, none below 0, and with a "
                 "sum above 0 and up to 1e6",
                 setting->choice[0], setting->choice[1], n == 3 ? ", '" : "",
                 n == 3 ? setting->choice[2] : "", n == 3 ? "'" : "");
        return invalid_member(err, path, json, rule);
    }
    memcpy(weights, v, sizeof v);
    return PATINA_OK;
}

/* Numbers without a weight have weight 0. */
static patina_status read_count(const json_t *json, patina_effect_config *config,
                                patina_error *err) {
    double weights[PT_EFFECT_COUNT + 1] = {0}, sum = 0.0;
    size_t n_known = 0;
    bool good = true;
    if (!json_is_null(json))
        for (size_t n = 0; n <= PT_EFFECT_COUNT; n++) {
            char name[8];
            snprintf(name, sizeof name, "%zu", n);
            const json_t *weight = json_object_get(json, name);
            if (!weight) continue;
            weights[n] = number_of(weight);
            sum += weights[n];
            good = good && json_is_number(weight) && weights[n] >= 0.0;
            n_known++;
        }
    if (!json_is_null(json) &&
        (!good || json_object_size(json) != n_known || !(sum > 0.0 && sum <= 1e6))) {
        char rule[160];
        snprintf(rule, sizeof rule,
                 "null, or an object with weights of the numbers '0' to '%d', none below 0, and "
                 "with a sum above 0 and up to 1e6",
                 PT_EFFECT_COUNT);
        return invalid_member(err, "count", json, rule);
    }
    memcpy(config->count, weights, sizeof weights);
    return PATINA_OK;
}

double pt_effect_config_count_sum(const patina_effect_config *config) {
    double sum = 0.0;
    for (size_t n = 0; n <= PT_EFFECT_COUNT; n++)
        sum += config->count[n];
    return sum;
}

/* A row cannot have more effects than have a probability. */
static patina_status check_count(const patina_effect_config *config, patina_error *err) {
    size_t n_possible = 0;
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
        n_possible += config->probability[e] > 0.0;
    for (size_t n = n_possible + 1; n <= PT_EFFECT_COUNT; n++)
        if (config->count[n] > 0.0)
            return pt_fail(err, PATINA_EFORMAT,
                           "member 'count' has a weight for %zu effects, but only %zu have a "
                           "probability above 0",
                           n, n_possible);
    return PATINA_OK;
}

static patina_status read_setting(const char *path, const json_t *json, const pt_setting *setting,
                                  double *v, patina_error *err) {
    switch (setting->distribution) {
    case PT_DIST_CATEGORICAL:
        return read_weights(path, json, setting, v, err);
    case PT_DIST_BERNOULLI:
        return read_share(path, json, v, err);
    case PT_DIST_UNIFORM:
    case PT_DIST_LOG_UNIFORM:
    case PT_DIST_NONE:
    default:
        return read_range(path, json, setting->limits, v, err);
    }
}

/* "unknown member 'comb.tap'; the members of comb are probability, taps ..." */
static patina_status unknown_member(patina_error *err, const char *member,
                                    const pt_effect *effect) {
    pt_strbuf known = {0};
    pt_strbuf_append(&known, effect ? "probability" : "clean, count");
    for (size_t i = 0; effect && effect->setting[i].distribution != PT_DIST_NONE; i++)
        pt_strbuf_printf(&known, ", %s", effect->setting[i].name);
    for (size_t e = 0; !effect && e < PT_EFFECT_COUNT; e++)
        pt_strbuf_printf(&known, ", %s", pt_effects[e]->name);
    const patina_status status =
        pt_fail(err, PATINA_EFORMAT, "unknown member '%s%s%.64s'; the members of %s are %s",
                effect ? effect->name : "", effect ? "." : "", member,
                effect ? effect->name : "a suite", known.text ? known.text : "others");
    pt_strbuf_release(&known);
    return status;
}

static patina_status read_effect(json_t *json, size_t e, patina_effect_config *config,
                                 patina_error *err) {
    const pt_effect *effect = pt_effects[e];
    const char *name;
    json_t *member;
    if (!json_is_object(json)) return invalid_member(err, effect->name, json, "an object");

    json_object_foreach(json, name, member) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s.%.64s", effect->name, name);
        if (strcmp(name, "probability") == 0) {
            PT_TRY(read_share(path, member, &config->probability[e], err));
            continue;
        }
        const pt_setting *setting = effect->setting;
        while (setting->distribution != PT_DIST_NONE && strcmp(setting->name, name) != 0)
            setting++;
        if (setting->distribution == PT_DIST_NONE) return unknown_member(err, name, effect);
        double *v = config->setting[e][setting - effect->setting];
        PT_TRY(read_setting(path, member, setting, v, err));
    }
    return PATINA_OK;
}

static patina_status read_suite(json_t *json, patina_effect_config *config, patina_error *err) {
    const char *name;
    json_t *member;
    if (!json_is_object(json)) return pt_fail(err, PATINA_EFORMAT, "a suite must be a JSON object");

    json_object_foreach(json, name, member) {
        size_t e = 0;
        if (strcmp(name, "clean") == 0) {
            PT_TRY(read_share(name, member, &config->clean, err));
            continue;
        }
        if (strcmp(name, "count") == 0) {
            PT_TRY(read_count(member, config, err));
            continue;
        }
        while (e < PT_EFFECT_COUNT && strcmp(pt_effects[e]->name, name) != 0)
            e++;
        if (e == PT_EFFECT_COUNT) return unknown_member(err, name, NULL);
        PT_TRY(read_effect(member, e, config, err));
    }
    return check_count(config, err);
}

static patina_status parse_suite(const char *text, patina_effect_config *config,
                                 patina_error *err) {
    json_error_t where;
    json_t *json = pt_json_load_text(text, JSON_REJECT_DUPLICATES, &where);
    if (!json) return pt_json_fail(err, "line %d: %s", where.line, where.text);
    const patina_status status = read_suite(json, config, err);
    json_decref(json);
    return status;
}

patina_status pt_effect_config_parse(const char *json, patina_effect_config *config,
                                     patina_error *err) {
    set_defaults(config);
    return json ? parse_suite(json, config, err) : PATINA_OK;
}

patina_status patina_effect_config_open(const char *json, patina_effect_config **out,
                                        patina_error *err) {
    patina_effect_config *config = calloc(1, sizeof *config);
    if (!config) return pt_fail(err, PATINA_ENOMEM, "out of memory for an effect configuration");

    pt_irfft_plan_init(&config->irfft);
    const patina_status status = pt_effect_config_parse(json, config, err);
    if (status == PATINA_OK)
        *out = config;
    else
        patina_effect_config_close(&config);
    return status;
}

void patina_effect_config_close(patina_effect_config **config) {
    if (!config || !*config) return;
    free(*config);
    *config = NULL;
}

/* ---- printing ---- */

static void setting_to_json(pt_strbuf *out, const pt_setting *setting, const double *v) {
    switch (setting->distribution) {
    case PT_DIST_CATEGORICAL:
        for (size_t w = 0; w < pt_setting_choice_count(setting); w++) {
            pt_strbuf_printf(out, "%s\"%s\": ", w == 0 ? "{" : ", ", setting->choice[w]);
            pt_json_write_shortest(out, v[w]);
        }
        pt_strbuf_append(out, "}");
        break;
    case PT_DIST_BERNOULLI:
        pt_json_write_shortest(out, v[0]);
        break;
    case PT_DIST_UNIFORM:
    case PT_DIST_LOG_UNIFORM:
    case PT_DIST_NONE:
    default:
        pt_strbuf_append(out, "[");
        pt_json_write_shortest(out, v[0]);
        pt_strbuf_append(out, ", ");
        pt_json_write_shortest(out, v[1]);
        pt_strbuf_append(out, "]");
        break;
    }
}

static void count_to_json(pt_strbuf *out, const patina_effect_config *config) {
    const char *separator = "{";
    for (size_t n = 0; n <= PT_EFFECT_COUNT; n++) {
        if (!(config->count[n] > 0.0)) continue;
        pt_strbuf_printf(out, "%s\"%zu\": ", separator, n);
        pt_json_write_shortest(out, config->count[n]);
        separator = ", ";
    }
    pt_strbuf_append(out, pt_effect_config_count_sum(config) > 0.0 ? "}" : "null");
}

char *patina_effect_config_to_json(const patina_effect_config *config) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "{\n  \"clean\": ");
    pt_json_write_shortest(&out, config->clean);
    pt_strbuf_append(&out, ",\n  \"count\": ");
    count_to_json(&out, config);
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        const pt_setting *setting = pt_effects[e]->setting;
        pt_strbuf_printf(&out, ",\n  \"%s\": {\n    \"probability\": ", pt_effects[e]->name);
        pt_json_write_shortest(&out, config->probability[e]);
        for (size_t i = 0; setting[i].distribution != PT_DIST_NONE; i++) {
            pt_strbuf_printf(&out, ",\n    \"%s\": ", setting[i].name);
            setting_to_json(&out, &setting[i], config->setting[e][i]);
        }
        pt_strbuf_append(&out, "\n  }");
    }
    pt_strbuf_append(&out, "\n}\n");
    return pt_strbuf_detach(&out);
}

const char *pt_distribution_name(pt_distribution distribution) {
    static const char *const names[] = {[PT_DIST_NONE] = "",
                                        [PT_DIST_UNIFORM] = "uniform",
                                        [PT_DIST_LOG_UNIFORM] = "log-uniform",
                                        [PT_DIST_CATEGORICAL] = "weights",
                                        [PT_DIST_BERNOULLI] = "share"};
    return names[distribution];
}

static void describe_setting(pt_strbuf *out, const pt_setting *setting) {
    pt_strbuf_printf(out, "  %-18s %s, %s", setting->name, setting->summary,
                     pt_distribution_name(setting->distribution));
    if (setting->distribution == PT_DIST_UNIFORM || setting->distribution == PT_DIST_LOG_UNIFORM) {
        pt_strbuf_append(out, " within ");
        pt_json_write_shortest(out, setting->limits.min);
        pt_strbuf_append(out, " to ");
        pt_json_write_shortest(out, setting->limits.max);
    }
    pt_strbuf_append(out, "; ");
    setting_to_json(out, setting, setting->initial);
    pt_strbuf_append(out, "\n");
}

char *patina_effect_config_describe(void) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "clean: share of rows without any effect, 0 to 1; ");
    pt_json_write_shortest(&out, CLEAN);
    pt_strbuf_append(&out,
                     "\ncount: weights of the number of effects in a row, or null: each effect is "
                     "drawn with its probability; null\n"
                     "       With weights, clean is not used, and the effects of a row are drawn "
                     "with their probabilities as weights.\n");
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        const pt_effect *effect = pt_effects[e];
        pt_strbuf_printf(&out, "\n%s: %s\n", effect->name, effect->summary);
        pt_strbuf_append(&out,
                         "  probability        of the effect in a row that is not clean, 0 to 1; ");
        pt_json_write_shortest(&out, effect->probability);
        pt_strbuf_append(&out, "\n");
        for (size_t i = 0; effect->setting[i].distribution != PT_DIST_NONE; i++)
            describe_setting(&out, &effect->setting[i]);
    }
    return pt_strbuf_detach(&out);
}
