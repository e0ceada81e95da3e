/* SPDX-License-Identifier: MIT */
/* hybrid.h - small numbers in runs: Parquet's levels, and the indices into a dictionary
 *
 * A run begins with a number h. Even: its value follows once and stands h / 2 times. Odd: h / 2
 * times eight values follow, packed bit by bit from the lowest up.
 *
 * Source   Apache Parquet format 2.11: Encodings.md, "Run Length Encoding / Bit-Packing Hybrid"
 */

#ifndef PATINA_PARQUET_HYBRID_H
#define PATINA_PARQUET_HYBRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parquet/thrift_reader.h"

#define PT_HYBRID_WIDTH_MAX 32

typedef struct pt_hybrid {
    pt_thrift_in in; /* what follows the run at hand */
    unsigned width;  /* bits a value */
    uint64_t n_left; /* of the run */
    bool packed;
    uint32_t value;             /* of a run of equal ones */
    const unsigned char *packs; /* of a packed run */
    size_t n_packs;             /* bytes */
    uint64_t bit;               /* where in packs the next value begins */
} pt_hybrid;

/** Borrows the n bytes. width: 0 to PT_HYBRID_WIDTH_MAX; with 0 every value is 0. */
void pt_hybrid_init(pt_hybrid *hybrid, const void *bytes, size_t n, unsigned width);

/** The next value; false where there is none. */
bool pt_hybrid_next(pt_hybrid *hybrid, uint32_t *value);

#endif /* PATINA_PARQUET_HYBRID_H */
