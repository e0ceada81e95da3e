/* SPDX-License-Identifier: MIT */
/* resume_check.c - compares the metadata of two runs, member by member */

#include "dataset/resume_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "base/json_load.h"
#include "dataset/manifest.h"

/* The first member of the settings that differs; NULL if none does. */
static const char *find_changed_setting(json_t *theirs, json_t *ours) {
    const char *key;
    json_t *value;
    json_object_foreach(ours, key, value) {
        if (!json_equal(value, json_object_get(theirs, key))) return key;
    }
    json_object_foreach(theirs, key, value) {
        if (!json_object_get(ours, key)) return key;
    }
    return NULL;
}

/* Version and revision come first: with them, settings and libraries may differ as well. */
static bool compare_versions(const pt_run_metadata *theirs, const pt_run_metadata *ours,
                             char *difference, size_t n) {
    const bool same_version = strcmp(theirs->version, ours->version) == 0;

    if (same_version && theirs->signal_revision == ours->signal_revision) return false;
    snprintf(difference, n,
             "patina %s (signal revision %" PRIu64
             ") instead of patina %s (signal revision %" PRIu64 "); patina %s can complete it",
             theirs->version, theirs->signal_revision, ours->version, ours->signal_revision,
             theirs->version);
    return true;
}

/* Names what selects the kernels of a run: an instruction set, or "opencl-1" of devices. */
static void describe_kernels(const char *theirs, const char *ours, char *difference, size_t n) {
    const char *const device = "opencl";
    const bool on_device = strncmp(theirs, device, strlen(device)) == 0;
    const bool ours_on_device = strncmp(ours, device, strlen(device)) == 0;
    if (on_device && ours_on_device)
        snprintf(difference, n, "arithmetic '%s' of devices instead of '%s'", theirs, ours);
    else if (on_device)
        snprintf(difference, n, "its encoders on a device (%s), which '--device opencl' selects",
                 theirs);
    else if (ours_on_device)
        snprintf(difference, n, "its encoders on the CPU, which '--device cpu --isa %s' selects",
                 theirs);
    else
        snprintf(difference, n, "another instruction set, which '--isa %s' selects", theirs);
}

static void compare_members(const json_t *theirs, const json_t *ours, char *difference, size_t n) {
    static const struct {
        const char *member, *words;
    } others[] = {{"corpus_hash", "another corpus"},      {"entries", "another corpus"},
                  {"model_hash", "another model"},        {"format", "another format"},
                  {"chunks", "another number of chunks"}, {"splits", "other splits"}};
    const char *setting = find_changed_setting(json_object_get(theirs, "settings"),
                                               json_object_get(ours, "settings"));
    const char *kernels = json_string_value(json_object_get(theirs, "kernels"));

    if (setting) {
        snprintf(difference, n, "another setting '%s'", setting);
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!json_equal(json_object_get(theirs, others[i].member),
                        json_object_get(ours, others[i].member))) {
            snprintf(difference, n, "%s", others[i].words);
            return;
        }
    if (!json_equal(json_object_get(theirs, "kernels"), json_object_get(ours, "kernels")))
        describe_kernels(kernels ? kernels : "?",
                         json_string_value(json_object_get(ours, "kernels")), difference, n);
    else if (!json_equal(json_object_get(theirs, "libraries"), json_object_get(ours, "libraries")))
        snprintf(difference, n, "another version of a library");
}

patina_status pt_run_metadata_compare(const pt_run_metadata *theirs, const pt_run_metadata *ours,
                                      char *difference, size_t n, patina_error *err) {
    char *a = pt_plan_to_json(theirs), *b = pt_plan_to_json(ours);
    json_t *their_plan = a ? pt_json_load_text(a, 0, NULL) : NULL;
    json_t *our_plan = b ? pt_json_load_text(b, 0, NULL) : NULL;
    patina_status status = PATINA_OK;

    difference[0] = '\0';
    if (!their_plan || !our_plan)
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    else if (!compare_versions(theirs, ours, difference, n))
        compare_members(their_plan, our_plan, difference, n);
    json_decref(their_plan);
    json_decref(our_plan);
    free(a);
    free(b);
    return status;
}
