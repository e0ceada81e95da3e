/* SPDX-License-Identifier: MIT */
/* statistics.c - statistics of a set in one pass
 *
 *     row         -> scalar targets (stored), levels (histograms), embeddings (sums)
 *     provenance  -> chain -> counts of effects, 2-D histograms
 *     both        -> subsample of rows
 */

#include "report/statistics.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json_dump.h"
#include "base/json_load.h"
#include "dataset/schema.h"
#include "degrade/effect_chain.h"
#include "report/dataset_json.h"
#include "report/quality_stats.h"
#include "report/recording_stats.h"

/* The column has purity rounded to float. */
#define PURITY_TOLERANCE_DB 1e-3

#define PT_SCALARS_MAX 8 /* targets that are one number; list_scalars checks it */

typedef struct accumulator {
    const pt_dataset_reader *reader;
    patina_inspection *stats;
    pt_report_statistics *page; /* or NULL */
    pt_sound_list *sounds;      /* or NULL */
    pt_float_array *value;      /* [stats->n_scalars] */
    pt_quality_stats quality;
    pt_level_histogram band[PATINA_LTAS_BANDS], octave[PATINA_OCTAVE_COUNT];
    uint32_t *counts; /* of all level histograms */
    pt_recordings recordings;
    uint16_t *corpus_of_row; /* index + 1 in stats->corpus, 0 if the row names none */
    size_t capacity;         /* of corpus_of_row */
    double sum[2][PATINA_EMBEDDING_SIZE], norm_sum[2], cosine_sum;
    uint64_t n_rows;
} accumulator;

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* ---------------------------------------------------------------- columns */

/* Third octave j is bands 2j and 2j + 1; an octave is three third octaves, the lowest, 16 Hz, only
 * its upper two. */
static size_t octave_of_band(size_t b) {
    return (b / 2 + 1) / 3;
}

static void add_ltas(accumulator *g, const pt_row *row) {
    double power[PATINA_OCTAVE_COUNT] = {0.0};
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        const double level = row->target_ltas[b];
        pt_level_histogram_add(&g->band[b], level);
        if (level > PATINA_LTAS_FLOOR) /* an absurd level must not become infinite */
            power[octave_of_band(b)] += pow(10.0, fmin(level, 3000.0) / 10.0);
    }
    for (size_t o = 0; o < PATINA_OCTAVE_COUNT; o++)
        pt_level_histogram_add(&g->octave[o],
                               power[o] > 0.0 ? 10.0 * log10(power[o]) : (double)PATINA_LTAS_FLOOR);
}

static void add_norm(patina_embedding_stats *f, double *sum, double norm, bool first) {
    f->norm_min = first ? norm : fmin(f->norm_min, norm);
    f->norm_max = first ? norm : fmax(f->norm_max, norm);
    *sum += norm;
}

static void add_embeddings(accumulator *g, const pt_row *row) {
    const float *text = row->fused_state, *audio = text + PATINA_EMBEDDING_SIZE;
    double square[2] = {0.0}, product = 0.0;
    for (size_t d = 0; d < PATINA_EMBEDDING_SIZE; d++) {
        square[0] += (double)text[d] * text[d];
        square[1] += (double)audio[d] * audio[d];
        product += (double)text[d] * audio[d];
    }
    const double norm[2] = {sqrt(square[0]), sqrt(square[1])};
    add_norm(&g->stats->text, &g->norm_sum[0], norm[0], g->n_rows == 0);
    add_norm(&g->stats->audio, &g->norm_sum[1], norm[1], g->n_rows == 0);
    if (!(norm[0] > 0.0 && norm[1] > 0.0)) return;
    g->cosine_sum += product / (norm[0] * norm[1]);
    for (size_t d = 0; d < PATINA_EMBEDDING_SIZE; d++) {
        g->sum[0][d] += text[d] / norm[0];
        g->sum[1][d] += audio[d] / norm[1];
    }
}

static patina_status add_columns(accumulator *g, const pt_row *row, patina_error *err) {
    size_t s = 0;
    for (const pt_column *column = pt_columns; column < pt_columns + PT_N_COLUMNS; column++) {
        const float *values = pt_column_values(column, row);
        for (size_t i = 0; i < column->n_described; i++) {
            if (!column->value[i].title) continue;
            patina_scalar *scalar = &g->stats->scalar[s];
            scalar->n_at_floor += (double)values[i] <= scalar->floor;
            scalar->n_at_cap += (double)values[i] >= scalar->cap;
            PT_TRY(pt_float_array_append(&g->value[s++], values[i], err));
        }
    }
    add_ltas(g, row);
    add_embeddings(g, row);
    return PATINA_OK;
}

/* ---------------------------------------------------------------- provenance */

static size_t effect_index(const pt_effect *effect) {
    size_t e = 0;
    while (pt_effects[e] != effect)
        e++;
    return e;
}

static unsigned count_effects(accumulator *g, const patina_effect_chain *chain) {
    patina_inspection *stats = g->stats;
    unsigned set = 0;
    for (size_t s = 0; s < chain->n_stages; s++)
        set |= 1U << effect_index(chain->stage[s].effect);
    stats->n_chain[set]++;
    for (size_t a = 0; a < PT_EFFECT_COUNT; a++) {
        if (!(set >> a & 1U)) continue;
        stats->n_with[a]++;
        for (size_t b = 0; b < PT_EFFECT_COUNT; b++)
            stats->n_with_both[a * PT_EFFECT_COUNT + b] += set >> b & 1U;
    }
    return set;
}

static size_t bin_index(double share, size_t n) {
    const double at = floor(share * (double)n);
    return at >= (double)n ? n - 1 : at > 0.0 ? (size_t)at : 0;
}

static void add_to_histograms2d(pt_report_statistics *page, const patina_effect_chain *chain,
                                unsigned set, double purity) {
    unsigned dirty = 0; /* effects that lower purity */
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
        if (pt_effects[e]->effect_class != PT_EFFECT_FILTER) dirty |= set & 1U << e;
    const size_t up = bin_index((purity - PATINA_PURITY_MIN) /
                                    (PT_HISTOGRAM2D_Y_WIDTH_DB * PT_HISTOGRAM2D_Y_BINS),
                                PT_HISTOGRAM2D_Y_BINS);
    for (size_t s = 0; s < chain->n_stages; s++) {
        const pt_stage *stage = &chain->stage[s];
        const size_t e = effect_index(stage->effect);
        pt_histogram2d *grid = &page->grid[e];
        const double v = stage->effect->severity_value(stage);
        const double share = grid->primary->distribution == PT_DIST_LOG_UNIFORM
                                 ? log(v / grid->low) / log(grid->high / grid->low)
                                 : (v - grid->low) / (grid->high - grid->low);
        const size_t across =
            bin_index(share, PT_HISTOGRAM2D_X_BINS); /* NaN: a range of one value */
        grid->all[across][up]++;
        if (!(dirty & ~(1U << e))) grid->alone[across][up]++;
    }
}

static patina_status add_entry(pt_report_statistics *page, const char *entry, float purity,
                               patina_error *err) {
    PT_TRY(pt_float_array_append(&page->purity, purity, err));
    if (page->n_hashes < page->purity.capacity) {
        uint64_t *grown = realloc(page->entry_hash, page->purity.capacity * sizeof *grown);
        if (!grown) return out_of_memory(err);
        page->entry_hash = grown;
        page->n_hashes = page->purity.capacity;
    }
    page->entry_hash[page->purity.n - 1] = pt_fnv1a64(entry, strlen(entry));
    return PATINA_OK;
}

/* Index of the split of the row. Parts are sorted by name, so those of a split are adjacent. */
static size_t find_split(const accumulator *g) {
    size_t s = g->stats->n_splits - 1;
    while (strcmp(g->stats->split[s].name, g->reader->part[g->reader->part_index].split) != 0)
        s--;
    return s;
}

static void release_listed(pt_listed_row *listed) {
    free(listed->caption);
    free(listed->source);
    *listed = (pt_listed_row){0};
}

/* When the list is full, every second row is dropped and the stride is doubled. */
static patina_status list_row(accumulator *g, const json_t *line, unsigned effects,
                              patina_error *err) {
    pt_report_statistics *page = g->page;
    const char *caption = json_string_value(json_object_get(line, "caption"));
    const char *source = json_string_value(json_object_get(line, "source"));

    if (page->listed_stride == 0) page->listed_stride = 1;
    if (g->n_rows % page->listed_stride != 0) return PATINA_OK;
    if (page->n_listed == PT_LISTED_ROWS_MAX) {
        for (size_t i = 0; i < PT_LISTED_ROWS_MAX; i++) {
            if (i % 2 == 1) {
                release_listed(&page->listed[i]);
            } else if (i > 0) {
                page->listed[i / 2] = page->listed[i];
                page->listed[i] = (pt_listed_row){0};
            }
        }
        page->n_listed = PT_LISTED_ROWS_MAX / 2;
        page->listed_stride *= 2;
        if (g->n_rows % page->listed_stride != 0) return PATINA_OK;
    }
    pt_listed_row *listed = &page->listed[page->n_listed++];
    *listed = (pt_listed_row){.row = g->n_rows, .split = find_split(g), .effects = effects};
    listed->caption = strdup(caption ? caption : "");
    listed->source = strdup(source ? source : "");
    return listed->caption && listed->source ? PATINA_OK : out_of_memory(err);
}

static patina_status add_recording(accumulator *g, const json_t *line, patina_error *err) {
    float values[PT_SCALARS_MAX];
    const char *source = json_string_value(json_object_get(line, "source"));
    for (size_t s = 0; s < g->stats->n_scalars; s++)
        values[s] = g->value[s].value[g->n_rows];
    return pt_recordings_add(&g->recordings,
                             source ? source : json_string_value(json_object_get(line, "entry")),
                             json_string_value(json_object_get(line, "caption")), values, err);
}

/* Rows of a corpus are adjacent in a split, so the search begins at the last one that was found. */
static patina_status find_corpus(accumulator *g, const char *name, size_t *found,
                                 patina_error *err) {
    patina_inspection *stats = g->stats;
    const size_t last = *found > 0 ? *found - 1 : 0;
    for (size_t i = 0; i < stats->n_corpora; i++) {
        const size_t at = (last + i) % stats->n_corpora;
        if (strcmp(stats->corpus[at].name, name) == 0) {
            *found = at + 1;
            return PATINA_OK;
        }
    }
    if (stats->n_corpora == UINT16_MAX)
        return pt_fail(err, PATINA_EFORMAT, "the rows name more than %d corpora", UINT16_MAX);
    patina_corpus_stats *grown =
        realloc(stats->corpus, (stats->n_corpora + 1) * sizeof *stats->corpus);
    if (!grown) return out_of_memory(err);
    stats->corpus = grown;
    stats->corpus[stats->n_corpora] = (patina_corpus_stats){.name = strdup(name)};
    *found = ++stats->n_corpora;
    return grown[*found - 1].name ? PATINA_OK : out_of_memory(err);
}

static patina_status add_corpus(accumulator *g, const json_t *line, patina_error *err) {
    const char *name = json_string_value(json_object_get(line, "corpus"));
    size_t found = g->n_rows > 0 ? g->corpus_of_row[g->n_rows - 1] : 0;
    if (g->n_rows == g->capacity) {
        const size_t larger = g->capacity ? 2 * g->capacity : 1024;
        uint16_t *grown = realloc(g->corpus_of_row, larger * sizeof *grown);
        if (!grown) return out_of_memory(err);
        g->corpus_of_row = grown;
        g->capacity = larger;
    }
    if (name)
        PT_TRY(find_corpus(g, name, &found, err));
    else
        found = 0;
    g->corpus_of_row[g->n_rows] = (uint16_t)found;
    if (found > 0) g->stats->corpus[found - 1].n_rows++;
    return PATINA_OK;
}

static patina_status add_provenance_json(accumulator *g, const pt_row *row, const json_t *line,
                                         patina_error *err) {
    const json_t *purity = json_object_get(line, "purity_db");
    const json_t *entry = json_object_get(line, "entry");
    patina_effect_chain chain = {0};
    const patina_status status =
        pt_effect_chain_from_json_value(json_object_get(line, "chain"), &chain, err);
    if (status != PATINA_OK) pt_error_add_context(err, "chain");
    PT_TRY(status);
    if (!json_is_number(purity) || !json_is_string(entry))
        return pt_fail(err, PATINA_EFORMAT, "member '%s' is absent",
                       json_is_string(entry) ? "purity_db" : "entry");
    if (!(fabs(json_number_value(purity) - (double)row->input_purity) < PURITY_TOLERANCE_DB))
        return pt_fail(err, PATINA_EFORMAT,
                       "purity_db is %.4f, but input_purity of the row is %.4f: they are from "
                       "different runs",
                       json_number_value(purity), (double)row->input_purity);
    PT_TRY(pt_quality_stats_add(&g->quality, line, g->stats, err));
    const unsigned set = count_effects(g, &chain);
    PT_TRY(add_recording(g, line, err));
    PT_TRY(add_corpus(g, line, err));
    if (g->sounds) PT_TRY(pt_sound_list_add(g->sounds, g->n_rows, find_split(g), row, line, err));
    if (!g->page) return PATINA_OK;
    add_to_histograms2d(g->page, &chain, set, row->input_purity);
    PT_TRY(list_row(g, line, set, err));
    return add_entry(g->page, json_string_value(entry), row->input_purity, err);
}

static patina_status add_provenance(accumulator *g, const pt_row *row, const char *text,
                                    patina_error *err) {
    json_error_t where;
    json_t *line = pt_json_load_text(text, 0, &where);
    patina_status status = line ? add_provenance_json(g, row, line, err)
                                : pt_json_fail(err, "column %d: %s", where.column, where.text);
    if (status != PATINA_OK)
        pt_error_add_context(err, "file '%s': line %" PRIu64,
                             g->reader->part[g->reader->part_index].provenance,
                             g->reader->row_in_part);
    json_decref(line);
    return status;
}

/* ---------------------------------------------------------------- subsample */

static patina_status subsample_open(pt_row_subsample *subsample, patina_error *err) {
    subsample->stride = 1;
    subsample->fused = malloc(PT_ROW_SUBSAMPLE_MAX * sizeof *subsample->fused);
    subsample->purity = malloc(PT_ROW_SUBSAMPLE_MAX * sizeof *subsample->purity);
    return subsample->fused && subsample->purity ? PATINA_OK : out_of_memory(err);
}

/* When it is full, every second row is dropped and the stride is doubled. */
static void subsample_add(pt_row_subsample *subsample, uint64_t n, const pt_row *row) {
    if (n % subsample->stride != 0) return;
    if (subsample->n == PT_ROW_SUBSAMPLE_MAX) {
        for (size_t i = 1; 2 * i < PT_ROW_SUBSAMPLE_MAX; i++) {
            memcpy(subsample->fused[i], subsample->fused[2 * i], sizeof *subsample->fused);
            subsample->purity[i] = subsample->purity[2 * i];
        }
        subsample->n = (PT_ROW_SUBSAMPLE_MAX + 1) / 2;
        subsample->stride *= 2;
        if (n % subsample->stride != 0) return;
    }
    memcpy(subsample->fused[subsample->n], row->fused_state, sizeof *subsample->fused);
    subsample->purity[subsample->n++] = row->input_purity;
}

/* ---------------------------------------------------------------- the whole */

static patina_status allocate_counts(patina_inspection *stats, patina_error *err) {
    stats->n_columns = PT_N_COLUMNS;
    stats->n_effects = PT_EFFECT_COUNT;
    stats->n_effect_sets = (size_t)1 << PT_EFFECT_COUNT;
    stats->column = calloc(stats->n_columns, sizeof *stats->column);
    stats->effect = calloc(stats->n_effects, sizeof *stats->effect);
    stats->n_with = calloc(stats->n_effects, sizeof *stats->n_with);
    stats->n_with_both = calloc(stats->n_effects * stats->n_effects, sizeof *stats->n_with_both);
    stats->n_chain = calloc(stats->n_effect_sets, sizeof *stats->n_chain);
    return stats->column && stats->effect && stats->n_with && stats->n_with_both && stats->n_chain
               ? PATINA_OK
               : out_of_memory(err);
}

/* One scalar for each value of a column that has a title. */
static patina_status list_scalars(accumulator *g, patina_error *err) {
    patina_inspection *stats = g->stats;
    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        for (size_t i = 0; i < pt_columns[c].n_described; i++)
            stats->n_scalars += pt_columns[c].value[i].title != NULL;
    stats->scalar = calloc(stats->n_scalars, sizeof *stats->scalar);
    g->value = calloc(stats->n_scalars, sizeof *g->value);
    assert(stats->n_scalars <= PT_SCALARS_MAX);
    stats->correlation = calloc(stats->n_scalars * stats->n_scalars, sizeof *stats->correlation);
    if (!stats->scalar || !g->value || !stats->correlation) return out_of_memory(err);

    patina_scalar *scalar = stats->scalar;
    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        for (size_t i = 0; i < pt_columns[c].n_described; i++) {
            const pt_column_value *value = &pt_columns[c].value[i];
            if (!value->title) continue;
            *scalar = (patina_scalar){.title = value->title,
                                      .unit = value->unit,
                                      .decimals = value->decimals,
                                      .floor = value->min,
                                      .cap = c == PT_COLUMN_input_purity ? stats->purity_cap
                                                                         : (double)value->max};
            if (pt_columns[c].n_values > 1)
                snprintf(scalar->column, sizeof scalar->column, "%s[%zu]", pt_columns[c].name, i);
            else
                snprintf(scalar->column, sizeof scalar->column, "%s", pt_columns[c].name);
            scalar++;
        }
    return PATINA_OK;
}

static patina_status accumulator_open(accumulator *g, const patina_effect_config *config,
                                      patina_error *err) {
    g->counts = calloc((PATINA_LTAS_BANDS + PATINA_OCTAVE_COUNT) * (size_t)PT_LEVEL_BIN_COUNT,
                       sizeof *g->counts);
    if (!g->counts) return out_of_memory(err);
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        g->band[b].count = g->counts + b * PT_LEVEL_BIN_COUNT;
    for (size_t o = 0; o < PATINA_OCTAVE_COUNT; o++)
        g->octave[o].count = g->counts + (PATINA_LTAS_BANDS + o) * PT_LEVEL_BIN_COUNT;
    PT_TRY(allocate_counts(g->stats, err));
    PT_TRY(list_scalars(g, err));
    PT_TRY(pt_recordings_open(&g->recordings, g->stats->n_scalars, err));
    PT_TRY(pt_quality_stats_open(g->stats, err));
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        char *meaning = pt_column_describe(&pt_columns[c], g->stats->purity_cap);
        g->stats->column[c] = (patina_column_info){pt_columns[c].name, pt_columns[c].unit, meaning,
                                                   pt_columns[c].n_values};
        if (!meaning) return out_of_memory(err);
    }
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        const pt_effect *effect = pt_effects[e];
        const double *range = config->setting[e][effect->primary];
        g->stats->effect[e] = effect->name;
        if (g->page)
            g->page->grid[e] = (pt_histogram2d){
                .primary = &effect->setting[effect->primary], .low = range[0], .high = range[1]};
    }
    return g->page ? subsample_open(&g->page->subsample, err) : PATINA_OK;
}

static patina_status add_all_rows(accumulator *g, pt_dataset_reader *reader, patina_error *err) {
    pt_row row;
    const char *line = NULL;
    bool end = false;
    for (;;) {
        PT_TRY(pt_dataset_reader_next(reader, &row, &line, &end, err));
        if (end) return PATINA_OK;
        PT_TRY(add_columns(g, &row, err));
        PT_TRY(add_provenance(g, &row, line, err));
        if (g->page) subsample_add(&g->page->subsample, g->n_rows, &row);
        g->n_rows++;
        g->stats->split[find_split(g)].n_rows++;
    }
}

static patina_status list_splits(patina_inspection *stats, const pt_dataset_reader *reader,
                                 patina_error *err) {
    stats->split = calloc(reader->n_parts + 1, sizeof *stats->split);
    if (!stats->split) return out_of_memory(err);
    for (size_t i = 0; i < reader->n_parts; i++) {
        const pt_dataset_reader_part *part = &reader->part[i];
        patina_split_stats *split = &stats->split[stats->n_splits];
        if (stats->n_splits > 0 && strcmp(split[-1].name, part->split) == 0)
            split--;
        else if (!(stats->split[stats->n_splits++].name = strdup(part->split)))
            return out_of_memory(err);
        split->n_parts++;
        split->n_bytes += part->n_bytes;
        stats->n_bytes += part->n_bytes;
    }
    stats->n_parts = reader->n_parts;
    return PATINA_OK;
}

static double square_of_mean(const double *sum, double n) {
    double square = 0.0;
    for (size_t d = 0; d < PATINA_EMBEDDING_SIZE; d++)
        square += sum[d] / n * (sum[d] / n);
    return square;
}

/* Of the scalars; before they are sorted. */
static void correlate(const accumulator *g) {
    const size_t n_scalars = g->stats->n_scalars;
    double mean[PT_SCALARS_MAX] = {0.0}, square[PT_SCALARS_MAX][PT_SCALARS_MAX] = {{0.0}};
    const double n = (double)g->n_rows;

    for (size_t s = 0; s < n_scalars; s++)
        for (size_t i = 0; i < g->n_rows; i++)
            mean[s] += g->value[s].value[i] / n;
    for (size_t a = 0; a < n_scalars; a++)
        for (size_t b = 0; b < n_scalars; b++)
            for (size_t i = 0; i < g->n_rows; i++)
                square[a][b] += (g->value[a].value[i] - mean[a]) * (g->value[b].value[i] - mean[b]);
    for (size_t a = 0; a < n_scalars; a++)
        for (size_t b = 0; b < n_scalars; b++) {
            const double scale = sqrt(square[a][a] * square[b][b]);
            g->stats->correlation[a * n_scalars + b] = scale > 0.0 ? square[a][b] / scale : 0.0;
        }
}

/* Quantiles of the scalars [n_scalars] of rows first to end - 1, of one corpus (from 1) or of all
 * (0). NULL: out of memory. */
static patina_quantiles *describe_rows(const accumulator *g, uint64_t first, uint64_t end,
                                       size_t corpus, float *sorted) {
    patina_quantiles *quantiles = calloc(g->stats->n_scalars, sizeof *quantiles);
    for (size_t s = 0; quantiles && s < g->stats->n_scalars; s++) {
        size_t n = 0;
        for (uint64_t i = first; i < end; i++)
            if (corpus == 0 || g->corpus_of_row[i] == corpus) sorted[n++] = g->value[s].value[i];
        pt_floats_sort(sorted, n);
        pt_quantiles_from_sorted(sorted, n, &quantiles[s]);
    }
    return quantiles;
}

/* Splits and corpora. Before the scalars are sorted. */
static patina_status describe_groups(const accumulator *g, patina_error *err) {
    const patina_inspection *stats = g->stats;
    float *sorted = malloc((g->n_rows + 1) * sizeof *sorted);
    uint64_t first = 0;
    bool is_complete = sorted != NULL;

    for (size_t i = 0; is_complete && i < stats->n_splits; i++) {
        patina_split_stats *split = &stats->split[i]; /* its rows are adjacent */
        split->scalar = describe_rows(g, first, first + split->n_rows, 0, sorted);
        is_complete = split->scalar != NULL;
        first += split->n_rows;
    }
    for (size_t i = 0; is_complete && i < stats->n_corpora; i++) {
        stats->corpus[i].scalar = describe_rows(g, 0, g->n_rows, i + 1, sorted);
        is_complete = stats->corpus[i].scalar != NULL;
    }
    free(sorted);
    return is_complete ? PATINA_OK : out_of_memory(err);
}

/* A copy of the scalars in the order of the rows, for the page. */
static patina_status keep_values(const accumulator *g, patina_error *err) {
    pt_report_statistics *page = g->page;
    page->value = calloc(g->stats->n_scalars, sizeof *page->value);
    if (!page->value) return out_of_memory(err);
    page->n_scalars = g->stats->n_scalars;
    for (size_t s = 0; s < page->n_scalars; s++)
        for (size_t i = 0; i < g->n_rows; i++)
            PT_TRY(pt_float_array_append(&page->value[s], g->value[s].value[i], err));
    return PATINA_OK;
}

static void finish_statistics(accumulator *g) {
    patina_inspection *stats = g->stats;
    stats->n_rows = g->n_rows;
    pt_recordings_finish(&g->recordings, stats);
    for (size_t s = 0; s < stats->n_scalars; s++) {
        const pt_float_array *values = &g->value[s];
        pt_floats_sort(values->value, values->n);
        pt_quantiles_from_sorted(values->value, values->n, &stats->scalar[s].quantiles);
        pt_histogram_from_sorted(values->value, values->n, &stats->scalar[s].histogram);
    }
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        pt_quantiles_from_level_histogram(&g->band[b], &stats->band[b]);
    for (size_t o = 0; o < PATINA_OCTAVE_COUNT; o++)
        pt_quantiles_from_level_histogram(&g->octave[o], &stats->octave[o]);
    pt_quality_stats_finish(&g->quality, stats);
    if (g->n_rows == 0) return;
    const double n = (double)g->n_rows;
    stats->text.norm_mean = g->norm_sum[0] / n;
    stats->audio.norm_mean = g->norm_sum[1] / n;
    stats->text.mean_cosine = square_of_mean(g->sum[0], n);
    stats->audio.mean_cosine = square_of_mean(g->sum[1], n);
    stats->text_audio_cosine = g->cosine_sum / n;
}

patina_status pt_statistics_compute(pt_dataset_reader *reader, const patina_effect_config *config,
                                    patina_inspection *stats, pt_report_statistics *page,
                                    pt_sound_list *sounds, patina_error *err) {
    accumulator *g = calloc(1, sizeof *g);
    if (!g) return out_of_memory(err);
    g->reader = reader;
    g->stats = stats;
    g->page = page;
    g->sounds = sounds;
    patina_status status =
        pt_dataset_json_read(reader->dataset_json, reader->dataset_json_text, stats, err);
    if (status == PATINA_OK) status = list_splits(stats, reader, err);
    if (status == PATINA_OK) status = accumulator_open(g, config, err);
    if (status == PATINA_OK) status = add_all_rows(g, reader, err);
    if (status == PATINA_OK) correlate(g);
    if (status == PATINA_OK) status = describe_groups(g, err);
    if (status == PATINA_OK && page) status = keep_values(g, err);
    if (status == PATINA_OK) finish_statistics(g);
    pt_recordings_release(&g->recordings);
    for (size_t s = 0; g->value && s < stats->n_scalars; s++)
        pt_float_array_release(&g->value[s]);
    pt_quality_stats_release(&g->quality);
    free(g->value);
    free(g->corpus_of_row);
    free(g->counts);
    free(g);
    return status;
}

void pt_statistics_release(patina_inspection *stats) {
    free(stats->dataset_json);
    pt_key_values_release(stats->run, stats->n_run);
    pt_key_values_release(stats->settings, stats->n_settings);
    pt_key_values_release(stats->model, stats->n_model);
    pt_key_values_release(stats->rejects, stats->n_rejects);
    pt_sound_pairs_release(stats->sound_pair, stats->n_sound_pairs);
    for (size_t i = 0; i < stats->n_splits; i++) {
        free(stats->split[i].name);
        free(stats->split[i].scalar);
    }
    for (size_t i = 0; i < stats->n_corpora; i++) {
        free(stats->corpus[i].name);
        free(stats->corpus[i].scalar);
    }
    free(stats->corpus);
    free(stats->correlation);
    free(stats->split);
    free(stats->scalar);
    free(stats->quality);
    free(stats->codec);
    for (size_t c = 0; stats->column && c < stats->n_columns; c++)
        free(stats->column[c].meaning);
    free(stats->column);
    free(stats->effect);
    free(stats->n_with);
    free(stats->n_with_both);
    free(stats->n_chain);
    *stats = (patina_inspection){0};
}

void pt_report_statistics_release(pt_report_statistics *page) {
    free(page->subsample.fused);
    free(page->subsample.purity);
    free(page->entry_hash);
    for (size_t s = 0; s < page->n_scalars; s++)
        pt_float_array_release(&page->value[s]);
    free(page->value);
    for (size_t i = 0; i < page->n_listed; i++)
        release_listed(&page->listed[i]);
    pt_float_array_release(&page->purity);
    *page = (pt_report_statistics){0};
}

patina_status pt_dataset_reader_open_effect_config(const pt_dataset_reader *reader,
                                                   patina_effect_config **config,
                                                   patina_error *err) {
    const json_t *theirs =
        json_object_get(json_object_get(reader->dataset_json, "settings"), "suite");
    char *text = json_is_object(theirs) ? pt_json_dump(theirs, JSON_REAL_PRECISION(17)) : NULL;
    if (json_is_object(theirs) && !text) return out_of_memory(err);
    patina_status status = text ? patina_effect_config_open(text, config, err) : PATINA_EFORMAT;
    if (status != PATINA_OK && status != PATINA_ENOMEM)
        status = patina_effect_config_open(NULL, config, err);
    free(text);
    return status;
}
