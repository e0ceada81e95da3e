/* SPDX-License-Identifier: MIT */
/* bench.c - speed of generate, of the towers and of the other stages, in rounds
 *
 *     part              measured with
 *     patina_generate   all threads, then one; peak memory is that of the first run, before this
 *                       process has opened a model itself
 *     peak, towers      all threads, then one
 *     stages            one thread
 *
 * Threads take clips from a queue, as in generate. The benchmark writes its own input files.
 */

#include "bench/bench.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/monotonic_clock.h"
#include "bench/bench_stages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <patina/generate.h>

#include "bench/bench_corpus.h"
#include "bench/bench_stats.h"
#include "bench/flops.h"
#include "clap/clap_internal.h"
#include "clap/model_files.h"
#include "nn/peak_flops.h"
#include "pipeline/caption_batch.h"
#include "pipeline/device_encoder.h"
#include "pipeline/device_list.h"
#include "pipeline/ordered_pool.h"

#define MAX_SECONDS_DEFAULT 300
#define SPEEDS_MAX          2

/* Amount of work of a round. An item is what a thread takes from the queue at a time. */
typedef struct workload {
    double peak_flop;  /* of an item: long compared with the start of a thread */
    unsigned n_peak;   /* measurements in sequence, of two items for each thread */
    unsigned n_clips;  /* for each thread */
    unsigned captions; /* for each thread */
    unsigned n_entries, entries_per_thread; /* of a run of generate; the larger number counts */
    unsigned stage_clips, stage_draws, stage_rows;
} workload;

static const workload full_workload = {
    .peak_flop = 2e9,
    .n_peak = 5,
    .n_clips = 6,
    .captions = 32,
    .n_entries = 96, /* threads idle at the end of a run: the more entries, the less it matters */
    .entries_per_thread = 20,
    .stage_clips = 8,
    .stage_draws = 4,
    .stage_rows = 512};
static const workload quick_workload = {.peak_flop = 1e8,
                                        .n_peak = 2,
                                        .n_clips = 1,
                                        .captions = 4,
                                        .n_entries = 4,
                                        .entries_per_thread = 2,
                                        .stage_clips = 1,
                                        .stage_draws = 2,
                                        .stage_rows = 16};

typedef struct speed {
    unsigned threads;
    pt_bench_samples peak, audio, text, row, start;
} speed;

typedef struct bench {
    const pt_bench_options *options;
    patina_isa isa; /* never PATINA_ISA_AUTO */
    const workload *workload;
    unsigned rounds, threads; /* rounds: 0: until settled, then their number */
    bool settled;
    char *folder, *corpus, *out;
    pt_clap_config config;
    pt_tokenizer *tokenizer;
    pt_mel *mel;
    patina_clap *clap;
    patina_meter *meter;
    patina_effect_config *effect_config;
    pt_arena *arenas; /* [threads] */
    float *features;  /* [n_frames, n_mels], features of noise */
    char **captions;  /* [workload->captions * threads], n_captions in this round */
    unsigned n_captions;
    unsigned n_captions_made;
    double text_flop, text_tokens; /* sums over all captions so far */
    unsigned n_speeds;
    speed speeds[SPEEDS_MAX];
    pt_device_encoder *encoder; /* NULL: without devices */
    pt_bench_samples device_audio, device_text, device_cpu;
    pt_bench_samples stages[PT_STAGE_COUNT];
    uint64_t n_rows, peak_bytes;
} bench;

static bool is_enabled(const bench *b, pt_bench_parts part) {
    return b->options->parts == 0 || (b->options->parts & part);
}

/* ---------------------------------------------------------------- many threads */

typedef struct batch_item {
    unsigned index;
    patina_status status;
    patina_error err;
} batch_item;

/* Items of one kind, and the function that processes them. */
typedef struct batch {
    bench *bench;
    patina_status (*work)(bench *b, pt_arena *arena, unsigned index, patina_error *err);
    batch_item *items;               /* [n] */
    unsigned n, n_issued, n_workers; /* n_workers: created so far */
} batch;

static void *next_item(void *context) {
    batch *all = context;
    if (all->n_issued == all->n) return NULL;
    batch_item *item = &all->items[all->n_issued];
    item->index = all->n_issued++;
    return item;
}

static void *create_worker(void *context) {
    batch *all = context;
    return &all->bench->arenas[all->n_workers++];
}

/* Arenas are reused by the next batch; items are freed together. */
static void release_nothing(void *context, void *thing) {
    (void)context, (void)thing;
}

static void work_item(void *context, void *state, void *slot) {
    const batch *all = context;
    batch_item *item = slot;
    item->status = all->work(all->bench, state, item->index, &item->err);
}

static patina_status deliver_item(void *context, void *slot, patina_error *err) {
    const batch_item *item = slot;
    (void)context;
    return item->status == PATINA_OK ? PATINA_OK
                                     : pt_fail(err, item->status, "%s", item->err.message);
}

static bool is_stopped(void *context) {
    const patina_atomic_bool *stop = ((const batch *)context)->bench->options->stop;
    return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

/* Measures wall-clock seconds for n items, start of the threads included. */
static patina_status time_batch(bench *b, unsigned threads, unsigned n,
                                patina_status (*work)(bench *, pt_arena *, unsigned,
                                                      patina_error *),
                                double *seconds, patina_error *err) {
    batch all = {.bench = b, .work = work, .n = n};
    const pt_ordered_pool_job job = {.context = &all,
                                     .next = next_item,
                                     .worker_create = create_worker,
                                     .worker_destroy = release_nothing,
                                     .work = work_item,
                                     .deliver = deliver_item,
                                     .release = release_nothing,
                                     .stopped = is_stopped};
    unsigned n_abandoned;
    all.items = calloc(n, sizeof *all.items);
    if (!all.items) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    const double start = pt_monotonic_s();
    const patina_status status = pt_ordered_pool_run(&job, threads, n, &n_abandoned, err);
    *seconds = pt_monotonic_s() - start;
    free(all.items);
    return status;
}

static patina_status work_peak(bench *b, pt_arena *arena, unsigned index, patina_error *err) {
    (void)arena, (void)index, (void)err;
    (void)pt_nn_peak_flops_run(b->isa, b->options->precision, b->workload->peak_flop);
    return PATINA_OK;
}

static patina_status work_audio(bench *b, pt_arena *arena, unsigned index, patina_error *err) {
    float raw[PATINA_EMBEDDING_SIZE];
    (void)index;
    pt_arena_reset(arena);
    return pt_clap_run_audio_tower(b->clap, b->features, raw, arena, err);
}

/* Captions in batches, as in generate. */
static patina_status work_text(bench *b, pt_arena *arena, unsigned index, patina_error *err) {
    float embeddings[PT_CAPTION_BATCH_SIZE * PATINA_EMBEDDING_SIZE];
    patina_clap_caption captions[PT_CAPTION_BATCH_SIZE];
    unsigned n = 0;
    for (unsigned i = index * PT_CAPTION_BATCH_SIZE; n < PT_CAPTION_BATCH_SIZE && i < b->n_captions;
         i++, n++)
        captions[n] = (patina_clap_caption){b->captions[i], strlen(b->captions[i])};
    pt_arena_reset(arena);
    return patina_clap_embed_texts(b->clap, captions, n, embeddings, arena, err);
}

/* ---------------------------------------------------------------- peak and towers */

/* Other load can only reduce the peak: the maximum of several short measurements before, between
 * and after the towers is that of the round. */
static patina_status time_peak(bench *b, const speed *s, double *best, patina_error *err) {
    const unsigned n = 2 * s->threads;
    double seconds;

    const double flop = pt_nn_peak_flops_run(b->isa, b->options->precision,
                                             b->workload->peak_flop); /* also warms up */
    if (flop == 0.0) return PATINA_OK;                                /* plain C has no peak loop */
    for (unsigned i = 0; i < b->workload->n_peak; i++) {
        PT_TRY(time_batch(b, s->threads, n, work_peak, &seconds, err));
        if (flop * n / seconds > *best) *best = flop * n / seconds;
    }
    return PATINA_OK;
}

/* Makes captions that have not been encoded before: generate caches embeddings. */
static patina_status replace_captions(bench *b, unsigned n, patina_error *err) {
    b->n_captions = n;
    for (unsigned i = 0; i < n; i++) {
        size_t n_tokens;
        free(b->captions[i]);
        b->captions[i] =
            pt_bench_caption_make(b->tokenizer, b->n_captions_made++, &n_tokens, &b->arenas[0]);
        if (!b->captions[i]) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        b->text_tokens += (double)n_tokens;
        b->text_flop += pt_flops_text(&b->config, n_tokens);
    }
    return PATINA_OK;
}

static patina_status time_audio(bench *b, speed *s, patina_error *err) {
    const unsigned n_clips = b->workload->n_clips * s->threads;
    double seconds;

    PT_TRY(time_batch(b, s->threads, n_clips, work_audio, &seconds, err));
    pt_bench_samples_add(&s->audio, seconds / n_clips);
    return PATINA_OK;
}

static patina_status time_text(bench *b, speed *s, patina_error *err) {
    const unsigned n_captions = b->workload->captions * s->threads;
    double seconds;

    PT_TRY(replace_captions(b, n_captions, err));
    PT_TRY(time_batch(b, s->threads,
                      (n_captions + PT_CAPTION_BATCH_SIZE - 1) / PT_CAPTION_BATCH_SIZE, work_text,
                      &seconds, err));
    pt_bench_samples_add(&s->text, seconds / n_captions);
    return PATINA_OK;
}

static patina_status time_peak_and_towers(bench *b, speed *s, patina_error *err) {
    const bool towers = is_enabled(b, PT_BENCH_TOWERS);
    double peak = 0.0;

    PT_TRY(time_peak(b, s, &peak, err));
    if (towers) PT_TRY(time_audio(b, s, err));
    PT_TRY(time_peak(b, s, &peak, err));
    if (towers) PT_TRY(time_text(b, s, err));
    PT_TRY(time_peak(b, s, &peak, err));
    if (peak > 0.0) pt_bench_samples_add(&s->peak, peak);
    return PATINA_OK;
}

/* ---------------------------------------------------------------- devices */

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Fills the queue with n clips or captions and waits for all. */
static patina_status run_on_devices(bench *b, bool is_audio, size_t n, patina_error *err) {
    pt_ticket **tickets = calloc(n, sizeof *tickets);
    patina_status status = tickets ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    pt_arena_reset(&b->arenas[0]);
    for (size_t i = 0; status == PATINA_OK && i < n; i++) {
        const char *text = is_audio ? "" : b->captions[i % b->n_captions];
        const patina_clap_caption caption = {text, strlen(text)};
        status = is_audio
                     ? pt_device_encoder_submit_features(b->encoder, b->features, &tickets[i], err)
                     : pt_device_encoder_submit_text(b->encoder, &caption, &tickets[i],
                                                     &b->arenas[0], err);
    }
    for (size_t i = 0; tickets && i < n; i++) {
        const patina_status waited = pt_ticket_wait(&tickets[i], NULL, err);
        if (status == PATINA_OK) status = waited;
    }
    free(tickets);
    return status;
}

static patina_status time_devices(bench *b, patina_error *err) {
    const pt_device_encoder_stats stats = pt_device_encoder_get_stats(b->encoder);
    const size_t n = (b->options->quick ? 1 : 4) * stats.n_devices * stats.batch;

    const double start = pt_monotonic_s(), cpu = cpu_seconds();
    PT_TRY(run_on_devices(b, true, n, err));
    const double passed = pt_monotonic_s() - start;
    pt_bench_samples_add(&b->device_audio, passed / (double)n);
    pt_bench_samples_add(&b->device_cpu, (cpu_seconds() - cpu) / passed);

    const double text_start = pt_monotonic_s();
    PT_TRY(run_on_devices(b, false, n, err));
    pt_bench_samples_add(&b->device_text, (pt_monotonic_s() - text_start) / (double)n);
    return PATINA_OK;
}

/* ---------------------------------------------------------------- rows, end to end */

/* Times at which a run of generate was ready, had its first row, and ended. */
typedef struct run_times {
    double ready, first, last;
    uint64_t n_entries, n_rows;
} run_times;

static void record_event(void *context, const patina_event *event) {
    run_times *times = context;
    const double now = pt_monotonic_s();
    if (event->kind != PATINA_EVENT_PROGRESS) return;
    if (event->n_entries == 0) times->ready = now;
    if (event->n_rows > 0 && times->n_rows == 0) times->first = now;
    times->last = now;
    times->n_entries = event->n_entries;
    times->n_rows = event->n_rows;
}

static patina_status time_generate(bench *b, speed *s, patina_error *err) {
    run_times times = {0};
    const patina_generate_options run = {
        .corpus = b->options->corpus ? b->options->corpus : b->corpus,
        .model = b->options->model,
        .out = b->out,
        .threads = s->threads,
        .isa = b->isa,
        .precision = b->options->precision,
        .device = b->options->device,
        .stop = b->options->stop,
        .on_event = record_event,
        .context = &times,
    };
    patina_generate_report report = {0};
    char *out = strdup(b->out);
    if (!out) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    const double start = pt_monotonic_s();
    const patina_status status = patina_generate(&run, &report, err);
    pt_bench_folder_remove(&out);
    PT_TRY(status);
    if (report.set.n_rows == 0)
        return pt_fail(err, PATINA_EUSAGE,
                       "corpus '%s' has no entry that gives a row; nothing can be timed",
                       run.corpus);
    b->n_rows = report.set.n_rows;
    pt_bench_samples_add(&s->row, (times.last - times.ready) / (double)report.set.n_rows);
    pt_bench_samples_add(&s->start, times.first - start);
    return PATINA_OK;
}

/* Returns the peak resident memory; 0 if unknown. ru_maxrss is not used: it starts with the value
 * of the parent process. */
static uint64_t peak_rss(void) {
    char line[256];
    uint64_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %" SCNu64, &kilobytes) == 1) break;
    if (file) fclose(file);
    return kilobytes * 1024;
}

/* Peak memory never decreases: it is read after the first run, before anything else. */
static patina_status time_rows(bench *b, speed *s, patina_error *err) {
    PT_TRY(time_generate(b, s, err));
    if (b->peak_bytes == 0) b->peak_bytes = peak_rss();
    return PATINA_OK;
}

/* ---------------------------------------------------------------- opening */

static patina_status apply_defaults(bench *b, patina_error *err) {
    const pt_bench_options *o = b->options;
    if (!o->model || !o->tmp)
        return pt_fail(err, PATINA_EUSAGE, "model and folder for temporary files are required");
    PT_TRY(pt_threads_resolve(o->threads, &b->threads, err));
    PT_TRY(pt_device_options_check(&o->device, o->precision, err));
    if (o->rounds > PT_BENCH_ROUNDS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "%u rounds are more than the maximum of %d", o->rounds,
                       PT_BENCH_ROUNDS_MAX);
    b->isa = o->isa == PATINA_ISA_AUTO ? patina_isa_detect() : o->isa;
    b->rounds = o->rounds;
    b->workload = o->quick ? &quick_workload : &full_workload;
    b->speeds[b->n_speeds++].threads = b->threads;
    if (b->threads > 1 && !o->no_scaling) b->speeds[b->n_speeds++].threads = 1;
    return PATINA_OK;
}

static patina_status make_input(bench *b, patina_error *err) {
    const workload *e = b->workload;
    const unsigned by_thread = e->entries_per_thread * b->threads;

    if (asprintf(&b->corpus, "%s/clips.jsonl", b->folder) < 0 ||
        asprintf(&b->out, "%s/out", b->folder) < 0)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (!is_enabled(b, PT_BENCH_ROWS) || b->options->corpus) return PATINA_OK;
    return pt_bench_corpus_write(b->folder, by_thread > e->n_entries ? by_thread : e->n_entries,
                                 b->tokenizer, &b->arenas[0], err);
}

static patina_status allocate_buffers(bench *b, patina_error *err) {
    b->arenas = calloc(b->threads, sizeof *b->arenas);
    b->captions = calloc((size_t)b->workload->captions * b->threads, sizeof *b->captions);
    b->features = calloc(pt_mel_n_frames(b->mel) * b->config.extractor.n_mels, sizeof(float));
    if (!b->arenas || !b->captions || !b->features)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (unsigned i = 0; i < b->threads; i++)
        pt_arena_init(&b->arenas[i]);
    return PATINA_OK;
}

/* Computes the features of 10 s of noise. */
static patina_status make_features(bench *b, patina_error *err) {
    const size_t n = b->config.extractor.n_samples;
    float *clip = pt_arena_alloc_array(&b->arenas[0], n, sizeof *clip);
    void *scratch = pt_arena_alloc(&b->arenas[0], pt_mel_scratch_size(b->mel));
    uint32_t state = 1;

    if (!clip || !scratch) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        state = 1664525 * state + 1013904223; /* Numerical Recipes' generator */
        clip[i] = 0.2F * (float)((double)state / 2147483648.0 - 1.0);
    }
    pt_mel_features(b->mel, clip, n, b->features, scratch);
    pt_arena_reset(&b->arenas[0]);
    return PATINA_OK;
}

static patina_status open_model_files(bench *b, patina_error *err) {
    pt_model_files model = {0};
    PT_TRY(pt_model_files_open(b->options->model, &model, err));
    patina_status status = pt_model_files_read_extractor(&model, err);
    if (status == PATINA_OK) status = pt_model_files_open_tokenizer(&model, &b->tokenizer, err);
    b->config = model.config;
    pt_model_files_release(&model);
    return status;
}

/* Opens everything but the weights, so that faults of the model's files are found early. */
static patina_status open_inputs(bench *b, patina_error *err) {
    PT_TRY(open_model_files(b, err));
    PT_TRY(pt_mel_open(&b->config.extractor, &b->mel, err));
    PT_TRY(patina_meter_open(&b->meter, err));
    PT_TRY(patina_effect_config_open(NULL, &b->effect_config, err));
    PT_TRY(allocate_buffers(b, err));
    PT_TRY(make_features(b, err));
    PT_TRY(pt_bench_folder_make(b->options->tmp, &b->folder, err));
    return make_input(b, err);
}

/* ---------------------------------------------------------------- rounds */

static patina_status report_step(const bench *b, unsigned round, const char *what,
                                 patina_error *err) {
    const pt_bench_options *o = b->options;
    if (o->stop && atomic_load_explicit(o->stop, memory_order_relaxed))
        return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
    if (o->on_step) o->on_step(o->context, round, b->rounds, what);
    return PATINA_OK;
}

static patina_status time_stages(bench *b, const pt_bench_stages_config *plan, patina_error *err) {
    double seconds[PT_STAGE_COUNT];
    PT_TRY(pt_bench_stages_run(plan, seconds, &b->arenas[0], err));
    for (int i = 0; i < PT_STAGE_COUNT; i++)
        pt_bench_samples_add(&b->stages[i], seconds[i]);
    return PATINA_OK;
}

/* Opens what towers and stages need, after the first run of generate, whose memory is measured.
 * Runs each once, so that arenas have their size and pages are resident before anything is
 * timed. */
static patina_status open_towers_and_stages(bench *b, const pt_bench_stages_config *plan,
                                            patina_error *err) {
    double seconds[PT_STAGE_COUNT];

    if (is_enabled(b, PT_BENCH_STAGES)) {
        PT_TRY(pt_bench_stages_write_clips(plan, err));
        PT_TRY(pt_bench_stages_run(plan, seconds, &b->arenas[0], err));
    }
    if (!is_enabled(b, PT_BENCH_TOWERS)) return PATINA_OK;
    PT_TRY(patina_clap_open(b->options->model, PATINA_CLAP_BOTH, b->isa, b->options->precision,
                            &b->clap, err));
    if (!pt_device_is_cpu(&b->options->device))
        PT_TRY(pt_device_encoder_open(b->options->model, PATINA_CLAP_BOTH, b->clap,
                                      &b->options->device, b->options->stop, &b->encoder, err));
    PT_TRY(time_batch(b, b->threads, b->threads, work_audio, seconds, err));
    PT_TRY(replace_captions(b, b->threads, err));
    return time_batch(b, b->threads, b->threads, work_text, seconds, err);
}

static patina_status run_round(bench *b, unsigned round, const pt_bench_stages_config *plan,
                               patina_error *err) {
    for (unsigned i = 0; is_enabled(b, PT_BENCH_ROWS) && i < b->n_speeds; i++) {
        PT_TRY(report_step(b, round, "rows", err));
        PT_TRY(time_rows(b, &b->speeds[i], err));
    }
    if (round == 1) PT_TRY(open_towers_and_stages(b, plan, err));
    for (unsigned i = 0; i < b->n_speeds; i++) {
        PT_TRY(report_step(b, round, is_enabled(b, PT_BENCH_TOWERS) ? "towers" : "peak", err));
        PT_TRY(time_peak_and_towers(b, &b->speeds[i], err));
    }
    if (b->encoder) {
        PT_TRY(report_step(b, round, "devices", err));
        PT_TRY(time_devices(b, err));
    }
    if (is_enabled(b, PT_BENCH_STAGES)) {
        PT_TRY(report_step(b, round, "stages", err));
        PT_TRY(time_stages(b, plan, err));
    }
    return PATINA_OK;
}

/* Whether more rounds would hardly improve any best figure. */
static bool is_settled(const bench *b) {
    bool settled = true;
    for (unsigned i = 0; i < b->n_speeds; i++) {
        const speed *s = &b->speeds[i];
        settled = settled && pt_bench_samples_settled(&s->peak, true) &&
                  pt_bench_samples_settled(&s->audio, false) &&
                  pt_bench_samples_settled(&s->text, false) &&
                  pt_bench_samples_settled(&s->row, false);
    }
    for (int i = 0; i < PT_STAGE_COUNT; i++)
        settled = settled && pt_bench_samples_settled(&b->stages[i], false);
    return settled;
}

static patina_status run_all(bench *b, patina_error *err) {
    const workload *e = b->workload;
    const pt_bench_stages_config plan = {.folder = b->folder,
                                         .n_clips = e->stage_clips,
                                         .n_draws = e->stage_draws,
                                         .n_rows = e->stage_rows,
                                         .meter = b->meter,
                                         .effect_config = b->effect_config,
                                         .mel = b->mel,
                                         .n_mels = b->config.extractor.n_mels,
                                         .stop = b->options->stop};

    const unsigned max_seconds =
        b->options->max_seconds ? b->options->max_seconds : MAX_SECONDS_DEFAULT;
    const double end = pt_monotonic_s() + max_seconds;
    unsigned round = 0;
    for (bool more = true; more;) {
        PT_TRY(run_round(b, ++round, &plan, err));
        b->settled = is_settled(b);
        more = b->rounds ? round < b->rounds
                         : !b->settled && round < PT_BENCH_ROUNDS_MAX && pt_monotonic_s() < end;
    }
    b->rounds = round;
    return PATINA_OK;
}

/* ---------------------------------------------------------------- report */

static void read_machine_info(pt_bench_report *report) {
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
    report->n_cpus = patina_cpu_count();
    if (getloadavg(&report->load, 1) != 1) report->load = -1.0;
}

static void fill_report(const bench *b, pt_bench_report *report) {
    report->rounds = b->rounds;
    report->settled = b->settled;
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
            .peak = pt_bench_stats_from_rates(&s->peak),
            .audio_s = pt_bench_stats_from_times(&s->audio),
            .text_s = pt_bench_stats_from_times(&s->text),
            .row_s = pt_bench_stats_from_times(&s->row),
            .start_s = pt_bench_stats_from_times(&s->start),
        };
    }
    if (b->encoder) {
        const pt_device_encoder_stats stats = pt_device_encoder_get_stats(b->encoder);
        pt_bench_device *d = &report->device;
        const char *tile, *name = pt_device_encoder_device_name(b->encoder, 0, &tile);
        snprintf(d->name, sizeof d->name, "%.127s", name);
        snprintf(d->tile, sizeof d->tile, "%.31s", tile);
        d->n = (unsigned)stats.n_devices;
        d->batch = (unsigned)stats.batch;
        d->audio_s = pt_bench_stats_from_times(&b->device_audio);
        d->text_s = pt_bench_stats_from_times(&b->device_text);
        d->cpu_share = pt_bench_stats_from_times(&b->device_cpu);
    }
    for (int i = 0; is_enabled(b, PT_BENCH_STAGES) && i < PT_STAGE_COUNT; i++)
        report->stage[report->n_stages++] =
            (pt_bench_stage){.name = pt_bench_stage_names[i],
                             .inner = pt_bench_stage_is_inner((pt_bench_stage_id)i),
                             .s = pt_bench_stats_from_times(&b->stages[i])};
    report->n_rows = b->n_rows;
    report->peak_bytes = b->peak_bytes;
}

static void release(bench *b) {
    pt_bench_folder_remove(&b->folder);
    pt_device_encoder_close(&b->encoder);
    patina_clap_close(&b->clap);
    pt_mel_close(&b->mel);
    pt_tokenizer_close(&b->tokenizer);
    patina_meter_close(&b->meter);
    patina_effect_config_close(&b->effect_config);
    for (unsigned i = 0; b->arenas && i < b->threads; i++)
        pt_arena_release(&b->arenas[i]);
    for (size_t i = 0; b->captions && i < (size_t)b->workload->captions * b->threads; i++)
        free(b->captions[i]);
    free(b->captions);
    free(b->arenas);
    free(b->features);
    free(b->corpus);
    free(b->out);
}

patina_status pt_bench(const pt_bench_options *options, pt_bench_report *report,
                       patina_error *err) {
    bench *b = calloc(1, sizeof *b); /* too large for the stack of a thread */
    pt_bench_report filled = {0};
    if (!b) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    b->options = options;
    read_machine_info(&filled); /* before this process increases the load */
    patina_status status = apply_defaults(b, err);
    if (status == PATINA_OK) status = open_inputs(b, err);
    if (status == PATINA_OK) status = run_all(b, err);
    if (status == PATINA_OK) {
        fill_report(b, &filled);
        *report = filled;
    }
    release(b);
    free(b);
    return status;
}
