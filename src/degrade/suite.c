/* SPDX-License-Identifier: MIT */
/* suite.c - the table of effects, and their settings as JSON
 *
 *     {
 *       "clean": 0.05,
 *       "comb": {
 *         "probability": 0.5,
 *         "taps": {"1": 0.6, "2": 0.25, "3": 0.15},      weights, by word
 *         "delay_ms": [1, 10],                           range
 *         "positive": 0.75                               share
 *       }, ...
 *     }
 */

#include "degrade/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/c_locale.h"
#include "base/json_text.h"
#include "base/str.h"
#include "degrade/json_excerpt.h"

const pt_effect *const pt_effects[PT_EFFECTS] = {
    &pt_effect_comb,  &pt_effect_mud,  &pt_effect_sibilance,
    &pt_effect_noise, &pt_effect_clip, &pt_effect_pops,
};

#define CLEAN       0.05 /* share of rows without an effect */
#define PROBABILITY 0.5  /* of each effect in the others */

const pt_effect *pt_effect_find(const char *name) {
    for (size_t e = 0; e < PT_EFFECTS; e++)
        if (strcmp(pt_effects[e]->name, name) == 0) return pt_effects[e];
    return NULL;
}

const char *pt_effect_list(char text[PT_EFFECT_LIST]) {
    for (size_t e = 0, n = 0; e < PT_EFFECTS; e++)
        n += (size_t)snprintf(text + n, PT_EFFECT_LIST - n, "%s%s", e ? ", " : "",
                              pt_effects[e]->name);
    return text;
}

size_t pt_setting_words(const pt_setting *setting) {
    return setting->word[2] ? 3 : 2;
}

static void set_defaults(pt_suite *suite) {
    suite->clean = CLEAN;
    for (size_t e = 0; e < PT_EFFECTS; e++) {
        suite->probability[e] = PROBABILITY;
        for (size_t i = 0; i < PT_SETTINGS_MAX; i++)
            memcpy(suite->setting[e][i], pt_effects[e]->setting[i].initial,
                   sizeof suite->setting[e][i]);
    }
}

/* ---- reading ---- */

#define PATH_BYTES 128

/* "member 'comb.delay_ms' must be ..., not ..." */
static pt_status must_be(pt_error *err, const char *path, const json_t *found, const char *rule) {
    char text[PT_JSON_EXCERPT];
    return pt_fail(err, PT_EFORMAT, "member '%s' must be %s, not %s", path, rule,
                   pt_json_excerpt(found, text));
}

static pt_status read_share(const char *path, const json_t *json, double *share, pt_error *err) {
    const double v = json_number_value(json);
    if (!json_is_number(json) || !(v >= 0.0 && v <= 1.0))
        return must_be(err, path, json, "a number from 0 to 1");
    *share = v;
    return PT_OK;
}

static pt_status read_range(const char *path, const json_t *json, pt_limits limits, double *range,
                            pt_error *err) {
    const json_t *low = json_array_get(json, 0), *high = json_array_get(json, 1);
    const double v[2] = {json_number_value(low), json_number_value(high)};
    if (json_array_size(json) != 2 || !json_is_number(low) || !json_is_number(high) ||
        !(v[0] >= limits.least && v[0] <= v[1] && v[1] <= limits.most)) {
        char rule[128];
        pt_snprintf(rule, sizeof rule, "[low, high] with %g <= low <= high <= %g", limits.least,
                    limits.most);
        return must_be(err, path, json, rule);
    }
    memcpy(range, v, sizeof v);
    return PT_OK;
}

static pt_status read_weights(const char *path, const json_t *json, const pt_setting *setting,
                              double *weights, pt_error *err) {
    const size_t n = pt_setting_words(setting);
    double v[PT_WORDS_MAX] = {0}, sum = 0.0;
    bool good = json_object_size(json) == n;
    for (size_t w = 0; w < n; w++) {
        const json_t *weight = json_object_get(json, setting->word[w]);
        v[w] = json_number_value(weight);
        sum += v[w];
        good = good && json_is_number(weight) && v[w] >= 0.0;
    }
    if (!good || !(sum > 0.0 && sum <= 1e6)) {
        char rule[192];
        snprintf(rule, sizeof rule,
                 "an object with a weight for each of '%s', '%s'%s%s%s, each 0 or more, some above "
                 "0, at most 1e6 together",
                 setting->word[0], setting->word[1], n == 3 ? ", '" : "",
                 n == 3 ? setting->word[2] : "", n == 3 ? "'" : "");
        return must_be(err, path, json, rule);
    }
    memcpy(weights, v, sizeof v);
    return PT_OK;
}

static pt_status read_setting(const char *path, const json_t *json, const pt_setting *setting,
                              double *v, pt_error *err) {
    switch (setting->law) {
    case PT_LAW_PICK:
        return read_weights(path, json, setting, v, err);
    case PT_LAW_SHARE:
        return read_share(path, json, v, err);
    case PT_LAW_UNIFORM:
    case PT_LAW_LOG:
    case PT_LAW_NONE:
    default:
        return read_range(path, json, setting->limits, v, err);
    }
}

/* "there is no member 'comb.tap', comb has probability, taps ..." */
static pt_status unknown_member(pt_error *err, const char *member, const pt_effect *effect) {
    pt_str known = {0};
    pt_str_add(&known, effect ? "probability" : "clean");
    for (size_t i = 0; effect && effect->setting[i].law != PT_LAW_NONE; i++)
        pt_str_printf(&known, ", %s", effect->setting[i].name);
    for (size_t e = 0; !effect && e < PT_EFFECTS; e++)
        pt_str_printf(&known, ", %s", pt_effects[e]->name);
    const pt_status status =
        pt_fail(err, PT_EFORMAT, "there is no member '%s%s%.64s', %s has %s",
                effect ? effect->name : "", effect ? "." : "", member,
                effect ? effect->name : "a suite", known.text ? known.text : "others");
    pt_str_release(&known);
    return status;
}

static pt_status read_effect(json_t *json, size_t e, pt_suite *suite, pt_error *err) {
    const pt_effect *effect = pt_effects[e];
    const char *name;
    json_t *member;
    if (!json_is_object(json)) return must_be(err, effect->name, json, "an object");

    json_object_foreach(json, name, member) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s.%.64s", effect->name, name);
        if (strcmp(name, "probability") == 0) {
            PT_TRY(read_share(path, member, &suite->probability[e], err));
            continue;
        }
        const pt_setting *setting = effect->setting;
        while (setting->law != PT_LAW_NONE && strcmp(setting->name, name) != 0)
            setting++;
        if (setting->law == PT_LAW_NONE) return unknown_member(err, name, effect);
        double *v = suite->setting[e][setting - effect->setting];
        PT_TRY(read_setting(path, member, setting, v, err));
    }
    return PT_OK;
}

static pt_status read_suite(json_t *json, pt_suite *suite, pt_error *err) {
    const char *name;
    json_t *member;
    if (!json_is_object(json)) return pt_fail(err, PT_EFORMAT, "a suite is one JSON object");

    json_object_foreach(json, name, member) {
        size_t e = 0;
        if (strcmp(name, "clean") == 0) {
            PT_TRY(read_share(name, member, &suite->clean, err));
            continue;
        }
        while (e < PT_EFFECTS && strcmp(pt_effects[e]->name, name) != 0)
            e++;
        if (e == PT_EFFECTS) return unknown_member(err, name, NULL);
        PT_TRY(read_effect(member, e, suite, err));
    }
    return PT_OK;
}

static pt_status parse_suite(const char *text, pt_suite *suite, pt_error *err) {
    json_error_t where;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!json) return pt_fail(err, PT_EFORMAT, "line %d: %s", where.line, where.text);
    const pt_status status = read_suite(json, suite, err);
    json_decref(json);
    return status;
}

pt_status pt_suite_read(const char *json, pt_suite *suite, pt_error *err) {
    set_defaults(suite);
    return json ? parse_suite(json, suite, err) : PT_OK;
}

pt_status pt_suite_open(const char *json, pt_suite **out, pt_error *err) {
    pt_suite *suite = calloc(1, sizeof *suite);
    if (!suite) return pt_fail(err, PT_ENOMEM, "no memory for a suite");

    pt_status status = pt_suite_read(json, suite, err);
    for (size_t f = 0; f < PT_SUITE_FFTS && status == PT_OK; f++)
        status = pt_fft_open((size_t)PT_SUITE_FFT_MIN << f, &suite->fft[f], err);
    if (status == PT_OK)
        *out = suite;
    else
        pt_suite_close(&suite);
    return status;
}

void pt_suite_close(pt_suite **suite) {
    if (!suite || !*suite) return;
    for (size_t f = 0; f < PT_SUITE_FFTS; f++)
        pt_fft_close(&(*suite)->fft[f]);
    free(*suite);
    *suite = NULL;
}

/* ---- printing ---- */

static void print_setting(pt_str *out, const pt_setting *setting, const double *v) {
    switch (setting->law) {
    case PT_LAW_PICK:
        for (size_t w = 0; w < pt_setting_words(setting); w++) {
            pt_str_printf(out, "%s\"%s\": ", w == 0 ? "{" : ", ", setting->word[w]);
            pt_json_add_shortest(out, v[w]);
        }
        pt_str_add(out, "}");
        break;
    case PT_LAW_SHARE:
        pt_json_add_shortest(out, v[0]);
        break;
    case PT_LAW_UNIFORM:
    case PT_LAW_LOG:
    case PT_LAW_NONE:
    default:
        pt_str_add(out, "[");
        pt_json_add_shortest(out, v[0]);
        pt_str_add(out, ", ");
        pt_json_add_shortest(out, v[1]);
        pt_str_add(out, "]");
        break;
    }
}

char *pt_suite_print(const pt_suite *suite) {
    pt_str out = {0};
    pt_str_add(&out, "{\n  \"clean\": ");
    pt_json_add_shortest(&out, suite->clean);
    for (size_t e = 0; e < PT_EFFECTS; e++) {
        const pt_setting *setting = pt_effects[e]->setting;
        pt_str_printf(&out, ",\n  \"%s\": {\n    \"probability\": ", pt_effects[e]->name);
        pt_json_add_shortest(&out, suite->probability[e]);
        for (size_t i = 0; setting[i].law != PT_LAW_NONE; i++) {
            pt_str_printf(&out, ",\n    \"%s\": ", setting[i].name);
            print_setting(&out, &setting[i], suite->setting[e][i]);
        }
        pt_str_add(&out, "\n  }");
    }
    pt_str_add(&out, "\n}\n");
    return pt_str_steal(&out);
}

const char *pt_law_name(pt_law law) {
    static const char *const names[] = {[PT_LAW_NONE] = "",
                                        [PT_LAW_UNIFORM] = "uniform",
                                        [PT_LAW_LOG] = "log-uniform",
                                        [PT_LAW_PICK] = "weights",
                                        [PT_LAW_SHARE] = "share"};
    return names[law];
}

static void describe_setting(pt_str *out, const pt_setting *setting) {
    pt_str_printf(out, "  %-18s %s, %s", setting->name, setting->summary,
                  pt_law_name(setting->law));
    if (setting->law == PT_LAW_UNIFORM || setting->law == PT_LAW_LOG) {
        pt_str_add(out, " within ");
        pt_json_add_shortest(out, setting->limits.least);
        pt_str_add(out, " to ");
        pt_json_add_shortest(out, setting->limits.most);
    }
    pt_str_add(out, "; ");
    print_setting(out, setting, setting->initial);
    pt_str_add(out, "\n");
}

char *pt_suite_describe(void) {
    pt_str out = {0};
    pt_str_add(&out, "clean: share of rows without any effect, 0 to 1; ");
    pt_json_add_shortest(&out, CLEAN);
    pt_str_add(&out, "\n");
    for (size_t e = 0; e < PT_EFFECTS; e++) {
        const pt_effect *effect = pt_effects[e];
        pt_str_printf(&out, "\n%s: %s\n", effect->name, effect->summary);
        pt_str_add(&out, "  probability        of the effect in a row that is not clean, 0 to 1; ");
        pt_json_add_shortest(&out, PROBABILITY);
        pt_str_add(&out, "\n");
        for (size_t i = 0; effect->setting[i].law != PT_LAW_NONE; i++)
            describe_setting(&out, &effect->setting[i]);
    }
    return pt_str_steal(&out);
}
