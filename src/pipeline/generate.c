/* SPDX-License-Identifier: MIT */
/* generate.c - the main job
 *
 *     settings, suite, model, output folder        opened and checked, cheapest first
 *     first pass over the corpus                   counted and hashed: the plan
 *     second pass  entries -> rows (many workers) -> store (in corpus order), chunk by chunk
 *     all chunks there: parts named, README.md and dataset.json written
 *
 * A row depends on the settings, its entry and nothing else; a chunk of entries makes a part file.
 * Chunks that are there already, and those of other shards, are passed over.
 */

#include <patina/generate.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <patina/clap.h>
#include <patina/measure.h>
#include <patina/patina.h>

#include "base/id_set.h"
#include "corpus/corpus.h"
#include "dataset/store.h"
#include "pipeline/caption_batch.h"
#include "pipeline/keep.h"
#include "pipeline/libraries.h"
#include "pipeline/ordered.h"
#include "pipeline/plan.h"
#include "pipeline/rows.h"
#include "pipeline/tenths.h"

#define ITEMS_A_WORKER 4 /* entries in flight, so that one slow entry stops nobody for a while */
#define BATCH_ENTRIES  8 /* whose captions are embedded together */
#define PROGRESS_NS    200000000
#define SECOND_NS      1e9

/* What a row takes on the disk, provenance included; of a few thousand rows, rounded up. */
#define PARQUET_ROW_BYTES 5400
#define JSONL_ROW_BYTES   14600

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

/* Entries that were read together, and their captions. Released with the last of them. */
typedef struct batch {
    pt_caption_batch captions;
    unsigned n_items;
} batch;

/* One entry on its way through the workers. */
typedef struct item {
    pt_entry entry;
    uint64_t index; /* in the corpus */
    bool repeated;
    batch *batch;
    int64_t text_ns;      /* that took its worker */
    bool is_first;        /* of its batch: its worker embeds the captions of all */
    size_t first_caption; /* of the batch's captions */
    pt_watch watch;
    pt_harvest harvest;
    pt_status status;
    pt_error err;
} item;

typedef struct run {
    pt_plan plan;
    pt_row_plan rows;
    pt_suite *suite;
    pt_meter *meter;
    pt_clap *clap;
    pt_caption_cache *cache;
    pt_clap_info info;
    char *model, *libraries;
    const char *split_names[PT_SPLITS_MAX + 1];
    pt_dataset_facts facts;
    pt_store *store;

    int64_t started_ns;
    atomic_bool stopping; /* set by the calling thread, read by all */
    atomic_bool out_of_time;
    unsigned at_large; /* threads that may never come back */

    /* The reader's: one worker at a time, in corpus order. */
    pt_corpus *corpus;
    pt_id_set *ids;
    uint64_t n_read;
    item *ahead[BATCH_ENTRIES];
    size_t n_ahead, next_ahead;
    bool read_all;
    pt_status read_status;
    pt_error read_err;

    /* What there is to do, fixed before the workers start. */
    bool *is_to_do; /* [plan.n_chunks]: ours, and not there yet */
    uint64_t n_chunks_ours, n_chunks_to_do, n_chunks_held;
    uint64_t n_entries_to_do, n_entries_needed; /* and how many have to be read for that */

    /* The calling thread's. */
    uint64_t n_chunks_done;
    uint64_t n_done, n_rows, n_rejects;
    pt_tenths purity, loudness;
    int64_t spent_ns[PT_RUN_STAGES];
    bool chunk_is_open;
    int64_t last_progress_ns, chunk_began_ns;
    _Atomic int64_t longest_chunk_ns; /* written by the calling thread, read by the reader */
} run;

static void tell(const run *r, pt_event event) {
    const pt_generate_options *o = &r->plan.options;
    if (!o->on_event) return;
    event.n_entries = r->n_done;
    event.n_entries_total = r->n_entries_to_do;
    event.n_rows = r->n_rows;
    event.n_rejects = r->n_rejects;
    event.n_chunks = r->n_chunks_held + r->n_chunks_done;
    event.n_chunks_total = r->plan.n_chunks;
    o->on_event(o->context, &event);
}

static void note(const run *r, const char *format, ...) PT_PRINTF(2, 3);

static void note(const run *r, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell(r, (pt_event){.kind = PT_EVENT_NOTE, .text = text});
}

static void pass_note_on(void *context, const char *sentence) {
    note(context, "%s", sentence);
}

/* ---------------------------------------------------------------- time */

static int64_t time_limit_ns(const run *r) {
    return (int64_t)(r->plan.options.time_limit_s * SECOND_NS);
}

/* Whether a chunk that is begun now would not be finished in time, by what others took. */
static bool too_late_for_a_chunk(run *r) {
    if (time_limit_ns(r) == 0) return false;
    const int64_t passed = pt_watch_now() - r->started_ns;
    return passed + atomic_load(&r->longest_chunk_ns) >= time_limit_ns(r);
}

static bool is_stopped(void *context) {
    run *r = context;
    const atomic_bool *stop = r->plan.options.stop;
    if (stop && atomic_load_explicit(stop, memory_order_relaxed)) {
        atomic_store(&r->stopping, true);
    } else if (time_limit_ns(r) > 0 && pt_watch_now() - r->started_ns > time_limit_ns(r)) {
        r->out_of_time = true;
        atomic_store(&r->stopping, true);
    }
    return atomic_load(&r->stopping);
}

/* ---------------------------------------------------------------- items */

static void batch_leave(batch *b) {
    if (!b || --b->n_items > 0) return;
    pt_caption_batch_release(&b->captions);
    free(b);
}

static void item_release(void *context, void *slot) {
    item *it = slot;
    (void)context;
    if (!it) return;
    pt_entry_release(&it->entry);
    pt_harvest_release(&it->harvest);
    free(it);
}

/* A new item that holds an entry, which is given away. */
static item *item_make(pt_entry *entry, uint64_t index, bool repeated) {
    item *it = calloc(1, sizeof *it);
    if (!it) return NULL;
    it->entry = *entry;
    *entry = (pt_entry){0};
    it->index = index;
    it->repeated = repeated;
    return it;
}

/* ---------------------------------------------------------------- reader */

/* Whether the run makes the chunk that an entry belongs to: ours, not there yet, and in time. */
static bool is_wanted(run *r, uint64_t index) {
    const uint64_t size = r->plan.options.chunk;
    if (!r->is_to_do[index / size]) return false;
    if (index % size == 0 && too_late_for_a_chunk(r)) {
        r->out_of_time = r->read_all = true;
        return false;
    }
    return true;
}

/* Reads on to the next entry that is wanted; *next is NULL after the last. */
static pt_status read_wanted(run *r, item **next, pt_error *err) {
    *next = NULL;
    while (!r->read_all && r->n_read < r->n_entries_needed) {
        const uint64_t index = r->n_read;
        const bool wanted = is_wanted(r, index);
        pt_entry entry = {0};
        bool end = false, repeated = false;

        if (r->read_all) break;
        pt_status status = pt_corpus_next(r->corpus, wanted, &entry, &end, err);
        if (status == PT_OK && end) {
            r->read_all = true;
            break;
        }
        if (status == PT_OK && entry.id) status = pt_id_set_add(r->ids, entry.id, &repeated, err);
        r->n_read++;
        if (status == PT_OK && wanted && !(*next = item_make(&entry, index, repeated)))
            status = pt_fail(err, PT_ENOMEM, "out of memory");
        pt_entry_release(&entry);
        if (status != PT_OK || wanted) return status;
    }
    return PT_OK;
}

static pt_status add_captions(const run *r, item *it, pt_error *err) {
    const pt_generate_options *o = &r->plan.options;
    size_t first, last;
    it->first_caption = it->batch->captions.n_captions;
    pt_rows_captions(o->captions, o->seed, &it->entry, it->repeated, &first, &last);
    for (size_t i = first; i < last; i++)
        if (it->entry.captions[i].text)
            PT_TRY(pt_caption_batch_add(&it->batch->captions, it->entry.captions[i].text, err));
    return PT_OK;
}

/* Fills `ahead` with the next few entries and makes them a batch. */
static pt_status read_batch(run *r, pt_error *err) {
    batch *b = calloc(1, sizeof *b);
    pt_status status = b ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");
    r->n_ahead = r->next_ahead = 0;

    while (status == PT_OK && r->n_ahead < BATCH_ENTRIES) {
        item *it = NULL;
        status = read_wanted(r, &it, err);
        if (!it) break;
        it->batch = b;
        it->is_first = b->n_items++ == 0;
        r->ahead[r->n_ahead++] = it;
        status = add_captions(r, it, err);
    }
    if (b && b->n_items == 0) free(b);
    return status;
}

static void *read_entry(void *context) {
    run *r = context;
    if (r->next_ahead == r->n_ahead) {
        if (r->read_status != PT_OK) return NULL;
        r->read_status = read_batch(r, &r->read_err);
        if (r->read_status != PT_OK) return NULL; /* what was read goes with the run */
    }
    return r->next_ahead < r->n_ahead ? r->ahead[r->next_ahead++] : NULL;
}

/* ---------------------------------------------------------------- worker */

static void *worker_begin(void *context) {
    pt_arena *arena = malloc(sizeof *arena);
    (void)context;
    if (arena) pt_arena_init(arena);
    return arena;
}

static void worker_end(void *context, void *own) {
    pt_arena *arena = own;
    (void)context;
    pt_arena_release(arena);
    free(arena);
}

static void work_entry(void *context, void *own, void *slot) {
    run *r = context;
    item *it = slot;
    pt_arena *arena = own;

    if (it->is_first) {
        const int64_t began = pt_watch_now();
        it->status = pt_caption_batch_embed(&it->batch->captions, r->clap, r->cache, &r->stopping,
                                            arena, &it->err);
        it->text_ns = pt_watch_now() - began;
    }
    const uint64_t every = r->plan.options.keep_every;
    const pt_row_turn turn = {
        .repeated = it->repeated, .keep_audio = it->index % every == 0, .watch = &it->watch};
    if (it->status == PT_OK)
        it->status = pt_rows_make(&r->rows, &it->entry, &turn, &it->harvest, arena, &it->err);
}

/* Of an entry whose audio takes too long to read, a reject remains. */
static void *give_up(void *context, void *slot) {
    run *r = context;
    item *old = slot;
    const double limit_s = r->plan.options.entry_timeout_s;
    const int64_t limit_ns = (int64_t)(limit_s * SECOND_NS);

    if (limit_ns == 0 || !pt_watch_is_over(&old->watch, limit_ns)) return NULL;
    pt_entry entry = {.id = strdup(old->entry.id), .source = strdup(old->entry.source)};
    item *it = entry.id && entry.source ? item_make(&entry, old->index, false) : NULL;
    pt_entry_release(&entry);
    if (!it) return NULL; /* another time, when there is memory */
    if (!pt_watch_break(&old->watch, limit_ns)) {
        item_release(r, it);
        return NULL;
    }
    it->batch = old->batch;
    old->batch = NULL; /* so that the calling thread alone counts who has left */
    it->status =
        pt_harvest_reject(&it->harvest, PT_REJECT_TIMEOUT, &it->err,
                          "'%s': reading it took longer than %g s", it->entry.source, limit_s);
    return it;
}

/* ---------------------------------------------------------------- writer */

static bool progress_is_due(run *r) {
    const int64_t now = pt_watch_now();
    if (now - r->last_progress_ns < PROGRESS_NS) return false;
    r->last_progress_ns = now;
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

static pt_status end_chunk(run *r, uint64_t chunk, pt_error *err) {
    PT_TRY(pt_store_end_chunk(r->store, pt_plan_chunk_entries(&r->plan, chunk), err));
    const int64_t now = pt_watch_now(), took = now - r->chunk_began_ns;
    if (took > atomic_load(&r->longest_chunk_ns)) atomic_store(&r->longest_chunk_ns, took);
    r->chunk_began_ns = now;
    r->chunk_is_open = false;
    r->n_chunks_done++;
    return PT_OK;
}

/* For the account at the end. */
static void count_item(run *r, const item *it) {
    const pt_harvest *h = &it->harvest;
    for (size_t i = 0; i < h->n_rows; i++) {
        pt_tenths_add(&r->purity, (double)h->rows[i].input_purity);
        pt_tenths_add(&r->loudness, (double)h->rows[i].target_lufs);
    }
    for (int s = 0; s < PT_RUN_STAGES; s++)
        r->spent_ns[s] += h->spent_ns[s];
    r->spent_ns[PT_RUN_TEXT_TOWER] += it->text_ns;
    r->n_rows += h->n_rows;
}

static pt_status write_rows(run *r, item *it, pt_error *err) {
    const uint64_t chunk = it->index / r->plan.options.chunk;
    pt_harvest *h = &it->harvest;

    if (it->status != PT_OK) return pt_fail(err, it->status, "%s", it->err.message);
    if (!r->chunk_is_open) PT_TRY(pt_store_begin_chunk(r->store, chunk, err));
    r->chunk_is_open = true;
    if (h->n_rows > 0)
        pt_harvest_add_texts(h, &r->rows,
                             it->batch->captions.embeddings + it->first_caption * PT_EMBEDDING);
    PT_TRY(pt_store_add(r->store, h->split, h->rows, h->n_rows, h->provenance.text,
                        h->provenance.length, err));
    count_item(r, it);
    for (size_t i = 0; i < h->n_rejects; i++)
        PT_TRY(write_reject(r, &it->entry, &h->rejects[i], err));
    r->n_done++;
    if (it->index + 1 == chunk * r->plan.options.chunk + pt_plan_chunk_entries(&r->plan, chunk))
        PT_TRY(end_chunk(r, chunk, err));
    if (progress_is_due(r)) tell(r, (pt_event){.kind = PT_EVENT_PROGRESS});
    return PT_OK;
}

static pt_status write_entry(void *context, void *slot, pt_error *err) {
    run *r = context;
    item *it = slot;
    const int64_t began = pt_watch_now();
    const pt_status status = write_rows(r, it, err);
    r->spent_ns[PT_RUN_WRITING] += pt_watch_now() - began;
    batch_leave(it->batch);
    item_release(context, it);
    return status;
}

static void drop_entry(void *context, void *slot) {
    item *it = slot;
    batch_leave(it->batch);
    item_release(context, it);
}

/* ---------------------------------------------------------------- all of it */

static pt_status work_all(run *r, pt_error *err) {
    const pt_generate_options *o = &r->plan.options;
    const pt_ordered_job job = {.context = r,
                                .next = read_entry,
                                .begin = worker_begin,
                                .end = worker_end,
                                .work = work_entry,
                                .deliver = write_entry,
                                .release = drop_entry,
                                .stopped = is_stopped,
                                .give_up = give_up};
    const size_t n_items = (size_t)o->threads * ITEMS_A_WORKER;

    PT_TRY(pt_corpus_open(o->corpus, &r->plan.corpus, &r->corpus, err));
    tell(r, (pt_event){.kind = PT_EVENT_PROGRESS}); /* all is open; none of the time is a row's */
    r->chunk_began_ns = pt_watch_now();
    PT_TRY(pt_ordered_run(&job, o->threads,
                          n_items < 2 * BATCH_ENTRIES ? 2 * BATCH_ENTRIES : n_items, &r->at_large,
                          err));
    if (r->read_status != PT_OK) return pt_fail(err, r->read_status, "%s", r->read_err.message);
    if (!r->out_of_time && r->n_chunks_done != r->n_chunks_to_do)
        return pt_fail(err, PT_EFORMAT,
                       "corpus '%s': it had %" PRIu64 " entries when the run began, and now ends "
                       "after %" PRIu64,
                       o->corpus, r->plan.n_entries, r->n_read);
    tell(r, (pt_event){.kind = PT_EVENT_PROGRESS});
    return r->out_of_time ? pt_fail(err, PT_ECANCELLED, "out of time") : PT_OK;
}

/* ---------------------------------------------------------------- putting it together */

/* Everything that can be wrong with the options, the suite and the model, cheapest first. */
static pt_status open_parts(run *r, const pt_generate_options *options, pt_error *err) {
    const pt_generate_options *o = &r->plan.options;

    PT_TRY(pt_suite_open(options->suite_json, &r->suite, err));
    PT_TRY(pt_meter_open(&r->meter, err));
    PT_TRY(pt_plan_options(&r->plan, options, r->suite, err));
    r->libraries = pt_libraries_json();
    if (!r->libraries) return pt_fail(err, PT_ENOMEM, "out of memory");
    PT_TRY(pt_plan_corpus(&r->plan, o->stop, err));
    PT_TRY(pt_clap_info_read(o->model, &r->info, err));
    r->model = model_json(&r->info);
    return r->model ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");
}

static void describe(run *r) {
    const pt_plan *p = &r->plan;
    for (size_t i = 0; i < p->splits.n_splits; i++)
        r->split_names[i] = p->splits.split[i].name;
    r->facts = (pt_dataset_facts){
        .version = pt_version(),
        .format = pt_sink_kinds[p->options.format]->name,
        .settings_json = p->settings,
        .settings_hash = p->settings_hash,
        .corpus_kind = p->corpus_kind,
        .corpus_hash = p->corpus_hash,
        .n_entries = p->n_entries,
        .n_chunks = p->n_chunks,
        .splits = r->split_names,
        .model_json = r->model,
        .model_hash = r->info.model_sha256,
        .model_untrained = r->info.untrained,
        .kernels = pt_isa_name(p->options.isa),
        .libraries_json = r->libraries,
    };
}

/* Which chunks are to be made now. */
static pt_status list_work(run *r, pt_error *err) {
    const pt_plan *p = &r->plan;
    r->is_to_do = calloc(p->n_chunks + 1, sizeof *r->is_to_do);
    if (!r->is_to_do) return pt_fail(err, PT_ENOMEM, "out of memory");
    for (uint64_t c = 0; c < p->n_chunks; c++) {
        const bool held = pt_store_has_chunk(r->store, c);
        r->n_chunks_held += held;
        r->n_chunks_ours += pt_plan_is_ours(p, c);
        if (held || !pt_plan_is_ours(p, c)) continue;
        r->is_to_do[c] = true;
        r->n_chunks_to_do++;
        r->n_entries_to_do += pt_plan_chunk_entries(p, c);
        r->n_entries_needed = c * p->options.chunk + pt_plan_chunk_entries(p, c);
    }
    return PT_OK;
}

/* "0.6 MB", "12 GB" */
static void say_bytes(double bytes, char *text, size_t size) {
    const bool large = bytes >= 1e9;
    snprintf(text, size, bytes >= (large ? 1e10 : 1e7) ? "%.0f %s" : "%.1f %s",
             bytes * (large ? 1e-9 : 1e-6), large ? "GB" : "MB");
}

/* Refuses to begin what the disk has no room for; says what is to come. */
static pt_status check_room(const run *r, pt_error *err) {
    const pt_plan *p = &r->plan;
    const bool parquet = p->options.format == PT_FORMAT_PARQUET;
    const double row_bytes = parquet ? PARQUET_ROW_BYTES : JSONL_ROW_BYTES;
    uint64_t n_chunks, n_rows, n_rejects, n_entries;
    struct statvfs disk;

    pt_store_held(r->store, &n_chunks, &n_rows, &n_rejects, &n_entries);
    const uint64_t n_left = p->n_rows_most > n_rows ? p->n_rows_most - n_rows : 0;
    const double needed = (double)n_left * row_bytes;
    char needs[32], has[32];
    say_bytes(needed, needs, sizeof needs);
    if (statvfs(p->options.out, &disk) == 0) {
        const double room = (double)disk.f_bavail * (double)disk.f_frsize;
        say_bytes(room, has, sizeof has);
        if (needed > room)
            return pt_fail(err, PT_EIO,
                           "output folder '%s': up to %" PRIu64 " rows are to come, about %s, and "
                           "the disk has room for %s; make room, name another folder with "
                           "'--out', or ask for less",
                           p->options.out, n_left, needs, has);
    }
    note(r, "up to %" PRIu64 " row%s to come in all, about %s", n_left, n_left == 1 ? "" : "s",
         needs);
    return PT_OK;
}

/* What a user wants to know before the work begins. */
static void announce(const run *r) {
    const pt_generate_options *o = &r->plan.options;
    note(r, "%" PRIu64 " entr%s (%s), model %s, %u thread%s, %s kernels", r->plan.n_entries,
         r->plan.n_entries == 1 ? "y" : "ies", r->plan.corpus_kind, r->info.layout, o->threads,
         o->threads == 1 ? "" : "s", r->facts.kernels);
    if (o->n_shards > 0)
        note(r, "shard %" PRIu64 " of %" PRIu64 ": %" PRIu64 " of %" PRIu64 " chunks", o->shard,
             o->n_shards, r->n_chunks_ours, r->plan.n_chunks);
    if (r->n_chunks_held > 0)
        note(r, "%" PRIu64 " of %" PRIu64 " chunks are there already and stay", r->n_chunks_held,
             r->plan.n_chunks);
    if (r->info.untrained)
        note(r, "the model is known to be untrained: its embeddings mean nothing and the data set "
                "is good for tests only");
}

/* What the workers share, once all of it is open. */
static pt_status open_tools(run *r, pt_error *err) {
    const pt_generate_options *o = &r->plan.options;
    PT_TRY(pt_clap_open(o->model, PT_CLAP_BOTH, o->isa, o->precision, &r->clap, err));
    if (o->keep_audio) PT_TRY(pt_keep_open(o->keep_audio, err));
    PT_TRY(pt_caption_cache_open(&r->cache, err));
    PT_TRY(pt_id_set_open(&r->ids, err));
    r->rows = (pt_row_plan){
        .clap = r->clap,
        .meter = r->meter,
        .suite = r->suite,
        .splits = &r->plan.splits,
        .seed = o->seed,
        .variants = o->variants,
        .order = o->order,
        .captions = o->captions,
        .loudness = o->loudness,
        .keep_audio = o->keep_audio,
        .stop = &r->stopping,
    };
    return PT_OK;
}

/* Makes the chunks that are to be made, and the whole where that is this process's to do. */
static pt_status make_set(run *r, bool *complete, pt_error *err) {
    const pt_generate_options *o = &r->plan.options;

    PT_TRY(list_work(r, err));
    announce(r);
    if (r->n_chunks_to_do > 0) {
        PT_TRY(check_room(r, err));
        PT_TRY(open_tools(r, err));
        PT_TRY(work_all(r, err));
    }
    if (o->n_shards > 0) return PT_OK;
    PT_TRY(pt_store_finish(r->store, &r->facts, err));
    *complete = true;
    return PT_OK;
}

static pt_run_quantiles quantiles_of(const pt_tenths *h) {
    return (pt_run_quantiles){pt_tenths_quantile(h, 0.05), pt_tenths_quantile(h, 0.5),
                              pt_tenths_quantile(h, 0.95)};
}

static void report_on(const run *r, bool complete, pt_generate_report *report) {
    report->is_complete = complete;
    report->n_entries_now = r->n_done;
    report->n_rows_now = r->n_rows;
    report->n_rejects_now = r->n_rejects;
    report->purity_db = quantiles_of(&r->purity);
    report->lufs = quantiles_of(&r->loudness);
    for (int s = 0; s < PT_RUN_STAGES; s++)
        report->seconds_by[s] = (double)r->spent_ns[s] / SECOND_NS;
    report->n_chunks_ours = r->n_chunks_ours;
    report->n_chunks_left = r->n_chunks_to_do - r->n_chunks_done;
    report->out_of_time = atomic_load(&r->out_of_time);
    if (!complete) return;
    report->n_entries = r->facts.n_entries;
    report->n_rows = r->facts.n_rows;
    report->n_rejects = r->facts.n_rejects;
    report->n_parts = r->facts.n_parts;
    memcpy(report->rejects_by, r->facts.rejects_by, sizeof report->rejects_by);
}

static pt_status run_all(run *r, const pt_generate_options *options, pt_generate_report *report,
                         pt_error *err) {
    const pt_generate_options *o = &r->plan.options;
    bool complete = false;

    *report = (pt_generate_report){.is_complete = false};
    PT_TRY(open_parts(r, options, err));
    describe(r);
    const pt_store_options how = {.resume_from = o->resume_from,
                                  .retry_rejects = o->retry_rejects,
                                  .alone = o->n_shards == 0,
                                  .on_note = pass_note_on,
                                  .context = r};
    PT_TRY(pt_store_open(o->out, pt_sink_kinds[o->format], &r->facts, &how, &r->store, &complete,
                         &r->facts, err));
    report->was_complete = complete;
    const pt_status status = complete ? PT_OK : make_set(r, &complete, err);
    report_on(r, complete, report);
    return status;
}

static void release(run *r) {
    pt_store_close(&r->store);
    pt_corpus_close(&r->corpus);
    pt_id_set_close(&r->ids);
    while (r->next_ahead < r->n_ahead)
        drop_entry(r, r->ahead[r->next_ahead++]);
    free(r->is_to_do);
    if (r->at_large > 0) return; /* what follows may be in use, by a thread that is stuck */
    pt_caption_cache_close(&r->cache);
    pt_clap_close(&r->clap);
    pt_meter_close(&r->meter);
    pt_suite_close(&r->suite);
    pt_plan_release(&r->plan);
    free(r->model);
    free(r->libraries);
    free(r);
}

const char *pt_run_stage_name(pt_run_stage stage) {
    static const char *const names[] = {"reading",     "measuring",  "degrading",
                                        "audio tower", "text tower", "writing"};
    return (unsigned)stage < PT_RUN_STAGES ? names[stage] : "unknown";
}

pt_status pt_generate(const pt_generate_options *options, pt_generate_report *report,
                      pt_error *err) {
    run *r = calloc(1, sizeof *r);
    if (!r) return pt_fail(err, PT_ENOMEM, "out of memory");
    r->started_ns = pt_watch_now();
    const pt_status status = run_all(r, options, report, err);
    release(r);
    return status;
}
