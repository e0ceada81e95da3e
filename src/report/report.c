/* SPDX-License-Identifier: MIT */
/* report.c - the data of the report page
 *
 *     set -> statistics (one pass) -> chosen rows -> their audio -> fields of page.html
 *
 * The page is complete without its script, page.js. Its Content-Security-Policy names the hash of
 * the script, and keeps the browser from running another one and from loading anything, whatever
 * the captions contain.
 */

#include <patina/inspect.h>

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>
#include <patina/patina.h>

#include "audio/flac_encode.h"
#include "base/arena.h"
#include "base/c_locale.h"
#include "base/error.h"
#include "base/utf8.h"
#include "fs/atomic_file.h"
#include "fs/path.h"
#include "report/audio_preview.h"
#include "report/chart.h"
#include "report/examples.h"
#include "report/html.h"
#include "report/pca.h"
#include "report/statistics.h"
#include "report/template.h"

/* page.html, page.css and page.js; tools/text_to_c.py makes them. */
extern const char pt_report_page_html[], pt_report_page_css[], pt_report_page_js[];

/* Audio of all samples, before base64 adds a third: with pictures and charts the page stays under
 * 10 MB. A sample that needs less leaves the rest to the samples after it. */
#define AUDIO_BYTES_MAX 5800000.0

typedef struct pt_report_page {
    pt_strbuf html;
    const char *name; /* of the set */
    const patina_inspection *stats;
    const pt_report_statistics *report_stats;
    const patina_report_options *options;
    const pt_examples *examples;
    const patina_effect_config *config;
    pt_mel *mel;
    pt_arena arena;
    size_t index;                 /* of the repeated block that is being written */
    const patina_scalar *scalars; /* that blocks of scalars are of */
    double audio_bytes_left;      /* for the samples to come */
    patina_report_result *result;
    patina_status status; /* the first failure of a field */
    patina_error *err;
} page;

static void add(page *p, const char *html) {
    pt_strbuf_append(&p->html, html);
}

static void add_text(page *p, const char *text) {
    pt_html_add_escaped(&p->html, text);
}

static void add_percent(page *p, uint64_t part, uint64_t whole) {
    pt_html_add_number(&p->html, whole > 0 ? 100.0 * (double)part / (double)whole : 0.0, 1);
    add(p, "\xE2\x80\xAF%"); /* U+202F */
}

static void open_row(page *p, const char *name) {
    add(p, "<tr><th scope=\"row\">");
    add_text(p, name);
    add(p, "</th>");
}

static void close_row(page *p) {
    add(p, "</tr>\n");
}

static void add_count_cell(page *p, uint64_t n) {
    add(p, "<td>");
    pt_html_add_count(&p->html, n);
    add(p, "</td>");
}

static void add_number_cell(page *p, double value, int decimals) {
    add(p, "<td>");
    if (!isnan(value)) pt_html_add_number(&p->html, value, decimals);
    add(p, "</td>");
}

/* Item i of n: true while there is one, which the fields of the block then write. */
static bool select_item(page *p, size_t i, size_t n) {
    p->index = i;
    return i < n && p->status == PATINA_OK;
}

/* ---------------------------------------------------------------- head and summary */

static void put_name(page *p) {
    add_text(p, p->name);
}

static void put_css(page *p) {
    add(p, pt_report_page_css);
}

static void put_script(page *p) {
    add(p, pt_report_page_js);
}

static void put_script_hash(page *p) {
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, strlen(pt_report_page_js), (const uint8_t *)pt_report_page_js);
    sha256_digest(&hash, sizeof digest, digest);
    pt_html_add_base64(&p->html, digest, sizeof digest);
}

static void put_n_recordings(page *p) {
    pt_html_add_count(&p->html, p->stats->n_recordings);
}

static void put_n_rows(page *p) {
    pt_html_add_count(&p->html, p->stats->n_rows);
}

static void put_n_rows_plain(page *p) {
    pt_strbuf_printf(&p->html, "%" PRIu64, p->stats->n_rows);
}

static void put_version(page *p) {
    add_text(p, patina_version());
}

static bool has_rows(page *p, size_t i) {
    return i == 0 && p->stats->n_rows > 0;
}

static bool is_untrained(page *p, size_t i) {
    return i == 0 && p->stats->untrained;
}

static void put_n_rejected(page *p) {
    uint64_t n = 0;
    for (size_t i = 0; i < p->stats->n_rejects; i++)
        n += strtoull(p->stats->rejects[i].value, NULL, 10);
    pt_html_add_count(&p->html, n);
}

static void add_median(page *p, const char *column) {
    const patina_scalar *scalar = patina_inspection_find_scalar(p->stats, column);
    if (scalar) pt_html_add_number(&p->html, scalar->quantiles.median, 1);
}

static void put_median_purity(page *p) {
    add_median(p, "input_purity");
}

static void put_median_loudness(page *p) {
    add_median(p, "target_lufs");
}

static void put_percent_clean(page *p) {
    add_percent(p, p->stats->n_chain[0], p->stats->n_rows);
}

static bool next_column(page *p, size_t i) {
    return select_item(p, i, p->stats->n_columns);
}

static void put_column_name(page *p) {
    add_text(p, p->stats->column[p->index].name);
}

static void put_column_n_values(page *p) {
    pt_strbuf_printf(&p->html, "%zu", p->stats->column[p->index].n_values);
}

static void put_column_unit(page *p) {
    add_text(p, p->stats->column[p->index].unit);
}

static void put_column_meaning(page *p) {
    add_text(p, p->stats->column[p->index].meaning);
}

static bool has_several_splits(page *p, size_t i) {
    return i == 0 && p->stats->n_splits > 1;
}

static bool next_split(page *p, size_t i) {
    return select_item(p, i, p->stats->n_splits);
}

static void put_split_name(page *p) {
    add_text(p, p->stats->split[p->index].name);
}

static void put_split_n_parts(page *p) {
    pt_html_add_count(&p->html, p->stats->split[p->index].n_parts);
}

static void put_split_n_rows(page *p) {
    pt_html_add_count(&p->html, p->stats->split[p->index].n_rows);
}

static bool has_rejects(page *p, size_t i) {
    return i == 0 && p->stats->n_rejects > 0;
}

static bool has_no_rejects(page *p, size_t i) {
    return i == 0 && p->stats->n_rejects == 0;
}

static bool next_reject(page *p, size_t i) {
    return select_item(p, i, p->stats->n_rejects);
}

static void put_reject_reason(page *p) {
    add_text(p, p->stats->rejects[p->index].name);
}

static void put_reject_count(page *p) {
    add_text(p, p->stats->rejects[p->index].value);
}

/* ---------------------------------------------------------------- targets */

static bool next_target(page *p, size_t i) {
    p->scalars = p->stats->scalar;
    return select_item(p, i, p->stats->n_scalars);
}

static bool has_quality(page *p, size_t i) {
    return i == 0 && p->stats->n_quality > 0 && p->stats->quality[0].quantiles.n > 0;
}

static bool next_quality(page *p, size_t i) {
    p->scalars = p->stats->quality;
    return select_item(p, i, p->stats->n_quality);
}

static void put_codec_rows(page *p) {
    for (size_t i = 0; i < p->stats->n_codecs; i++) {
        open_row(p, p->stats->codec[i].name);
        add_count_cell(p, p->stats->codec[i].n_rows);
        add(p, "<td>");
        add_percent(p, p->stats->codec[i].n_rows, p->stats->n_rows);
        add(p, "</td>");
        close_row(p);
    }
}

/* With a capital. */
static void put_target_title(page *p) {
    const char *title = p->scalars[p->index].title;
    const char first[2] = {(char)toupper((unsigned char)title[0]), '\0'};
    add_text(p, first);
    add_text(p, title + 1);
}

/* That of the column, whose name begins the name of the scalar. */
static void put_target_meaning(page *p) {
    const char *name = p->scalars[p->index].column;
    for (size_t c = 0; c < p->stats->n_columns; c++) {
        const patina_column_info *column = &p->stats->column[c];
        const size_t n = strlen(column->name);
        if (strncmp(column->name, name, n) == 0 && (name[n] == '\0' || name[n] == '['))
            add_text(p, column->meaning);
    }
}

/* Whether a histogram counts rows: of targets that are properties of a recording, it counts
 * recordings. */
static bool counts_rows(const page *p, const patina_scalar *scalar) {
    return p->scalars != p->stats->scalar || strcmp(scalar->column, "input_purity") == 0;
}

static void put_target_counted(page *p) {
    add(p, counts_rows(p, &p->scalars[p->index]) ? "rows" : "recordings");
}

static void put_target_chart(page *p) {
    const patina_scalar *scalar = &p->scalars[p->index];
    const bool rows = counts_rows(p, scalar);
    char id[16];
    snprintf(id, sizeof id, "%c%zu", p->scalars == p->stats->scalar ? 'h' : 'q', p->index);
    pt_chart_histogram(&p->html, id, scalar->title, scalar->unit, rows ? "rows" : "recordings",
                       rows ? &scalar->histogram : &scalar->recording_histogram,
                       rows ? &scalar->quantiles : &scalar->recording_quantiles);
}

static void add_at_limit(page *p, uint64_t n, double limit, const char *name) {
    const patina_scalar *scalar = &p->scalars[p->index];
    if (n == 0) return;
    add(p, ", ");
    add_percent(p, n, p->stats->n_rows);
    pt_strbuf_printf(&p->html, " at the %s of ", name);
    pt_html_add_number(&p->html, limit, 0);
    pt_strbuf_printf(&p->html, "%s%s", *scalar->unit ? " " : "", scalar->unit);
}

static void put_target_quantiles(page *p) {
    const patina_scalar *scalar = &p->scalars[p->index];
    const patina_quantiles *q =
        counts_rows(p, scalar) ? &scalar->quantiles : &scalar->recording_quantiles;
    add(p, "median <b>");
    pt_html_add_number(&p->html, q->median, scalar->decimals);
    pt_strbuf_printf(&p->html, "%s%s</b>, 5 %% to 95 %%: ", *scalar->unit ? " " : "", scalar->unit);
    pt_html_add_number(&p->html, q->p5, scalar->decimals);
    add(p, " to ");
    pt_html_add_number(&p->html, q->p95, scalar->decimals);
    add(p, ", range: ");
    pt_html_add_number(&p->html, q->min, scalar->decimals);
    add(p, " to ");
    pt_html_add_number(&p->html, q->max, scalar->decimals);
    add_at_limit(p, scalar->n_at_floor, scalar->floor, "floor");
    add_at_limit(p, scalar->n_at_cap, scalar->cap, "cap");
}

static void put_target_bins(page *p) {
    const patina_scalar *scalar = &p->scalars[p->index];
    const patina_histogram *h =
        counts_rows(p, scalar) ? &scalar->histogram : &scalar->recording_histogram;
    const int decimals = scalar->decimals;
    for (size_t i = 0; i < h->n_bins; i++) {
        add(p, "<tr>");
        add_number_cell(p, h->edge[i], decimals);
        add_number_cell(p, h->edge[i + 1], decimals);
        add_count_cell(p, h->count[i]);
        close_row(p);
    }
}

static void put_target_headers(page *p) {
    for (size_t s = 0; s < p->stats->n_scalars; s++)
        pt_strbuf_printf(&p->html, "<th scope=\"col\">%s</th>", p->stats->scalar[s].title);
}

static void put_correlation_rows(page *p) {
    const patina_inspection *stats = p->stats;
    for (size_t a = 0; a < stats->n_scalars; a++) {
        open_row(p, stats->scalar[a].title);
        for (size_t b = 0; b < stats->n_scalars; b++) {
            const double r = stats->correlation[a * stats->n_scalars + b];
            pt_strbuf_printf(&p->html, "<td><i style=\"opacity:%.2f\"></i><b>", 0.42 * fabs(r));
            pt_html_add_number(&p->html, r, 2);
            add(p, "</b></td>");
        }
        close_row(p);
    }
}

static void put_n_captions(page *p) {
    pt_html_add_count(&p->html, p->stats->captions.n_distinct);
}

static void put_n_shared(page *p) {
    pt_html_add_count(&p->html, p->stats->captions.n_shared);
}

static void put_n_most_shared(page *p) {
    pt_html_add_count(&p->html, p->stats->captions.n_most_shared);
}

static void put_words_median(page *p) {
    pt_html_add_number(&p->html, p->stats->captions.words.median, 0);
}

static void put_words_range(page *p) {
    pt_html_add_number(&p->html, p->stats->captions.words.min, 0);
    add(p, " to ");
    pt_html_add_number(&p->html, p->stats->captions.words.max, 0);
}

/* Median and range of each scalar of a split or a corpus. */
static void add_group_row(page *p, const char *name, uint64_t n_rows,
                          const patina_quantiles *quantiles) {
    open_row(p, name);
    add_count_cell(p, n_rows);
    for (size_t s = 0; s < p->stats->n_scalars; s++) {
        const patina_quantiles *q = &quantiles[s];
        const int decimals = p->stats->scalar[s].decimals;
        add(p, "<td>");
        pt_html_add_number(&p->html, q->median, decimals);
        add(p, " (");
        pt_html_add_number(&p->html, q->p5, decimals);
        add(p, " to ");
        pt_html_add_number(&p->html, q->p95, decimals);
        add(p, ")</td>");
    }
    close_row(p);
}

static void put_split_rows(page *p) {
    for (size_t i = 0; i < p->stats->n_splits; i++) {
        const patina_split_stats *split = &p->stats->split[i];
        add_group_row(p, split->name, split->n_rows, split->scalar);
    }
}

static bool has_several_corpora(page *p, size_t i) {
    return i == 0 && p->stats->n_corpora > 0;
}

static void put_corpus_rows(page *p) {
    for (size_t i = 0; i < p->stats->n_corpora; i++) {
        const patina_corpus_stats *corpus = &p->stats->corpus[i];
        add_group_row(p, corpus->name, corpus->n_rows, corpus->scalar);
    }
}

static void put_spectrum_chart(page *p) {
    pt_chart_spectrum(&p->html, "ltas", p->stats->band);
}

static void put_band_rows(page *p) {
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        const patina_quantiles *q = &p->stats->band[b];
        const double v[] = {q->p5, q->p25, q->median, q->p75, q->p95, q->mean};
        char hz[32];
        pt_snprintf(hz, sizeof hz, "%.5g", patina_ltas_center_hz(b));
        open_row(p, hz);
        add_count_cell(p, q->n);
        for (size_t i = 0; i < sizeof v / sizeof *v; i++)
            add_number_cell(p, q->n > 0 ? v[i] : NAN, 1);
        close_row(p);
    }
}

/* ---------------------------------------------------------------- effects */

static void add_share_cells(page *p, uint64_t n) {
    add_count_cell(p, n);
    add(p, "<td>");
    add_percent(p, n, p->stats->n_rows);
    pt_strbuf_printf(&p->html, "</td><td class=\"share\"><span style=\"width:%.1f%%\"></span></td>",
                     100.0 * (double)n / (double)p->stats->n_rows);
}

static void put_effect_rows(page *p) {
    for (size_t e = 0; e < p->stats->n_effects; e++) {
        open_row(p, p->stats->effect[e]);
        add_share_cells(p, p->stats->n_with[e]);
        close_row(p);
    }
    open_row(p, "none");
    add_share_cells(p, p->stats->n_chain[0]);
    close_row(p);
}

static void put_effect_headers(page *p) {
    for (size_t e = 0; e < p->stats->n_effects; e++)
        pt_strbuf_printf(&p->html, "<th scope=\"col\">%s</th>", p->stats->effect[e]);
}

static void put_cooccurrence_rows(page *p) {
    const patina_inspection *stats = p->stats;
    uint64_t most = 1;
    for (size_t e = 0; e < stats->n_effects; e++)
        if (stats->n_with[e] > most) most = stats->n_with[e];
    for (size_t a = 0; a < stats->n_effects; a++) {
        open_row(p, stats->effect[a]);
        for (size_t b = 0; b < stats->n_effects; b++) {
            const uint64_t n = stats->n_with_both[a * stats->n_effects + b];
            pt_strbuf_printf(&p->html, "<td><i style=\"opacity:%.2f\"></i><b>",
                             0.42 * (double)n / (double)most);
            pt_html_add_count(&p->html, n);
            add(p, "</b></td>");
        }
        close_row(p);
    }
}

/* The sets of effects that occur, most frequent first. */
static size_t sort_effect_sets(const patina_inspection *stats, unsigned *sorted) {
    size_t n = 0;
    for (unsigned set = 0; set < stats->n_effect_sets; set++) {
        if (stats->n_chain[set] == 0) continue;
        size_t at = n++;
        for (; at > 0 && stats->n_chain[sorted[at - 1]] < stats->n_chain[set]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = set;
    }
    return n;
}

static void put_n_effect_sets(page *p) {
    unsigned sorted[1U << PT_EFFECT_COUNT];
    pt_strbuf_printf(&p->html, "%zu", sort_effect_sets(p->stats, sorted));
}

static void put_effect_set_rows(page *p) {
    unsigned sorted[1U << PT_EFFECT_COUNT];
    const size_t n = sort_effect_sets(p->stats, sorted);
    for (size_t i = 0; i < n; i++) {
        bool first = true;
        add(p, "<tr><th scope=\"row\">");
        if (sorted[i] == 0) add(p, "none (clean rows)");
        for (size_t e = 0; e < p->stats->n_effects; e++) {
            if (!(sorted[i] >> e & 1U)) continue;
            pt_strbuf_printf(&p->html, "%s%s", first ? "" : ", ", p->stats->effect[e]);
            first = false;
        }
        add(p, "</th>");
        add_count_cell(p, p->stats->n_chain[sorted[i]]);
        add(p, "<td>");
        add_percent(p, p->stats->n_chain[sorted[i]], p->stats->n_rows);
        add(p, "</td>");
        close_row(p);
    }
}

static bool next_effect(page *p, size_t i) {
    return select_item(p, i, PT_EFFECT_COUNT);
}

static void put_effect_name(page *p) {
    add_text(p, pt_effects[p->index]->name);
}

static void put_effect_parameter(page *p) {
    add_text(p, p->report_stats->grid[p->index].primary->summary);
}

static void put_effect_chart(page *p) {
    char id[16];
    snprintf(id, sizeof id, "g%zu", p->index);
    pt_chart_heatmap(&p->html, id, pt_effects[p->index]->name, &p->report_stats->grid[p->index],
                     p->stats->purity_cap);
}

/* ---------------------------------------------------------------- embeddings */

static void put_norm_rows(page *p) {
    const struct {
        const char *name;
        const patina_embedding_stats *e;
    } halves[] = {{"caption", &p->stats->text}, {"audio", &p->stats->audio}};
    for (size_t i = 0; i < 2; i++) {
        open_row(p, halves[i].name);
        add_number_cell(p, halves[i].e->norm_min, 4);
        add_number_cell(p, halves[i].e->norm_mean, 4);
        add_number_cell(p, halves[i].e->norm_max, 4);
        add_number_cell(p, halves[i].e->mean_cosine, 3);
        close_row(p);
    }
}

static void put_cosine_of_halves(page *p) {
    pt_html_add_number(&p->html, p->stats->text_audio_cosine, 3);
}

static bool is_subsampled(page *p, size_t i) {
    return i == 0 && p->report_stats->subsample.stride > 1;
}

static void put_subsample_stride(page *p) {
    pt_strbuf_printf(&p->html, "%zu", p->report_stats->subsample.stride);
}

static void put_subsample_n(page *p) {
    pt_strbuf_printf(&p->html, "%zu", p->report_stats->subsample.n);
}

/* The principal components of halves `first` to 1 of the rows in the subsample, half after half:
 * xy [n_halves n, 2], which the caller frees; NULL where p->status is set. */
static float *project_embeddings(page *p, size_t first, pt_pca_result *pca) {
    const pt_row_subsample *subsample = &p->report_stats->subsample;
    const size_t n_points = (2 - first) * subsample->n;
    if (p->status != PATINA_OK) return NULL;
    float *points = malloc(n_points * PATINA_EMBEDDING_SIZE * sizeof *points);
    float *xy = malloc(2 * n_points * sizeof *xy);
    p->status = points && xy ? PATINA_OK : pt_fail(p->err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < n_points && p->status == PATINA_OK; i++) {
        const size_t half = first + i / subsample->n;
        memcpy(points + i * PATINA_EMBEDDING_SIZE,
               subsample->fused[i % subsample->n] + half * PATINA_EMBEDDING_SIZE,
               PATINA_EMBEDDING_SIZE * sizeof *points);
    }
    if (p->status == PATINA_OK)
        p->status = pt_pca_project(points, n_points, PATINA_EMBEDDING_SIZE, pca, xy, p->err);
    free(points);
    if (p->status == PATINA_OK) return xy;
    free(xy);
    return NULL;
}

static void put_fused_scatter(page *p) {
    const size_t n = p->report_stats->subsample.n;
    pt_pca_result pca;
    float *xy = project_embeddings(p, 0, &pca);
    if (!xy) return;
    const pt_scatter_series groups[] = {{xy, n, 0}, {xy + 2 * n, n, 1}};
    pt_chart_scatter(&p->html, "pca", "Captions and audio on principal components",
                     "Points of captions and of degraded audio on the first two principal "
                     "components.",
                     groups, 2, pca.explained_variance);
    free(xy);
}

static void put_caption_marker(page *p) {
    pt_chart_legend_marker(&p->html, 0);
}

static void put_audio_marker(page *p) {
    pt_chart_legend_marker(&p->html, 1);
}

/* Groups of rows by purity, and their markers after those of the two halves. */
static const struct {
    double end_db;
    const char *name;
} purity_groups[] = {{10.0, "below 10 dB"},
                     {25.0, "10 to 25 dB"},
                     {45.0, "25 to 45 dB"},
                     {INFINITY, "45 dB and above"}};
enum { N_PURITY_GROUPS = sizeof purity_groups / sizeof *purity_groups, FIRST_PURITY_MARK = 2 };

static void put_purity_scatter(page *p) {
    const pt_row_subsample *subsample = &p->report_stats->subsample;
    pt_pca_result pca;
    pt_scatter_series groups[N_PURITY_GROUPS];
    size_t at = 0;
    float *xy = project_embeddings(p, 1, &pca);
    float *sorted = xy ? malloc(2 * subsample->n * sizeof *sorted) : NULL;
    if (xy && !sorted) p->status = pt_fail(p->err, PATINA_ENOMEM, "out of memory");
    for (size_t g = 0; g < N_PURITY_GROUPS && sorted; g++) {
        groups[g] = (pt_scatter_series){sorted + 2 * at, 0, FIRST_PURITY_MARK + (int)g};
        for (size_t i = 0; i < subsample->n; i++) {
            if (!(subsample->purity[i] < purity_groups[g].end_db) ||
                (g > 0 && subsample->purity[i] < purity_groups[g - 1].end_db))
                continue;
            memcpy(sorted + 2 * at++, xy + 2 * i, 2 * sizeof *xy);
            groups[g].n++;
        }
    }
    if (sorted)
        pt_chart_scatter(&p->html, "pcb", "Audio by purity",
                         "Points of degraded audio on the first two principal components of the "
                         "audio half, marked by purity.",
                         groups, N_PURITY_GROUPS, pca.explained_variance);
    free(sorted);
    free(xy);
}

static void put_purity_legend(page *p) {
    for (size_t g = 0; g < N_PURITY_GROUPS; g++) {
        add(p, "<li>");
        pt_chart_legend_marker(&p->html, FIRST_PURITY_MARK + (int)g);
        pt_strbuf_printf(&p->html, "%s</li>", purity_groups[g].name);
    }
}

/* ---------------------------------------------------------------- samples */

/* Pristine and degraded audio of one row. */
typedef struct pair {
    const float *sound[2];
    size_t n;
} pair;

static patina_status encode(const pair *of, unsigned rate_hz, double seconds, double gain,
                            pt_strbuf flac[2], patina_error *err) {
    const size_t longest = (size_t)(seconds * rate_hz), n = of->n < longest ? of->n : longest;
    for (size_t k = 0; k < 2; k++) {
        pt_strbuf_clear(&flac[k]);
        PT_TRY(pt_flac_encode(of->sound[k], n, rate_hz, gain, 16, &flac[k], err));
    }
    return PATINA_OK;
}

/* Uses at most `room` bytes if possible: all at 48 kHz, else all at 24 kHz, else the beginning. */
static patina_status encode_to_fit(const pair *whole, double room, double gain, pt_arena *arena,
                                   pt_strbuf flac[2], double *seconds, unsigned *rate_hz,
                                   patina_error *err) {
    static const double lengths_s[] = {PATINA_WINDOW_S, 6.0, 3.0};
    float *half[2];
    *seconds = PATINA_WINDOW_S;
    *rate_hz = PATINA_RATE_HZ;
    PT_TRY(encode(whole, *rate_hz, *seconds, gain, flac, err));
    if ((double)(flac[0].length + flac[1].length) <= room) return PATINA_OK;
    for (size_t k = 0; k < 2; k++) {
        half[k] = pt_arena_alloc_array(arena, whole->n / 2 + 1, sizeof *half[k]);
        if (!half[k]) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        PT_TRY(pt_audio_preview_downsample(whole->sound[k], whole->n, half[k], arena, err));
    }
    const pair less = {{half[0], half[1]}, whole->n / 2};
    *rate_hz = PATINA_RATE_HZ / 2;
    for (size_t i = 0; i < sizeof lengths_s / sizeof *lengths_s; i++) {
        *seconds = lengths_s[i];
        PT_TRY(encode(&less, *rate_hz, *seconds, gain, flac, err));
        if ((double)(flac[0].length + flac[1].length) <= room) break;
    }
    return PATINA_OK;
}

static float peak_amplitude(const float *x, size_t n) {
    float peak = 0.0F;
    for (size_t i = 0; i < n; i++)
        peak = fmaxf(peak, fabsf(x[i]));
    return peak;
}

static float max_level_db(const float *features, size_t n_frames) {
    float loudest = -100.0F;
    for (size_t i = 0; i < n_frames * PT_MEL_SPECTROGRAM_BANDS; i++)
        loudest = fmaxf(loudest, features[i]);
    return loudest;
}

static void add_sound(page *p, size_t sample, const char *name, const float *x, size_t n,
                      double peak, const pt_strbuf *png, size_t width, const pt_strbuf *flac) {
    char id[32];
    snprintf(id, sizeof id, "w%zu%c", sample, name[0]);
    pt_strbuf_printf(&p->html, "<div class=\"sound%s\"><h4>%s</h4>\n", name[0] == 'd' ? " bad" : "",
                     name);
    pt_chart_waveform(&p->html, id, name, x, n, peak);
    pt_strbuf_printf(
        &p->html,
        "<img width=\"%zu\" height=\"%d\" alt=\"Mel spectrogram of the %s audio, 50 Hz to "
        "14 kHz over %.1f seconds\" src=\"",
        width, PT_MEL_SPECTROGRAM_BANDS, name, (double)n / PATINA_RATE_HZ);
    pt_html_add_data_uri(&p->html, "image/png", png->text, png->length);
    pt_strbuf_printf(
        &p->html,
        "\"/>\n<audio controls=\"controls\" preload=\"metadata\" aria-label=\"Sample %zu, "
        "%s\" src=\"",
        sample + 1, name);
    pt_html_add_data_uri(&p->html, "audio/flac", flac->text, flac->length);
    add(p, "\"></audio></div>\n");
}

static patina_status add_pair(page *p, size_t sample, const pair *of, patina_error *err) {
    static const char *const names[] = {"pristine", "degraded"};
    pt_strbuf flac[2] = {{0}, {0}}, png[2] = {{0}, {0}};
    float *features[2];
    size_t n_frames = 0, width = 0;
    double seconds = 0.0;
    unsigned rate_hz = 0;
    const double peak =
        fmax(peak_amplitude(of->sound[0], of->n), peak_amplitude(of->sound[1], of->n));
    const double gain = peak > 0.999 ? 0.999 / peak : 1.0; /* the same for both */
    /* more than an equal share: most sounds are short */
    const double left = (double)(p->examples->n_samples - sample);
    const double room = p->audio_bytes_left * fmin(1.0, 1.6 / left);

    patina_status status = PATINA_OK;
    for (size_t k = 0; k < 2 && status == PATINA_OK; k++)
        status = pt_mel_spectrogram_compute(p->mel, of->sound[k], of->n, &features[k], &n_frames,
                                            &p->arena, err);
    for (size_t k = 0; k < 2 && status == PATINA_OK; k++)
        status = pt_mel_spectrogram_to_png(
            features[k], n_frames,
            fmax(max_level_db(features[0], n_frames), max_level_db(features[1], n_frames)), &png[k],
            &width, err);
    if (status == PATINA_OK)
        status = encode_to_fit(of, room, gain, &p->arena, flac, &seconds, &rate_hz, err);
    if (status == PATINA_OK) {
        p->audio_bytes_left -= (double)(flac[0].length + flac[1].length);
        add(p, "<div class=\"pair\">\n");
        for (size_t k = 0; k < 2; k++)
            add_sound(p, sample, names[k], of->sound[k], of->n, peak, &png[k], width, &flac[k]);
        add(p, "</div>\n");
        if (gain < 1.0)
            pt_strbuf_printf(
                &p->html,
                "<p class=\"note\">Played %.2f dB quieter (both), because peaks of the recording "
                "exceed full scale.</p>\n",
                -20.0 * log10(gain));
        if (rate_hz < PATINA_RATE_HZ)
            pt_strbuf_printf(
                &p->html,
                "<p class=\"note\">To limit the size of the page, the players have %s at %u "
                "kHz; the pictures show the whole audio.</p>\n",
                seconds < PATINA_WINDOW_S ? "the beginning" : "the audio", rate_hz / 1000);
    }
    for (size_t k = 0; k < 2; k++) {
        pt_strbuf_release(&flac[k]);
        pt_strbuf_release(&png[k]);
    }
    return status;
}

static bool next_sample(page *p, size_t i) {
    return select_item(p, i, p->examples->n_samples);
}

static void put_n_samples(page *p) {
    pt_strbuf_printf(&p->html, "%zu", p->examples->n_samples);
}

static void put_sample_index(page *p) {
    pt_strbuf_printf(&p->html, "%zu", p->index);
}

static void put_sample_number(page *p) {
    pt_strbuf_printf(&p->html, "%zu", p->index + 1);
}

static void put_sample_purity(page *p) {
    pt_html_add_number(&p->html, p->examples->example[p->index].purity_db, 1);
}

static void put_sample_row(page *p) {
    pt_html_add_count(&p->html, p->examples->example[p->index].row);
}

static void put_sample_caption(page *p) {
    const char *caption = p->examples->example[p->index].caption;
    add_text(p, caption ? caption : "(no caption)");
}

/* One item for each line "effect: phrase". */
static void put_sample_effects(page *p) {
    const char *lines = p->examples->example[p->index].words;
    if (*lines == '\0') add(p, "<li><b>clean</b>: no effect</li>");
    while (*lines) {
        const size_t n = strcspn(lines, "\n"), n_name = strcspn(lines, ":");
        char *line = pt_text_dup(lines, n);
        if (!line) p->html.failed = true;
        if (line && n_name < n) {
            pt_strbuf_printf(&p->html, "<li><b>%.*s</b>: ", (int)n_name, line);
            add_text(p, line + n_name + 2);
            add(p, "</li>");
        }
        free(line);
        lines += n + (lines[n] == '\n');
    }
}

static void put_sample_recipe(page *p) {
    add_text(p, p->examples->example[p->index].line);
}

static void put_sample_targets(page *p) {
    const patina_inspection *stats = p->stats;
    const uint64_t row = p->examples->example[p->index].row;
    for (size_t s = 0; s < stats->n_scalars; s++) {
        const patina_scalar *scalar = &stats->scalar[s];
        pt_strbuf_printf(&p->html, "%s%s ", s > 0 ? ", " : "", scalar->title);
        pt_html_add_number(&p->html, p->report_stats->value[s].value[row], scalar->decimals);
        pt_strbuf_printf(&p->html, "%s%s", *scalar->unit ? " " : "", scalar->unit);
    }
}

/* A sample without audio is shown with the reason, if the reason is in the data: a fault of the
 * machine ends the page. */
static void put_sample_audio(page *p) {
    pt_segment pristine;
    patina_degraded degraded = {0};
    patina_error why = {0};
    pt_arena_reset(&p->arena);
    patina_status status = PATINA_REJECT_MISSING;
    if (p->options->audio_root || p->options->corpus)
        status = pt_example_replay(p->examples, p->index, p->options->audio_root, p->config,
                                   &pristine, &degraded, &p->arena, &why);
    else
        pt_fail(&why, status, "neither --audio-root nor --corpus was given");
    if (status != PATINA_OK && !patina_status_is_reject(status)) {
        p->status = pt_fail(p->err, status, "%s", why.message);
    } else if (status == PATINA_OK) {
        const pair of = {{pristine.mix, degraded.samples}, degraded.n_samples};
        p->status = add_pair(p, p->index, &of, p->err);
        p->result->n_with_audio++;
        patina_degraded_release(&degraded);
    } else {
        add(p, "<p class=\"note\">No audio: ");
        add_text(p, why.message);
        add(p, "</p>\n");
        if (p->result->first_missing[0] == '\0')
            snprintf(p->result->first_missing, sizeof p->result->first_missing, "%.*s",
                     pt_text_truncate(why.message, sizeof p->result->first_missing - 1),
                     why.message);
    }
}

/* ---------------------------------------------------------------- rows */

static void put_n_listed(page *p) {
    pt_html_add_count(&p->html, p->report_stats->n_listed);
}

static bool is_listed_in_part(page *p, size_t i) {
    return i == 0 && p->report_stats->listed_stride > 1;
}

static void put_listed_stride(page *p) {
    pt_strbuf_printf(&p->html, "%" PRIu64, p->report_stats->listed_stride);
}

/* data-name, the name in the filter, is the first word of the title. */
static void put_row_headers(page *p) {
    for (size_t s = 0; s < p->stats->n_scalars; s++) {
        const patina_scalar *scalar = &p->stats->scalar[s];
        const int n_name = (int)strcspn(scalar->title, " -");
        pt_strbuf_printf(&p->html, "<th scope=\"col\" data-name=\"%.*s\">%s%s%s</th>", n_name,
                         scalar->title, scalar->title, *scalar->unit ? ", " : "", scalar->unit);
    }
}

static void put_listed_rows(page *p) {
    const pt_report_statistics *of = p->report_stats;
    for (size_t i = 0; i < of->n_listed; i++) {
        const pt_listed_row *listed = &of->listed[i];
        bool first = true;
        pt_strbuf_printf(&p->html, "<tr><td>%" PRIu64 "</td><td>", listed->row);
        add_text(p, p->stats->split[listed->split].name);
        add(p, "</td><td class=\"text\" title=\"");
        add_text(p, listed->source);
        add(p, "\">");
        add_text(p, listed->caption);
        add(p, "</td><td class=\"text\">");
        for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
            if (!(listed->effects >> e & 1U)) continue;
            pt_strbuf_printf(&p->html, "%s%s", first ? "" : ", ", pt_effects[e]->name);
            first = false;
        }
        add(p, first ? "clean</td>" : "</td>");
        for (size_t s = 0; s < p->stats->n_scalars; s++)
            add_number_cell(p, of->value[s].value[listed->row], p->stats->scalar[s].decimals);
        close_row(p);
    }
}

/* ---------------------------------------------------------------- run */

typedef struct run_group {
    const char *title;
    const patina_key_value *values;
    size_t n;
} run_group;

/* Group i of those that have values; n is 0 after the last. */
static run_group find_run_group(const page *p, size_t i) {
    const run_group groups[] = {{"Run", p->stats->run, p->stats->n_run},
                                {"Settings", p->stats->settings, p->stats->n_settings},
                                {"Model", p->stats->model, p->stats->n_model}};
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
        if (groups[g].n > 0 && i-- == 0) return groups[g];
    return (run_group){0};
}

static bool next_run_group(page *p, size_t i) {
    return select_item(p, i, find_run_group(p, i).n > 0 ? i + 1 : 0);
}

static void put_run_group_title(page *p) {
    add_text(p, find_run_group(p, p->index).title);
}

static void put_run_group_values(page *p) {
    const run_group group = find_run_group(p, p->index);
    for (size_t i = 0; i < group.n; i++) {
        add(p, "<dt>");
        add_text(p, group.values[i].name);
        add(p, "</dt><dd>");
        add_text(p, group.values[i].value);
        add(p, "</dd>\n");
    }
}

/* ---------------------------------------------------------------- the page */

static const pt_template_field fields[] = {
    {"name", put_name, NULL},
    {"css", put_css, NULL},
    {"script", put_script, NULL},
    {"script_hash", put_script_hash, NULL},
    {"n_recordings", put_n_recordings, NULL},
    {"version", put_version, NULL},
    {"n_rows", put_n_rows, NULL},
    {"n_rows_plain", put_n_rows_plain, NULL},
    {"has_rows", NULL, has_rows},
    {"untrained", NULL, is_untrained},
    {"n_rejected", put_n_rejected, NULL},
    {"median_purity", put_median_purity, NULL},
    {"median_loudness", put_median_loudness, NULL},
    {"percent_clean", put_percent_clean, NULL},
    {"column", NULL, next_column},
    {"column_name", put_column_name, NULL},
    {"column_n_values", put_column_n_values, NULL},
    {"column_unit", put_column_unit, NULL},
    {"column_meaning", put_column_meaning, NULL},
    {"several_splits", NULL, has_several_splits},
    {"split", NULL, next_split},
    {"split_name", put_split_name, NULL},
    {"split_n_parts", put_split_n_parts, NULL},
    {"split_n_rows", put_split_n_rows, NULL},
    {"has_rejects", NULL, has_rejects},
    {"no_rejects", NULL, has_no_rejects},
    {"reject", NULL, next_reject},
    {"reject_reason", put_reject_reason, NULL},
    {"reject_count", put_reject_count, NULL},
    {"target", NULL, next_target},
    {"target_title", put_target_title, NULL},
    {"target_meaning", put_target_meaning, NULL},
    {"target_counted", put_target_counted, NULL},
    {"target_headers", put_target_headers, NULL},
    {"correlation_rows", put_correlation_rows, NULL},
    {"n_captions", put_n_captions, NULL},
    {"n_shared", put_n_shared, NULL},
    {"n_most_shared", put_n_most_shared, NULL},
    {"words_median", put_words_median, NULL},
    {"words_range", put_words_range, NULL},
    {"split_rows", put_split_rows, NULL},
    {"several_corpora", NULL, has_several_corpora},
    {"corpus_rows", put_corpus_rows, NULL},
    {"target_chart", put_target_chart, NULL},
    {"target_quantiles", put_target_quantiles, NULL},
    {"target_bins", put_target_bins, NULL},
    {"has_quality", NULL, has_quality},
    {"quality", NULL, next_quality},
    {"codec_rows", put_codec_rows, NULL},
    {"spectrum_chart", put_spectrum_chart, NULL},
    {"band_rows", put_band_rows, NULL},
    {"effect_rows", put_effect_rows, NULL},
    {"effect_headers", put_effect_headers, NULL},
    {"cooccurrence_rows", put_cooccurrence_rows, NULL},
    {"n_effect_sets", put_n_effect_sets, NULL},
    {"effect_set_rows", put_effect_set_rows, NULL},
    {"effect", NULL, next_effect},
    {"effect_name", put_effect_name, NULL},
    {"effect_parameter", put_effect_parameter, NULL},
    {"effect_chart", put_effect_chart, NULL},
    {"norm_rows", put_norm_rows, NULL},
    {"cosine_of_halves", put_cosine_of_halves, NULL},
    {"subsampled", NULL, is_subsampled},
    {"subsample_stride", put_subsample_stride, NULL},
    {"subsample_n", put_subsample_n, NULL},
    {"fused_scatter", put_fused_scatter, NULL},
    {"caption_marker", put_caption_marker, NULL},
    {"audio_marker", put_audio_marker, NULL},
    {"purity_scatter", put_purity_scatter, NULL},
    {"purity_legend", put_purity_legend, NULL},
    {"n_samples", put_n_samples, NULL},
    {"sample", NULL, next_sample},
    {"sample_index", put_sample_index, NULL},
    {"sample_number", put_sample_number, NULL},
    {"sample_purity", put_sample_purity, NULL},
    {"sample_row", put_sample_row, NULL},
    {"sample_caption", put_sample_caption, NULL},
    {"sample_effects", put_sample_effects, NULL},
    {"sample_targets", put_sample_targets, NULL},
    {"n_listed", put_n_listed, NULL},
    {"listed_some", NULL, is_listed_in_part},
    {"listed_stride", put_listed_stride, NULL},
    {"row_headers", put_row_headers, NULL},
    {"listed_rows", put_listed_rows, NULL},
    {"sample_audio", put_sample_audio, NULL},
    {"sample_recipe", put_sample_recipe, NULL},
    {"run_group", NULL, next_run_group},
    {"run_group_title", put_run_group_title, NULL},
    {"run_group_values", put_run_group_values, NULL},
};

static patina_status render_page(page *p, patina_error *err) {
    p->err = err;
    PT_TRY(pt_mel_spectrogram_open(&p->mel, err));
    PT_TRY(pt_template_render(pt_report_page_html, fields, sizeof fields / sizeof *fields, p,
                              &p->html, err));
    PT_TRY(p->status);
    if (p->html.failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(pt_atomic_file_write_text(p->options->page, p->html.text, err));
    p->result->n_samples = p->stats->n_rows > 0 ? p->examples->n_samples : 0;
    p->result->n_bytes = p->html.length;
    return PATINA_OK;
}

/* The last component of a path; "data set" if it is only dots. */
static char *display_name(const char *out) {
    size_t n = strlen(out);
    while (n > 1 && out[n - 1] == '/')
        n--;
    char *path = pt_text_dup(out, n), *name = NULL;
    const char *last = path ? pt_path_basename(path) : "";
    if (path) name = strdup(strspn(last, "./") == strlen(last) ? "data set" : last);
    free(path);
    return name;
}

/* Those of the options, else by purity. */
static patina_status select_examples(const patina_report_options *options,
                                     const pt_report_statistics *stats, uint64_t *rows, size_t *n,
                                     patina_error *err) {
    if (!options->rows) {
        return pt_examples_select(stats, rows, n, err);
    }
    if (options->n_rows > PT_EXAMPLES_MAX)
        return pt_fail(err, PATINA_ERANGE, "a report shows at most %d rows", PT_EXAMPLES_MAX);
    *n = 0;
    for (size_t i = 0; i < options->n_rows; i++) {
        size_t k = 0;
        while (k < *n && rows[k] != options->rows[i])
            k++;
        rows[k] = options->rows[i]; /* once, if it is repeated */
        if (k == *n) ++*n;
        if (options->rows[i] >= stats->purity.n)
            return pt_fail(err, PATINA_ERANGE, "there is no row %" PRIu64 ": the set has %zu rows",
                           options->rows[i], stats->purity.n);
    }
    return PATINA_OK;
}

void patina_report_options_init(patina_report_options *options) {
    *options = (patina_report_options){.out = NULL};
}

patina_status patina_report_write(const patina_report_options *options,
                                  patina_report_result *result, patina_error *err) {
    pt_dataset_reader reader = {0};
    patina_inspection *stats = calloc(1, sizeof *stats);
    pt_report_statistics *report_stats = calloc(1, sizeof *report_stats);
    pt_examples *examples = calloc(1, sizeof *examples);
    char *name = display_name(options->out);
    patina_effect_config *config = NULL;
    uint64_t rows[PT_EXAMPLES_MAX];
    patina_report_result made = {0};
    patina_status status = stats && report_stats && examples && name
                               ? PATINA_OK
                               : pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK) status = pt_dataset_reader_open(options->out, &reader, err);
    if (status == PATINA_OK) status = pt_dataset_reader_open_effect_config(&reader, &config, err);
    if (status == PATINA_OK)
        status = pt_statistics_compute(&reader, config, stats, report_stats, NULL, err);
    if (status == PATINA_OK) {
        size_t n = 0;
        status = select_examples(options, report_stats, rows, &n, err);
        if (status == PATINA_OK) status = pt_examples_read(options->out, rows, n, examples, err);
    }
    if (status == PATINA_OK) status = pt_examples_find_recordings(options, examples, err);
    if (status == PATINA_OK) {
        page p = {.name = name,
                  .stats = stats,
                  .report_stats = report_stats,
                  .options = options,
                  .examples = examples,
                  .config = config,
                  .audio_bytes_left = AUDIO_BYTES_MAX,
                  .result = &made};
        pt_arena_init(&p.arena);
        status = render_page(&p, err);
        pt_arena_release(&p.arena);
        pt_mel_close(&p.mel);
        pt_strbuf_release(&p.html);
    }
    if (status == PATINA_OK) *result = made;
    if (examples) pt_examples_release(examples);
    if (report_stats) pt_report_statistics_release(report_stats);
    if (stats) pt_statistics_release(stats);
    patina_effect_config_close(&config);
    pt_dataset_reader_release(&reader);
    free(examples);
    free(report_stats);
    free(stats);
    free(name);
    return status;
}
