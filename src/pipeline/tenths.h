/* SPDX-License-Identifier: MIT */
/* tenths.h - a distribution in cells of a tenth, whatever the number of its values */

#ifndef PATINA_PIPELINE_TENTHS_H
#define PATINA_PIPELINE_TENTHS_H

#include <stdint.h>

#define PT_TENTHS_LOWEST  (-120) /* what lies beyond counts as these */
#define PT_TENTHS_HIGHEST 180
#define PT_TENTHS_CELLS   (10 * (PT_TENTHS_HIGHEST - PT_TENTHS_LOWEST) + 1)

/** Cell i holds what rounds to lowest + i / 10. Zero it to start. */
typedef struct pt_tenths {
    uint64_t count[PT_TENTHS_CELLS];
    uint64_t n;
} pt_tenths;

/** Adds a finite value. */
void pt_tenths_add(pt_tenths *tenths, double value);

/** The least tenth that a share of the values does not exceed, 0 < share <= 1; 0 without values. */
double pt_tenths_quantile(const pt_tenths *tenths, double share);

#endif /* PATINA_PIPELINE_TENTHS_H */
