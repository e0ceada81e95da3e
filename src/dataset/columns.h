/* SPDX-License-Identifier: MIT */
/* columns.h - the list of columns, in the order of the file
 *
 * Everything else follows from this list: pt_row, both writers, the reader, the checks of
 * `generate` and `verify`, the Arrow schema (tools/make_arrow_schema.py), `inspect` and the
 * data-set card. To add a column, add a line, and its fill function to schema.c.
 *
 *   SCALAR(name, unit, meaning, fill, value)
 *   LIST(name, length, unit, meaning, fill, value, ...)
 *
 *   meaning pt_column_describe replaces {purity_cap} by the setting of the data set
 *   fill    void (const pt_row_source *source, float *values); NULL: set by the encoder
 *   value   {title, unit, decimals, min, max} of one value. With a title, `inspect` and the report
 *           show quantiles of it. A list gives one for all its values, or one for each.
 *
 * The text column `id` follows these columns in sets made with --with-id.
 */

#ifndef PATINA_DATASET_COLUMNS_H
#define PATINA_DATASET_COLUMNS_H

/* Of a square wave the rms may exceed the peak by a rounding: n samples add up to within n * 2^-53,
 * which is 5e-10 dB for ten seconds. */
#define PT_CREST_MIN_DB (-1e-6F)

/* clang-format off */
#define PT_COLUMNS(SCALAR, LIST) \
    LIST(fused_state, 1024, "-", \
         "CLAP embeddings, each of Euclidean length 1: 0..511 of the caption, 512..1023 of the " \
         "degraded audio", \
         NULL, {NULL, "", 0, -INFINITY, INFINITY}) \
    LIST(target_ltas, 64, "dBFS", \
         "long-term average spectrum of the clean audio in 64 one-sixth-octave bands, 14 Hz to " \
         "22.4 kHz; 0 is the power of a full-scale sine, never under -120", \
         fill_ltas, {NULL, "dBFS", 1, PATINA_LTAS_FLOOR, INFINITY}) \
    SCALAR(target_lufs, "LUFS", \
           "integrated loudness of the clean audio (ITU-R BS.1770-5, EBU R 128), never under -70", \
           fill_lufs, {"loudness", "LUFS", 2, PATINA_LUFS_FLOOR, INFINITY}) \
    LIST(target_dyn, 2, "dB, -", \
         "of the clean audio: crest factor in dB, and zero-crossing rate as a fraction of its " \
         "samples, 0 to 1", \
         fill_dyn, {"crest factor", "dB", 2, PT_CREST_MIN_DB, INFINITY}, \
         {"zero-crossing rate", "", 4, 0.0F, 1.0F}) \
    SCALAR(input_purity, "dB", \
           "SINAD of the degraded audio: the clean signal over noise and distortion, -30 to " \
           "{purity_cap}; {purity_cap} is clean, or linear effects only", \
           fill_purity, {"purity", "dB", 2, PATINA_PURITY_MIN, PATINA_PURITY_MAX})
/* clang-format on */

#endif /* PATINA_DATASET_COLUMNS_H */
