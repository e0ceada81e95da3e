/* SPDX-License-Identifier: MIT */
/* generate.c - patina_generate: opens the inputs, plans the run, makes the chunks and finishes
 *
 *     open      settings, degradation configuration, model, output folder; cheapest checks first
 *     plan      first pass over the corpus: counts and hashes the entries
 *     chunks    second pass: entries to rows (many workers) to the store (in corpus order)
 *     finish    once all chunks are complete: names parts, writes README.md and dataset.json
 *
 * A row depends on the settings and its entry only. A chunk of entries makes one part file.
 * Complete chunks and chunks of other shards are skipped.
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
#include "base/error.h"
#include "base/json_dump.h"
#include "base/monotonic_clock.h"
#include "dataset/output_dir.h"
#include "fs/dir.h"
#include "fs/path.h"
#include "pipeline/card_metadata.h"
#include "pipeline/device_list.h"
#include "pipeline/keep_audio.h"
#include "pipeline/library_versions.h"
#include "pipeline/run.h"
#include "pipeline/split_by_sound.h"

#define SECOND_NS 1e9

static char *model_json(const patina_clap_info *m) {
    json_t *model =
        json_pack("{s:s, s:s, s:b, s:b, s:I, s:s, s:s, s:s, s:s, s:s}", "layout", m->layout,
                  "dtype", m->dtype, "fused", m->fused, "untrained", m->untrained, "parameters",
                  (json_int_t)m->n_parameters, "weights_sha256", m->weights_sha256, "config_sha256",
                  m->config_sha256, "preprocessor_sha256", m->preprocessor_sha256,
                  "vocabulary_sha256", m->vocabulary_sha256, "merges_sha256", m->merges_sha256);
    char *text = model ? pt_json_dump(model, JSON_COMPACT) : NULL;
    json_decref(model);
    return text;
}

static void forward_note(void *context, const char *sentence) {
    pt_run_emit_note(context, "%s", sentence);
}

/* ---------------------------------------------------------------- open */

/* Whether the folder contains a finished data set: then the model is probably not needed. */
static bool is_finished(const char *out) {
    char *path = pt_path_join(out, PT_DATASET_FILE);
    const bool finished = path && pt_path_exists(path);
    free(path);
    return finished;
}

/* Checks options, degradation configuration, corpus and model, cheapest first. Hashing the weights
 * takes about as long as packing them: with more than one thread, both run at the same time. */
static patina_status open_inputs(pt_run *r, const patina_generate_options *options,
                                 patina_error *err) {
    const patina_generate_options *o = &r->plan.options;

    const patina_status status =
        patina_effect_config_open(options->suite_json, &r->effect_config, err);
    if (status != PATINA_OK && options->suite_name)
        pt_error_add_context(err, "suite '%s'", options->suite_name);
    PT_TRY(status);
    PT_TRY(patina_meter_open(&r->meter, err));
    PT_TRY(pt_plan_resolve_options(&r->plan, options, r->effect_config, err));
    PT_TRY(pt_card_metadata_to_json(options, &r->card, err));
    r->libraries = pt_library_versions_to_json();
    if (!r->libraries) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(pt_plan_scan_corpus(&r->plan, o->stop, err));
    for (size_t i = 0; i < r->plan.corpora.n; i++) {
        const char *note = pt_corpus_note(pt_corpus_set_at(r->plan.scanned, i));
        if (note) pt_run_emit_note(r, "%s", note);
    }
    pt_async_load_start(&r->async_load, o->model, o->isa, o->precision,
                        o->threads > 1 && !is_finished(o->out));
    PT_TRY(patina_clap_info_read(o->model, &r->info, err));
    r->model = model_json(&r->info);
    return r->model ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static void fill_metadata(pt_run *r) {
    const pt_plan *p = &r->plan;
    for (size_t i = 0; i < p->splits.n_splits; i++)
        r->split_names[i] = p->splits.split[i].name;
    r->metadata = (pt_run_metadata){
        .version = patina_version(),
        .signal_revision = PT_SIGNAL_REVISION,
        .format = pt_row_writer_backends[p->options.format]->name,
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
        .kernels = pt_device_is_cpu(&p->options.device) ? patina_isa_name(p->options.isa)
                                                        : PT_DEVICE_ARITHMETIC,
        .libraries_json = r->libraries,
        .card_json = r->card,
    };
}

/* Lists the chunks that this call has to make. The last entry of a chunk is always made, which
 * completes the chunk. */
static patina_status list_pending_chunks(pt_run *r, patina_error *err) {
    const pt_plan *p = &r->plan;
    r->n_skipped = calloc(p->n_chunks + 1, sizeof *r->n_skipped);
    if (!r->n_skipped) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (uint64_t c = 0; c < p->n_chunks; c++) {
        const bool exists = pt_chunk_store_has_chunk(r->store, c);
        const uint64_t n_entries = pt_plan_chunk_entries(p, c);
        r->n_skipped[c] = n_entries;
        r->n_chunks_existing += exists;
        r->n_chunks_ours += pt_plan_owns_chunk(p, c);
        r->n_entries_ours += pt_plan_owns_chunk(p, c) ? n_entries : 0;
        if (!exists) r->n_rows_pending += p->chunk_rows[c];
        if (exists || !pt_plan_owns_chunk(p, c)) continue;
        PT_TRY(pt_chunk_store_find_kept(r->store, c, n_entries - 1, &r->n_skipped[c], err));
        r->n_chunks_pending++;
        r->n_entries_kept += r->n_skipped[c];
        r->n_entries_pending += n_entries - r->n_skipped[c];
        r->n_entries_to_read = c * p->options.chunk + n_entries;
    }
    return PATINA_OK;
}

/* "43 kB", "0.6 MB", "12 GB" */
static void format_bytes(double bytes, char *text, size_t size) {
    const bool large = bytes >= 1e9;
    if (bytes < 1e5)
        pt_snprintf(text, size, "%.0f kB", ceil(bytes * 1e-3));
    else
        pt_snprintf(text, size, bytes >= (large ? 1e10 : 1e7) ? "%.0f %s" : "%.1f %s",
                    bytes * (large ? 1e-9 : 1e-6), large ? "GB" : "MB");
}

/* Fails if the disk has too little space; otherwise emits a note with the expected size. */
static patina_status check_disk_space(const pt_run *r, patina_error *err) {
    const pt_plan *p = &r->plan;
    const uint64_t n_left = r->n_rows_pending;
    struct statvfs disk;

    const double rows = (double)n_left * pt_plan_row_bytes(p),
                 needed = rows + pt_plan_journal_bytes(p, n_left);
    char needs[32], has[32];
    format_bytes(needed, needs, sizeof needs);
    if (statvfs(p->options.out, &disk) == 0) {
        double room = (double)disk.f_bavail * (double)disk.f_frsize;
        if (r->replaced.text[0] != '\0') room += (double)pt_dir_disk_bytes(r->replaced.text);
        format_bytes(room, has, sizeof has);
        if (needed > room)
            return pt_fail(err, PATINA_EIO,
                           "output folder '%s': up to %" PRIu64
                           " rows need about %s, and the disk has "
                           "%s left; free space, name another folder with '--out', or generate "
                           "fewer rows",
                           p->options.out, n_left, needs, has);
    }
    format_bytes(rows, needs, sizeof needs);
    pt_run_emit_note(r, "up to %" PRIu64 " row%s left to generate, about %s", n_left,
                     n_left == 1 ? "" : "s", needs);
    return PATINA_OK;
}

/* Notes before the work begins. */
static void emit_start_notes(const pt_run *r) {
    const patina_generate_options *o = &r->plan.options;
    pt_run_emit_note(r, "%" PRIu64 " entr%s (%s), model %s, %u thread%s, %s kernels",
                     r->plan.n_entries, r->plan.n_entries == 1 ? "y" : "ies", r->plan.corpus_kind,
                     strcmp(r->info.layout, "other") == 0 ? "CLAP with other dimensions"
                                                          : r->info.layout,
                     o->threads, o->threads == 1 ? "" : "s", r->metadata.kernels);
    if (o->n_shards > 0)
        pt_run_emit_note(r, "shard %" PRIu64 " of %" PRIu64 ": %" PRIu64 " of %" PRIu64 " chunks",
                         o->shard, o->n_shards, r->n_chunks_ours, r->plan.n_chunks);
    if (r->n_chunks_existing > 0)
        pt_run_emit_note(r, "%" PRIu64 " of %" PRIu64 " chunks are already complete, reused",
                         r->n_chunks_existing, r->plan.n_chunks);
    if (r->n_entries_kept > 0)
        pt_run_emit_note(
            r, "%" PRIu64 " entr%s of unfinished chunks %s already in their journals, reused",
            r->n_entries_kept, r->n_entries_kept == 1 ? "y" : "ies",
            r->n_entries_kept == 1 ? "is" : "are");
    if (r->plan.has_absolute_ids)
        pt_run_emit_note(r, "some ids are absolute paths, and provenance will contain them; give "
                            "the entries an 'id', or name the folder with '--audio-root'");
    if (r->info.untrained)
        pt_run_emit_note(
            r, "the model has random weights: its embeddings are meaningless, and the data set is "
               "for tests only");
}

/* Decodes all clips once, before rows are made. */
static patina_status split_by_sound(pt_run *r, patina_error *err) {
    uint64_t n_pairs = 0;
    pt_run_emit_note(
        r, "decoding all clips once to find those with the same sound (--split-key sound)");
    PT_TRY(pt_plan_split_by_sound(&r->plan, &n_pairs, err));
    pt_run_emit_note(r, "%" PRIu64 " pair%s of clips with the same sound", n_pairs,
                     n_pairs == 1 ? "" : "s");
    return PATINA_OK;
}

/* Opens what the workers share. */
static patina_status open_shared(pt_run *r, patina_error *err) {
    const patina_generate_options *o = &r->plan.options;
    PT_TRY(pt_async_load_wait(&r->async_load, &r->clap, err));
    if (!pt_device_is_cpu(&o->device)) {
        PT_TRY(pt_device_encoder_open(o->model, PATINA_CLAP_BOTH, r->clap, &o->device, &r->stopping,
                                      &r->encoder, err));
        patina_clap_close(&r->clap); /* only the comparison needed it */
        char note[256];
        if (pt_device_encoder_take_note(r->encoder, note)) pt_run_emit_note(r, "%s", note);
    }
    if (o->keep_audio) PT_TRY(pt_keep_audio_create_dir(o->keep_audio, &r->made_audio_dir, err));
    PT_TRY(pt_caption_cache_open(&r->cache, err));
    PT_TRY(pt_id_set_open(&r->ids, err));
    r->row_context = (pt_row_context){
        .clap = r->clap,
        .encoder = r->encoder,
        .meter = r->meter,
        .effect_config = r->effect_config,
        .splits = &r->plan.splits,
        .seed = o->seed,
        .variants = o->variants,
        .order = o->order,
        .captions = o->captions,
        .loudness = o->loudness,
        .split_key = r->plan.split_key,
        .fingerprint = o->fingerprint,
        .windows = o->windows,
        .window_mode = o->window,
        .skip_unreadable = o->skip_unreadable,
        .purity_cap = o->purity_cap,
        .filter = &r->plan.filter,
        .require = &r->plan.require,
        .level_jitter_db = o->level_jitter_db,
        .keep_audio = o->keep_audio,
        .store = r->store,
        .budget = &r->budget,
        .scratch_bytes = pt_rows_scratch_size(r->clap),
        .stop = &r->stopping,
    };
    return PATINA_OK;
}

/* Makes the pending chunks; without shards, finishes the data set. */
static patina_status generate_dataset(pt_run *r, bool *complete, patina_error *err) {
    const patina_generate_options *o = &r->plan.options;

    PT_TRY(list_pending_chunks(r, err));
    /* The plan of a shard stays for the others: it cannot be taken back. */
    r->holds_first = !o->keep_going && o->n_shards == 0 && !o->retry_rejects &&
                     r->n_chunks_existing == 0 && r->n_entries_kept == 0;
    emit_start_notes(r);
    if (r->n_chunks_pending > 0) {
        PT_TRY(check_disk_space(r, err));
        if (r->plan.split_key == PT_SPLIT_KEY_SOUND) PT_TRY(split_by_sound(r, err));
        PT_TRY(open_shared(r, err));
        PT_TRY(pt_run_process_chunks(r, err));
    }
    if (o->n_shards > 0) return PATINA_OK;
    pt_output_dir_discard_dataset(&r->replaced);
    PT_TRY(pt_chunk_store_finish(r->store, &r->metadata.counts, err));
    *complete = true;
    return PATINA_OK;
}

static patina_run_quantiles quantiles_of(const pt_fixed_histogram *h) {
    return (patina_run_quantiles){pt_fixed_histogram_quantile(h, 0.05),
                                  pt_fixed_histogram_quantile(h, 0.5),
                                  pt_fixed_histogram_quantile(h, 0.95)};
}

static void fill_report(const pt_run *r, bool complete, patina_generate_report *report) {
    report->is_complete = complete;
    report->n_entries_now = r->n_done;
    report->n_rows_now = r->n_rows;
    report->n_rejects_now = r->n_rejects;
    report->purity_db = quantiles_of(&r->purity);
    report->lufs = quantiles_of(&r->loudness);
    for (int s = 0; s < PATINA_RUN_STAGE_COUNT; s++)
        report->seconds_by[s] = (double)r->spent_ns[s] / SECOND_NS;
    report->n_chunks_ours = r->n_chunks_ours;
    report->n_chunks_left = r->n_chunks_pending - r->n_chunks_done;
    report->n_entries_ours = r->n_entries_ours;
    report->n_entries_kept = r->n_entries_ours - r->n_entries_pending + r->n_done;
    report->out_of_time = atomic_load(&r->out_of_time);
    if (complete) pt_run_metadata_fill_report(&r->metadata, &report->set);
}

static patina_status run_all(pt_run *r, const patina_generate_options *options,
                             patina_generate_report *report, patina_error *err) {
    const patina_generate_options *o = &r->plan.options;
    bool complete = false;

    *report = (patina_generate_report){.is_complete = false};
    PT_TRY(open_inputs(r, options, err));
    fill_metadata(r);
    const pt_chunk_store_options store_options = {.resume_from = o->resume_from,
                                                  .retry_rejects = o->retry_rejects,
                                                  .exclusive = o->n_shards == 0,
                                                  .on_note = forward_note,
                                                  .context = r};
    if (o->overwrite) PT_TRY(pt_output_dir_move_dataset(o->out, &r->replaced, err));
    PT_TRY(pt_chunk_store_open(o->out, pt_row_writer_backends[o->format], &r->metadata,
                               &store_options, &r->store, &complete, &r->metadata.counts, err));
    report->was_complete = complete;
    const patina_status status = complete ? PATINA_OK : generate_dataset(r, &complete, err);
    fill_report(r, complete, report);
    if (r->all_rejected && r->made_audio_dir) /* of later entries, which were not written */
        pt_dir_remove_all(o->keep_audio, NULL);
    return status;
}

static void release(pt_run *r) {
    pt_async_load_release(&r->async_load);
    pt_chunk_store_close(&r->store);
    pt_output_dir_restore_dataset(&r->replaced);
    pt_corpus_set_close(&r->corpus);
    pt_id_set_close(&r->ids);
    pt_run_release_prefetched(r);
    free(r->n_skipped);
    if (r->n_abandoned > 0) return; /* the rest may be in use by an abandoned thread */
    pt_caption_cache_close(&r->cache);
    pt_device_encoder_close(&r->encoder);
    patina_clap_close(&r->clap);
    patina_meter_close(&r->meter);
    patina_effect_config_close(&r->effect_config);
    pt_plan_release(&r->plan);
    free(r->model);
    free(r->card);
    free(r->libraries);
    pt_memory_budget_destroy(&r->budget);
    free(r);
}

const char *patina_run_stage_name(patina_run_stage stage) {
    static const char *const names[] = {"reading",     "measuring",  "degrading",
                                        "audio tower", "text tower", "writing"};
    return (unsigned)stage < PATINA_RUN_STAGE_COUNT ? names[stage] : "unknown";
}

void patina_generate_options_init(patina_generate_options *options) {
    *options = (patina_generate_options){.corpus = NULL};
}

patina_status patina_generate(const patina_generate_options *options,
                              patina_generate_report *report, patina_error *err) {
    pt_run *r = calloc(1, sizeof *r);
    if (!r) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    r->started_ns = pt_monotonic_ns();
    pt_memory_budget_init(&r->budget, options->memory_bytes);
    const patina_status status = run_all(r, options, report, err);
    release(r);
    return status;
}
