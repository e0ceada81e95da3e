/* SPDX-License-Identifier: MIT */
/* bench.c - how fast rows are made, and what share of the CPU's arithmetic the towers get
 *
 *     round:  pt_generate     with all threads, then with one; the very first run, before this
 *                             process holds a model of its own, shows the peak of memory
 *             peak, towers    with all threads, then with one
 *             stages          by one thread
 *
 * Threads take clips from a queue, as in a run of generate. Unlike the rest of the library this
 * opens files of its own: it makes its input.
 */

#include "pipeline/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/generate.h>

#include "clap/model.h"
#include "clap/tower_alone.h"
#include "nn/peak.h"
#include "pipeline/bench_corpus.h"
#include "pipeline/caption_batch.h"
#include "pipeline/flops.h"
#include "pipeline/ordered.h"
#include "pipeline/series.h"

#define ROUNDS_DEFAULT 5
#define SPEEDS_MAX     2

/* How much is done in a round. One item is what a thread takes from the queue at a time. */
typedef struct effort {
    double peak_flop;                     /* an item: long against the start of a thread */
    unsigned n_peak;                      /* measurements in a row, of two items a thread */
    unsigned n_clips;                     /* a thread */
    unsigned captions;                    /* a thread */
    unsigned n_entries, entries_a_thread; /* of a run of generate, whichever is more */
    unsigned stage_clips, stage_draws, stage_rows;
} effort;

static const effort whole_effort = {.peak_flop = 2e9,
                                    .n_peak = 5,
                                    .n_clips = 6,
                                    .captions = 32,
                                    .n_entries = 96, /* at the end threads wait for the last */
                                    .entries_a_thread = 20,
                                    .stage_clips = 8,
                                    .stage_draws = 4,
                                    .stage_rows = 512};
static const effort quick_effort = {.peak_flop = 1e8,
                                    .n_peak = 2,
                                    .n_clips = 1,
                                    .captions = 4,
                                    .n_entries = 4,
                                    .entries_a_thread = 2,
                                    .stage_clips = 1,
                                    .stage_draws = 2,
                                    .stage_rows = 16};

typedef struct speed {
    unsigned threads;
    pt_series peak, audio, text, row, start;
} speed;

typedef struct bench {
    const pt_bench_options *options;
    const effort *effort;
    unsigned rounds, threads;
    char *folder, *corpus, *out;
    pt_clap_config config;
    pt_tokenizer *tokenizer;
    pt_mel *mel;
    pt_clap *clap;
    pt_meter *meter;
    pt_suite *suite;
    pt_arena *arenas; /* [threads] */
    float *features;  /* [n_frames, n_mels], of noise */
    char **captions;  /* [effort->captions * threads], of the round: n_captions of them */
    unsigned n_captions;
    unsigned n_captions_made;
    double text_flop, text_tokens; /* of all captions so far */
    unsigned n_speeds;
    speed speeds[SPEEDS_MAX];
    pt_series stages[PT_STAGE_COUNT];
    uint64_t n_rows, peak_bytes;
} bench;

static bool wants(const bench *b, pt_bench_parts part) {
    return b->options->parts == 0 || (b->options->parts & part);
}

/* ---------------------------------------------------------------- many threads at once */

typedef struct batch_item {
    unsigned index;
    pt_status status;
    pt_error err;
} batch_item;

/* Items of one kind, so many of them, and what to do with each. */
typedef struct batch {
    bench *bench;
    pt_status (*work)(bench *b, pt_arena *arena, unsigned index, pt_error *err);
    batch_item *items;              /* [n] */
    unsigned n, n_given, n_workers; /* n_workers: begun */
} batch;

static void *give_item(void *context) {
    batch *all = context;
    if (all->n_given == all->n) return NULL;
    batch_item *item = &all->items[all->n_given];
    item->index = all->n_given++;
    return item;
}

static void *begin_work(void *context) {
    batch *all = context;
    return &all->bench->arenas[all->n_workers++];
}

/* The arenas stay for the next batch, and the items are one block. */
static void leave_it(void *context, void *thing) {
    (void)context, (void)thing;
}

static void work_item(void *context, void *own, void *slot) {
    const batch *all = context;
    batch_item *item = slot;
    item->status = all->work(all->bench, own, item->index, &item->err);
}

static pt_status take_item(void *context, void *slot, pt_error *err) {
    const batch_item *item = slot;
    (void)context;
    return item->status == PT_OK ? PT_OK : pt_fail(err, item->status, "%s", item->err.message);
}

static bool is_stopped(void *context) {
    const atomic_bool *stop = ((const batch *)context)->bench->options->stop;
    return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

/* Seconds of the wall clock for n items; the start of the threads is among them. */
static pt_status time_batch(bench *b, unsigned threads, unsigned n,
                            pt_status (*work)(bench *, pt_arena *, unsigned, pt_error *),
                            double *seconds, pt_error *err) {
    batch all = {.bench = b, .work = work, .n = n};
    const pt_ordered_job job = {.context = &all,
                                .next = give_item,
                                .begin = begin_work,
                                .end = leave_it,
                                .work = work_item,
                                .deliver = take_item,
                                .release = leave_it,
                                .stopped = is_stopped};
    unsigned at_large;
    all.items = calloc(n, sizeof *all.items);
    if (!all.items) return pt_fail(err, PT_ENOMEM, "out of memory");

    const double start = pt_bench_now();
    const pt_status status = pt_ordered_run(&job, threads, n, &at_large, err);
    *seconds = pt_bench_now() - start;
    free(all.items);
    return status;
}

static pt_status work_peak(bench *b, pt_arena *arena, unsigned index, pt_error *err) {
    (void)arena, (void)index, (void)err;
    (void)pt_nn_peak_run(b->options->isa, b->options->precision, b->effort->peak_flop);
    return PT_OK;
}

static pt_status work_audio(bench *b, pt_arena *arena, unsigned index, pt_error *err) {
    float raw[PT_EMBEDDING];
    (void)index;
    pt_arena_reset(arena);
    return pt_clap_run_audio_tower(b->clap, b->features, raw, arena, err);
}

/* A few captions at once, as generate does it. */
static pt_status work_text(bench *b, pt_arena *arena, unsigned index, pt_error *err) {
    float embeddings[PT_CAPTIONS_TOGETHER * PT_EMBEDDING];
    pt_clap_caption captions[PT_CAPTIONS_TOGETHER];
    unsigned n = 0;
    for (unsigned i = index * PT_CAPTIONS_TOGETHER; n < PT_CAPTIONS_TOGETHER && i < b->n_captions;
         i++, n++)
        captions[n] = (pt_clap_caption){b->captions[i], strlen(b->captions[i])};
    pt_arena_reset(arena);
    return pt_clap_embed_texts(b->clap, captions, n, embeddings, arena, err);
}

/* ---------------------------------------------------------------- peak and towers */

/* Something else on the machine can make the peak only smaller: the greatest of several short
 * measurements, before, between and after the towers, is the round's. */
static pt_status time_peak(bench *b, const speed *s, double *best, pt_error *err) {
    const unsigned n = 2 * s->threads;
    double seconds;

    const double flop = pt_nn_peak_run(b->options->isa, b->options->precision,
                                       b->effort->peak_flop); /* and wakes up */
    if (flop == 0.0) return PT_OK;                            /* no such loop for plain C */
    for (unsigned i = 0; i < b->effort->n_peak; i++) {
        PT_TRY(time_batch(b, s->threads, n, work_peak, &seconds, err));
        if (flop * n / seconds > *best) *best = flop * n / seconds;
    }
    return PT_OK;
}

/* Captions that were never encoded before: a run of generate may remember those that were. */
static pt_status renew_captions(bench *b, unsigned n, pt_error *err) {
    b->n_captions = n;
    for (unsigned i = 0; i < n; i++) {
        size_t n_tokens;
        free(b->captions[i]);
        b->captions[i] =
            pt_bench_caption(b->tokenizer, b->n_captions_made++, &n_tokens, &b->arenas[0]);
        if (!b->captions[i]) return pt_fail(err, PT_ENOMEM, "out of memory");
        b->text_tokens += (double)n_tokens;
        b->text_flop += pt_flops_text(&b->config, n_tokens);
    }
    return PT_OK;
}

static pt_status time_audio(bench *b, speed *s, pt_error *err) {
    const unsigned n_clips = b->effort->n_clips * s->threads;
    double seconds;

    PT_TRY(time_batch(b, s->threads, n_clips, work_audio, &seconds, err));
    pt_series_add(&s->audio, seconds / n_clips);
    return PT_OK;
}

static pt_status time_text(bench *b, speed *s, pt_error *err) {
    const unsigned n_captions = b->effort->captions * s->threads;
    double seconds;

    PT_TRY(renew_captions(b, n_captions, err));
    PT_TRY(time_batch(b, s->threads, (n_captions + PT_CAPTIONS_TOGETHER - 1) / PT_CAPTIONS_TOGETHER,
                      work_text, &seconds, err));
    pt_series_add(&s->text, seconds / n_captions);
    return PT_OK;
}

static pt_status time_peak_and_towers(bench *b, speed *s, pt_error *err) {
    const bool towers = wants(b, PT_BENCH_TOWERS);
    double peak = 0.0;

    PT_TRY(time_peak(b, s, &peak, err));
    if (towers) PT_TRY(time_audio(b, s, err));
    PT_TRY(time_peak(b, s, &peak, err));
    if (towers) PT_TRY(time_text(b, s, err));
    PT_TRY(time_peak(b, s, &peak, err));
    if (peak > 0.0) pt_series_add(&s->peak, peak);
    return PT_OK;
}

/* ---------------------------------------------------------------- rows, end to end */

/* When a run of generate was ready, gave its first row, and was done. */
typedef struct run_times {
    double ready, first, last;
    uint64_t n_entries, n_rows;
} run_times;

static void note_time(void *context, const pt_event *event) {
    run_times *times = context;
    const double now = pt_bench_now();
    if (event->kind != PT_EVENT_PROGRESS) return;
    if (event->n_entries == 0) times->ready = now;
    if (event->n_rows > 0 && times->n_rows == 0) times->first = now;
    times->last = now;
    times->n_entries = event->n_entries;
    times->n_rows = event->n_rows;
}

static pt_status run_rows(bench *b, speed *s, pt_error *err) {
    run_times times = {0};
    const pt_generate_options run = {
        .corpus = b->options->corpus ? b->options->corpus : b->corpus,
        .model = b->options->model,
        .out = b->out,
        .threads = s->threads,
        .isa = b->options->isa,
        .precision = b->options->precision,
        .stop = b->options->stop,
        .on_event = note_time,
        .context = &times,
    };
    pt_generate_report report = {0};
    char *out = strdup(b->out);
    if (!out) return pt_fail(err, PT_ENOMEM, "out of memory");

    const double start = pt_bench_now();
    const pt_status status = pt_generate(&run, &report, err);
    pt_bench_folder_remove(&out);
    PT_TRY(status);
    if (report.set.n_rows == 0)
        return pt_fail(err, PT_EUSAGE, "corpus '%s' gives no row that could be timed", run.corpus);
    b->n_rows = report.set.n_rows;
    pt_series_add(&s->row, (times.last - times.ready) / (double)report.set.n_rows);
    pt_series_add(&s->start, times.first - start);
    return PT_OK;
}

/* The most that was ever resident; 0 where the system does not tell. Not ru_maxrss, which begins at
 * what the process that started this one had. */
static uint64_t peak_memory(void) {
    char line[256];
    uint64_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %" SCNu64, &kilobytes) == 1) break;
    if (file) fclose(file);
    return kilobytes * 1024;
}

/* The peak of memory only grows: after the first run, and nothing else yet, it is that run's. */
static pt_status time_rows(bench *b, speed *s, pt_error *err) {
    PT_TRY(run_rows(b, s, err));
    if (b->peak_bytes == 0) b->peak_bytes = peak_memory();
    return PT_OK;
}

/* ---------------------------------------------------------------- opening */

static pt_status complete_options(bench *b, pt_error *err) {
    const pt_bench_options *o = b->options;
    if (!o->model || !o->tmp)
        return pt_fail(err, PT_EUSAGE, "a model and a folder for temporary files are needed");
    PT_TRY(pt_threads_choose(o->threads, &b->threads, err));
    if (o->rounds > PT_BENCH_ROUNDS_MAX)
        return pt_fail(err, PT_EUSAGE, "%u rounds are over %d", o->rounds, PT_BENCH_ROUNDS_MAX);
    b->rounds = o->rounds ? o->rounds : ROUNDS_DEFAULT;
    b->effort = o->quick ? &quick_effort : &whole_effort;
    b->speeds[b->n_speeds++].threads = b->threads;
    if (b->threads > 1 && !o->no_scaling) b->speeds[b->n_speeds++].threads = 1;
    return PT_OK;
}

static pt_status make_input(bench *b, pt_error *err) {
    const effort *e = b->effort;
    const unsigned by_thread = e->entries_a_thread * b->threads;

    if (asprintf(&b->corpus, "%s/clips.jsonl", b->folder) < 0 ||
        asprintf(&b->out, "%s/out", b->folder) < 0)
        return pt_fail(err, PT_ENOMEM, "out of memory");
    if (!wants(b, PT_BENCH_ROWS) || b->options->corpus) return PT_OK;
    return pt_bench_corpus_write(b->folder, by_thread > e->n_entries ? by_thread : e->n_entries,
                                 b->tokenizer, &b->arenas[0], err);
}

static pt_status make_room(bench *b, pt_error *err) {
    b->arenas = calloc(b->threads, sizeof *b->arenas);
    b->captions = calloc((size_t)b->effort->captions * b->threads, sizeof *b->captions);
    b->features = calloc(pt_mel_frames(b->mel) * b->config.extractor.n_mels, sizeof(float));
    if (!b->arenas || !b->captions || !b->features) return pt_fail(err, PT_ENOMEM, "out of memory");
    for (unsigned i = 0; i < b->threads; i++)
        pt_arena_init(&b->arenas[i]);
    return PT_OK;
}

/* Of 10 s of noise. */
static pt_status make_features(bench *b, pt_error *err) {
    const size_t n = b->config.extractor.n_samples;
    float *clip = pt_arena_take_array(&b->arenas[0], n, sizeof *clip);
    void *scratch = pt_arena_take(&b->arenas[0], pt_mel_scratch_size(b->mel));
    uint32_t state = 1;

    if (!clip || !scratch) return pt_fail(err, PT_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        state = 1664525 * state + 1013904223; /* Numerical Recipes' generator */
        clip[i] = 0.2F * (float)((double)state / 2147483648.0 - 1.0);
    }
    pt_mel_features(b->mel, clip, n, b->features, scratch);
    pt_arena_reset(&b->arenas[0]);
    return PT_OK;
}

static pt_status open_model_files(bench *b, pt_error *err) {
    pt_model model = {0};
    PT_TRY(pt_model_open(b->options->model, &model, err));
    pt_status status = pt_model_read_extractor(&model, err);
    if (status == PT_OK) status = pt_model_open_tokenizer(&model, &b->tokenizer, err);
    b->config = model.config;
    pt_model_release(&model);
    return status;
}

/* All that is small; what is wrong with the model's files shows here. */
static pt_status open_small_parts(bench *b, pt_error *err) {
    PT_TRY(open_model_files(b, err));
    PT_TRY(pt_mel_open(&b->config.extractor, &b->mel, err));
    PT_TRY(pt_meter_open(&b->meter, err));
    PT_TRY(pt_suite_open(NULL, &b->suite, err));
    PT_TRY(make_room(b, err));
    PT_TRY(make_features(b, err));
    PT_TRY(pt_bench_folder_make(b->options->tmp, &b->folder, err));
    return make_input(b, err);
}

/* ---------------------------------------------------------------- rounds */

static pt_status tell(const bench *b, unsigned round, const char *what, pt_error *err) {
    const pt_bench_options *o = b->options;
    if (o->stop && atomic_load_explicit(o->stop, memory_order_relaxed))
        return pt_fail(err, PT_ECANCELLED, "stopped on request");
    if (o->on_step) o->on_step(o->context, round, b->rounds, what);
    return PT_OK;
}

static pt_status time_stages(bench *b, const pt_stage_plan *plan, pt_error *err) {
    double seconds[PT_STAGE_COUNT];
    PT_TRY(pt_stage_walk(plan, seconds, &b->arenas[0], err));
    for (int i = 0; i < PT_STAGE_COUNT; i++)
        pt_series_add(&b->stages[i], seconds[i]);
    return PT_OK;
}

/* What rounds of towers and stages need; after the first rows, whose memory is measured. Arenas
 * grow and pages come in before anything is timed. */
static pt_status open_large_parts(bench *b, const pt_stage_plan *plan, pt_error *err) {
    double seconds[PT_STAGE_COUNT];

    if (wants(b, PT_BENCH_STAGES)) {
        PT_TRY(pt_stage_clips_write(plan, err));
        PT_TRY(pt_stage_walk(plan, seconds, &b->arenas[0], err));
    }
    if (!wants(b, PT_BENCH_TOWERS)) return PT_OK;
    PT_TRY(pt_clap_open(b->options->model, PT_CLAP_BOTH, b->options->isa, b->options->precision,
                        &b->clap, err));
    PT_TRY(time_batch(b, b->threads, b->threads, work_audio, seconds, err));
    PT_TRY(renew_captions(b, b->threads, err));
    return time_batch(b, b->threads, b->threads, work_text, seconds, err);
}

static pt_status run_round(bench *b, unsigned round, const pt_stage_plan *plan, pt_error *err) {
    for (unsigned i = 0; wants(b, PT_BENCH_ROWS) && i < b->n_speeds; i++) {
        PT_TRY(tell(b, round, "rows", err));
        PT_TRY(time_rows(b, &b->speeds[i], err));
    }
    if (round == 1) PT_TRY(open_large_parts(b, plan, err));
    for (unsigned i = 0; i < b->n_speeds; i++) {
        PT_TRY(tell(b, round, wants(b, PT_BENCH_TOWERS) ? "towers" : "peak", err));
        PT_TRY(time_peak_and_towers(b, &b->speeds[i], err));
    }
    if (wants(b, PT_BENCH_STAGES)) {
        PT_TRY(tell(b, round, "stages", err));
        PT_TRY(time_stages(b, plan, err));
    }
    return PT_OK;
}

static pt_status run_all(bench *b, pt_error *err) {
    const effort *e = b->effort;
    const pt_stage_plan plan = {.folder = b->folder,
                                .n_clips = e->stage_clips,
                                .n_draws = e->stage_draws,
                                .n_rows = e->stage_rows,
                                .meter = b->meter,
                                .suite = b->suite,
                                .mel = b->mel,
                                .n_mels = b->config.extractor.n_mels,
                                .stop = b->options->stop};

    for (unsigned round = 1; round <= b->rounds; round++)
        PT_TRY(run_round(b, round, &plan, err));
    return PT_OK;
}

/* ---------------------------------------------------------------- report */

static void find_machine(pt_bench_report *report) {
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");

    snprintf(report->cpu, sizeof report->cpu, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value) continue;
        value += 1 + strspn(value + 1, " ");
        snprintf(report->cpu, sizeof report->cpu, "%.*s", (int)strcspn(value, "\n"), value);
        break;
    }
    if (file) fclose(file);
    report->n_cpus = pt_cpus_usable();
    if (getloadavg(&report->load, 1) != 1) report->load = -1.0;
}

static void fill_report(const bench *b, pt_bench_report *report) {
    report->rounds = b->rounds;
    report->audio_flop = pt_flops_audio(&b->config);
    if (b->n_captions_made > 0) {
        report->text_flop = b->text_flop / b->n_captions_made;
        report->text_tokens = b->text_tokens / b->n_captions_made;
    }
    report->n_speeds = b->n_speeds;
    for (unsigned i = 0; i < b->n_speeds; i++) {
        const speed *s = &b->speeds[b->n_speeds - 1 - i]; /* one thread first */
        report->speed[i] = (pt_bench_speed){
            .threads = s->threads,
            .peak = pt_series_of_rates(&s->peak),
            .audio_s = pt_series_of_times(&s->audio),
            .text_s = pt_series_of_times(&s->text),
            .row_s = pt_series_of_times(&s->row),
            .start_s = pt_series_of_times(&s->start),
        };
    }
    for (int i = 0; wants(b, PT_BENCH_STAGES) && i < PT_STAGE_COUNT; i++)
        report->stage[report->n_stages++] =
            (pt_bench_stage){.name = pt_stage_names[i],
                             .inner = pt_stage_is_inner((pt_stage_index)i),
                             .s = pt_series_of_times(&b->stages[i])};
    report->n_rows = b->n_rows;
    report->peak_bytes = b->peak_bytes;
}

static void release(bench *b) {
    pt_bench_folder_remove(&b->folder);
    pt_clap_close(&b->clap);
    pt_mel_close(&b->mel);
    pt_tokenizer_close(&b->tokenizer);
    pt_meter_close(&b->meter);
    pt_suite_close(&b->suite);
    for (unsigned i = 0; b->arenas && i < b->threads; i++)
        pt_arena_release(&b->arenas[i]);
    for (size_t i = 0; b->captions && i < (size_t)b->effort->captions * b->threads; i++)
        free(b->captions[i]);
    free(b->captions);
    free(b->arenas);
    free(b->features);
    free(b->corpus);
    free(b->out);
}

pt_status pt_bench(const pt_bench_options *options, pt_bench_report *report, pt_error *err) {
    bench *b = calloc(1, sizeof *b); /* its series are too large for a thread's stack */
    pt_bench_report filled = {0};
    if (!b) return pt_fail(err, PT_ENOMEM, "out of memory");

    b->options = options;
    find_machine(&filled); /* before this process adds to the load */
    pt_status status = complete_options(b, err);
    if (status == PT_OK) status = open_small_parts(b, err);
    if (status == PT_OK) status = run_all(b, err);
    if (status == PT_OK) {
        fill_report(b, &filled);
        *report = filled;
    }
    release(b);
    free(b);
    return status;
}
