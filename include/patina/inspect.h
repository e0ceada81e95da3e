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
typedef struct pt_quantiles {
    uint64_t n;
    double least, p5, p25, median, p75, p95, most, mean;
} pt_quantiles;

#define PT_HISTOGRAM_BINS 32

/** Bin i counts values from edge[i] on, and below edge[i + 1]; the last one this edge as well. */
typedef struct pt_histogram {
    size_t n_bins; /* 0 where there are no values */
    double edge[PT_HISTOGRAM_BINS + 1];
    uint64_t count[PT_HISTOGRAM_BINS];
} pt_histogram;

/** The targets that are one number each. */
typedef enum pt_scalar {
    PT_SCALAR_LUFS,
    PT_SCALAR_CREST,
    PT_SCALAR_ZCR,
    PT_SCALAR_PURITY,
    PT_SCALARS
} pt_scalar;

#define PT_OCTAVES   11 /* 16 Hz to 16 kHz; of the lowest only its upper two third octaves */
#define PT_N_EFFECTS 6
#define PT_N_CHAINS  (1U << PT_N_EFFECTS) /* sets of effects: bit e is effect e */

typedef struct pt_split_figures {
    char *name; /* "train" */
    uint64_t n_parts, n_rows, n_bytes;
} pt_split_figures;

#define PT_COLUMNS 5

typedef struct pt_column_figures {
    const char *name, *unit, *meaning;
    size_t n_values; /* of each row, float32 */
} pt_column_figures;

/** One thing that the set's own account (dataset.json) says, ready to print. */
typedef struct pt_fact {
    char *name, *value;
} pt_fact;

/** How the numbers of one half of fused_state lie. */
typedef struct pt_embedding_figures {
    double norm_least, norm_mean, norm_most; /* Euclidean; 1 but for rounding */
    double likeness; /* mean cosine of two rows, a row with itself too: 1 if all were alike */
} pt_embedding_figures;

typedef struct pt_inspection {
    char *account; /* dataset.json as it stands */
    bool untrained;
    pt_fact *facts, *settings, *model;
    size_t n_facts, n_settings, n_model;
    pt_fact *rejects; /* reason and count */
    size_t n_rejects;

    pt_column_figures column[PT_COLUMNS];
    uint64_t n_rows, n_parts, n_bytes;
    pt_split_figures *split;
    size_t n_splits;

    pt_quantiles scalar[PT_SCALARS];
    pt_histogram histogram[PT_SCALARS];
    /* Levels above the floor only, and to 1/200 dB, but for least, most and mean. */
    pt_quantiles band[PT_LTAS_BANDS], octave[PT_OCTAVES];

    const char *effect[PT_N_EFFECTS]; /* in the order in which sound meets them */
    uint64_t n_with[PT_N_EFFECTS];    /* rows that have it */
    uint64_t n_with_both[PT_N_EFFECTS][PT_N_EFFECTS];
    uint64_t n_chain[PT_N_CHAINS]; /* rows with exactly this set; [0] are clean */

    pt_embedding_figures text, audio;
    double likeness_of_halves; /* mean cosine of a row's caption and its damaged audio */
} pt_inspection;

/** Middle of octave o, "31.5" Hz and so on, and of a band of target_ltas, in Hz. */
PT_API const char *pt_octave_name(size_t o);
PT_API double pt_ltas_middle_hz(size_t b);

/** "target_lufs" ..., as columns are called ("target_dyn[0]"), its unit, and a word for people. */
PT_API const char *pt_scalar_column(pt_scalar scalar);
PT_API const char *pt_scalar_unit(pt_scalar scalar);
PT_API const char *pt_scalar_title(pt_scalar scalar);

/**
 * Reads a set once, from its first row to its last, in 32 bytes of memory a row and 30 MB.
 *
 * Errors  PT_EIO      a file cannot be read
 *         PT_EFORMAT  it holds no data set, an unfinished one, or is damaged
 */
PT_API pt_status pt_inspect(const char *out, pt_inspection **inspection, pt_error *err);
PT_API void pt_inspection_close(pt_inspection **inspection);

/** One row and where it stands. Owns what it points to. */
typedef struct pt_inspected_row {
    char *file;           /* "train-00000-of-00002.parquet" */
    uint64_t row_in_file; /* from 0 */
    char *provenance;     /* its line */
    char *caption;        /* or NULL */
    char *words;          /* of pt_chain_tell */
    float ltas[PT_LTAS_BANDS], lufs, crest_db, zcr, purity_db;
    float text[PT_EMBEDDING], audio[PT_EMBEDDING];
    double norm_text, norm_audio, cosine;
} pt_inspected_row;

/**
 * Row n, from 0, over all files in the order of their names.
 *
 * Errors  PT_ERANGE  there is none, which says how many there are; and those of pt_inspect
 */
PT_API pt_status pt_inspect_row(const char *out, uint64_t n, pt_inspected_row *row, pt_error *err);
PT_API void pt_inspected_row_release(pt_inspected_row *row);

/** Zeroed members are defaults. */
typedef struct pt_report_options {
    const char *out;  /* the data set; required */
    const char *page; /* the file to write; required */
    const char
        *audio_root;    /* where the sources of provenance lie; NULL: no sound but the corpus' */
    const char *corpus; /* what generate was given; opened again for its audio */
} pt_report_options;

typedef struct pt_report_result {
    uint64_t n_bytes;
    size_t n_samples, n_heard; /* rows shown, and those whose audio was found */
    char why_not[256];         /* a sentence about the first that was not */
} pt_report_result;

/**
 * Writes one HTML file that needs nothing else: the figures of pt_inspect as charts and tables, and
 * twelve rows with their sound, pristine and damaged, where it can be had. Under 10 MB; the same
 * set gives the same bytes with the same libraries. It appears under its name when complete.
 *
 * Errors  those of pt_inspect; PT_EIO, PT_EFORMAT of the corpus; PT_EIO of the page
 */
PT_API pt_status pt_report_write(const pt_report_options *options, pt_report_result *result,
                                 pt_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_INSPECT_H */
