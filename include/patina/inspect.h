/* SPDX-License-Identifier: MIT */
/**
 * @file inspect.h
 * @brief Statistics of a finished data set, single rows, and an HTML report.
 *
 * All functions are safe from any thread.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_inspection *inspection = NULL;
 * if (patina_inspect("out", &inspection, &err) != PATINA_OK)
 *     fprintf(stderr, "%s\n", err.message);
 * else
 *     printf("median loudness %.1f LUFS\n", inspection->scalar[0].quantiles.median);
 * patina_inspection_close(&inspection);
 * @endcode
 */

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

/** Order statistics of n values; all zero for n = 0. Quantiles are interpolated linearly. */
typedef struct patina_quantiles {
    uint64_t n;    /**< number of values */
    double min;    /**< minimum */
    double p5;     /**< 5 % quantile */
    double p25;    /**< 25 % quantile */
    double median; /**< 50 % quantile */
    double p75;    /**< 75 % quantile */
    double p95;    /**< 95 % quantile */
    double max;    /**< maximum */
    double mean;   /**< arithmetic mean */
} patina_quantiles;

/** Bins of a patina_histogram. */
#define PATINA_HISTOGRAM_BINS 32

/** Histogram. Bin i counts values in [edge[i], edge[i + 1]); the last bin includes its upper
 * edge. */
typedef struct patina_histogram {
    size_t n_bins;                          /**< 0 if there are no values */
    double edge[PATINA_HISTOGRAM_BINS + 1]; /**< [n_bins + 1], ascending */
    uint64_t count[PATINA_HISTOGRAM_BINS];  /**< [n_bins] */
} patina_histogram;

/** Statistics of a target that is one number. */
typedef struct patina_scalar {
    char column[64];            /**< "target_lufs", "target_dyn[0]" */
    const char *title;          /**< "loudness"; static */
    const char *unit;           /**< "LUFS", "" where there is none; static */
    int decimals;               /**< for printing */
    double floor;               /**< smallest valid value; -INFINITY where there is none */
    double cap;                 /**< largest valid value; INFINITY where there is none */
    uint64_t n_at_floor;        /**< rows at the smallest valid value */
    uint64_t n_at_cap;          /**< rows at the largest valid value */
    patina_quantiles quantiles; /**< of all rows */
    patina_histogram histogram; /**< of all rows */
    patina_quantiles recording_quantiles; /**< of the first row of each recording */
    patina_histogram recording_histogram; /**< of the first row of each recording */
} patina_scalar;

/** Octave bands, 16 Hz to 16 kHz; of the lowest only its upper two third octaves. */
#define PATINA_OCTAVE_COUNT 11

/** A split of the data set. */
typedef struct patina_split_stats {
    char *name;               /**< "train" */
    uint64_t n_parts;         /**< part files */
    uint64_t n_rows;          /**< rows */
    uint64_t n_bytes;         /**< size of the part files */
    patina_quantiles *scalar; /**< [n_scalars], of its rows */
} patina_split_stats;

/** A corpus of a data set of several corpora. */
typedef struct patina_corpus_stats {
    char *name;               /**< as in provenance */
    uint64_t n_rows;          /**< rows */
    patina_quantiles *scalar; /**< [n_scalars], of its rows */
} patina_corpus_stats;

/** Captions of the rows. */
typedef struct patina_caption_stats {
    uint64_t n_distinct;    /**< different captions */
    uint64_t n_shared;      /**< recordings with a caption that also belongs to another recording */
    uint64_t n_most_shared; /**< recordings of the most frequent caption */
    patina_quantiles words; /**< words of the caption of each row */
} patina_caption_stats;

/** A column of the data set. name and unit are static. */
typedef struct patina_column_info {
    const char *name; /**< "target_ltas" */
    const char *unit; /**< "dBFS" */
    char *meaning;    /**< a phrase */
    size_t n_values;  /**< float32 values of each row */
} patina_column_info;

/** A value of dataset.json as text. */
typedef struct patina_key_value {
    char *name;  /**< name of the member */
    char *value; /**< value, ready to print */
} patina_key_value;

/** Statistics of one half of fused_state. */
typedef struct patina_embedding_stats {
    double norm_min;    /**< smallest Euclidean norm; 1 except for rounding */
    double norm_mean;   /**< mean Euclidean norm */
    double norm_max;    /**< largest Euclidean norm */
    double mean_cosine; /**< mean cosine over all pairs of rows, a row with itself included */
} patina_embedding_stats;

/** Two clips whose sound is the same up to lossy coding (docs/MEASURES.md, "Same sound"). */
typedef struct patina_sound_pair {
    char *entry[2];       /**< ids */
    const char *split[2]; /**< splits; of patina_inspection.split */
    uint64_t row[2];      /**< first row of each */
    double distance_db;   /**< mean absolute difference of their levels */
} patina_sound_pair;

/** Rows whose sources have one codec. */
typedef struct patina_codec_count {
    char name[64];   /**< "pcm, 16 bits" or "mp3, lossy" */
    uint64_t n_rows; /**< rows */
} patina_codec_count;

/** Statistics of a data set. Owns its members; patina_inspection_close() releases it. */
typedef struct patina_inspection {
    char *dataset_json;         /**< text of dataset.json */
    bool untrained;             /**< the model has random weights */
    double purity_cap;          /**< upper end of input_purity, dB */
    patina_key_value *run;      /**< [n_run], other members of dataset.json */
    patina_key_value *settings; /**< [n_settings], settings of the run */
    patina_key_value *model;    /**< [n_model], properties of the model */
    size_t n_run;               /**< length of run */
    size_t n_settings;          /**< length of settings */
    size_t n_model;             /**< length of model */
    patina_key_value *rejects;  /**< [n_rejects], reason and count */
    size_t n_rejects;           /**< length of rejects */

    patina_column_info *column;  /**< [n_columns], columns of a row in their order */
    size_t n_columns;            /**< length of column */
    uint64_t n_rows;             /**< rows of all splits */
    uint64_t n_parts;            /**< part files of all splits */
    uint64_t n_bytes;            /**< size of the part files */
    patina_split_stats *split;   /**< [n_splits] */
    size_t n_splits;             /**< length of split */
    patina_corpus_stats *corpus; /**< [n_corpora], in the order of their first rows */
    size_t n_corpora; /**< length of corpus; 0 if the rows name no corpus, as in a set of one */

    patina_scalar *scalar; /**< [n_scalars], in the order of the columns */
    size_t n_scalars;      /**< length of scalar */
    double *correlation;   /**< [n_scalars, n_scalars], Pearson, of all rows; 0 for a constant */
    uint64_t n_recordings; /**< different recordings of the rows */
    patina_caption_stats captions; /**< captions of the rows */
    /** Levels above the floor of each band of target_ltas; quantiles to 1/200 dB. */
    patina_quantiles band[PATINA_LTAS_BANDS];
    patina_quantiles octave[PATINA_OCTAVE_COUNT]; /**< the same for octave bands */

    const char **effect;   /**< [n_effects], names in physical order */
    size_t n_effects;      /**< length of effect */
    size_t n_effect_sets;  /**< 2^n_effects */
    uint64_t *n_with;      /**< [n_effects], rows that have the effect */
    uint64_t *n_with_both; /**< [n_effects, n_effects], rows that have both effects */
    uint64_t *n_chain;     /**< [n_effect_sets], rows with exactly this set: bit e is effect e */

    patina_embedding_stats text;  /**< text half of fused_state */
    patina_embedding_stats audio; /**< audio half of fused_state */
    double text_audio_cosine;     /**< mean cosine of a row's caption and its degraded audio */

    patina_scalar *quality;    /**< [n_quality], members of source_quality that are numbers */
    size_t n_quality;          /**< length of quality */
    patina_codec_count *codec; /**< [n_codecs], most frequent first */
    size_t n_codecs;           /**< length of codec */

    patina_sound_pair *sound_pair;   /**< [n_sound_pairs], those between splits first */
    size_t n_sound_pairs;            /**< length of sound_pair, at most 1000 of each kind */
    uint64_t n_pairs_between_splits; /**< pairs in different splits; at most 1000000 are counted */
    uint64_t n_pairs_in_a_split;     /**< pairs in one split; likewise */
} patina_inspection;

/** Returns the centre of octave band o (0 to PATINA_OCTAVE_COUNT - 1) in Hz as text, "31.5".
 * Static. */
PATINA_API const char *patina_octave_name(size_t o);

/** Returns the centre of band b (0 to 63) of target_ltas in Hz. */
PATINA_API double patina_ltas_center_hz(size_t b);

/**
 * Returns the columns of a row and stores their number. Static. `meaning` is NULL here, because it
 * depends on the settings of a data set: see patina_inspection.column.
 */
PATINA_API const patina_column_info *patina_columns(size_t *n_columns);

/**
 * Computes statistics of a data set in one pass. Needs 164 bytes of memory for each row, 200 for
 * each entry, and 30 MB.
 *
 * - `out`: folder of the data set
 * - `inspection`: out; patina_inspection_close() releases it
 *
 * Errors: PATINA_EUSAGE where the folder does not exist or contains no data set; PATINA_EIO where a
 * file cannot be read; PATINA_EFORMAT where the set is unfinished or damaged; PATINA_ENOMEM.
 */
PATINA_API patina_status patina_inspect(const char *out, patina_inspection **inspection,
                                        patina_error *err);

/** Returns the statistics of a column, "target_dyn[0]"; NULL if there is no such scalar. */
PATINA_API const patina_scalar *patina_inspection_find_scalar(const patina_inspection *inspection,
                                                              const char *column);

/** Releases the statistics and sets *inspection to NULL. A NULL *inspection is accepted. */
PATINA_API void patina_inspection_close(patina_inspection **inspection);

/** One row. Owns its strings; patina_row_info_release() releases it. */
typedef struct patina_row_info {
    char *file;                         /**< "train-00000-of-00002.parquet" */
    uint64_t row_in_file;               /**< from 0 */
    char *provenance;                   /**< its line of provenance, JSON */
    char *caption;                      /**< may be NULL */
    char *words;                        /**< the chain, see patina_effect_chain_describe() */
    float *values;                      /**< values of all columns, one column after the other */
    float ltas[PATINA_LTAS_BANDS];      /**< target_ltas, dBFS */
    float lufs;                         /**< target_lufs, LUFS */
    float crest_db;                     /**< crest factor, dB */
    float zcr;                          /**< zero-crossing rate, 0 to 1 */
    float purity_db;                    /**< input_purity, dB */
    float text[PATINA_EMBEDDING_SIZE];  /**< text half of fused_state */
    float audio[PATINA_EMBEDDING_SIZE]; /**< audio half of fused_state */
    double norm_text;                   /**< Euclidean norm of text */
    double norm_audio;                  /**< Euclidean norm of audio */
    double cosine;                      /**< of text and audio */
} patina_row_info;

/**
 * Reads row n, from 0, over all part files in the order of their names.
 *
 * - `row`: out; patina_row_info_release() releases it
 *
 * Errors: PATINA_ERANGE where there is no such row, the message has the number of rows; those of
 * patina_inspect().
 */
PATINA_API patina_status patina_inspect_row(const char *out, uint64_t n, patina_row_info *row,
                                            patina_error *err);

/** Releases the members and zeroes the struct. A zeroed struct is accepted. */
PATINA_API void patina_row_info_release(patina_row_info *row);

/** Greatest number of rows that a report shows with audio. */
#define PATINA_REPORT_ROWS_MAX 12

/** Options of patina_report_write(). `out` and `page` are required. Strings are borrowed. */
typedef struct patina_report_options {
    const char *out;  /**< folder of the data set */
    const char *page; /**< HTML file to write */
    /** Folder of the sources in provenance; NULL: audio of the corpus only. */
    const char *audio_root;
    const char *corpus;   /**< corpus of the run, opened again for its audio; NULL: none */
    const uint64_t *rows; /**< [n_rows], rows to show with audio; NULL: twelve, by purity */
    size_t n_rows;        /**< at most PATINA_REPORT_ROWS_MAX */
    uint64_t reserved[6]; /**< must be zero */
} patina_report_options;

/** Sets all options to their defaults (zero). Safe from any thread. */
PATINA_API void patina_report_options_init(patina_report_options *options);

/** Result of patina_report_write(). */
typedef struct patina_report_result {
    uint64_t n_bytes;        /**< size of the page */
    size_t n_samples;        /**< rows that are shown */
    size_t n_with_audio;     /**< of these, rows whose audio was found */
    char first_missing[256]; /**< a sentence about the first row without audio, or "" */
    uint64_t reserved[8];    /**< zero */
} patina_report_result;

/**
 * Writes a self-contained HTML page: the statistics of patina_inspect() as charts and tables, and
 * twelve rows with their pristine and degraded audio where it is available. The page is smaller
 * than 10 MB and gets its name when it is complete. The same data set gives the same bytes with the
 * same libraries.
 *
 * Errors: those of patina_inspect(); PATINA_ERANGE for a row that the set does not have, or too
 * many; PATINA_EIO and PATINA_EFORMAT for the corpus; PATINA_EIO for the page.
 */
PATINA_API patina_status patina_report_write(const patina_report_options *options,
                                             patina_report_result *result, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_INSPECT_H */
