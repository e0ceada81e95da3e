/* SPDX-License-Identifier: MIT */
/* report.c - the page: one file of HTML, well-formed as XML too, that asks nobody for anything
 *
 *     set -> figures (one pass) -> chosen rows -> their sounds -> sections -> the page
 *
 * It holds no script. A policy in its head forbids the browser to load anything from elsewhere,
 * whatever the captions say.
 */

#include <patina/inspect.h>

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "audio/flac_encode.h"
#include "base/arena.h"
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
#include "report/style.h"

/* Of both sounds of all samples before base64 adds a third: with pictures and charts the page stays
 * under 10 MB. What a sample leaves over is the next one's. */
#define AUDIO_BYTES_MAX 5800000.0

typedef struct page {
    pt_strbuf html;
    const char *name; /* of the set */
    const patina_inspection *stats;
    const pt_report_statistics *report_stats;
    const patina_report_options *options;
    const pt_examples *examples;
    const patina_effect_config *config;
    pt_mel *mel;
    pt_arena arena;
    double audio_bytes_left; /* left for the samples to come */
    patina_report_result *result;
} page;

static void add(page *p, const char *html) {
    pt_strbuf_append(&p->html, html);
}

static void add_text(page *p, const char *text) {
    pt_html_add_escaped(&p->html, text);
}

static void section_open(page *p, const char *id, const char *title) {
    pt_strbuf_printf(&p->html, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">", id,
                     id, id);
    add_text(p, title);
    add(p, "</h2>\n");
}

static void section_close(page *p) {
    add(p, "</section>\n");
}

static void add_percent(page *p, uint64_t part, uint64_t whole) {
    pt_html_add_number(&p->html, whole > 0 ? 100.0 * (double)part / (double)whole : 0.0, 1);
    add(p, "\xE2\x80\xAF%"); /* U+202F */
}

/* ---------------------------------------------------------------- head */

static void add_head(page *p) {
    add(p, "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
           "<meta charset=\"utf-8\"/>\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
           "style-src 'unsafe-inline'; img-src data:; media-src data:\"/>\n"
           "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
           "<link rel=\"icon\" href=\"data:,\"/>\n<title>");
    add_text(p, p->name);
    add(p, " - patina report</title>\n<style>");
    for (const char *const *piece = pt_report_css; *piece; piece++)
        add(p, *piece);
    add(p, "</style>\n</head>\n<body>\n");
    add(p, "<a class=\"skip\" href=\"#main\">Skip to the figures</a>\n<header>\n"
           "<p class=\"brand\">patina data set</p>\n<h1>");
    add_text(p, p->name);
    add(p, "</h1>\n<p class=\"soft\">");
    pt_html_add_count(&p->html, p->stats->n_rows);
    pt_strbuf_printf(&p->html,
                     " %s of caption, damaged sound and what the clean sound measures.</p>\n",
                     p->stats->n_rows == 1 ? "row" : "rows");
}

static void add_navigation(page *p) {
    static const char *const links[][2] = {
        {"summary", "Summary"}, {"targets", "Targets"},     {"spectrum", "Spectrum"},
        {"effects", "Effects"}, {"severity", "Severity"},   {"embeddings", "Embeddings"},
        {"samples", "Samples"}, {"run", "How it was made"},
    };
    add(p, "<nav aria-label=\"Sections\"><ul>");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (p->stats->n_rows > 0 || i == 0 || i == 7)
            pt_strbuf_printf(&p->html, "<li><a href=\"#%s\">%s</a></li>", links[i][0], links[i][1]);
    add(p, "</ul></nav>\n</header>\n<main id=\"main\">\n");
}

/* ---------------------------------------------------------------- summary */

/* A tile shows its number above its name, and says it after it. */
static void tile_open(page *p, const char *name) {
    pt_strbuf_printf(&p->html, "<div><dt>%s</dt><dd>", name);
}

static void tile_close(page *p) {
    add(p, "</dd></div>\n");
}

static void tile_count(page *p, const char *name, uint64_t n) {
    tile_open(p, name);
    pt_html_add_count(&p->html, n);
    tile_close(p);
}

static void tile_median(page *p, const char *name, patina_scalar scalar) {
    tile_open(p, name);
    pt_html_add_number(&p->html, p->stats->scalar[scalar].median, 1);
    pt_strbuf_printf(&p->html, " <small>%s</small>", patina_scalar_unit(scalar));
    tile_close(p);
}

static uint64_t n_rejects(const patina_inspection *stats) {
    uint64_t n = 0;
    for (size_t i = 0; i < stats->n_rejects; i++)
        n += strtoull(stats->rejects[i].value, NULL, 10);
    return n;
}

static void add_splits(page *p) {
    add(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Splits\"><table>"
           "<caption>Splits</caption><thead><tr><th scope=\"col\">split</th>"
           "<th scope=\"col\">files</th><th scope=\"col\">rows</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < p->stats->n_splits; i++) {
        add(p, "<tr><th scope=\"row\">");
        add_text(p, p->stats->split[i].name);
        add(p, "</th><td>");
        pt_html_add_count(&p->html, p->stats->split[i].n_parts);
        add(p, "</td><td>");
        pt_html_add_count(&p->html, p->stats->split[i].n_rows);
        add(p, "</td></tr>\n");
    }
    add(p, "</tbody></table></div>\n");
}

static void add_columns(page *p) {
    add(p,
        "<details><summary>Columns</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Columns\"><table><caption>What a row holds, as 32-bit floats</caption>"
        "<thead><tr><th scope=\"col\">column</th><th scope=\"col\">numbers</th>"
        "<th scope=\"col\">unit</th><th scope=\"col\" class=\"text\">what it is</th></tr></thead>"
        "<tbody>\n");
    for (size_t i = 0; i < p->stats->n_columns; i++) {
        const patina_column_info *column = &p->stats->column[i];
        pt_strbuf_printf(&p->html, "<tr><th scope=\"row\">%s</th><td>%zu</td><td>", column->name,
                         column->n_values);
        add_text(p, column->unit);
        add(p, "</td><td class=\"text\">");
        add_text(p, column->meaning);
        add(p, "</td></tr>\n");
    }
    add(p, "</tbody></table></div></details>\n");
}

static void add_rejects(page *p) {
    if (p->stats->n_rejects == 0) {
        add(p, "<p>Nothing was rejected.</p>\n");
        return;
    }
    add(p, "<table><caption>What gave no row, by reason (rejects.jsonl names each)</caption>"
           "<thead><tr><th scope=\"col\">reason</th><th scope=\"col\">count</th></tr></thead>"
           "<tbody>\n");
    for (size_t i = 0; i < p->stats->n_rejects; i++) {
        add(p, "<tr><th scope=\"row\">");
        add_text(p, p->stats->rejects[i].name);
        add(p, "</th><td>");
        add_text(p, p->stats->rejects[i].value);
        add(p, "</td></tr>\n");
    }
    add(p, "</tbody></table>\n");
}

static void add_summary(page *p) {
    const patina_inspection *stats = p->stats;
    section_open(p, "summary", "Summary");
    if (stats->untrained)
        add(p, "<p class=\"warn\"><strong>The encoder is untrained.</strong> Its embeddings come "
               "from random weights: they have the right shape and no meaning. All other figures "
               "hold.</p>\n");
    add(p, "<dl class=\"tiles\">\n");
    tile_count(p, "rows", stats->n_rows);
    tile_count(p, "rejected", n_rejects(stats));
    if (stats->n_rows > 0) {
        tile_median(p, "median purity", PATINA_SCALAR_PURITY);
        tile_median(p, "median loudness", PATINA_SCALAR_LUFS);
        tile_open(p, "rows left clean");
        add_percent(p, stats->n_chain[0], stats->n_rows);
        tile_close(p);
    }
    add(p, "</dl>\n<div class=\"two\"><div>");
    add_columns(p);
    add(p, "</div></div>\n");
    if (stats->n_splits > 1) add_splits(p);
    if (stats->n_rejects > 0 || stats->n_rows == 0) add_rejects(p);
    section_close(p);
}

/* ---------------------------------------------------------------- targets */

static void add_histogram_table(page *p, const patina_histogram *h, const char *title,
                                int decimals) {
    add(p, "<details><summary>Numbers</summary><table><caption>");
    add_text(p, title);
    add(p, ", rows in each bin</caption><thead><tr><th scope=\"col\">from</th><th scope=\"col\">to"
           "</th><th scope=\"col\">rows</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < h->n_bins; i++) {
        add(p, "<tr><td>");
        pt_html_add_number(&p->html, h->edge[i], decimals);
        add(p, "</td><td>");
        pt_html_add_number(&p->html, h->edge[i + 1], decimals);
        add(p, "</td><td>");
        pt_html_add_count(&p->html, h->count[i]);
        add(p, "</td></tr>\n");
    }
    add(p, "</tbody></table></details>\n");
}

static void add_quantiles(page *p, const patina_quantiles *q, const char *unit, int decimals) {
    add(p, "<p class=\"note\">median <b>");
    pt_html_add_number(&p->html, q->median, decimals);
    pt_strbuf_printf(&p->html, "%s%s</b>, nine tenths between ", *unit ? " " : "", unit);
    pt_html_add_number(&p->html, q->p5, decimals);
    add(p, " and ");
    pt_html_add_number(&p->html, q->p95, decimals);
    add(p, ", all between ");
    pt_html_add_number(&p->html, q->least, decimals);
    add(p, " and ");
    pt_html_add_number(&p->html, q->most, decimals);
    add(p, "</p>\n");
}

static void add_target(page *p, patina_scalar scalar, const char *title, const char *meaning) {
    const patina_inspection *stats = p->stats;
    const int decimals = scalar == PATINA_SCALAR_ZCR ? 3 : 1;
    char id[16];
    snprintf(id, sizeof id, "h%d", (int)scalar);
    add(p, "<figure>");
    pt_strbuf_printf(&p->html, "<figcaption><h3>%s</h3>%s</figcaption>\n", title, meaning);
    pt_chart_histogram(&p->html, id, title, patina_scalar_unit(scalar), &stats->histogram[scalar],
                       &stats->scalar[scalar]);
    add_quantiles(p, &stats->scalar[scalar], patina_scalar_unit(scalar), decimals);
    add_histogram_table(p, &stats->histogram[scalar], title, scalar == PATINA_SCALAR_ZCR ? 4 : 1);
    add(p, "</figure>\n");
}

static void add_targets(page *p) {
    section_open(p, "targets", "Targets");
    add(p, "<p>How the numbers lie that a model is to predict. The dashed line is the median.</p>\n"
           "<div class=\"grid\">\n");
    add_target(p, PATINA_SCALAR_PURITY, "Purity",
               "of the degraded sound: signal over noise and distortion. Rows that were only "
               "coloured, or left clean, stand at 60 dB.");
    add_target(p, PATINA_SCALAR_LUFS, "Loudness", "of the pristine sound, integrated.");
    add_target(p, PATINA_SCALAR_CREST, "Crest factor", "of the pristine sound: peak over rms.");
    add_target(p, PATINA_SCALAR_ZCR, "Zero-crossing rate",
               "of the pristine sound: the share of samples where the sign turns.");
    add(p, "</div>\n");
    section_close(p);
}

static void add_spectrum(page *p) {
    section_open(p, "spectrum", "Spectrum");
    add(p, "<p>Long-term average of the pristine sound in 64 sixth-octave bands. Rows whose "
           "recording holds nothing in a band (&#8722;120 dBFS) are left out there.</p>\n<figure>");
    pt_chart_spectrum(&p->html, "ltas", p->stats->band);
    add(p,
        "<ul class=\"legend\"><li><span class=\"swatch\"></span>mean</li><li><span "
        "class=\"swatch band\"></span>half of the rows, and nine tenths</li></ul>\n"
        "<details><summary>Numbers</summary><div class=\"scroll\" tabindex=\"0\" "
        "role=\"region\" aria-label=\"Levels of all bands\"><table><caption>Levels of all bands "
        "in dBFS</caption><thead><tr><th scope=\"col\">middle, Hz</th><th scope=\"col\">rows</th>"
        "<th scope=\"col\">5 %</th><th scope=\"col\">25 %</th><th scope=\"col\">median</th>"
        "<th scope=\"col\">75 %</th><th scope=\"col\">95 %</th><th scope=\"col\">mean</th></tr>"
        "</thead><tbody>\n");
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        const patina_quantiles *q = &p->stats->band[b];
        const double v[] = {q->p5, q->p25, q->median, q->p75, q->p95, q->mean};
        pt_strbuf_printf(&p->html, "<tr><th scope=\"row\">%.5g</th><td>", patina_ltas_center_hz(b));
        pt_html_add_count(&p->html, q->n);
        add(p, "</td>");
        for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
            add(p, "<td>");
            if (q->n > 0) pt_html_add_number(&p->html, v[i], 1);
            add(p, "</td>");
        }
        add(p, "</tr>\n");
    }
    add(p, "</tbody></table></div></details></figure>\n");
    section_close(p);
}

/* ---------------------------------------------------------------- effects */

static void add_share(page *p, uint64_t n) {
    add(p, "<td>");
    pt_html_add_count(&p->html, n);
    add(p, "</td><td>");
    add_percent(p, n, p->stats->n_rows);
    pt_strbuf_printf(&p->html, "</td><td class=\"share\"><span style=\"width:%.1f%%\"></span></td>",
                     100.0 * (double)n / (double)p->stats->n_rows);
}

static void add_effect_counts(page *p) {
    add(p, "<div class=\"card\"><table><caption>Rows that have an effect</caption><thead><tr>"
           "<th scope=\"col\">effect</th><th scope=\"col\">rows</th><th scope=\"col\">share</th>"
           "<td><span class=\"hidden\">bar</span></td></tr></thead><tbody>\n");
    for (size_t e = 0; e < p->stats->n_effects; e++) {
        pt_strbuf_printf(&p->html, "<tr><th scope=\"row\">%s</th>", p->stats->effect[e]);
        add_share(p, p->stats->n_with[e]);
        add(p, "</tr>\n");
    }
    add(p, "<tr><th scope=\"row\">none</th>");
    add_share(p, p->stats->n_chain[0]);
    add(p, "</tr>\n</tbody></table></div>\n");
}

static void add_cooccurrence_matrix(page *p) {
    const patina_inspection *stats = p->stats;
    uint64_t most = 1;
    for (size_t e = 0; e < stats->n_effects; e++)
        if (stats->n_with[e] > most) most = stats->n_with[e];
    add(p, "<div class=\"card\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
           "aria-label=\"Effects together\"><table class=\"matrix\"><caption>Rows that have both "
           "effects; on the diagonal, the one</caption><thead><tr><th scope=\"col\">effect</th>");
    for (size_t e = 0; e < stats->n_effects; e++)
        pt_strbuf_printf(&p->html, "<th scope=\"col\">%s</th>", stats->effect[e]);
    add(p, "</tr></thead><tbody>\n");
    for (size_t a = 0; a < stats->n_effects; a++) {
        pt_strbuf_printf(&p->html, "<tr><th scope=\"row\">%s</th>", stats->effect[a]);
        for (size_t b = 0; b < stats->n_effects; b++) {
            const uint64_t n = stats->n_with_both[a * stats->n_effects + b];
            pt_strbuf_printf(&p->html, "<td><i style=\"opacity:%.2f\"></i><b>",
                             0.42 * (double)n / (double)most);
            pt_html_add_count(&p->html, n);
            add(p, "</b></td>");
        }
        add(p, "</tr>\n");
    }
    add(p, "</tbody></table></div></div>\n");
}

/* The sets of effects that rows have, most frequent first. */
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

static void add_combinations(page *p) {
    unsigned sorted[1U << PT_EFFECT_COUNT];
    const size_t n = sort_effect_sets(p->stats, sorted);
    pt_strbuf_printf(
        &p->html,
        "<details><summary>All %zu combinations</summary><div class=\"scroll\" "
        "tabindex=\"0\" role=\"region\" aria-label=\"Combinations\"><table><caption>Rows "
        "that have just these effects</caption><thead><tr><th scope=\"col\">effects</th>"
        "<th scope=\"col\">rows</th><th scope=\"col\">share</th></tr></thead><tbody>\n",
        n);
    for (size_t i = 0; i < n; i++) {
        bool first = true;
        add(p, "<tr><th scope=\"row\">");
        if (sorted[i] == 0) add(p, "none: clean rows");
        for (size_t e = 0; e < p->stats->n_effects; e++) {
            if (!(sorted[i] >> e & 1U)) continue;
            pt_strbuf_printf(&p->html, "%s%s", first ? "" : ", ", p->stats->effect[e]);
            first = false;
        }
        add(p, "</th><td>");
        pt_html_add_count(&p->html, p->stats->n_chain[sorted[i]]);
        add(p, "</td><td>");
        add_percent(p, p->stats->n_chain[sorted[i]], p->stats->n_rows);
        add(p, "</td></tr>\n");
    }
    add(p, "</tbody></table></div></details>\n");
}

static void add_effects(page *p) {
    section_open(p, "effects", "Effects");
    add(p, "<p>What was done to the copies, drawn anew for every row.</p>\n<div class=\"grid\">\n");
    add_effect_counts(p);
    add_cooccurrence_matrix(p);
    add(p, "</div>\n");
    add_combinations(p);
    section_close(p);
}

static void add_severity(page *p) {
    section_open(p, "severity", "Severity");
    add(p,
        "<p>Purity of the rows that have an effect, over the parameter that says best how bad it "
        "is. Stronger cells hold more rows. Comb, mud and sibilance colour a sound and cost no "
        "purity; what falls in their charts is the work of other effects in the same row.</p>\n"
        "<ul class=\"legend\"><li><span class=\"swatch\"></span>median of all rows with the "
        "effect</li><li><span class=\"swatch dash\"></span>median where no other effect costs "
        "purity</li></ul>\n<div class=\"grid\">\n");
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        const pt_histogram2d *grid = &p->report_stats->grid[e];
        char id[16];
        snprintf(id, sizeof id, "g%zu", e);
        pt_strbuf_printf(&p->html, "<figure><figcaption><h3>%s</h3>", pt_effects[e]->name);
        add_text(p, grid->primary->summary);
        add(p, "</figcaption>\n");
        pt_chart_heatmap(&p->html, id, pt_effects[e]->name, grid);
        add(p, "</figure>\n");
    }
    add(p, "</div>\n");
    section_close(p);
}

/* ---------------------------------------------------------------- embeddings */

static void add_embedding_row(page *p, const char *name, const patina_embedding_stats *e) {
    const double v[] = {e->norm_min, e->norm_mean, e->norm_max, e->mean_cosine};
    pt_strbuf_printf(&p->html, "<tr><th scope=\"row\">%s</th>", name);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        add(p, "<td>");
        pt_html_add_number(&p->html, v[i], i < 3 ? 4 : 3);
        add(p, "</td>");
    }
    add(p, "</tr>\n");
}

static void add_norms(page *p) {
    add(p,
        "<div class=\"card\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Lengths\"><table><caption>Euclidean lengths, which should be 1, and the "
        "mean cosine of any two rows, which is 1 where all are alike</caption><thead><tr>"
        "<th scope=\"col\">half</th><th scope=\"col\">shortest</th><th scope=\"col\">mean</th>"
        "<th scope=\"col\">longest</th><th scope=\"col\">mean cosine</th></tr></thead><tbody>\n");
    add_embedding_row(p, "caption", &p->stats->text);
    add_embedding_row(p, "audio", &p->stats->audio);
    add(p, "</tbody></table></div><p class=\"note\">Mean cosine between the two halves of a row: ");
    pt_html_add_number(&p->html, p->stats->text_audio_cosine, 3);
    add(p, "</p></div>\n");
}

/* Both halves of the kept rows in one plane: [2 n, 512], the captions first. */
static patina_status add_embedding_scatter(page *p, float *points, float *xy, patina_error *err) {
    const pt_row_subsample *subsample = &p->report_stats->subsample;
    pt_pca_result pca;
    for (size_t i = 0; i < subsample->n; i++) {
        memcpy(points + i * PATINA_EMBEDDING_SIZE, subsample->fused[i],
               PATINA_EMBEDDING_SIZE * sizeof *points);
        memcpy(points + (subsample->n + i) * PATINA_EMBEDDING_SIZE,
               subsample->fused[i] + PATINA_EMBEDDING_SIZE, PATINA_EMBEDDING_SIZE * sizeof *points);
    }
    PT_TRY(pt_pca_project(points, 2 * subsample->n, PATINA_EMBEDDING_SIZE, &pca, xy, err));
    const pt_scatter_series groups[] = {{xy, subsample->n, 0},
                                        {xy + 2 * subsample->n, subsample->n, 1}};
    add(p, "<figure><figcaption><h3>Captions and sounds</h3>in one plane. Two clouds apart are "
           "usual: the two encoders leave a gap.</figcaption>\n");
    pt_chart_scatter(&p->html, "pca", "Captions and sounds in one plane",
                     "Points of captions and of damaged sounds on the first two principal axes.",
                     groups, 2, pca.explained_variance);
    add(p, "<ul class=\"legend\"><li>");
    pt_chart_legend_marker(&p->html, 0);
    add(p, "caption</li><li>");
    pt_chart_legend_marker(&p->html, 1);
    add(p, "damaged sound</li></ul></figure>\n");
    return PATINA_OK;
}

/* The audio half alone, in groups of purity. */
static patina_status add_purity_scatter(page *p, float *points, float *xy, patina_error *err) {
    static const double upto[] = {10.0, 25.0, 45.0, INFINITY};
    static const char *const names[] = {"under 10 dB", "10 to 25 dB", "25 to 45 dB", "over 45 dB"};
    enum { N = sizeof upto / sizeof *upto, FIRST_MARK = 2 };
    const pt_row_subsample *subsample = &p->report_stats->subsample;
    pt_pca_result pca;
    pt_scatter_series groups[N];
    float *sorted = xy + 2 * subsample->n;
    size_t at = 0;
    for (size_t i = 0; i < subsample->n; i++)
        memcpy(points + i * PATINA_EMBEDDING_SIZE, subsample->fused[i] + PATINA_EMBEDDING_SIZE,
               PATINA_EMBEDDING_SIZE * sizeof *points);
    PT_TRY(pt_pca_project(points, subsample->n, PATINA_EMBEDDING_SIZE, &pca, xy, err));
    for (size_t g = 0; g < N; g++) {
        groups[g] = (pt_scatter_series){sorted + 2 * at, 0, FIRST_MARK + (int)g};
        for (size_t i = 0; i < subsample->n; i++) {
            if (!(subsample->purity[i] < upto[g]) || (g > 0 && subsample->purity[i] < upto[g - 1]))
                continue;
            memcpy(sorted + 2 * at++, xy + 2 * i, 2 * sizeof *xy);
            groups[g].n++;
        }
    }
    add(p, "<figure><figcaption><h3>Sounds by purity</h3>the audio half by itself. Purity that can "
           "be heard shows as an order of the marks.</figcaption>\n");
    pt_chart_scatter(&p->html, "pcb", "Sounds by purity",
                     "Points of damaged sounds on their own first two principal axes, marked by "
                     "purity.",
                     groups, N, pca.explained_variance);
    add(p, "<ul class=\"legend\">");
    for (size_t g = 0; g < N; g++) {
        add(p, "<li>");
        pt_chart_legend_marker(&p->html, FIRST_MARK + (int)g);
        pt_strbuf_printf(&p->html, "%s</li>", names[g]);
    }
    add(p, "</ul></figure>\n");
    return PATINA_OK;
}

static patina_status add_embeddings(page *p, patina_error *err) {
    const pt_row_subsample *subsample = &p->report_stats->subsample;
    float *points = malloc(2 * subsample->n * PATINA_EMBEDDING_SIZE * sizeof *points);
    float *xy = malloc(4 * subsample->n * sizeof *xy);
    patina_status status = points && xy ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");

    section_open(p, "embeddings", "Embeddings");
    if (p->stats->untrained)
        add(p, "<p class=\"note\">Of an untrained encoder: shapes and lengths can be checked here, "
               "meaning cannot.</p>\n");
    add_norms(p);
    if (subsample->stride > 1)
        pt_strbuf_printf(&p->html,
                         "<p class=\"note\">The pictures show row 0 and every %zu rows one, "
                         "%zu in all.</p>\n",
                         subsample->stride, subsample->n);
    add(p, "<div class=\"grid\" style=\"margin-top:18px\">\n");
    if (status == PATINA_OK) status = add_embedding_scatter(p, points, xy, err);
    if (status == PATINA_OK) status = add_purity_scatter(p, points, xy, err);
    add(p, "</div>\n");
    section_close(p);
    free(points);
    free(xy);
    return status;
}

/* ---------------------------------------------------------------- samples */

/* A pair of sounds at a rate that fits. */
typedef struct pair {
    const float *sound[2]; /* pristine, degraded */
    size_t n;
} pair;

static patina_status encode(const pair *of, unsigned rate_hz, double seconds, double gain,
                            pt_strbuf flac[2], patina_error *err) {
    const size_t longest = (size_t)(seconds * rate_hz), n = of->n < longest ? of->n : longest;
    for (size_t k = 0; k < 2; k++) {
        pt_strbuf_clear(&flac[k]);
        PT_TRY(pt_flac_encode(of->sound[k], n, rate_hz, gain, &flac[k], err));
    }
    return PATINA_OK;
}

/* The best of what fits into room bytes: the whole at 48 kHz, at 24, then its beginning. */
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
        "<img width=\"%zu\" height=\"%d\" alt=\"Mel spectrogram of the %s sound, 50 Hz to "
        "14 kHz upwards over %.1f seconds\" src=\"",
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
    /* more than an equal part of what is left: most sounds are short */
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
                "<p class=\"note\">Played %.2f dB quieter, both alike, since peaks of the "
                "recording are over full scale.</p>\n",
                -20.0 * log10(gain));
        if (rate_hz < PATINA_RATE_HZ)
            pt_strbuf_printf(&p->html,
                             "<p class=\"note\">To save room the players hold %s at %u kHz; the "
                             "pictures show all of it.</p>\n",
                             seconds < PATINA_WINDOW_S ? "the beginning" : "the sounds",
                             rate_hz / 1000);
    }
    for (size_t k = 0; k < 2; k++) {
        pt_strbuf_release(&flac[k]);
        pt_strbuf_release(&png[k]);
    }
    return status;
}

static void add_chain_description(page *p, const char *words) {
    add(p, "<ul class=\"damage\" aria-label=\"Damage\">");
    if (*words == '\0') add(p, "<li><b>clean</b>: nothing was done to it</li>");
    while (*words) {
        const size_t n = strcspn(words, "\n"), n_name = strcspn(words, ":");
        char *line = pt_text_dup(words, n);
        if (line && n_name < n) {
            pt_strbuf_printf(&p->html, "<li><b>%.*s</b>: ", (int)n_name, line);
            add_text(p, line + n_name + 2);
            add(p, "</li>");
        }
        free(line);
        words += n + (words[n] == '\n');
    }
    add(p, "</ul>\n");
}

/* A sample without sound is shown all the same, with the reason in its place; only what concerns
 * the page itself ends it. */
static patina_status add_sample(page *p, size_t i, patina_error *err) {
    const pt_example *example = &p->examples->example[i];
    pair of = {.n = 0};
    patina_error why = {0};
    pt_strbuf_printf(
        &p->html,
        "<article class=\"card\" aria-labelledby=\"s%zu\"><header><h3 id=\"s%zu\">Sample "
        "%zu</h3><span class=\"purity\">purity <b>",
        i, i, i + 1);
    pt_html_add_number(&p->html, example->purity_db, 1);
    add(p, " dB</b>, row ");
    pt_html_add_count(&p->html, example->row);
    add(p, "</span></header>\n<blockquote>");
    add_text(p, example->caption ? example->caption : "(no caption)");
    add(p, "</blockquote>\n");
    add_chain_description(p, example->words);

    pt_arena_reset(&p->arena);
    patina_status status = PATINA_REJECT_MISSING;
    if (p->options->audio_root || p->options->corpus)
        status = pt_example_replay(p->examples, i, p->options->audio_root, p->config, &of.sound[0],
                                   &of.sound[1], &of.n, &p->arena, &why);
    else
        pt_fail(&why, status, "no recordings were named");
    if (status == PATINA_ENOMEM) return pt_fail(err, status, "%s", why.message);
    if (status == PATINA_OK) {
        PT_TRY(add_pair(p, i, &of, err));
        p->result->n_heard++;
    } else {
        add(p, "<p class=\"note\">No sound: ");
        add_text(p, why.message);
        add(p, "</p>\n");
        if (p->result->first_missing[0] == '\0')
            snprintf(p->result->first_missing, sizeof p->result->first_missing, "%.*s",
                     pt_text_truncate(why.message, sizeof p->result->first_missing - 1),
                     why.message);
    }
    add(p, "<details><summary>Recipe</summary><pre>");
    add_text(p, example->line);
    add(p, "</pre></details></article>\n");
    return PATINA_OK;
}

static patina_status add_samples(page *p, patina_error *err) {
    section_open(p, "samples", "Samples");
    pt_strbuf_printf(
        &p->html,
        "<p>%zu rows from the purest to the dirtiest. Upper picture: the waveform, both "
        "of a pair at one scale. Lower picture: the mel bands that the encoder hears, 50 "
        "Hz to 14 kHz, over 80 dB. Turn the volume down first.</p>\n"
        "<div class=\"samples\">\n",
        p->examples->n_samples);
    for (size_t i = 0; i < p->examples->n_samples; i++)
        PT_TRY(add_sample(p, i, err));
    add(p, "</div>\n");
    section_close(p);
    p->result->n_samples = p->examples->n_samples;
    return PATINA_OK;
}

/* ---------------------------------------------------------------- the run */

static void add_key_values(page *p, const char *title, const patina_key_value *facts, size_t n) {
    if (n == 0) return;
    pt_strbuf_printf(&p->html, "<div class=\"card\"><h3>%s</h3><dl class=\"facts\">\n", title);
    for (size_t i = 0; i < n; i++) {
        add(p, "<dt>");
        add_text(p, facts[i].name);
        add(p, "</dt><dd>");
        add_text(p, facts[i].value);
        add(p, "</dd>\n");
    }
    add(p, "</dl></div>\n");
}

static void add_run(page *p) {
    section_open(p, "run", "How it was made");
    add(p, "<p>From dataset.json, which lies beside the rows.</p>\n<div class=\"grid\">\n");
    add_key_values(p, "Run", p->stats->facts, p->stats->n_facts);
    add_key_values(p, "Settings", p->stats->settings, p->stats->n_settings);
    add_key_values(p, "Model", p->stats->model, p->stats->n_model);
    add(p, "</div>\n");
    if (p->stats->n_rows > 0 && p->stats->n_rejects == 0)
        add(p, "<p class=\"note\" style=\"margin-top:1em\">Nothing was rejected.</p>\n");
    section_close(p);
    pt_strbuf_printf(&p->html,
                     "</main>\n<footer>Made by patina %s from %" PRIu64
                     " rows. The page loads nothing "
                     "from anywhere; recordings and captions in it remain under their own licences."
                     "</footer>\n</body>\n</html>\n",
                     patina_version(), p->stats->n_rows);
}

/* ---------------------------------------------------------------- the whole */

static patina_status render_page(page *p, patina_error *err) {
    patina_status status = PATINA_OK;
    add_head(p);
    add_navigation(p);
    add_summary(p);
    if (p->stats->n_rows > 0) {
        add_targets(p);
        add_spectrum(p);
        add_effects(p);
        add_severity(p);
        status = add_embeddings(p, err);
        if (status == PATINA_OK) status = pt_mel_spectrogram_open(&p->mel, err);
        if (status == PATINA_OK) status = add_samples(p, err);
    }
    add_run(p);
    if (status == PATINA_OK && p->html.failed)
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK)
        status = pt_atomic_file_write_text(p->options->page, p->html.text, err);
    p->result->n_bytes = p->html.length;
    return status;
}

/* The last part of a path, whatever stands behind it; "data set" where that says nothing. */
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
        status = pt_statistics_compute(&reader, config, stats, report_stats, err);
    if (status == PATINA_OK) {
        const size_t n = pt_examples_select(report_stats, rows);
        status = pt_examples_read(options->out, rows, n, examples, err);
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
