/* SPDX-License-Identifier: MIT */
/* recipe.c - chains as JSON and back, and what applying one derived
 *
 *     [{"fx": "comb", "taps": [{"delay": 240, "gain": 0.90000000000000002}]},
 *      {"fx": "clip", "kind": "hard", "fraction": 0.050000000000000003}]
 *
 * Written on one line. Seventeen digits bring every real back to its last bit.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/c_locale.h"
#include "base/json_text.h"
#include "base/str.h"
#include "degrade/chain.h"
#include "degrade/json_excerpt.h"

/* Whether an item has this value: some go with certain words of the first one only. */
static bool has_value(const pt_value *value, const double *item) {
    return value->only_with == 0 || (value->only_with >> (unsigned)item[0] & 1U);
}

/* ---- printing ---- */

static void print_item(pt_str *out, const pt_effect *effect, const double *item,
                       const char *separator) {
    for (size_t i = 0; i < PT_VALUES_MAX && effect->value[i].kind != PT_VALUE_NONE; i++) {
        const pt_value *value = &effect->value[i];
        if (!has_value(value, item)) continue;
        pt_str_printf(out, "%s\"%s\": ", separator, value->name);
        separator = ", ";
        if (value->kind == PT_VALUE_WORD)
            pt_str_printf(out, "\"%s\"", value->word[(size_t)item[i]]);
        else if (value->kind == PT_VALUE_REAL)
            pt_json_add_real(out, item[i], PT_DIGITS_DOUBLE);
        else
            pt_str_printf(out, "%d", (int)item[i]);
    }
}

char *pt_chain_print(const pt_chain *chain) {
    pt_str out = {0};
    pt_str_add(&out, "[");
    for (size_t s = 0; s < chain->n_stages; s++) {
        const pt_stage *stage = &chain->stage[s];
        const pt_effect *effect = stage->effect;
        pt_str_printf(&out, "%s{\"fx\": \"%s\"", s ? ", " : "", effect->name);
        if (!effect->list) print_item(&out, effect, stage->value[0], ", ");
        if (effect->list) pt_str_printf(&out, ", \"%s\": [", effect->list);
        for (size_t k = 0; effect->list && k < stage->n_items; k++) {
            pt_str_add(&out, k ? ", {" : "{");
            print_item(&out, effect, stage->value[k], "");
            pt_str_add(&out, "}");
        }
        pt_str_add(&out, effect->list ? "]}" : "}");
    }
    pt_str_add(&out, "]");
    return pt_str_steal(&out);
}

char *pt_chain_tell(const pt_chain *chain) {
    pt_str out = {0};
    pt_str_add(&out, "");
    for (size_t s = 0; s < chain->n_stages; s++) {
        const pt_stage *stage = &chain->stage[s];
        pt_str_printf(&out, "%s%s: ", s ? "\n" : "", stage->effect->name);
        stage->effect->tell(stage, &out);
    }
    return pt_str_steal(&out);
}

char *pt_damage_print(const pt_damage *damage) {
    pt_str out = {0};
    pt_str_add(&out, "[");
    for (size_t s = 0; s < damage->n_stages; s++) {
        const pt_stage_damage *stage = &damage->stage[s];
        const pt_effect *effect = pt_effect_find(stage->effect);
        pt_str_printf(&out, "%s{\"fx\": \"%s\"", s ? ", " : "", stage->effect);
        if (effect && effect->nature == PT_NONLINEAR) {
            pt_str_add(&out, ", \"threshold\": ");
            pt_json_add_real(&out, stage->threshold, PT_DIGITS_DOUBLE);
            pt_str_add(&out, ", \"bussgang_gain\": ");
            pt_json_add_real(&out, stage->bussgang_gain, PT_DIGITS_DOUBLE);
        }
        if (effect && effect->has_count) pt_str_printf(&out, ", \"count\": %zu", stage->count);
        pt_str_add(&out, "}");
    }
    pt_str_add(&out, "]");
    return pt_str_steal(&out);
}

/* ---- reading ---- */

/* What a value may be, for a message. */
static void describe(const pt_value *value, char *text, size_t size) {
    switch (value->kind) {
    case PT_VALUE_WORD:
        snprintf(text, size, "'%s'%s '%s'%s%s%s", value->word[0], value->word[2] ? "," : " or",
                 value->word[1], value->word[2] ? " or '" : "",
                 value->word[2] ? value->word[2] : "", value->word[2] ? "'" : "");
        break;
    case PT_VALUE_SIGN:
        snprintf(text, size, "1 or -1");
        break;
    case PT_VALUE_REAL:
    case PT_VALUE_INTEGER:
    case PT_VALUE_NONE:
    default:
        pt_snprintf(text, size, "%s from %g to %g",
                    value->kind == PT_VALUE_INTEGER ? "an integer" : "a number",
                    value->limits.least, value->limits.most);
        break;
    }
}

/* Whether json is such a value; *v gets it. An integer may be written as 240.0. */
static bool read_value(const json_t *json, const pt_value *value, double *v) {
    *v = json_number_value(json);
    switch (value->kind) {
    case PT_VALUE_WORD:
        for (size_t w = 0; w < PT_WORDS_MAX && value->word[w]; w++)
            if (json_is_string(json) && strcmp(json_string_value(json), value->word[w]) == 0) {
                *v = (double)w;
                return true;
            }
        return false;
    case PT_VALUE_SIGN:
        return json_is_number(json) && fabs(*v) == 1.0;
    case PT_VALUE_INTEGER:
        if (*v != floor(*v)) return false;
        /* fallthrough */
    case PT_VALUE_REAL:
    case PT_VALUE_NONE:
    default:
        return json_is_number(json) && *v >= value->limits.least && *v <= value->limits.most;
    }
}

static pt_status read_item(const json_t *json, const pt_effect *effect, double *item,
                           pt_error *err) {
    for (size_t i = 0; i < PT_VALUES_MAX && effect->value[i].kind != PT_VALUE_NONE; i++) {
        const pt_value *value = &effect->value[i];
        const json_t *member = json_object_get(json, value->name);
        if (!has_value(value, item) || read_value(member, value, &item[i])) continue;

        char rule[128], found[PT_JSON_EXCERPT];
        describe(value, rule, sizeof rule);
        return pt_fail(err, PT_EFORMAT, "member '%s' must be %s, not %s", value->name, rule,
                       pt_json_excerpt(member, found));
    }
    return PT_OK;
}

static pt_status read_list(const json_t *json, pt_stage *stage, pt_error *err) {
    const char *name = stage->effect->list;
    const json_t *list = json_object_get(json, name);
    stage->n_items = json_array_size(list);
    if (stage->n_items < 1 || stage->n_items > PT_ITEMS_MAX) {
        stage->n_items = 0;
        return pt_fail(err, PT_EFORMAT, "member '%s' must be an array of 1 to %d objects", name,
                       PT_ITEMS_MAX);
    }
    for (size_t k = 0; k < stage->n_items; k++) {
        const pt_status status =
            read_item(json_array_get(list, k), stage->effect, stage->value[k], err);
        if (status != PT_OK) pt_error_in(err, "%s[%zu]", name, k);
        PT_TRY(status);
    }
    return PT_OK;
}

static pt_status unknown_effect(const json_t *fx, pt_error *err) {
    char known[PT_EFFECT_LIST], found[PT_JSON_EXCERPT];
    return pt_fail(err, PT_EFORMAT, "member 'fx' must be an effect (%s), not %s",
                   pt_effect_list(known), pt_json_excerpt(fx, found));
}

static pt_status read_stage(const json_t *json, pt_stage *stage, pt_error *err) {
    const json_t *fx = json_object_get(json, "fx");
    stage->effect = json_is_string(fx) ? pt_effect_find(json_string_value(fx)) : NULL;
    if (!stage->effect) return unknown_effect(fx, err);
    stage->n_items = 1;
    return stage->effect->list ? read_list(json, stage, err)
                               : read_item(json, stage->effect, stage->value[0], err);
}

pt_status pt_chain_read(const json_t *json, pt_chain *chain, pt_error *err) {
    if (!json_is_array(json) || json_array_size(json) > PT_STAGES_MAX)
        return pt_fail(err, PT_EFORMAT, "a chain is an array of at most %d stages", PT_STAGES_MAX);

    chain->n_stages = json_array_size(json);
    for (size_t s = 0; s < chain->n_stages; s++) {
        pt_stage *stage = &chain->stage[s];
        const pt_status status = read_stage(json_array_get(json, s), stage, err);
        if (status != PT_OK)
            pt_error_in(err, "stage %zu%s%s%s", s, stage->effect ? " ('" : "",
                        stage->effect ? stage->effect->name : "", stage->effect ? "')" : "");
        PT_TRY(status);
    }
    return PT_OK;
}

pt_status pt_chain_parse(const char *json, pt_chain **out, pt_error *err) {
    json_error_t where;
    pt_status status = PT_OK;
    json_t *root = NULL;
    pt_chain *chain = calloc(1, sizeof *chain);
    if (!chain) return pt_fail(err, PT_ENOMEM, "no memory for a chain of effects");

    root = json_loads(json, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        status = pt_fail(err, PT_EFORMAT, "line %d: %s", where.line, where.text);
    else
        status = pt_chain_read(root, chain, err);
    if (status != PT_OK) pt_error_in(err, "chain");
    if (status == PT_OK) {
        *out = chain;
        chain = NULL;
    }
    json_decref(root);
    pt_chain_close(&chain);
    return status;
}
