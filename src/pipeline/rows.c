/* SPDX-License-Identifier: MIT */
/* rows.c - makes the rows of one entry
 *
 *     captions    selected and checked; caption_batch.c embeds them
 *     audio       decoded, cut to a window and measured once for all rows of the window
 *     row         for each window w, caption and k, variant = (w * captions + caption index) *
 *                 variants + k: the chain is drawn and applied, then purity, audio embedding and
 *                 provenance follow
 *
 * Faults are checked in the order of PATINA_REJECT_REASONS: captions, then the id, then the audio.
 */

#include "pipeline/rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audio/segment.h"
#include "audio/sound_match.h"
#include "base/arena.h"
#include "base/c_locale.h"
#include "base/error.h"
#include "base/monotonic_clock.h"
#include "base/rng.h"
#include "clap/clap_internal.h"
#include "degrade/effect_chain.h"
#include "measure/targets.h"
#include "pipeline/keep_audio.h"
#include "pipeline/provenance_fill.h"
#include "pipeline/source_check.h"
#include "pipeline/window_select.h"

#define PAUSE_POLL_NS 20000000L
#define BLOCK_FRAMES  4096 /* at most, of a source that is measured */

/* Streams of measures, that of the source and that of the row: 1.3 MB each at 48 kHz. */
#define MEASURE_BYTES ((size_t)4 << 20)

size_t pt_rows_scratch_size(const patina_clap *clap) {
    const size_t window = (size_t)PATINA_WINDOW_FRAMES * sizeof(float), n_windows = 3,
                 effects = pt_effect_chain_scratch_size(PATINA_WINDOW_FRAMES),
                 towers = clap ? pt_clap_scratch_size(clap) : 0;
    /* The windows are mix, degraded copy, and mix at the level of a row. */
    return n_windows * window + MEASURE_BYTES + (effects > towers ? effects : towers);
}

/* ---------------------------------------------------------------- result */

void pt_entry_result_clear(pt_entry_result *result) {
    for (size_t i = 0; result->tickets && i < result->n_rows; i++)
        (void)pt_ticket_wait(&result->tickets[i], NULL, NULL);
    result->n_rows = result->n_captions = 0;
    result->split = 0;
    memset(result->spent_ns, 0, sizeof result->spent_ns);
    pt_strbuf_clear(&result->provenance);
    for (size_t i = 0; i < result->n_rejects; i++)
        free(result->rejects[i].sentence);
    result->n_rejects = 0;
}

void pt_entry_result_release(pt_entry_result *result) {
    pt_entry_result_clear(result);
    pt_strbuf_release(&result->provenance);
    free(result->rows);
    free(result->tickets);
    free(result->rejects);
    *result = (pt_entry_result){0};
}

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Returns the array, reallocated if it has no room for element n; NULL: out of memory. */
static void *grow_array(void *array, size_t n, size_t *capacity, size_t size) {
    if (n < *capacity) return array;
    const size_t wanted = *capacity ? 2 * *capacity : 4;
    void *larger = realloc(array, wanted * size);
    if (larger) *capacity = wanted;
    return larger;
}

patina_status pt_entry_result_add_reject(pt_entry_result *result, patina_status reason,
                                         patina_error *err, const char *format, ...) {
    char sentence[sizeof err->message];
    va_list args;
    va_start(args, format);
    pt_vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);

    pt_reject *rejects =
        grow_array(result->rejects, result->n_rejects, &result->rejects_capacity, sizeof *rejects);
    if (!rejects) return out_of_memory(err);
    result->rejects = rejects;
    rejects[result->n_rejects].reason = reason;
    rejects[result->n_rejects].source = NULL;
    rejects[result->n_rejects].sentence = strdup(sentence);
    if (!rejects[result->n_rejects].sentence) return out_of_memory(err);
    result->n_rejects++;
    return PATINA_OK;
}

/* Adds the time since *since to a stage and restarts the timer. */
static void add_stage_time(pt_entry_result *result, patina_run_stage stage, int64_t *since) {
    const int64_t now = pt_monotonic_ns();
    result->spent_ns[stage] += now - *since;
    *since = now;
}

static bool is_stopped(const void *row_context) {
    const pt_row_context *context = row_context;
    return context->stop && atomic_load_explicit(context->stop, memory_order_relaxed);
}

/* State shared by the rows of an entry. */
typedef struct entry_context {
    const pt_row_context *context;
    const pt_entry *entry;
    const pt_entry_options *options;
    pt_arena *arena;
    pt_window_select select;
    uint32_t window; /* number of the window, from 0 */
    uint64_t offset; /* of it, see pt_window_select_next */
    pt_segment segment;
    patina_targets_stream *stream; /* in the arena; NULL before the first block */
    float *scaled;                 /* a block at the level of the row; NULL before the first */
    int64_t measuring_ns;          /* time of the stream while the audio is decoded */
    pt_fingerprint fingerprint;    /* where the context asks for it */
    patina_targets targets;
    float *degraded; /* [segment.n_mix] */
    double level_gain_db;
    bool keep_audio;
} entry_context;

/* ---------------------------------------------------------------- loading */

/* Whether the name of a file holds this second behind '_', '-' or a space, in seconds or
 * milliseconds: then it can be the clip itself, cut from a recording. */
static bool is_name_of_clip(const char *source, double start_s) {
    const char *name = strrchr(source, '/');
    for (const char *at = name ? name + 1 : source; *at; at++) {
        if (!strchr("_- ", *at) || at[1] < '0' || at[1] > '9') continue;
        char *end;
        const double value = pt_strtod(at + 1, &end);
        if (value == start_s || value == 1000.0 * start_s) return true;
    }
    return false;
}

/* Where the window is: in the seconds that the corpus names, 10 s where it names no end. */
static pt_segment_spec segment_spec(const entry_context *c) {
    const pt_entry *entry = c->entry;
    const pt_window_select *select = &c->select;
    pt_segment_spec spec = {.rng = &select->rng,
                            .has_offset =
                                select->n_frames > 0 || select->mode != PATINA_WINDOW_RANDOM,
                            .offset = c->offset,
                            .n_frames = select->n_frames,
                            .keep_source = c->context->level_jitter_db > 0.0};
    if (!entry->has_start) return spec;
    spec.named_start_s = entry->start_s;
    spec.named_length_s = entry->has_end && entry->end_s > entry->start_s
                              ? entry->end_s - entry->start_s
                              : PATINA_WINDOW_S;
    spec.named_may_be_cut = entry->source && is_name_of_clip(entry->source, entry->start_s);
    return spec;
}

/* Waits until the budget has room for the entry. The time does not count as reading. */
static patina_status reserve_memory(void *context, uint64_t n_bytes, patina_error *err) {
    entry_context *c = context;
    if (!pt_watchdog_stop(c->options->watchdog))
        return pt_fail(err, PATINA_ECANCELLED, "cancelled: reading took too long");
    const patina_status status =
        pt_memory_budget_acquire(c->context->budget, c->options->share,
                                 c->context->scratch_bytes + n_bytes, is_stopped, c->context, err);
    pt_watchdog_start(c->options->watchdog);
    return status;
}

/* Replaces a block of up to BLOCK_FRAMES frames by a copy at the level of the row. */
static patina_status scale_block(entry_context *c, patina_audio *block, patina_error *err) {
    const size_t n = block->n_frames * block->n_channels;
    if (!c->scaled)
        c->scaled =
            pt_arena_alloc_array(c->arena, (size_t)BLOCK_FRAMES * block->n_channels, sizeof(float));
    if (!c->scaled) return out_of_memory(err);
    pt_segment_scale(block->samples, n, c->level_gain_db, c->scaled);
    block->samples = c->scaled;
    return PATINA_OK;
}

/* Measures a block of the source while it is decoded. */
static patina_status add_source(void *context, const patina_audio *block, uint64_t channel_mask,
                                patina_error *err) {
    entry_context *c = context;
    const int64_t start_ns = pt_monotonic_ns();
    patina_status status = PATINA_OK;

    patina_audio at_level = *block;
    if (!c->stream)
        status = pt_targets_begin(c->context->meter, block->rate_hz, block->n_channels,
                                  channel_mask, c->arena, &c->stream, err);
    if (status == PATINA_OK && c->level_gain_db != 0.0) status = scale_block(c, &at_level, err);
    if (status == PATINA_OK) status = patina_targets_stream_add_source(c->stream, &at_level, err);
    c->measuring_ns += pt_monotonic_ns() - start_ns;
    return status;
}

static patina_status assign_split(const entry_context *c, const pt_byte_source *bytes,
                                  pt_entry_result *result, patina_error *err) {
    const pt_splits *splits = c->context->splits;
    size_t n = 0;
    const char *key = pt_split_key_find(c->context->split_key, c->entry, &n);
    if (c->options->split)
        result->split = *c->options->split;
    else if (key)
        result->split = pt_splits_assign_key(splits, key, n);
    else
        return pt_splits_assign(splits, bytes, &result->split, err);
    return PATINA_OK;
}

/* Opens and decodes the audio, and assigns its split. Whatever a decoder reports, a failed read is
 * a fault of the machine. */
static patina_status load(entry_context *c, pt_entry_result *result, bool *has_shrunk,
                          pt_arena *arena, patina_error *err) {
    const bool is_first = c->select.n_frames == 0;
    pt_byte_fault fault = {0};
    pt_byte_source bytes = {0};
    const pt_segment_callbacks callbacks = {c, reserve_memory, add_source};
    pt_segment_spec spec = segment_spec(c);

    PT_TRY(pt_entry_open(c->entry, &bytes, err));
    bytes.fault = &fault;
    spec.callbacks = &callbacks;
    c->stream = NULL;
    c->scaled = NULL;
    patina_status status = pt_segment_decode(&bytes, spec, &c->segment, arena, err);
    if (status == PATINA_OK && is_first) pt_window_select_start(&c->select, &c->segment);
    const bool scans = status == PATINA_OK && (pt_window_select_needs_scan(&c->select) ||
                                               (is_first && c->context->fingerprint));
    if (scans) status = pt_sound_scan_run(&bytes, &c->select.scan, arena, err);
    if (scans && status == PATINA_OK && c->context->fingerprint)
        pt_fingerprint_make(&c->select.scan, &c->fingerprint);
    if (status == PATINA_OK && is_first && c->context->splits->n_splits > 1)
        status = assign_split(c, &bytes, result, err);
    pt_byte_source_close(&bytes);
    *has_shrunk = fault.has_shrunk;
    if (scans && (status != PATINA_OK || fault.error != 0 || fault.has_shrunk))
        c->select.scan = (pt_sound_scan){0}; /* its memory is released before the next attempt */
    if (fault.error != 0)
        return pt_fail(err, PATINA_ETEMPORARY, "cannot be read: %s", strerrordesc_np(fault.error));
    if (fault.has_shrunk)
        return pt_fail(err, PATINA_ETEMPORARY, "cannot be read: the file became shorter");
    return status;
}

/* Waits before a further attempt; false if the run is stopped meanwhile. */
static bool pause_before_retry(const pt_row_context *context, int64_t pause_ns) {
    const int64_t end = pt_monotonic_ns() + pause_ns;
    while (!is_stopped(context) && pt_monotonic_ns() < end)
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_POLL_NS}, NULL);
    return !is_stopped(context);
}

/*
 * Loads the audio. A fault of the machine is tried again after pauses. A file that cannot be
 * decoded, or is truncated, is decoded once more: a decoder reports these for its own out-of-memory
 * errors, too. The watchdog runs during each attempt, and not in the pauses.
 */
static patina_status load_with_retries(entry_context *c, const pt_entry_options *options,
                                       pt_entry_result *result, pt_arena *arena,
                                       patina_error *err) {
    static const int64_t pauses_ns[] = {100000000, 500000000, 2000000000};
    const pt_arena_marker mark = pt_arena_mark(arena);
    patina_status previous = PATINA_OK;
    bool has_shrunk = false;

    for (size_t n_faults = 0;;) {
        pt_watchdog_start(options->watchdog);
        const patina_status status = load(c, result, &has_shrunk, arena, err);
        if (!pt_watchdog_stop(options->watchdog))
            return pt_fail(err, PATINA_ECANCELLED, "cancelled: reading took too long");
        const bool is_doubtful =
            status == PATINA_REJECT_UNDECODABLE || status == PATINA_REJECT_TRUNCATED;
        if (status == PATINA_ETEMPORARY) {
            if (has_shrunk || n_faults == sizeof pauses_ns / sizeof *pauses_ns) return status;
            if (!pause_before_retry(c->context, pauses_ns[n_faults++]))
                return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
        } else if (!is_doubtful || status == previous) {
            return status;
        }
        previous = status;
        pt_arena_rewind(arena, mark);
    }
}

/* ---------------------------------------------------------------- one row */

static patina_status add_provenance(const entry_context *c, size_t caption, uint32_t variant,
                                    const patina_effect_chain *chain,
                                    const patina_degrade_stats *stats, pt_entry_result *result,
                                    patina_error *err) {
    patina_provenance known = {
        .entry = c->entry->id,
        .source = c->entry->source,
        .corpus = c->entry->corpus,
        .caption = c->entry->captions[caption].text,
        .caption_index = caption,
        .seed = c->context->seed,
        .variant = variant,
        .window = c->segment.window,
        .window_index = c->window,
        .n_streams = c->segment.n_streams,
        .has_named_start = c->segment.is_named,
        .named_start_s = c->entry->start_s,
        .level_gain_db = c->level_gain_db,
        .has_loudness = true,
        .lufs_source = c->targets.lufs_source,
        .lufs_mono = c->targets.lufs_mono,
        .quality = &c->targets.quality,
    };
    char *fingerprint = NULL;
    if (c->context->fingerprint && !(fingerprint = pt_fingerprint_to_json(&c->fingerprint)))
        return out_of_memory(err);
    known.fingerprint_json = fingerprint;
    char *line = pt_provenance_fill_to_json(known, chain, stats, c->context->purity_cap);
    free(fingerprint);
    if (!line) return out_of_memory(err);
    pt_strbuf_append(&result->provenance, line);
    pt_strbuf_append(&result->provenance, "\n");
    free(line);
    return result->provenance.failed ? out_of_memory(err) : PATINA_OK;
}

/* Adds the source of the segment to a new stream, at the level of c->level_gain_db. A large source
 * was not kept and is decoded again. */
static patina_status measure_source(entry_context *c, pt_entry_result *result, pt_arena *arena,
                                    patina_error *err) {
    const patina_audio *source = &c->segment.source;

    c->arena = arena;
    c->stream = NULL;
    c->scaled = NULL;
    if (!source->samples) {
        c->offset = c->segment.window.start - c->segment.part_start;
        const patina_status status = load_with_retries(c, c->options, result, arena, err);
        if (!patina_status_is_reject(status)) return status;
        return pt_fail(err, PATINA_ETEMPORARY, "'%s': the file changed while it was read",
                       c->entry->source);
    }
    for (size_t done = 0; done < source->n_frames; done += BLOCK_FRAMES) {
        const size_t left = source->n_frames - done;
        const patina_audio block = {source->samples + done * source->n_channels,
                                    left < BLOCK_FRAMES ? left : BLOCK_FRAMES, source->n_channels,
                                    source->rate_hz};
        PT_TRY(add_source(c, &block, c->segment.channel_mask, err));
    }
    return PATINA_OK;
}

/* Gives a row its level, drawn for its variant, and measures the targets again. The quality remains
 * that of the file. */
static patina_status set_level(entry_context *c, uint32_t variant, pt_entry_result *result,
                               pt_arena *arena, patina_error *err) {
    const pt_rng rng = pt_rng_make(c->context->seed, c->entry->id, variant, PT_RNG_STREAM_LEVEL);
    const double range_db = c->context->level_jitter_db;
    const patina_source_quality quality = c->targets.quality;

    c->level_gain_db = range_db * (2.0 * pt_rng_uniform(&rng, 0) - 1.0);
    PT_TRY(measure_source(c, result, arena, err));
    PT_TRY(pt_segment_change_level(&c->segment, c->level_gain_db, &c->segment, arena, err));
    PT_TRY(pt_targets_end(c->stream, c->segment.mix, c->segment.n_mix, &c->targets, err));
    c->targets.quality = quality;
    return PATINA_OK;
}

/* Computes the audio half of the next row, or leaves it to a device. */
static patina_status embed_row(const entry_context *c, pt_entry_result *result, pt_arena *arena,
                               patina_error *err) {
    const size_t i = result->n_rows;
    pt_encoder *encoder = c->context->encoder;
    if (!encoder)
        return patina_clap_embed_audio(c->context->clap, c->degraded, c->segment.n_mix,
                                       result->rows[i].fused_state + PATINA_EMBEDDING_SIZE, arena,
                                       err);
    pt_ticket **tickets = realloc(result->tickets, result->rows_capacity * sizeof(pt_ticket *));
    if (!tickets) return out_of_memory(err);
    result->tickets = tickets;
    return pt_encoder_submit_audio(encoder, c->degraded, c->segment.n_mix, &tickets[i], arena, err);
}

patina_status pt_entry_result_wait(pt_entry_result *result, patina_error *err) {
    patina_status status = PATINA_OK;
    for (size_t i = 0; result->tickets && status == PATINA_OK && i < result->n_rows; i++)
        status = pt_ticket_wait(&result->tickets[i],
                                result->rows[i].fused_state + PATINA_EMBEDDING_SIZE, err);
    return status;
}

static patina_status make_row(const entry_context *of_entry, size_t caption, uint32_t variant,
                              pt_entry_result *result, pt_arena *arena, patina_error *err) {
    entry_context at_level = *of_entry;
    const entry_context *c = &at_level;
    const pt_row_context *context = c->context;
    const char *id = c->entry->id;
    const pt_arena_marker mark = pt_arena_mark(arena);
    patina_effect_chain *chain = NULL;
    patina_degrade_stats stats;
    patina_status status = PATINA_OK;

    pt_row *rows = grow_array(result->rows, result->n_rows, &result->rows_capacity, sizeof *rows);
    if (!rows) return out_of_memory(err);
    result->rows = rows;
    pt_row *row = &rows[result->n_rows];

    int64_t since = pt_monotonic_ns();
    if (context->level_jitter_db > 0.0) {
        status = set_level(&at_level, variant, result, arena, err);
        add_stage_time(result, PATINA_RUN_MEASURING, &since);
        if (status != PATINA_OK) goto done;
    }
    status = patina_effect_chain_draw(context->effect_config, context->seed, id, variant,
                                      context->order, c->segment.n_mix, &chain, err);
    if (status == PATINA_OK)
        status = patina_effect_chain_apply(context->effect_config, chain, context->seed, id,
                                           variant, c->segment.mix, c->segment.n_mix, c->degraded,
                                           &stats, arena, err);
    add_stage_time(result, PATINA_RUN_DEGRADING, &since);
    if (status == PATINA_OK) status = embed_row(c, result, arena, err);
    add_stage_time(result, PATINA_RUN_AUDIO_TOWER, &since);
    if (status != PATINA_OK) goto done;
    result->n_rows++;

    pt_row_fill(row, &(pt_row_source){.targets = &c->targets,
                                      .degrade = &stats,
                                      .loudness = context->loudness,
                                      .purity_cap = context->purity_cap});
    status = add_provenance(c, caption, variant, chain, &stats, result, err);
    if (status == PATINA_OK && c->keep_audio)
        status = pt_keep_audio_write_degraded(context->keep_audio, id, variant, c->degraded,
                                              c->segment.n_mix, err);
done:
    patina_effect_chain_close(&chain);
    pt_arena_rewind(arena, mark);
    return status;
}

static patina_status make_rows_of_caption(const entry_context *c, size_t caption,
                                          pt_entry_result *result, pt_arena *arena,
                                          patina_error *err) {
    const pt_row_context *context = c->context;

    const uint64_t number = (uint64_t)c->window * c->entry->n_captions + caption;

    if (number > PT_VARIANT_MAX || (number + 1) * context->variants - 1 > PT_VARIANT_MAX)
        return pt_fail(err, PATINA_ERANGE,
                       "caption %zu of window %u with %u variants exceeds the maximum of %u rows "
                       "for an entry; set fewer with '--variants' or '--windows'",
                       caption, c->window, context->variants, PT_VARIANT_MAX + 1);
    for (uint32_t k = 0; k < context->variants; k++) {
        if (is_stopped(context)) return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
        PT_TRY(make_row(c, caption, (uint32_t)number * context->variants + k, result, arena, err));
    }
    return PATINA_OK;
}

/* ---------------------------------------------------------------- one entry */

/* Selects captions first to last - 1 of the entry's list. */
static void select_captions(patina_caption_mode which, uint64_t seed, const pt_entry *entry,
                            size_t *first, size_t *last) {
    *first = 0;
    *last = entry->n_captions;
    size_t n = 0, k = 0; /* captions that the filter leaves, and the number of that selected */
    for (size_t i = 0; i < entry->n_captions; i++)
        n += entry->captions[i].reason != PATINA_REJECT_FILTERED;
    if (n == 0 || which == PATINA_CAPTIONS_ALL) return;
    if (which == PATINA_CAPTIONS_RANDOM) {
        const pt_rng rng = pt_rng_make(seed, entry->id, 0, PT_RNG_STREAM_CAPTION);
        k = (size_t)(pt_rng_uniform(&rng, 0) * (double)n);
    }
    while (entry->captions[*first].reason == PATINA_REJECT_FILTERED || k-- > 0)
        ++*first;
    *last = *first + 1;
}

/* Rejects bad captions; an entry without a good caption gets one reject. */
static patina_status reject_bad_captions(const pt_entry *entry, size_t first, size_t last,
                                         size_t *n_good, pt_entry_result *result,
                                         patina_error *err) {
    *n_good = 0;
    for (size_t i = first; i < last; i++)
        *n_good += entry->captions[i].text != NULL;
    if (entry->n_captions == 0)
        return pt_entry_result_add_reject(result, PATINA_REJECT_BAD_CAPTION, err,
                                          "'%s' has no caption", entry->source);
    for (size_t i = first; i < last; i++) {
        if (entry->captions[i].text) continue;
        const pt_caption *caption = &entry->captions[i];
        if (caption->reason) {
            PT_TRY(
                caption->source
                    ? pt_entry_result_add_reject(result, caption->reason, err, "%s", caption->fault)
                    : pt_entry_result_add_reject(result, caption->reason, err, "'%s': %s",
                                                 entry->source, caption->fault));
            result->rejects[result->n_rejects - 1].source = caption->source;
        } else {
            PT_TRY(pt_entry_result_add_reject(result, PATINA_REJECT_BAD_CAPTION, err, "'%s': %s",
                                              entry->source, caption->fault));
        }
        if (*n_good == 0) break;
    }
    return PATINA_OK;
}

void pt_rows_select_captions(patina_caption_mode which, uint64_t seed, const pt_entry *entry,
                             bool repeated, size_t *first, size_t *last) {
    *first = *last = 0;
    if (entry->id && !repeated && entry->status == PATINA_OK)
        select_captions(which, seed, entry, first, last);
}

/* Loads and measures; a fault of the entry is returned as a PATINA_REJECT_ status. */
static patina_status load_and_measure(entry_context *c, const pt_entry_options *options,
                                      pt_entry_result *result, pt_arena *arena, patina_error *err) {
    const pt_segment *segment = &c->segment;
    int64_t since = pt_monotonic_ns();

    c->measuring_ns = 0;
    patina_status status = load_with_retries(c, options, result, arena, err);
    add_stage_time(result, PATINA_RUN_READING, &since);
    if (status == PATINA_OK) status = pt_source_check_audio(c->context->filter, segment, err);
    if (status == PATINA_OK) /* also checks for too short, not finite and silent */
        status = pt_targets_end(c->stream, segment->mix, segment->n_mix, &c->targets, err);
    add_stage_time(result, PATINA_RUN_MEASURING, &since);
    result->spent_ns[PATINA_RUN_READING] -= c->measuring_ns;
    result->spent_ns[PATINA_RUN_MEASURING] += c->measuring_ns;
    if (status != PATINA_OK) return status;
    pt_provenance_fill_codec(&c->targets.quality, &segment->codec);
    PT_TRY(pt_source_check_quality(c->context->require, &c->targets.quality, err));
    /* Every level of the range has to be a sound, so that every variant has a row. */
    const double jitter_db = c->context->level_jitter_db, lowest = pow(10.0, -jitter_db / 10.0);
    if (jitter_db > 0.0 &&
        lowest * patina_ac_power(segment->mix, segment->n_mix) < PATINA_SILENCE_POWER)
        return pt_fail(err, PATINA_REJECT_SILENT,
                       "silent: the AC power is below -100 dB re full scale at -%g dB of level "
                       "jitter",
                       jitter_db);

    c->degraded = pt_arena_alloc_array(arena, segment->n_mix, sizeof *c->degraded);
    return c->degraded ? PATINA_OK : out_of_memory(err);
}

/* Learns the length of the recording, and its levels, where the loudest window is to be found. */
static patina_status prepare_windows(entry_context *c, const pt_entry_options *options,
                                     pt_entry_result *result, pt_arena *arena, patina_error *err) {
    const pt_row_context *context = c->context;
    c->select.mode = context->window_mode;
    c->select.rng = pt_rng_make(context->seed, c->entry->id, 0, PT_RNG_STREAM_WINDOW);
    c->select.starts = pt_arena_alloc_array(arena, context->windows, sizeof *c->select.starts);
    if (!c->select.starts) return out_of_memory(err);
    if (c->select.mode != PATINA_WINDOW_LOUDEST) return PATINA_OK;
    int64_t since = pt_monotonic_ns();
    const patina_status status = load_with_retries(c, options, result, arena, err);
    add_stage_time(result, PATINA_RUN_READING, &since);
    return status;
}

/* Loads and measures window c->window; PATINA_REJECT_SILENT: there is none with a sound. */
static patina_status load_window(entry_context *c, const pt_entry_options *options,
                                 pt_entry_result *result, pt_arena *arena, patina_error *err) {
    const pt_arena_marker mark = pt_arena_mark(arena);
    bool exhausted = false;

    for (unsigned r = 0; r < PT_WINDOW_TRIES && !exhausted; r++) {
        if (!pt_window_select_next(&c->select, c->window, r, &c->offset, &exhausted)) continue;
        const patina_status status = load_and_measure(c, options, result, arena, err);
        if (status == PATINA_OK) pt_window_select_accept(&c->select, c->segment.window.start);
        if (status != PATINA_REJECT_SILENT) return status;
        pt_arena_rewind(arena, mark);
    }
    return PATINA_REJECT_SILENT;
}

/* The rows of all windows. A fault of the entry's audio is returned as *fault_status with its
 * sentence in fault. */
static patina_status make_rows_of_windows(entry_context *c, const pt_entry_options *options,
                                          size_t first, size_t last, pt_entry_result *result,
                                          pt_arena *arena, patina_status *fault_status,
                                          patina_error *fault, patina_error *err) {
    patina_status status = prepare_windows(c, options, result, arena, fault);

    for (; status == PATINA_OK && c->window < c->context->windows; c->window++) {
        const pt_arena_marker mark = pt_arena_mark(arena);
        status = load_window(c, options, result, arena, fault);
        if (status == PATINA_OK) {
            if (c->keep_audio)
                PT_TRY(pt_keep_audio_write_clean(c->context->keep_audio, c->entry->id, c->window,
                                                 c->segment.mix, c->segment.n_mix, err));
            for (size_t i = first; i < last; i++)
                if (c->entry->captions[i].text)
                    PT_TRY(make_rows_of_caption(c, i, result, arena, err));
            pt_arena_rewind(arena, mark);
        }
        if (status == PATINA_REJECT_SILENT) status = PATINA_OK;
    }
    if (status == PATINA_OK && c->select.n_starts == 0) status = PATINA_REJECT_SILENT;
    *fault_status = status;
    return PATINA_OK;
}

static patina_status make_rows(const pt_row_context *context, const pt_entry *entry,
                               const pt_entry_options *entry_options, pt_entry_result *result,
                               pt_arena *arena, patina_error *err) {
    entry_context c = {.context = context,
                       .entry = entry,
                       .options = entry_options,
                       .arena = arena,
                       .keep_audio = entry_options->keep_audio && context->keep_audio};
    patina_error fault = {0};
    size_t first, last, n_good;
    patina_status status;

    if (!entry->id ||
        entry->status == PATINA_REJECT_EXCLUDED || /* or a line that is not an entry */
        entry->status == PATINA_REJECT_IO_ERROR)   /* its captions were not read */
        return pt_entry_result_add_reject(result, entry->status, err, "%s", entry->fault);
    select_captions(context->captions, context->seed, entry, &first, &last);
    PT_TRY(reject_bad_captions(entry, first, last, &n_good, result, err));
    if (entry->n_captions_left_out > 0)
        PT_TRY(pt_entry_result_add_reject(
            result, PATINA_REJECT_BAD_CAPTION, err,
            "'%s': %" PRIu64 " captions are omitted, because the limit for an entry is %zu; raise "
            "it with '--max-captions'",
            entry->source, entry->n_captions_left_out, entry->max_captions));
    if (n_good == 0) return PATINA_OK;
    if (entry_options->repeated)
        return pt_entry_result_add_reject(result, PATINA_REJECT_DUPLICATE_ID, err,
                                          "'%s': an earlier entry has the same id '%s'",
                                          entry->source, entry->id);
    if (entry->status != PATINA_OK)
        return pt_entry_result_add_reject(result, entry->status, err, "%s", entry->fault);

    result->n_captions = n_good;
    PT_TRY(
        make_rows_of_windows(&c, entry_options, first, last, result, arena, &status, &fault, err));
    if (status == PATINA_ETEMPORARY && context->skip_unreadable) status = PATINA_REJECT_IO_ERROR;
    if (status != PATINA_OK && status != PATINA_ECANCELLED)
        pt_error_add_context(&fault, "'%s'", entry->source);
    if (patina_status_is_reject(status))
        return pt_entry_result_add_reject(result, status, err, "%s", fault.message);
    return status == PATINA_OK ? PATINA_OK : pt_fail(err, status, "%s", fault.message);
}

void pt_entry_result_set_text_embeddings(pt_entry_result *result, const pt_row_context *context,
                                         const float *texts) {
    for (size_t i = 0; i < result->n_rows; i++)
        memcpy(result->rows[i].fused_state,
               texts + i / context->variants % result->n_captions * PATINA_EMBEDDING_SIZE,
               PATINA_EMBEDDING_SIZE * sizeof *texts);
}

patina_status pt_rows_make(const pt_row_context *context, const pt_entry *entry,
                           const pt_entry_options *entry_options, pt_entry_result *result,
                           pt_arena *arena, patina_error *err) {
    pt_entry_result_clear(result);
    pt_arena_reset(arena);
    const patina_status status = make_rows(context, entry, entry_options, result, arena, err);
    if (status != PATINA_OK && entry->id) pt_error_add_context(err, "entry '%s'", entry->id);
    return status;
}
