/* SPDX-License-Identifier: MIT */
/* rows.c - makes the rows of one entry
 *
 *     captions    selected and checked; caption_batch.c embeds them
 *     audio       decoded, cut to a window and measured once for all rows of the window
 *                 (entry_audio.c)
 *     row         for each window w, caption and k, variant = (w * captions + caption index) *
 *                 variants + k: the chain is drawn and applied, then purity, audio embedding and
 *                 provenance follow
 *
 * Faults are checked in the order of PATINA_REJECT_REASONS: captions, then the id, then the audio.
 */

#include "pipeline/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audio/sound_match.h"
#include "base/fault_notes.h"
#include "base/monotonic_clock.h"
#include "base/rng.h"
#include "clap/clap_internal.h"
#include "degrade/effect_chain.h"
#include "pipeline/entry_audio.h"
#include "pipeline/keep_audio.h"
#include "pipeline/provenance_fill.h"

/* Streams of measures, that of the source and that of the row: 1.3 MB each at 48 kHz. */
#define MEASURE_BYTES ((size_t)4 << 20)

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

size_t pt_rows_scratch_size(const patina_clap *clap) {
    const size_t window = (size_t)PATINA_WINDOW_FRAMES * sizeof(float), n_windows = 3,
                 effects = pt_effect_chain_scratch_size(PATINA_WINDOW_FRAMES),
                 towers = clap ? pt_clap_scratch_size(clap) : 0;
    /* The windows are mix, degraded copy, and mix at the level of a row. */
    return n_windows * window + MEASURE_BYTES + (effects > towers ? effects : towers);
}

bool pt_row_context_is_stopped(const void *row_context) {
    const pt_row_context *context = row_context;
    return context->stop && atomic_load_explicit(context->stop, memory_order_relaxed);
}

/* ---------------------------------------------------------------- captions */

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

/* ---------------------------------------------------------------- one row */

static patina_status add_provenance(const pt_entry_audio *c, size_t caption, uint32_t variant,
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

/* Computes the audio half of the next row, or leaves it to a device. */
static patina_status embed_row(const pt_entry_audio *c, pt_entry_result *result, pt_arena *arena,
                               patina_error *err) {
    const size_t i = result->n_rows;
    pt_device_encoder *encoder = c->context->encoder;
    if (!encoder)
        return patina_clap_embed_audio(c->context->clap, c->degraded, c->segment.n_mix,
                                       result->rows[i].fused_state + PATINA_EMBEDDING_SIZE, arena,
                                       err);
    pt_ticket **tickets = realloc(result->tickets, result->rows_capacity * sizeof(pt_ticket *));
    if (!tickets) return out_of_memory(err);
    result->tickets = tickets;
    for (size_t k = 0; i == result->n_kept && k < i; k++)
        tickets[k] = NULL;
    return pt_device_encoder_submit_audio(encoder, c->degraded, c->segment.n_mix, &tickets[i],
                                          arena, err);
}

static patina_status make_row(const pt_entry_audio *of_entry, size_t caption, uint32_t variant,
                              pt_entry_result *result, pt_arena *arena, patina_error *err) {
    pt_entry_audio at_level = *of_entry;
    const pt_entry_audio *c = &at_level;
    const pt_row_context *context = c->context;
    const char *id = c->entry->id;
    const pt_arena_marker mark = pt_arena_mark(arena);
    patina_effect_chain *chain = NULL;
    patina_degrade_stats stats;
    patina_status status = PATINA_OK;

    pt_row *row = pt_entry_result_next_row(result);
    if (!row) return out_of_memory(err);

    int64_t since = pt_monotonic_ns();
    if (context->level_jitter_db > 0.0) {
        status = pt_entry_audio_set_level(&at_level, variant, result, arena, err);
        pt_entry_result_add_time(result, PATINA_RUN_MEASURING, &since);
        if (status != PATINA_OK) goto done;
    }
    status = patina_effect_chain_draw(context->effect_config, context->seed, id, variant,
                                      context->order, c->segment.n_mix, &chain, err);
    if (status == PATINA_OK)
        status = patina_effect_chain_apply(context->effect_config, chain, context->seed, id,
                                           variant, c->segment.mix, c->segment.n_mix, c->degraded,
                                           &stats, arena, err);
    pt_entry_result_add_time(result, PATINA_RUN_DEGRADING, &since);
    if (status == PATINA_OK) status = embed_row(c, result, arena, err);
    pt_entry_result_add_time(result, PATINA_RUN_AUDIO_TOWER, &since);
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

patina_status pt_rows_keep(const pt_row_context *context, uint64_t index, pt_entry_result *result,
                           patina_error *err) {
    result->kept_ns = pt_monotonic_ns();
    PT_TRY(pt_entry_result_wait(result, err));
    for (size_t i = result->partial.n_rows; i < result->n_rows; i++) /* not set yet */
        memset(result->rows[i].fused_state, 0, PATINA_EMBEDDING_SIZE * sizeof(float));
    return pt_chunk_store_append_partial(context->store, index, &result->partial, result->rows,
                                         result->n_rows, result->provenance.text,
                                         result->provenance.length, err);
}

static patina_status read_kept_rows(const pt_entry_audio *c, pt_entry_result *result,
                                    patina_error *err) {
    pt_row *rows;
    size_t n;
    result->kept_ns = pt_monotonic_ns();
    const patina_status status =
        pt_chunk_store_read_partial(c->context->store, c->options->index, &result->partial, &rows,
                                    &n, &result->provenance, err);
    if (status != PATINA_OK || n == 0) {
        free(rows);
        return status;
    }
    free(result->rows);
    result->rows = rows;
    result->rows_capacity = result->n_kept = n;
    return PATINA_OK;
}

static patina_status make_rows_of_caption(const pt_entry_audio *c, size_t caption,
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
        if (pt_row_context_is_stopped(context))
            return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
        if (result->n_rows < result->n_kept) {
            result->n_rows++;
            continue;
        }
        PT_TRY(make_row(c, caption, (uint32_t)number * context->variants + k, result, arena, err));
        if (context->store && pt_monotonic_ns() - result->kept_ns >= PT_ROWS_KEEP_NS)
            PT_TRY(pt_rows_keep(context, c->options->index, result, err));
    }
    return PATINA_OK;
}

/* ---------------------------------------------------------------- one entry */

/* The rows of all windows. A fault of the entry's audio is returned as *fault_status with its
 * sentence in fault. */
static patina_status make_rows_of_windows(pt_entry_audio *c, size_t first, size_t last,
                                          pt_entry_result *result, pt_arena *arena,
                                          patina_status *fault_status, patina_error *fault,
                                          patina_error *err) {
    patina_status status = pt_entry_audio_begin(c, result, arena, fault);

    for (; status == PATINA_OK && c->window < c->context->windows; c->window++) {
        const pt_arena_marker mark = pt_arena_mark(arena);
        status = pt_entry_audio_load_window(c, result, arena, fault);
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
                               const pt_entry_options *entry_options, bool use_kept,
                               pt_entry_result *result, pt_arena *arena, patina_error *err) {
    pt_entry_audio c = {.context = context,
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
    if (use_kept) PT_TRY(read_kept_rows(&c, result, err));
    PT_TRY(make_rows_of_windows(&c, first, last, result, arena, &status, &fault, err));
    if (status == PATINA_ETEMPORARY && context->skip_unreadable) status = PATINA_REJECT_IO_ERROR;
    if (status != PATINA_OK && status != PATINA_ECANCELLED)
        pt_error_add_context(&fault, "'%s'", entry->source);
    if (patina_status_is_reject(status))
        return pt_entry_result_add_reject(result, status, err, "%s", fault.message);
    return status == PATINA_OK ? PATINA_OK : pt_fail(err, status, "%s", fault.message);
}

patina_status pt_rows_make(const pt_row_context *context, const pt_entry *entry,
                           const pt_entry_options *entry_options, pt_entry_result *result,
                           pt_arena *arena, patina_error *err) {
    const unsigned n_faults = pt_fault_count();
    bool use_kept = context->store != NULL;
    patina_status status;
    do {
        pt_entry_result_clear(result);
        pt_arena_reset(arena);
        status = make_rows(context, entry, entry_options, use_kept, result, arena, err);
        use_kept = false; /* fewer rows than were kept: the audio has changed */
    } while (status == PATINA_OK && result->n_rows < result->n_kept);
    if (status == PATINA_OK && result->n_rejects > 0) status = pt_fault_check(n_faults, err);
    if (status != PATINA_OK && entry->id) pt_error_add_context(err, "entry '%s'", entry->id);
    return status;
}
