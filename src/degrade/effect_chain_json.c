/* SPDX-License-Identifier: MIT */
/* effect_chain_json.c - chains as JSON and back, and derived values as JSON
 *
 *     [{"fx": "comb", "taps": [{"delay": 240, "gain": 0.90000000000000002}]},
 *      {"fx": "clip", "kind": "hard", "fraction": 0.050000000000000003}]
 *
 * Written on one line. Reals have 17 significant digits, which restore every bit.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/json_load.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "degrade/effect_chain.h"
#include "degrade/json_snippet.h"

/* Whether an item has this value: some exist only for certain choices of value 0. */
static bool has_value(const pt_value *value, const double *item) {
    return value->only_if_choice == 0 || (value->only_if_choice >> (unsigned)item[0] & 1U);
}

/* ---- printing ---- */

static void item_to_json(pt_strbuf *out, const pt_effect *effect, const double *item,
                         const char *separator) {
    for (size_t i = 0; i < PT_VALUES_MAX && effect->value[i].kind != PT_VALUE_NONE; i++) {
        const pt_value *value = &effect->value[i];
        /* a recipe of an older version is printed as it was */
        if (!has_value(value, item) || (value->absent != 0.0 && item[i] == value->absent)) continue;
        pt_strbuf_printf(out, "%s\"%s\": ", separator, value->name);
        separator = ", ";
        if (value->kind == PT_VALUE_CHOICE)
            pt_strbuf_printf(out, "\"%s\"", value->choice[(size_t)item[i]]);
        else if (value->kind == PT_VALUE_REAL)
            pt_json_write_real(out, item[i], DBL_DECIMAL_DIG);
        else
            pt_strbuf_printf(out, "%d", (int)item[i]);
    }
}

char *patina_effect_chain_to_json(const patina_effect_chain *chain) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "[");
    for (size_t s = 0; s < chain->n_stages; s++) {
        const pt_stage *stage = &chain->stage[s];
        const pt_effect *effect = stage->effect;
        pt_strbuf_printf(&out, "%s{\"fx\": \"%s\"", s ? ", " : "", effect->name);
        if (!effect->list_name) item_to_json(&out, effect, stage->value[0], ", ");
        if (effect->list_name) pt_strbuf_printf(&out, ", \"%s\": [", effect->list_name);
        for (size_t k = 0; effect->list_name && k < stage->n_items; k++) {
            pt_strbuf_append(&out, k ? ", {" : "{");
            item_to_json(&out, effect, stage->value[k], "");
            pt_strbuf_append(&out, "}");
        }
        pt_strbuf_append(&out, effect->list_name ? "]}" : "}");
    }
    pt_strbuf_append(&out, "]");
    return pt_strbuf_detach(&out);
}

char *patina_effect_chain_describe(const patina_effect_chain *chain) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "");
    for (size_t s = 0; s < chain->n_stages; s++) {
        const pt_stage *stage = &chain->stage[s];
        pt_strbuf_printf(&out, "%s%s: ", s ? "\n" : "", stage->effect->name);
        stage->effect->describe_stage(stage, &out);
    }
    return pt_strbuf_detach(&out);
}

char *patina_degrade_stats_to_json(const patina_degrade_stats *stats) {
    pt_strbuf out = {0};
    pt_strbuf_append(&out, "[");
    for (size_t s = 0; s < stats->n_stages; s++) {
        const patina_stage_stats *stage = &stats->stage[s];
        const pt_effect *effect = pt_effect_find(stage->effect);
        pt_strbuf_printf(&out, "%s{\"fx\": \"%s\"", s ? ", " : "", stage->effect);
        if (effect && effect->effect_class == PT_EFFECT_NONLINEAR) {
            pt_strbuf_append(&out, ", \"threshold\": ");
            pt_json_write_real(&out, stage->threshold, DBL_DECIMAL_DIG);
            pt_strbuf_append(&out, ", \"bussgang_gain\": ");
            pt_json_write_real(&out, stage->bussgang_gain, DBL_DECIMAL_DIG);
        }
        if (effect && effect->has_count) pt_strbuf_printf(&out, ", \"count\": %zu", stage->count);
        pt_strbuf_append(&out, "}");
    }
    pt_strbuf_append(&out, "]");
    return pt_strbuf_detach(&out);
}

/* ---- reading ---- */

/* The valid values, for a message. */
static void describe_limits(const pt_value *value, char *text, size_t size) {
    switch (value->kind) {
    case PT_VALUE_CHOICE:
        snprintf(text, size, "'%s'%s '%s'%s%s%s", value->choice[0], value->choice[2] ? "," : " or",
                 value->choice[1], value->choice[2] ? " or '" : "",
                 value->choice[2] ? value->choice[2] : "", value->choice[2] ? "'" : "");
        break;
    case PT_VALUE_SIGN:
        snprintf(text, size, "1 or -1");
        break;
    case PT_VALUE_REAL:
    case PT_VALUE_INTEGER:
    case PT_VALUE_NONE:
    default:
        pt_snprintf(text, size, "%s from %g to %g",
                    value->kind == PT_VALUE_INTEGER ? "an integer" : "a number", value->limits.min,
                    value->limits.max);
        break;
    }
}

/* Whether json is a valid value; *v is set to it. An integer can be written as 240.0. */
static bool read_value(const json_t *json, const pt_value *value, double *v) {
    *v = json_number_value(json);
    switch (value->kind) {
    case PT_VALUE_CHOICE:
        for (size_t w = 0; w < PT_CHOICES_MAX && value->choice[w]; w++)
            if (json_is_string(json) && strcmp(json_string_value(json), value->choice[w]) == 0) {
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
        return json_is_number(json) && *v >= value->limits.min && *v <= value->limits.max;
    }
}

static patina_status read_item(const json_t *json, const pt_effect *effect, double *item,
                               patina_error *err) {
    for (size_t i = 0; i < PT_VALUES_MAX && effect->value[i].kind != PT_VALUE_NONE; i++) {
        const pt_value *value = &effect->value[i];
        const json_t *member = json_object_get(json, value->name);
        if (!has_value(value, item)) continue;
        if (!member && value->absent != 0.0) {
            item[i] = value->absent;
            continue;
        }
        if (read_value(member, value, &item[i])) continue;

        char rule[128], found[PT_JSON_SNIPPET_BYTES];
        describe_limits(value, rule, sizeof rule);
        return pt_fail(err, PATINA_EFORMAT, "member '%s' must be %s, not %s", value->name, rule,
                       pt_json_snippet(member, found));
    }
    return PATINA_OK;
}

static patina_status read_list(const json_t *json, pt_stage *stage, patina_error *err) {
    const char *name = stage->effect->list_name;
    const json_t *list = json_object_get(json, name);
    stage->n_items = json_array_size(list);
    if (stage->n_items < 1 || stage->n_items > PT_ITEMS_MAX) {
        stage->n_items = 0;
        return pt_fail(err, PATINA_EFORMAT, "member '%s' must be an array of 1 to %d objects", name,
                       PT_ITEMS_MAX);
    }
    for (size_t k = 0; k < stage->n_items; k++) {
        const patina_status status =
            read_item(json_array_get(list, k), stage->effect, stage->value[k], err);
        if (status != PATINA_OK) pt_error_add_context(err, "%s[%zu]", name, k);
        PT_TRY(status);
    }
    return PATINA_OK;
}

static patina_status unknown_effect(const json_t *fx, patina_error *err) {
    char found[PT_JSON_SNIPPET_BYTES];
    return pt_fail(err, PATINA_EFORMAT, "member 'fx' must be an effect (%s), not %s",
                   pt_effect_list_names(), pt_json_snippet(fx, found));
}

static patina_status read_stage(const json_t *json, pt_stage *stage, patina_error *err) {
    const json_t *fx = json_object_get(json, "fx");
    stage->effect = json_is_string(fx) ? pt_effect_find(json_string_value(fx)) : NULL;
    if (!stage->effect) return unknown_effect(fx, err);
    stage->n_items = 1;
    return stage->effect->list_name ? read_list(json, stage, err)
                                    : read_item(json, stage->effect, stage->value[0], err);
}

patina_status pt_effect_chain_from_json_value(const json_t *json, patina_effect_chain *chain,
                                              patina_error *err) {
    if (!json_is_array(json) || json_array_size(json) > PATINA_STAGES_MAX)
        return pt_fail(err, PATINA_EFORMAT, "a chain is an array of at most %d stages",
                       PATINA_STAGES_MAX);

    chain->n_stages = json_array_size(json);
    for (size_t s = 0; s < chain->n_stages; s++) {
        pt_stage *stage = &chain->stage[s];
        const patina_status status = read_stage(json_array_get(json, s), stage, err);
        if (status != PATINA_OK)
            pt_error_add_context(err, "stage %zu%s%s%s", s, stage->effect ? " ('" : "",
                                 stage->effect ? stage->effect->name : "",
                                 stage->effect ? "')" : "");
        PT_TRY(status);
    }
    return PATINA_OK;
}

patina_status patina_effect_chain_from_json(const char *json, patina_effect_chain **out,
                                            patina_error *err) {
    json_error_t where;
    patina_status status = PATINA_OK;
    json_t *root = NULL;
    patina_effect_chain *chain = calloc(1, sizeof *chain);
    if (!chain) return pt_fail(err, PATINA_ENOMEM, "out of memory for a chain of effects");

    root = pt_json_load_text(json, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        status = pt_json_fail(err, "line %d: %s", where.line, where.text);
    else
        status = pt_effect_chain_from_json_value(root, chain, err);
    if (status != PATINA_OK) pt_error_add_context(err, "chain");
    if (status == PATINA_OK) {
        *out = chain;
        chain = NULL;
    }
    json_decref(root);
    patina_effect_chain_close(&chain);
    return status;
}
