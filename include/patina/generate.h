/* SPDX-License-Identifier: MIT */
/* generate.h - the main job: a corpus of captioned audio to a data set */

#ifndef PATINA_GENERATE_H
#define PATINA_GENERATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/degrade.h>
#include <patina/isa.h>
#include <patina/status.h>

typedef enum pt_format { PT_FORMAT_PARQUET, PT_FORMAT_JSONL } pt_format;
typedef enum pt_captions { PT_CAPTIONS_ALL, PT_CAPTIONS_FIRST, PT_CAPTIONS_RANDOM } pt_captions;
typedef enum pt_loudness { PT_LOUDNESS_SOURCE, PT_LOUDNESS_MIX } pt_loudness;

/** What a run tells while it goes; called from one thread at a time. */
typedef struct pt_event {
    enum {
        PT_EVENT_NOTE,     /* text: one sentence for the user */
        PT_EVENT_REJECT,   /* an entry, or one caption of it, gave no row; entry may be NULL */
        PT_EVENT_PROGRESS, /* when the work on entries begins, now and then, and at the end */
    } kind;
    const char *text; /* a note, or the sentence of a reject */
    const char *entry;
    pt_status reason;
    uint64_t n_entries, n_entries_total; /* done, and planned */
    uint64_t n_rows, n_rejects;
} pt_event;

/** Zeroed members are defaults unless said otherwise. */
typedef struct pt_generate_options {
    const char *corpus;     /* folder, .csv or .jsonl; required */
    const char *audio_root; /* NULL: the folder of the corpus file */
    const char *model;      /* folder; required */
    const char *out;        /* folder; required */
    pt_format format;
    uint64_t seed;     /* to PT_SEED_MAX */
    uint32_t variants; /* rows a caption, 1 to 65536; 0 means 1 */
    pt_order order;
    const char *suite_json; /* text of a suite file; NULL for the defaults */
    unsigned threads;       /* 0: all usable CPUs */
    uint64_t limit;         /* entries; 0: all */
    uint64_t chunk;         /* entries a part file; 0: max(1, 2000 / variants) */
    pt_captions captions;
    pt_loudness loudness;
    pt_isa isa;              /* as pt_isa_parse gives it; PT_ISA_C is plain C */
    pt_precision precision;  /* as pt_precision_parse gives it */
    const atomic_bool *stop; /* set it to end the run soon; NULL if never */
    void (*on_event)(void *context, const pt_event *event);
    void *context;
} pt_generate_options;

typedef struct pt_generate_report {
    uint64_t n_entries;
    uint64_t n_rows;
    uint64_t n_rejects;                   /* lines of rejects.jsonl */
    uint64_t rejects_by[PT_REJECT_COUNT]; /* index: status - PT_REJECT_FIRST */
    uint64_t n_parts;
    bool was_complete; /* OUT held this very run already; nothing was done */
} pt_generate_report;

/**
 * Runs the whole job. An error leaves no half file under a final name.
 *
 * Errors  PT_EUSAGE      options that do not go together; OUT holds something else
 *         PT_EFORMAT     model, suite or corpus file
 *         PT_EIO         reading the corpus list, or writing
 *         PT_ECANCELLED  *stop was set
 */
PT_API pt_status pt_generate(const pt_generate_options *options, pt_generate_report *report,
                             pt_error *err);

#endif /* PATINA_GENERATE_H */
