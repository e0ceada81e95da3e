/* SPDX-License-Identifier: MIT */
/* plan.c - resolves options, scans the corpus and divides it into chunks */

#include "pipeline/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <patina/measure.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/json_dump.h"
#include "base/json_load.h"
#include "base/utf8.h"
#include "corpus/entry_filter.h"
#include "dataset/row_writer.h"
#include "dataset/run_metadata.h"
#include "hub/dataset_path.h"
#include "pipeline/audio_filter.h"
#include "pipeline/device_list.h"
#include "pipeline/ordered_pool.h"
#include "pipeline/rows.h"
#include "pipeline/window_select.h"

#define CHUNK_ROWS        2000 /* rows of a part file if every entry has one caption */
#define VARIANTS_MAX      65536
#define JOURNAL_ROW_BYTES 5800.0 /* a row without compression, and its provenance */
#define SHARDS_MAX        1000000

#define MAX_CAPTIONS_DEFAULT 1000
#define MAX_CAPTIONS_LIMIT   100000

const char *const pt_effect_order_names[] = {"physical", "random", NULL};
const char *const pt_caption_mode_names[] = {"all", "first", "random", NULL};
const char *const pt_window_mode_names[] = {"random", "first", "loudest", NULL};
const char *const pt_loudness_source_names[] = {"source", "mix", NULL};

/* Replaces defaults by their values. */
static patina_status apply_defaults(const patina_generate_options *given,
                                    patina_generate_options *o, patina_error *err) {
    *o = *given;
    if ((!o->corpus && o->n_corpora == 0 && !o->corpora_file) || !o->model || !o->out)
        return pt_fail(err, PATINA_EUSAGE, "a corpus, a model and an output folder are required");
    if (o->seed > PATINA_SEED_MAX)
        return pt_fail(err, PATINA_EUSAGE, "seed %" PRIu64 " is larger than %" PRId64, o->seed,
                       PATINA_SEED_MAX);
    if (o->variants > VARIANTS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "%" PRIu32 " variants are more than the maximum of %d",
                       o->variants, VARIANTS_MAX);
    PT_TRY(pt_threads_resolve(given->threads, &o->threads, err));
    if (o->n_shards > SHARDS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "%" PRIu64 " shards are more than the maximum of %d",
                       o->n_shards, SHARDS_MAX);
    if (o->n_shards > 0 && o->shard >= o->n_shards)
        return pt_fail(err, PATINA_EUSAGE,
                       "shard %" PRIu64 " of %" PRIu64 ": shards are numbered from 0", o->shard,
                       o->n_shards);
    PT_TRY(pt_device_options_check(&o->device, o->precision, err));
    if (o->isa == PATINA_ISA_AUTO) o->isa = patina_isa_detect();
    if (o->variants == 0) o->variants = 1;
    if (pt_split_key_parse(o->split_key) == PT_SPLIT_KEY_SOUND) o->fingerprint = true;
    if (o->windows == 0) o->windows = 1;
    if (o->windows > PT_WINDOWS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "%" PRIu32 " windows are more than the maximum of %d",
                       o->windows, PT_WINDOWS_MAX);
    if (o->chunk == 0) o->chunk = o->variants < CHUNK_ROWS ? CHUNK_ROWS / o->variants : 1;
    if (o->keep_every == 0) o->keep_every = 1;
    if (o->max_captions == 0) o->max_captions = MAX_CAPTIONS_DEFAULT;
    if (o->max_captions > MAX_CAPTIONS_LIMIT)
        return pt_fail(err, PATINA_EUSAGE,
                       "%" PRIu64 " captions of an entry are more than the maximum of %d",
                       o->max_captions, MAX_CAPTIONS_LIMIT);
    if (o->purity_cap == 0.0) o->purity_cap = PATINA_PURITY_CAP_DEFAULT;
    if (!(o->purity_cap >= PATINA_PURITY_CAP_MIN && o->purity_cap <= PATINA_PURITY_MAX))
        return pt_fail(err, PATINA_EUSAGE, "the purity cap must be %g to %g dB, not %g",
                       PATINA_PURITY_CAP_MIN, PATINA_PURITY_MAX, o->purity_cap);
    if (!(o->level_jitter_db >= 0.0 && o->level_jitter_db <= PATINA_LEVEL_JITTER_MAX))
        return pt_fail(err, PATINA_EUSAGE, "the level jitter must be 0 to %g dB, not %g",
                       PATINA_LEVEL_JITTER_MAX, o->level_jitter_db);
    return PATINA_OK;
}

/* {"train": 0.9, ...}; NULL when memory runs out. */
static json_t *splits_json(const pt_splits *splits) {
    json_t *object = json_object();
    for (size_t i = 0; i < splits->n_splits; i++)
        if (json_object_set_new(object, splits->split[i].name, json_real(splits->split[i].share)) !=
            0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

/* Texts that are only written to the settings where they are given, so that older runs have the
 * same hash. */
typedef struct text_setting {
    const char *name, *value;
} text_setting;

enum { N_TEXT_SETTINGS = 13 };

static void list_text_settings(const pt_plan *plan, text_setting texts[N_TEXT_SETTINGS]) {
    const patina_generate_options *o = &plan->options;
    const text_setting all[] = {
        {"file_column", o->file_column},
        {"id_column", o->id_column},
        {"start_column", o->start_column},
        {"end_column", o->end_column},
        {"caption_template", o->caption_template},
        {"header", o->header},
        {"delimiter", o->delimiter},
        {"source_split", o->source_split},
        {"filter", o->filter},
        {"require", o->require},
        {"split_key", o->split_key},
        {"window", o->window ? pt_window_mode_names[o->window] : NULL},
        {"exclude_sha256", plan->exclude_hash[0] ? plan->exclude_hash : NULL}};
    _Static_assert(sizeof all / sizeof *all == N_TEXT_SETTINGS, "all are listed");
    memcpy(texts, all, sizeof all);
}

static patina_status check_text(const char *name, const char *value, patina_error *err) {
    char option[32] = "";
    if (!value || pt_utf8_is_valid(value, strlen(value))) return PATINA_OK;
    for (size_t i = 0; name[i] && i + 1 < sizeof option; i++)
        option[i] = name[i] == '_' ? '-' : name[i];
    return pt_fail(err, PATINA_EUSAGE, "option '--%s': '%s' is not UTF-8", option, value);
}

/* Settings are JSON, which is UTF-8. */
static patina_status check_texts(const pt_plan *plan, patina_error *err) {
    text_setting texts[N_TEXT_SETTINGS];
    list_text_settings(plan, texts);
    for (size_t i = 0; i < N_TEXT_SETTINGS; i++)
        PT_TRY(check_text(texts[i].name, texts[i].value, err));
    PT_TRY(check_text("caption_column", plan->options.caption_column, err));
    return check_text("split", plan->options.split, err);
}

/* Settings that are only written where they are given. */
static bool add_given_settings(json_t *settings, const pt_plan *plan) {
    const patina_generate_options *o = &plan->options;
    text_setting texts[N_TEXT_SETTINGS];
    list_text_settings(plan, texts);
    int n_failed = 0;
    for (size_t i = 0; i < N_TEXT_SETTINGS; i++)
        if (texts[i].value)
            n_failed += json_object_set_new(settings, texts[i].name, json_string(texts[i].value));
    if (o->with_id) n_failed += json_object_set_new(settings, "with_id", json_true());
    if (o->fingerprint) n_failed += json_object_set_new(settings, "fingerprint", json_true());
    if (o->max_captions != MAX_CAPTIONS_DEFAULT)
        n_failed += json_object_set_new(settings, "max_captions",
                                        json_integer((json_int_t)o->max_captions));
    if (o->windows > 1)
        n_failed += json_object_set_new(settings, "windows", json_integer(o->windows));
    if (o->level_jitter_db > 0.0)
        n_failed += json_object_set_new(settings, "level_jitter_db", json_real(o->level_jitter_db));
    return n_failed == 0;
}

/* The settings that can change a byte of the output, as JSON. The entry timeout is not one of them:
 * it concerns files that cannot be read. */
static char *settings_json(const pt_plan *plan, const patina_effect_config *effect_config,
                           const char *corpora_json) {
    const patina_generate_options *o = &plan->options;
    char *config_text = patina_effect_config_to_json(effect_config), *text = NULL;
    json_t *config_object = config_text ? pt_json_load_text(config_text, 0, NULL) : NULL;
    json_t *settings = json_pack(
        "{s:I, s:I, s:s, s:s, s:s, s:f, s:s, s:s, s:I, s:I, s:s?, s:o, s:o}", "seed",
        (json_int_t)o->seed, "variants", (json_int_t)o->variants, "order",
        pt_effect_order_names[o->order], "captions", pt_caption_mode_names[o->captions], "loudness",
        pt_loudness_source_names[o->loudness], "purity_cap", o->purity_cap, "format",
        pt_row_writer_backends[o->format]->name, "precision", patina_precision_name(o->precision),
        "chunk", (json_int_t)o->chunk, "limit", (json_int_t)o->limit, "caption_column",
        o->caption_column, "split", splits_json(&plan->splits), "suite", config_object);
    if (settings && add_given_settings(settings, plan) &&
        (!corpora_json ||
         json_object_set_new(settings, "corpora", pt_json_load_text(corpora_json, 0, NULL)) == 0))
        text = pt_json_dump(settings, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(settings);
    free(config_text);
    return text;
}

/* The SHA-256 of a small file that is a setting. */
static patina_status hash_file(const char *path, char hash[PT_SHA256_HEX_SIZE], patina_error *err) {
    pt_sha256 state;
    char *text = NULL;
    size_t n = 0;
    PT_TRY(pt_file_read_all(path, (size_t)1 << 30, &text, &n, err));
    pt_sha256_init(&state);
    pt_sha256_update(&state, text, n);
    pt_sha256_finish(&state, hash);
    free(text);
    return PATINA_OK;
}

/* Lists the corpora with their options. */
static patina_status list_corpora(pt_plan *plan, patina_error *err) {
    const patina_generate_options *o = &plan->options;
    pt_corpus_options defaults = {.audio_root = o->audio_root,
                                  .kind = o->corpus_kind,
                                  .caption_column = o->caption_column,
                                  .file_column = o->file_column,
                                  .id_column = o->id_column,
                                  .start_column = o->start_column,
                                  .end_column = o->end_column,
                                  .caption_template = o->caption_template,
                                  .header = o->header,
                                  .source_split = o->source_split,
                                  .split_column =
                                      plan->split_key == PT_SPLIT_KEY_COLUMN ? o->split_key : NULL,
                                  .max_captions = o->max_captions,
                                  .filter = &plan->filter,
                                  .skip_unreadable = o->skip_unreadable,
                                  .exclude = o->exclude};
    pt_corpus_specs *specs = &plan->corpora;
    pt_strbuf label = {0};

    PT_TRY(pt_delimiter_parse(o->delimiter, &defaults.delimiter, err));
    if (o->corpora_file && (o->corpus || o->n_corpora > 0))
        return pt_fail(err, PATINA_EUSAGE, "a corpus and a file of corpora exclude each other");
    if (o->corpora_file) PT_TRY(pt_corpus_specs_read(specs, o->corpora_file, err));
    for (size_t i = 0; i < specs->n; i++) {
        char *path = NULL;
        PT_TRY(pt_dataset_path_resolve(o->hub_cache, specs->spec[i].path, &path, err));
        free(specs->spec[i].path);
        specs->spec[i].path = path;
    }
    for (size_t i = 0; i < o->n_corpora; i++)
        PT_TRY(pt_corpus_specs_add(specs, o->corpora[i], err));
    if (specs->n == 0) PT_TRY(pt_corpus_specs_add(specs, o->corpus, err));
    PT_TRY(pt_corpus_specs_finish(specs, &defaults, err));
    pt_strbuf_append(&label, specs->spec[0].path);
    if (specs->n > 1) pt_strbuf_printf(&label, " and %zu more", specs->n - 1);
    plan->corpus_label = pt_strbuf_detach(&label);
    return plan->corpus_label ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

patina_status pt_plan_resolve_options(pt_plan *plan, const patina_generate_options *options,
                                      const patina_effect_config *effect_config,
                                      patina_error *err) {
    patina_generate_options *o = &plan->options;
    char *corpora_json = NULL;
    pt_sha256 hash;

    PT_TRY(apply_defaults(options, o, err));
    PT_TRY(check_texts(plan, err));
    const patina_status split_status = pt_splits_parse(o->split, &plan->splits, err);
    if (split_status == PATINA_EUSAGE) pt_error_add_context(err, "option '--split'");
    PT_TRY(split_status);
    PT_TRY(pt_filter_expr_parse(o->filter, PT_FILTER_OPTION, &plan->filter, err));
    PT_TRY(pt_filter_expr_parse(o->require, "require", &plan->require, err));
    PT_TRY(pt_audio_filter_check_fields(&plan->require, err));
    plan->split_key = pt_split_key_parse(o->split_key);
    if (o->split_key && plan->splits.n_splits < 2)
        return pt_fail(err, PATINA_EUSAGE,
                       "option '--split-key': needs splits, as in '--split train=0.9,test=0.1'");
    PT_TRY(list_corpora(plan, err));
    if (o->exclude) PT_TRY(hash_file(o->exclude, plan->exclude_hash, err));
    PT_TRY(pt_corpus_specs_to_json(&plan->corpora, &corpora_json, err));
    plan->settings = settings_json(plan, effect_config, corpora_json);
    free(corpora_json);
    if (!plan->settings) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pt_sha256_init(&hash);
    pt_sha256_update_string(&hash, plan->settings);
    pt_sha256_finish(&hash, plan->settings_hash);
    return PATINA_OK;
}

/* The seconds of the recording that the list names; without any, older runs have the same hash. */
typedef struct named_segment {
    double start_s, end_s;
} named_segment;

static named_segment segment_of(const pt_entry *entry) {
    return (named_segment){entry->has_start ? entry->start_s : -1.0,
                           entry->has_end ? entry->end_s : -1.0};
}

static void hash_entry(pt_sha256 *hash, const pt_entry *entry) {
    const named_segment segment = segment_of(entry);
    pt_sha256_update_string(hash, entry->id ? entry->id : "");
    for (size_t i = 0; i < entry->n_captions; i++)
        pt_sha256_update_string(hash, entry->captions[i].text ? entry->captions[i].text : "");
    if (entry->has_start || entry->has_end) pt_sha256_update(hash, &segment, sizeof segment);
    pt_sha256_update_string(hash, ""); /* separates the lists of two entries */
}

/* 64-bit hash of what hash_entry adds. Memory is 8 bytes for each entry. */
static uint64_t short_hash(const pt_entry *entry) {
    const named_segment segment = segment_of(entry);
    uint64_t hash = entry->id ? pt_fnv1a64(entry->id, strlen(entry->id)) : 1;
    hash ^= pt_fnv1a64(&segment, sizeof segment);
    for (size_t i = 0; i < entry->n_captions; i++) {
        const pt_caption *c = &entry->captions[i];
        const char *text = c->text ? c->text : c->dropped; /* as without audio */
        hash = hash * 0x9E3779B97F4A7C15U + (text ? pt_fnv1a64(text, strlen(text)) : 1);
    }
    return hash;
}

static patina_status remember_entry(pt_plan *plan, const pt_entry *entry, patina_error *err) {
    if (plan->n_entries == plan->entry_capacity) {
        const size_t capacity = plan->entry_capacity ? 2 * plan->entry_capacity : 1024;
        uint64_t *grown = realloc(plan->entry_hashes, capacity * sizeof *grown);
        if (!grown) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        plan->entry_hashes = grown;
        plan->entry_capacity = capacity;
    }
    plan->entry_hashes[plan->n_entries] = short_hash(entry);
    return PATINA_OK;
}

patina_status pt_plan_check_entry(const pt_plan *plan, uint64_t index, const pt_entry *entry,
                                  patina_error *err) {
    if (index >= plan->n_entries || plan->entry_hashes[index] == short_hash(entry))
        return PATINA_OK;
    return pt_fail(
        err, PATINA_EFORMAT,
        "corpus '%s': entry %" PRIu64 " ('%s') has changed since the run started; run the "
        "same command again, and if the corpus has really changed, name another folder with "
        "'--out'",
        plan->corpus_label, index + 1, entry->id ? entry->id : entry->source);
}

/* The reason for which an entry is rejected, as far as the list shows it. */
static patina_status listed_reason(const pt_entry *entry) {
    size_t n_good = 0, n_filtered = 0;
    if (!entry->id || entry->status == PATINA_REJECT_EXCLUDED) return entry->status;
    for (size_t i = 0; i < entry->n_captions; i++) {
        n_good += entry->captions[i].text != NULL;
        n_filtered += entry->captions[i].reason == PATINA_REJECT_FILTERED;
    }
    if (n_good == 0) return n_filtered > 0 ? PATINA_REJECT_FILTERED : PATINA_REJECT_BAD_CAPTION;
    return entry->status;
}

/* The same, if the audio file does not exist too. */
static patina_status reject_reason(const pt_entry *entry) {
    const patina_status status = listed_reason(entry);
    if (status != PATINA_OK) return status;
    return entry->path && access(entry->path, F_OK) != 0 && pt_errno_is_missing(errno)
               ? PATINA_REJECT_MISSING
               : PATINA_OK;
}

static void count_rejected(pt_plan *plan, const pt_entry *entry) {
    const patina_status status = listed_reason(entry);
    plan->n_rejected[status == PATINA_OK ? 0 : status - PATINA_REJECT_FIRST]++; /* captions */
}

/* Remembers whether the first entries of a corpus are all rejected for one reason. */
static void check_first_entries(pt_first_entries *first, const pt_entry *entry) {
    if (first->n == 0) {
        const char *fault = entry->fault;
        first->reason = reject_reason(entry);
        if (!fault && entry->n_captions > 0) fault = entry->captions[0].fault;
        if (fault)
            snprintf(first->fault, sizeof first->fault, "%s%s",
                     first->reason == PATINA_REJECT_BAD_CAPTION && !entry->fault
                         ? "its caption is invalid: "
                         : "",
                     fault);
    } else if (first->n < PT_FIRST_ENTRIES && first->reason != PATINA_OK &&
               reject_reason(entry) != first->reason) {
        first->reason = PATINA_OK;
    }
    first->n++;
}

/* The option that rejects entries for this reason; "": none does. */
static const char *option_of_reason(patina_status reason) {
    return reason == PATINA_REJECT_FILTERED      ? "filter"
           : reason == PATINA_REJECT_LOW_QUALITY ? "require"
           : reason == PATINA_REJECT_EXCLUDED    ? "exclude"
                                                 : "";
}

patina_status pt_plan_fail_all_rejected(const pt_first_entries *first, const char *label,
                                        const char *hint, patina_error *err) {
    const uint64_t n = first->n < PT_FIRST_ENTRIES ? first->n : (uint64_t)PT_FIRST_ENTRIES;
    const char *option = option_of_reason(first->reason);
    return pt_fail(err, PATINA_EFORMAT,
                   "corpus '%s': %s (%" PRIu64 ") are rejected as %s%s%s%s%s%s%s; '--keep-going' "
                   "overrides this",
                   label, n < first->n ? "the first entries" : "all entries", n,
                   patina_status_name(first->reason), first->fault[0] ? ", the first because " : "",
                   first->fault, *option ? "; change '--" : "", option, *option ? "'" : "",
                   hint ? hint : "");
}

static patina_status check_first(const pt_first_entries *first, const char *path, pt_corpus *corpus,
                                 patina_error *err) {
    pt_strbuf hint = {0};

    if (first->reason == PATINA_OK) return PATINA_OK;
    if (first->reason == PATINA_REJECT_MISSING)
        pt_corpus_describe_audio(corpus, &hint);
    else if (first->reason == PATINA_REJECT_BAD_CAPTION)
        pt_corpus_describe_captions(corpus, &hint);
    pt_plan_fail_all_rejected(first, path, hint.failed ? NULL : hint.text, err);
    pt_strbuf_release(&hint);
    return PATINA_EFORMAT;
}

/* No entry of any corpus gives a row, for several reasons. */
static patina_status fail_no_rows(const pt_plan *plan, patina_error *err) {
    pt_strbuf reasons = {0};
    for (int i = 0; i < PATINA_REJECT_COUNT; i++)
        if (plan->n_rejected[i] > 0)
            pt_strbuf_printf(&reasons, "%s%" PRIu64 " %s", reasons.length > 0 ? ", " : ": ",
                             plan->n_rejected[i],
                             patina_status_name((patina_status)(PATINA_REJECT_FIRST + i)));
    pt_fail(err, PATINA_EFORMAT,
            "corpus '%s': none of %" PRIu64 " entries gives a row%s; '--keep-going' overrides this",
            plan->corpus_label, plan->n_entries,
            reasons.failed || !reasons.text ? "" : reasons.text);
    pt_strbuf_release(&reasons);
    return PATINA_EFORMAT;
}

static uint64_t max_rows(const pt_plan *plan, const pt_entry *entry) {
    uint64_t n = 0;
    size_t first, last;
    pt_rows_select_captions(plan->options.captions, plan->options.seed, entry, false, &first,
                            &last);
    for (size_t i = first; i < last; i++)
        n += entry->captions[i].text != NULL;
    return n * plan->options.variants * plan->options.windows;
}

/* Counts an entry and adds its rows to those of its chunk. Chunks beyond PT_CHUNKS_MAX are only
 * counted: the plan fails. */
static patina_status count_entry(pt_plan *plan, const pt_entry *entry, patina_error *err) {
    PT_TRY(remember_entry(plan, entry, err));
    const uint64_t index = plan->n_entries++, chunk = index / plan->options.chunk;
    const uint64_t n_rows = max_rows(plan, entry);

    plan->n_rows_max += n_rows;
    if (n_rows == 0) count_rejected(plan, entry);
    if (chunk >= PT_CHUNKS_MAX) return PATINA_OK;
    if (index % plan->options.chunk == 0) {
        if ((chunk & (chunk - 1)) == 0) { /* full: 0, 1, 2, 4 ... */
            uint64_t *grown = realloc(plan->chunk_rows,
                                      (size_t)(chunk ? 2 * chunk : 1) * sizeof *plan->chunk_rows);
            if (!grown) return pt_fail(err, PATINA_ENOMEM, "out of memory");
            plan->chunk_rows = grown;
        }
        plan->chunk_rows[chunk] = 0;
    }
    plan->chunk_rows[chunk] += n_rows;
    return PATINA_OK;
}

/* Checks each corpus that --limit did not cut off. */
static patina_status check_corpora(const pt_plan *plan, pt_corpus_set *set, bool end,
                                   patina_error *err) {
    for (size_t i = 0; i < plan->corpora.n && !plan->options.keep_going; i++) {
        const char *path = plan->corpora.spec[i].path;
        if (end && pt_corpus_set_is_empty(set, i))
            return pt_fail(err, PATINA_EFORMAT, "corpus '%s' has no entries", path);
        if (plan->first[i].n > 0)
            PT_TRY(check_first(&plan->first[i], path, pt_corpus_set_at(set, i), err));
    }
    if (plan->n_rows_max == 0 && !plan->options.keep_going) return fail_no_rows(plan, err);
    return PATINA_OK;
}

/* Reads the entries up to the limit; *end is set where the corpora end before it. */
static patina_status scan_entries(pt_plan *plan, pt_corpus_set *set, pt_sha256 *hash,
                                  const patina_atomic_bool *stop, bool *end, patina_error *err) {
    const uint64_t limit = plan->options.limit;
    patina_status status = PATINA_OK;

    while (status == PATINA_OK && !*end && (limit == 0 || plan->n_entries < limit)) {
        pt_entry entry = {0};
        size_t index = 0;
        status = stop && atomic_load_explicit(stop, memory_order_relaxed)
                     ? pt_fail(err, PATINA_ECANCELLED, "stopped on request")
                     : pt_corpus_set_next(set, false, &entry, &index, end, err);
        if (status == PATINA_OK && !*end) {
            check_first_entries(&plan->first[index], &entry);
            hash_entry(hash, &entry);
            plan->has_absolute_ids |= entry.id && entry.id[0] == '/';
            status = count_entry(plan, &entry, err);
        }
        pt_entry_release(&entry);
    }
    return status;
}

patina_status pt_plan_scan_corpus(pt_plan *plan, const patina_atomic_bool *stop,
                                  patina_error *err) {
    pt_corpus_set *set = NULL;
    pt_strbuf kinds = {0};
    pt_sha256 hash;
    bool end = false;
    patina_status status = pt_corpus_set_open(&plan->corpora, plan->options.seed, &set, err);

    if (status != PATINA_OK) return status;
    pt_sha256_init(&hash);
    plan->first = calloc(plan->corpora.n, sizeof *plan->first);
    if (!plan->first) status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK) status = scan_entries(plan, set, &hash, stop, &end, err);
    if (status == PATINA_ETEMPORARY)
        status = PATINA_EIO; /* no chunk is left in which to continue */
    if (status == PATINA_OK) status = check_corpora(plan, set, end, err);
    if (status == PATINA_OK) {
        pt_sha256_finish(&hash, plan->corpus_hash);
        plan->n_chunks = (plan->n_entries + plan->options.chunk - 1) / plan->options.chunk;
        if (plan->n_chunks > PT_CHUNKS_MAX)
            status = pt_fail(err, PATINA_EUSAGE,
                             "%" PRIu64 " entries make %" PRIu64 " chunks of %" PRIu64
                             ", more than %" PRIu64 "; set larger chunks with '--chunk'",
                             plan->n_entries, plan->n_chunks, plan->options.chunk, PT_CHUNKS_MAX);
    }
    if (status == PATINA_OK) {
        pt_corpus_set_describe_kinds(set, &kinds);
        plan->corpus_kind = pt_strbuf_detach(&kinds);
        if (!plan->corpus_kind) status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    if (status == PATINA_OK)
        plan->scanned = set;
    else
        pt_corpus_set_close(&set);
    return status;
}

bool pt_plan_owns_chunk(const pt_plan *plan, uint64_t chunk) {
    const patina_generate_options *o = &plan->options;
    return o->n_shards == 0 || chunk % o->n_shards == o->shard;
}

uint64_t pt_plan_chunk_entries(const pt_plan *plan, uint64_t chunk) {
    const uint64_t size = plan->options.chunk, rest = plan->n_entries - chunk * size;
    return rest < size ? rest : size;
}

void pt_plan_release(pt_plan *plan) {
    pt_corpus_set_close(&plan->scanned);
    pt_corpus_specs_release(&plan->corpora);
    free(plan->corpus_label);
    free(plan->first);
    pt_filter_expr_release(&plan->filter);
    pt_filter_expr_release(&plan->require);
    free(plan->split);
    free(plan->settings);
    free(plan->corpus_kind);
    free(plan->chunk_rows);
    free(plan->entry_hashes);
    *plan = (pt_plan){0};
}

/* A row, its line of provenance and its row of the provenance table, of data sets of a few thousand
 * rows, rounded up. */
double pt_plan_row_bytes(const pt_plan *plan) {
    return plan->options.format == PATINA_FORMAT_PARQUET ? 6400.0 : 18200.0;
}

double pt_plan_journal_bytes(const pt_plan *plan, uint64_t n_rows) {
    const uint64_t n_shards = plan->options.n_shards > 0 ? plan->options.n_shards : 1;
    uint64_t n_open = 0; /* rows of the largest chunk, for each shard */
    for (uint64_t c = 0; c < plan->n_chunks; c++)
        if (plan->chunk_rows[c] > n_open) n_open = plan->chunk_rows[c];
    n_open = n_open < n_rows / n_shards ? n_open * n_shards : n_rows;
    return (double)n_open * JOURNAL_ROW_BYTES;
}
