/* SPDX-License-Identifier: MIT */
/* dataset_json.c - the members of dataset.json
 *
 * Only that it is an object is required: a set of another version can have fewer members, or more.
 * Unknown objects and arrays at the top level are skipped.
 */

#include "report/dataset_json.h"

#include <stdlib.h>
#include <string.h>

#include <patina/degrade.h>

#include "base/error.h"
#include "base/json_dump.h"
#include "base/json_load.h"
#include "dataset/schema.h"
#include "degrade/effect_config.h"

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Takes ownership of value. */
static patina_status add(patina_key_value **members, size_t *n, const char *name, char *value,
                         patina_error *err) {
    patina_key_value *grown = value ? realloc(*members, (*n + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(value);
        return out_of_memory(err);
    }
    *members = grown;
    grown[*n] = (patina_key_value){strdup(name), value};
    return grown[(*n)++].name ? PATINA_OK : out_of_memory(err);
}

/* A string without quotes, any other value as JSON on one line. */
static char *json_value_text(const json_t *value) {
    if (json_is_string(value)) return strdup(json_string_value(value));
    return pt_json_dump(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
}

static bool is_scalar(const json_t *value) {
    return !json_is_object(value) && !json_is_array(value);
}

/* "default" for the default suite, else JSON. */
static char *effect_config_text(const json_t *config) {
    patina_effect_config standard;
    char *text = NULL;
    if (pt_effect_config_parse(NULL, &standard, NULL) == PATINA_OK)
        text = patina_effect_config_to_json(&standard);
    json_t *theirs = text ? pt_json_load_text(text, 0, NULL) : NULL;
    const bool same = theirs && json_equal(theirs, config), failed = !theirs;
    json_decref(theirs);
    free(text);
    if (failed) return NULL;
    return same ? strdup("default") : json_value_text(config);
}

static patina_status add_members(const json_t *object, patina_key_value **members, size_t *n,
                                 bool scalars_only, patina_error *err) {
    const char *name;
    json_t *value;
    /* json_object_foreach takes no const; it does not modify the object */
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        if (scalars_only && !is_scalar(value)) continue;
        const bool suite = strcmp(name, "suite") == 0 && json_is_object(value);
        PT_TRY(
            add(members, n, name, suite ? effect_config_text(value) : json_value_text(value), err));
    }
    return PATINA_OK;
}

static patina_status add_rejects(const json_t *by_reason, patina_inspection *stats,
                                 patina_error *err) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)by_reason, name, value) {
        if (!json_is_integer(value) || json_integer_value(value) == 0) continue;
        PT_TRY(add(&stats->rejects, &stats->n_rejects, name, json_value_text(value), err));
    }
    return PATINA_OK;
}

patina_status pt_dataset_json_read(const json_t *dataset_json, const char *dataset_json_text,
                                   patina_inspection *stats, patina_error *err) {
    const json_t *model = json_object_get(dataset_json, "model");
    stats->dataset_json = strdup(dataset_json_text);
    if (!stats->dataset_json) return out_of_memory(err);
    stats->untrained = json_is_true(json_object_get(model, "untrained"));
    stats->purity_cap = pt_settings_purity_cap(json_object_get(dataset_json, "settings"));
    PT_TRY(add_members(dataset_json, &stats->run, &stats->n_run, true, err));
    PT_TRY(add_members(json_object_get(dataset_json, "settings"), &stats->settings,
                       &stats->n_settings, false, err));
    PT_TRY(add_members(model, &stats->model, &stats->n_model, true, err));
    return add_rejects(json_object_get(dataset_json, "rejects_by_reason"), stats, err);
}

void pt_key_values_release(patina_key_value *members, size_t n) {
    for (size_t i = 0; i < n; i++) {
        free(members[i].name);
        free(members[i].value);
    }
    free(members);
}
