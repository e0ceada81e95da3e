/* SPDX-License-Identifier: MIT */
/* chart.h - charts as inline SVG
 *
 * A chart has role "img", a title and a description in words for screen readers. Its colours are
 * classes of page.css, which has rules for light, dark and print. Ids are unique in a page.
 */

#ifndef PATINA_REPORT_CHART_H
#define PATINA_REPORT_CHART_H

#include <stddef.h>

#include <patina/inspect.h>

#include "base/strbuf.h"
#include "report/statistics.h"

/** unit may be "". */
void pt_chart_histogram(pt_strbuf *out, const char *id, const char *title, const char *unit,
                        const char *counted, const patina_histogram *histogram,
                        const patina_quantiles *quantiles);

/** Mean, and the ranges 25 % to 75 % and 5 % to 95 % of the rows, over all bands. */
void pt_chart_spectrum(pt_strbuf *out, const char *id,
                       const patina_quantiles band[PATINA_LTAS_BANDS]);

/** Rows by purity, from PATINA_PURITY_MIN to purity_cap, over an effect's primary parameter, and
 * the median of each column. */
void pt_chart_heatmap(pt_strbuf *out, const char *id, const char *effect,
                      const pt_histogram2d *grid, double purity_cap);

/** One group of points. */
typedef struct pt_scatter_series {
    const float *xy; /* [n, 2] */
    size_t n;
    int mark; /* 0 to 5: shape, and class m0 to m5 of page.css */
} pt_scatter_series;

/** Groups of points in one plane; words is the description. */
void pt_chart_scatter(pt_strbuf *out, const char *id, const char *title, const char *words,
                      const pt_scatter_series *groups, size_t n_groups, const double share[2]);

/** The marker of a group for a legend. */
void pt_chart_legend_marker(pt_strbuf *out, int mark);

/**
 * The waveform of a signal, as minimum and maximum of each column.
 *
 * name  "pristine" or "degraded": the colour, and part of the title
 * peak  amplitude at the full height
 */
void pt_chart_waveform(pt_strbuf *out, const char *id, const char *name, const float *x, size_t n,
                       double peak);

#endif /* PATINA_REPORT_CHART_H */
