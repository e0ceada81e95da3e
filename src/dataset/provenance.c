/* SPDX-License-Identifier: MIT */
/* provenance.c - writes provenance lines, parses recipes */

#include <patina/provenance.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <patina/degrade.h>
#include <patina/measure.h>

#include "base/error.h"
#include "base/json_dump.h"
#include "base/json_load.h"
#include "base/json_writer.h"
#include "base/rng.h"
#include "base/strbuf.h"

static void add_string(pt_strbuf *out, const char *name, const char *value) {
    pt_strbuf_printf(out, ", \"%s\": ", name);
    pt_json_write_string(out, value);
}

static void add_real(pt_strbuf *out, const char *name, double value) {
    pt_strbuf_printf(out, ", \"%s\": ", name);
    pt_json_write_real(out, value, DBL_DECIMAL_DIG);
}

static void add_quality(pt_strbuf *out, const patina_source_quality *quality) {
    char *json = patina_source_quality_to_json(quality);
    pt_strbuf_append(out, ", \"source_quality\": ");
    pt_strbuf_append(out, json ? json : "");
    out->failed = out->failed || !json;
    free(json);
}

char *patina_provenance_to_json(const patina_provenance *of) {
    pt_strbuf out = {0};

    pt_strbuf_append(&out, "{\"entry\": ");
    pt_json_write_string(&out, of->entry);
    if (of->source) add_string(&out, "source", of->source);
    if (of->corpus) add_string(&out, "corpus", of->corpus);
    if (of->caption) {
        add_string(&out, "caption", of->caption);
        pt_strbuf_printf(&out, ", \"caption_index\": %zu", of->caption_index);
    }
    pt_strbuf_printf(&out, ", \"seed\": %" PRIu64 ", \"variant\": %" PRIu32, of->seed, of->variant);
    pt_strbuf_printf(&out,
                     ", \"window\": {\"start\": %" PRIu64 ", \"frames\": %" PRIu64
                     ", \"rate_hz\": %u, \"channels\": %u}",
                     of->window.start, of->window.frames, of->window.rate_hz, of->window.channels);
    if (of->window_index > 0)
        pt_strbuf_printf(&out, ", \"window_index\": %" PRIu32, of->window_index);
    if (of->n_streams > 1) pt_strbuf_printf(&out, ", \"streams\": %u", of->n_streams);
    if (of->has_named_start) add_real(&out, "named_start_s", of->named_start_s);
    if (of->level_gain_db != 0.0) add_real(&out, "level_gain_db", of->level_gain_db);
    if (of->fingerprint_json) {
        pt_strbuf_append(&out, ", \"fingerprint\": ");
        pt_strbuf_append(&out, of->fingerprint_json);
    }
    pt_strbuf_append(&out, ", \"chain\": ");
    pt_strbuf_append(&out, of->chain_json);
    if (of->stages_json) {
        pt_strbuf_append(&out, ", \"stages\": ");
        pt_strbuf_append(&out, of->stages_json);
        add_real(&out, "output_gain", of->output_gain);
        add_real(&out, "purity_db", of->purity_db);
        add_real(&out, "snr_db", of->snr_db);
        add_real(&out, "sdr_db", of->sdr_db);
        add_real(&out, "purity_cap", of->purity_cap);
    }
    if (of->has_loudness) {
        add_real(&out, "lufs_source", of->lufs_source);
        add_real(&out, "lufs_mono", of->lufs_mono);
    }
    if (of->quality) add_quality(&out, of->quality);
    pt_strbuf_append(&out, "}");
    return pt_strbuf_detach(&out);
}

static patina_status absent(const char *path_prefix, const char *name, const char *kind,
                            patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT, "recipe: member '%s%s': absent or not %s", path_prefix,
                   name, kind);
}

/* An integer member lo <= value <= hi; path_prefix is "" or "window.". */
static patina_status get_integer(const json_t *object, const char *path_prefix, const char *name,
                                 int64_t lo, int64_t hi, int64_t *value, patina_error *err) {
    const json_t *member = json_object_get(object, name);

    if (!json_is_integer(member)) return absent(path_prefix, name, "an integer", err);
    const int64_t given = json_integer_value(member);
    if (given < lo || given > hi)
        return pt_fail(err, PATINA_EFORMAT,
                       "recipe: member '%s%s': %" PRId64 " is not from %" PRId64 " to %" PRId64,
                       path_prefix, name, given, lo, hi);
    *value = given;
    return PATINA_OK;
}

/* A number that may be absent, lo <= value <= hi. */
static patina_status get_number(const json_t *object, const char *name, double fallback, double lo,
                                double hi, double *value, patina_error *err) {
    const json_t *member = json_object_get(object, name);

    *value = member ? json_number_value(member) : fallback;
    if (member && !(json_is_number(member) && *value >= lo && *value <= hi))
        return pt_fail(err, PATINA_EFORMAT, "recipe: member '%s' is not a number from %g to %g",
                       name, lo, hi);
    return PATINA_OK;
}

/* Version 0.1 recorded no cap: it was 60, which shows where the purity of the line is higher than
 * the default of today. */
static double unrecorded_cap(const json_t *recipe) {
    const double purity_db = json_number_value(json_object_get(recipe, "purity_db"));
    return purity_db > PATINA_PURITY_CAP_DEFAULT ? PATINA_PURITY_MAX : PATINA_PURITY_CAP_DEFAULT;
}

static patina_status get_window(const json_t *recipe, patina_window *window, patina_error *err) {
    static const char path_prefix[] = "window.";
    const json_t *object = json_object_get(recipe, "window");
    int64_t start = 0, frames = 0, rate_hz = 0, channels = 0;

    if (!json_is_object(object)) return absent("", "window", "an object", err);
    PT_TRY(get_integer(object, path_prefix, "rate_hz", PATINA_RATE_MIN_HZ, PATINA_RATE_MAX_HZ,
                       &rate_hz, err));
    PT_TRY(get_integer(object, path_prefix, "channels", 1, PATINA_CHANNELS_MAX, &channels, err));
    PT_TRY(get_integer(object, path_prefix, "frames", 1, PATINA_WINDOW_S * rate_hz, &frames, err));
    PT_TRY(get_integer(object, path_prefix, "start", 0, INT64_MAX - frames, &start, err));
    *window = (patina_window){.start = (uint64_t)start,
                              .frames = (uint64_t)frames,
                              .rate_hz = (unsigned)rate_hz,
                              .channels = (unsigned)channels};
    return PATINA_OK;
}

static patina_status get_text(const json_t *recipe, patina_recipe *into, patina_error *err) {
    const json_t *entry = json_object_get(recipe, "entry");
    const json_t *chain = json_object_get(recipe, "chain");

    if (!json_is_string(entry)) return absent("", "entry", "a string", err);
    if (!json_is_array(chain)) return absent("", "chain", "an array", err);
    into->entry = strdup(json_string_value(entry));
    /* integers stay integers; 17 digits restore every double */
    into->chain_json = pt_json_dump(chain, JSON_REAL_PRECISION(DBL_DECIMAL_DIG));
    if (!into->entry || !into->chain_json)
        return pt_fail(err, PATINA_ENOMEM, "recipe: out of memory");
    return PATINA_OK;
}

patina_status patina_recipe_from_json(const char *json, patina_recipe *recipe, patina_error *err) {
    json_error_t fault;
    json_t *object = pt_json_load_text(json, JSON_REJECT_DUPLICATES, &fault);
    patina_recipe parsed = {0};
    int64_t seed = 0, variant = 0;
    patina_status status = PATINA_OK;

    if (!object)
        return pt_json_fail(
            err,
            "recipe: line %d, column %d: %s; a recipe is one JSON object, as one line "
            "of a provenance file is",
            fault.line, fault.column, fault.text);
    if (!json_is_object(object)) status = pt_fail(err, PATINA_EFORMAT, "recipe: not a JSON object");
    if (status == PATINA_OK)
        status = get_integer(object, "", "seed", 0, PATINA_SEED_MAX, &seed, err);
    if (status == PATINA_OK)
        status = get_integer(object, "", "variant", 0, PT_VARIANT_MAX, &variant, err);
    if (status == PATINA_OK) status = get_window(object, &parsed.window, err);
    if (status == PATINA_OK)
        status = get_number(object, "level_gain_db", 0.0, -PATINA_LEVEL_JITTER_MAX,
                            PATINA_LEVEL_JITTER_MAX, &parsed.level_gain_db, err);
    if (status == PATINA_OK)
        status = get_number(object, "purity_cap", unrecorded_cap(object), PATINA_PURITY_CAP_MIN,
                            PATINA_PURITY_MAX, &parsed.purity_cap, err);
    if (status == PATINA_OK) status = get_text(object, &parsed, err);
    if (status == PATINA_OK) {
        parsed.made_by_0_1 = json_object_get(object, "purity_db") && /* 0.1 recorded no cap */
                             !json_object_get(object, "purity_cap");
        parsed.seed = (uint64_t)seed;
        parsed.variant = (uint32_t)variant;
        *recipe = parsed;
        parsed = (patina_recipe){0};
    }
    patina_recipe_release(&parsed);
    json_decref(object);
    return status;
}

void patina_recipe_release(patina_recipe *recipe) {
    free(recipe->entry);
    free(recipe->chain_json);
    *recipe = (patina_recipe){0};
}
