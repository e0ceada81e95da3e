/* SPDX-License-Identifier: MIT */
/* generate.c - the main job
 *
 *     settings, suite, model, output folder        opened and checked, cheapest first
 *     first pass over the corpus                   counted and hashed: the plan
 *     second pass  entry -> rows (many workers) -> store (in corpus order)
 *     parts named, README.md and dataset.json written
 *
 * A row depends on the settings, its entry and nothing else; a chunk of entries makes a part file.
 */

#include <patina/generate.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <patina/clap.h>
#include <patina/measure.h>
#include <patina/patina.h>

#include "base/hash.h"
#include "base/id_set.h"
#include "corpus/corpus.h"
#include "dataset/store.h"
#include "pipeline/libraries.h"
#include "pipeline/ordered.h"
#include "pipeline/rows.h"

#define CHUNK_ROWS     2000 /* what a part file holds when every entry has one caption */
#define VARIANTS_MAX   65536
#define THREADS_MAX    1024
#define ITEMS_A_WORKER 4 /* entries in flight, so that one slow entry stops nobody for a while */
#define PROGRESS_MS    200

/* ---------------------------------------------------------------- settings */

static const char *const order_names[] = {"physical", "random"};
static const char *const captions_names[] = {"all", "first", "random"};
static const char *const loudness_names[] = {"source", "mix"};

/* The options with every default written out. */
static pt_status complete_options(const pt_generate_options *given, pt_generate_options *o,
                                  pt_error *err) {
    *o = *given;
    if (!o->corpus || !o->model || !o->out)
        return pt_fail(err, PT_EUSAGE, "a corpus, a model and an output folder are needed");
    if (o->seed > PT_SEED_MAX)
        return pt_fail(err, PT_EUSAGE, "seed %" PRIu64 " is over %" PRId64, o->seed, PT_SEED_MAX);
    if (o->variants > VARIANTS_MAX)
        return pt_fail(err, PT_EUSAGE, "%" PRIu32 " variants are over %d", o->variants,
                       VARIANTS_MAX);
    if (o->threads > THREADS_MAX)
        return pt_fail(err, PT_EUSAGE, "%u threads are over %d", o->threads, THREADS_MAX);
    if (o->variants == 0) o->variants = 1;
    if (o->chunk == 0) o->chunk = o->variants < CHUNK_ROWS ? CHUNK_ROWS / o->variants : 1;
    if (o->threads == 0) o->threads = pt_cpus_usable();
    return PT_OK;
}

/* What can change a byte of the output, as a JSON object with every default written out. */
static char *settings_json(const pt_generate_options *o, const pt_suite *suite) {
    char *suite_text = pt_suite_print(suite), *text = NULL;
    json_t *suite_object = suite_text ? json_loads(suite_text, 0, NULL) : NULL;
    json_t *settings = json_pack(
        "{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o*}", "seed", (json_int_t)o->seed,
        "variants", (json_int_t)o->variants, "order", order_names[o->order], "captions",
        captions_names[o->captions], "loudness", loudness_names[o->loudness], "format",
        pt_sink_kinds[o->format]->name, "precision", pt_precision_name(o->precision), "chunk",
        (json_int_t)o->chunk, "limit", (json_int_t)o->limit, "suite", suite_object);
    if (settings) text = json_dumps(settings, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(settings);
    free(suite_text);
    return text;
}

static char *model_json(const pt_clap_info *m) {
    json_t *model =
        json_pack("{s:s, s:s, s:b, s:b, s:I, s:s, s:s, s:s, s:s, s:s}", "layout", m->layout,
                  "dtype", m->dtype, "fused", m->fused, "untrained", m->untrained, "parameters",
                  (json_int_t)m->n_parameters, "weights_sha256", m->weights_sha256, "config_sha256",
                  m->config_sha256, "preprocessor_sha256", m->preprocessor_sha256,
                  "vocabulary_sha256", m->vocabulary_sha256, "merges_sha256", m->merges_sha256);
    char *text = model ? json_dumps(model, JSON_COMPACT) : NULL;
    json_decref(model);
    return text;
}

/* ---------------------------------------------------------------- the run */

/* One entry on its way through the workers. */
typedef struct item {
    pt_entry entry;
    bool repeated;
    pt_harvest harvest;
    pt_status status;
    pt_error err;
} item;

typedef struct run {
    pt_generate_options options;
    pt_row_plan plan;
    pt_suite *suite;
    pt_meter *meter;
    pt_clap *clap;
    pt_caption_cache *cache;
    pt_arena *arenas; /* [options.threads] */
    item *items;      /* [n_items] */
    size_t n_items;

    pt_clap_info info;
    char *settings, *model;
    char settings_hash[PT_SHA256_HEX], corpus_hash[PT_SHA256_HEX];
    char *corpus_kind, *libraries;
    pt_dataset_facts facts;
    pt_store *store;
    uint64_t n_in_chunk; /* entries of the open one */

    /* The reader's: one worker at a time, in corpus order. */
    pt_corpus *corpus;
    pt_id_set *ids;
    uint64_t n_read;
    pt_status read_status;
    pt_error read_err;

    /* The calling thread's. */
    uint64_t n_done, n_rows, n_rejects;
    struct timespec last_progress;
} run;

static void tell(const run *r, pt_event event) {
    if (!r->options.on_event) return;
    event.n_entries = r->n_done;
    event.n_entries_total = r->facts.n_entries;
    event.n_rows = r->n_rows;
    event.n_rejects = r->n_rejects;
    r->options.on_event(r->options.context, &event);
}

static void note(const run *r, const char *text) {
    tell(r, (pt_event){.kind = PT_EVENT_NOTE, .text = text});
}

static bool stopped(const run *r) {
    return r->options.stop && atomic_load_explicit(r->options.stop, memory_order_relaxed);
}

/* ---------------------------------------------------------------- the plan */

static void hash_entry(pt_sha256 *hash, const pt_entry *entry) {
    pt_sha256_add_string(hash, entry->id ? entry->id : "");
    pt_sha256_add_string(hash, entry->source ? entry->source : "");
    for (size_t i = 0; i < entry->n_captions; i++)
        pt_sha256_add_string(hash, entry->captions[i].text ? entry->captions[i].text : "");
    pt_sha256_add_string(hash, ""); /* so that no two lists run together */
}

/* Reads the corpus once: how many entries there are, and the hash of ids, sources and captions. */
static pt_status plan_corpus(run *r, pt_error *err) {
    const pt_generate_options *o = &r->options;
    pt_corpus *corpus = NULL;
    pt_sha256 hash;
    bool end = false;
    uint64_t n = 0;
    const pt_corpus_options how = {.audio_root = o->audio_root};
    pt_status status = pt_corpus_open(o->corpus, &how, &corpus, err);

    if (status != PT_OK) return status;
    pt_sha256_init(&hash);
    while (status == PT_OK && !end && (o->limit == 0 || n < o->limit)) {
        pt_entry entry = {0};
        status = stopped(r) ? pt_fail(err, PT_ECANCELLED, "stopped on request")
                            : pt_corpus_next(corpus, false, &entry, &end, err);
        if (status == PT_OK && !end) {
            hash_entry(&hash, &entry);
            n++;
        }
        pt_entry_release(&entry);
    }
    if (status == PT_OK) {
        pt_sha256_finish(&hash, r->corpus_hash);
        r->facts.n_entries = n;
        r->corpus_kind = strdup(pt_corpus_kind(corpus));
        if (!r->corpus_kind) status = pt_fail(err, PT_ENOMEM, "out of memory");
    }
    pt_corpus_close(&corpus);
    return status;
}

/* ---------------------------------------------------------------- reader, worker, writer */

static bool read_entry(void *context, void *slot) {
    run *r = context;
    item *it = slot;
    bool end = false;

    pt_entry_release(&it->entry);
    if (r->options.limit != 0 && r->n_read == r->options.limit) return false;
    r->read_status = pt_corpus_next(r->corpus, true, &it->entry, &end, &r->read_err);
    if (r->read_status != PT_OK || end) return false;
    it->repeated = false;
    if (it->entry.id)
        r->read_status = pt_id_set_add(r->ids, it->entry.id, &it->repeated, &r->read_err);
    r->n_read++;
    return r->read_status == PT_OK;
}

static void work_entry(void *context, unsigned worker, void *slot) {
    run *r = context;
    item *it = slot;
    it->err = (pt_error){0};
    it->status = pt_rows_make(&r->plan, &it->entry, it->repeated, &it->harvest, &r->arenas[worker],
                              &it->err);
}

static bool progress_is_due(run *r) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t ms = (int64_t)(now.tv_sec - r->last_progress.tv_sec) * 1000 +
                       (now.tv_nsec - r->last_progress.tv_nsec) / 1000000;
    if (ms < PROGRESS_MS) return false;
    r->last_progress = now;
    return true;
}

static pt_status write_reject(run *r, const pt_entry *entry, const pt_reject *reject,
                              pt_error *err) {
    char *line = pt_reject_line(entry->id, entry->source, reject->reason, reject->sentence);
    if (!line) return pt_fail(err, PT_ENOMEM, "out of memory");
    const pt_status status = pt_store_reject(r->store, reject->reason, line, err);
    free(line);
    r->n_rejects++;
    tell(r, (pt_event){.kind = PT_EVENT_REJECT,
                       .text = reject->sentence,
                       .entry = entry->id,
                       .reason = reject->reason});
    return status;
}

static pt_status end_chunk(run *r, pt_error *err) {
    const uint64_t n = r->n_in_chunk;
    r->n_in_chunk = 0;
    return pt_store_end_chunk(r->store, n, err);
}

static pt_status write_entry(void *context, void *slot, pt_error *err) {
    run *r = context;
    item *it = slot;
    const pt_harvest *h = &it->harvest;

    if (it->status != PT_OK) return pt_fail(err, it->status, "%s", it->err.message);
    if (r->n_in_chunk == 0)
        PT_TRY(pt_store_begin_chunk(r->store, r->n_done / r->options.chunk, err));
    PT_TRY(pt_store_add(r->store, 0, h->rows, h->n_rows, h->provenance.text, h->provenance.length,
                        err));
    r->n_rows += h->n_rows;
    for (size_t i = 0; i < h->n_rejects; i++)
        PT_TRY(write_reject(r, &it->entry, &h->rejects[i], err));
    r->n_done++;
    if (++r->n_in_chunk == r->options.chunk) PT_TRY(end_chunk(r, err));
    if (progress_is_due(r)) tell(r, (pt_event){.kind = PT_EVENT_PROGRESS});
    return PT_OK;
}

static pt_status work_all(run *r, pt_error *err) {
    const pt_ordered_job job = {r, read_entry, work_entry, write_entry};
    const pt_generate_options *o = &r->options;

    const pt_corpus_options how = {.audio_root = o->audio_root};
    PT_TRY(pt_corpus_open(o->corpus, &how, &r->corpus, err));
    tell(r, (pt_event){.kind = PT_EVENT_PROGRESS}); /* all is open; none of the time is a row's */
    PT_TRY(pt_ordered_run(&job, o->threads, r->items, sizeof *r->items, r->n_items, o->stop, err));
    if (r->read_status != PT_OK) return pt_fail(err, r->read_status, "%s", r->read_err.message);
    if (r->n_in_chunk > 0) PT_TRY(end_chunk(r, err));
    tell(r, (pt_event){.kind = PT_EVENT_PROGRESS});
    return PT_OK;
}

/* ---------------------------------------------------------------- putting it together */

/* Everything that can be wrong with the options, the suite and the model, cheapest first. */
static pt_status open_parts(run *r, pt_error *err) {
    const pt_generate_options *o = &r->options;

    PT_TRY(pt_suite_open(o->suite_json, &r->suite, err));
    PT_TRY(pt_meter_open(&r->meter, err));
    r->settings = settings_json(o, r->suite);
    r->libraries = pt_libraries_json();
    if (!r->settings || !r->libraries) return pt_fail(err, PT_ENOMEM, "out of memory");
    pt_sha256 hash;
    pt_sha256_init(&hash);
    pt_sha256_add_string(&hash, r->settings);
    pt_sha256_finish(&hash, r->settings_hash);

    PT_TRY(plan_corpus(r, err));
    PT_TRY(pt_clap_info_read(o->model, &r->info, err));
    r->model = model_json(&r->info);
    if (!r->model) return pt_fail(err, PT_ENOMEM, "out of memory");
    return PT_OK;
}

static pt_status make_room(run *r, pt_error *err) {
    const unsigned n = r->options.threads;
    r->n_items = (size_t)n * ITEMS_A_WORKER;
    r->items = calloc(r->n_items, sizeof *r->items);
    r->arenas = calloc(n, sizeof *r->arenas);
    if (!r->items || !r->arenas) return pt_fail(err, PT_ENOMEM, "out of memory");
    for (unsigned i = 0; i < n; i++)
        pt_arena_init(&r->arenas[i]);
    PT_TRY(pt_caption_cache_open(&r->cache, err));
    return pt_id_set_open(&r->ids, err);
}

static void describe(run *r) {
    static const char *const splits[] = {"train", NULL};
    const pt_generate_options *o = &r->options;
    const uint64_t n = r->facts.n_entries;
    r->facts = (pt_dataset_facts){
        .version = pt_version(),
        .format = pt_sink_kinds[o->format]->name,
        .settings_json = r->settings,
        .settings_hash = r->settings_hash,
        .corpus_kind = r->corpus_kind,
        .corpus_hash = r->corpus_hash,
        .n_entries = n,
        .n_chunks = n / o->chunk + (n % o->chunk != 0),
        .splits = splits,
        .model_json = r->model,
        .model_hash = r->info.model_sha256,
        .model_untrained = r->info.untrained,
        .kernels = pt_isa_name(o->isa),
        .libraries_json = r->libraries,
    };
}

/* What the workers share, once all of it is open. */
static void plan_rows(run *r) {
    const pt_generate_options *o = &r->options;
    r->plan = (pt_row_plan){
        .clap = r->clap,
        .meter = r->meter,
        .suite = r->suite,
        .cache = r->cache,
        .seed = o->seed,
        .variants = o->variants,
        .order = o->order,
        .captions = o->captions,
        .loudness = o->loudness,
        .stop = o->stop,
    };
}

static pt_status run_all(run *r, pt_generate_report *report, pt_error *err) {
    const pt_generate_options *o = &r->options;
    const pt_sink_kind *kind = pt_sink_kinds[o->format];
    bool complete = false;
    char text[256];

    PT_TRY(open_parts(r, err));
    describe(r);
    PT_TRY(pt_store_open(o->out, kind, &r->facts, NULL, &r->store, &complete, &r->facts, err));
    if (!complete) {
        snprintf(text, sizeof text, "%" PRIu64 " entries (%s), model %s, %u thread%s, %s kernels",
                 r->facts.n_entries, r->corpus_kind, r->info.layout, o->threads,
                 o->threads == 1 ? "" : "s", r->facts.kernels);
        note(r, text);
        if (r->info.untrained)
            note(r, "the model is known to be untrained: its embeddings mean nothing and the data "
                    "set is good for tests only");
        PT_TRY(pt_clap_open(o->model, PT_CLAP_BOTH, o->isa, o->precision, &r->clap, err));
        PT_TRY(make_room(r, err));
        plan_rows(r);
        PT_TRY(work_all(r, err));
        PT_TRY(pt_store_finish(r->store, &r->facts, err));
    }
    *report = (pt_generate_report){
        .n_entries = r->facts.n_entries,
        .n_rows = r->facts.n_rows,
        .n_rejects = r->facts.n_rejects,
        .n_parts = r->facts.n_parts,
        .was_complete = complete,
    };
    memcpy(report->rejects_by, r->facts.rejects_by, sizeof report->rejects_by);
    return PT_OK;
}

static void release(run *r) {
    pt_store_close(&r->store);
    pt_corpus_close(&r->corpus);
    pt_id_set_close(&r->ids);
    pt_caption_cache_close(&r->cache);
    for (size_t i = 0; r->items && i < r->n_items; i++) {
        pt_entry_release(&r->items[i].entry);
        pt_harvest_release(&r->items[i].harvest);
    }
    for (unsigned i = 0; r->arenas && i < r->options.threads; i++)
        pt_arena_release(&r->arenas[i]);
    free(r->items);
    free(r->arenas);
    pt_clap_close(&r->clap);
    pt_meter_close(&r->meter);
    pt_suite_close(&r->suite);
    free(r->settings);
    free(r->model);
    free(r->libraries);
    free(r->corpus_kind);
}

pt_status pt_generate(const pt_generate_options *options, pt_generate_report *report,
                      pt_error *err) {
    run r = {0};
    pt_status status = complete_options(options, &r.options, err);
    if (status == PT_OK) status = run_all(&r, report, err);
    release(&r);
    return status;
}
