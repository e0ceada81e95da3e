/* SPDX-License-Identifier: MIT */
/* schema.c - names, lengths and units of the columns */

#include "dataset/schema.h"

#include <math.h>

#include "base/error.h"

#define COLUMN(member, n, unit_, meaning_)                                                         \
    {                                                                                              \
        .name = #member, .n_values = (n), .offset = offsetof(pt_row, member), .unit = (unit_),     \
        .meaning = (meaning_)                                                                      \
    }

const pt_column pt_columns[PT_N_COLUMNS] = {
    COLUMN(fused_state, PT_FUSED_STATE_DIM, "-",
           "CLAP embeddings, each of Euclidean length 1: 0..511 of the caption, 512..1023 of the "
           "degraded audio"),
    COLUMN(target_ltas, PATINA_LTAS_BANDS, "dBFS",
           "long-term average spectrum of the clean audio in 64 one-sixth-octave bands, 14 Hz to "
           "22.4 kHz; 0 is the power of a full-scale sine, never under -120"),
    COLUMN(target_lufs, 1, "LUFS",
           "integrated loudness of the clean audio (ITU-R BS.1770-5, EBU R 128), never under -70"),
    COLUMN(target_dyn, 2, "dB, -",
           "of the clean audio: crest factor in dB, and zero-crossing rate as a share of its "
           "samples, 0 to 1"),
    COLUMN(input_purity, 1, "dB",
           "SINAD of the degraded audio: what is left of the clean signal over noise and "
           "distortion, -30 to 60; 60 is undamaged, or coloured only"),
};

const float *pt_column_values(const pt_column *column, const pt_row *row) {
    return (const float *)(const void *)((const char *)row + column->offset);
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
