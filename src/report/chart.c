/* SPDX-License-Identifier: MIT */
/* chart.c - histogram, spectrum, heat map, scatter plot and waveform as SVG
 *
 * Most charts are 440 units wide, the width of a phone, so that text stays readable there; wider
 * screens show several side by side. The spectrum is wider; page.css enlarges its text on a phone.
 */

#include "report/chart.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "report/html.h"

#define WIDTH      440.0
#define TICKS_MAX  24 /* a round step gives far fewer */
#define WIDE_WIDTH 680.0

/* The plot area and the values at its edges. */
typedef struct plot {
    double left, right, top, bottom; /* units */
    double x0, x1, y0, y1;           /* values at left, right, bottom and top */
} plot;

static double scale_x(const plot *p, double x) {
    return p->left + (x - p->x0) / (p->x1 - p->x0) * (p->right - p->left);
}

static double scale_y(const plot *p, double y) {
    return p->bottom - (y - p->y0) / (p->y1 - p->y0) * (p->bottom - p->top);
}

/* id is not escaped: it never holds user text. */
static void svg_open(pt_strbuf *out, const char *id, const char *class, double width, double height,
                     const char *title, const char *words) {
    if (!title || !words) { /* out of memory */
        out->failed = true;
        return;
    }
    pt_strbuf_printf(
        out,
        "<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-labelledby=\"%s-t "
        "%s-d\"><title id=\"%s-t\">",
        class, width, height, id, id, id);
    pt_html_add_escaped(out, title);
    pt_strbuf_printf(out, "</title><desc id=\"%s-d\">", id);
    pt_html_add_escaped(out, words);
    pt_strbuf_append(out, "</desc>\n");
}

static void svg_close(pt_strbuf *out) {
    pt_strbuf_append(out, "</svg>\n");
}

/* anchor: "start", "middle", "end" */
static void svg_add_text(pt_strbuf *out, double x, double y, const char *anchor, const char *text) {
    pt_strbuf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    pt_html_add_escaped(out, text);
    pt_strbuf_append(out, "</text>");
}

static void svg_add_number(pt_strbuf *out, double x, double y, const char *anchor, double value,
                           int decimals) {
    pt_strbuf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    pt_html_add_number(out, value, decimals);
    pt_strbuf_append(out, "</text>");
}

/* Decimals that multiples of a round step need. */
static int decimals_for_step(double step) {
    int decimals = 0;
    while (decimals < 6 &&
           fabs(step * pow(10.0, decimals) - floor(step * pow(10.0, decimals) + 0.5)) > 1e-6)
        decimals++;
    return decimals;
}

/* Ticks at the multiples of a round step, each with a line across the plot. */
static void axis_left(pt_strbuf *out, const plot *p, size_t n_ticks) {
    const double step = pt_nice_step(p->y1 - p->y0, n_ticks);
    const double first = ceil(p->y0 / step - 1e-9);
    for (size_t i = 0; i < TICKS_MAX && (first + (double)i) * step <= p->y1 + 1e-9 * step; i++) {
        const double k = first + (double)i, y = scale_y(p, k * step);
        pt_strbuf_printf(out, "<path class=\"rule\" d=\"M%.1f %.1fH%.1f\"/>", p->left, y, p->right);
        svg_add_number(out, p->left - 6.0, y + 4.0, "end", k * step, decimals_for_step(step));
    }
    pt_strbuf_append(out, "\n");
}

static void axis_bottom(pt_strbuf *out, const plot *p, size_t n_ticks) {
    const double step = pt_nice_step(p->x1 - p->x0, n_ticks);
    pt_strbuf_printf(out, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>", p->left, p->bottom,
                     p->right);
    const double first = ceil(p->x0 / step - 1e-9);
    for (size_t i = 0; i < TICKS_MAX && (first + (double)i) * step <= p->x1 + 1e-9 * step; i++) {
        const double k = first + (double)i, x = scale_x(p, k * step);
        pt_strbuf_printf(out, "<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", x, p->bottom);
        svg_add_number(out, x, p->bottom + 20.0, "middle", k * step, decimals_for_step(step));
    }
    pt_strbuf_append(out, "\n");
}

/* 1, 2 and 5 in each decade; only 1 where the range is wide. */
static void axis_bottom_log(pt_strbuf *out, const plot *p) {
    static const double ones[] = {1.0, 2.0, 5.0};
    const double decades = p->x1 - p->x0; /* x is a logarithm to base 10 */
    pt_strbuf_printf(out, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>", p->left, p->bottom,
                     p->right);
    for (double decade = floor(p->x0); decade <= p->x1; decade++)
        for (size_t i = 0; i < (decades > 2.5 ? 1U : 3U); i++) {
            const double value = ones[i] * pow(10.0, decade), x = scale_x(p, log10(value));
            if (x < p->left - 0.5 || x > p->right + 0.5) continue;
            pt_strbuf_printf(out, "<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", x, p->bottom);
            svg_add_number(out, x, p->bottom + 20.0, "middle", value, decimals_for_step(value));
        }
    pt_strbuf_append(out, "\n");
}

/* ---------------------------------------------------------------- histogram */

static char *describe_histogram(const patina_quantiles *q, const char *unit) {
    pt_strbuf words = {0};
    const char *blank = *unit ? " " : "";
    pt_strbuf_printf(
        &words,
        "%" PRIu64 " rows: 25 %% to 75 %% are %.4g to %.4g%s%s, 5 %% to 95 %% are %.4g to "
        "%.4g%s%s, the median is %.4g%s%s.",
        q->n, q->p25, q->p75, blank, unit, q->p5, q->p95, blank, unit, q->median, blank, unit);
    return pt_strbuf_detach(&words);
}

void pt_chart_histogram(pt_strbuf *out, const char *id, const char *title, const char *unit,
                        const char *counted, const patina_histogram *h, const patina_quantiles *q) {
    if (h->n_bins == 0) return;
    uint64_t most = 1;
    for (size_t i = 0; i < h->n_bins; i++)
        if (h->count[i] > most) most = h->count[i];
    const plot p = {.left = 50.0,
                    .right = WIDTH - 20.0,
                    .top = 14.0,
                    .bottom = 176.0,
                    .x0 = h->edge[0],
                    .x1 = h->edge[h->n_bins],
                    .y1 = (double)most};
    char *words = describe_histogram(q, unit);
    svg_open(out, id, "chart", WIDTH, 224.0, title, words);
    free(words);
    axis_left(out, &p, 4);
    for (size_t i = 0; i < h->n_bins; i++) {
        const double left = scale_x(&p, h->edge[i]) + 0.75, top = scale_y(&p, (double)h->count[i]);
        const double right = scale_x(&p, h->edge[i + 1]) - 0.75;
        if (h->count[i] == 0) continue;
        pt_strbuf_printf(out, "<path class=\"bar\" d=\"M%.1f %.1fV%.1fH%.1fV%.1fz\"><title>", left,
                         p.bottom, fmin(top, p.bottom - 1.0), fmax(right, left + 0.5), p.bottom);
        pt_strbuf_printf(out, "%g to %g%s%s: %" PRIu64 " %s</title></path>", h->edge[i],
                         h->edge[i + 1], *unit ? " " : "", unit, h->count[i], counted);
    }
    pt_strbuf_append(out, "\n");
    axis_bottom(out, &p, 6);
    const double median = scale_x(&p, q->median);
    pt_strbuf_printf(out, "<path class=\"median\" d=\"M%.1f %.1fV%.1f\"/>", median, p.bottom,
                     p.top);
    char label[96];
    snprintf(label, sizeof label, "%s%s%s", title, *unit ? " in " : "", unit);
    svg_add_text(out, p.right, 216.0, "end", label);
    snprintf(label, sizeof label, "vertical: number of %s", counted);
    svg_add_text(out, p.left, 216.0, "start", label);
    svg_close(out);
}

/* ---------------------------------------------------------------- spectrum */

/* The next run of bands with rows, [*first, *last), from *first on; false if there is none. */
static bool next_nonempty_bands(const patina_quantiles *band, size_t *first, size_t *last) {
    while (*first < PATINA_LTAS_BANDS && band[*first].n == 0)
        ++*first;
    for (*last = *first; *last < PATINA_LTAS_BANDS && band[*last].n > 0;)
        ++*last;
    return *first < PATINA_LTAS_BANDS;
}

/* The area between two quantiles. */
static void svg_add_quantile_area(pt_strbuf *out, const plot *p, const patina_quantiles *band,
                                  const char *class, size_t low, size_t high) {
    size_t first = 0, last;
    for (; next_nonempty_bands(band, &first, &last); first = last) {
        pt_strbuf_printf(out, "<path class=\"%s\" d=\"", class);
        for (size_t b = first; b < last; b++)
            pt_strbuf_printf(
                out, "%s%.1f %.1f", b == first ? "M" : "L", scale_x(p, (double)b),
                scale_y(p, *(const double *)(const void *)((const char *)&band[b] + high)));
        for (size_t b = last; b-- > first;)
            pt_strbuf_printf(
                out, "L%.1f %.1f", scale_x(p, (double)b),
                scale_y(p, *(const double *)(const void *)((const char *)&band[b] + low)));
        pt_strbuf_append(out, "z\"/>\n");
    }
}

static void svg_add_mean_line(pt_strbuf *out, const plot *p, const patina_quantiles *band) {
    size_t first = 0, last;
    for (; next_nonempty_bands(band, &first, &last); first = last) {
        pt_strbuf_append(out, "<path class=\"line\" d=\"");
        for (size_t b = first; b < last; b++)
            pt_strbuf_printf(out, "%s%.1f %.1f", b == first ? "M" : "L", scale_x(p, (double)b),
                             scale_y(p, band[b].mean));
        pt_strbuf_append(out, "\"/>\n");
    }
}

/* Octave o is centred between bands 6 o and 6 o + 1. */
static void axis_octaves(pt_strbuf *out, const plot *p) {
    static const char *const names[PATINA_OCTAVE_COUNT] = {"16", "31", "63", "125", "250", "500",
                                                           "1k", "2k", "4k", "8k",  "16k"};
    pt_strbuf_printf(out, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>", p->left, p->bottom,
                     p->right);
    for (size_t o = 0; o < PATINA_OCTAVE_COUNT; o++) {
        const double x = scale_x(p, 6.0 * (double)o + 0.5);
        pt_strbuf_printf(out, "<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", x, p->bottom);
        svg_add_text(out, x, p->bottom + 27.0, "middle", names[o]);
    }
    pt_strbuf_append(out, "\n");
}

void pt_chart_spectrum(pt_strbuf *out, const char *id,
                       const patina_quantiles band[PATINA_LTAS_BANDS]) {
    double low = INFINITY, high = -INFINITY;
    size_t loudest = 0;
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        if (band[b].n == 0) continue;
        low = fmin(low, band[b].p5);
        high = fmax(high, band[b].p95);
        if (band[loudest].n == 0 || band[b].mean > band[loudest].mean) loudest = b;
    }
    if (!(low <= high)) return;
    const plot p = {.left = 62.0,
                    .right = WIDE_WIDTH - 18.0,
                    .top = 12.0,
                    .bottom = 272.0,
                    .x1 = PATINA_LTAS_BANDS - 1,
                    .y0 = 20.0 * floor(low / 20.0),
                    .y1 = 20.0 * ceil((high + 0.1) / 20.0)};
    pt_strbuf words = {0};
    pt_strbuf_printf(
        &words,
        "The mean level is highest, %.1f dBFS, in the band at %.4g Hz. The table below "
        "lists all bands.",
        band[loudest].mean, patina_ltas_center_hz(loudest));
    char *text = pt_strbuf_detach(&words);
    svg_open(out, id, "chart wide", WIDE_WIDTH, 336.0, "Long-term spectrum of the pristine audio",
             text);
    free(text);
    axis_left(out, &p, 6);
    svg_add_quantile_area(out, &p, band, "spread", offsetof(patina_quantiles, p5),
                          offsetof(patina_quantiles, p95));
    svg_add_quantile_area(out, &p, band, "spread", offsetof(patina_quantiles, p25),
                          offsetof(patina_quantiles, p75));
    svg_add_mean_line(out, &p, band);
    axis_octaves(out, &p);
    svg_add_text(out, p.right, 329.0, "end", "frequency in Hz");
    svg_add_text(out, p.left, 329.0, "start", "vertical: level in dBFS");
    svg_close(out);
}

/* ---------------------------------------------------------------- heat map */

#define BINS_PER_CELL 5
#define CELL_DB       (BINS_PER_CELL * PT_HISTOGRAM2D_Y_WIDTH_DB)

static uint64_t cell_count(const uint32_t column[PT_HISTOGRAM2D_Y_BINS], size_t cell) {
    uint64_t n = 0;
    for (size_t i = 0; i < BINS_PER_CELL; i++)
        n += column[cell * BINS_PER_CELL + i];
    return n;
}

static void svg_add_cells(pt_strbuf *out, const plot *p, const pt_histogram2d *grid) {
    const double width = (p->right - p->left) / PT_HISTOGRAM2D_X_BINS;
    const double height = p->bottom - scale_y(p, PATINA_PURITY_MIN + CELL_DB);
    uint64_t most = 1;
    for (size_t x = 0; x < PT_HISTOGRAM2D_X_BINS; x++)
        for (size_t y = 0; y < PT_HISTOGRAM2D_Y_BINS / BINS_PER_CELL; y++)
            if (cell_count(grid->all[x], y) > most) most = cell_count(grid->all[x], y);
    for (size_t x = 0; x < PT_HISTOGRAM2D_X_BINS; x++)
        for (size_t y = 0; y < PT_HISTOGRAM2D_Y_BINS / BINS_PER_CELL; y++) {
            const uint64_t n = cell_count(grid->all[x], y);
            if (n == 0) continue;
            /* square root, so that single rows stay visible */
            pt_strbuf_printf(
                out, "<path class=\"cell\" opacity=\"%.2f\" d=\"M%.1f %.1fh%.1fv%.1fh-%.1fz\"/>",
                0.12 + 0.88 * sqrt((double)n / (double)most), p->left + (double)x * width,
                p->bottom - (double)(y + 1) * height, width, height, width);
        }
    pt_strbuf_append(out, "\n");
}

#define MEDIAN_ROWS_MIN 4 /* mean number of rows for a median; fewer rows give wider groups */

/* Columns to merge for a median, a divisor of PT_HISTOGRAM2D_X_BINS; 0 if there are too few
 * rows. */
static size_t
columns_per_group(const uint32_t columns[PT_HISTOGRAM2D_X_BINS][PT_HISTOGRAM2D_Y_BINS]) {
    static const size_t widths[] = {1, 2, 4, 5};
    uint64_t n = 0;
    for (size_t x = 0; x < PT_HISTOGRAM2D_X_BINS; x++)
        for (size_t y = 0; y < PT_HISTOGRAM2D_Y_BINS; y++)
            n += columns[x][y];
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (n * widths[i] >= (uint64_t)MEDIAN_ROWS_MIN * PT_HISTOGRAM2D_X_BINS) return widths[i];
    return 0;
}

/* Median purity of the rows of `width` columns in dB; NaN for fewer than three rows. */
static double group_median(const uint32_t (*columns)[PT_HISTOGRAM2D_Y_BINS], size_t width) {
    uint64_t n = 0, before = 0;
    for (size_t x = 0; x < width; x++)
        for (size_t y = 0; y < PT_HISTOGRAM2D_Y_BINS; y++)
            n += columns[x][y];
    if (n < 3) return NAN;
    for (size_t y = 0; y < PT_HISTOGRAM2D_Y_BINS; y++) {
        for (size_t x = 0; x < width; x++)
            before += columns[x][y];
        if (2 * before >= n)
            return PATINA_PURITY_MIN + ((double)y + 0.5) * PT_HISTOGRAM2D_Y_WIDTH_DB;
    }
    return NAN;
}

static void
svg_add_median_line(pt_strbuf *out, const plot *p,
                    const uint32_t columns[PT_HISTOGRAM2D_X_BINS][PT_HISTOGRAM2D_Y_BINS],
                    const char *class) {
    const double width = (p->right - p->left) / PT_HISTOGRAM2D_X_BINS;
    const size_t group = columns_per_group(columns);
    bool drawing = false;
    pt_strbuf_printf(out, "<path class=\"%s\" d=\"", class);
    for (size_t x = 0; group > 0 && x < PT_HISTOGRAM2D_X_BINS; x += group) {
        const double median = group_median(columns + x, group);
        if (!isnan(median))
            pt_strbuf_printf(out, "%s%.1f %.1f", drawing ? "L" : "M",
                             p->left + ((double)x + 0.5 * (double)group) * width,
                             scale_y(p, median));
        drawing = drawing || !isnan(median);
    }
    pt_strbuf_append(out, drawing ? "\"/>\n" : "M0 0\"/>\n");
}

static char *describe_heatmap(const char *effect, const pt_histogram2d *grid) {
    pt_strbuf words = {0};
    const size_t group = columns_per_group(grid->all);
    double first = NAN, last = NAN;
    for (size_t x = 0; group > 0 && x < PT_HISTOGRAM2D_X_BINS; x += group) {
        const double median = group_median(grid->all + x, group);
        if (isnan(median)) continue;
        if (isnan(first)) first = median;
        last = median;
    }
    pt_strbuf_printf(&words, "Purity of the rows with %s over the %s, from %.4g to %.4g.", effect,
                     grid->primary->summary, grid->low, grid->high);
    if (!isnan(first))
        pt_strbuf_printf(&words,
                         " The median is %.1f dB at the left end and %.1f dB at the right end.",
                         first, last);
    return pt_strbuf_detach(&words);
}

void pt_chart_heatmap(pt_strbuf *out, const char *id, const char *effect,
                      const pt_histogram2d *grid, double purity_cap) {
    const bool is_log = grid->primary->distribution == PT_DIST_LOG_UNIFORM;
    plot p = {.left = 50.0,
              .right = WIDTH - 20.0,
              .top = 12.0,
              .bottom = 192.0,
              .x0 = is_log ? log10(grid->low) : grid->low,
              .x1 = is_log ? log10(grid->high) : grid->high,
              .y0 = PATINA_PURITY_MIN,
              .y1 = fmin(purity_cap + CELL_DB, PATINA_PURITY_MAX)}; /* with the cell at the cap */
    if (!(p.x1 > p.x0)) p.x1 = p.x0 + 1.0;
    char *words = describe_heatmap(effect, grid), *title = NULL;
    pt_strbuf named = {0};
    pt_strbuf_printf(&named, "%s: purity over %s", effect, grid->primary->name);
    title = pt_strbuf_detach(&named);
    svg_open(out, id, "chart", WIDTH, 240.0, title, words);
    axis_left(out, &p, 5);
    svg_add_cells(out, &p, grid);
    svg_add_median_line(out, &p, grid->all, "line");
    svg_add_median_line(out, &p, grid->alone, "line alone");
    if (is_log)
        axis_bottom_log(out, &p);
    else
        axis_bottom(out, &p, 6);
    svg_add_text(out, p.right, 232.0, "end", grid->primary->name);
    svg_add_text(out, p.left, 232.0, "start", "vertical: purity in dB");
    svg_close(out);
    free(words);
    free(title);
}

/* ---------------------------------------------------------------- scatter plot */

/* Shapes differ as well as colours. */
static const char *const marker_path[] = {
    "m-2.2 0a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0-4.4 0", /* disc */
    "m0-2.8l2.6 4.6h-5.2z",                            /* triangle */
    "m-2-2h4v4h-4z",                                   /* square */
    "m0-2.8l2.8 2.8l-2.8 2.8l-2.8-2.8z",               /* diamond */
    "m0 2.8l2.6-4.6h-5.2z",                            /* triangle, down */
    "m-2.6 0h5.2m-2.6-2.6v5.2",                        /* plus */
};
enum { N_MARKERS = sizeof marker_path / sizeof *marker_path };

void pt_chart_legend_marker(pt_strbuf *out, int mark) {
    pt_strbuf_printf(
        out,
        "<svg class=\"key\" viewBox=\"-4 -4 8 8\" aria-hidden=\"true\"><path class=\"mark "
        "m%d\" d=\"M0 0%s\"/></svg>",
        mark, marker_path[mark % N_MARKERS]);
}

static void add_margin(double *low, double *high) {
    if (!(*low <= *high)) *low = *high = 0.0;
    const double margin = 0.05 * (*high - *low) + 1e-6;
    *low -= margin;
    *high += margin;
}

void pt_chart_scatter(pt_strbuf *out, const char *id, const char *title, const char *words,
                      const pt_scatter_series *groups, size_t n_groups, const double share[2]) {
    plot p = {.left = 14.0,
              .right = WIDTH - 20.0,
              .top = 12.0,
              .bottom = 300.0,
              .x0 = INFINITY,
              .x1 = -INFINITY,
              .y0 = INFINITY,
              .y1 = -INFINITY};
    char text[64];
    for (size_t g = 0; g < n_groups; g++)
        for (size_t i = 0; i < groups[g].n; i++) {
            const float *at = groups[g].xy + 2 * i;
            p.x0 = fmin(p.x0, at[0]);
            p.x1 = fmax(p.x1, at[0]);
            p.y0 = fmin(p.y0, at[1]);
            p.y1 = fmax(p.y1, at[1]);
        }
    add_margin(&p.x0, &p.x1);
    add_margin(&p.y0, &p.y1);
    svg_open(out, id, "chart", WIDTH, 332.0, title, words);
    pt_strbuf_printf(out, "<path class=\"frame\" d=\"M%.1f %.1fH%.1fV%.1fH%.1fz\"/>", p.left, p.top,
                     p.right, p.bottom, p.left);
    for (size_t g = 0; g < n_groups; g++) {
        if (groups[g].n == 0) continue;
        pt_strbuf_printf(out, "<path class=\"mark m%d\" d=\"", groups[g].mark);
        for (size_t i = 0; i < groups[g].n; i++) {
            const float *at = groups[g].xy + 2 * i;
            pt_strbuf_printf(out, "M%.1f %.1f%s", scale_x(&p, at[0]), scale_y(&p, at[1]),
                             marker_path[groups[g].mark % N_MARKERS]);
        }
        pt_strbuf_append(out, "\"/>\n");
    }
    pt_snprintf(text, sizeof text, "\xE2\x86\x92 component 1 (%.0f %%)", 100.0 * share[0]);
    svg_add_text(out, p.left, 320.0, "start", text);
    pt_snprintf(text, sizeof text, "\xE2\x86\x91 component 2 (%.0f %%)", 100.0 * share[1]);
    svg_add_text(out, p.right, 320.0, "end", text);
    svg_close(out);
}

/* ---------------------------------------------------------------- waveform */

void pt_chart_waveform(pt_strbuf *out, const char *id, const char *name, const float *x, size_t n,
                       double peak) {
    enum { COLUMNS = 220, HEIGHT = 64 };
    const size_t columns = n < COLUMNS ? n : COLUMNS;
    const double scale = peak > 0.0 ? (HEIGHT / 2.0 - 1.0) / peak : 0.0;
    char title[64], words[96];
    snprintf(title, sizeof title, "Waveform, %s", name);
    pt_snprintf(words, sizeof words, "%.1f seconds.", (double)n / PATINA_RATE_HZ);
    svg_open(out, id, "wave", WIDTH, HEIGHT, title, words);
    pt_strbuf_printf(out, "<path class=\"%s\" d=\"", name);
    for (size_t c = 0; c < columns; c++) {
        const size_t first = c * n / columns, last = (c + 1) * n / columns;
        float low = x[first], high = x[first];
        for (size_t i = first; i < last; i++) {
            low = x[i] < low ? x[i] : low;
            high = x[i] > high ? x[i] : high;
        }
        const double top = HEIGHT / 2.0 - scale * high, bottom = HEIGHT / 2.0 - scale * low;
        pt_strbuf_printf(out, "M%.0f %.1fV%.1f", ((double)c + 0.5) * WIDTH / (double)columns, top,
                         fmax(bottom, top + 0.6));
    }
    pt_strbuf_printf(out, "\" stroke-width=\"%.2f\"/>", WIDTH / (double)columns * 0.8);
    svg_close(out);
}
