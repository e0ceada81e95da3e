/* SPDX-License-Identifier: MIT */
/* bench.h - benchmark: rows per second, and the share of the CPU's peak arithmetic rate */

#ifndef PATINA_BENCH_BENCH_H
#define PATINA_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/cpu.h>
#include <patina/device.h>
#include <patina/status.h>

#define PT_BENCH_ROUNDS_MAX 100
#define PT_BENCH_STAGES_MAX 16

/** Parts to measure. The arithmetic peak in registers is always measured, as the reference. */
typedef enum pt_bench_parts {
    PT_BENCH_TOWERS = 1,
    PT_BENCH_STAGES = 2,
    PT_BENCH_ROWS = 4,
    PT_BENCH_ALL = 7
} pt_bench_parts;

/** A zeroed member means its default; model and tmp are required. */
typedef struct pt_bench_options {
    const char *model;          /* path of the model */
    const char *tmp;            /* folder for clips and rows, which are removed at the end */
    const char *corpus;         /* corpus for generate; NULL: generated clips */
    pt_bench_parts parts;       /* 0: all */
    unsigned threads;           /* 0: all usable CPUs */
    unsigned rounds;            /* to PT_BENCH_ROUNDS_MAX; 0: until the best figures settle */
    unsigned max_seconds;       /* without rounds, no round begins later; 0: 300 */
    bool quick;                 /* little work in a round: a smoke test, with inaccurate figures */
    bool no_scaling;            /* skip the measurements with one thread */
    patina_isa isa;             /* PATINA_ISA_AUTO: the best of this CPU */
    patina_precision precision; /* of the matrix products */
    patina_device_options device;   /* for rows, and measured beside the CPU towers */
    const patina_atomic_bool *stop; /* set to true to stop soon; may be NULL */
    /* rounds: 0 where their number is not known */
    void (*on_step)(void *context, unsigned round, unsigned rounds, const char *what);
    void *context;
} pt_bench_options;

/** Statistics over the rounds. The best is the smallest time or the largest rate; all 0: not
 * measured. */
typedef struct pt_bench_stats {
    double best, median, worst;
} pt_bench_stats;

/** Results for one number of threads. Times are wall-clock times divided by the number of items. */
typedef struct pt_bench_speed {
    unsigned threads;
    pt_bench_stats peak;    /* FLOP/s in registers, all threads together; 0 for plain C */
    pt_bench_stats audio_s; /* audio tower for a clip, without mel features */
    pt_bench_stats text_s;  /* tokenizer and text tower for a caption */
    pt_bench_stats row_s;   /* patina_generate for a row, without its start */
    pt_bench_stats start_s; /* patina_generate until its first row */
} pt_bench_speed;

/** One stage of a row: CPU time of its thread, which other processes affect less than time. */
typedef struct pt_bench_stage {
    const char *name;
    bool inner; /* part of the preceding stage that is not inner: excluded from sums */
    pt_bench_stats s;
} pt_bench_stage;

/** The encoders on devices, with full batches; n = 0: not measured. */
typedef struct pt_bench_device {
    char name[128], tile[32];       /* of the first device, and of its linear kernel */
    unsigned n, batch;              /* devices, and clips of a batch */
    pt_bench_stats audio_s, text_s; /* for a clip or a caption, all devices together */
    pt_bench_stats cpu_share;       /* CPU time of this process by time, while devices run clips */
} pt_bench_device;

typedef struct pt_bench_report {
    char cpu[128];   /* model name; "unknown" */
    unsigned n_cpus; /* usable */
    double load;     /* load average of the last minute at the start; -1 if unknown */
    unsigned rounds;
    bool settled; /* the best figures no longer changed in the last rounds */
    double audio_flop, text_flop, text_tokens; /* of a clip; of a caption of mean length */
    unsigned n_speeds;
    pt_bench_device device;
    pt_bench_speed speed[2]; /* one thread, then the requested number */
    unsigned n_stages;
    pt_bench_stage stage[PT_BENCH_STAGES_MAX];
    uint64_t n_rows;     /* of an end-to-end run */
    uint64_t peak_bytes; /* peak resident memory of patina_generate, all threads; 0: not measured */
} pt_bench_report;

/**
 * Measures every part in each round, so that a slow phase of the machine affects all parts, until
 * three rounds in a row improve no best figure by 2 %. Takes a few minutes with a full-size model.
 *
 * Errors  PATINA_EUSAGE      options; a corpus without rows
 *         PATINA_EFORMAT     model
 *         PATINA_EIO         the folder for temporary files
 *         PATINA_ECANCELLED  *stop was set; the temporary files are removed
 */
patina_status pt_bench(const pt_bench_options *options, pt_bench_report *report, patina_error *err);

#endif /* PATINA_BENCH_BENCH_H */
