/* SPDX-License-Identifier: MIT */
/* bench.h - how fast this machine makes rows, and how near its arithmetic comes to the CPU's limit
 */

#ifndef PATINA_BENCH_BENCH_H
#define PATINA_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/cpu.h>
#include <patina/status.h>

#define PT_BENCH_ROUNDS_MAX 100
#define PT_BENCH_STAGES_MAX 16

/** What to measure; the register peak always is, as the ruler of the rest. */
typedef enum pt_bench_parts {
    PT_BENCH_TOWERS = 1,
    PT_BENCH_STAGES = 2,
    PT_BENCH_ROWS = 4,
    PT_BENCH_ALL = 7
} pt_bench_parts;

/** Zeroed members are defaults unless said otherwise. */
typedef struct pt_bench_options {
    const char *model;    /* folder; required */
    const char *tmp;      /* folder for clips and rows, all removed at the end; required */
    const char *corpus;   /* of the end-to-end rows, as generate takes it; NULL: clips made here */
    pt_bench_parts parts; /* 0: all */
    unsigned threads;     /* 0: all usable CPUs */
    unsigned rounds;      /* to PT_BENCH_ROUNDS_MAX; 0: 5 */
    bool quick;           /* little work a round: shows that it runs, its figures mean little */
    bool no_scaling;      /* leave out what is done once more with one thread */
    patina_isa isa;       /* as patina_isa_parse gives it */
    patina_precision precision;     /* as patina_precision_parse gives it */
    const patina_atomic_bool *stop; /* set it to end soon; NULL if never */
    void (*on_step)(void *context, unsigned round, unsigned rounds, const char *what);
    void *context;
} pt_bench_options;

/** Of the rounds. The best is the least of times and the greatest of rates; all 0: not measured. */
typedef struct pt_bench_stats {
    double best, median, worst;
} pt_bench_stats;

/** One number of threads. Times are those of the wall clock: T threads halve or quarter them. */
typedef struct pt_bench_speed {
    unsigned threads;
    pt_bench_stats peak; /* FLOP/s in registers, all threads together; 0 where there is no loop */
    pt_bench_stats audio_s; /* a clip through the audio tower, without mel features */
    pt_bench_stats text_s;  /* a caption through tokenizer and text tower */
    pt_bench_stats row_s;   /* a row of patina_generate, its start-up left out */
    pt_bench_stats start_s; /* from the call of patina_generate to its first row */
} pt_bench_speed;

/** One step of a row, by one thread. */
typedef struct pt_bench_stage {
    const char *name;
    bool inner; /* part of the stage before it that is not inner: not to be added up */
    pt_bench_stats s;
} pt_bench_stage;

typedef struct pt_bench_report {
    char cpu[128];   /* model name; "unknown" */
    unsigned n_cpus; /* usable */
    double load;     /* jobs that ran when the bench began, mean of a minute; -1 if unknown */
    unsigned rounds;
    double audio_flop, text_flop, text_tokens; /* a clip; a caption of the mean length */
    unsigned n_speeds;
    pt_bench_speed speed[2]; /* one thread, then all that were asked for */
    unsigned n_stages;
    pt_bench_stage stage[PT_BENCH_STAGES_MAX];
    uint64_t n_rows; /* of an end-to-end run */
    uint64_t
        peak_bytes; /* resident memory of an end-to-end run with all threads; 0: not measured */
} pt_bench_report;

/**
 * Measures in rounds that visit every part in turn, so that a slow spell of the machine falls on
 * all alike. Takes a few minutes with a full-size model.
 *
 * Errors  PATINA_EUSAGE      options; a corpus that gives fewer rows than can be timed
 *         PATINA_EFORMAT     model
 *         PATINA_EIO         the folder for temporary files
 *         PATINA_ECANCELLED  *stop was set; nothing is left in the folder
 */
patina_status pt_bench(const pt_bench_options *options, pt_bench_report *report, patina_error *err);

#endif /* PATINA_BENCH_BENCH_H */
