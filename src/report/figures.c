/* SPDX-License-Identifier: MIT */
/* figures.c - the one pass
 *
 *     row  -> values (kept), levels (counted in steps), embeddings (summed)
 *     line -> chain -> effects, grids
 *     both -> every stride-th row, whole
 */

#include "report/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "dataset/schema.h"
#include "degrade/chain.h"
#include "report/facts.h"

_Static_assert(PT_N_EFFECTS == PT_EFFECTS && PT_COLUMNS == PT_N_COLUMNS,
               "the public header counts them too");

/* Purity is rounded to float on its way into a column. */
#define PURITY_SLACK_DB 1e-3

typedef struct gather {
    const pt_set *set;
    pt_inspection *shown;
    pt_page_figures *page; /* or NULL */
    pt_values value[PT_SCALARS];
    pt_levels band[PT_LTAS_BANDS], octave[PT_OCTAVES];
    uint32_t *counts; /* of all levels */
    double sum[2][PT_EMBEDDING], norm_sum[2], cosine_sum;
    uint64_t n_rows;
} gather;

static pt_status out_of_memory(pt_error *err) {
    return pt_fail(err, PT_ENOMEM, "out of memory");
}

/* ---------------------------------------------------------------- columns */

/* Third octave j holds bands 2j and 2j + 1, and octave o has three of them; of the first, 16 Hz,
 * the bands begin with the second. */
static size_t octave_of_band(size_t b) {
    return (b / 2 + 1) / 3;
}

static void take_ltas(gather *g, const pt_row *row) {
    double power[PT_OCTAVES] = {0.0};
    for (size_t b = 0; b < PT_LTAS_BANDS; b++) {
        const double level = row->target_ltas[b];
        pt_levels_add(&g->band[b], level);
        if (level > PT_LTAS_FLOOR) /* a level out of all reason must not become infinite */
            power[octave_of_band(b)] += pow(10.0, fmin(level, 3000.0) / 10.0);
    }
    for (size_t o = 0; o < PT_OCTAVES; o++)
        pt_levels_add(&g->octave[o],
                      power[o] > 0.0 ? 10.0 * log10(power[o]) : (double)PT_LTAS_FLOOR);
}

static void take_norm(pt_embedding_figures *f, double *sum, double norm, bool first) {
    f->norm_least = first ? norm : fmin(f->norm_least, norm);
    f->norm_most = first ? norm : fmax(f->norm_most, norm);
    *sum += norm;
}

static void take_embeddings(gather *g, const pt_row *row) {
    const float *text = row->fused_state, *audio = text + PT_EMBEDDING;
    double square[2] = {0.0}, product = 0.0;
    for (size_t d = 0; d < PT_EMBEDDING; d++) {
        square[0] += (double)text[d] * text[d];
        square[1] += (double)audio[d] * audio[d];
        product += (double)text[d] * audio[d];
    }
    const double norm[2] = {sqrt(square[0]), sqrt(square[1])};
    take_norm(&g->shown->text, &g->norm_sum[0], norm[0], g->n_rows == 0);
    take_norm(&g->shown->audio, &g->norm_sum[1], norm[1], g->n_rows == 0);
    if (!(norm[0] > 0.0 && norm[1] > 0.0)) return;
    g->cosine_sum += product / (norm[0] * norm[1]);
    for (size_t d = 0; d < PT_EMBEDDING; d++) {
        g->sum[0][d] += text[d] / norm[0];
        g->sum[1][d] += audio[d] / norm[1];
    }
}

static pt_status take_columns(gather *g, const pt_row *row, pt_error *err) {
    PT_TRY(pt_values_add(&g->value[PT_SCALAR_LUFS], row->target_lufs, err));
    PT_TRY(pt_values_add(&g->value[PT_SCALAR_CREST], row->target_dyn[0], err));
    PT_TRY(pt_values_add(&g->value[PT_SCALAR_ZCR], row->target_dyn[1], err));
    PT_TRY(pt_values_add(&g->value[PT_SCALAR_PURITY], row->input_purity, err));
    take_ltas(g, row);
    take_embeddings(g, row);
    return PT_OK;
}

/* ---------------------------------------------------------------- provenance */

static size_t effect_index(const pt_effect *effect) {
    size_t e = 0;
    while (pt_effects[e] != effect)
        e++;
    return e;
}

static unsigned count_effects(gather *g, const pt_chain *chain) {
    pt_inspection *shown = g->shown;
    unsigned set = 0;
    for (size_t s = 0; s < chain->n_stages; s++)
        set |= 1U << effect_index(chain->stage[s].effect);
    shown->n_chain[set]++;
    for (size_t a = 0; a < PT_EFFECTS; a++) {
        if (!(set >> a & 1U)) continue;
        shown->n_with[a]++;
        for (size_t b = 0; b < PT_EFFECTS; b++)
            shown->n_with_both[a][b] += set >> b & 1U;
    }
    return set;
}

static size_t place(double share, size_t n) {
    const double at = floor(share * (double)n);
    return at >= (double)n ? n - 1 : at > 0.0 ? (size_t)at : 0;
}

static void count_grids(pt_page_figures *page, const pt_chain *chain, unsigned set, double purity) {
    unsigned dirty = 0; /* effects that cost purity */
    for (size_t e = 0; e < PT_EFFECTS; e++)
        if (pt_effects[e]->nature != PT_FILTER) dirty |= set & 1U << e;
    const size_t up = place((purity - PT_PURITY_MIN) / (PT_GRID_STEP * PT_GRID_UP), PT_GRID_UP);
    for (size_t s = 0; s < chain->n_stages; s++) {
        const pt_stage *stage = &chain->stage[s];
        const size_t e = effect_index(stage->effect);
        pt_grid *grid = &page->grid[e];
        const double v = stage->effect->extent(stage);
        const double share = grid->main->law == PT_LAW_LOG
                                 ? log(v / grid->low) / log(grid->high / grid->low)
                                 : (v - grid->low) / (grid->high - grid->low);
        const size_t across = place(share, PT_GRID_ACROSS); /* NaN: a range of one value */
        grid->all[across][up]++;
        if (!(dirty & ~(1U << e))) grid->alone[across][up]++;
    }
}

static pt_status keep_entry(pt_page_figures *page, const char *entry, float purity, pt_error *err) {
    PT_TRY(pt_values_add(&page->purity, purity, err));
    if (page->n_hashes < page->purity.capacity) {
        uint64_t *grown = realloc(page->entry_hash, page->purity.capacity * sizeof *grown);
        if (!grown) return out_of_memory(err);
        page->entry_hash = grown;
        page->n_hashes = page->purity.capacity;
    }
    page->entry_hash[page->purity.n - 1] = pt_fnv1a64(entry, strlen(entry));
    return PT_OK;
}

/* Of a line that is one of pt_provenance_print's. */
static pt_status take_line(gather *g, const pt_row *row, const json_t *line, pt_error *err) {
    const json_t *purity = json_object_get(line, "purity_db");
    const json_t *entry = json_object_get(line, "entry");
    pt_chain chain = {0};
    const pt_status status = pt_chain_read(json_object_get(line, "chain"), &chain, err);
    if (status != PT_OK) pt_error_in(err, "chain");
    PT_TRY(status);
    if (!json_is_number(purity) || !json_is_string(entry))
        return pt_fail(err, PT_EFORMAT, "member '%s' is absent",
                       json_is_string(entry) ? "purity_db" : "entry");
    if (!(fabs(json_number_value(purity) - (double)row->input_purity) < PURITY_SLACK_DB))
        return pt_fail(err, PT_EFORMAT,
                       "purity_db is %.4f, and input_purity of the row %.4f: these are not of one "
                       "run",
                       json_number_value(purity), (double)row->input_purity);
    const unsigned set = count_effects(g, &chain);
    if (!g->page) return PT_OK;
    count_grids(g->page, &chain, set, row->input_purity);
    return keep_entry(g->page, json_string_value(entry), row->input_purity, err);
}

static pt_status take_provenance(gather *g, const pt_row *row, const char *text, pt_error *err) {
    json_error_t where;
    json_t *line = json_loads(text, 0, &where);
    pt_status status = line ? take_line(g, row, line, err)
                            : pt_fail(err, PT_EFORMAT, "column %d: %s", where.column, where.text);
    if (status != PT_OK)
        pt_error_in(err, "file '%s': line %" PRIu64, g->set->part[g->set->at].provenance,
                    g->set->in_part);
    json_decref(line);
    return status;
}

/* ---------------------------------------------------------------- rows that are kept */

static pt_status kept_open(pt_kept *kept, pt_error *err) {
    kept->stride = 1;
    kept->fused = malloc(PT_KEPT_ROWS * sizeof *kept->fused);
    kept->purity = malloc(PT_KEPT_ROWS * sizeof *kept->purity);
    return kept->fused && kept->purity ? PT_OK : out_of_memory(err);
}

/* When there is no room left, every second one goes, and from now on half as many come. */
static void keep(pt_kept *kept, uint64_t n, const pt_row *row) {
    if (n % kept->stride != 0) return;
    if (kept->n == PT_KEPT_ROWS) {
        for (size_t i = 1; 2 * i < PT_KEPT_ROWS; i++) {
            memcpy(kept->fused[i], kept->fused[2 * i], sizeof *kept->fused);
            kept->purity[i] = kept->purity[2 * i];
        }
        kept->n = (PT_KEPT_ROWS + 1) / 2;
        kept->stride *= 2;
        if (n % kept->stride != 0) return;
    }
    memcpy(kept->fused[kept->n], row->fused_state, sizeof *kept->fused);
    kept->purity[kept->n++] = row->input_purity;
}

/* ---------------------------------------------------------------- the whole */

static pt_status gather_open(gather *g, const pt_suite *suite, pt_error *err) {
    g->counts = calloc((PT_LTAS_BANDS + PT_OCTAVES) * (size_t)PT_LEVEL_STEPS, sizeof *g->counts);
    if (!g->counts) return out_of_memory(err);
    for (size_t b = 0; b < PT_LTAS_BANDS; b++)
        g->band[b].count = g->counts + b * PT_LEVEL_STEPS;
    for (size_t o = 0; o < PT_OCTAVES; o++)
        g->octave[o].count = g->counts + (PT_LTAS_BANDS + o) * PT_LEVEL_STEPS;
    for (size_t c = 0; c < PT_N_COLUMNS; c++)
        g->shown->column[c] = (pt_column_figures){pt_columns[c].name, pt_columns[c].unit,
                                                  pt_columns[c].meaning, pt_columns[c].n_values};
    for (size_t e = 0; e < PT_EFFECTS; e++) {
        const pt_effect *effect = pt_effects[e];
        const double *range = suite->setting[e][effect->main];
        g->shown->effect[e] = effect->name;
        if (g->page)
            g->page->grid[e] = (pt_grid){
                .main = &effect->setting[effect->main], .low = range[0], .high = range[1]};
    }
    return g->page ? kept_open(&g->page->kept, err) : PT_OK;
}

static pt_status read_rows(gather *g, pt_set *set, pt_error *err) {
    pt_row row;
    const char *line = NULL;
    bool end = false;
    for (;;) {
        PT_TRY(pt_set_next(set, &row, &line, &end, err));
        if (end) return PT_OK;
        PT_TRY(take_columns(g, &row, err));
        PT_TRY(take_provenance(g, &row, line, err));
        if (g->page) keep(&g->page->kept, g->n_rows, &row);
        g->n_rows++;
        pt_split_figures *split = &g->shown->split[g->shown->n_splits - 1];
        /* parts of a split stand together, for they are in the order of their names */
        while (strcmp(split->name, set->part[set->at].split) != 0)
            split--;
        split->n_rows++;
    }
}

static pt_status list_splits(pt_inspection *shown, const pt_set *set, pt_error *err) {
    shown->split = calloc(set->n_parts + 1, sizeof *shown->split);
    if (!shown->split) return out_of_memory(err);
    for (size_t i = 0; i < set->n_parts; i++) {
        const pt_set_part *part = &set->part[i];
        pt_split_figures *split = &shown->split[shown->n_splits];
        if (shown->n_splits > 0 && strcmp(split[-1].name, part->split) == 0)
            split--;
        else if (!(shown->split[shown->n_splits++].name = strdup(part->split)))
            return out_of_memory(err);
        split->n_parts++;
        split->n_bytes += part->n_bytes;
        shown->n_bytes += part->n_bytes;
    }
    shown->n_parts = set->n_parts;
    return PT_OK;
}

static double square_of_mean(const double *sum, double n) {
    double square = 0.0;
    for (size_t d = 0; d < PT_EMBEDDING; d++)
        square += sum[d] / n * (sum[d] / n);
    return square;
}

static void close_figures(gather *g) {
    pt_inspection *shown = g->shown;
    shown->n_rows = g->n_rows;
    for (size_t s = 0; s < PT_SCALARS; s++) {
        pt_sort_floats(g->value[s].value, g->value[s].n);
        pt_quantiles_of_sorted(g->value[s].value, g->value[s].n, &shown->scalar[s]);
        pt_histogram_of_sorted(g->value[s].value, g->value[s].n, &shown->histogram[s]);
    }
    for (size_t b = 0; b < PT_LTAS_BANDS; b++)
        pt_quantiles_of_levels(&g->band[b], &shown->band[b]);
    for (size_t o = 0; o < PT_OCTAVES; o++)
        pt_quantiles_of_levels(&g->octave[o], &shown->octave[o]);
    if (g->n_rows == 0) return;
    const double n = (double)g->n_rows;
    shown->text.norm_mean = g->norm_sum[0] / n;
    shown->audio.norm_mean = g->norm_sum[1] / n;
    shown->text.likeness = square_of_mean(g->sum[0], n);
    shown->audio.likeness = square_of_mean(g->sum[1], n);
    shown->likeness_of_halves = g->cosine_sum / n;
}

pt_status pt_figures_gather(pt_set *set, const pt_suite *suite, pt_inspection *shown,
                            pt_page_figures *page, pt_error *err) {
    gather *g = calloc(1, sizeof *g);
    if (!g) return out_of_memory(err);
    g->set = set;
    g->shown = shown;
    g->page = page;
    pt_status status = pt_facts_read(set->account, set->account_text, shown, err);
    if (status == PT_OK) status = list_splits(shown, set, err);
    if (status == PT_OK) status = gather_open(g, suite, err);
    if (status == PT_OK) status = read_rows(g, set, err);
    if (status == PT_OK) close_figures(g);
    for (size_t s = 0; s < PT_SCALARS; s++)
        pt_values_release(&g->value[s]);
    free(g->counts);
    free(g);
    return status;
}

void pt_figures_release(pt_inspection *shown) {
    free(shown->account);
    pt_facts_release(shown->facts, shown->n_facts);
    pt_facts_release(shown->settings, shown->n_settings);
    pt_facts_release(shown->model, shown->n_model);
    pt_facts_release(shown->rejects, shown->n_rejects);
    for (size_t i = 0; i < shown->n_splits; i++)
        free(shown->split[i].name);
    free(shown->split);
    *shown = (pt_inspection){0};
}

void pt_page_figures_release(pt_page_figures *page) {
    free(page->kept.fused);
    free(page->kept.purity);
    free(page->entry_hash);
    pt_values_release(&page->purity);
    *page = (pt_page_figures){0};
}

pt_status pt_set_suite(const pt_set *set, pt_suite **suite, pt_error *err) {
    const json_t *theirs = json_object_get(json_object_get(set->account, "settings"), "suite");
    char *text = json_is_object(theirs) ? json_dumps(theirs, JSON_REAL_PRECISION(17)) : NULL;
    pt_status status = text ? pt_suite_open(text, suite, NULL) : PT_EFORMAT;
    if (status != PT_OK) status = pt_suite_open(NULL, suite, err);
    free(text);
    return status;
}
