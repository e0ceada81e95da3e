/* SPDX-License-Identifier: MIT */
/* inspect.c - figures and single rows, as the library hands them out */

#include <patina/inspect.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patina/degrade.h>

#include "degrade/chain.h"
#include "report/figures.h"
#include "report/set.h"

const char *pt_octave_name(size_t o) {
    static const char *const names[PT_OCTAVES] = {"16",   "31.5", "63",   "125",  "250",  "500",
                                                  "1000", "2000", "4000", "8000", "16000"};
    return o < PT_OCTAVES ? names[o] : "";
}

double pt_ltas_middle_hz(size_t b) {
    return sqrt(pt_ltas_edge_hz(b) * pt_ltas_edge_hz(b + 1));
}

static const struct {
    const char *column, *unit, *title;
} scalars[PT_SCALARS] = {
    [PT_SCALAR_LUFS] = {"target_lufs", "LUFS", "loudness"},
    [PT_SCALAR_CREST] = {"target_dyn[0]", "dB", "crest factor"},
    [PT_SCALAR_ZCR] = {"target_dyn[1]", "", "zero-crossing rate"},
    [PT_SCALAR_PURITY] = {"input_purity", "dB", "purity"},
};

const char *pt_scalar_column(pt_scalar scalar) {
    return scalars[scalar].column;
}

const char *pt_scalar_unit(pt_scalar scalar) {
    return scalars[scalar].unit;
}

const char *pt_scalar_title(pt_scalar scalar) {
    return scalars[scalar].title;
}

pt_status pt_inspect(const char *out, pt_inspection **inspection, pt_error *err) {
    pt_set set = {0};
    pt_suite *suite = NULL;
    pt_inspection *shown = calloc(1, sizeof *shown);
    if (!shown) return pt_fail(err, PT_ENOMEM, "out of memory");

    pt_status status = pt_set_open(out, &set, err);
    if (status == PT_OK) status = pt_set_suite(&set, &suite, err);
    if (status == PT_OK) status = pt_figures_gather(&set, suite, shown, NULL, err);
    if (status == PT_OK)
        *inspection = shown;
    else
        pt_inspection_close(&shown);
    pt_suite_close(&suite);
    pt_set_release(&set);
    return status;
}

void pt_inspection_close(pt_inspection **inspection) {
    if (!inspection || !*inspection) return;
    pt_figures_release(*inspection);
    free(*inspection);
    *inspection = NULL;
}

/* ---------------------------------------------------------------- one row */

static double norm_of(const float *v) {
    double square = 0.0;
    for (size_t d = 0; d < PT_EMBEDDING; d++)
        square += (double)v[d] * v[d];
    return sqrt(square);
}

static void take_row(const pt_row *from, pt_inspected_row *row) {
    double product = 0.0;
    memcpy(row->ltas, from->target_ltas, sizeof row->ltas);
    row->lufs = from->target_lufs;
    row->crest_db = from->target_dyn[0];
    row->zcr = from->target_dyn[1];
    row->purity_db = from->input_purity;
    memcpy(row->text, from->fused_state, sizeof row->text);
    memcpy(row->audio, from->fused_state + PT_EMBEDDING, sizeof row->audio);
    row->norm_text = norm_of(row->text);
    row->norm_audio = norm_of(row->audio);
    for (size_t d = 0; d < PT_EMBEDDING; d++)
        product += (double)row->text[d] * row->audio[d];
    const double norms = row->norm_text * row->norm_audio;
    row->cosine = norms > 0.0 ? product / norms : 0.0;
}

static pt_status take_words(const char *line, pt_inspected_row *row, pt_error *err) {
    json_error_t where;
    json_t *json = json_loads(line, 0, &where);
    pt_chain chain = {0};
    if (!json) return pt_fail(err, PT_EFORMAT, "column %d: %s", where.column, where.text);
    const char *caption = json_string_value(json_object_get(json, "caption"));
    const pt_status status = pt_chain_read(json_object_get(json, "chain"), &chain, err);
    if (status == PT_OK) {
        row->provenance = strdup(line);
        row->caption = caption ? strdup(caption) : NULL;
        row->words = pt_chain_tell(&chain);
    }
    json_decref(json);
    if (status != PT_OK) return status;
    return row->provenance && row->words && (!caption || row->caption)
               ? PT_OK
               : pt_fail(err, PT_ENOMEM, "out of memory");
}

pt_status pt_inspect_row(const char *out, uint64_t n, pt_inspected_row *row, pt_error *err) {
    pt_set set = {0};
    pt_row found;
    const char *line = NULL;
    *row = (pt_inspected_row){0};

    pt_status status = pt_set_open(out, &set, err);
    if (status == PT_OK) status = pt_set_find(&set, n, &found, &line, err);
    if (status == PT_OK) {
        take_row(&found, row);
        row->row_in_file = set.in_part - 1;
        row->file = strdup(set.part[set.at].name);
        status = row->file ? take_words(line, row, err) : pt_fail(err, PT_ENOMEM, "out of memory");
        if (status == PT_EFORMAT)
            pt_error_in(err, "file '%s': line %llu", set.part[set.at].provenance,
                        (unsigned long long)set.in_part);
    }
    if (status != PT_OK) pt_inspected_row_release(row);
    pt_set_release(&set);
    return status;
}

void pt_inspected_row_release(pt_inspected_row *row) {
    free(row->file);
    free(row->provenance);
    free(row->caption);
    free(row->words);
    *row = (pt_inspected_row){0};
}
