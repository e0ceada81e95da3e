/* SPDX-License-Identifier: MIT */
/* plan.c - options -> settings -> a first pass over the corpus -> chunks */

#include "pipeline/plan.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "dataset/card.h"
#include "dataset/sink.h"
#include "pipeline/ordered.h"
#include "pipeline/rows.h"

#define CHUNK_ROWS   2000 /* what a part file holds when every entry has one caption */
#define VARIANTS_MAX 65536
#define SHARDS_MAX   1000000

static const char *const order_names[] = {"physical", "random"};
static const char *const captions_names[] = {"all", "first", "random"};
static const char *const loudness_names[] = {"source", "mix"};

/* The options with every default written out. */
static pt_status complete(const pt_generate_options *given, pt_generate_options *o, pt_error *err) {
    *o = *given;
    if (!o->corpus || !o->model || !o->out)
        return pt_fail(err, PT_EUSAGE, "a corpus, a model and an output folder are needed");
    if (o->seed > PT_SEED_MAX)
        return pt_fail(err, PT_EUSAGE, "seed %" PRIu64 " is over %" PRId64, o->seed, PT_SEED_MAX);
    if (o->variants > VARIANTS_MAX)
        return pt_fail(err, PT_EUSAGE, "%" PRIu32 " variants are over %d", o->variants,
                       VARIANTS_MAX);
    PT_TRY(pt_threads_choose(given->threads, &o->threads, err));
    if (o->n_shards > SHARDS_MAX)
        return pt_fail(err, PT_EUSAGE, "%" PRIu64 " shards are over %d", o->n_shards, SHARDS_MAX);
    if (o->n_shards > 0 && o->shard >= o->n_shards)
        return pt_fail(err, PT_EUSAGE,
                       "shard %" PRIu64 " of %" PRIu64 ": shards are counted from 0", o->shard,
                       o->n_shards);
    if (o->variants == 0) o->variants = 1;
    if (o->chunk == 0) o->chunk = o->variants < CHUNK_ROWS ? CHUNK_ROWS / o->variants : 1;
    if (o->keep_every == 0) o->keep_every = 1;
    return PT_OK;
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

/* What can change a byte of the output. How long an entry may take is left out: it matters to files
 * that cannot be read anyway. */
static char *settings_json(const pt_plan *plan, const pt_suite *suite) {
    const pt_generate_options *o = &plan->options;
    char *suite_text = pt_suite_print(suite), *text = NULL;
    json_t *suite_object = suite_text ? json_loads(suite_text, 0, NULL) : NULL;
    json_t *settings = json_pack(
        "{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s?, s:o, s:o}", "seed",
        (json_int_t)o->seed, "variants", (json_int_t)o->variants, "order", order_names[o->order],
        "captions", captions_names[o->captions], "loudness", loudness_names[o->loudness], "format",
        pt_sink_kinds[o->format]->name, "precision", pt_precision_name(o->precision), "chunk",
        (json_int_t)o->chunk, "limit", (json_int_t)o->limit, "caption_column", o->caption_column,
        "split", splits_json(&plan->splits), "suite", suite_object);
    if (settings) text = json_dumps(settings, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(settings);
    free(suite_text);
    return text;
}

pt_status pt_plan_options(pt_plan *plan, const pt_generate_options *options, const pt_suite *suite,
                          pt_error *err) {
    pt_generate_options *o = &plan->options;
    pt_sha256 hash;

    PT_TRY(complete(options, o, err));
    PT_TRY(pt_splits_parse(o->split, &plan->splits, err));
    plan->corpus = (pt_corpus_options){
        .audio_root = o->audio_root, .kind = o->corpus_kind, .caption_column = o->caption_column};
    plan->settings = settings_json(plan, suite);
    if (!plan->settings) return pt_fail(err, PT_ENOMEM, "out of memory");
    pt_sha256_init(&hash);
    pt_sha256_add_string(&hash, plan->settings);
    pt_sha256_finish(&hash, plan->settings_hash);
    return PT_OK;
}

static void hash_entry(pt_sha256 *hash, const pt_entry *entry) {
    pt_sha256_add_string(hash, entry->id ? entry->id : "");
    for (size_t i = 0; i < entry->n_captions; i++)
        pt_sha256_add_string(hash, entry->captions[i].text ? entry->captions[i].text : "");
    pt_sha256_add_string(hash, ""); /* so that no two lists run together */
}

static uint64_t rows_most(const pt_plan *plan, const pt_entry *entry) {
    uint64_t n = 0;
    size_t first, last;
    pt_rows_captions(plan->options.captions, plan->options.seed, entry, false, &first, &last);
    for (size_t i = first; i < last; i++)
        n += entry->captions[i].text != NULL;
    return n * plan->options.variants;
}

/* Counts an entry; its chunk's rows get a place when the chunk begins, in a table that doubles. Of
 * more chunks than there can be, only the number is told. */
static pt_status count_entry(pt_plan *plan, const pt_entry *entry, pt_error *err) {
    const uint64_t index = plan->n_entries++, chunk = index / plan->options.chunk;
    const uint64_t n_rows = rows_most(plan, entry);

    plan->n_rows_most += n_rows;
    if (chunk >= PT_CHUNKS_MAX) return PT_OK;
    if (index % plan->options.chunk == 0) {
        if ((chunk & (chunk - 1)) == 0) { /* full: 0, 1, 2, 4 ... */
            uint64_t *grown = realloc(plan->chunk_rows,
                                      (size_t)(chunk ? 2 * chunk : 1) * sizeof *plan->chunk_rows);
            if (!grown) return pt_fail(err, PT_ENOMEM, "out of memory");
            plan->chunk_rows = grown;
        }
        plan->chunk_rows[chunk] = 0;
    }
    plan->chunk_rows[chunk] += n_rows;
    return PT_OK;
}

pt_status pt_plan_corpus(pt_plan *plan, const atomic_bool *stop, pt_error *err) {
    const uint64_t limit = plan->options.limit;
    pt_corpus *corpus = NULL;
    pt_sha256 hash;
    bool end = false;
    pt_status status = pt_corpus_open(plan->options.corpus, &plan->corpus, &corpus, err);

    if (status != PT_OK) return status;
    pt_sha256_init(&hash);
    while (status == PT_OK && !end && (limit == 0 || plan->n_entries < limit)) {
        pt_entry entry = {0};
        status = stop && atomic_load_explicit(stop, memory_order_relaxed)
                     ? pt_fail(err, PT_ECANCELLED, "stopped on request")
                     : pt_corpus_next(corpus, false, &entry, &end, err);
        if (status == PT_OK && !end) {
            hash_entry(&hash, &entry);
            status = count_entry(plan, &entry, err);
        }
        pt_entry_release(&entry);
    }
    if (status == PT_OK) {
        pt_sha256_finish(&hash, plan->corpus_hash);
        plan->n_chunks = (plan->n_entries + plan->options.chunk - 1) / plan->options.chunk;
        if (plan->n_chunks > PT_CHUNKS_MAX)
            status = pt_fail(err, PT_EUSAGE,
                             "%" PRIu64 " entries are %" PRIu64 " chunks of %" PRIu64
                             ", over %" PRIu64 "; ask for larger ones with '--chunk'",
                             plan->n_entries, plan->n_chunks, plan->options.chunk, PT_CHUNKS_MAX);
    }
    if (status == PT_OK) {
        plan->corpus_kind = strdup(pt_corpus_kind(corpus));
        if (!plan->corpus_kind) status = pt_fail(err, PT_ENOMEM, "out of memory");
    }
    pt_corpus_close(&corpus);
    return status;
}

bool pt_plan_is_ours(const pt_plan *plan, uint64_t chunk) {
    const pt_generate_options *o = &plan->options;
    return o->n_shards == 0 || chunk % o->n_shards == o->shard;
}

uint64_t pt_plan_chunk_entries(const pt_plan *plan, uint64_t chunk) {
    const uint64_t size = plan->options.chunk, rest = plan->n_entries - chunk * size;
    return rest < size ? rest : size;
}

void pt_plan_release(pt_plan *plan) {
    free(plan->settings);
    free(plan->corpus_kind);
    free(plan->chunk_rows);
    *plan = (pt_plan){0};
}
