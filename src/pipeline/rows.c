/* SPDX-License-Identifier: MIT */
/* rows.c - the walk of one entry
 *
 *     captions chosen and judged        their embeddings are made elsewhere, several at once
 *     audio -> window -> targets        once, shared by all rows of the entry
 *     for every caption and k           variant = caption index * variants + k
 *         chain drawn and applied -> purity -> audio embedding -> row and provenance
 *
 * Faults are judged in the order of pt_status: the captions first, then the id, then the audio.
 */

#include "pipeline/rows.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "audio/excerpt.h"
#include "base/c_locale.h"
#include "base/rng.h"
#include "pipeline/account.h"
#include "pipeline/keep.h"

/* ---------------------------------------------------------------- harvest */

void pt_harvest_clear(pt_harvest *harvest) {
    harvest->n_rows = 0;
    memset(harvest->spent_ns, 0, sizeof harvest->spent_ns);
    pt_str_clear(&harvest->provenance);
    for (size_t i = 0; i < harvest->n_rejects; i++)
        free(harvest->rejects[i].sentence);
    harvest->n_rejects = 0;
}

void pt_harvest_release(pt_harvest *harvest) {
    pt_harvest_clear(harvest);
    pt_str_release(&harvest->provenance);
    free(harvest->rows);
    free(harvest->rejects);
    *harvest = (pt_harvest){0};
}

static pt_status out_of_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

/* The array, or a larger copy in its place, with room for element n; NULL when memory runs out. */
static void *with_room(void *array, size_t n, size_t *capacity, size_t size) {
    if (n < *capacity) return array;
    const size_t wanted = *capacity ? 2 * *capacity : 4;
    void *larger = realloc(array, wanted * size);
    if (larger) *capacity = wanted;
    return larger;
}

pt_status pt_harvest_reject(pt_harvest *h, pt_status reason, pt_error *err, const char *format,
                            ...) {
    char sentence[sizeof err->message];
    va_list args;
    va_start(args, format);
    pt_vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);

    pt_reject *rejects = with_room(h->rejects, h->n_rejects, &h->rejects_capacity, sizeof *rejects);
    if (!rejects) return out_of_memory(err);
    h->rejects = rejects;
    rejects[h->n_rejects].reason = reason;
    rejects[h->n_rejects].sentence = strdup(sentence);
    if (!rejects[h->n_rejects].sentence) return out_of_memory(err);
    h->n_rejects++;
    return PT_OK;
}

/* Adds the time since *since to a stage, and begins another. */
static void spend(pt_harvest *h, pt_run_stage stage, int64_t *since) {
    const int64_t now = pt_watch_now();
    h->spent_ns[stage] += now - *since;
    *since = now;
}

/* ---------------------------------------------------------------- one row */

/* What the rows of an entry have in common. */
typedef struct common {
    const pt_row_plan *plan;
    const pt_entry *entry;
    pt_excerpt excerpt;
    pt_targets targets;
    float *degraded; /* [excerpt.n_mix] */
    bool keep_audio;
} common;

static pt_status add_provenance(const common *c, size_t caption, uint32_t variant,
                                const pt_chain *chain, const pt_damage *damage, pt_harvest *h,
                                pt_error *err) {
    const pt_provenance known = {
        .entry = c->entry->id,
        .source = c->entry->source,
        .caption = c->entry->captions[caption].text,
        .caption_index = caption,
        .seed = c->plan->seed,
        .variant = variant,
        .window = c->excerpt.window,
        .has_loudness = true,
        .lufs_source = c->targets.lufs_source,
        .lufs_mono = c->targets.lufs_mono,
    };
    char *line = pt_account_print(known, chain, damage);
    if (!line) return out_of_memory(err);
    pt_str_add(&h->provenance, line);
    pt_str_add(&h->provenance, "\n");
    free(line);
    return h->provenance.failed ? out_of_memory(err) : PT_OK;
}

static pt_status make_row(const common *c, size_t caption, uint32_t variant, pt_harvest *h,
                          pt_arena *arena, pt_error *err) {
    const pt_row_plan *plan = c->plan;
    const char *id = c->entry->id;
    const pt_arena_mark mark = pt_arena_here(arena);
    pt_chain *chain = NULL;
    pt_damage damage;
    pt_status status;

    pt_row *rows = with_room(h->rows, h->n_rows, &h->rows_capacity, sizeof *rows);
    if (!rows) return out_of_memory(err);
    h->rows = rows;
    pt_row *row = &rows[h->n_rows];

    int64_t since = pt_watch_now();
    status = pt_chain_draw(plan->suite, plan->seed, id, variant, plan->order, c->excerpt.n_mix,
                           &chain, err);
    if (status == PT_OK)
        status = pt_chain_apply(plan->suite, chain, plan->seed, id, variant, c->excerpt.mix,
                                c->excerpt.n_mix, c->degraded, &damage, arena, err);
    spend(h, PT_RUN_DEGRADING, &since);
    if (status == PT_OK)
        status = pt_clap_embed_audio(plan->clap, c->degraded, c->excerpt.n_mix,
                                     row->fused_state + PT_EMBEDDING, arena, err);
    spend(h, PT_RUN_AUDIO_TOWER, &since);
    if (status != PT_OK) goto done;

    for (size_t b = 0; b < PT_LTAS_BANDS; b++)
        row->target_ltas[b] = (float)c->targets.ltas[b];
    row->target_lufs =
        (float)(plan->loudness == PT_LOUDNESS_MIX ? c->targets.lufs_mono : c->targets.lufs_source);
    row->target_dyn[0] = (float)c->targets.crest_db;
    row->target_dyn[1] = (float)c->targets.zcr;
    row->input_purity = (float)pt_purity_db(damage.signal_power, damage.rest_power);

    status = add_provenance(c, caption, variant, chain, &damage, h, err);
    if (status == PT_OK && c->keep_audio)
        status =
            pt_keep_degraded(plan->keep_audio, id, variant, c->degraded, c->excerpt.n_mix, err);
    if (status == PT_OK) h->n_rows++;
done:
    pt_chain_close(&chain);
    pt_arena_rewind(arena, mark);
    return status;
}

static pt_status make_rows_of_caption(const common *c, size_t caption, pt_harvest *h,
                                      pt_arena *arena, pt_error *err) {
    const pt_row_plan *plan = c->plan;

    if ((uint64_t)caption * plan->variants + plan->variants - 1 > PT_VARIANT_MAX)
        return pt_fail(err, PT_ERANGE,
                       "caption %zu with %u variants each is over the %u that there are numbers "
                       "for; ask for fewer with '--variants'",
                       caption, plan->variants, PT_VARIANT_MAX + 1);
    for (uint32_t k = 0; k < plan->variants; k++) {
        if (plan->stop && atomic_load_explicit(plan->stop, memory_order_relaxed))
            return pt_fail(err, PT_ECANCELLED, "stopped on request");
        PT_TRY(make_row(c, caption, (uint32_t)caption * plan->variants + k, h, arena, err));
    }
    return PT_OK;
}

/* ---------------------------------------------------------------- one entry */

/* The captions that rows are asked for: first to last - 1 of the entry's list. */
static void choose_captions(pt_captions which, uint64_t seed, const pt_entry *entry, size_t *first,
                            size_t *last) {
    *first = 0;
    *last = entry->n_captions;
    if (entry->n_captions == 0) return;
    if (which == PT_CAPTIONS_RANDOM) {
        const pt_rng rng = pt_rng_of(seed, entry->id, 0, PT_STREAM_CAPTION);
        *first = (size_t)(pt_rng_uniform(&rng, 0) * (double)entry->n_captions);
    }
    if (which != PT_CAPTIONS_ALL) *last = *first + 1;
}

/* Rejects what is no caption. One line for the entry when nothing is left of it. */
static pt_status judge_captions(const pt_entry *entry, size_t first, size_t last, size_t *n_good,
                                pt_harvest *h, pt_error *err) {
    *n_good = 0;
    for (size_t i = first; i < last; i++)
        *n_good += entry->captions[i].text != NULL;
    if (entry->n_captions == 0)
        return pt_harvest_reject(h, PT_REJECT_BAD_CAPTION, err, "'%s' has no caption",
                                 entry->source);
    for (size_t i = first; i < last; i++) {
        if (entry->captions[i].text) continue;
        PT_TRY(pt_harvest_reject(h, PT_REJECT_BAD_CAPTION, err, "'%s': %s", entry->source,
                                 entry->captions[i].fault));
        if (*n_good == 0) break;
    }
    return PT_OK;
}

void pt_rows_captions(pt_captions which, uint64_t seed, const pt_entry *entry, bool repeated,
                      size_t *first, size_t *last) {
    *first = *last = 0;
    if (entry->id && !repeated && entry->status == PT_OK)
        choose_captions(which, seed, entry, first, last);
}

/* Decodes and measures; a fault of the entry comes back as its PT_REJECT_ status. */
static pt_status take_excerpt(common *c, pt_harvest *h, pt_arena *arena, pt_error *err) {
    const pt_rng rng = pt_rng_of(c->plan->seed, c->entry->id, 0, PT_STREAM_WINDOW);
    pt_bytes bytes = {0};
    pt_excerpt *excerpt = &c->excerpt;

    int64_t since = pt_watch_now();
    PT_TRY(pt_entry_open(c->entry, &bytes, err));
    pt_status status = pt_excerpt_decode(&bytes, (pt_cut){.draw = &rng}, excerpt, arena, err);
    h->split = 0;
    if (status == PT_OK && c->plan->splits->n_splits > 1)
        status = pt_splits_choose(c->plan->splits, &bytes, &h->split, err);
    pt_bytes_release(&bytes);
    spend(h, PT_RUN_READING, &since);
    if (status == PT_OK) /* and judged: too short, not finite or silent */
        status = pt_targets_measure(c->plan->meter, &excerpt->source, excerpt->mix, excerpt->n_mix,
                                    &c->targets, arena, err);
    spend(h, PT_RUN_MEASURING, &since);
    if (status != PT_OK) return status;

    c->degraded = pt_arena_take_array(arena, excerpt->n_mix, sizeof *c->degraded);
    return c->degraded ? PT_OK : out_of_memory(err);
}

static pt_status make_rows(const pt_row_plan *plan, const pt_entry *entry, const pt_row_turn *turn,
                           pt_harvest *h, pt_arena *arena, pt_error *err) {
    common c = {.plan = plan, .entry = entry, .keep_audio = turn->keep_audio && plan->keep_audio};
    pt_error fault = {0};
    size_t first, last, n_good;
    pt_status status;

    if (!entry->id) /* a line that is no entry */
        return pt_harvest_reject(h, entry->status, err, "%s", entry->fault);
    choose_captions(plan->captions, plan->seed, entry, &first, &last);
    PT_TRY(judge_captions(entry, first, last, &n_good, h, err));
    if (n_good == 0) return PT_OK;
    if (turn->repeated)
        return pt_harvest_reject(h, PT_REJECT_DUPLICATE_ID, err,
                                 "'%s': an earlier entry has the id '%s' too", entry->source,
                                 entry->id);
    if (entry->status != PT_OK) return pt_harvest_reject(h, entry->status, err, "%s", entry->fault);

    pt_watch_begin(turn->watch);
    status = take_excerpt(&c, h, arena, &fault);
    if (!pt_watch_end(turn->watch)) return pt_fail(err, PT_ECANCELLED, "it took too long");
    if (pt_status_rejects(status)) {
        pt_error_in(&fault, "'%s'", entry->source);
        return pt_harvest_reject(h, status, err, "%s", fault.message);
    }
    if (status != PT_OK) return pt_fail(err, status, "%s", fault.message);

    if (c.keep_audio)
        PT_TRY(pt_keep_clean(plan->keep_audio, entry->id, c.excerpt.mix, c.excerpt.n_mix, err));
    for (size_t i = first; i < last; i++)
        if (entry->captions[i].text) PT_TRY(make_rows_of_caption(&c, i, h, arena, err));
    return PT_OK;
}

void pt_harvest_add_texts(pt_harvest *h, const pt_row_plan *plan, const float *texts) {
    for (size_t i = 0; i < h->n_rows; i++)
        memcpy(h->rows[i].fused_state, texts + i / plan->variants * PT_EMBEDDING,
               PT_EMBEDDING * sizeof *texts);
}

pt_status pt_rows_make(const pt_row_plan *plan, const pt_entry *entry, const pt_row_turn *turn,
                       pt_harvest *harvest, pt_arena *arena, pt_error *err) {
    pt_harvest_clear(harvest);
    pt_arena_reset(arena);
    const pt_status status = make_rows(plan, entry, turn, harvest, arena, err);
    if (status != PT_OK && entry->id) pt_error_in(err, "entry '%s'", entry->id);
    return status;
}
