/* SPDX-License-Identifier: MIT */
/* sample.c - a dozen rows and their sounds */

#include "report/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/provenance.h>

#include "audio/excerpt.h"
#include "degrade/chain.h"

static pt_status out_of_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

/* ---------------------------------------------------------------- choosing */

/* A row as it is sorted: by purity, then by place. */
typedef struct candidate {
    float purity;
    uint32_t unused; /* padding, set so that rows compare by what is in them */
    uint64_t row;
} candidate;

static int purest_first(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->purity != y->purity) return x->purity < y->purity ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool is_taken(const pt_page_figures *page, const uint64_t *rows, size_t n, uint64_t row) {
    for (size_t i = 0; i < n; i++)
        if (page->entry_hash[rows[i]] == page->entry_hash[row]) return true;
    return false;
}

/* The candidate nearest to the middle of first .. last - 1 whose entry is not there yet; the middle
 * itself where all are. */
static uint64_t choose_one(const pt_page_figures *page, const candidate *sorted, size_t first,
                           size_t last, const uint64_t *rows, size_t n) {
    const size_t middle = (first + last) / 2;
    for (size_t off = 0; off <= last - first; off++) {
        if (middle >= first + off && !is_taken(page, rows, n, sorted[middle - off].row))
            return sorted[middle - off].row;
        if (middle + off < last && !is_taken(page, rows, n, sorted[middle + off].row))
            return sorted[middle + off].row;
    }
    return sorted[middle].row;
}

size_t pt_samples_choose(const pt_page_figures *page, uint64_t rows[PT_SAMPLES]) {
    const size_t n = page->purity.n, wanted = n < PT_SAMPLES ? n : PT_SAMPLES;
    candidate *sorted = calloc(n + 1, sizeof *sorted);
    if (!sorted) return 0;
    for (size_t i = 0; i < n; i++)
        sorted[i] = (candidate){.purity = page->purity.value[i], .row = i};
    qsort(sorted, n, sizeof *sorted, purest_first);
    for (size_t i = 0; i < wanted; i++)
        rows[i] = choose_one(page, sorted, i * n / wanted, (i + 1) * n / wanted, rows, i);
    free(sorted);
    return wanted;
}

/* ---------------------------------------------------------------- reading */

static int by_row(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* line is the sample's from now on. */
static pt_status fill(pt_sample *sample, uint64_t row, char *line, pt_error *err) {
    pt_chain chain = {0};
    sample->row = row;
    sample->line = line;
    sample->json = json_loads(line, 0, NULL);
    const json_t *of = sample->json; /* the figures were made of it: it is as it should be */
    sample->entry = json_string_value(json_object_get(of, "entry"));
    sample->source = json_string_value(json_object_get(of, "source"));
    sample->caption = json_string_value(json_object_get(of, "caption"));
    sample->purity_db = json_number_value(json_object_get(of, "purity_db"));
    if (!sample->entry) return pt_fail(err, PT_EFORMAT, "the set changes while it is read");
    PT_TRY(pt_chain_read(json_object_get(of, "chain"), &chain, err));
    sample->words = pt_chain_tell(&chain);
    return sample->words ? PT_OK : out_of_memory(err);
}

pt_status pt_samples_read(const char *out, const uint64_t *rows, size_t n, pt_samples *samples,
                          pt_error *err) {
    pt_set set = {0};
    uint64_t sorted[PT_SAMPLES];
    char *lines[PT_SAMPLES] = {NULL};
    memcpy(sorted, rows, n * sizeof *rows);
    qsort(sorted, n, sizeof *sorted, by_row);

    pt_status status = pt_set_open(out, &set, err);
    if (status == PT_OK) status = pt_set_lines(&set, sorted, n, lines, err);
    for (size_t i = 0; i < n && status == PT_OK; i++) {
        size_t k = 0;
        while (sorted[k] != rows[i])
            k++;
        samples->n_samples++;
        status = fill(&samples->sample[i], rows[i], lines[k], err);
        lines[k] = NULL;
    }
    for (size_t k = 0; k < n; k++)
        free(lines[k]);
    pt_set_release(&set);
    return status;
}

void pt_samples_release(pt_samples *samples) {
    for (size_t i = 0; i < samples->n_samples; i++) {
        free(samples->sample[i].line);
        free(samples->sample[i].words);
        json_decref(samples->sample[i].json);
    }
    for (size_t i = 0; i < samples->n_recordings; i++)
        pt_entry_release(&samples->recording[i]);
    *samples = (pt_samples){0};
}

/* ---------------------------------------------------------------- recordings */

static const pt_entry *recording_of(const pt_samples *samples, const char *id) {
    for (size_t i = 0; i < samples->n_recordings; i++)
        if (strcmp(samples->recording[i].id, id) == 0) return &samples->recording[i];
    return NULL;
}

/* Whether a sample wants this entry, and has none yet: generate took the first of an id as well. */
static bool is_wanted(const pt_samples *samples, const char *id) {
    if (!id || recording_of(samples, id)) return false;
    for (size_t i = 0; i < samples->n_samples; i++)
        if (strcmp(samples->sample[i].entry, id) == 0) return true;
    return false;
}

/* Numbers of the entries that hold their audio themselves. */
typedef struct held_places {
    uint64_t at[PT_SAMPLES];
    size_t n;
} held_places;

/*
 * One walk through the corpus. Where entries hold their audio themselves, reading it for all of
 * them would be waste: the first walk notes which ones are wanted, and the second reads those.
 */
static pt_status walk(const pt_report_options *options, pt_samples *samples, held_places *places,
                      bool second, pt_error *err) {
    const pt_corpus_options how = {.audio_root = options->audio_root};
    pt_corpus *corpus = NULL;
    bool end = false;
    size_t next = 0;
    PT_TRY(pt_corpus_open(options->corpus, &how, &corpus, err));
    pt_status status = PT_OK;
    for (uint64_t i = 0; status == PT_OK && !end && !(second && next == places->n); i++) {
        pt_entry entry = {0};
        const bool due = second && places->at[next] == i;
        status = pt_corpus_next(corpus, due, &entry, &end, err);
        if (status == PT_OK && !end && is_wanted(samples, entry.id)) {
            if (entry.path || due) {
                samples->recording[samples->n_recordings++] = entry;
                entry = (pt_entry){0};
            } else if (!second && places->n < PT_SAMPLES) {
                places->at[places->n++] = i;
            }
        }
        next += due;
        pt_entry_release(&entry);
    }
    pt_corpus_close(&corpus);
    return status;
}

pt_status pt_samples_find(const pt_report_options *options, pt_samples *samples, pt_error *err) {
    held_places places = {.n = 0};
    if (!options->corpus) return PT_OK;
    PT_TRY(walk(options, samples, &places, false, err));
    return places.n > 0 ? walk(options, samples, &places, true, err) : PT_OK;
}

/* A source below the root. One that is absolute is none of patina's, and stays below it too. */
static pt_status open_source(const char *root, const char *source, pt_bytes *bytes, pt_error *err) {
    char *path = NULL;
    if (!root) return pt_fail(err, PT_REJECT_MISSING, "the corpus has no such entry");
    if (!source) return pt_fail(err, PT_REJECT_MISSING, "its provenance names no source");
    if (asprintf(&path, "%s/%s", root, source) < 0) return out_of_memory(err);
    const pt_status status = pt_bytes_open_file(path, bytes, err);
    if (status == PT_REJECT_MISSING)
        pt_fail(err, status, "there is no file '%s' below the audio root", source);
    free(path);
    return status;
}

pt_status pt_sample_replay(const pt_samples *samples, size_t i, const char *audio_root,
                           const pt_suite *suite, const float **pristine, const float **degraded,
                           size_t *n, pt_arena *arena, pt_error *err) {
    const pt_sample *sample = &samples->sample[i];
    const pt_entry *recording = recording_of(samples, sample->entry);
    pt_bytes bytes = {0};
    pt_recipe recipe = {0};
    pt_chain *chain = NULL;
    pt_excerpt excerpt;
    float *made = NULL;

    pt_status status = pt_recipe_parse(sample->line, &recipe, err);
    if (status != PT_OK) return status;
    status = recording ? pt_entry_open(recording, &bytes, err)
                       : open_source(audio_root, sample->source, &bytes, err);
    if (status == PT_OK) status = pt_excerpt_again(&bytes, &recipe.window, &excerpt, arena, err);
    if (status == PT_OK) status = pt_chain_parse(recipe.chain_json, &chain, err);
    if (status == PT_OK && !(made = pt_arena_take_array(arena, excerpt.n_mix, sizeof *made)))
        status = out_of_memory(err);
    if (status == PT_OK)
        status = pt_chain_apply(suite, chain, recipe.seed, recipe.entry, recipe.variant,
                                excerpt.mix, excerpt.n_mix, made, NULL, arena, err);
    if (status == PT_OK) {
        *pristine = excerpt.mix;
        *degraded = made;
        *n = excerpt.n_mix;
    }
    pt_chain_close(&chain);
    pt_recipe_release(&recipe);
    pt_bytes_release(&bytes);
    return status;
}
