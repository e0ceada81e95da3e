/* SPDX-License-Identifier: MIT */
/* examples.c - selects the samples of the report and restores their audio */

#include "report/examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/provenance.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json_load.h"
#include "degrade/effect_chain.h"
#include "pipeline/degrade_request.h"

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* ---------------------------------------------------------------- selection */

/* The sort key of a row: purity, then index. */
typedef struct candidate {
    float purity;
    uint64_t row;
} candidate;

static int compare_by_purity(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->purity != y->purity) return x->purity < y->purity ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool is_entry_selected(const pt_report_statistics *page, const uint64_t *rows, size_t n,
                              uint64_t row) {
    for (size_t i = 0; i < n; i++)
        if (page->entry_hash[rows[i]] == page->entry_hash[row]) return true;
    return false;
}

/* The candidate nearest to the middle of first .. last - 1 whose entry is not selected yet; the
 * middle itself if all are. */
static uint64_t select_nearest(const pt_report_statistics *page, const candidate *sorted,
                               size_t first, size_t last, const uint64_t *rows, size_t n) {
    const size_t middle = (first + last) / 2;
    for (size_t off = 0; off <= last - first; off++) {
        if (middle >= first + off && !is_entry_selected(page, rows, n, sorted[middle - off].row))
            return sorted[middle - off].row;
        if (middle + off < last && !is_entry_selected(page, rows, n, sorted[middle + off].row))
            return sorted[middle + off].row;
    }
    return sorted[middle].row;
}

patina_status pt_examples_select(const pt_report_statistics *page, uint64_t rows[PT_EXAMPLES_MAX],
                                 size_t *n_rows, patina_error *err) {
    const size_t n = page->purity.n, wanted = n < PT_EXAMPLES_MAX ? n : PT_EXAMPLES_MAX;
    candidate *sorted = calloc(n + 1, sizeof *sorted);
    if (!sorted) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        sorted[i] = (candidate){.purity = page->purity.value[i], .row = i};
    qsort(sorted, n, sizeof *sorted, compare_by_purity);
    for (size_t i = 0; i < wanted; i++)
        rows[i] = select_nearest(page, sorted, i * n / wanted, (i + 1) * n / wanted, rows, i);
    free(sorted);
    *n_rows = wanted;
    return PATINA_OK;
}

/* ---------------------------------------------------------------- reading */

static int compare_rows(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Takes ownership of line. */
static patina_status fill_example(pt_example *example, uint64_t row, char *line,
                                  patina_error *err) {
    patina_effect_chain chain = {0};
    example->row = row;
    example->line = line;
    example->json = pt_json_load_text(line, 0, NULL);
    const json_t *of = example->json; /* valid: pt_statistics_compute has read it */
    example->entry = json_string_value(json_object_get(of, "entry"));
    example->source = json_string_value(json_object_get(of, "source"));
    example->caption = json_string_value(json_object_get(of, "caption"));
    example->purity_db = json_number_value(json_object_get(of, "purity_db"));
    if (!example->entry) return pt_json_fail(err, "the set changed while it was read");
    PT_TRY(pt_effect_chain_from_json_value(json_object_get(of, "chain"), &chain, err));
    example->words = patina_effect_chain_describe(&chain);
    return example->words ? PATINA_OK : out_of_memory(err);
}

patina_status pt_examples_read(const char *out, const uint64_t *rows, size_t n,
                               pt_examples *examples, patina_error *err) {
    pt_dataset_reader reader = {0};
    uint64_t sorted[PT_EXAMPLES_MAX];
    char *lines[PT_EXAMPLES_MAX] = {NULL};
    memcpy(sorted, rows, n * sizeof *rows);
    qsort(sorted, n, sizeof *sorted, compare_rows);

    patina_status status = pt_dataset_reader_open(out, &reader, err);
    if (status == PATINA_OK)
        status = pt_dataset_reader_read_provenance(&reader, sorted, n, lines, err);
    for (size_t i = 0; i < n && status == PATINA_OK; i++) {
        size_t k = 0;
        while (sorted[k] != rows[i])
            k++;
        examples->n_samples++;
        status = fill_example(&examples->example[i], rows[i], lines[k], err);
        lines[k] = NULL;
    }
    for (size_t k = 0; k < n; k++)
        free(lines[k]);
    pt_dataset_reader_release(&reader);
    return status;
}

void pt_examples_release(pt_examples *examples) {
    for (size_t i = 0; i < examples->n_samples; i++) {
        free(examples->example[i].line);
        free(examples->example[i].words);
        json_decref(examples->example[i].json);
    }
    for (size_t i = 0; i < examples->n_recordings; i++)
        pt_entry_release(&examples->recording[i]);
    *examples = (pt_examples){0};
}

/* ---------------------------------------------------------------- recordings */

static const pt_entry *find_recording(const pt_examples *examples, const char *id) {
    for (size_t i = 0; i < examples->n_recordings; i++)
        if (strcmp(examples->recording[i].id, id) == 0) return &examples->recording[i];
    return NULL;
}

/* Whether a sample has this id and no recording yet; generate also takes the first entry of an
 * id. */
static bool is_wanted(const pt_examples *examples, const char *id) {
    if (!id || find_recording(examples, id)) return false;
    for (size_t i = 0; i < examples->n_samples; i++)
        if (strcmp(examples->example[i].entry, id) == 0) return true;
    return false;
}

/* Indices of wanted entries with embedded audio (shards, Parquet). */
typedef struct embedded_audio_indices {
    uint64_t at[PT_EXAMPLES_MAX];
    size_t n;
} embedded_audio_indices;

/* One pass over the corpus. Embedded audio is not loaded in the first pass, which only records the
 * indices of the wanted entries; the second pass loads those. */
static patina_status scan_corpus(const patina_report_options *options, pt_examples *examples,
                                 embedded_audio_indices *embedded, bool second, patina_error *err) {
    const pt_corpus_options how = {.audio_root = options->audio_root};
    pt_corpus *corpus = NULL;
    bool end = false;
    size_t next = 0;
    PT_TRY(pt_corpus_open(options->corpus, &how, &corpus, err));
    patina_status status = PATINA_OK;
    for (uint64_t i = 0; status == PATINA_OK && !end && !(second && next == embedded->n); i++) {
        pt_entry entry = {0};
        const bool load_audio = second && embedded->at[next] == i;
        status = pt_corpus_next(corpus, load_audio, &entry, &end, err);
        if (status == PATINA_OK && !end && is_wanted(examples, entry.id)) {
            if (entry.path || load_audio) {
                examples->recording[examples->n_recordings++] = entry;
                entry = (pt_entry){0};
            } else if (!second && embedded->n < PT_EXAMPLES_MAX) {
                embedded->at[embedded->n++] = i;
            }
        }
        next += load_audio;
        pt_entry_release(&entry);
    }
    pt_corpus_close(&corpus);
    return status;
}

patina_status pt_examples_find_recordings(const patina_report_options *options,
                                          pt_examples *examples, patina_error *err) {
    embedded_audio_indices embedded = {.n = 0};
    if (!options->corpus) return PATINA_OK;
    PT_TRY(scan_corpus(options, examples, &embedded, false, err));
    return embedded.n > 0 ? scan_corpus(options, examples, &embedded, true, err) : PATINA_OK;
}

/* Opens a source below the root. An absolute path is taken as relative, so it stays below the
 * root. */
static patina_status open_source_file(const char *root, const char *source, pt_byte_source *bytes,
                                      patina_error *err) {
    char *path = NULL;
    if (!root) return pt_fail(err, PATINA_REJECT_MISSING, "the corpus does not have this entry");
    if (!source) return pt_fail(err, PATINA_REJECT_MISSING, "its provenance names no source");
    if (asprintf(&path, "%s/%s", root, source) < 0) return out_of_memory(err);
    const patina_status status = pt_byte_source_open_file(path, bytes, err);
    if (status == PATINA_REJECT_MISSING)
        pt_fail(err, status, "file '%s' does not exist below the audio root", source);
    free(path);
    return status;
}

/* Decodes and degrades the recording. Whatever a decoder reports, a failed read is a fault of the
 * machine. */
static patina_status replay(const pt_entry *recording, const char *source, const char *audio_root,
                            const patina_recipe *recipe, const patina_effect_config *config,
                            pt_segment *pristine, patina_degraded *degraded, pt_arena *arena,
                            patina_error *err) {
    const pt_degrade_request request = pt_degrade_request_from_recipe(recipe);
    pt_byte_source bytes = {0};
    pt_byte_fault fault = {0};
    PT_TRY(recording ? pt_entry_open(recording, &bytes, err)
                     : open_source_file(audio_root, source, &bytes, err));
    bytes.fault = &fault;
    patina_status status = pt_segment_decode(
        &bytes, pt_degrade_request_segment_spec(&request, NULL), pristine, arena, err);
    pt_byte_source_close(&bytes);
    if (fault.error != 0 || fault.has_shrunk)
        status = pt_fail(err, PATINA_EIO, "'%s': cannot be read: %s", source ? source : "",
                         fault.error ? strerrordesc_np(fault.error) : "the file became shorter");
    if (status == PATINA_OK)
        status = pt_degrade_request_run(&request, config, pristine, degraded, arena, err);
    if (status == PATINA_OK && recipe->level_gain_db != 0.0) /* heard beside the degraded sound */
        status = pt_segment_change_level(pristine, recipe->level_gain_db, pristine, arena, err);
    if (status != PATINA_OK) patina_degraded_release(degraded);
    return status;
}

patina_status pt_example_replay(const pt_examples *examples, size_t i, const char *audio_root,
                                const patina_effect_config *config, pt_segment *pristine,
                                patina_degraded *degraded, pt_arena *arena, patina_error *err) {
    const pt_example *example = &examples->example[i];
    const pt_entry *recording = find_recording(examples, example->entry);
    patina_recipe recipe = {0};

    PT_TRY(patina_recipe_from_json(example->line, &recipe, err));
    const patina_status first = replay(recording, example->source, audio_root, &recipe, config,
                                       pristine, degraded, arena, err);
    patina_status status = first;
    /* Decoders report these for their own out-of-memory errors, too. */
    if (first == PATINA_REJECT_UNDECODABLE || first == PATINA_REJECT_TRUNCATED)
        status = replay(recording, example->source, audio_root, &recipe, config, pristine, degraded,
                        arena, err);
    patina_recipe_release(&recipe);
    return status;
}
