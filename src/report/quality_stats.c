/* SPDX-License-Identifier: MIT */
/* quality_stats.c - numbers to quantiles and histograms, codecs to counts */

#include "report/quality_stats.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define CODECS_MAX 64 /* of a set; further ones are counted together */

static const patina_scalar scalars[PT_QUALITY_SCALARS] = {
    {.column = "bandwidth_hz", .title = "bandwidth", .unit = "Hz"},
    {.column = "flat_run", .title = "flat run at peaks", .unit = "samples"},
    {.column = "peak_share", .title = "share at peaks", .unit = "", .decimals = 5},
    {.column = "peak_dbfs", .title = "peak level", .unit = "dBFS", .decimals = 1},
    {.column = "noise_floor_dbfs", .title = "noise floor", .unit = "dBFS", .decimals = 1},
    {.column = "silent_share", .title = "near-silent share", .unit = "", .decimals = 3},
};

patina_status pt_quality_stats_open(patina_inspection *stats, patina_error *err) {
    stats->quality = malloc(sizeof scalars);
    if (!stats->quality) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    memcpy(stats->quality, scalars, sizeof scalars);
    stats->n_quality = PT_QUALITY_SCALARS;
    for (size_t i = 0; i < PT_QUALITY_SCALARS; i++) {
        stats->quality[i].floor = -INFINITY;
        stats->quality[i].cap = INFINITY;
    }
    return PATINA_OK;
}

/** Counts a row under "pcm, 16 bits" or "mp3, lossy". */
static patina_status count_codec(const char *name, patina_inspection *stats, patina_error *err) {
    size_t i = 0;
    while (i < stats->n_codecs && strcmp(stats->codec[i].name, name) != 0)
        i++;
    if (i == stats->n_codecs && i == CODECS_MAX) i--;
    if (i == stats->n_codecs) {
        patina_codec_count *grown = realloc(stats->codec, (i + 1) * sizeof *grown);
        if (!grown) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        stats->codec = grown;
        grown[i] = (patina_codec_count){.n_rows = 0};
        snprintf(grown[i].name, sizeof grown[i].name, "%s", i + 1 < CODECS_MAX ? name : "others");
        stats->n_codecs++;
    }
    stats->codec[i].n_rows++;
    return PATINA_OK;
}

patina_status pt_quality_stats_add(pt_quality_stats *quality, const json_t *line,
                                   patina_inspection *stats, patina_error *err) {
    const json_t *object = json_object_get(line, "source_quality");
    char name[sizeof stats->codec->name];

    if (!json_is_object(object)) return PATINA_OK;
    for (size_t i = 0; i < PT_QUALITY_SCALARS; i++) {
        const json_t *value = json_object_get(object, scalars[i].column);
        if (!json_is_number(value))
            return pt_fail(err, PATINA_EFORMAT, "member 'source_quality.%s' is not a number",
                           scalars[i].column);
        PT_TRY(pt_float_array_append(&quality->value[i], (float)json_number_value(value), err));
    }
    const char *codec = json_string_value(json_object_get(object, "codec"));
    const json_int_t bits = json_integer_value(json_object_get(object, "bits"));
    if (!codec) return PATINA_OK;
    if (json_is_true(json_object_get(object, "lossy")))
        snprintf(name, sizeof name, "%.32s, lossy", codec);
    else if (bits > 0)
        snprintf(name, sizeof name, "%.32s, %d bits", codec, bits < 1000 ? (int)bits : 999);
    else
        snprintf(name, sizeof name, "%.32s", codec);
    return count_codec(name, stats, err);
}

static int compare_codecs(const void *a, const void *b) {
    const patina_codec_count *x = a, *y = b;
    if (x->n_rows != y->n_rows) return x->n_rows < y->n_rows ? 1 : -1;
    return strcmp(x->name, y->name);
}

void pt_quality_stats_finish(pt_quality_stats *quality, patina_inspection *stats) {
    for (size_t i = 0; i < PT_QUALITY_SCALARS; i++) {
        pt_float_array *values = &quality->value[i];
        pt_floats_sort(values->value, values->n);
        pt_quantiles_from_sorted(values->value, values->n, &stats->quality[i].quantiles);
        pt_histogram_from_sorted(values->value, values->n, &stats->quality[i].histogram);
    }
    if (stats->n_codecs > 0)
        qsort(stats->codec, stats->n_codecs, sizeof *stats->codec, compare_codecs);
}

void pt_quality_stats_release(pt_quality_stats *quality) {
    for (size_t i = 0; i < PT_QUALITY_SCALARS; i++)
        pt_float_array_release(&quality->value[i]);
}
