/* SPDX-License-Identifier: MIT */
/* provenance.c - provenance lines written, recipes read */

#include <patina/provenance.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <patina/degrade.h>

#include "base/json_text.h"
#include "base/rng.h"
#include "base/str.h"

static void add_string(pt_str *out, const char *name, const char *value) {
    pt_str_printf(out, ", \"%s\": ", name);
    pt_json_add_string(out, value);
}

static void add_real(pt_str *out, const char *name, double value) {
    pt_str_printf(out, ", \"%s\": ", name);
    pt_json_add_real(out, value, PT_DIGITS_DOUBLE);
}

char *pt_provenance_print(const pt_provenance *of) {
    pt_str out = {0};

    pt_str_add(&out, "{\"entry\": ");
    pt_json_add_string(&out, of->entry);
    if (of->source) add_string(&out, "source", of->source);
    if (of->caption) {
        add_string(&out, "caption", of->caption);
        pt_str_printf(&out, ", \"caption_index\": %zu", of->caption_index);
    }
    pt_str_printf(&out, ", \"seed\": %" PRIu64 ", \"variant\": %" PRIu32, of->seed, of->variant);
    pt_str_printf(&out,
                  ", \"window\": {\"start\": %" PRIu64 ", \"frames\": %" PRIu64
                  ", \"rate_hz\": %u, \"channels\": %u}",
                  of->window.start, of->window.frames, of->window.rate_hz, of->window.channels);
    pt_str_add(&out, ", \"chain\": ");
    pt_str_add(&out, of->chain_json);
    if (of->stages_json) {
        pt_str_add(&out, ", \"stages\": ");
        pt_str_add(&out, of->stages_json);
        add_real(&out, "output_gain", of->output_gain);
        add_real(&out, "purity_db", of->purity_db);
        add_real(&out, "snr_db", of->snr_db);
        add_real(&out, "sdr_db", of->sdr_db);
    }
    if (of->has_loudness) {
        add_real(&out, "lufs_source", of->lufs_source);
        add_real(&out, "lufs_mono", of->lufs_mono);
    }
    pt_str_add(&out, "}");
    return pt_str_steal(&out);
}

static pt_status absent(const char *place, const char *name, const char *kind, pt_error *err) {
    return pt_fail(err, PT_EFORMAT, "recipe: member '%s%s': absent or not %s", place, name, kind);
}

/* An integer member lo <= value <= hi; place is "" or "window.". */
static pt_status get_integer(const json_t *object, const char *place, const char *name, int64_t lo,
                             int64_t hi, int64_t *value, pt_error *err) {
    const json_t *member = json_object_get(object, name);

    if (!json_is_integer(member)) return absent(place, name, "an integer", err);
    const int64_t given = json_integer_value(member);
    if (given < lo || given > hi)
        return pt_fail(err, PT_EFORMAT,
                       "recipe: member '%s%s': %" PRId64 " is not in %" PRId64 " to %" PRId64,
                       place, name, given, lo, hi);
    *value = given;
    return PT_OK;
}

static pt_status get_window(const json_t *recipe, pt_window *window, pt_error *err) {
    static const char place[] = "window.";
    const json_t *object = json_object_get(recipe, "window");
    int64_t start = 0, frames = 0, rate_hz = 0, channels = 0;

    if (!json_is_object(object)) return absent("", "window", "an object", err);
    PT_TRY(get_integer(object, place, "rate_hz", PT_RATE_MIN_HZ, PT_RATE_MAX_HZ, &rate_hz, err));
    PT_TRY(get_integer(object, place, "channels", 1, PT_CHANNELS_MAX, &channels, err));
    PT_TRY(get_integer(object, place, "frames", 1, PT_WINDOW_S * rate_hz, &frames, err));
    PT_TRY(get_integer(object, place, "start", 0, INT64_MAX - frames, &start, err));
    *window = (pt_window){.start = (uint64_t)start,
                          .frames = (uint64_t)frames,
                          .rate_hz = (unsigned)rate_hz,
                          .channels = (unsigned)channels};
    return PT_OK;
}

static pt_status get_text(const json_t *recipe, pt_recipe *into, pt_error *err) {
    const json_t *entry = json_object_get(recipe, "entry");
    const json_t *chain = json_object_get(recipe, "chain");

    if (!json_is_string(entry)) return absent("", "entry", "a string", err);
    if (!json_is_array(chain)) return absent("", "chain", "an array", err);
    into->entry = strdup(json_string_value(entry));
    /* integers stay integers, and 17 digits bring every double back */
    into->chain_json = json_dumps(chain, JSON_REAL_PRECISION(PT_DIGITS_DOUBLE));
    if (!into->entry || !into->chain_json) return pt_fail(err, PT_ENOMEM, "recipe: out of memory");
    return PT_OK;
}

pt_status pt_recipe_parse(const char *json, pt_recipe *recipe, pt_error *err) {
    json_error_t fault;
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &fault);
    pt_recipe parsed = {0};
    int64_t seed = 0, variant = 0;
    pt_status status = PT_OK;

    if (!object)
        return pt_fail(err, PT_EFORMAT,
                       "recipe: line %d, column %d: %s; a recipe is one JSON object, as one line "
                       "of a provenance file is",
                       fault.line, fault.column, fault.text);
    if (!json_is_object(object)) status = pt_fail(err, PT_EFORMAT, "recipe: not a JSON object");
    if (status == PT_OK) status = get_integer(object, "", "seed", 0, PT_SEED_MAX, &seed, err);
    if (status == PT_OK)
        status = get_integer(object, "", "variant", 0, PT_VARIANT_MAX, &variant, err);
    if (status == PT_OK) status = get_window(object, &parsed.window, err);
    if (status == PT_OK) status = get_text(object, &parsed, err);
    if (status == PT_OK) {
        parsed.seed = (uint64_t)seed;
        parsed.variant = (uint32_t)variant;
        *recipe = parsed;
        parsed = (pt_recipe){0};
    }
    pt_recipe_release(&parsed);
    json_decref(object);
    return status;
}

void pt_recipe_release(pt_recipe *recipe) {
    free(recipe->entry);
    free(recipe->chain_json);
    *recipe = (pt_recipe){0};
}
