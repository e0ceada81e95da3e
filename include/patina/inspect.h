/* SPDX-License-Identifier: MIT */
/* inspect.h - what a finished data set is like: figures, single rows, and a page to look at */

#ifndef PATINA_INSPECT_H
#define PATINA_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/clap.h>
#include <patina/measure.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Of n values; all zero where n is 0. Between two values a quantile is interpolated linearly. */
typedef struct patina_quantiles {
    uint64_t n;
    double least, p5, p25, median, p75, p95, most, mean;
} patina_quantiles;

#define PATINA_HISTOGRAM_BINS 32

/** Bin i counts values from edge[i] on, and below edge[i + 1]; the last one this edge as well. */
typedef struct patina_histogram {
    size_t n_bins; /* 0 where there are no values */
    double edge[PATINA_HISTOGRAM_BINS + 1];
    uint64_t count[PATINA_HISTOGRAM_BINS];
} patina_histogram;

/** The targets that are one number each. */
typedef enum patina_scalar {
    PATINA_SCALAR_LUFS,
    PATINA_SCALAR_CREST,
    PATINA_SCALAR_ZCR,
    PATINA_SCALAR_PURITY,
    PATINA_SCALAR_COUNT
} patina_scalar;

#define PATINA_OCTAVE_COUNT 11 /* 16 Hz to 16 kHz; of the lowest only its upper two third octaves */

typedef struct patina_split_stats {
    char *name; /* "train" */
    uint64_t n_parts, n_rows, n_bytes;
} patina_split_stats;

typedef struct patina_column_info {
    const char *name, *unit, *meaning;
    size_t n_values; /* of each row, float32 */
} patina_column_info;

/** One thing that the set's own account (dataset.json) says, ready to print. */
typedef struct patina_key_value {
    char *name, *value;
} patina_key_value;

/** How the numbers of one half of fused_state lie. */
typedef struct patina_embedding_stats {
    double norm_min, norm_mean, norm_max; /* Euclidean; 1 but for rounding */
    double mean_cosine; /* mean cosine of two rows, a row with itself too: 1 if all were alike */
} patina_embedding_stats;

typedef struct patina_inspection {
    char *dataset_json; /* dataset.json as it stands */
    bool untrained;
    patina_key_value *facts, *settings, *model;
    size_t n_facts, n_settings, n_model;
    patina_key_value *rejects; /* reason and count */
    size_t n_rejects;

    patina_column_info *column; /* in the order of a row */
    size_t n_columns;
    uint64_t n_rows, n_parts, n_bytes;
    patina_split_stats *split;
    size_t n_splits;

    patina_quantiles scalar[PATINA_SCALAR_COUNT];
    patina_histogram histogram[PATINA_SCALAR_COUNT];
    /* Levels above the floor only, and to 1/200 dB, but for least, most and mean. */
    patina_quantiles band[PATINA_LTAS_BANDS], octave[PATINA_OCTAVE_COUNT];

    const char **effect; /* [n_effects] names in physical order */
    size_t n_effects, n_effect_sets;
    uint64_t *n_with;      /* [n_effects] rows that have the effect */
    uint64_t *n_with_both; /* [n_effects, n_effects] rows that have both */
    uint64_t *n_chain;     /* [n_effect_sets] rows with exactly this set: bit e is effect e */

    patina_embedding_stats text, audio;
    double text_audio_cosine; /* mean cosine of a row's caption and its damaged audio */
} patina_inspection;

/** Middle of octave o, "31.5" Hz and so on, and of a band of target_ltas, in Hz. */
PATINA_API const char *patina_octave_name(size_t o);
PATINA_API double patina_ltas_center_hz(size_t b);

/** "target_lufs" ..., as columns are called ("target_dyn[0]"), its unit, and a word for people. */
PATINA_API const char *patina_scalar_column(patina_scalar scalar);
PATINA_API const char *patina_scalar_unit(patina_scalar scalar);
PATINA_API const char *patina_scalar_title(patina_scalar scalar);

/**
 * Reads a set once, from its first row to its last, in 32 bytes of memory a row and 30 MB.
 *
 * Errors  PATINA_EIO      a file cannot be read
 *         PATINA_EFORMAT  it holds no data set, an unfinished one, or is damaged
 */
PATINA_API patina_status patina_inspect(const char *out, patina_inspection **inspection,
                                        patina_error *err);
PATINA_API void patina_inspection_close(patina_inspection **inspection);

/** One row and where it stands. Owns what it points to. */
typedef struct patina_row_info {
    char *file;           /* "train-00000-of-00002.parquet" */
    uint64_t row_in_file; /* from 0 */
    char *provenance;     /* its line */
    char *caption;        /* or NULL */
    char *words;          /* of patina_effect_chain_describe */
    float ltas[PATINA_LTAS_BANDS], lufs, crest_db, zcr, purity_db;
    float text[PATINA_EMBEDDING_SIZE], audio[PATINA_EMBEDDING_SIZE];
    double norm_text, norm_audio, cosine;
} patina_row_info;

/**
 * Row n, from 0, over all files in the order of their names.
 *
 * Errors  PATINA_ERANGE  there is none, which says how many there are; and those of patina_inspect
 */
PATINA_API patina_status patina_inspect_row(const char *out, uint64_t n, patina_row_info *row,
                                            patina_error *err);
PATINA_API void patina_row_info_release(patina_row_info *row);

/** Zeroed members are defaults. */
typedef struct patina_report_options {
    const char *out;  /* the data set; required */
    const char *page; /* the file to write; required */
    const char
        *audio_root;    /* where the sources of provenance lie; NULL: no sound but the corpus' */
    const char *corpus; /* what generate was given; opened again for its audio */
} patina_report_options;

typedef struct patina_report_result {
    uint64_t n_bytes;
    size_t n_samples, n_heard; /* rows shown, and those whose audio was found */
    char first_missing[256];   /* a sentence about the first that was not */
} patina_report_result;

/**
 * Writes one HTML file that needs nothing else: the figures of patina_inspect as charts and tables, and
 * twelve rows with their sound, pristine and damaged, where it can be had. Under 10 MB; the same
 * set gives the same bytes with the same libraries. It appears under its name when complete.
 *
 * Errors  those of patina_inspect; PATINA_EIO, PATINA_EFORMAT of the corpus; PATINA_EIO of the page
 */
PATINA_API patina_status patina_report_write(const patina_report_options *options,
                                             patina_report_result *result, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_INSPECT_H */
