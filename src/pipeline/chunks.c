/* SPDX-License-Identifier: MIT */
/* chunks.c - reads, processes and writes the entries of a run
 *
 *     stage    work                                                        runs in
 *     reader   entries of pending chunks, batch by batch                   one worker at a time
 *     worker   captions of a batch to embeddings, an entry to its rows     all workers
 *     writer   rows and rejects to the store, in corpus order              the calling thread
 */

#include "base/arena.h"
#include "base/error.h"
#include "pipeline/run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/monotonic_clock.h"
#include "corpus/entry_builder.h"
#include "dataset/output_dir.h"
#include "dataset/rejects.h"
#include "pipeline/ordered_pool.h"

#define ITEMS_PER_WORKER 4    /* entries in flight: a slow entry does not stall the other workers */
#define BATCH_CAPTIONS   1024 /* in a batch of entries that have many */
#define PROVENANCE_BYTES 2048 /* of a row, above what is usual */
#define PROGRESS_NS      200000000
#define SECOND_NS        1e9

/* Entries that were read together, and their captions. Released with the last entry. */
typedef struct batch {
    pt_caption_batch captions;
    unsigned n_items;
} batch;

/* One entry in flight. */
typedef struct item {
    pt_entry entry;
    uint64_t index; /* in the corpus, from 0 */
    bool repeated;
    batch *batch;
    int64_t text_ns;       /* time of the text tower */
    bool is_first;         /* first of its batch: its worker embeds the captions of the batch */
    size_t first_caption;  /* index into the captions of the batch */
    uint64_t n_bytes;      /* counted in the budget until the entry is delivered */
    pt_memory_share share; /* of its worker */
    pt_watchdog watchdog;
    pt_entry_result result;
    patina_status status;
    patina_error err;
} item;

void pt_run_emit_event(const pt_run *r, patina_event event) {
    const patina_generate_options *o = &r->plan.options;
    if (!o->on_event) return;
    event.n_entries = r->n_done;
    event.n_entries_total = r->n_entries_pending;
    event.n_rows = r->n_rows;
    event.n_rejects = r->n_rejects;
    event.n_chunks = r->n_chunks_existing + r->n_chunks_done;
    event.n_chunks_total = r->plan.n_chunks;
    o->on_event(o->context, &event);
}

void pt_run_emit_note(const pt_run *r, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    pt_vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pt_run_emit_event(r, (patina_event){.kind = PATINA_EVENT_NOTE, .text = text});
}

/* ---------------------------------------------------------------- time */

static int64_t time_limit_ns(const pt_run *r) {
    return (int64_t)(r->plan.options.time_limit_s * SECOND_NS);
}

static bool is_stopped(void *context) {
    pt_run *r = context;
    const patina_atomic_bool *stop = r->plan.options.stop;
    if (stop && atomic_load_explicit(stop, memory_order_relaxed)) {
        atomic_store(&r->stopping, true);
    } else if (time_limit_ns(r) > 0 && pt_monotonic_ns() - r->started_ns > time_limit_ns(r)) {
        r->out_of_time = true;
        atomic_store(&r->stopping, true);
    }
    return atomic_load(&r->stopping);
}

/* ---------------------------------------------------------------- items */

static void batch_unref(batch *b) {
    if (!b || --b->n_items > 0) return;
    pt_caption_batch_release(&b->captions);
    free(b);
}

/* Releases audio from an archive, which is not needed after the entry was processed. */
static void item_release_audio(pt_run *r, item *it) {
    const uint64_t n_bytes = it->entry.audio ? it->entry.n_audio : 0;
    pt_entry_release_audio(&it->entry);
    if (it->n_bytes < n_bytes) return; /* not counted yet */
    it->n_bytes -= n_bytes;
    pt_memory_budget_subtract(&r->budget, n_bytes);
}

static void item_release(void *context, void *slot) {
    item *it = slot;
    if (!it) return;
    item_release_audio(context, it);
    pt_entry_release(&it->entry);
    pt_entry_result_release(&it->result);
    pt_memory_budget_subtract(&((pt_run *)context)->budget, it->n_bytes);
    free(it);
}

/* Memory of an entry from reading to delivery: its captions and their copies in the batch, the
 * embeddings of these (twice while they are made), and its rows with their provenance. */
static uint64_t item_bytes(const pt_run *r, const item *it) {
    const patina_generate_options *o = &r->plan.options;
    const pt_entry *entry = &it->entry;
    const uint64_t caption = 2 * sizeof(float) * PATINA_EMBEDDING_SIZE + 256,
                   row = sizeof(pt_row) + PROVENANCE_BYTES;
    size_t first, last;
    uint64_t n = entry->audio ? entry->n_audio : 0;

    pt_rows_select_captions(o->captions, o->seed, entry, it->repeated, &first, &last);
    for (size_t i = 0; i < entry->n_captions; i++)
        if (entry->captions[i].text) n += 2 * strlen(entry->captions[i].text) + 64;
    return n + (last - first) * (caption + row * o->variants * o->windows);
}

/* Returns a new item that takes over the entry; NULL: out of memory. */
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

/* Whether this run makes an entry. */
static bool is_wanted(const pt_run *r, uint64_t index) {
    const uint64_t size = r->plan.options.chunk;
    return index % size >= r->n_skipped[index / size];
}

/* Reads the next entry of a pending chunk; *next is NULL after the last. */
static patina_status read_wanted(pt_run *r, item **next, patina_error *err) {
    *next = NULL;
    while (!r->corpus_ended && r->n_read < r->n_entries_to_read) {
        const uint64_t index = r->n_read;
        const bool wanted = is_wanted(r, index);
        pt_entry entry = {0};
        bool end = false, repeated = false;

        patina_status status = pt_corpus_set_next(r->corpus, wanted, &entry, NULL, &end, err);
        if (status == PATINA_OK && end) {
            r->corpus_ended = true;
            break;
        }
        if (status == PATINA_OK) status = pt_plan_check_entry(&r->plan, index, &entry, err);
        if (status == PATINA_OK && entry.id && pt_corpus_set_may_repeat_ids(r->corpus))
            status = pt_id_set_add(r->ids, entry.id, &repeated, err);
        r->n_read++;
        if (status == PATINA_OK && wanted && !(*next = item_make(&entry, index, repeated)))
            status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        pt_entry_release(&entry);
        if (status != PATINA_OK || wanted) return status;
    }
    return PATINA_OK;
}

static patina_status add_captions(const pt_run *r, item *it, patina_error *err) {
    const patina_generate_options *o = &r->plan.options;
    size_t first, last;
    it->first_caption = it->batch->captions.n_captions;
    pt_rows_select_captions(o->captions, o->seed, &it->entry, it->repeated, &first, &last);
    for (size_t i = first; i < last; i++)
        if (it->entry.captions[i].text)
            PT_TRY(pt_caption_batch_add(&it->batch->captions, it->entry.captions[i].text, err));
    return PATINA_OK;
}

/* Called before read_entry, which reads nothing while prefetched entries are left. */
static bool in_flight_is_full(void *context) {
    pt_run *r = context;
    return r->next_prefetched == r->n_prefetched && pt_memory_budget_is_full(&r->budget, 0);
}

/* Waits until the budget has room for an entry. One that exceeds it waits for all others. */
static void wait_for_memory(pt_run *r, uint64_t n_bytes) {
    while (!atomic_load(&r->stopping) && atomic_load(&r->n_undelivered) > 0 &&
           pt_memory_budget_is_full(&r->budget, n_bytes))
        pt_memory_budget_wait(&r->budget);
}

/* Fills `prefetched` with the entries of the next batch. */
static patina_status read_batch(pt_run *r, patina_error *err) {
    batch *b = calloc(1, sizeof *b);
    patina_status status = b ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    r->n_prefetched = r->next_prefetched = 0;

    while (status == PATINA_OK && r->n_prefetched < r->batch_entries &&
           b->captions.n_captions < BATCH_CAPTIONS) {
        item *it = r->held;
        r->held = NULL;
        if (!it) status = read_wanted(r, &it, err);
        if (!it) break;
        const uint64_t n_bytes = item_bytes(r, it);
        if (r->n_prefetched > 0 && pt_memory_budget_is_full(&r->budget, n_bytes)) {
            r->held = it;
            break;
        }
        wait_for_memory(r, n_bytes);
        it->n_bytes = n_bytes;
        pt_memory_budget_add(&r->budget, n_bytes);
        it->batch = b;
        it->is_first = b->n_items++ == 0;
        r->prefetched[r->n_prefetched++] = it;
        status = add_captions(r, it, err);
    }
    if (b && b->n_items == 0) free(b);
    if (r->batch_entries < PT_CAPTION_BATCH_SIZE) r->batch_entries *= 2;
    return status;
}

static void *read_entry(void *context) {
    pt_run *r = context;
    if (r->next_prefetched == r->n_prefetched) {
        if (r->read_status != PATINA_OK) return NULL;
        r->read_status = read_batch(r, &r->read_err);
        if (r->read_status != PATINA_OK)
            return NULL; /* prefetched entries are released with the pt_run */
    }
    if (r->next_prefetched == r->n_prefetched) return NULL;
    atomic_fetch_add(&r->n_undelivered, 1);
    return r->prefetched[r->next_prefetched++];
}

/* ---------------------------------------------------------------- worker */

static void process_entry(void *context, void *state, void *slot) {
    pt_run *r = context;
    item *it = slot;
    pt_arena *arena = state;

    if (it->is_first) {
        const int64_t start_ns = pt_monotonic_ns();
        pt_caption_batch *captions = &it->batch->captions;
        it->status = r->encoder
                         ? pt_caption_batch_submit(captions, r->encoder, r->cache, arena, &it->err)
                         : pt_caption_batch_embed(captions, r->clap, r->cache, &r->stopping, arena,
                                                  &it->err);
        it->text_ns = pt_monotonic_ns() - start_ns;
    }
    const uint64_t every = r->plan.options.keep_every;
    const pt_entry_options entry_options = {.index = it->index,
                                            .repeated = it->repeated,
                                            .keep_audio = it->index % every == 0,
                                            .watchdog = &it->watchdog,
                                            .share = &it->share,
                                            .split =
                                                r->plan.split ? &r->plan.split[it->index] : NULL};
    if (it->status == PATINA_OK)
        it->status =
            pt_rows_make(&r->row_context, &it->entry, &entry_options, &it->result, arena, &it->err);
    /* It waits for a slow entry: what is made meanwhile must not be lost either. */
    if (it->status == PATINA_OK &&
        pt_monotonic_ns() - atomic_load(&r->delivered_ns) >= PT_ROWS_KEEP_NS)
        it->status = pt_rows_keep(&r->row_context, it->index, &it->result, &it->err);
    if (it->share.n_bytes > PT_ROWS_SHARE_KEPT) {
        pt_arena_release(arena);
        pt_arena_init(arena);
    }
    pt_memory_budget_release(&r->budget, &it->share);
    item_release_audio(r, it);
}

/* Returns a reject for an entry whose audio takes too long to read. */
static void *abandon_entry(void *context, void *slot) {
    pt_run *r = context;
    item *old = slot;
    const double limit_s = r->plan.options.entry_timeout_s;
    const int64_t limit_ns = (int64_t)(limit_s * SECOND_NS);

    if (limit_ns == 0 || !pt_watchdog_has_expired(&old->watchdog, limit_ns)) return NULL;
    pt_entry entry = {.id = strdup(old->entry.id), .source = strdup(old->entry.source)};
    item *it = entry.id && entry.source ? item_make(&entry, old->index, false) : NULL;
    pt_entry_release(&entry);
    if (!it) return NULL; /* out of memory: tried again at the next poll */
    if (!pt_watchdog_cancel(&old->watchdog, limit_ns)) {
        item_release(r, it);
        return NULL;
    }
    pt_memory_budget_abandon(&r->budget, &old->share);
    it->batch = old->batch;
    old->batch = NULL; /* only the calling thread counts references */
    it->status = pt_entry_result_add_reject(&it->result, PATINA_REJECT_TIMEOUT, &it->err,
                                            "'%s': reading took longer than %g s", it->entry.source,
                                            limit_s);
    return it;
}

/* ---------------------------------------------------------------- writer */

static bool progress_is_due(pt_run *r) {
    const int64_t now = pt_monotonic_ns();
    if (now - r->last_progress_ns < PROGRESS_NS) return false;
    r->last_progress_ns = now;
    return true;
}

static patina_status write_reject(pt_run *r, const pt_entry *entry, const pt_reject *reject,
                                  patina_error *err) {
    char *line = pt_reject_to_json_line(entry->id, reject->source ? reject->source : entry->source,
                                        reject->reason, reject->sentence);
    if (!line) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const patina_status status = pt_chunk_store_add_reject(r->store, reject->reason, line, err);
    free(line);
    r->n_rejects++;
    pt_run_emit_event(r, (patina_event){.kind = PATINA_EVENT_REJECT,
                                        .text = reject->sentence,
                                        .entry = entry->id,
                                        .reason = reject->reason});
    return status;
}

static patina_status end_chunk(pt_run *r, uint64_t chunk, patina_error *err) {
    PT_TRY(pt_chunk_store_commit_chunk(r->store, pt_plan_chunk_entries(&r->plan, chunk), err));
    r->chunk_is_open = false;
    r->n_chunks_done++;
    return PATINA_OK;
}

/* Updates the totals of the report. */
static void add_to_totals(pt_run *r, const item *it) {
    const pt_entry_result *result = &it->result;
    for (size_t i = 0; i < result->n_rows; i++) {
        pt_fixed_histogram_add(&r->purity, (double)result->rows[i].input_purity);
        pt_fixed_histogram_add(&r->loudness, (double)result->rows[i].target_lufs);
    }
    for (int s = 0; s < PATINA_RUN_STAGE_COUNT; s++)
        r->spent_ns[s] += result->spent_ns[s];
    r->spent_ns[PATINA_RUN_TEXT_TOWER] += it->text_ns;
    r->n_rows += result->n_rows;
}

/* What the user does after the first and the second fault of the machine in a chunk. */
typedef struct fault_advice {
    const char *first, *second;
} fault_advice;

static const fault_advice file_advice = {
    ", or reject such files with '--skip-unreadable'",
    "repair the file, or reject such files with '--skip-unreadable'"};
static const fault_advice device_advice = {"", "check the device and its driver"};

/* Ends the run because of a fault of the machine. The second time in the same chunk is an error, so
 * that a scheduler does not repeat the run without end. */
static patina_status leave_chunk(pt_run *r, uint64_t chunk, const char *sentence,
                                 const fault_advice *advice, patina_error *err) {
    bool repeated = false;
    PT_TRY(pt_chunk_store_record_fault(r->store, chunk, sentence, &repeated, err));
    if (repeated)
        return pt_fail(err, PATINA_EIO, "%s; an earlier run failed in the same chunk: %s", sentence,
                       advice->second);
    return pt_fail(err, PATINA_ETEMPORARY, "%s; run the same command again%s", sentence,
                   advice->first);
}

/* Waits for the embeddings that devices compute. */
static void wait_for_devices(pt_run *r, item *it) {
    const int64_t start_ns = pt_monotonic_ns();
    char note[256];
    it->status = pt_caption_batch_wait(&it->batch->captions, r->cache, &it->err);
    if (it->status == PATINA_OK) it->status = pt_entry_result_wait(&it->result, &it->err);
    if (pt_device_encoder_take_note(r->encoder, note)) pt_run_emit_note(r, "%s", note);
    it->result.spent_ns[PATINA_RUN_AUDIO_TOWER] += pt_monotonic_ns() - start_ns;
}

static patina_status write_rows(pt_run *r, item *it, patina_error *err) {
    const uint64_t chunk = it->index / r->plan.options.chunk;
    pt_entry_result *result = &it->result;

    if (it->status == PATINA_ETEMPORARY)
        return leave_chunk(r, chunk, it->err.message, &file_advice, err);
    if (it->status != PATINA_OK && it->status != PATINA_ECANCELLED && r->encoder &&
        pt_device_encoder_has_failed(r->encoder))
        return leave_chunk(r, chunk, it->err.message, &device_advice, err);
    if (it->status != PATINA_OK) return pt_fail(err, it->status, "%s", it->err.message);
    if (!r->chunk_is_open)
        PT_TRY(pt_chunk_store_begin_chunk(r->store, chunk, r->n_skipped[chunk], err));
    r->chunk_is_open = true;
    if (result->n_rows > 0)
        pt_entry_result_set_text_embeddings(result, r->row_context.variants,
                                            it->batch->captions.embeddings +
                                                it->first_caption * PATINA_EMBEDDING_SIZE);
    const patina_status status =
        pt_chunk_store_add_rows(r->store, result->split, result->rows, result->n_rows,
                                result->provenance.text, result->provenance.length, err);
    if (status == PATINA_ERANGE) pt_error_add_context(err, "entry '%s'", it->entry.id);
    if (status != PATINA_OK) return status;
    add_to_totals(r, it);
    for (size_t i = 0; i < result->n_rejects; i++)
        PT_TRY(write_reject(r, &it->entry, &result->rejects[i], err));
    PT_TRY(pt_chunk_store_end_entry(r->store, err));
    PT_TRY(pt_chunk_store_remove_partial(r->store, &result->partial, err));
    r->n_done++;
    if (it->index + 1 == chunk * r->plan.options.chunk + pt_plan_chunk_entries(&r->plan, chunk))
        PT_TRY(end_chunk(r, chunk, err));
    if (progress_is_due(r)) pt_run_emit_event(r, (patina_event){.kind = PATINA_EVENT_PROGRESS});
    return PATINA_OK;
}

/* Writes the entries that were held, and holds no further ones. */
static patina_status write_held(pt_run *r, patina_error *err) {
    patina_status status = PATINA_OK;
    for (uint64_t i = 0; i < r->first.n; i++) {
        if (status == PATINA_OK) status = write_rows(r, r->first_items[i], err);
        item_release(r, r->first_items[i]);
    }
    r->first.n = 0;
    r->holds_first = false;
    return status;
}

/* Whether the entry, like all before it, is rejected for one reason, which is not a fault of the
 * machine. */
static bool is_first_rejected(const pt_run *r, const item *it) {
    const pt_entry_result *result = &it->result;
    if (!r->holds_first || it->status != PATINA_OK || result->n_rows > 0 || result->n_rejects == 0)
        return false;
    const patina_status reason = result->rejects[result->n_rejects - 1].reason;
    if (reason == PATINA_REJECT_TIMEOUT || reason == PATINA_REJECT_IO_ERROR) return false;
    return r->first.n == 0 || reason == r->first.reason;
}

/* Holds an entry, whose memory except its rejects is released. The run ends if it is the last of
 * the first entries: then nothing was written. */
static patina_status hold_entry(pt_run *r, item *it, patina_error *err) {
    const pt_reject *reject = &it->result.rejects[it->result.n_rejects - 1];
    const uint64_t n_pending = r->n_entries_pending;

    if (r->first.n == 0) snprintf(r->first.fault, sizeof r->first.fault, "%s", reject->sentence);
    r->first.reason = reject->reason;
    r->first_items[r->first.n++] = it;
    item_release_audio(r, it);
    pt_entry_clear_captions(&it->entry);
    pt_memory_budget_subtract(&r->budget, it->n_bytes);
    it->n_bytes = 0;
    batch_unref(it->batch);
    it->batch = NULL;
    if (r->first.n < PT_FIRST_ENTRIES && r->first.n < n_pending) return PATINA_OK;
    pt_first_entries all = r->first;
    all.n = n_pending;
    r->all_rejected = true;
    return pt_plan_fail_all_rejected(&all, r->plan.corpus_label, NULL, err);
}

static patina_status write_entry(pt_run *r, item *it, patina_error *err) {
    if (it->status == PATINA_OK) pt_output_dir_discard_dataset(&r->replaced);
    patina_status status = write_held(r, err);
    if (status == PATINA_OK) status = write_rows(r, it, err);
    batch_unref(it->batch);
    item_release(r, it);
    return status;
}

static patina_status deliver_entry(void *context, void *slot, patina_error *err) {
    pt_run *r = context;
    item *it = slot;
    if (r->encoder && it->status == PATINA_OK) wait_for_devices(r, it);
    const int64_t start_ns = pt_monotonic_ns();
    const patina_status status =
        is_first_rejected(r, it) ? hold_entry(r, it, err) : write_entry(r, it, err);
    r->spent_ns[PATINA_RUN_WRITING] += pt_monotonic_ns() - start_ns;
    atomic_fetch_sub(&r->n_undelivered, 1);
    atomic_store(&r->delivered_ns, pt_monotonic_ns());
    if (status != PATINA_OK) atomic_store(&r->stopping, true); /* for those that wait for memory */
    return status;
}

static void release_entry(void *context, void *slot) {
    item *it = slot;
    batch_unref(it->batch);
    item_release(context, it);
}

/* ---------------------------------------------------------------- run */

patina_status pt_run_process_chunks(pt_run *r, patina_error *err) {
    const patina_generate_options *o = &r->plan.options;
    const pt_ordered_pool_job job = {.context = r,
                                     .next = read_entry,
                                     .is_full = in_flight_is_full,
                                     .worker_create = pt_ordered_pool_arena_create,
                                     .worker_destroy = pt_ordered_pool_arena_destroy,
                                     .work = process_entry,
                                     .deliver = deliver_entry,
                                     .release = release_entry,
                                     .stopped = is_stopped,
                                     .abandon = abandon_entry};
    const size_t n_devices = r->encoder ? pt_device_encoder_in_flight(r->encoder) : 0;
    const size_t n_items = (size_t)o->threads * ITEMS_PER_WORKER + n_devices;

    atomic_store(&r->delivered_ns, pt_monotonic_ns());
    r->corpus = r->plan.scanned;
    r->plan.scanned = NULL;
    PT_TRY(pt_corpus_set_rewind(r->corpus, err));
    /* The first progress event: inputs are open, and rows take the time from here on. */
    pt_run_emit_event(r, (patina_event){.kind = PATINA_EVENT_PROGRESS});
    r->batch_entries = 1; /* small batches first, so that every worker has work early */
    const patina_status status = pt_ordered_pool_run(
        &job, o->threads, n_items < 2 * PT_CAPTION_BATCH_SIZE ? 2 * PT_CAPTION_BATCH_SIZE : n_items,
        &r->n_abandoned, err);
    if (r->all_rejected) return status;
    patina_status written = PATINA_OK;
    if (r->replaced.text[0] == '\0') written = write_held(r, status == PATINA_OK ? err : NULL);
    PT_TRY(status);
    PT_TRY(written);
    if (r->read_status == PATINA_ETEMPORARY || r->read_status == PATINA_EIO)
        return leave_chunk(r, r->n_read / o->chunk, r->read_err.message, &file_advice, err);
    if (r->read_status != PATINA_OK) return pt_fail(err, r->read_status, "%s", r->read_err.message);
    if (r->n_chunks_done != r->n_chunks_pending)
        return pt_fail(err, PATINA_EFORMAT,
                       "corpus '%s': it had %" PRIu64 " entries when the run started, and now ends "
                       "after %" PRIu64,
                       r->plan.corpus_label, r->plan.n_entries, r->n_read);
    pt_run_emit_event(r, (patina_event){.kind = PATINA_EVENT_PROGRESS});
    return PATINA_OK;
}

void pt_run_release_prefetched(pt_run *r) {
    while (r->first.n > 0)
        item_release(r, r->first_items[--r->first.n]);
    if (r->held) release_entry(r, r->held);
    while (r->next_prefetched < r->n_prefetched)
        release_entry(r, r->prefetched[r->next_prefetched++]);
}
