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
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <patina/clap.h>
#include <patina/measure.h>
#include <patina/patina.h>

#include "base/c_locale.h"
#include "corpus/entry.h"
#include "dataset/workplace.h"
#include "pipeline/keep.h"
#include "pipeline/libraries.h"
#include "pipeline/run.h"

#define SECOND_NS 1e9

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

static void pass_note_on(void *context, const char *sentence) {
    pt_run_note(context, "%s", sentence);
}

/* ---------------------------------------------------------------- putting it together */

/* Whether the folder holds a set that somebody finished: then most likely no model is needed. */
static bool is_finished(const char *out) {
    char *path = pt_path_join(out, PT_FINISHED);
    const bool finished = path && pt_path_exists(path);
    free(path);
    return finished;
}

/* Everything that can be wrong with the options, the suite and the model, cheapest first. Hashing
 * the weights and packing them take about as long: with threads to spare, both are done at once. */
static pt_status open_parts(pt_run *r, const pt_generate_options *options, pt_error *err) {
    const pt_generate_options *o = &r->plan.options;

    PT_TRY(pt_suite_open(options->suite_json, &r->suite, err));
    PT_TRY(pt_meter_open(&r->meter, err));
    PT_TRY(pt_plan_options(&r->plan, options, r->suite, err));
    r->libraries = pt_libraries_json();
    if (!r->libraries) return pt_fail(err, PT_ENOMEM, "out of memory");
    PT_TRY(pt_plan_corpus(&r->plan, o->stop, err));
    pt_opener_start(&r->opener, o->model, o->isa, o->precision,
                    o->threads > 1 && !is_finished(o->out));
    PT_TRY(pt_clap_info_read(o->model, &r->info, err));
    r->model = model_json(&r->info);
    return r->model ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");
}

static void describe(pt_run *r) {
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
static pt_status list_work(pt_run *r, pt_error *err) {
    const pt_plan *p = &r->plan;
    r->is_to_do = calloc(p->n_chunks + 1, sizeof *r->is_to_do);
    if (!r->is_to_do) return pt_fail(err, PT_ENOMEM, "out of memory");
    for (uint64_t c = 0; c < p->n_chunks; c++) {
        const bool held = pt_store_has_chunk(r->store, c);
        r->n_chunks_held += held;
        r->n_chunks_ours += pt_plan_is_ours(p, c);
        if (!held) r->n_rows_to_come += p->chunk_rows[c];
        if (held || !pt_plan_is_ours(p, c)) continue;
        r->is_to_do[c] = true;
        r->n_chunks_to_do++;
        r->n_entries_to_do += pt_plan_chunk_entries(p, c);
        r->n_entries_needed = c * p->options.chunk + pt_plan_chunk_entries(p, c);
    }
    return PT_OK;
}

/* "43 kB", "0.6 MB", "12 GB" */
static void say_bytes(double bytes, char *text, size_t size) {
    const bool large = bytes >= 1e9;
    if (bytes < 1e5)
        pt_snprintf(text, size, "%.0f kB", ceil(bytes * 1e-3));
    else
        pt_snprintf(text, size, bytes >= (large ? 1e10 : 1e7) ? "%.0f %s" : "%.1f %s",
                    bytes * (large ? 1e-9 : 1e-6), large ? "GB" : "MB");
}

/* Refuses to begin what the disk has no room for; says what is to come. */
static pt_status check_room(const pt_run *r, pt_error *err) {
    const pt_plan *p = &r->plan;
    const bool parquet = p->options.format == PT_FORMAT_PARQUET;
    const double row_bytes = parquet ? PARQUET_ROW_BYTES : JSONL_ROW_BYTES;
    const uint64_t n_left = r->n_rows_to_come;
    struct statvfs disk;

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
    pt_run_note(r, "up to %" PRIu64 " row%s to come in all, about %s", n_left,
                n_left == 1 ? "" : "s", needs);
    return PT_OK;
}

/* What a user wants to know before the work begins. */
static void announce(const pt_run *r) {
    const pt_generate_options *o = &r->plan.options;
    pt_run_note(r, "%" PRIu64 " entr%s (%s), model %s, %u thread%s, %s kernels", r->plan.n_entries,
                r->plan.n_entries == 1 ? "y" : "ies", r->plan.corpus_kind, r->info.layout,
                o->threads, o->threads == 1 ? "" : "s", r->facts.kernels);
    if (o->n_shards > 0)
        pt_run_note(r, "shard %" PRIu64 " of %" PRIu64 ": %" PRIu64 " of %" PRIu64 " chunks",
                    o->shard, o->n_shards, r->n_chunks_ours, r->plan.n_chunks);
    if (r->n_chunks_held > 0)
        pt_run_note(r, "%" PRIu64 " of %" PRIu64 " chunks are there already and stay",
                    r->n_chunks_held, r->plan.n_chunks);
    if (r->info.untrained)
        pt_run_note(
            r, "the model is known to be untrained: its embeddings mean nothing and the data set "
               "is good for tests only");
}

/* What the workers share, once all of it is open. */
static pt_status open_tools(pt_run *r, pt_error *err) {
    const pt_generate_options *o = &r->plan.options;
    PT_TRY(pt_opener_take(&r->opener, &r->clap, err));
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
static pt_status make_set(pt_run *r, bool *complete, pt_error *err) {
    const pt_generate_options *o = &r->plan.options;

    PT_TRY(list_work(r, err));
    announce(r);
    if (r->n_chunks_to_do > 0) {
        PT_TRY(check_room(r, err));
        PT_TRY(open_tools(r, err));
        PT_TRY(pt_run_chunks(r, err));
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

static void report_on(const pt_run *r, bool complete, pt_generate_report *report) {
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
    if (complete) pt_facts_report(&r->facts, &report->set);
}

static pt_status run_all(pt_run *r, const pt_generate_options *options, pt_generate_report *report,
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

static void release(pt_run *r) {
    pt_opener_release(&r->opener);
    pt_store_close(&r->store);
    pt_corpus_close(&r->corpus);
    pt_id_set_close(&r->ids);
    pt_run_drop_ahead(r);
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
    pt_run *r = calloc(1, sizeof *r);
    if (!r) return pt_fail(err, PT_ENOMEM, "out of memory");
    r->started_ns = pt_watch_now();
    const pt_status status = run_all(r, options, report, err);
    release(r);
    return status;
}
