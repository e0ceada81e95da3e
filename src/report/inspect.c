/* SPDX-License-Identifier: MIT */
/* inspect.c - statistics and single rows of a data set */

#include <patina/inspect.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patina/degrade.h>

#include "base/error.h"
#include "base/json_load.h"
#include "dataset/schema.h"
#include "degrade/effect_chain.h"
#include "report/dataset_reader.h"
#include "report/statistics.h"

const char *patina_octave_name(size_t o) {
    static const char *const names[PATINA_OCTAVE_COUNT] = {
        "16", "31.5", "63", "125", "250", "500", "1000", "2000", "4000", "8000", "16000"};
    return o < PATINA_OCTAVE_COUNT ? names[o] : "";
}

double patina_ltas_center_hz(size_t b) {
    return sqrt(patina_ltas_edge_hz(b) * patina_ltas_edge_hz(b + 1));
}

#define COLUMN_INFO(name_, length, unit_, ...)                                                     \
    {.name = #name_, .unit = (unit_), .n_values = (length)},
#define SCALAR_INFO(name, ...) COLUMN_INFO(name, 1, __VA_ARGS__)

const patina_column_info *patina_columns(size_t *n_columns) {
    static const patina_column_info columns[] = {PT_COLUMNS(SCALAR_INFO, COLUMN_INFO)};
    *n_columns = PT_N_COLUMNS;
    return columns;
}

const patina_scalar *patina_inspection_find_scalar(const patina_inspection *inspection,
                                                   const char *column) {
    for (size_t s = 0; s < inspection->n_scalars; s++)
        if (strcmp(inspection->scalar[s].column, column) == 0) return &inspection->scalar[s];
    return NULL;
}

patina_status patina_inspect(const char *out, patina_inspection **inspection, patina_error *err) {
    pt_dataset_reader reader = {0};
    patina_effect_config *config = NULL;
    pt_sound_list sounds = {0};
    patina_inspection *stats = calloc(1, sizeof *stats);
    if (!stats) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    patina_status status = pt_dataset_reader_open(out, &reader, err);
    if (status == PATINA_OK) status = pt_dataset_reader_open_effect_config(&reader, &config, err);
    if (status == PATINA_OK)
        status = pt_statistics_compute(&reader, config, stats, NULL, &sounds, err);
    if (status == PATINA_OK) status = pt_sound_list_find_pairs(&sounds, out, stats, err);
    pt_sound_list_release(&sounds);
    if (status == PATINA_OK)
        *inspection = stats;
    else
        patina_inspection_close(&stats);
    patina_effect_config_close(&config);
    pt_dataset_reader_release(&reader);
    return status;
}

void patina_inspection_close(patina_inspection **inspection) {
    if (!inspection || !*inspection) return;
    pt_statistics_release(*inspection);
    free(*inspection);
    *inspection = NULL;
}

/* ---------------------------------------------------------------- one row */

static double l2_norm(const float *v) {
    double square = 0.0;
    for (size_t d = 0; d < PATINA_EMBEDDING_SIZE; d++)
        square += (double)v[d] * v[d];
    return sqrt(square);
}

static patina_status fill_row_info(const pt_row *from, patina_row_info *row, patina_error *err) {
    double product = 0.0;
    float *values = malloc(sizeof *from);
    if (!values) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    row->values = values;
    for (size_t c = 0; c < PT_N_COLUMNS; values += pt_columns[c++].n_values)
        memcpy(values, pt_column_values(&pt_columns[c], from),
               pt_columns[c].n_values * sizeof *values);
    memcpy(row->ltas, from->target_ltas, sizeof row->ltas);
    row->lufs = from->target_lufs;
    row->crest_db = from->target_dyn[0];
    row->zcr = from->target_dyn[1];
    row->purity_db = from->input_purity;
    memcpy(row->text, from->fused_state, sizeof row->text);
    memcpy(row->audio, from->fused_state + PATINA_EMBEDDING_SIZE, sizeof row->audio);
    row->norm_text = l2_norm(row->text);
    row->norm_audio = l2_norm(row->audio);
    for (size_t d = 0; d < PATINA_EMBEDDING_SIZE; d++)
        product += (double)row->text[d] * row->audio[d];
    const double norms = row->norm_text * row->norm_audio;
    row->cosine = norms > 0.0 ? product / norms : 0.0;
    return PATINA_OK;
}

static patina_status parse_provenance(const char *line, patina_row_info *row, patina_error *err) {
    json_error_t where;
    json_t *json = pt_json_load_text(line, 0, &where);
    patina_effect_chain chain = {0};
    if (!json) return pt_json_fail(err, "column %d: %s", where.column, where.text);
    const char *caption = json_string_value(json_object_get(json, "caption"));
    const patina_status status =
        pt_effect_chain_from_json_value(json_object_get(json, "chain"), &chain, err);
    if (status == PATINA_OK) {
        row->provenance = strdup(line);
        row->caption = caption ? strdup(caption) : NULL;
        row->words = patina_effect_chain_describe(&chain);
    }
    json_decref(json);
    if (status != PATINA_OK) return status;
    return row->provenance && row->words && (!caption || row->caption)
               ? PATINA_OK
               : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

patina_status patina_inspect_row(const char *out, uint64_t n, patina_row_info *row,
                                 patina_error *err) {
    pt_dataset_reader reader = {0};
    pt_row found;
    const char *line = NULL;
    *row = (patina_row_info){0};

    patina_status status = pt_dataset_reader_open(out, &reader, err);
    if (status == PATINA_OK) status = pt_dataset_reader_read_row(&reader, n, &found, &line, err);
    if (status == PATINA_OK) status = fill_row_info(&found, row, err);
    if (status == PATINA_OK) {
        row->row_in_file = reader.row_in_part - 1;
        row->file = strdup(reader.part[reader.part_index].name);
        status = row->file ? parse_provenance(line, row, err)
                           : pt_fail(err, PATINA_ENOMEM, "out of memory");
        if (status == PATINA_EFORMAT)
            pt_error_add_context(err, "file '%s': line %llu",
                                 reader.part[reader.part_index].provenance,
                                 (unsigned long long)reader.row_in_part);
    }
    if (status != PATINA_OK) patina_row_info_release(row);
    pt_dataset_reader_release(&reader);
    return status;
}

void patina_row_info_release(patina_row_info *row) {
    free(row->file);
    free(row->provenance);
    free(row->caption);
    free(row->words);
    free(row->values);
    *row = (patina_row_info){0};
}
