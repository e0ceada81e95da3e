/* SPDX-License-Identifier: MIT */
/* generate.h - the main job: a corpus of captioned audio to a data set */

#ifndef PATINA_GENERATE_H
#define PATINA_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/cpu.h>
#include <patina/dataset.h>
#include <patina/degrade.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum patina_output_format {
    PATINA_FORMAT_PARQUET,
    PATINA_FORMAT_JSONL
} patina_output_format;
typedef enum patina_caption_mode {
    PATINA_CAPTIONS_ALL,
    PATINA_CAPTIONS_FIRST,
    PATINA_CAPTIONS_RANDOM
} patina_caption_mode;
typedef enum patina_loudness_source {
    PATINA_LOUDNESS_SOURCE,
    PATINA_LOUDNESS_MIX
} patina_loudness_source;

/** What takes the time of a run; the last one is the calling thread's, the others the workers'. */
typedef enum patina_run_stage {
    PATINA_RUN_READING,   /* and decoding */
    PATINA_RUN_MEASURING, /* the targets */
    PATINA_RUN_DEGRADING, /* and purity */
    PATINA_RUN_AUDIO_TOWER,
    PATINA_RUN_TEXT_TOWER,
    PATINA_RUN_WRITING,
    PATINA_RUN_STAGE_COUNT
} patina_run_stage;

/** "reading", "measuring", "degrading", "audio tower", "text tower" or "writing". */
PATINA_API const char *patina_run_stage_name(patina_run_stage stage);

/** The middle and the ends of a distribution, to a tenth. */
typedef struct patina_run_quantiles {
    double p05, p50, p95;
} patina_run_quantiles;

/** What a run tells while it goes; called from one thread at a time. */
typedef struct patina_event {
    enum {
        PATINA_EVENT_NOTE,     /* text: one sentence for the user */
        PATINA_EVENT_REJECT,   /* an entry, or one caption of it, gave no row; entry may be NULL */
        PATINA_EVENT_PROGRESS, /* when the work on entries begins, now and then, and at the end */
    } kind;
    const char *text; /* a note, or the sentence of a reject */
    const char *entry;
    patina_status reason;
    uint64_t n_entries, n_entries_total; /* done now, and to be done now */
    uint64_t n_rows, n_rejects;          /* of these */
    uint64_t n_chunks, n_chunks_total;   /* of the data set: there, and planned */
} patina_event;

/** Zeroed members are defaults unless said otherwise. */
typedef struct patina_generate_options {
    const char *corpus; /* a folder, file or pattern of any kind in docs/CORPORA.md; required */
    const char *corpus_kind;    /* NULL: found by looking */
    const char *caption_column; /* of kinds that have columns; NULL: its usual names */
    const char *audio_root;     /* NULL: the folder of the corpus file */
    const char *model;          /* folder; required */
    const char *out;            /* folder; required */
    patina_output_format format;
    uint64_t seed;     /* to PATINA_SEED_MAX */
    uint32_t variants; /* rows a caption, 1 to 65536; 0 means 1 */
    patina_effect_order order;
    const char *suite_json; /* text of a suite file; NULL for the defaults */
    const char *suite_name; /* of suite_json in error messages: its file; NULL: none */
    unsigned threads;       /* 0: all usable CPUs */
    uint64_t limit;         /* entries; 0: all */
    uint64_t chunk;         /* entries a part file; 0: max(1, 2000 / variants) */
    patina_caption_mode captions;
    patina_loudness_source loudness;
    const char *split;          /* "train=0.9,test=0.1": shares of the clips; NULL: all is train */
    patina_isa isa;             /* as patina_isa_parse gives it; PATINA_ISA_C is plain C */
    patina_precision precision; /* as patina_precision_parse gives it */

    uint64_t shard, n_shards; /* make every n_shards-th chunk from chunk `shard` on, and do not
                                 finish; n_shards 0: make all, and finish */
    const char *resume_from;  /* folder with earlier output of the same run, which is only read */
    bool retry_rejects;       /* make chunks anew whose rejects another try may change */
    double time_limit_s;      /* stop with finished chunks before so much time is over; 0: none */
    double entry_timeout_s;   /* for reading one entry's audio; 0: none */

    const char *keep_audio; /* existing or new folder for sound to listen to; NULL: none */
    uint64_t keep_every;    /* of every so many entries all rows; 0 means 1 */

    const patina_atomic_bool *stop; /* set it to end the run soon; NULL if never */
    void (*on_event)(void *context, const patina_event *event);
    void *context;
} patina_generate_options;

typedef struct patina_generate_report {
    bool is_complete;          /* the set is finished */
    bool was_complete;         /* OUT held this very run already; nothing was done */
    patina_dataset_report set; /* the finished set; zeros before */

    /* Of this call. */
    uint64_t n_entries_now, n_rows_now, n_rejects_now;
    patina_run_quantiles purity_db, lufs;      /* of these rows; 0 without any */
    double seconds_by[PATINA_RUN_STAGE_COUNT]; /* of all threads together */
    uint64_t n_chunks_ours, n_chunks_left; /* for this process to make in all, and still to make */
    bool out_of_time;                      /* with PATINA_ECANCELLED: for that reason */
} patina_generate_report;

/**
 * Runs the whole job, or goes on with it: chunks that OUT holds are kept. An error leaves no half
 * file under a final name, and what was finished intact.
 *
 * report         filled on PATINA_OK and PATINA_ECANCELLED
 *
 * Errors  PATINA_EUSAGE      options that do not go together; OUT holds something else
 *         PATINA_EFORMAT     model, suite or corpus file
 *         PATINA_EIO         reading the corpus list, or writing; not enough room on the disk
 *         PATINA_ECANCELLED  *stop was set, or time is over: the same call goes on from here
 *
 * When the audio of an entry was given up (entry_timeout_s) and its decoder has not come back by
 * the end, what that thread uses is not freed.
 */
PATINA_API patina_status patina_generate(const patina_generate_options *options,
                                         patina_generate_report *report, patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_GENERATE_H */
