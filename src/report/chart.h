/* SPDX-License-Identifier: MIT */
/* chart.h - figures as inline SVG
 *
 * A chart is a picture to assistive programs, with a title and a description in words; its colours
 * are classes of the page's style, which knows light, dark and print. Ids are unique in a page.
 */

#ifndef PATINA_REPORT_CHART_H
#define PATINA_REPORT_CHART_H

#include <stddef.h>

#include <patina/inspect.h>

#include "base/strbuf.h"
#include "report/statistics.h"

/** unit may be "". */
void pt_chart_histogram(pt_strbuf *out, const char *id, const char *title, const char *unit,
                        const patina_histogram *histogram, const patina_quantiles *quantiles);

/** Mean, and where half and nine tenths of the rows lie, over all bands. */
void pt_chart_spectrum(pt_strbuf *out, const char *id,
                       const patina_quantiles band[PATINA_LTAS_BANDS]);

/** Rows by purity over an effect's main parameter, and the middle ones of each column. */
void pt_chart_heatmap(pt_strbuf *out, const char *id, const char *effect,
                      const pt_histogram2d *grid);

/** Points of one kind: an index into the style's marks. */
typedef struct pt_scatter_series {
    const float *xy; /* [n, 2] */
    size_t n;
    int mark; /* 0 to 5 */
} pt_scatter_series;

/** Groups of points in one plane, with a word about them for those who cannot see it. */
void pt_chart_scatter(pt_strbuf *out, const char *id, const char *title, const char *words,
                      const pt_scatter_series *groups, size_t n_groups, const double share[2]);

/** The mark of a group, small, for a legend. */
void pt_chart_legend_marker(pt_strbuf *out, int mark);

/**
 * The envelope of a sound.
 *
 * peak    of the picture's height
 * second  "pristine" or "degraded": picks the colour and names it
 */
void pt_chart_waveform(pt_strbuf *out, const char *id, const char *name, const float *x, size_t n,
                       double peak);

#endif /* PATINA_REPORT_CHART_H */
