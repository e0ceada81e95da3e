/* SPDX-License-Identifier: MIT */
/* facts.c - the members of dataset.json
 *
 * Nothing is taken for granted but that it is an object: a set of another version may say less, or
 * more. Objects and arrays at the top that are not known are passed over.
 */

#include "report/facts.h"

#include <stdlib.h>
#include <string.h>

#include <patina/degrade.h>

#include "degrade/suite.h"

static pt_status out_of_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

/* Takes value, which malloc gave. */
static pt_status add(pt_fact **facts, size_t *n, const char *name, char *value, pt_error *err) {
    pt_fact *grown = value ? realloc(*facts, (*n + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(value);
        return out_of_memory(err);
    }
    *facts = grown;
    grown[*n] = (pt_fact){strdup(name), value};
    return grown[(*n)++].name ? PT_OK : out_of_memory(err);
}

/* A string as it is, anything else as JSON on one line. */
static char *text_of(const json_t *value) {
    if (json_is_string(value)) return strdup(json_string_value(value));
    return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
}

static bool is_scalar(const json_t *value) {
    return !json_is_object(value) && !json_is_array(value);
}

/* Whether the suite is the one that patina draws from unless it is told otherwise. */
static char *suite_text(const json_t *suite) {
    pt_suite standard;
    char *text = NULL;
    if (pt_suite_read(NULL, &standard, NULL) == PT_OK) text = pt_suite_print(&standard);
    json_t *theirs = text ? json_loads(text, 0, NULL) : NULL;
    const bool same = theirs && json_equal(theirs, suite);
    json_decref(theirs);
    free(text);
    return same ? strdup("default") : text_of(suite);
}

static pt_status add_members(const json_t *object, pt_fact **facts, size_t *n, bool scalars_only,
                             pt_error *err) {
    const char *name;
    json_t *value;
    /* the iteration does not change what it walks over */
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        if (scalars_only && !is_scalar(value)) continue;
        const bool suite = strcmp(name, "suite") == 0 && json_is_object(value);
        PT_TRY(add(facts, n, name, suite ? suite_text(value) : text_of(value), err));
    }
    return PT_OK;
}

static pt_status add_rejects(const json_t *by_reason, pt_inspection *shown, pt_error *err) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)by_reason, name, value) {
        if (!json_is_integer(value) || json_integer_value(value) == 0) continue;
        PT_TRY(add(&shown->rejects, &shown->n_rejects, name, text_of(value), err));
    }
    return PT_OK;
}

pt_status pt_facts_read(const json_t *account, const char *account_text, pt_inspection *shown,
                        pt_error *err) {
    const json_t *model = json_object_get(account, "model");
    shown->account = strdup(account_text);
    if (!shown->account) return out_of_memory(err);
    shown->untrained = json_is_true(json_object_get(model, "untrained"));
    PT_TRY(add_members(account, &shown->facts, &shown->n_facts, true, err));
    PT_TRY(add_members(json_object_get(account, "settings"), &shown->settings, &shown->n_settings,
                       false, err));
    PT_TRY(add_members(model, &shown->model, &shown->n_model, true, err));
    return add_rejects(json_object_get(account, "rejects_by_reason"), shown, err);
}

void pt_facts_release(pt_fact *facts, size_t n) {
    for (size_t i = 0; i < n; i++) {
        free(facts[i].name);
        free(facts[i].value);
    }
    free(facts);
}
