/* SPDX-License-Identifier: MIT */
/* figures.h - one pass over a set: what pt_inspect tells, and what only the page shows */

#ifndef PATINA_REPORT_FIGURES_H
#define PATINA_REPORT_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/inspect.h>

#include "degrade/effect.h"
#include "report/quantiles.h"
#include "report/set.h"

#define PT_GRID_ACROSS 20
#define PT_GRID_STEP   0.5 /* dB of purity */
#define PT_GRID_UP     180 /* -30 to 60 dB */

/** Rows by purity and by the main parameter of an effect that they have. */
typedef struct pt_grid {
    const pt_setting *main;
    double low, high; /* the range it is drawn from, left and right end */
    uint32_t all[PT_GRID_ACROSS][PT_GRID_UP];
    uint32_t alone[PT_GRID_ACROSS][PT_GRID_UP]; /* nothing else in the row costs purity */
} pt_grid;

#define PT_KEPT_ROWS 2000

/** Every stride-th row whole, for what needs rows side by side. */
typedef struct pt_kept {
    float (*fused)[2 * PT_EMBEDDING];
    float *purity;
    size_t n, stride;
} pt_kept;

/** Only made where it is asked for. */
typedef struct pt_page_figures {
    pt_grid grid[PT_N_EFFECTS];
    pt_kept kept;
    pt_values purity;     /* of every row, in order */
    uint64_t *entry_hash; /* [purity.capacity] of every row's entry */
    size_t n_hashes;
} pt_page_figures;

/**
 * shown  zeroed before; released by pt_figures_release, on failure too
 * page   NULL, or zeroed before and released by pt_page_figures_release
 */
pt_status pt_figures_gather(pt_set *set, const pt_suite *suite, pt_inspection *shown,
                            pt_page_figures *page, pt_error *err);
void pt_figures_release(pt_inspection *shown);
void pt_page_figures_release(pt_page_figures *page);

/** The suite that a set was made with, or the default one where it says nothing of it. */
pt_status pt_set_suite(const pt_set *set, pt_suite **suite, pt_error *err);

#endif /* PATINA_REPORT_FIGURES_H */
