/* SPDX-License-Identifier: MIT */
/* schema.c - the table of columns, and the filling and checking of rows */

#include "dataset/schema.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Each half of fused_state is x / |x|, with |x| rounded to float and each quotient too: its length
 * is off by at most two roundings, 2 * 2^-24. Twice that, for the error of summing 512 squares
 * here. */
#define NORM_TOLERANCE 0x1p-22

static void fill_ltas(const pt_row_source *source, float *values) {
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        values[b] = (float)source->targets->ltas[b];
}

static void fill_lufs(const pt_row_source *source, float *values) {
    *values = (float)(source->loudness == PATINA_LOUDNESS_MIX ? source->targets->lufs_mono
                                                              : source->targets->lufs_source);
}

static void fill_dyn(const pt_row_source *source, float *values) {
    values[0] = (float)source->targets->crest_db;
    values[1] = (float)source->targets->zcr;
}

static void fill_purity(const pt_row_source *source, float *values) {
    *values = (float)fmin(source->purity_cap, patina_purity_db(source->degrade->signal_power,
                                                               source->degrade->rest_power));
}

#define COLUMN(name_, length, unit_, meaning_, fill_, ...)                                         \
    [PT_COLUMN_##name_] = {.name = #name_,                                                         \
                           .n_values = (length),                                                   \
                           .offset = offsetof(pt_row, name_),                                      \
                           .unit = (unit_),                                                        \
                           .meaning = (meaning_),                                                  \
                           .fill = (fill_),                                                        \
                           .value = (const pt_column_value[]){__VA_ARGS__},                        \
                           .n_described = sizeof((pt_column_value[]){__VA_ARGS__}) /               \
                                          sizeof(pt_column_value)},
#define SCALAR_COLUMN(name, ...) COLUMN(name, 1, __VA_ARGS__)

const pt_column pt_columns[PT_N_COLUMNS] = {PT_COLUMNS(SCALAR_COLUMN, COLUMN)};

_Static_assert(sizeof((pt_row *)0)->fused_state == PT_FUSED_STATE_DIM * sizeof(float) &&
                   sizeof((pt_row *)0)->target_ltas == PATINA_LTAS_BANDS * sizeof(float),
               "columns.h gives lengths as numbers, for the script that reads it");

const float *pt_column_values(const pt_column *column, const pt_row *row) {
    return (const float *)(const void *)((const char *)row + column->offset);
}

float *pt_column_values_mutable(const pt_column *column, pt_row *row) {
    return (float *)(void *)((char *)row + column->offset);
}

char *pt_column_describe(const pt_column *column, double purity_cap) {
    static const char field[] = "{purity_cap}";
    pt_strbuf out = {0};
    const char *text = column->meaning;
    for (const char *at; (at = strstr(text, field)); text = at + sizeof field - 1) {
        pt_strbuf_append_bytes(&out, text, (size_t)(at - text));
        pt_strbuf_printf(&out, "%g", purity_cap);
    }
    pt_strbuf_append(&out, text);
    return pt_strbuf_detach(&out);
}

bool pt_settings_have_id(const json_t *settings) {
    return json_is_true(json_object_get(settings, "with_id"));
}

double pt_settings_purity_cap(const json_t *settings) {
    const json_t *cap = json_object_get(settings, "purity_cap");
    const double db = json_number_value(cap);
    return json_is_number(cap) && db >= PATINA_PURITY_CAP_MIN && db <= PATINA_PURITY_MAX
               ? db
               : PATINA_PURITY_MAX;
}

void pt_row_fill(pt_row *row, const pt_row_source *source) {
    for (const pt_column *column = pt_columns; column < pt_columns + PT_N_COLUMNS; column++)
        if (column->fill) column->fill(source, pt_column_values_mutable(column, row));
}

patina_status pt_row_check_finite(const pt_row *row, patina_error *err) {
    for (const pt_column *column = pt_columns; column < pt_columns + PT_N_COLUMNS; column++) {
        const float *values = pt_column_values(column, row);
        for (size_t i = 0; i < column->n_values; i++)
            if (!isfinite(values[i]))
                return pt_fail(err, PATINA_ERANGE, "column '%s': value %zu is not a finite number",
                               column->name, i);
    }
    return PATINA_OK;
}

/* A NaN, an Inf or zeros in an embedding come from the weights. */
static patina_status check_embeddings(const pt_row *row, patina_error *err) {
    static const char *const towers[] = {"text", "audio"};
    for (size_t t = 0; t < 2; t++) {
        const float *embedding = row->fused_state + t * PATINA_EMBEDDING_SIZE;
        double power = 0.0;
        for (size_t i = 0; i < PATINA_EMBEDDING_SIZE; i++)
            power += (double)embedding[i] * (double)embedding[i];
        const double length = sqrt(power);
        if (!(fabs(length - 1.0) <= NORM_TOLERANCE))
            return pt_fail(err, PATINA_ERANGE,
                           "column 'fused_state': the embedding of the %s tower has length %.9g "
                           "instead of 1; check the model's weights",
                           towers[t], length);
    }
    return PATINA_OK;
}

static patina_status check_range(const pt_column *column, const pt_row *row, patina_error *err) {
    const float *values = pt_column_values(column, row);
    for (size_t i = 0; i < column->n_values; i++) {
        const pt_column_value *valid = &column->value[column->n_described > 1 ? i : 0];
        if (values[i] >= valid->min && values[i] <= valid->max) continue;
        return pt_fail(err, PATINA_ERANGE,
                       "column '%s': value %zu is %.9g; the range is %.9g to %.9g", column->name, i,
                       (double)values[i], (double)valid->min, (double)valid->max);
    }
    return PATINA_OK;
}

patina_status pt_row_check(const pt_row *row, patina_error *err) {
    PT_TRY(check_embeddings(row, err));
    PT_TRY(pt_row_check_finite(row, err));
    for (const pt_column *column = pt_columns; column < pt_columns + PT_N_COLUMNS; column++)
        PT_TRY(check_range(column, row, err));
    return PATINA_OK;
}
