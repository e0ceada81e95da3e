/* SPDX-License-Identifier: MIT */
/**
 * @file generate.h
 * @brief Generates a data set from a corpus of captioned audio.
 *
 * patina_generate() makes a data set, or continues one that was stopped or killed. It starts worker
 * threads and joins them before it returns. Rows depend on the corpus, the model and the settings
 * only, not on the number of threads, shards and interruptions.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_generate_options options;
 * patina_generate_report report;
 * patina_generate_options_init(&options);
 * options.corpus = "manifest.jsonl";
 * options.model = "model";
 * options.out = "out";
 * if (patina_generate(&options, &report, &err) != PATINA_OK)
 *     fprintf(stderr, "%s\n", err.message);
 * else
 *     printf("%llu rows\n", (unsigned long long)report.set.n_rows);
 * @endcode
 */

#ifndef PATINA_GENERATE_H
#define PATINA_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/cpu.h>
#include <patina/dataset.h>
#include <patina/degrade.h>
#include <patina/device.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** File format of the parts. */
typedef enum patina_output_format {
    PATINA_FORMAT_PARQUET, /**< Apache Parquet */
    PATINA_FORMAT_JSONL    /**< JSON Lines */
} patina_output_format;

/** The captions of an entry that get rows. */
typedef enum patina_caption_mode {
    PATINA_CAPTIONS_ALL,   /**< every caption */
    PATINA_CAPTIONS_FIRST, /**< the first */
    PATINA_CAPTIONS_RANDOM /**< one that is drawn from the seed */
} patina_caption_mode;

/** Position of a window in a recording of more than 10 s. Silent windows are replaced by others. */
typedef enum patina_window_mode {
    PATINA_WINDOW_RANDOM, /**< drawn from the seed and the id of the entry */
    PATINA_WINDOW_FIRST,  /**< the start; further windows follow without a gap */
    PATINA_WINDOW_LOUDEST /**< that with the most energy */
} patina_window_mode;

/** The signal whose loudness is written to target_lufs. */
typedef enum patina_loudness_source {
    PATINA_LOUDNESS_SOURCE, /**< the channels of the source */
    PATINA_LOUDNESS_MIX     /**< the mono mix */
} patina_loudness_source;

/** Stages of a run whose time is measured. The last one is the calling thread's. */
typedef enum patina_run_stage {
    PATINA_RUN_READING,     /**< reading and decoding audio */
    PATINA_RUN_MEASURING,   /**< measuring targets */
    PATINA_RUN_DEGRADING,   /**< applying effects, and purity */
    PATINA_RUN_AUDIO_TOWER, /**< embedding audio */
    PATINA_RUN_TEXT_TOWER,  /**< embedding captions */
    PATINA_RUN_WRITING,     /**< writing rows */
    PATINA_RUN_STAGE_COUNT
} patina_run_stage;

/**
 * Returns "reading", "measuring", "degrading", "audio tower", "text tower" or "writing"; "unknown"
 * for other numbers. Static, never NULL. Safe from any thread.
 */
PATINA_API const char *patina_run_stage_name(patina_run_stage stage);

/** Quantiles of a distribution, accurate to 0.1. */
typedef struct patina_run_quantiles {
    double p05; /**< 5 % quantile */
    double p50; /**< median */
    double p95; /**< 95 % quantile */
} patina_run_quantiles;

/** Kind of a patina_event. */
typedef enum patina_event_kind {
    PATINA_EVENT_NOTE,    /**< `text` is one sentence for the user */
    PATINA_EVENT_REJECT,  /**< an entry, or one of its captions, gives no row */
    PATINA_EVENT_PROGRESS /**< work on entries begins, continues or ends */
} patina_event_kind;

/** A progress report of patina_generate(). Pointers are valid during the call. */
typedef struct patina_event {
    patina_event_kind kind;   /**< which members are set besides the counts */
    const char *text;         /**< a note, or the sentence of a reject */
    const char *entry;        /**< id of a rejected entry; may be NULL */
    patina_status reason;     /**< of a reject */
    uint64_t n_entries;       /**< entries that this call has processed */
    uint64_t n_entries_total; /**< entries that this call will process */
    uint64_t n_rows;          /**< rows of these entries so far */
    uint64_t n_rejects;       /**< rejects of these entries so far */
    uint64_t n_chunks;        /**< complete chunks of the data set */
    uint64_t n_chunks_total;  /**< chunks of the data set */
} patina_event;

/**
 * Options of patina_generate(). A zeroed member means its default; `out`, `model` and one of
 * `corpus`, `corpora` and `corpora_file` are required. Strings are UTF-8 and borrowed until the
 * call returns; a NULL string means its default. docs/DATASET.md and `patina generate --help`
 * describe the effect of each option.
 *
 * A run is continued only with the same corpus, model, instruction set and options. These options
 * may differ: audio_root, keep_going, hub_cache, the texts of the card, keep_audio, keep_every, and
 * those of the sections "Execution" and "Control".
 */
typedef struct patina_generate_options {
    /* ---- Corpora ---- */

    const char *corpus;           /**< folder, file or pattern of a format in docs/CORPORA.md */
    const char *const *corpora;   /**< [n_corpora], instead of `corpus`: several corpora, each with
                                     its own options, "a.csv,audio-root=clips,prefix=a" */
    size_t n_corpora;             /**< length of corpora; 0: `corpus` is used */
    const char *corpora_file;     /**< YAML or JSON file of corpora, instead of both; or NULL */
    const char *corpus_kind;      /**< format, see patina_corpus_kind_at(); NULL: detected */
    const char *audio_root;       /**< folder of the audio; NULL: that of the corpus file */
    const char *caption_column;   /**< column or member of the captions; NULL: the usual names */
    const char *caption_template; /**< "the sound of {label}"; NULL: captions as they are */
    const char *file_column;      /**< table column of the audio file; NULL: the usual names */
    const char *id_column;        /**< one or two table columns of the id, separated by a space;
                                     NULL: the usual names */
    const char *start_column;     /**< table column of the start in seconds; NULL: likewise */
    const char *end_column;       /**< table column of the end in seconds; NULL: likewise */
    const char *header;           /**< column names of a table without header; NULL: it has one */
    const char *delimiter;        /**< of a table, one character or "tab"; NULL: detected */
    const char *source_split;     /**< read only the files of this split; NULL: all files */
    const char *exclude;          /**< file of ids to reject as `excluded`; NULL: none */
    const char *filter;           /**< conditions on entries, "duration>=5,caption~rain"; or NULL */
    const char *require;          /**< conditions on the quality of sources,
                                     "bandwidth_hz>=16000"; or NULL */
    const char *hub_cache;        /**< cache in which `hf://datasets/...` of corpora_file is */
    uint64_t limit;               /**< process only the first entries; 0: all */
    uint64_t max_captions;        /**< of an entry; the rest are rejected; 0: 1000 */
    bool keep_going;              /**< continue if the first 200 entries are all rejected */

    /* ---- Rows ---- */

    uint64_t seed;                   /**< 0 to PATINA_SEED_MAX */
    uint32_t variants;               /**< rows for each caption, 1 to 65536; 0: 1 */
    uint32_t windows;                /**< windows of a recording of more than 10 s, each with rows
                                        of its own, 1 to 1000; 0: 1 */
    patina_window_mode window;       /**< position of these windows */
    patina_caption_mode captions;    /**< captions that get rows */
    patina_effect_order order;       /**< of the effects */
    const char *suite_json;          /**< degradation configuration, JSON text; NULL: defaults */
    const char *suite_name;          /**< file of suite_json, for error messages; NULL: none */
    patina_loudness_source loudness; /**< signal of target_lufs */
    double purity_cap;               /**< upper end of input_purity, 20 to 60 dB; 0: 50 */
    double level_jitter_db;          /**< each row has a gain in +- this range, 0 to 40 dB */
    const char *split;     /**< shares of the clips, "train=0.9,test=0.1"; NULL: "train=1" */
    const char *split_key; /**< what clips of one split have in common: "youtube_id", "parent",
                              "sound" or a column; NULL: the content of the file */
    bool with_id;          /**< add the column `id`, text, to the rows */
    bool fingerprint;      /**< write a fingerprint of each sound to the provenance */

    /* ---- Encoders ---- */

    const char *model;            /**< path of the model, see patina_clap_open() */
    patina_isa isa;               /**< PATINA_ISA_AUTO: the best of this CPU */
    patina_precision precision;   /**< of the model's matrix products */
    patina_device_options device; /**< where the encoders run */

    /* ---- Output ---- */

    const char *out;             /**< output folder; created if it does not exist */
    patina_output_format format; /**< of the part files */
    uint64_t chunk;              /**< entries of a part file; 0: max(1, 2000 / variants) */
    bool overwrite; /**< replace another data set in `out`, which is removed when the first entry is
                         written; false: an error */
    const char *title;      /**< of the data-set card (README.md); NULL: a general one */
    const char *license;    /**< of the corpus, for the card, "cc-by-4.0"; NULL: "unknown" */
    const char *language;   /**< of the captions, for the card, ISO 639-1; NULL: "en" */
    const char *keep_audio; /**< folder for audio to listen to; NULL: none */
    uint64_t keep_every;    /**< keep audio of one in this number of entries; 0: 1 */

    /* ---- Execution ---- */

    unsigned threads;        /**< worker threads; 0: all usable CPUs */
    uint64_t memory_bytes;   /**< limit for entries in progress, without the model; 0: a quarter of
                                the memory that this process may use */
    uint64_t shard;          /**< number of this shard, from 0 */
    uint64_t n_shards;       /**< make every n_shards-th chunk from `shard` on, without finishing;
                                0: make all chunks and finish */
    const char *resume_from; /**< folder with earlier output of the same run, only read; or NULL */
    bool retry_rejects;      /**< make chunks again whose rejects may change */
    bool skip_unreadable;    /**< reject entries that the machine cannot read, as io_error */
    double time_limit_s;     /**< stop after this time and keep the finished entries; 0: no limit */
    double entry_timeout_s;  /**< limit for reading the audio of one entry; 0: no limit */

    /* ---- Control ---- */

    const patina_atomic_bool *stop; /**< set to true to stop the run soon; may be NULL */
    /** Called for each event, from one thread at a time; may be NULL. */
    void (*on_event)(void *context, const patina_event *event);
    void *context; /**< first argument of on_event */

    uint64_t reserved[4]; /**< must be zero */
} patina_generate_options;

/** Sets all options to their defaults (zero). Safe from any thread. */
PATINA_API void patina_generate_options_init(patina_generate_options *options);

/** Result of patina_generate(). */
typedef struct patina_generate_report {
    bool is_complete;          /**< the data set is finished */
    bool was_complete;         /**< `out` already contained this run, finished; nothing was done */
    patina_dataset_report set; /**< the finished data set; zero if it is not finished */

    uint64_t n_entries_now;                    /**< entries that this call processed */
    uint64_t n_rows_now;                       /**< rows of these entries */
    uint64_t n_rejects_now;                    /**< rejects of these entries */
    patina_run_quantiles purity_db;            /**< of these rows; zero if there are none */
    patina_run_quantiles lufs;                 /**< of these rows; zero if there are none */
    double seconds_by[PATINA_RUN_STAGE_COUNT]; /**< time of each stage, summed over threads */
    uint64_t n_chunks_ours;                    /**< chunks that this shard has to make in all */
    uint64_t n_chunks_left;                    /**< of these, chunks that are still missing */
    bool out_of_time;        /**< with PATINA_ECANCELLED: the time limit was the reason */
    uint64_t n_entries_ours; /**< entries of the chunks that this shard has to make in all */
    uint64_t n_entries_kept; /**< of these, entries in finished chunks and in journals */
    uint64_t reserved[6];    /**< zero */
} patina_generate_report;

/**
 * Generates a data set, or continues one: complete chunks in `out`, and complete entries of other
 * chunks, are kept. An error leaves no incomplete file under a final name and keeps both.
 *
 * - `options`: set up with patina_generate_options_init(), or zeroed
 * - `report`: out; set after PATINA_OK and PATINA_ECANCELLED
 *
 * Errors: PATINA_EUSAGE for options that exclude each other, or where `out` contains something
 * else; PATINA_EFORMAT for the model, the configuration or the corpus file; PATINA_EIO where the
 * corpus cannot be read, output cannot be written, or the disk has too little space; PATINA_ENOMEM;
 * PATINA_ECANCELLED where *stop was set or the time limit was reached: the same call continues;
 * PATINA_ETEMPORARY where the audio of an entry could not be read because of a fault of the machine
 * (EIO, ESTALE, ENOMEM, EMFILE, ENFILE, EACCES, EPERM) and not of the data: the same call
 * continues. A second fault in the same chunk is PATINA_EIO.
 *
 * Calls for different folders may run at the same time; calls for the same folder must use
 * different shards. If an entry ran into entry_timeout_s and its decoder has not returned by the
 * end, the memory that its thread uses is not released.
 */
PATINA_API patina_status patina_generate(const patina_generate_options *options,
                                         patina_generate_report *report, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_GENERATE_H */
