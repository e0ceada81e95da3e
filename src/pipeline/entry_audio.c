/* SPDX-License-Identifier: MIT */
/* entry_audio.c - loads and measures the windows of one entry */

#include "pipeline/entry_audio.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "audio/decoder.h"
#include "base/c_locale.h"
#include "base/monotonic_clock.h"
#include "base/rng.h"
#include "measure/targets.h"
#include "pipeline/audio_filter.h"
#include "pipeline/plan.h"
#include "pipeline/provenance_fill.h"

#define PAUSE_POLL_NS 20000000L

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

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
static pt_segment_spec segment_spec(const pt_entry_audio *c) {
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
    pt_entry_audio *c = context;
    if (!pt_watchdog_stop(c->options->watchdog))
        return pt_fail(err, PATINA_ECANCELLED, "cancelled: reading took too long");
    const patina_status status = pt_memory_budget_acquire(
        c->context->budget, c->options->share, c->context->scratch_bytes + n_bytes,
        pt_row_context_is_stopped, c->context, err);
    pt_watchdog_start(c->options->watchdog);
    return status;
}

/* Replaces a block of up to PT_SEGMENT_BLOCK_FRAMES frames by a copy at the level of the row. */
static patina_status scale_block(pt_entry_audio *c, patina_audio *block, patina_error *err) {
    const size_t n = block->n_frames * block->n_channels;
    if (!c->scaled)
        c->scaled = pt_arena_alloc_array(
            c->arena, (size_t)PT_SEGMENT_BLOCK_FRAMES * block->n_channels, sizeof(float));
    if (!c->scaled) return out_of_memory(err);
    pt_segment_scale(block->samples, n, c->level_gain_db, c->scaled);
    block->samples = c->scaled;
    return PATINA_OK;
}

/* Measures a block of the source while it is decoded. */
static patina_status add_source(void *context, const patina_audio *block, uint64_t channel_mask,
                                patina_error *err) {
    pt_entry_audio *c = context;
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

static patina_status assign_split(const pt_entry_audio *c, const pt_byte_source *bytes,
                                  pt_entry_result *result, patina_error *err) {
    const pt_splits *splits = c->context->splits;
    size_t n = 0;
    const char *key = pt_split_key_find(c->context->split_key, c->entry, &n);
    if (c->options->split && *c->options->split == PT_SPLIT_UNKNOWN)
        return pt_fail(err, PATINA_ETEMPORARY,
                       "cannot be put into a split: its sound could not be read when the run "
                       "started");
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
static patina_status load(pt_entry_audio *c, pt_entry_result *result, bool *has_shrunk,
                          pt_arena *arena, patina_error *err) {
    const pt_window_select before = c->select;
    const bool is_first = before.n_frames == 0;
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
    if (status != PATINA_OK || fault.error != 0 || fault.has_shrunk)
        c->select = before; /* the next attempt does all again, in the same memory */
    if (fault.error != 0)
        return pt_fail(err, PATINA_ETEMPORARY, "cannot be read: %s", strerrordesc_np(fault.error));
    if (fault.has_shrunk)
        return pt_fail(err, PATINA_ETEMPORARY, "cannot be read: the file became shorter");
    return status;
}

/* Waits before a further attempt; false if the run is stopped meanwhile. */
static bool pause_before_retry(const pt_row_context *context, int64_t pause_ns) {
    const int64_t end = pt_monotonic_ns() + pause_ns;
    while (!pt_row_context_is_stopped(context) && pt_monotonic_ns() < end)
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_POLL_NS}, NULL);
    return !pt_row_context_is_stopped(context);
}

/*
 * Loads the audio. A fault of the machine is tried again after pauses. The watchdog runs during
 * each attempt, and not in the pauses.
 */
static patina_status load_with_retries(pt_entry_audio *c, pt_entry_result *result, pt_arena *arena,
                                       patina_error *err) {
    static const int64_t pauses_ns[] = {100000000, 500000000, 2000000000};
    const pt_arena_marker mark = pt_arena_mark(arena);
    patina_status previous = PATINA_OK;
    bool has_shrunk = false;

    for (size_t n_faults = 0;;) {
        pt_watchdog_start(c->options->watchdog);
        const patina_status status = load(c, result, &has_shrunk, arena, err);
        if (!pt_watchdog_stop(c->options->watchdog))
            return pt_fail(err, PATINA_ECANCELLED, "cancelled: reading took too long");
        const bool is_doubtful = pt_decoder_is_doubtful(status, &previous);
        if (status == PATINA_ETEMPORARY) {
            if (has_shrunk || n_faults == sizeof pauses_ns / sizeof *pauses_ns) return status;
            if (!pause_before_retry(c->context, pauses_ns[n_faults++]))
                return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
        } else if (!is_doubtful) {
            return status;
        }
        pt_arena_rewind(arena, mark);
    }
}

/* Loads and measures; a fault of the entry is returned as a PATINA_REJECT_ status. */
static patina_status load_and_measure(pt_entry_audio *c, pt_entry_result *result, pt_arena *arena,
                                      patina_error *err) {
    const pt_segment *segment = &c->segment;
    int64_t since = pt_monotonic_ns();

    c->measuring_ns = 0;
    patina_status status = load_with_retries(c, result, arena, err);
    pt_entry_result_add_time(result, PATINA_RUN_READING, &since);
    if (status == PATINA_OK) status = pt_audio_filter_check_audio(c->context->filter, segment, err);
    if (status == PATINA_OK) /* also checks for too short, not finite and silent */
        status = pt_targets_end(c->stream, segment->mix, segment->n_mix, &c->targets, err);
    pt_entry_result_add_time(result, PATINA_RUN_MEASURING, &since);
    result->spent_ns[PATINA_RUN_READING] -= c->measuring_ns;
    result->spent_ns[PATINA_RUN_MEASURING] += c->measuring_ns;
    if (status != PATINA_OK) return status;
    pt_provenance_fill_codec(&c->targets.quality, &segment->codec);
    PT_TRY(pt_audio_filter_check_quality(c->context->require, &c->targets.quality, err));
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
patina_status pt_entry_audio_begin(pt_entry_audio *c, pt_entry_result *result, pt_arena *arena,
                                   patina_error *err) {
    const pt_row_context *context = c->context;
    c->select.mode = context->window_mode;
    c->select.rng = pt_rng_make(context->seed, c->entry->id, 0, PT_RNG_STREAM_WINDOW);
    c->select.starts = pt_arena_alloc_array(arena, context->windows, sizeof *c->select.starts);
    if (!c->select.starts) return out_of_memory(err);
    if (c->select.mode != PATINA_WINDOW_LOUDEST) return PATINA_OK;
    int64_t since = pt_monotonic_ns();
    const patina_status status = load_with_retries(c, result, arena, err);
    pt_entry_result_add_time(result, PATINA_RUN_READING, &since);
    return status;
}

/* Loads and measures window c->window; PATINA_REJECT_SILENT: there is none with a sound. */
patina_status pt_entry_audio_load_window(pt_entry_audio *c, pt_entry_result *result,
                                         pt_arena *arena, patina_error *err) {
    const pt_arena_marker mark = pt_arena_mark(arena);
    bool exhausted = false;

    for (unsigned r = 0; r < PT_WINDOW_TRIES && !exhausted; r++) {
        if (!pt_window_select_next(&c->select, c->window, r, &c->offset, &exhausted)) continue;
        const patina_status status = load_and_measure(c, result, arena, err);
        if (status == PATINA_OK) pt_window_select_accept(&c->select, c->segment.window.start);
        if (status != PATINA_REJECT_SILENT) return status;
        pt_arena_rewind(arena, mark);
    }
    return PATINA_REJECT_SILENT;
}

/* Adds the source of the segment to a new stream, at the level of c->level_gain_db. A large source
 * was not kept and is decoded again. */
static patina_status measure_source(pt_entry_audio *c, pt_entry_result *result, pt_arena *arena,
                                    patina_error *err) {
    const patina_audio *source = &c->segment.source;

    c->arena = arena;
    c->stream = NULL;
    c->scaled = NULL;
    if (!source->samples) {
        c->offset = c->segment.window.start - c->segment.part_start;
        const patina_status status = load_with_retries(c, result, arena, err);
        if (!patina_status_is_reject(status)) return status;
        return pt_fail(err, PATINA_ETEMPORARY, "'%s': the file changed while it was read",
                       c->entry->source);
    }
    for (size_t done = 0; done < source->n_frames; done += PT_SEGMENT_BLOCK_FRAMES) {
        const size_t left = source->n_frames - done;
        const patina_audio block = {source->samples + done * source->n_channels,
                                    left < PT_SEGMENT_BLOCK_FRAMES ? left : PT_SEGMENT_BLOCK_FRAMES,
                                    source->n_channels, source->rate_hz};
        PT_TRY(add_source(c, &block, c->segment.channel_mask, err));
    }
    return PATINA_OK;
}

/* Gives a row its level, drawn for its variant, and measures the targets again. The quality remains
 * that of the file. */
patina_status pt_entry_audio_set_level(pt_entry_audio *c, uint32_t variant, pt_entry_result *result,
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
