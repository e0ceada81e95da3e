/* SPDX-License-Identifier: MIT */
/* shard.c - parses --shard
 *
 *     "I/N" ────────────────────────────────────────────────────────────────► index, count
 *     "auto" ──► first scheduler whose index is set ──► its range or count ──┬──►
 *                if that is a job array: the launcher within ────────────────┘ (product)
 *
 * The rules prefer a shard made twice, which costs time, to one that is not made at all.
 */

#include "shard.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* How a scheduler or launcher numbers its processes: first, first + step, ..., last. */
typedef struct scheduler {
    const char *name;
    const char *index;                    /* the variable with the index */
    const char *count;                    /* the variable with the number of processes, or NULL */
    const char *first, *last, *step;      /* variables with the range of indices, or NULL */
    uint64_t base;                        /* the first index where no variable has it */
    const char *none;                     /* value of the index outside an array, or NULL */
    enum { ALONE, ARRAY, LAUNCHER } kind; /* a LAUNCHER in an ARRAY divides its shards */
    const char *hint;                     /* advice when the count is missing, or NULL */
} scheduler;

/* In the order of detection. Launchers come before the schedulers that start them: every process of
 * mpirun in a Slurm job also has SLURM_PROCID, with the same value in all of them (tested with
 * Slurm 22.05 and Open MPI 4.1). SLURM_STEP_NUM_TASKS is set in a step of srun only; a batch script
 * is a single process although it has SLURM_PROCID=0 and SLURM_NTASKS. */
static const scheduler schedulers[] = {
    {.name = "Slurm array",
     .index = "SLURM_ARRAY_TASK_ID",
     .count = "SLURM_ARRAY_TASK_COUNT",
     .first = "SLURM_ARRAY_TASK_MIN",
     .last = "SLURM_ARRAY_TASK_MAX",
     .step = "SLURM_ARRAY_TASK_STEP",
     .kind = ARRAY},
    {.name = "Open MPI",
     .index = "OMPI_COMM_WORLD_RANK",
     .count = "OMPI_COMM_WORLD_SIZE",
     .kind = LAUNCHER},
    {.name = "MPICH or Intel MPI", .index = "PMI_RANK", .count = "PMI_SIZE", .kind = LAUNCHER},
    {.name = "srun",
     .index = "SLURM_PROCID",
     .count = "SLURM_STEP_NUM_TASKS",
     .kind = LAUNCHER,
     .hint = "start the program by srun, or "},
    {.name = "PMIx", .index = "PMIX_RANK"},
    {.name = "Kubernetes", .index = "JOB_COMPLETION_INDEX"},
    {.name = "AWS Batch",
     .index = "AWS_BATCH_JOB_ARRAY_INDEX",
     .count = "AWS_BATCH_JOB_ARRAY_SIZE"},
    {.name = "Google Batch", .index = "BATCH_TASK_INDEX", .count = "BATCH_TASK_COUNT"},
    {.name = "Cloud Run", .index = "CLOUD_RUN_TASK_INDEX", .count = "CLOUD_RUN_TASK_COUNT"},
    {.name = "torchrun", .index = "RANK", .count = "WORLD_SIZE"},
    {.name = "Grid Engine",
     .index = "SGE_TASK_ID",
     .first = "SGE_TASK_FIRST",
     .last = "SGE_TASK_LAST",
     .step = "SGE_TASK_STEPSIZE",
     .base = 1,
     .none = "undefined"},
    {.name = "PBS", .index = "PBS_ARRAY_INDEX"},
    {.name = "Torque", .index = "PBS_ARRAYID"},
    {.name = "LSF",
     .index = "LSB_JOBINDEX",
     .last = "LSB_JOBINDEX_END",
     .step = "LSB_JOBINDEX_STEP",
     .base = 1,
     .none = "0"},
    {.name = "GNU parallel", .index = "PARALLEL_SEQ", .base = 1},
};
enum { N_SCHEDULERS = sizeof schedulers / sizeof schedulers[0] };

/* Limit of the indices of schedulers; sums of them fit 64 bits. */
#define NUMBER_MAX UINT32_MAX

/* A shard and the variables it is from: "SLURM_PROCID=1 and SLURM_STEP_NUM_TASKS=2". */
typedef struct shard {
    uint64_t index, count;
    char origin[256];
} shard;

/* ---- numbers --------------------------------------------------------------------------------- */

/* Reads n_text digits without sign, blanks or overflow. */
static bool read_number(const char *text, size_t n_text, uint64_t max, uint64_t *number) {
    uint64_t n = 0;
    if (n_text == 0) return false;
    for (size_t i = 0; i < n_text; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        n = n * 10 + (uint64_t)(text[i] - '0');
        if (n > max) return false;
    }
    *number = n;
    return true;
}

/* The value of a variable; NULL if it is not set or name is NULL. */
static const char *value_of(const char *name, const char *(*environment)(const char *name)) {
    const char *value = name ? environment(name) : NULL;
    return value && *value ? value : NULL;
}

/* Sets number; leaves it unchanged if the variable is not set. */
static patina_status read_variable(const char *name, const char *(*environment)(const char *name),
                                   uint64_t min, uint64_t max, uint64_t *number,
                                   patina_error *err) {
    const char *value = value_of(name, environment);
    uint64_t n = 0;
    if (!value) return PATINA_OK;
    if (!read_number(value, strlen(value), max, &n) || n < min)
        return pt_fail(err, PATINA_EUSAGE,
                       "%s is '%s', which is not a whole number from %" PRIu64 " to %" PRIu64, name,
                       value, min, max);
    *number = n;
    return PATINA_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Appends to text, cut to its size. */
static void append(char *text, size_t size, const char *format, ...) PT_PRINTF(3, 4);
static void append(char *text, size_t size, const char *format, ...) {
    const size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

/* ---- "auto" ---------------------------------------------------------------------------------- */

static bool is_set(const scheduler *e, const char *(*environment)(const char *name)) {
    const char *value = value_of(e->index, environment);
    return value && !(e->none && strcmp(value, e->none) == 0);
}

/* The variable that determines the count: the count itself, or the last index of the range. */
static const char *count_variable(const scheduler *e,
                                  const char *(*environment)(const char *name)) {
    if (value_of(e->count, environment)) return e->count;
    if (value_of(e->last, environment)) return e->last;
    return NULL;
}

static patina_status fail_no_count(const scheduler *e, const char *(*environment)(const char *name),
                                   patina_error *err) {
    const char *own = e->count ? e->count : e->last;
    if (!own)
        return pt_fail(
            err, PATINA_EUSAGE,
            "%s is '%s', but %s does not set the number of tasks: set %s to the number of shards",
            e->index, environment(e->index), e->name, PT_CLI_SHARDS_VARIABLE);
    return pt_fail(err, PATINA_EUSAGE,
                   "%s is '%s', but %s is not set: %sset %s to the number of shards", e->index,
                   environment(e->index), own, e->hint ? e->hint : "", PT_CLI_SHARDS_VARIABLE);
}

/* The shard according to a scheduler whose index is set. */
static patina_status query_scheduler(const scheduler *e,
                                     const char *(*environment)(const char *name), shard *out,
                                     patina_error *err) {
    uint64_t id = 0, first = e->base, last = 0, step = 1, count = 0;
    PT_TRY(read_variable(e->index, environment, 0, NUMBER_MAX, &id, err));
    PT_TRY(read_variable(e->first, environment, 0, NUMBER_MAX, &first, err));
    PT_TRY(read_variable(e->last, environment, first, NUMBER_MAX, &last, err));
    PT_TRY(read_variable(e->step, environment, 1, NUMBER_MAX, &step, err));
    PT_TRY(read_variable(e->count, environment, 1, PT_CLI_SHARDS_MAX, &count, err));

    const char *source = count_variable(e, environment);
    const bool has_range = value_of(e->last, environment) != NULL;
    const uint64_t n_range = has_range ? (last - first) / step + 1 : 0;
    if (!source) {
        source = PT_CLI_SHARDS_VARIABLE;
        if (!value_of(source, environment)) return fail_no_count(e, environment, err);
        PT_TRY(read_variable(source, environment, 1, PT_CLI_SHARDS_MAX, &count, err));
    } else if (count == 0) {
        count = n_range;
    } else if (has_range && n_range != count) {
        /* --array=1,3,6: the variables do not determine that 3 is the second of three */
        return pt_fail(
            err, PATINA_EUSAGE,
            "%s is '%s', but %s to %s (%" PRIu64 " to %" PRIu64
            ") has gaps, so the position of a task is unknown: use a range without gaps, or "
            "give each task its I/N",
            e->count, environment(e->count), e->first, e->last, first, last);
    }
    if (count > PT_CLI_SHARDS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "%s is '%s', which is more than %d shards", source,
                       environment(source), PT_CLI_SHARDS_MAX);

    const uint64_t top = has_range ? last : first + (count - 1) * step;
    if (id < first || id > top || (id - first) % step != 0)
        return pt_fail(err, PATINA_EUSAGE,
                       "%s is '%s', which is not one of the numbers from %" PRIu64 " to %" PRIu64
                       " (%s is '%s')",
                       e->index, environment(e->index), first, top, source, environment(source));

    out->index = (id - first) / step;
    out->count = count;
    append(out->origin, sizeof out->origin, "%s=%" PRIu64, e->index, id);
    if (has_range && e->first) {
        append(out->origin, sizeof out->origin, " of %" PRIu64 "-%" PRIu64, first, last);
        if (step > 1) append(out->origin, sizeof out->origin, ":%" PRIu64, step);
    } else {
        append(out->origin, sizeof out->origin, " and %s=%s", source, environment(source));
    }
    return PATINA_OK;
}

static patina_status fail_no_scheduler(patina_error *err) {
    char names[512] = "";
    for (size_t i = 0; i < N_SCHEDULERS; i++)
        append(names, sizeof names, "%s%s", i ? ", " : "", schedulers[i].index);
    return pt_fail(err, PATINA_EUSAGE,
                   "no scheduler variable is set (looked for %s): give I/N, such as 0/8", names);
}

/* Divides a task's shard among the processes that a launcher has started in it. */
static patina_status divide(shard *task, const shard *within, patina_error *err) {
    if (task->count > PT_CLI_SHARDS_MAX / within->count)
        return pt_fail(err, PATINA_EUSAGE,
                       "%" PRIu64 " array tasks of %" PRIu64
                       " processes each are more than %d shards",
                       task->count, within->count, PT_CLI_SHARDS_MAX);
    task->index = task->index * within->count + within->index;
    task->count *= within->count;
    append(task->origin, sizeof task->origin, " with %s", within->origin);
    return PATINA_OK;
}

static patina_status detect_scheduler(const char *(*environment)(const char *name), shard *out,
                                      patina_error *err) {
    const scheduler *e = schedulers, *const end = schedulers + N_SCHEDULERS;
    while (e < end && !is_set(e, environment))
        e++;
    if (e == end) return fail_no_scheduler(err);
    PT_TRY(query_scheduler(e, environment, out, err));
    if (e->kind != ARRAY) return PATINA_OK;

    /* A launcher without a count has not started this process: a batch script has SLURM_PROCID. */
    while (++e < end)
        if (e->kind == LAUNCHER && is_set(e, environment) && value_of(e->count, environment)) {
            shard within = {0};
            PT_TRY(query_scheduler(e, environment, &within, err));
            return within.count == 1 ? PATINA_OK : divide(out, &within, err);
        }
    return PATINA_OK;
}

/* ---- "I/N" ----------------------------------------------------------------------------------- */

static patina_status read_fraction(const char *text, shard *out, patina_error *err) {
    const char *slash = strchr(text, '/');
    if (!slash || !read_number(text, (size_t)(slash - text), NUMBER_MAX, &out->index) ||
        !read_number(slash + 1, strlen(slash + 1), NUMBER_MAX, &out->count))
        return pt_fail(err, PATINA_EUSAGE, "'%s' is neither 'auto' nor I/N, such as 0/8", text);
    if (out->count == 0 || out->count > PT_CLI_SHARDS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "'%s': the number of shards must be 1 to %d", text,
                       PT_CLI_SHARDS_MAX);
    if (out->index >= out->count)
        return pt_fail(err, PATINA_EUSAGE,
                       "'%s': %" PRIu64 " shards are numbered from 0 to %" PRIu64, text, out->count,
                       out->count - 1);
    return PATINA_OK;
}

patina_status pt_cli_shard_parse(const char *text, const char *(*environment)(const char *name),
                                 uint64_t *index, uint64_t *count, char *origin, size_t n_origin,
                                 patina_error *err) {
    shard s = {0};
    if (strcmp(text, "auto") == 0)
        PT_TRY(detect_scheduler(environment, &s, err));
    else
        PT_TRY(read_fraction(text, &s, err));
    *index = s.index;
    *count = s.count;
    snprintf(origin, n_origin, "shard %" PRIu64 " of %" PRIu64 "%s%s", s.index, s.count,
             s.origin[0] ? ", from " : "", s.origin);
    return PATINA_OK;
}
